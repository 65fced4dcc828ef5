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
run 0 "${train[@]:0:13}" --batch-size auto --time 1m --train heads --augment none --dry-run
says err "batches of 2 pictures" "are enough for, by a few measured steps" "nothing was written"
run 0 "${train[@]}" --schedule bit --train heads --augment none --dry-run
says err "by BiT's rule" "nothing was written"
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
says runs/two-steps/config.toml "recipe = \"mine.toml\"" 'heads_first = 50  # mine.toml'
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

# What follows from the machine: batch and epochs are options of the run from then on.
run 0 "${train[@]}" --run timed --time 4s --batch-size auto
says err "batches of 2 pictures" " epochs: what about 0:04 are enough for"
says runs/timed/config.toml 'batch_size = 2  # found at the start' 'time = "4s"'
run 0 train runs/timed --resume
says err "nothing is left to train"
run 2 "${train[@]}" --run never --time 1us
says err "--time: '1us' is no time such as"
run 2 "${train[@]}" --run never --time 1m --num-epoch 3
says err "--time and --num-epoch exclude each other"
run 2 "${train[@]}" --run never --time 0.0001s
says err "one epoch takes about"
run 2 lr-find "${train[@]:1}" --batch-size auto
says err "'auto' is for orthrus train"
[ ! -e runs/never ] || fail "a refused training left something"

run 0 "${train[@]}" "${validation[@]}" --num-epoch 4 --schedule plateau --plateau-patience 1 --run plateau
run 0 "${train[@]}" "${validation[@]}" --num-epoch 2 --schedule plateau --plateau-patience 1 --run stopped
run 0 train runs/stopped --resume --num-epoch 4
cmp runs/plateau/last.safetensors runs/stopped/last.safetensors || fail "a resumed plateau has other bytes"
run 2 "${train[@]}" --schedule plateau --run never
says err "plateau goes by the validation list"

run 0 "${train[@]}" "${validation[@]}" --num-epoch 2 --run small --progressive 16
says err "pictures of 16x16 pixels" "pictures of 32x32 pixels"
run 2 "${train[@]}" --run never --progressive 16,x
says err "--progressive: 'x' is no number of pixels"

run 0 "${train[@]}" "${validation[@]}" --num-epoch 2 --optimizer lamb --agc 0.1 --sam 0.05 --swa 2 --run flat
run 0 "${train[@]}" "${validation[@]}" --num-epoch 2 --optimizer lars --set optimizer.trust=0.01 \
  --stochastic-depth 0.3 --run lars
run 2 "${train[@]}" --run never --swa 2 --ema 0.9
says err "--swa" "two averages"
run 2 "${train[@]}" --run never --sam 0.05 --accumulate 2
says err "--sam and --accumulate do not go together"
run 2 "${train[@]}" --run never --sam 0.05 --weighting pcgrad
says err "--sam and --weighting pcgrad do not go together"
run 2 "${train[@]}" --run never --optimizer lamb --mom 0.5
says err "--mom has no meaning with --optimizer lamb"

run 0 "${train[@]:0:9}" --data-train "$goldens/data/train.lst" --image-train "$goldens/data" --recipe bit \
  --batch-size 16 --accumulate 1 --train heads --augment none --run bit
says err "500 epochs, by BiT's rule"
says runs/bit/config.toml "num_epoch = 500  # found at the start"

run 0 soup search/trial-* "${validation[@]}" --image-shape 3,32,32 --out mixed.safetensors
says out "in soup" "taken" "mixed.safetensors"
run 0 evaluate --model mixed.safetensors "${validation[@]}"
says out "images 10"
run 2 soup runs/kept "${validation[@]}"
says err "two models or more"
run 3 soup runs/kept runs/missing "${validation[@]}"
