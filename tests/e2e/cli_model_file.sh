#!/usr/bin/env bash
# A model file alone is enough for evaluate, predict, bench and train; what contradicts it is refused.
tests=$(dirname "$(realpath "$0")")/..
. "$tests/e2e/expect.sh"
goldens=$tests/golden/mxnet
model=$tests/data/model-v1.safetensors
picture=$goldens/data/images/00_plain.jpg
validation=(--data-val "$goldens/data/val.lst" --image-val "$goldens/data")

run 0 predict "$model" "$picture" --top 4
says out "00_plain.jpg	softmax	rose	" "softmax	daisy	" "softmax_multitask	"
run 0 evaluate "$model" "${validation[@]}"
says out "softmax: images 10" "softmax_multitask: images 10"

mkdir run
cp "$model" run/last.safetensors
run 0 predict run "$picture" --json
says out '"class":"'
cp "$model" run/best.safetensors
run 0 evaluate run "${validation[@]}" --json
says out '"model": "run/best.safetensors"'

run 0 predict "$model" "$picture" --image-shape 3,8,8
run 2 predict "$model" "$picture" --image-shape 3,32,32
says err "--image-shape: 3,32,32 was given, but the model" "takes 3,8,8" "leave it out"
printf 'daisy\nrose\ntulip\ndandelion\n' >same.txt
run 0 predict "$model" "$picture" --classes same.txt
printf 'a\nb\nc\nd\n' >other.txt
run 2 predict "$model" "$picture" --classes other.txt
says err "other.txt" "for its task 'softmax'"
run 2 predict "$model" "$picture" --epoch 1
says err "--epoch: 1 was given" "one model without epochs"

run 0 bench --model "$model" --batch-size 2 --steps 1 --mode infer --json
says out '"image_shape":' '"images_per_second"'
run 0 bench --model "$model" --batch-size 2 --steps 1

# Fine-tuning keeps preprocessing, tasks and heads.
train=(train --model "$model" --data-train "$goldens/data/train.lst" --image-train "$goldens/data"
  --batch-size 8 --num-epoch 1)
run 0 "${train[@]}" --save-result kept --save-name kept
says err "2 tasks on the features of 'flatten0'" \
  "heads taken from the model: fc_bias, fc_multitask_bias, fc_multitask_weight, fc_weight"
run 0 evaluate kept/kept "${validation[@]}" --image-shape 3,8,8
run 0 "${train[@]}" --num-classes 5 --tasks class --save-result anew --save-name anew
says err "these with another number of classes, so they start anew: fc_bias, fc_weight"
run 0 "${train[@]}" --image-shape 3,16,16 --save-result other --save-name other
says err "start anew: fc_multitask_weight, fc_weight"

head -c 500 "$model" >cut.safetensors
run 3 predict cut.safetensors "$picture"
says err "cut.safetensors" "the header should have"

# MXNet's files do not say the size of the images: the model file beside them does.
run 0 evaluate kept "${validation[@]}"
cp out expected
run 0 evaluate kept/kept "${validation[@]}"
says err "kept/kept, epoch 1: images of 3,8,8, as in 'kept/best.safetensors' beside it"
diff <(grep ': images' out) <(grep ': images' expected) || fail "another size than the training's"
run 0 predict kept/kept "$picture"
says err "images of 3,8,8"
run 0 predict kept/kept-0001.params "$picture" --image-shape 3,8,8
grep -q "images of" err && fail "a size that was given is told"
run 0 soup kept/kept kept/kept --out soup.safetensors "${validation[@]}"
says err "images of 3,8,8"
# That of another network does not count, and without any the size is assumed aloud.
mkdir apart
cp kept/kept-* apart
cp anew/best.safetensors apart
run 3 evaluate apart/kept "${validation[@]}"
says err "apart/kept, epoch 1: images of 3,224,224 are assumed" "--image-shape"
rm apart/best.safetensors
run 3 predict apart/kept "$picture"
says err "images of 3,224,224 are assumed"
run 0 train --model kept/kept --epoch 1 --num-epoch 2 --data-train "$goldens/data/train.lst" \
  --image-train "$goldens/data" --batch-size 8 --num-classes 4 --save-result further
says err "images of 3,8,8, as in 'kept/best.safetensors' beside the model"
