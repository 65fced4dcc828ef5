#!/usr/bin/env bash
# The real MXNet loads what a training wrote, and gives the same answers to the same picture files.
tests=$(dirname "$(realpath "$0")")/..
. "$tests/e2e/expect.sh"
python=${ORTHRUS_MXNET_PYTHON:-}
if [ -z "$python" ]; then
  echo "skipped: ORTHRUS_MXNET_PYTHON is not set: a Python that has MXNet 1.9.1 (make interop sets it)"
  exit 77
fi

goldens=$tests/golden/mxnet

# both_ways MODEL NAME: MODEL is trained, and what comes of it answers as in MXNet
both_ways() {
  run 0 train --model "$1" --epoch 0 --image-shape 3,32,32 --num-classes 4 \
    --data-train "$goldens/data/train.lst" --image-train "$goldens/data" --batch-size 8 --lr 0.01 \
    --num-epoch 2 --save-result "$2" --save-name mine
  "$program" predict "$2" --image-shape 3,32,32 --data-val "$goldens/data/val.lst" \
    --image-val "$goldens/data" --json >predictions.json || fail "predict"
  sed -i "s|\"path\":\"|\"path\":\"$goldens/data/|" predictions.json
  "$python" "$tests/interop/mxnet_predict.py" "$2/mine" 2 32 32 predictions.json
}

both_ways "$goldens/models/preact" result || fail "preact"
"$python" "$tests/interop/mxnet_branch_dropout.py" branches || fail "a network of MXNet's with axes"
both_ways branches branches_result || fail "Dropout with axes"
grep -q '"axes":"(1, 2, 3)"' branches_result/mine-symbol.json || fail "the axes are kept"
