#!/usr/bin/env bash
# The examples, cut down to a few pictures: data, tasks, training, evaluation, prediction.
tests=$(dirname "$(realpath "$0")")/..
. "$tests/e2e/expect.sh"

if ! [ -d /usr/share/datasets/fashion-mnist ]; then
  echo "skipped: no Fashion-MNIST (apt install dataset-fashion-mnist)"
  exit 77
fi
export ORTHRUS=$program
cp -r "$tests/../examples/." .
home=$PWD
few=(--num-epoch 1 --batch-size 20 --num-examples 200)

cd "$home/fashion" || exit 1
./data.sh --limit 200 >out || fail "fashion/data.sh"
run 0 tasks fashion.toml
says out "T-shirt/top" "5: top, whole, legs, feet, other" "label == 5 || label == 7 || label == 9"
run 0 train fashion.toml "${few[@]}"
run 0 evaluate runs/fashion --data-val data/test.lst --image-val data/images --out figures
says out "kind: images 200" "derived from" "min. confidence"
[ -s figures/kind.suspects.csv ] || fail "no kind.suspects.csv"
run 0 predict runs/fashion data/images/test/00000.png --consistent
says out "	footwear	"

cd "$home/multifashion" || exit 1
./data.py --limit 200 >out || fail "multifashion/data.py"
[ "$(head -1 data/train.lst | cut -f1,2,4)" = "0	9	train/00000.png" ] || fail "train.lst is wrong"
for weighting in dbmtl pcgrad; do
  run 0 train multifashion.toml "${few[@]}" --weighting $weighting --run $weighting
  says err "weights of the losses: upper_left "
done
run 0 runs dbmtl pcgrad
says out "tasks.weighting"

cd "$home/clothes_csv" || exit 1
./data.sh --limit 600 >out || fail "clothes_csv/data.sh"
[ "$(sed -n 2p data/train.csv)" = "train/00000.png,Boot,feet," ] || fail "train.csv is wrong"
run 0 tasks clothes.toml
says out "kind" "60 there, 540 missing" "4: body, feet, hand, legs" "2: no, yes"
run 0 train clothes.toml "${few[@]}"
run 0 evaluate runs/clothes --data-val data/test.csv --image-val data/images
says out "kind: images 600" "warm: images 5" "without a label"
run 0 predict runs/clothes data/images/test --csv --min-confidence kind=0.999
says out "path,kind,kind_probability,worn,worn_probability,warm,warm_probability" "00599.png,,0."
