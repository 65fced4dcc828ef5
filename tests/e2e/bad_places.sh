#!/usr/bin/env bash
# Runs where the user lacks a right, or the disk has no room: what is told, and that nothing is lost.
# As root, who lacks no right, the program runs as the user 65534.
goldens=$(dirname "$(realpath "$0")")/../golden/mxnet
. "$(dirname "$(realpath "$0")")/expect.sh"

if [ "$(id -u)" -eq 0 ]; then
  chmod 755 .
  mkdir as_nobody && cp "$program" as_nobody/orthrus && cp -r "$goldens/models" "$goldens/data" as_nobody
  goldens=$PWD/as_nobody
  printf '#!/bin/sh\nexec setpriv --reuid=65534 --regid=65534 --clear-groups "%s" "$@"\n' \
    "$PWD/as_nobody/orthrus" >program && chmod 755 program
  program=$PWD/program
  if ! "$program" --version >out 2>err; then
    echo "skipped: no program can be run as another user: $(cat err)"
    exit 77
  fi
  mkdir place && chown 65534 place && cd place
fi

train=(train --model "$goldens/models/preact" --epoch 0 --image-shape 3,32,32 --num-classes 4
  --data-train "$goldens/data/train.lst" --image-train "$goldens/data" --batch-size 8 --num-epoch 1)

mkdir readonly && chmod 555 readonly
run 4 "${train[@]}" --save-result readonly
says err "cannot write" "readonly"
run 4 "${train[@]}" --save-result readonly/out
says err "cannot create the folder 'readonly/out'"
[ -z "$(ls readonly)" ] || fail "something was written"

# A run that became unreadable is neither gone on with nor begun anew.
run 0 "${train[@]}" --run mine
newest=$(ls runs/mine/checkpoints/*)
cp "$newest" before
chmod 000 "$newest"
run 3 "${train[@]}" --run mine --num-epoch 2 --resume
says err "no checkpoint can be used" "Permission denied" "without --resume"
chmod 644 "$newest"
cmp "$newest" before || fail "the checkpoint was touched"
chmod 000 runs/mine/checkpoints
run 3 "${train[@]}" --run mine --num-epoch 2 --resume
says err "cannot read the folder" "Permission denied"
chmod 755 runs/mine/checkpoints
run 0 "${train[@]}" --run mine --num-epoch 2 --resume
says err "resumed from"

# A disk of 200 kB: the training is told before it begins that its models do not fit.
mkdir small
if mount -t tmpfs -o size=200k,mode=777 tmpfs small 2>mount.err; then
  trap 'umount small; rm -rf "$folder"' EXIT
  run 4 "${train[@]}" --save-result small/out
  says err "MB left" "are needed" "free space"

  # A disk that is too small for the cache of images: one warning, and the training as without a cache.
  mkdir tiny && mount -t tmpfs -o size=20k,mode=777 tmpfs tiny || fail "mount"
  trap 'umount small tiny; rm -rf "$folder"' EXIT
  run 0 "${train[@]}" --num-epoch 3 --save-name m --save-result uncached
  run 0 "${train[@]}" --num-epoch 3 --save-name m --save-result cached --picture-cache disk --picture-cache-dir tiny
  says err "the cache cannot be written: No space left on device; continuing without it"
  [ "$(grep -c picture-cache err)" -eq 1 ] || fail "warned more than once: $(cat err)"
  cmp uncached/m-0003.params cached/m-0003.params || fail "a failed cache changes the training"
else
  echo "a full disk is not tried here: $(cat mount.err)"
fi
