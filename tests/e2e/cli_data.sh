#!/usr/bin/env bash
# Data sets of every kind: check, list, pack, and a training from each.
tests=$(dirname "$(realpath "$0")")/..
. "$tests/e2e/expect.sh"
data=$tests/golden/mxnet/data
train=(train --model "$tests/golden/mxnet/models/preact" --epoch 0 --image-shape 3,32,32 --batch-size 8
  --lr 0.01 --num-epoch 1 --save-name m)

# The golden files, made by MXNet: what pack writes is the same to the byte.
run 0 pack "$data/train.lst" --images "$data" --out packed
cmp packed.rec "$data/train.rec" || fail "packed.rec differs from MXNet's"
cmp packed.idx "$data/train.idx" || fail "packed.idx differs from MXNet's"
run 0 pack "$data/multi.lst" --images "$data" --out multi
cmp multi.rec "$data/multi.rec" || fail "multi.rec differs from MXNet's"

# The same training from files, from a record file, and from a list with a record file's pictures.
run 0 "${train[@]}" --num-classes 4 --data-train "$data/train.lst" --image-train "$data" --save-result files
run 0 "${train[@]}" --num-classes 4 --data-train packed.rec --save-result records
run 0 "${train[@]}" --num-classes 4 --data-train "$data/train.lst" --image-train packed.rec --save-result both
cmp files/m-0001.params records/m-0001.params || fail "records train differently"
cmp files/m-0001.params both/m-0001.params || fail "a list over records trains differently"
run 2 "${train[@]}" --num-classes 4 --data-train packed.rec --image-train "$data" --save-result x
says err "holds its pictures itself"

# A folder per class, and a table with names and gaps.
for i in 00 05 06 12; do mkdir -p photos/cats && cp "$data/images/$i"_* photos/cats/; done
for i in 07 16 19 20; do mkdir -p photos/dogs && cp "$data/images/$i"_* photos/dogs/; done
run 0 "${train[@]}" --data-train photos --tasks class --save-result folders
run 0 "${train[@]}" --data-train "$data/train.lst" --image-train "$data" --save-result counted
says err "task 'softmax': label column 0 of $data/train.lst, 4 classes: 0: 4, 1: 4, 2: 4, 3: 4"
cmp files/m-0001.params counted/m-0001.params || fail "classes that are counted train differently"
run 3 "${train[@]}" --num-classes 3 --data-train photos --tasks class --save-result folders3
says err "2 classes in column 'class'" "cats, dogs"
{ echo "path,kind"; for f in photos/*/*; do echo "$f,$(basename "$(dirname "$f")")"; done; } >table.csv
sed -i '3s/,.*/,/' table.csv
run 0 "${train[@]}" --data-train table.csv --data-val photos --best-by loss --save-result table
says err "1 of 8 labels are missing"
echo "extra.jpg,cow" >>table.csv
run 0 list photos --out set --val 0.25 --test 0.25 --seed 3
says out "set_train.lst: 4 pictures" "set_val.lst: 2 pictures" "set_test.lst: 2 pictures"
cmp set_classes.txt <(printf 'cats\ndogs\n') || fail "class names"
cp set_val.lst before.lst
run 0 list photos --out set --val 0.25 --test 0.25 --seed 3
cmp set_val.lst before.lst || fail "the same seed splits differently"

# check: a good set, then one with every fault.
run 0 check set_train.lst --images photos --data-val set_val.lst --image-val photos
says out "missing: 0" "unreadable: 0" "exact duplicates: 0 groups"
cp photos/cats/00_plain.jpg photos/dogs/twin.jpg
head -c 900 photos/cats/05_progressive.jpg >photos/cats/half.jpg
printf '100\t0\tcats/half.jpg\n101\t1\tgone.jpg\n102\t1\tdogs/twin.jpg\n103\t7\tcats/06_s444.jpg\n' >>set_train.lst
ls -lR --time-style=full-iso photos >listing
run 3 check set_train.lst --images photos --data-val set_val.lst --image-val photos --num-classes 2 \
  --bad-list bad.txt
says out "missing: 1" "unreadable: 1" "label out of range: 1" "gone.jpg" "truncated JPEG"
cut -f1 bad.txt | sort >bad_paths
cmp bad_paths <(printf 'cats/06_s444.jpg\ncats/half.jpg\ngone.jpg\n') || fail "the bad list"
cmp listing <(ls -lR --time-style=full-iso photos) || fail "check touched the data set"
run 3 check photos --json
says out '"exact_duplicates"' '"dogs/twin.jpg"' '"kind": "unreadable"'
run 3 "${train[@]}" --num-classes 2 --data-train set_train.lst --image-train photos --save-result bad
run 0 "${train[@]}" --num-classes 2 --data-train set_train.lst --image-train photos --exclude bad.txt --save-result good
says err "left out by 'bad.txt'"
run 0 predict good --data-val set_train.lst --image-val photos --exclude bad.txt
says out "dogs/twin.jpg"
grep -q half.jpg out && fail "predict answers an excluded picture"
printf 'photos/cats/half.jpg\n' >half.txt
run 0 predict good photos/cats/half.jpg photos/cats/00_plain.jpg --exclude half.txt
says err "1 of 2 pictures left out"
run 3 pack set_train.lst --images photos --out broken
[ -e broken.rec ] && fail "a failed pack left its file"
run 2 list photos --out x --val 0.6 --test 0.5
says err "leave nothing for training"

# The speed of loading.
run 0 bench --data "$data/train.lst" --images "$data" --image-shape 3,32,32 --batch-size 8 --json
says out '"images_per_second"' '"pictures": 16' '"decode"' '"normalise"'
run 0 bench --data packed.rec --image-shape 3,32,32 --pixels modern --threads 1
says out "resize and crop" "on 1 threads"
run 3 bench --data set_train.lst --images photos
says err "cannot use"

# A contact sheet of what a training would see.
rm -f photos/cats/half.jpg
run 0 check photos --show sheet.png --show-count 9 --augment modern --hue 0.1 --image-shape 3,64,64
[ "$(head -c 4 sheet.png | tail -c 3)" = PNG ] || fail "no contact sheet"
cp sheet.png first.png
run 0 check photos --show sheet.png --show-count 9 --augment modern --hue 0.1 --image-shape 3,64,64
cmp first.png sheet.png || fail "the contact sheet is not the same"
run 2 check photos --show sheet.png --rand-magnitude 3
says err "given without --policy rand"

# A cache changes nothing.
run 0 "${train[@]}" --num-classes 4 --data-train packed.rec --num-epoch 3 --save-result uncached
for cache in ram disk; do
  run 0 "${train[@]}" --num-classes 4 --data-train packed.rec --num-epoch 3 --save-result $cache --picture-cache $cache
  cmp uncached/m-0003.params $cache/m-0003.params || fail "--picture-cache $cache trains differently"
done
run 2 "${train[@]}" --num-classes 4 --data-train packed.rec --save-result x --picture-cache ram --crop resized
says err "--picture-cache keeps resized pictures"

# The mean over mirror images.
run 0 predict ram "$data/images/00_plain.jpg" --json
cp out plain.json
run 0 predict ram "$data/images/00_plain.jpg" --json --tta mirror
cmp -s out plain.json && fail "--tta mirror changes nothing"
run 0 evaluate ram --data-val "$data/val.lst" --image-val "$data" --tta mirror
