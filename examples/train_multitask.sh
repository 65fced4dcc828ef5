#!/usr/bin/env bash
# The training of multi-task-MXNet with the ancestor's own flags: a pretrained ResNet-50, two heads (the
# class, and "is the class above zero"). Works from any folder. The files lie under DATA, by default the
# folder from which the script is called:
#   pretrained/resnet-50-symbol.json, pretrained/resnet-50-0000.params, train.lst, val.lst, images/
# More flags may follow; the last of a repeated flag counts:
#   DATA=~/flowers examples/train_multitask.sh --num-epoch 1
set -euo pipefail

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
orthrus=${ORTHRUS:-$here/../build/release/orthrus}
data=${DATA:-$PWD}

exec "$orthrus" train \
  --model "$data/pretrained/resnet-50" \
  --epoch 0 \
  --gpus '' \
  --batch-size 16 \
  --image-shape 3,224,224 \
  --data-train "$data/train.lst" \
  --image-train "$data/images" \
  --data-val "$data/val.lst" \
  --image-val "$data/images" \
  --num-classes 4 \
  --num-examples 100000 \
  --lr 0.001 \
  --num-epoch 10 \
  --kv-store device \
  --save-result "$data/output" \
  --save-name resnet-50 \
  "$@"
