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
says err "new values for: fc_bias"
if "$program" doctor | grep -q '^GPU  *0:'; then
  says err "GPU 0: "
else
  says err "--gpus 0: " "computing on the processor"
fi
says result/train.log "Epoch[0] Train-multi_accuracy-task0=" "Epoch[1] Time cost=" \
  'Saved checkpoint to "result/mine-0002.params"' "Epoch[1] Validation-multi_accuracy-task1="
[ -s result/mine-0001.params ] && [ -s result/mine-symbol.json ] || fail "checkpoints are missing"
says result/config.toml "num_classes = 4  # --image-cal"
says result/metrics.csv "1,4,0.01," ",softmax_multitask,1,"
[ -s result/environment.json ] && [ -s result/last.safetensors ] || fail "the run is not complete"

run 0 evaluate result "${validation[@]}" "${shape[@]}"
says out "softmax" "images 10" "accuracy" "loss"
grep -q "top-5" out && fail "top-5 of four classes is shown"
run 0 evaluate --model result/mine --epoch 1 "${validation[@]}" "${shape[@]}" --json
says out '"images": 10,' 'result/mine, epoch 1'
printf 'a\nb\nc\nd\n' >classes.txt
run 0 predict result "$goldens/data/images/00_plain.jpg" "${shape[@]}" --classes classes.txt --top 4
says out "00_plain.jpg	softmax	a	" "softmax	d	" "softmax_multitask	1	"

named=("${train[@]}")
unset 'named[-1]' 'named[-1]' 'named[-1]' 'named[-1]'
run 0 "${named[@]}" "${validation[@]}" --num-epoch 1 --run first
run 0 "${named[@]}" "${validation[@]}" --num-epoch 1 --lr 0.02
run 0 runs
says out "runs/first" "runs/0001" "done" "softmax_multitask"
run 0 runs first 0001
says out "optimizer.lr"
run 0 runs --json
says out '"state": "done"'
run 3 runs none
says err "holds no run"
run 2 "${named[@]}" --run first
says err "holds a run already" "--resume"
run 2 "${named[@]}" --resume
says err "which run?"
run 2 "${train[@]}" --run other
says err "both name the folder"
run 0 train runs/first --resume --num-epoch 2
says err "resumed from 'runs/first/checkpoints/step-0000000002.safetensors'"
run 0 evaluate runs/first "${validation[@]}"
says out "softmax" "balanced accuracy"
# A rate that spoils everything: the step is kept, and computed again on demand.
run 3 "${named[@]}" --run wild --lr 1e30
says err "is not a finite number" "--replay"
bad=$(ls runs/wild/bad-step-*.safetensors)
run 0 train runs/wild --replay "$bad"
says err "the first that is not finite" "pictures: "
"$program" "${named[@]}" --run busy --num-epoch 9999 >/dev/null 2>&1 &
process=$!
for _ in $(seq 100); do
  [ -s runs/busy/metrics.csv ] && break
  sleep 0.1
done
run 4 "${named[@]}" --run busy --resume
says err "'runs/busy' is in use by process $process"
run 0 runs busy
says out "training"
kill -KILL $process
wait $process 2>/dev/null
run 0 runs busy
says out "cut off"

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
