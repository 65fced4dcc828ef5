#!/usr/bin/env bash
# What is said about data that train, but hardly as they were meant.
goldens=$(dirname "$(realpath "$0")")/../golden/mxnet
. "$(dirname "$(realpath "$0")")/expect.sh"
never() {  # FILE TEXT: FILE does not contain TEXT
  grep -qF -- "$2" "$1" && fail "'$2' is in $1"
}

mkdir images
cp "$goldens"/data/images/{00,05,06,07,12,16,19,20}_* images
pictures=(images/*)
labelled() {  # FILE LABEL...: a list of the images with these labels in turn
  local file=$1 i=0
  shift
  local labels=("$@")
  for picture in "${pictures[@]}"; do
    printf '%d\t%s\t%s\n' $i "${labels[$((i % ${#labels[@]}))]}" "$picture"
    i=$((i + 1))
  done >"$file"
}
labelled zero.lst 0
labelled one.lst 1 2 3
labelled three.lst 0 1 2
train=(train --model "$goldens/models/preact" --image-shape 3,32,32 --image-train . --epochs 1)

run 0 "${train[@]}" --data-train zero.lst --num-classes 3 --batch-size 8
says err "task 'softmax': all 8 training labels are of the class 0" \
  "8 images in batches of 8 make 1 update per epoch, 1 in all; try a smaller batch: --batch-size 1"
run 0 "${train[@]}" --data-train one.lst --num-classes 4 --batch-size 1
says err "task 'softmax': classes without a training image: 0" "seem to count from 1"
never err "updates per epoch"
run 0 "${train[@]}" --data-train three.lst --num-classes 3 --batch-size 1
never err "training image"
never err "count from 1"

# Top-5 means nothing with five classes or fewer.
run 0 evaluate runs/0003 --data-val three.lst --image-val .
never out "top-5"
run 0 evaluate runs/0003 --data-val three.lst --image-val . --json
never out "top5"
run 2 "${train[@]}" --data-train three.lst --num-classes 3 --data-val three.lst --best-by top5
says err "the figure 'top5'"
run 0 "${train[@]}" --data-train three.lst --num-classes 6 --batch-size 1 --run six
run 0 evaluate runs/six --data-val three.lst --image-val .
says out "top-5"

# Names of the classes.
printf 'a\nb\nc\n\n' >classes.txt
run 0 "${train[@]}" --data-train three.lst --num-classes 3 --batch-size 1 --classes classes.txt --run named
run 0 predict runs/named images/00_plain.jpg --json --top 3
says out '"c"'
never out '""'
printf 'a\n\nc\n' >gap.txt
run 3 "${train[@]}" --data-train three.lst --num-classes 3 --classes gap.txt
says err "gap.txt:2: an empty line"
printf 'a\nb\na\n' >twice.txt
run 3 "${train[@]}" --data-train three.lst --num-classes 3 --classes twice.txt
says err "twice.txt:3: the class 'a' is in line 1 too"
for count in 2 4; do
  seq $count >wrong.txt
  run 3 "${train[@]}" --data-train three.lst --num-classes 3 --classes wrong.txt
  says err "wrong.txt: $count class names" "'softmax' has 3"
  never err "softmax_multitask"
done

# A folder per class.
mkdir -p photos/{Red,red,blue,lost}
cp images/0* photos/Red && cp images/1[26]* photos/red && cp images/19* images/20* photos/blue
touch photos/blue/{a.bmp,b.BMP,c,d.tif} photos/lost/{a.gif,b.heic} photos/README.md
run 0 list photos --out set --val 0.1 --seed 1
says err "left out: 2 .bmp, 1 without an ending, 1 .gif, 1 .heic, 1 .tif; supported: .jpg, .jpeg, .png, .webp" \
  "classes that lose all their files" "'lost' (1 .gif, 1 .heic)" "in no class's folder: 1 .md" \
  "the classes 'Red' and 'red' differ by case only" \
  "set_val.lst: no image of these classes, which have too few for their share: Red, blue, red"
run 0 check photos
says err "differ by case only"

# Duplicates that contradict each other.
cp images/00_plain.jpg photos/blue/same.jpg
run 0 check photos
says out "exact duplicates: 1 groups, 1 of them with labels that differ" \
  "labels differ: Red/00_plain.jpg (Red) = blue/same.jpg (blue)"
run 0 check photos --json
says out '"labels_differ": true' '"labels": "blue"'
sed 's/^0\t0/0\t2/' three.lst >other.lst
run 0 check three.lst --data-val other.lst
says out "in both: labels differ: images/00_plain.jpg (0) = images/00_plain.jpg (2)"

# Exclusions that match nothing.
printf 'images/00_plain.jpg\nimage/00_plain.jpg\nnone.jpg\tremark\n' >bad.txt
for command in "check three.lst" "predict runs/named --data-val three.lst" \
  "evaluate runs/named --data-val three.lst" "pack three.lst --out packed" \
  "train --model $goldens/models/preact --image-shape 3,32,32 --num-classes 3 --data-train three.lst --epochs 1"; do
  run 0 $command --exclude bad.txt
  says err "1 of 8 pictures left out" \
    "'bad.txt': 2 of its 3 paths match no image of 'three.lst', the first: 'image/00_plain.jpg'"
done
