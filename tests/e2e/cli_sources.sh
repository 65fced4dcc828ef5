#!/usr/bin/env bash
# A training from several sources, each with its share and labelled for some tasks only.
data=$(dirname "$(realpath "$0")")/../golden/mxnet/data
model=$(dirname "$(realpath "$0")")/../golden/mxnet/models/preact
. "$(dirname "$(realpath "$0")")/expect.sh"

# Colours of ten pictures in a table; shapes of six others in a list without names.
{ echo "path,colour"; awk -F'\t' 'NR <= 10 { print $NF "," (NR % 2 ? "red" : "blue") }' "$data/train.lst"; } >colours.csv
awk -F'\t' -v OFS='\t' 'NR > 10 { print $1, NR % 3, $NF }' "$data/train.lst" >shapes.lst
awk -F'\t' 'BEGIN { print "path,shape,colour" } { print $NF "," NR % 3 "," (NR % 2 ? "red" : "blue") }' "$data/val.lst" >val.csv

cat >mixed.toml <<TOML
[model]
source = "$model"
image_shape = "3,32,32"
[data]
val = "val.csv"
image_val = "$data"
batch_size = 4
[optimizer]
lr = 0.01
[[task]]
name = "colour"
column = "colour"
classes = ["blue", "red"]
[[task]]
name = "shape"
column = "shape"
classes = 3
[[source]]
list = "colours.csv"
images = "$data"
share = 3
[[source]]
list = "shapes.lst"
images = "$data"
columns = ["shape"]
share = 1
TOML
run 0 train mixed.toml --num-epoch 3 --save-result straight --save-name m
says straight/train.log "Epoch[2] Validation-multi_accuracy-task1="
says straight/config.toml '[[source]]' 'columns = ["shape"]'
says straight/environment.json "colours.csv + shapes.lst"

# Interrupted and resumed, it ends with the same bytes.
run 0 train mixed.toml --num-epoch 1 --save-result twice --save-name m
run 0 train mixed.toml --num-epoch 3 --save-result twice --save-name m --resume
cmp straight/m-0003.params twice/m-0003.params || fail "a resumed mixture trains differently"

# A table whose columns stand in another order is read by their names: the same figures.
awk -F, -v OFS=, '{ print $1, $3, $2 }' val.csv >turned.csv
run 0 train mixed.toml --data-val turned.csv --num-epoch 3 --save-result turned --save-name m
cmp straight/m-0003.params turned/m-0003.params || fail "validation changes the training"
diff <(grep -o "Validation.*" straight/train.log) <(grep -o "Validation.*" turned/train.log) ||
  fail "the order of validation's columns matters"

run 2 train mixed.toml --data-train colours.csv --num-epoch 1 --save-result no
says err "there are [[source]] tables too"
sed 's/^share = 1/share = 0/' mixed.toml >wrong.toml
run 2 train wrong.toml --num-epoch 1 --save-result no
says err "1 of 2 [[source]] tables have a share" "give all of them a share, or none"
sed 's/^columns.*//' mixed.toml >wrong.toml
run 3 train wrong.toml --num-epoch 1 --save-result no
says err "shapes.lst' does not name its label columns" "columns = ["
sed '/^list = "shapes/d' mixed.toml >wrong.toml
run 2 train wrong.toml --num-epoch 1 --save-result no
says err "[[source]]: it has no list"
sed -i '2s/red/green/' colours.csv
run 3 train mixed.toml --num-epoch 1 --save-result no
says err "colours.csv:2: column 'colour': 'green' is not one of the 2 classes of task 'colour'"
