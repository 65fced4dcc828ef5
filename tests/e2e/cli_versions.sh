#!/usr/bin/env bash
# Files that version 0.1.0 wrote (tests/data/v0.1.0) load for ever: models predict what they did, a
# training resumes from its checkpoint, and a cache of features is used or computed again.
tests=$(dirname "$(realpath "$0")")/..
. "$tests/e2e/expect.sh"
data=$tests/data/v0.1.0
python3 "$tests/e2e/colour_images.py" train 4 1
python3 "$tests/e2e/colour_images.py" val 2 2
cp "$tests"/golden/mxnet/models/preact-{0000.params,symbol.json} .
cp -r "$data"/{train.csv,val.csv,train.lst,tasks.toml,run,features} .

# same FILE FILE: predictions, a JSON object a line; numbers may differ by rounding between CPUs.
same() {
  python3 - "$1" "$2" <<'END' || fail "predictions of $3"
import json, sys

def check(a, b, where):
    if isinstance(a, float) or isinstance(b, float):
        assert abs(a - b) <= 1e-3, (where, a, b)
    elif isinstance(a, dict):
        for key in a:
            check(a[key], b[key], where + [key])
    elif isinstance(a, list):
        assert len(a) == len(b), (where, a, b)
        for i, (x, y) in enumerate(zip(a, b)):
            check(x, y, where + [i])
    else:
        assert a == b, (where, a, b)

then, now = ([json.loads(line) for line in open(name)] for name in sys.argv[1:3])
assert len(then) == len(now) == 6, (len(then), len(now))
check(then, now, [])
END
}
for model in kinds classic; do
  run 0 predict "$data/$model.safetensors" --data-val val.csv --json --threads 1
  same "$data/$model.json" out $model
done
run 0 evaluate "$data/kinds.safetensors" --data-val val.csv --json
says out '"task": "warm"' '"task": "tags"' '"images": 6'
run 0 train run --resume
says err "resumed from"
[ -s run/last.safetensors ] || fail "the resumed training left no model"
run 0 train --model preact --epoch 0 --image-shape 3,32,32 --threads 1 --batch-size 4 --lr 0.01 \
  --data-train train.csv --tasks tasks.toml --num-epoch 1 --train heads --cache disk \
  --cache-folder features --augment none --run ./cached
[ "$(ls features | wc -l)" -eq 1 ] || echo "another kind of CPU or build: the features were computed again"
