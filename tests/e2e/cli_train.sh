#!/usr/bin/env bash
# A training with the original flags, then evaluation and prediction with what it wrote.
goldens=$(dirname "$(realpath "$0")")/../golden/mxnet
. "$(dirname "$(realpath "$0")")/expect.sh"

shape=(--image-shape 3,32,32)
train=(train --model "$goldens/models/preact" --epoch 0 "${shape[@]}" --image-cal 4
  --data-train "$goldens/data/train.lst" --image-train "$goldens/data" --batch-size 8 --lr 0.01
  --kv-store device --save-result result --save-name mine)
validation=(--data-val "$goldens/data/val.lst" --image-val "$goldens/data")

run 0 "${train[@]}" "${validation[@]}" --num-epoch 2 --gpus 0
says err "this build has no GPU backend" \
  "new values for: fc_bias"
says result/train.log "Epoch[0] Train-multi_accuracy-task0=" "Epoch[1] Time cost=" \
  'Saved checkpoint to "result/mine-0002.params"' "Epoch[1] Validation-multi_accuracy-task1="
[ -s result/mine-0001.params ] && [ -s result/mine-symbol.json ] || fail "checkpoints are missing"
says result/mine-config.toml "num_classes = 4"

run 0 evaluate result "${validation[@]}" "${shape[@]}"
says out "softmax" "images 10" "accuracy" "top-5" "loss"
run 0 evaluate --model result/mine --epoch 1 "${validation[@]}" "${shape[@]}" --json
says out '"images": 10,' 'result/mine, epoch 1'
printf 'a\nb\nc\nd\n' >classes.txt
run 0 predict result "$goldens/data/images/00_plain.jpg" "${shape[@]}" --classes classes.txt --top 4
says out "00_plain.jpg	softmax	a	" "softmax	d	" "softmax_multitask	1	"

run 2 "${train[@]}" --num-epoch 2 --kv-store dist_sync
says err "several machines"
run 2 "${train[@]}" --batch-sice 8
says err "did you mean '--batch-size'?"
run 3 "${train[@]}" --layer relu9
says err "did you mean 'relu0'"
run 3 "${train[@]}" --image-train /nowhere
says err "16 of 16 pictures are missing"
run 3 predict result none.jpg "${shape[@]}"
says err "none.jpg"

"$program" "${train[@]}" --num-epoch 9999 >/dev/null 2>err &
process=$!
for _ in $(seq 100); do
  grep -q 'mine-0003.params' result/train.log && break
  sleep 0.1
done
kill -TERM $process
wait $process
code=$?
[ $code -eq 143 ] || fail "exit code $code after SIGTERM, expected 143"
says err "stopped in epoch"
