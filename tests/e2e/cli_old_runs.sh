#!/usr/bin/env bash
# Runs that a build from before `--tasks auto` (commit 486f83b) left in the middle of a training (tests/data/early-runs): they resume
# with the tasks that they had, though other tasks are the default now and a table's label column has
# to be plain.
tests=$(dirname "$(realpath "$0")")/..
. "$tests/e2e/expect.sh"
python3 "$tests/e2e/colour_images.py" train 4 1
cp "$tests"/golden/mxnet/models/preact-{0000.params,symbol.json} .
cp -r "$tests"/data/early-runs/* .
same=(--model preact --epoch 0 --image-shape 3,32,32 --threads 1 --batch-size 4 --lr 0.01 --num-epoch 2
  --checkpoint-steps 2 --keep-checkpoints 9)
cp -r table again
for arguments in "--data-train table.csv --tasks class --run ./table" "again"; do
  # shellcheck disable=SC2086
  if [ "$arguments" = again ]; then
    sed -i 's#"\./table"#"./again"#' again/config.toml
    run 0 train again --resume
  else
    run 0 train "${same[@]}" $arguments --resume
  fi
  says err "resumed from" "task 'softmax': column 'label' of table.csv, 3 classes: blue 4, green 4, red 4"
done
run 0 train "${same[@]}" --data-train train --run ./folders --resume
says err "resumed from" "task 'softmax': folders of train, 3 classes" "task 'softmax_multitask'"
# The same settings are still demanded.
cp -r "$tests/data/early-runs/folders/checkpoints" folders/
rm folders/checkpoints/step-0000000006.safetensors
run 2 train "${same[@]}" --data-train train --run ./folders --resume --lr 0.02
says err "optimizer.lr: 0.02, was 0.01"
# Its model knew no column names: where a table leaves a choice, the user makes it.
cp "$tests/data/early-runs/table/last.safetensors" old.safetensors
cut -d, -f1,3 table.csv | sed '1s/note/kind/' >other.csv
printf 'path,kind,colour\n' >two.csv
tail -n +2 table.csv | awk -F, '{print $1",x,"$2}' >>two.csv
run 0 evaluate old.safetensors --data-val table.csv
says err "task 'softmax': column 'label' of table.csv"
run 3 evaluate old.safetensors --data-val two.csv
says err "which column is the label? Its columns: kind, colour"
run 0 evaluate old.safetensors --data-val two.csv --label-column colour
