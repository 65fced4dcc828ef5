#!/usr/bin/env bash
# Tables as people have them: which column is the label, columns in another order, missing values,
# several labels in a cell, numbers that are no class numbers, spreadsheets' habits, splits.
tests=$(dirname "$(realpath "$0")")/..
. "$tests/e2e/expect.sh"
python3 "$tests/e2e/colour_images.py" train 16 1
python3 "$tests/e2e/colour_images.py" val 6 2
train() { # CODE ARGUMENTS...
  local code=$1
  shift
  run "$code" train --model resnet14_small --image-shape 3,28,28 --threads 1 --batch-size 8 \
    --lr 0.05 --num-epoch 4 --augment none --num-examples 1000 --image-train . "$@"
}
# rows FOLDER PROGRAM: a line for each image, by awk with `path`, `colour` and the row's number `i`.
rows() { printf '%s\n' "$1"/*/*.png | awk -F/ "{path=\$0; colour=\$2; i=NR-1; $2}"; }
accuracy() { # TASK: of the evaluation in `out`
  python3 -c "import json,sys; print([t['accuracy'] for t in json.load(open('out'))['tasks'] if t['task'] == '$1'][0])"
}
expect_accuracy() { # TASK LEAST
  local got
  got=$(accuracy "$1") || fail "no accuracy of $1"
  python3 -c "import sys; sys.exit(not $got >= $2)" || fail "accuracy of $1 is $got, expected $2"
}

# Columns in another order, beside others, however the task was declared.
{ echo path,colour,parity; rows train '{n=index("bgr",substr(colour,1,1))-1; print path","n","i%2}'; } >ordered.csv
{ echo parity,camera,path,colour; rows val '{n=index("bgr",substr(colour,1,1))-1; print i%2",7,"path","n}'; } >swapped.csv
train 3 --tasks class --num-classes 3 --data-train ordered.csv --run ./no
says err "ordered.csv: which column is the label? Its columns: colour, parity" "--label-column"
[ -e no ] && fail "a run that never started left its folder"
train 0 --tasks class --num-classes 3 --label-column colour --data-train ordered.csv \
  --data-val swapped.csv --image-val . --run ./by_flag
says err "task 'softmax': column 'colour' of ordered.csv, 3 classes: 0: 16, 1: 16, 2: 16"
run 0 evaluate by_flag --data-val swapped.csv --image-val . --json
expect_accuracy softmax 0.99
printf '[[task]]\nname = "shade"\ncolumn = 0\nclasses = 3\n' >by_number.toml
train 0 --tasks by_number.toml --data-train ordered.csv --run ./by_number
run 0 evaluate by_number --data-val swapped.csv --image-val . --json
expect_accuracy shade 0.99
# Another name for it; data without the column of one of the tasks.
sed '1s/colour/hue/' swapped.csv >renamed.csv
run 3 evaluate by_flag --data-val renamed.csv --image-val .
says err "task 'softmax' reads the column 'colour', which 'renamed.csv' does not have"
run 0 evaluate by_flag --data-val renamed.csv --image-val . --label-column hue --json
expect_accuracy softmax 0.99
train 0 --label-column colour,parity --data-train ordered.csv --data-val swapped.csv --image-val . --run ./two
says err "task 'colour': column 'colour'" "task 'parity': column 'parity'"
cut -d, -f3,4 swapped.csv >one.csv
run 0 evaluate two --data-val one.csv --image-val . --json --out two_results
says err "task 'parity' is left out: 'one.csv' has no column 'parity'"
expect_accuracy colour 0.99
grep -q parity out && fail "a task without labels is reported"
[ -e two_results/parity.confusion.csv ] && fail "files of a task without labels"

# Which column is the label: its name, or the user's word.
{ echo path,patient,label; rows train '{print path",p"i%20","colour}'; } >patients.csv
train 0 --data-train patients.csv --run ./patients
says err "task 'label': column 'label' of patients.csv, 3 classes: blue 16, green 16, red 16"
{ echo id,file,Category,age; rows train '{print i","path","colour","20+i}'; } >ids.csv
train 0 --data-train ids.csv --run ./ids
says err "column 'Category'"
{ echo where,what,note; rows train '{print path","colour","(i%3 ? "see file" : 12)}'; } >odd.csv
train 3 --data-train odd.csv --path-column where --run ./no
says err "Its columns: what, note"
train 0 --data-train odd.csv --path-column where --label-column what --run ./odd
run 0 predict odd --data-val odd.csv --path-column where --image-val .
[ "$(wc -l <out)" -eq 48 ] || fail "predict needs no labels"
run 0 check odd.csv --path-column where --images .
says err "column 'note' mixes numbers and texts"
says out "label column 1 'what': 48 given"
run 0 pack odd.csv --path-column where --label-column what --images . --out packed
says err "column 'what': 0 is blue, 1 is green, 2 is red"
run 3 pack odd.csv --path-column where --images . --out packed2
says err "column 'note': 'see file' is a text in a column of numbers"
train 3 --data-train ids.csv --label-column age --run ./no
says err "column 'age': it holds 48 different numbers, and no task says what they mean"

# Missing values written as texts, in columns of texts and of numbers.
{ echo path,colour,code; rows train '{n=index("bgr",substr(colour,1,1))-1; print path","(i%5?colour:"NA")","(i%4?n:"NA")}'; } >na.csv
printf '[[task]]\nname = "colour"\ncolumn = "colour"\nmissing = "NA"\n[[task]]\nname = "code"\ncolumn = "code"\nclasses = 3\nmissing = ["NA", -9]\n' >na.toml
train 0 --tasks na.toml --data-train na.csv --run ./na
says err "task 'colour': column 'colour' of na.csv, 3 classes" "10 labels missing" "12 labels missing"
train 0 --label-column colour --data-train na.csv --run ./na_class
says err "4 classes: NA 10" "missing = [\"NA\"]"
train 3 --label-column code --data-train na.csv --run ./no
says err "'NA' is a text in a column of numbers" "add missing = [\"NA\"]"

# Several labels in a cell; words and uncertain values in columns.
{ echo image,labels; rows train '{print path","colour (i%3?"":"|small") (i%4?"":"|bright")}'; } >tags.csv
printf '[[task]]\nname = "tags"\nkind = "multilabel"\ncolumn = "labels"\nseparator = "|"\n' >tags.toml
train 0 --tasks tags.toml --data-train tags.csv --run ./tags
says err "task 'tags': column 'labels' of tags.csv, 5 classes: blue 16, bright 12, green 16, red 16, small 16"
{ echo labels,image; rows val '{print (i%6?colour:"none")","path}'; } >tags_val.csv
run 3 evaluate tags --data-val tags_val.csv --image-val .
says err "tags_val.csv:2: column 'labels': 'none' in 'none' is not one of the 5 classes"
sed -i 's/^none,/,/' tags_val.csv
run 0 evaluate tags --data-val tags_val.csv --image-val . --json
expect_accuracy tags 0.6
{ echo Path,Red,Green; rows train '{print path","(colour=="red"?"1.0":i%3?"0.0":"-1.0")","(colour=="green"?"1.0":"")}'; } >chex.csv
printf '[[task]]\nname = "seen"\nkind = "multilabel"\ncolumns = ["Red", "Green"]\nblank = "negative"\n' >chex.toml
train 3 --tasks chex.toml --data-train chex.csv --run ./no
says err "chex.csv:2: column 'Red': '-1.0' is neither 0 nor 1" "uncertain = "
echo 'uncertain = "negative"' >>chex.toml
train 0 --tasks chex.toml --data-train chex.csv --run ./chex
says err "columns Red, Green of chex.csv, 2 classes: Red 16, Green 16"

# Numbers that are no class numbers.
{ echo path,stars; rows train '{print path","index("bgr",substr(colour,1,1))*10}'; } >stars.csv
train 0 --data-train stars.csv --run ./stars
says err "3 classes: 10 16, 20 16, 30 16"
run 0 predict stars train/red/00.png
says out "stars	30"
{ echo "path;grade"; rows train '{print path";"(index("bgr",substr(colour,1,1))-1)/2}' | tr . , | sed 's/,png/.png/'; } >comma.csv
train 0 --data-train comma.csv --decimal , --run ./comma
says err "3 classes: 0 16, 0,5 16, 1 16"

# Spreadsheets: backslashes, a line that names the separator, a separator at the end of the lines.
{ echo path,colour; rows train '{gsub("/","\\",path); print path","colour}'; } >backslash.csv
{ printf 'sep=;\r\npath;colour\r\n'; rows train '{printf "%s;%s\r\n", path, colour}'; } >sep.csv
{ echo path,colour,; rows train '{print path","colour","}'; echo ,,; } >trailing.csv
for table in backslash sep trailing; do
  train 0 --data-train $table.csv --run ./$table
  says err "task 'colour': column 'colour' of $table.csv, 3 classes: blue 16, green 16, red 16"
  cmp patients/last.safetensors $table/last.safetensors >/dev/null && fail "not a model of its own"
done

# Splits: sub-folders, and a column.
mkdir -p root/Train root/valid root/test
cp -r train/* root/Train && cp -r val/* root/valid && cp -r val/* root/test
run 0 train --model resnet14_small --image-shape 3,28,28 --threads 1 --batch-size 8 --lr 0.05 \
  --num-epoch 4 --augment none --num-examples 1000 --data-train root --run ./splits
says err "'root' holds splits: Train (training), test (held out), valid (validation)" \
  "task 'class': folders of root/Train, 3 classes: blue 16, green 16, red 16" \
  "Validation-multi_accuracy-task0" "Test-accuracy-class=" "18 images of root/test"
says splits/test.json '"images": 18'
mv root/test root/extra
run 0 train --model resnet14_small --image-shape 3,28,28 --threads 1 --batch-size 8 --num-epoch 1 \
  --augment none --data-train root --run ./not_splits
says err "some of its folders are named as splits"
{ echo part,path,colour; rows train '{print "TRAIN,"path","colour}'; rows val '{print (i%2?"dev":"test")","path","colour}'; } >parts.csv
train 0 --data-train parts.csv --split-column part --run ./parts
says err "'parts.csv' holds splits: train: 48 rows (training)" "9 images of parts.csv"
run 0 evaluate parts --data-val parts.csv --image-val . --split-column part --json
says out '"images": 9'
sed '3s/TRAIN/maybe/' parts.csv >maybe.csv
train 3 --data-train maybe.csv --split-column part --run ./no
says err "'maybe' in column 'part' (1 row) names no split"

# What looks like splits and is used as a whole is reported; a list or a pack is made of one part.
train 0 --data-train parts.csv --label-column colour --num-epoch 1 --run ./whole
says err "the column 'part' says to which part a row belongs, and all rows are used"
run 2 pack parts.csv --split-column part --images . --out no
says err "all of it would be mixed"

# Files of other programs.
printf 'PK\003\004xxxxxxxx' >book.xlsx
printf '\037\213xxxxxxxx' >table.csv.gz
printf '\377\376p\0a\0t\0h\0' >utf16.csv
printf 'path,kind\na.png,caf\351\n' >latin1.csv
for file in book.xlsx table.csv.gz utf16.csv latin1.csv; do
  run 3 train --model resnet14_small --data-train $file --run ./no
  says err $file hint:
done
says err "latin1.csv:2: 'caf" "is not UTF-8" "iconv"

# A model's own tasks stay, unless new ones are asked for.
mkdir -p new/apple new/pear
cp train/red/* new/apple && cp train/green/* new/pear
run 3 train --model splits/last.safetensors --data-train new --run ./no
says err "folder 'apple' is not one of the 3 classes of task 'class'" "--tasks auto starts new heads"
run 0 train --model splits/last.safetensors --tasks auto --data-train new --threads 1 --batch-size 8 \
  --num-epoch 1 --lr 0.01 --run ./fruit
says err "task 'class': folders of new, 2 classes: apple 16, pear 16"

# New classes under the name of a task start with new heads, and data that follow decide nothing.
grep -q "heads taken from the model" err && fail "a head of other classes was taken"
run 3 evaluate by_flag --data-val odd.csv --path-column where --label-column what --image-val .
says err "'red' is a text, but the 3 classes of task 'softmax' have no names" "--classes FILE"
run 3 evaluate patients --data-val swapped.csv --image-val . --label-column colour
says err "is a number, but the classes of task 'label' are known by name"
# A task declared by number keeps the column that the model knows by name.
run 0 evaluate by_number --data-val swapped.csv --image-val . --tasks by_number.toml --json
expect_accuracy shade 0.99
run 0 evaluate by_number --data-val swapped.csv --image-val . --tasks by_number/config.toml --json
expect_accuracy shade 0.99
# The held-out part does not choose the model.
mv root/extra root/test
run 0 train --model resnet14_small --image-shape 3,28,28 --threads 1 --batch-size 8 --num-epoch 1 \
  --augment none --data-train root --data-val root/test --run ./chosen
says err "the test part is the validation data, so nothing is held out"
[ -e chosen/test.json ] && fail "a part that chose the model is reported as held out"

# Lists without labels are enough for predict.
rows val '{print path}' >paths.txt
rows val '{print i"\t"path}' >two.lst
for list in paths.txt two.lst; do
  run 0 predict splits --data-val $list --image-val .
  [ "$(wc -l <out)" -eq 18 ] || fail "$list: $(wc -l <out) predictions"
done
run 3 evaluate splits --data-val two.lst --image-val .
