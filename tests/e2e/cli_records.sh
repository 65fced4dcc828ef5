#!/usr/bin/env bash
# A list used with a .rec file: every line is answered with its own image, or the pair is refused.
tests=$(dirname "$(realpath "$0")")/..
. "$tests/e2e/expect.sh"
data=$tests/golden/mxnet/data
model=$tests/data/model-v1.safetensors

predict() { run "$1" predict "$model" --data-val "$2" --image-val "$3"; }

# Repeated lines keep index and image.
{ cat "$data/train.lst"; sed -n '2p;5p;2p' "$data/train.lst"; } >repeated.lst
run 0 pack repeated.lst --images "$data" --out p
cmp <(cut -f1,3 p.lst) <(cut -f1,3 repeated.lst) || fail "pack changed the list"
predict 0 repeated.lst "$data"
cp out expected
predict 0 repeated.lst p.rec
cmp out expected || fail "a line is answered with another image"
predict 0 p.lst p.rec
cmp out expected || fail "the list of pack is answered otherwise"

# Where indexes clash, pack numbers anew, and only its own list is good.
awk -F'\t' -v OFS='\t' '{ $1 = NR % 3; print }' "$data/train.lst" >clash.lst
run 0 pack clash.lst --images "$data" --out c
says err "numbered from 0 instead" "'c.lst' is the list that goes with 'c.rec'"
predict 3 clash.lst c.rec
says err "clash.lst:" "index 0 stands for" "which record of 'c.rec' is meant cannot be told"
predict 0 clash.lst "$data"
cp out expected
predict 0 c.lst c.rec
cmp out expected || fail "the list of pack is answered otherwise"
awk -F'\t' -v OFS='\t' '{ $1 = -NR; print }' "$data/train.lst" >negative.lst
predict 3 negative.lst c.rec
says err "is negative"

# An index that is damaged or another file's.
head -n 5 p.idx >short.idx && cp p.rec short.rec
predict 3 p.lst short.rec
says err "short.idx: it names 5 of the" "make it again, or remove it"
run 3 check short.rec
awk -F'\t' -v OFS='\t' '{ $1 = NR + 100; print }' "$data/train.idx" >other.idx
cp "$data/train.rec" other.rec
predict 0 "$data/train.lst" "$data"
cp out expected
predict 0 "$data/train.lst" other.rec
cmp out expected || fail "the keys of another index are obeyed"
says err "other.idx" "keys are not the ids" "a list is matched with the ids"

# Labels of another dataset.
cp "$data/train.rec" alone.rec
awk -F'\t' -v OFS='\t' '{ $2 = int((NR - 1) / 4); print }' "$data/train.lst" >labels.lst
predict 3 labels.lst alone.rec
says err "labels differ from those in 'alone.rec'" "another dataset"
awk -F'\t' -v OFS='\t' 'NR == 3 { $2 = ($2 + 1) % 4 } { print }' "$data/train.lst" >relabelled.lst
predict 0 relabelled.lst alone.rec
says err "1 of" "labels differ" "the list's are used"

# Rows without an index: predict reads no labels, so only the list beside the records shows which
# image a row is.
{ echo path,label; awk -F'\t' -v OFS=, '{ print $3, $2 }' "$data/train.lst"; } >rows.csv
cut -f3 "$data/train.lst" >paths.txt
awk -F'\t' -v OFS='\t' '{ $1 = NR - 1; print }' "$data/train.lst" >rows.lst
run 0 pack rows.lst --images "$data" --out r
predict 0 rows.lst "$data"
cp out expected
for rows in rows.csv paths.txt; do
  predict 0 "$rows" r.rec
  cmp out expected || fail "a row of $rows is answered with another image"
  cp r.rec lonely.rec && cp r.idx lonely.idx
  predict 3 "$rows" lonely.rec
  says err "'$rows' has no indexes" "nothing shows that its rows are the records of 'lonely.rec'"
done
