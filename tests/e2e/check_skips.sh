#!/usr/bin/env bash
# scripts/check_skips.py accepts a skipped test for a listed reason that holds, and no other.
scripts=$(dirname "$(realpath "$0")")/../../scripts
. "$(dirname "$(realpath "$0")")/expect.sh"

cat >skips.toml <<'END'
[[skip]]
reason = "no GPU"
doctor = "^GPU +none: "
tests = ["a.Cuda.*", "e2e.gpu"]
[[skip]]
reason = "no bf16 arithmetic"
doctor_lacks = "^instructions .*avx512_bf16"
tests = ["a.*Bf16*"]
[[skip]]
reason = "VARIABLE_OF_SKIPS is not set"
unset = "VARIABLE_OF_SKIPS"
tests = ["a.Interop"]
[[skip]]
reason = "no such command"
fails = "test -e there"
tests = ["a.Command"]
END
printf '#!/bin/sh\ncat "%s"\n' "$PWD/doctor.txt" >doctor && chmod 755 doctor
printf 'instructions   avx2 fma\nGPU            none: no NVIDIA driver\n' >doctor.txt

# results NAME OUTPUT: a run in which that test was skipped, and another one passed.
results() {
  printf '<?xml version="1.0"?><testsuite tests="2"><testcase name="good" status="run"/>
<testcase name="%s" status="notrun"><skipped message="SKIP"/><system-out>%s</system-out></testcase>
</testsuite>' "$1" "$2" >results.xml
}
accepts() {
  results "$1" "$2"
  python3 "$scripts/check_skips.py" results.xml ./doctor skips.toml >out 2>&1 || fail "$1: $(cat out)"
  says out "1 skipped tests, 0 of them"
}
refuses() { # NAME OUTPUT TEXT
  results "$1" "$2"
  python3 "$scripts/check_skips.py" results.xml ./doctor skips.toml >out 2>&1 && fail "$1 is accepted"
  says out "$1 $3"
}

accepts a.Cuda.Runs "skipped: no GPU: no driver"
accepts e2e.gpu "no GPU"
accepts a.Some/Bf16Plan.Learns/last "no bf16 arithmetic"
accepts a.Interop "VARIABLE_OF_SKIPS is not set"
accepts a.Command "no such command"
refuses a.Other "no GPU" "may not be skipped"
refuses a.Cuda.Runs "" "prints none of its reasons: no GPU"
refuses a.Cuda.Runs "no bf16 arithmetic" "prints none of its reasons"
VARIABLE_OF_SKIPS=1 refuses a.Interop "VARIABLE_OF_SKIPS is not set" "was skipped for a reason that does not hold"
touch there
refuses a.Command "no such command" "was skipped for a reason that does not hold here: no such command"
printf 'instructions   avx512f avx512_bf16\nGPU            0: a GPU\n' >doctor.txt
refuses a.Cuda.Runs "no GPU" "was skipped for a reason that does not hold here: no GPU"
refuses a.Bf16 "no bf16 arithmetic" "was skipped for a reason that does not hold here: no bf16"

echo '<testsuite tests="0"/>' >results.xml
python3 "$scripts/check_skips.py" results.xml ./doctor skips.toml >out 2>&1 && fail "a run without tests is accepted"
says out "no test was run"
# The list itself, with what the real program says.
results good ""
sed -i 's/<skipped[^>]*>//' results.xml
python3 "$scripts/check_skips.py" results.xml "$program" >out 2>&1 || fail "$(cat out)"
says out "0 skipped tests"
