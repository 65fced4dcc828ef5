#!/usr/bin/env bash
# The flags themselves: names that other tools use, hints to unknown ones, and --device.
goldens=$(dirname "$(realpath "$0")")/../golden/mxnet
. "$(dirname "$(realpath "$0")")/expect.sh"

# hint COMMAND FLAG OWN: the hint to FLAG names OWN, which the command really has.
hint() {
  run 2 $1 "$2"
  says err "unknown option '${2%%=*}'" "'$3'"
  "$program" $1 --help | grep -qF -- "$3" || fail "$1 has no $3"
}
for flag in --weight-decay=0.1 --weight_decay --wdecay; do hint train "$flag" --wd; done
hint train --momentum=0.9 --mom
for flag in --output --output-dir --output_dir=x --save-dir=x --project --name --logdir; do hint train "$flag" --run; done
hint evaluate --output-dir=x --out
hint predict --output=x --csv
for flag in --workers --num-workers=4 --num_workers -j -j4; do hint train "$flag" --threads; done
for flag in --imgsz=224 --img-size --input-size --image-size; do hint train "$flag" --image-shape; done
for flag in --batch=8 -b -b8 --bs --batch_size=8 --per-device-train-batch-size; do hint train "$flag" --batch-size; done
for flag in --arch --weights --checkpoint=x --pretrained --backbone; do hint train "$flag" --model; done
hint bench --arch --model
for flag in --data --data-dir=x --data-path; do hint train "$flag" --data-train; done
hint evaluate --data-dir=x --data-val
for flag in --val --val-dir --valid; do hint train "$flag" --data-val; done
for flag in --opt=adam --optim; do hint train "$flag" --optimizer; done
for flag in --sched --lr-scheduler=cosine --scheduler; do hint train "$flag" --schedule; done
for flag in --warmup-epochs=3 --warmup-steps; do hint train "$flag" --warmup; done
says err "updates"
for flag in --amp --fp16 --half --bf16 --mixed-precision; do hint train "$flag" --precision; done
for flag in --clip-grad=1 --max-grad-norm; do hint train "$flag" --clip-norm; done
for flag in --early-stopping --early-stop; do hint train "$flag" --patience; done
for flag in --model-ema --ema-decay=0.99; do hint train "$flag" --ema; done
for flag in --freeze --freeze-backbone; do hint train "$flag" --train; done
for flag in --random-seed=1 --manual-seed; do hint train "$flag" --seed; done
for flag in --drop-path=0.1 --drop-connect; do hint train "$flag" --stochastic-depth; done
for flag in --num-epochs=3 --max-epochs --n_epochs; do hint train "$flag" --num-epoch; done
for flag in --nb-classes=3 --nclass; do hint train "$flag" --num-classes; done
for flag in --gpu --gpu-id=0; do hint train "$flag" --gpus; done
for flag in --no-cuda --cuda; do hint train "$flag" --device; done
for flag in --min-lr=1e-5 --lrf; do hint train "$flag" --last-lr; done
hint predict --topk=3 --top
for flag in --smoothing=0.1 --dropout --label-smoothing; do
  run 2 train "$flag"
  says err "[[task]] table"
done
for flag in --exist-ok --nosave --wandb --val-split=0.1; do
  run 2 train "$flag"
  says err "hint: "
done

# Two names of one option, which --epoch is not.
train=(train --model "$goldens/models/preact" --image-shape 3,32,32 --num-classes 4
  --data-train "$goldens/data/train.lst" --image-train "$goldens/data" --batch-size 8)
run 0 "${train[@]}" --epochs=2 --learning-rate 0.02 --run named
says runs/named/config.toml "num_epoch = 2  # --epochs" "lr = 0.02  # --learning-rate" "epoch = 0"
[ "$(wc -l <runs/named/metrics.csv)" -eq 5 ] || fail "not two epochs of two tasks"
run 0 "${train[@]}" --epochs 1 --num-epoch 1 --lr 0.02 --learning-rate 0.020 --run same
run 2 "${train[@]}" --epochs 1 --num-epoch 2
says err "'--epochs 1' and '--num-epoch 2'"
run 2 "${train[@]}" --lr 0.1 --learning-rate=0.2
says err "'--lr 0.1' and '--learning-rate 0.2'"
run 0 lr-find --help
says out "--lr, --learning-rate X" "--num-epoch, --epochs N"

