#!/usr/bin/env bash
# Relative paths of a configuration, read in another folder than the one they were written for.
goldens=$(dirname "$(realpath "$0")")/../golden/mxnet
. "$(dirname "$(realpath "$0")")/expect.sh"

mkdir -p start other exp
cp -r "$goldens/data/images" "$goldens/data/train.lst" "$goldens/data/val.lst" start
cp "$goldens/models/preact-symbol.json" "$goldens/models/preact-0000.params" start
shape=(--image-shape 3,32,32 --batch-size 8)
train=(train --model preact "${shape[@]}" --num-classes 4 --data-train train.lst --data-val val.lst)

# A run is resumed from elsewhere, by a relative and by an absolute path, and again from where it began.
cd start
run 0 "${train[@]}" --epochs 4 --run whole
run 0 "${train[@]}" --epochs 1 --run a
run 0 "${train[@]}" --epochs 1 --save-result result --save-name mine
cp runs/a/config.toml ../a.toml
cd ../other
run 0 train ../start/runs/a --resume --epochs 2
says err "resumed from"
grep -q "changed since" err && fail "another folder is told as a change"
run 0 train "$folder/start/runs/a/config.toml" --resume --epochs 3
run 0 train ../start/result --resume --epochs 2
[ -s ../start/result/mine-0002.params ] || fail "the run was not continued in its folder"
[ "$(ls ../start/runs)" = "$(printf 'a\nwhole')" ] || fail "another run began"
[ "$(ls -A . | sort)" = "$(printf 'err\nout')" ] || fail "something was written where the run is not"
cd ../start
run 0 train runs/a --resume --epochs 4
cmp runs/a/last.safetensors runs/whole/last.safetensors || fail "a run that moved has other bytes"
cmp <(cut -d, -f 1,2,5- runs/a/metrics.csv | sed 's/,[0-9.]*,softmax/,softmax/') \
  <(cut -d, -f 1,2,5- runs/whole/metrics.csv | sed 's/,[0-9.]*,softmax/,softmax/') || fail "other figures"
# Another list is a change still.
cd ../other
sed 1d ../start/train.lst >train.lst
run 2 train ../start/runs/a --resume --epochs 5 --data-train train.lst --image-train ../start
says err "data.train: " "does not list what"
# The same file by another path is none.
run 0 train ../start/runs/a --resume --epochs 5 --data-train ../start/train.lst
rm -f train.lst
# A run whose folder was moved is where it is now.
cp -r ../start/runs/whole moved
run 0 train moved --resume --epochs 5
cmp moved/last.safetensors ../start/runs/a/last.safetensors || fail "a moved run has other bytes"
cmp <(tail -n 2 ../start/runs/whole/metrics.csv | cut -d, -f 1) <(printf '3\n3\n') || fail "the old place was used"

# A configuration by hand: relative to the current folder, else to its own.
cd ../start
cat >mine.toml <<'TOML'
model.source = "preact"
model.image_shape = "3,32,32"
data.train = "train.lst"
data.image_train = "."
data.val = "val.lst"
data.num_classes = 4
data.batch_size = 8
train.num_epoch = 1
TOML
run 0 train mine.toml --run here
cd ..
run 0 train start/mine.toml --run there
cmp start/runs/here/last.safetensors runs/there/last.safetensors || fail "other bytes from elsewhere"
says runs/there/config.toml 'train = "start/train.lst"' 'source = "start/preact"'
run 0 train runs/there --resume --epochs 2
cp start/mine.toml exp
cd start
run 0 train ../exp/mine.toml --run project
cmp runs/project/last.safetensors runs/here/last.safetensors || fail "the current folder does not count"
cd ..
# In neither folder, in both, and what flags give.
run 3 train exp/mine.toml
says err "exp/mine.toml:3: data.train: 'train.lst' is neither in the current folder nor in 'exp'"
[ -e runs/0001 ] && fail "a run began"
cp start/train.lst start/val.lst .
run 0 train start/mine.toml --run decided
cmp runs/decided/last.safetensors start/runs/here/last.safetensors || fail "the model does not decide"
sed -i '/model.source/d' start/mine.toml
run 2 train start/mine.toml --model start/preact
says err "start/mine.toml:" "is in the current folder and in 'start'" "write the whole path"
run 0 train start/mine.toml --data-train start/train.lst --image-train start --data-val start/val.lst \
  --model start/preact --run flags
cmp runs/flags/last.safetensors start/runs/here/last.safetensors || fail "flags are not obeyed"
rm train.lst val.lst
# The other paths of the file decide about '.', which is everywhere; tune and lr-find read it too.
run 0 lr-find start/mine.toml --model start/preact --steps 10
run 0 tune start/mine.toml --model start/preact --tune optimizer.lr=0.01,0.02

# [[source]] tables.
cat >start/sources.toml <<'TOML'
model.source = "preact"
model.image_shape = "3,32,32"
data.num_classes = 4
data.batch_size = 8
train.num_epoch = 1
[[source]]
list = "train.lst"
[[source]]
list = "val.lst"
images = "."
TOML
run 0 train start/sources.toml --run both
cd other
run 0 train ../runs/both --resume --epochs 2
says err "resumed from"

# The file with a task's classes is found as the other paths are.
cd "$folder"
rm -rf proj && mkdir proj
printf 'red\ngreen\nblue\nwhite\n' >proj/names.txt
printf '[[task]]\nname = "colour"\nclasses = "names.txt"\ncolumn = 0\n' >proj/t.toml
run 0 tasks proj/t.toml
says out "red, green, blue, white"
common=(--model start/preact "${shape[@]}" --data-train start/train.lst --image-train start --epochs 1)
run 0 train "${common[@]}" --tasks proj/t.toml --run classes
run 0 train "${common[@]}" proj/t.toml --run beside
cmp runs/classes/last.safetensors runs/beside/last.safetensors || fail "the tasks differ"
cd other
run 0 train ../runs/classes --resume --epochs 2
says err "resumed from"
run 0 evaluate ../runs/classes --tasks ../runs/classes/config.toml --data-val ../start/val.lst --image-val ../start
run 0 tasks ../proj/t.toml
printf 'a\nb\nc\nd\n' >names.txt
run 2 tasks ../proj/t.toml
says err "'names.txt' is in the current folder and in '../proj'"
rm names.txt ../proj/names.txt
run 3 tasks ../proj/t.toml
says err "'names.txt' is neither in the current folder nor in '../proj'"
