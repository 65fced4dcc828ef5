#!/usr/bin/env bash
# Declared tasks from the file to the figures: explained, trained with missing labels, evaluated,
# predicted; and the messages for files that are wrong.
goldens=$(dirname "$(realpath "$0")")/../golden/mxnet
. "$(dirname "$(realpath "$0")")/expect.sh"

cat >tasks.toml <<'TOML'
[[task]]
name = "kind"
column = 0
classes = ["rose", "tulip", "daisy", "lily"]
class_weights = "balanced"
label_smoothing = 0.1

[[task]]
name = "spring"
from = "kind"
set = ["tulip", "lily"]

[[task]]
name = "size"
column = 1
classes = 3
missing = -1
kind = "ordinal"
head = [8]

[[task]]
name = "marks"
kind = "multilabel"
columns = [2, 3]
classes = ["spots", "stripes"]
TOML
# Label columns: the golden one, a size that is missing (-1) for most, two marks.
awk -F'\t' -v OFS='\t' '{ print $1, $2, (NR % 3 ? -1 : NR % 9 / 3), NR % 2, (NR % 4 == 0), $NF }' \
  "$goldens/data/train.lst" >train.lst
awk -F'\t' -v OFS='\t' '{ print $1, $2, (NR % 2 ? -1 : 1), NR % 2, 0, $NF }' \
  "$goldens/data/val.lst" >val.lst

run 0 tasks tasks.toml --data-train train.lst
says out "kind" "classes    4: rose, tulip, daisy, lily" "classes balanced" \
  "0 is no, 2 is no" "missing    empty, -1" "11 missing" "hidden layers of 8" "a sigmoid for each step" "stripes"

shape=(--image-shape 3,32,32)
train=(train --model "$goldens/models/preact" --epoch 0 "${shape[@]}" --tasks tasks.toml
  --data-train train.lst --image-train "$goldens/data" --data-val val.lst
  --image-val "$goldens/data" --batch-size 8 --lr 0.01 --num-epoch 2 --save-result result
  --save-name mine)
run 0 "${train[@]}" --weighting uncertainty
says err "val.lst' has no picture of these classes of task 'size': 0, 2" \
  "epoch 1: weights of the losses: kind "
says result/train.log "Epoch[1] Validation-multi_accuracy-task3="
[ -s result/mine-0002.params ] || fail "no checkpoint"

run 0 evaluate result --data-val val.lst --image-val "$goldens/data" "${shape[@]}" --tasks tasks.toml
says out "kind: images 10" "size: images 5, without a label 5" "balanced accuracy" "MCC" \
  "calibration error" "weighted kappa" "most taken for" "ROC-AUC" "stripes"
run 0 evaluate result --data-val val.lst --image-val "$goldens/data" "${shape[@]}" --tasks tasks.toml --json
says out '"task": "size"' '"images": 5' '"without_label": 5' '"mean_average_precision"' \
  '"confusion"' '"macro_f1"'
run 0 predict result "$goldens/data/images/00_plain.jpg" "${shape[@]}" --tasks tasks.toml --top 4
says out "	kind	tulip	" "	marks	spots	"

run 0 evaluate result/last.safetensors --data-val val.lst --image-val "$goldens/data" --out figures
says out "derived from" "spring" "of these right" "before calibration"
for file in figures.json kind.confusion.csv kind.mistakes.csv kind.suspects.csv marks.mistakes.csv; do
  [ -s "figures/$file" ] || fail "figures/$file is missing"
done
says figures/figures.json '"kind": "ordinal"' '"mean_absolute_error"' '"contradictions_together": 0' '"temperature"' '"coverage"' '"reliability"'
says figures/kind.mistakes.csv "path,label,answer,label_probability,answer_probability" "images/"
says figures/marks.mistakes.csv "path,class,label,answer" "images/"
run 0 evaluate result/last.safetensors --data-val val.lst --image-val "$goldens/data" \
  --baseline figures/figures.json
says out "against the baseline" "delta_p" "  +0.00%"
sed 's/"task": "/"task": "no-/' figures/figures.json >others.json
run 3 evaluate result/last.safetensors --data-val val.lst --image-val "$goldens/data" \
  --baseline others.json
says err "none of the model's tasks is in others.json" "no-kind, no-marks"
run 3 evaluate result/last.safetensors --data-val val.lst --image-val "$goldens/data" \
  --baseline train.lst
says err "'train.lst' is not what evaluate writes"
pictures=("$goldens/data/images/00_plain.jpg" "$goldens/data/images/01_gray.jpg")
run 0 predict result/last.safetensors "${pictures[@]}" --csv --top 2
says out "path,kind,kind_probability,kind_2,kind_2_probability,spring,spring_probability,spring_2," \
  ",marks_spots,marks_stripes"
[ "$(wc -l <out)" -eq 3 ] || fail "not a row for each picture"
run 0 predict result/last.safetensors "$goldens/data/images" --consistent --min-confidence 1 \
  --features features.npy --json --top 1
says out '"sure":false' "00_plain.jpg" '"yes":'
[ "$(head -c 6 features.npy | tail -c 5)" = NUMPY ] || fail "features.npy is none"
run 0 predict result/last.safetensors "${pictures[@]}" --min-confidence kind=1
says out "	kind	not sure	" "	size	"
run 2 predict result/last.safetensors "${pictures[@]}" --min-confidence kinds=0.5
says err "the model has no task 'kinds'" "did you mean 'kind'?"
run 2 predict result/last.safetensors "${pictures[@]}" --min-confidence marks=0.5
says err "'marks' is multilabel"
run 2 predict result/last.safetensors "${pictures[@]}" --min-confidence 1.5
says err "'1.5' is no probability from 0 to 1"
run 2 predict result/last.safetensors "${pictures[@]}" --csv --json
says err "one of them"
run 2 predict result/last.safetensors "${pictures[@]}" --features f.csv
says err "ends neither in .npy nor in .safetensors"

sed 's/from = "kind"/from = "kinds"/' tasks.toml >wrong.toml
run 2 tasks wrong.toml
says err "wrong.toml:10: from: there is no task 'kinds'" "did you mean 'kind'?"
sed 's/column = 1/column = 7/' tasks.toml >wrong.toml
run 3 tasks wrong.toml --data-train train.lst
says err "reads label column 8, the list has 4"
sed 's/missing = -1//' tasks.toml >wrong.toml
run 3 tasks wrong.toml --data-train train.lst
says err "train.lst:1: label -1 in column 2 is not a class of task 'size' (0 to 2)"
run 2 "${train[@]}" --best-by f1
says err "--best-by: there is no figure 'f1'" "macro_f1"
run 2 "${train[@]}" --best-by mcc:marks
says err "no task 'marks' has the figure 'mcc'" "kind, spring, size"
run 2 "${train[@]:0:9}" --data-train train.lst --best-by loss
says err "without a validation list there is no figure"
run 2 "${train[@]}" --weighting dwaa
says err "did you mean 'dwa'?"
