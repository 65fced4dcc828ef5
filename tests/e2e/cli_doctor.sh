#!/usr/bin/env bash
. "$(dirname "$(realpath "$0")")/expect.sh"

run 0 doctor
says out "orthrus " "compiler " "processor " "instructions " "engine " "cores " "memory " "GPU "
[ -s err ] && fail "doctor wrote to standard error"
run 2 doctor surplus
says err "unexpected argument 'surplus'"
