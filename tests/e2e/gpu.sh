#!/usr/bin/env bash
# A training on a GPU as on the processor: checkpoints and models go from one to the other.
goldens=$(dirname "$(realpath "$0")")/../golden/mxnet
. "$(dirname "$(realpath "$0")")/expect.sh"

losses_in() { # FILE: the losses of an evaluation as JSON
  grep -oE '"loss": *[^,} ]+' "$1" | sed 's/: */ /'
}
# near TOLERANCE A B: files of "name number" lines, of the same names, with numbers that differ by that at most.
near() {
  paste -d' ' "$2" "$3" | awk -v tolerance="$1" '
    function number(text) { return text ~ /^-?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?$/ }
    NF != 4 || $1 != $3 || !number($2) || !number($4) { wrong = 1 }
    { d = $2 - $4; if (d < 0) d = -d; if (d > tolerance) wrong = 1 }
    END { exit wrong || NR == 0 }' || fail "not within $1: $(cat "$2") against $(cat "$3")"
}
# What near() must not take: it cannot be seen to fail on two trainings that agree.
check_near() {
  printf 'a 1.5e-3\nb 2\n' >one
  near 0 one one
  for other in 'a 1.5e-3' 'a 1.5\nb 2' 'a nan\nb 2' 'a\nb 2' 'b 1.5e-3\na 2' ''; do
    printf '%b' "$other" >other
    (near 0.001 one other) 2>/dev/null && fail "near takes '$other'"
  done
  : >other
  (near 1 other other) 2>/dev/null && fail "near takes nothing"
  return 0
}
check_near

if ! "$program" doctor | grep -q '^GPU  *0:'; then
  "$program" doctor | sed -n 's/^GPU *none: /skipped: no GPU: /p'
  # What a machine without one says of it.
  run 0 bench --model resnet14_small --image-shape 3,32,32 --batch-size 2 --steps 1 --gpus 0,1
  says out "computing on the processor"
  exit 77
fi

data=(--data-val "$goldens/data/val.lst" --image-val "$goldens/data")
train=(train --model "$goldens/models/preact" --epoch 0 --image-shape 3,32,32 --num-classes 4
  --data-train "$goldens/data/train.lst" --image-train "$goldens/data" --batch-size 8 --lr 0.01
  "${data[@]}")
loss_of() { # RUN: the validation losses of its last epoch
  awk -F, 'NR == 1 {for (i = 1; i <= NF; ++i) at[$i] = i} NR > 1 {last[$at["task"]] = $at["validation_loss"]}
           END {for (task in last) print task, last[task]}' "runs/$1/metrics.csv" | sort
}

# The same steps in float32; more than 20, so that the recorded ones count.
run 0 "${train[@]}" --num-epoch 12 --run host
run 0 "${train[@]}" --num-epoch 12 --run gpu --gpus 0 --deterministic
says err "GPU 0: "
loss_of host >host.loss
loss_of gpu >gpu.loss
near 0.0001 host.loss gpu.loss  # processors with and without AVX-512 differ by 1e-7

# The same bytes again, also after a stop in between, with all that an optimizer may keep.
more=(--gpus 0 --deterministic --optimizer adamw --lr 0.001 --clip-norm 1 --ema 0.9 --accumulate 2)
run 0 "${train[@]}" --num-epoch 4 --run once "${more[@]}"
run 0 "${train[@]}" --num-epoch 2 --run twice "${more[@]}"
run 0 train runs/twice --resume --num-epoch 4
cmp runs/once/last.safetensors runs/twice/last.safetensors || fail "a resumed training has other bytes"

# From the GPU to the processor and back.
run 0 "${train[@]}" --num-epoch 2 --run moved --gpus 0
run 0 train runs/moved --resume --num-epoch 3 --gpus ''
run 0 train runs/moved --resume --num-epoch 4 --gpus 0
run 0 evaluate runs/moved "${data[@]}" --gpus 0 --json
losses_in out >on-gpu
run 0 evaluate runs/moved "${data[@]}" --json
losses_in out >on-host
near 0.0001 on-gpu on-host
run 0 evaluate runs/moved "${data[@]}" --gpus 0 --precision bf16 --json
losses_in out >in-bf16
near 0.01 in-bf16 on-host

# Weights of the losses by gradients, which are looked at on the processor.
run 0 evaluate runs/moved "${data[@]}" --device cuda
says err "GPU 0: "
run 0 evaluate runs/moved "${data[@]}" --device cpu
grep -q "GPU" err && fail "--device cpu computed on the GPU"
run 0 "${train[@]}" --num-epoch 2 --run mixed --gpus 0 --weighting pcgrad
# A frozen backbone, kept features, and heads that are solved for.
run 0 "${train[@]}" --num-epoch 2 --run heads --gpus 0 --train heads
run 0 "${train[@]}" --num-epoch 2 --run solved --gpus 0 --train heads --solver lbfgs

run 4 "${train[@]}" --num-epoch 1 --run absent --gpus 99
says err "there is no GPU 99" "there are"
run 4 bench --gpus 0 --model resnet50_v1b --batch-size 60000
says err "--batch-size"
