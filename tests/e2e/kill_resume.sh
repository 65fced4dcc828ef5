#!/usr/bin/env bash
# Trainings that are killed again and again, at random moments and while they write, end with the very
# bytes of one that was left alone. ORTHRUS_KILLS: how many kills (default 20); one counts when there was a
# checkpoint and the next training that came so far resumed from it. Arguments after the program are options of the
# training.
goldens=$(dirname "$(realpath "$0")")/../golden/mxnet
. "$(dirname "$(realpath "$0")")/expect.sh"

kills=${ORTHRUS_KILLS:-20}
options=("${@:2}")
if [[ " ${options[*]} " == *" bf16 "* ]] && ! "$program" doctor | grep -qE "avx512_bf16|amx_bf16"; then
  echo "skipped: no bf16 arithmetic"
  exit 77
fi
train=(train --model "$goldens/models/preact" --epoch 0 --image-shape 3,32,32 --num-classes 4
  --data-train "$goldens/data/train.lst" --image-train "$goldens/data" --batch-size 3 --lr 0.01
  --num-epoch 12 --checkpoint-steps 1 --save-name mine "${options[@]}")

run 0 "${train[@]}" --save-result whole

# The same figures and log lines, but for times and for what is said of the resumes.
lines() {
  sed -E 's/^[^ ]+ //; s/Speed: [0-9.]+ //; s/Time cost=.*//; s/cut\//whole\//' "$1/train.log" |
    grep 'detail: \|info: Epoch\|info: Saved'
}
compare() {
  cmp <(lines whole) <(lines cut) || fail "the logs differ"
  cmp <(cut -d, -f1-3,5- whole/metrics.csv) <(cut -d, -f1-3,5- cut/metrics.csv) ||
    fail "the metrics differ"
  local epoch file
  for file in last best; do
    cmp -s whole/$file.safetensors cut/$file.safetensors || fail "$file.safetensors is not the same"
  done
  for epoch in $(seq 1 12); do
    file=mine-$(printf '%04d' "$epoch").params
    cmp -s whole/"$file" cut/"$file" || fail "$file is not the same"
  done
  [ "$(ls cut/checkpoints | wc -l)" -le 2 ] || fail "too many checkpoints are kept"
}

checkpoints() {
  ls cut/checkpoints 2>/dev/null | grep -c '\.safetensors$'
}

# A training that reaches its end between two kills is compared, and another one begins. Where the machine is so
# slow that trainings are killed before they resume, they get more and more time.
RANDOM=7
counted=0 killed=0 open=no trainings=1 longest=600
while [ $counted -lt "$kills" ]; do
  stood=$(checkpoints)
  "$program" "${train[@]}" --save-result cut --resume >part 2>&1 &
  process=$!
  milliseconds=$((RANDOM % longest + 50))
  sleep "$((milliseconds / 1000)).$(printf '%03d' $((milliseconds % 1000)))"
  kill -KILL $process 2>/dev/null
  code=0
  wait $process 2>/dev/null || code=$?
  cat part >>log
  if grep -q "resumed from" part; then
    [ "$open" = yes ] && counted=$((counted + 1))
    open=no
  elif [ "$stood" -gt 0 ] && { [ $code -eq 0 ] || grep -q "no checkpoint to resume from" part; }; then
    cat part && fail "$stood checkpoints were there, and the training did not resume"
  fi
  case $code in
    137)
      killed=$((killed + 1))
      grep -q "resumed from" part || longest=$((longest + 150))
      [ "$(checkpoints)" -gt 0 ] && open=yes
      ;;
    0)
      compare
      rm -rf cut
      open=no
      trainings=$((trainings + 1))
      ;;
    *) cat log && fail "exit code $code" ;;
  esac
done
run 0 "${train[@]}" --save-result cut --resume
compare
echo "$counted of $killed kills behind a checkpoint and resumed, in $trainings trainings"

run 0 "${train[@]}" --save-result cut --resume
says err "nothing is left to train"
run 2 "${train[@]}" --save-result cut --resume --lr 0.02
says err "optimizer.lr: 0.02, was 0.01" "--force"
says cut/config.toml "lr = 0.01  # --lr"
newest=$(ls cut/checkpoints/*.safetensors | tail -1)
printf 'x' | dd of="$newest" bs=1 seek=9000 conv=notrunc 2>/dev/null
run 0 "${train[@]}" --save-result cut --resume
says err "passed over:" "resumed from"
