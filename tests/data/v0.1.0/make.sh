#!/usr/bin/env bash
# Writes the files of this folder with a build of version 0.1.0: models of every kind of task, a
# checkpoint in mid-training in its run's folder, a cache of features, and what the models predict.
# Later builds load them (tests/e2e/cli_versions.sh). Run once, and never again with a later build.
#
# usage: make.sh PROGRAM
set -euo pipefail
here=$(dirname "$(realpath "$0")")
program=$(realpath "$1")
tests=$here/../..
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 "$tests/e2e/colour_images.py" train 4 1
python3 "$tests/e2e/colour_images.py" val 2 2
cp "$tests"/golden/mxnet/models/preact-{0000.params,symbol.json} .
table() { # FOLDER: a row for each image, with labels of every kind
  echo "path,colour,stars,size,tags"
  printf '%s\n' "$1"/*/*.png | awk -F/ '{
    n = index("bgr", substr($2, 1, 1))
    split("small,medium,large", sizes, ",")
    printf "%s,%s,%d,%s,%s%s\n", $0, $2, n * 10, sizes[n], $2, NR % 2 ? "|odd" : ""
  }'
}
table train >train.csv
table val >val.csv
cat >tasks.toml <<'END'
[[task]]
name = "colour"
column = "colour"
classes = ["blue", "green", "red"]
head = [8]

[[task]]
name = "warm"
from = "colour"
set = ["red"]

[[task]]
name = "stars"
column = "stars"

[[task]]
name = "size"
kind = "ordinal"
column = "size"
classes = ["small", "medium", "large"]

[[task]]
name = "tags"
kind = "multilabel"
column = "tags"
separator = "|"
END
train=("$program" train --model preact --epoch 0 --image-shape 3,32,32 --threads 1 --batch-size 4 --lr 0.01)
"${train[@]}" --data-train train.csv --data-val val.csv --tasks tasks.toml --num-epoch 1 --run ./kinds
printf '%s\n' train/*/*.png | awk '{print NR-1"\t"(NR-1)%3"\t"$0}' >train.lst
"${train[@]}" --data-train train.lst --num-classes 3 --num-epoch 1 --run ./classic
# Stopped in mid-training: the run as it was after its second step.
"${train[@]}" --data-train train.csv --data-val val.csv --tasks tasks.toml --num-epoch 2 --optimizer adamw \
  --checkpoint-steps 2 --keep-checkpoints 9 --run ./run
find run/checkpoints -name '*.safetensors' ! -name 'step-0000000002.safetensors' -delete
rm -f run/*.tfevents* run/events* run/best.safetensors run/last.safetensors run/lock
"${train[@]}" --data-train train.csv --tasks tasks.toml --num-epoch 1 --train heads --cache disk \
  --cache-folder features --augment none --run ./cached
for model in kinds classic; do
  "$program" predict $model/last.safetensors --data-val val.csv --json --threads 1 >$model.json
done

rm -rf "$here/run" "$here/features"
cp kinds/last.safetensors "$here/kinds.safetensors"
cp classic/last.safetensors "$here/classic.safetensors"
cp -r kinds.json classic.json train.csv val.csv train.lst tasks.toml run features "$here/"
