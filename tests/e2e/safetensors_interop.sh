#!/usr/bin/env bash
# The official Python package reads a model of Orthrus, and Orthrus what the package writes.
tests=$(dirname "$(realpath "$0")")/..
. "$tests/e2e/expect.sh"
python=${ORTHRUS_SAFETENSORS_PYTHON:-python3}
if ! "$python" -c 'import safetensors.numpy' 2>/dev/null; then
  echo "skipped: no Python package safetensors: set ORTHRUS_SAFETENSORS_PYTHON to a Python that has safetensors and numpy (make interop does)"
  exit 77
fi

model=$tests/data/model-v1.safetensors
picture=$tests/golden/mxnet/data/images/00_plain.jpg
"$python" "$tests/interop/safetensors_model.py" read "$model" || fail "the package does not read it"
"$python" "$tests/interop/safetensors_model.py" write "$model" theirs.safetensors || fail "write"
cmp -s "$model" theirs.safetensors && fail "the package wrote the very same bytes: nothing is tested"
run 0 predict "$model" "$picture" --top 4
mv out ours.txt
run 0 predict theirs.safetensors "$picture" --top 4
cmp ours.txt out || fail "the answers differ"
