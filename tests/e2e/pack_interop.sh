#!/usr/bin/env bash
# The real MXNet reads what `orthrus pack` writes: pictures byte for byte, single and packed labels,
# records that are split because the magic number stands in a picture.
tests=$(dirname "$(realpath "$0")")/..
. "$tests/e2e/expect.sh"
python=${ORTHRUS_MXNET_PYTHON:-}
if [ -z "$python" ]; then
  echo "skipped: ORTHRUS_MXNET_PYTHON is not set: a Python that has MXNet 1.9.1 (make interop sets it)"
  exit 77
fi

data=$tests/golden/mxnet/data
run 0 pack "$data/train.lst" --images "$data" --out single
cmp single.rec "$data/train.rec" || fail "single.rec differs from the file that MXNet wrote"
"$python" "$tests/interop/mxnet_read_rec.py" single "$data" 1 || fail "single labels"
run 0 pack "$data/multi.lst" --images "$data" --out multi
cmp multi.rec "$data/multi.rec" || fail "multi.rec differs from the file that MXNet wrote"
"$python" "$tests/interop/mxnet_read_rec.py" multi "$data" 3 || fail "packed labels"
run 0 pack "$data/train.lst" --images "$data" --out small --resize 24
says out "16 pictures"
"$python" "$tests/interop/mxnet_read_rec.py" small "$data" 1 --encoded || fail "encoded anew"
