#!/usr/bin/env bash
# Places where a command could not write its results are found before it computes: here computing
# would end with the exit code 3, since an image is missing.
goldens=$(dirname "$(realpath "$0")")/../golden/mxnet
. "$(dirname "$(realpath "$0")")/expect.sh"

run 0 train --model "$goldens/models/preact" --image-shape 3,32,32 --num-classes 4 --batch-size 8 \
  --data-train "$goldens/data/train.lst" --image-train "$goldens/data" --epochs 1 --run ./a
sed 's/images/gone/' "$goldens/data/val.lst" >val.lst
echo text >file
mkdir -p full/figures.json table/softmax.mistakes.csv

validation=(--data-val val.lst --image-val "$goldens/data")
for out in file file/deeper /proc/orthrus full table; do
  run 4 evaluate a "${validation[@]}" --out "$out"
  says err "cannot "
  [ -s out ] && fail "something was printed"
done
run 3 evaluate a "${validation[@]}" --out new/folder
[ -e new ] && fail "a failed evaluation left a folder"
run 3 evaluate a "${validation[@]}" --baseline none.json
says err "none.json"
for out in none/x.npy file/x.npy table.npy; do
  [ "$out" = table.npy ] && mkdir -p table.npy
  run 4 predict a "${validation[@]}" --features "$out"
  says err "cannot "
done
run 4 soup a a "${validation[@]}" --out full
says err "is not a regular file"
run 4 soup a a "${validation[@]}" --out file/x.safetensors
for option in --bad-list --show; do
  run 4 check val.lst --images "$goldens/data" "$option" none/x.png
  says err "none/x.png"
  [ -s out ] && fail "something was checked"
done
run 4 bench --model resnet14_small --image-shape 3,32,32 --trace none/trace.json
run 4 lr-find a/config.toml --data-train val.lst --out none/curve.svg
run 4 tune a/config.toml "${validation[@]}" --out file --tune optimizer.lr=0.1,0.2
mkdir -p search/best.toml
run 4 tune a/config.toml "${validation[@]}" --out search --tune optimizer.lr=0.1,0.2
[ "$(ls search)" = best.toml ] || fail "a search began that could not end"

# A disk that becomes full meanwhile (here a limit of files' sizes) takes away the files, not the
# results.
cp "$goldens/data/val.lst" whole.lst
for form in "" --json; do
  # shellcheck disable=SC2086
  (trap '' XFSZ; ulimit -f 0; exec "$program" evaluate a --data-val whole.lst \
    --image-val "$goldens/data" --out "limited$form" $form 2>&1) | cat >both
  [ "${PIPESTATUS[0]}" -eq 4 ] || fail "files that cannot be written must end with 4: $(cat both)"
  says both accuracy softmax_multitask "cannot "
done
