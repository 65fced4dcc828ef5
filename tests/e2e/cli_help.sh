#!/usr/bin/env bash
# Overview, help, version, and what mistakes on the command line lead to.
. "$(dirname "$(realpath "$0")")/expect.sh"

run 0
says out "Usage: orthrus COMMAND" "doctor" "demo-data"
mv out overview
run 0 --help
cmp -s out overview || fail "--help differs from no arguments"

run 0 --version
grep -qE '^orthrus [0-9]+\.[0-9]+\.[0-9]+$' out || fail "the version is odd: $(cat out)"

run 0 demo-data --help
says out "Usage: orthrus demo-data [options]" "Examples:" "--limit N" "--set KEY=VALUE"
mv out help
run 0 help demo-data
cmp -s out help || fail "'help demo-data' differs from 'demo-data --help'"
for command in $(sed -n 's/^  \([a-z-]*\) .*/\1/p' overview); do
  run 0 "$command" --help
  says out "Usage: orthrus $command"
done

run 2 docter
says err "orthrus: error: unknown command 'docter'" "did you mean 'doctor'?"
[ -s out ] && fail "an error wrote to standard output"
run 2 --lr 1
says err "expected a command before the options"
run 2 demo-data --out x --limt 3
says err "unknown option '--limt'" "did you mean '--limit'?"
run 2 demo-data --out x --limit many
says err "--limit: got 'many', expected a whole number of at least 1"
run 2 demo-data --set out=x --out x
says err "set the same option"
ORTHRUS_LIMIT=0 run 2 demo-data --out x
says err "ORTHRUS_LIMIT: got '0'"
[ -e x ] && fail "a usage error left files behind"
grep -q $'\x1b' err && fail "colours without a terminal"

run 0 options-page
says out "# Options" '| `--limit N` | `limit` |'

# A reader that goes away is no error, a full disk is one.
"$program" options-page 2>err | head -n 1 >/dev/null
codes=("${PIPESTATUS[@]}")
[ "${codes[0]}" -eq 0 ] && [ ! -s err ] || fail "broken pipe: ${codes[0]} $(cat err)"
"$program" doctor >/dev/full 2>err
[ $? -eq 4 ] || fail "writing to a full disk must end with 4"
says err "No space left on device"
