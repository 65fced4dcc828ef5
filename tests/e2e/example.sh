#!/usr/bin/env bash
# examples/train_multitask.sh, on small files under the names that it expects.
tests=$(dirname "$(realpath "$0")")/..
. "$tests/e2e/expect.sh"

goldens=$tests/golden/mxnet
mkdir -p data/pretrained
ln -s "$(realpath "$goldens/models/preact-symbol.json")" data/pretrained/resnet-50-symbol.json
ln -s "$(realpath "$goldens/models/preact-0000.params")" data/pretrained/resnet-50-0000.params
cp "$goldens/data/train.lst" "$goldens/data/val.lst" data
ln -s "$(realpath "$goldens/data")" data/images
DATA=$PWD/data ORTHRUS=$program "$tests/../examples/train_multitask.sh" --image-shape 3,32,32 \
  --batch-size 8 --num-epoch 1 2>err || fail "the example: $(cat err)"
says data/output/train.log 'Saved checkpoint to' "Validation-multi_accuracy-task1="
[ -s data/output/resnet-50-0001.params ] || fail "no checkpoint"
