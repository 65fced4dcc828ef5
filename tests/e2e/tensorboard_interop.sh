#!/usr/bin/env bash
# The real TensorBoard reads the events of a training that was stopped and resumed: the figures of
# metrics.csv, and every step once.
tests=$(dirname "$(realpath "$0")")/..
. "$tests/e2e/expect.sh"
python=${ORTHRUS_TENSORBOARD_PYTHON:-python3}
if ! "$python" -c 'from tensorboard.backend.event_processing import event_accumulator' 2>/dev/null; then
  echo "skipped: no Python package tensorboard: set ORTHRUS_TENSORBOARD_PYTHON to a Python that has tensorboard (make interop does)"
  exit 77
fi

goldens=$tests/golden/mxnet
train=(train --model "$goldens/models/preact" --epoch 0 --image-shape 3,32,32 --num-classes 4
  --data-train "$goldens/data/train.lst" --image-train "$goldens/data" --batch-size 3
  --data-val "$goldens/data/val.lst" --image-val "$goldens/data" --lr 0.01 --run mine)
run 0 "${train[@]}" --num-epoch 2
# The checkpoint of the second epoch's end is lost: those steps come again.
rm "$(ls runs/mine/checkpoints/* | tail -1)"
run 0 "${train[@]}" --num-epoch 3 --resume
says err "resumed from"
[ "$(ls runs/mine/events.out.tfevents.* | wc -l)" -eq 2 ] || fail "two files were expected"
"$python" "$tests/interop/tensorboard_events.py" runs/mine || fail "TensorBoard reads something else"