# --device
run 0 "${train[@]}" --epochs 1 --device cpu --run cpu
run 0 "${train[@]}" --epochs 1 --device auto --run auto
cmp runs/cpu/last.safetensors runs/auto/last.safetensors || fail "--device cpu computes something else"
run 2 "${train[@]}" --epochs 1 --device cpu --gpus 0
says err "--device cpu" "--gpus 0"
run 2 "${train[@]}" --device gpu
says err "'auto' or 'cpu' or 'cuda'" "an NVIDIA GPU is 'cuda'"
if "$program" doctor | grep -q '^GPU  *0:'; then
  run 0 "${train[@]}" --epochs 1 --device cuda --run cuda
  says err "GPU 0: "
else
  run 4 "${train[@]}" --epochs 1 --device cuda --run cuda
  says err "--device cuda: " "--device cpu"
  [ -e runs/cuda ] && fail "a run that never began left its folder"
  for command in "evaluate runs/cpu --data-val $goldens/data/val.lst --image-val $goldens/data" \
    "predict runs/cpu $goldens/data/images/00_plain.jpg" "bench --model resnet14_small --image-shape 3,32,32"; do
    run 4 $command --device cuda
    says err "--device cuda: "
    run 4 $command --device cuda --gpus 0
  done
  # --gpus alone still falls back, with its notice.
  run 0 "${train[@]}" --epochs 1 --gpus 0 --run notice
  says err "--gpus 0: "
fi

# A key by its flag's other name, in a file, by --set and in the environment.
train=(train --model "$goldens/models/preact" --image-shape 3,32,32 --batch-size 8 --num-classes 4
  --data-train "$goldens/data/train.lst" --dry-run)
for run in file set environment; do
  mkdir -p k && printf '[train]\nepochs = 3\n[optimizer]\nlearning_rate = 0.25\n' >k/k.toml
  [ $run = file ] || : >k/k.toml
  keys=(--set train.epochs=3 --set optimizer.learning_rate=0.25)
  [ $run = set ] || keys=()
  variables=(ORTHRUS_TRAIN_EPOCHS=3 ORTHRUS_OPTIMIZER_LEARNING_RATE=0.25)
  [ $run = environment ] || variables=(LC_ALL=C)
  env "${variables[@]}" "$program" train k/k.toml "${train[@]:1:10}" "${keys[@]}" --run ./k-$run >out 2>err || {
    cat err
    fail "keys by $run"
  }
  says k-$run/config.toml "num_epoch = 3" "lr = 0.25"
  grep -q "has no effect" err && fail "a variable is told as unknown"
done
printf '[train]\nepochs = 3\nnum_epoch = 4\n' >k/twice.toml
run 2 train k/twice.toml
says err "k/twice.toml:3: 'train.epochs' and 'train.num_epoch' are two names of the same option"
for key in momentum weight_decay batch_size train.batch_size optimizer.epochs; do
  run 2 train --set $key=1
  says err "unknown key '$key'" "did you mean '"
done
says err "did you mean 'train.num_epoch'?"
printf '[train]\nbatch_size = 3\n' >k/other.toml
run 2 train k/other.toml
says err "unknown key 'train.batch_size'" "did you mean 'data.batch_size'?"
ORTHRUS_TRAIN_EPOCH=3 ORTHRUS_ISA_X=1 run 0 recipes
says err "ORTHRUS_TRAIN_EPOCH: no option has this name" "did you mean 'ORTHRUS_TRAIN_EPOCHS'"
grep -q ISA_X err && fail "a variable that is like no option is told"

run 2 evaluate m --epochs 3
says err "unknown option '--epochs'" "this command does not train"
grep -q "did you mean" err && fail "--epoch is no --epochs"
hint train --grad-accum=2 --accumulate
hint train --resume-from=x --resume
run 2 evaluate "$goldens/models/preact" --data-val "$goldens/data/val.lst" --image-shape 3,32,32 --out=
says err "--out: the name of the folder is empty"

# Names of classes.
printf '\x89PNG\r\n\x1a\n\x00\x01' >names.png
run 3 "${train[@]/4/2}" --classes names.png
says err "--classes: 'names.png' is not a text file in UTF-8"
printf 'a\nb\n' >few.txt
run 3 train "${train[@]:1:6}" --data-train "$goldens/data/train.lst" --classes few.txt --dry-run
says err "'few.txt' names too few classes for 8 labels" "the first: $goldens/data/train.lst:3: label 2"
[ "$(grep -c train.lst err)" = 1 ] || fail "more than one label is told"
