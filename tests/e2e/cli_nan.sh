#!/usr/bin/env bash
# Values that are not finite: in the middle of an epoch, in the validation, in the first epoch with
# rollback, a resume after a rollback, and what --replay says of the step that was saved.
goldens=$(dirname "$(realpath "$0")")/../golden/mxnet
. "$(dirname "$(realpath "$0")")/expect.sh"

train=(train --model "$goldens/models/preact" --epoch 0 --image-shape 3,32,32 --num-classes 4
  --data-train "$goldens/data/train.lst" --image-train "$goldens/data" --batch-size 2 --threads 1
  --augment none --num-epoch 3)

# The parameters in a safetensors file whose names begin with $2 (none: all) are all finite.
finite() {
  python3 - "$1" "${2-}" <<'END' || fail "a value in $1 is not finite"
import array, json, math, struct, sys
data = open(sys.argv[1], "rb").read()
size = struct.unpack_from("<Q", data)[0]
header = json.loads(data[8:8 + size])
count = 0
for name, entry in header.items():
    if name == "__metadata__" or not name.startswith(sys.argv[2]):
        continue
    begin, end = entry["data_offsets"]
    values = array.array("f", data[8 + size + begin:8 + size + end])
    count += len(values)
    if not all(map(math.isfinite, values)):
        sys.exit(f"{name} is not finite")
sys.exit(count == 0)
END
}

# Of one file that a run left: the state before the step, and where it began.
replays() {
  local run=$1 bad
  bad=$(ls "$run"/bad-step-*.safetensors)
  [ "$(wc -l <<<"$bad")" -eq 1 ] || fail "$run: several bad steps"
  finite "$bad" parameter/
  cp err told
  run 0 train "$run" --replay "$bad"
  says err "that is not finite: '" "pictures: "
  local layer
  layer=$(sed -n "s/.*it began in '\([^']*\)'.*/\1/p" told | head -1)
  says err "that is not finite: '$layer'"
}

# In the middle of an epoch, at rates that let it show at once, or first where no loss shows it.
for rate in 1e8 1e12 1e30 1e38; do
  run 3 "${train[@]}" --run "wild-$rate" --lr $rate
  says err "error: epoch 0, batch " "not " "; it began in '" "lower --lr" "'orthrus train runs/wild-$rate --replay runs/wild-$rate/bad-step-"
  replays "runs/wild-$rate"
  [ ! -d "runs/wild-$rate/checkpoints" ] || fail "a checkpoint was written"
done

# The same with SAM, accumulated batches, averages and learned weights of the losses.
run 3 "${train[@]}" --run sam --lr 1e12 --sam 0.1 --ema 0.9
replays runs/sam
run 3 "${train[@]}" --run sums --lr 1e12 --accumulate 3 --weighting uncertainty
replays runs/sums
run 3 "${train[@]}" --run head --lr 1e38 --train heads
replays runs/head

