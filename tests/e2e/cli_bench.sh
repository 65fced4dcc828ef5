#!/usr/bin/env bash
# What bench reports besides its summary, and how the program makes its threads wait.
. "$(dirname "$(realpath "$0")")/expect.sh"
small=(bench --model resnet18_v2 --image-shape 3,32,32 --batch-size 2 --steps 1)

run 0 "${small[@]}" --profile
says out "kind of step" "Convolution forward" "BatchNorm forward" "in all" "the 20 slowest steps" "roof: "
run 0 "${small[@]}" --memory-report
says out "parameters and running statistics" "MB  arena" "in the arena where it is fullest" "smaller ones"
run 0 "${small[@]}" --mode infer --trace trace.json
python3 - <<'EOF' || fail "trace.json is no trace"
import json
events = json.load(open("trace.json"))["traceEvents"]
assert len(events) > 20, len(events)
for before, after in zip(events, events[1:]):
    assert before["ph"] == "X" and before["dur"] >= 0, before
    assert abs(after["ts"] - before["ts"] - before["dur"]) < 1e-3, (before, after)
EOF
run 4 "${small[@]}" --trace missing/trace.json
says err "missing"

run 0 "${small[@]}" --memory lean --plan
grep -q "Convolution *rebuild" out || fail "lean computes no convolution again"
run 0 "${small[@]}" --plan
grep -q "Convolution *rebuild" out && fail "auto computes convolutions again"

# What is measured is kept, and a broken file is no harm.
export XDG_CACHE_HOME=$PWD/caches
for _ in 1 2; do
  run 0 "${small[@]}" --autotune --plan
  for file in caches/orthrus/cpu-*; do
    [ ! -e "$file" ] || printf 'cut in the mid' >"$file"
  done
done
unset XDG_CACHE_HOME

# A batch that no machine has the memory for is refused before it is tried.
run 4 bench --model resnet50_v2 --batch-size 65536 --steps 1
says err "a batch of 65536 needs" "GB of memory" "--batch-size"

# Waiting threads spin for a bounded time, unless the user says otherwise.
unset OMP_WAIT_POLICY GOMP_SPINCOUNT
run 0 doctor
says out "GOMP_SPINCOUNT=10000"
OMP_WAIT_POLICY=passive run 0 doctor
says out "OMP_WAIT_POLICY=passive"
grep -q GOMP_SPINCOUNT out && fail "the user's choice was overruled"
exit 0
