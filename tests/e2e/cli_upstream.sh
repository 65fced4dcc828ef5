#!/usr/bin/env bash
# The upstream script's command line: what it prints on standard output (nothing) and in train.log,
# but for times, is what commit 486f83b printed (upstream_train.log, recorded with that build).
tests=$(dirname "$(realpath "$0")")/..
. "$tests/e2e/expect.sh"
cp -r "$tests/golden/mxnet/data" data
cp "$tests"/golden/mxnet/models/preact-{0000.params,symbol.json} .
masked() {
  sed -E 's/^[0-9T:-]+Z //; s/(Time cost=)[0-9.]+/\1T/; s/took [0-9.]+ s, [0-9.]+ %/took T s, T %/' "$1"
}
for classes in "--num-classes 4" ""; do
  # shellcheck disable=SC2086
  run 0 train --model preact --epoch 0 --gpus '' --batch-size 8 --image-shape 3,32,32 \
    --data-train data/train.lst --image-train data --data-val data/val.lst --image-val data \
    $classes --num-examples 16 --lr 0.001 --num-epoch 2 --kv-store device --save-result output \
    --save-name m --threads 1
  [ -s out ] && fail "standard output is not empty"
  diff "$tests/e2e/upstream_train.log" <(masked output/train.log) ||
    fail "train.log changed (classes: '$classes')"
  rm -r output
done