# In the first epoch with rollback: as a training with the rate that was found in the end.
run 0 "${train[@]}" --run back --lr 5000 --on-nan rollback --seed 2
says err "back to the start, with the learning rate halved"
grep -q "back to update" err && fail "the rates of this test are to be found in the first epoch"
finite runs/back/last.safetensors
for file in runs/back/checkpoints/*; do finite "$file"; done
rate=$(sed -n 's/.*--lr \([0-9.e+-]*\) by now$/\1/p' err | tail -1)
run 0 "${train[@]}" --run found --lr "$rate" --seed 2
cmp -s runs/back/last.safetensors runs/found/last.safetensors ||
  fail "after the rollbacks it is not the training with --lr $rate"
cmp <(cut -d, -f1-3,5- runs/back/metrics.csv) <(cut -d, -f1-3,5- runs/found/metrics.csv) ||
  fail "the metrics differ"

# Resumed after a rollback: the rate stays halved.
rm runs/back/checkpoints/step-0000000024.safetensors runs/back/last.safetensors
run 0 train runs/back --resume
says err "resumed from 'runs/back/checkpoints/step-0000000016.safetensors'"
cmp -s runs/back/last.safetensors runs/found/last.safetensors || fail "resumed, it ends elsewhere"

# In the validation.
valid=("${train[@]}" --data-val "$goldens/data/val.lst" --image-val "$goldens/data" --batch-size 8
  --lr 200 --seed 1)
run 3 "${valid[@]}" --run valid
says err "error: epoch 0, batch 1 of the validation: a prediction of task 'softmax" \
  "it began in '" "lower --lr, which is 200,"
replays runs/valid
says err "predictions of task 'softmax': not finite"
run 0 "${valid[@]}" --run mended --on-nan rollback
says err "of the validation: a prediction of task" "back to the start, with the learning rate halved"
finite runs/mended/last.safetensors
grep -qi nan runs/mended/metrics.csv && fail "NaN in the metrics"

# The parameters are finite, and the answers are not: no command takes them for answers.
images=$goldens/data/images
run 0 "${train[@]}" --batch-size 8 --lr 200 --seed 1 --num-epoch 1 --save-result hidden --save-name hidden
finite hidden/last.safetensors
image=$(ls "$images"/*.jpg | head -1)
for model in hidden hidden/hidden; do
  shape=()
  [ $model = hidden ] || shape=(--image-shape 3,32,32)
  for form in "" --json --csv "--top 2" "--csv --top 1"; do
    # shellcheck disable=SC2086
    run 3 predict $model "$image" $form "${shape[@]}"
    says err "$image: the answer of task 'softmax' is not a finite number"
    grep -qi nan out && fail "predict $model $form answered NaN"
  done
  run 3 predict $model "$image" "${shape[@]}" --tta mirror --features hidden.npy
  [ -e hidden.npy ] && fail "features of a model that has no answers"
  run 3 evaluate $model "${shape[@]}" --data-val "$goldens/data/val.lst" --image-val "$goldens/data"
  says err "an answer of task 'softmax'"
  run 3 bench --mode infer --model $model --image-shape 3,32,32 --steps 1 --batch-size 2
done

# A run without a name: the hint's command, and the training's own, find the run by the file.
run 3 "${train[@]}" --lr 1e8
says err "'orthrus train runs/0001 --replay runs/0001/bad-step-"
command=$(sed -n "s/.*'orthrus \(train [^']*\)' computes it again.*/\1/p" err)
# shellcheck disable=SC2086
run 0 $command
says err "that is not finite: '"
bad=$(ls runs/0001/bad-step-*)
run 0 "${train[@]}" --lr 1e8 --replay "$bad"
says err "that is not finite: '"
[ -e runs/0002 ] && fail "a replay began a run"
cp "$bad" elsewhere.safetensors
run 2 "${train[@]}" --lr 1e8 --replay elsewhere.safetensors
says err "--replay: which run?"
run 3 predict "$bad" "$image"
says err "is a step of a training that was saved for --replay, not a model"

# Another run's step is refused with what differs.
run 0 train --model resnet14_small --image-shape 3,32,32 --num-classes 4 --batch-size 2 --threads 1 \
  --data-train "$goldens/data/train.lst" --image-train "$goldens/data" --num-epoch 1 --run other
run 3 train runs/other --replay "$bad"
says err "--replay: the step is of another training: "

# A run that stopped goes on with rollback: that is no other training.
run 3 "${train[@]}" --run later --lr 5000 --seed 2
run 0 train runs/later --resume --on-nan rollback
cmp -s runs/later/last.safetensors runs/found/last.safetensors || fail "resumed with rollback, it ends elsewhere"

# A search in which every trial diverges recommends none; where one does not, it is that one.
search=("${train[@]:1}" --num-epoch 2 --data-val "$goldens/data/val.lst" --image-val "$goldens/data")
run 3 tune "${search[@]}" --tune optimizer.lr=1e8,1e12 --out diverged
says err "none of the 2 trials has a finite accuracy"
[ -e diverged/best.toml ] && fail "a trial that diverged is recommended"
run 0 tune "${search[@]}" --tune optimizer.lr=1e8,0.001 --out half
grep -q '^lr = 0.001' half/best.toml || fail "the trial that diverged is the best"

# A killed training that goes back to checkpoints and the start ends as one that was left alone.
back=("${train[@]}" --lr 600 --warmup 10 --seed 2 --on-nan rollback --checkpoint-steps 4)
run 0 "${back[@]}" --run alone
says err "back to update" "back to the start"
for end in KILL:1 KILL:3 KILL:5 TERM:2 TERM:4; do
  place=${end#*:}
  "$program" "${back[@]}" --run "cut-$end" >out 2>"cut-$end.log" &
  trained=$!
  until [ -e "cut-$end.log" ]; do sleep 0.01; done
  while kill -0 $trained 2>/dev/null && [ "$(grep -c 'by now$' "cut-$end.log" || true)" -lt "$place" ]; do
    sleep 0.01
  done
  kill -"${end%:*}" $trained 2>/dev/null
  wait $trained 2>/dev/null
  run 0 "${back[@]}" --run "cut-$end" --resume
  cmp -s runs/alone/last.safetensors "runs/cut-$end/last.safetensors" ||
    fail "after $end and a resume it ends elsewhere"
done
exit 0
