# Sourced by the e2e scripts, with the program's path as their first argument. Changes into a folder of
# the test's own, and defines:
#   run CODE ARGUMENTS...   runs the program; its exit code must be CODE; leaves files `out` and `err`
#   says FILE TEXT...       FILE (out, err or another) must contain each TEXT
set -uo pipefail
program=$(realpath "${1:?usage: $0 PROGRAM}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

run() {
  local expected=$1 code=0
  shift
  "$program" "$@" >out 2>err || code=$?
  [ "$code" -eq "$expected" ] && return
  cat out err >&2
  fail "orthrus $*: exit code $code, expected $expected"
}

says() {
  local file=$1 text
  shift
  for text in "$@"; do
    grep -qF -- "$text" "$file" && continue
    cat "$file" >&2
    fail "'$text' is not in $file"
  done
}
