#!/usr/bin/env bash
# What is trained and what is frozen, features that are kept, a dry run, recipes.
goldens=$(dirname "$(realpath "$0")")/../golden/mxnet
. "$(dirname "$(realpath "$0")")/expect.sh"

train=(train --model "$goldens/models/preact" --epoch 0 --image-shape 3,32,32 --num-classes 4
  --data-train "$goldens/data/train.lst" --image-train "$goldens/data" --batch-size 8 --lr 0.01)
validation=(--data-val "$goldens/data/val.lst" --image-val "$goldens/data")

run 0 "${train[@]}" "${validation[@]}" --train heads --augment none --dry-run
says err "stage 1: " ", frozen" "heads: " ", trained" "on stored statistics" \
  "features are computed once" "memory of the trained part" "nothing was written"
[ -z "$(ls | grep -v '^out$\|^err$')" ] || fail "a dry run wrote something: $(ls)"
run 2 "${train[@]}" --dry-run --resume
says err "exclude each other"

run 2 "${train[@]}" --train last:9
says err "--train last:9: a number of stages from 1 to " "the network's stages are: stage 1 ("
run 2 "${train[@]}" --train 'nothing*'
says err "no parameter of the network has such a name"
run 2 "${train[@]}" --train heads --cache memory
says err "augmented anew in each epoch" "--augment none, or --views K"
[ -z "$(ls runs 2>/dev/null)" ] || fail "a refused training left something"

heads=("${train[@]}" "${validation[@]}" --train heads --augment none --num-epoch 4)
run 0 "${heads[@]}" --run kept
says err "features of training: 16 pictures in"
run 0 "${heads[@]}" --run afresh --cache off
run 0 "${heads[@]}" --run disk --cache disk
run 0 "${heads[@]}" --run again --cache disk
says err "features of training taken from 'cache/"
for name in afresh disk again; do
  cmp runs/kept/last.safetensors runs/$name/last.safetensors || fail "$name differs"
done
run 0 evaluate runs/kept "${validation[@]}"
says out "images 10"

run 0 "${train[@]}" --train last:1 --optimizer adamw --schedule cosine --ema 0.9 --clip-norm 1 \
  --layer-decay 0.5 --num-epoch 1 --run last
says runs/last/config.toml 'name = "adamw"' 'train = ["last:1"]'
run 0 train runs/last --resume --num-epoch 2
says err "resumed from"

run 0 recipes
says out "classic" "quick" "lp-ft"
run 0 recipes show lp-ft
says out "arXiv:2202.10054" "heads_first = 50"
mv out mine.toml
run 0 "${train[@]}" "${validation[@]}" --recipe mine.toml --num-epoch 2 --run two-steps
says err "heads solved for in "
says runs/two-steps/config.toml "recipe = \"mine.toml\"" 'bn = "frozen"  # mine.toml'
run 2 recipes show nothing
says err "there is no recipe 'nothing'"
run 2 recipes lists
says err "expected show NAME"

run 0 lr-find "${train[@]:1}" --train heads --augment none --first 1e-5 --last 1 --steps 20
says out "steps; the curve is in lr-find.svg"
says lr-find.svg "<svg" "</svg>"
run 2 lr-find "${train[@]:1}" --first 1 --last 0.1
says err "is not over the first"
run 0 "${train[@]}" "${validation[@]}" --train heads --augment none --solver lbfgs --run solved
says err "heads solved for in"
run 0 runs
says out "runs/solved" "done"
run 2 "${train[@]}" --solver lbfgs
says err "--solver lbfgs solves for the heads alone"

run 0 tune "${train[@]:1}" "${validation[@]}" --train heads --augment none --num-epoch 2 \
  --tune optimizer.lr=0.001,0.01 --tune optimizer.weight_decay=0 --out search
says out "trial" "accuracy" "the best one: orthrus train search/best.toml"
[ -s search/trial-002/metrics.csv ] || fail "a trial is missing"
run 0 train search/best.toml --run best --num-epoch 1
run 2 tune "${train[@]:1}" --tune optimizer.lr=0.1
says err "a search needs a validation list"
