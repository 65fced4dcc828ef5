#!/usr/bin/env bash
# --precision on processors with and without bf16; ONEDNN_MAX_CPU_ISA makes one look like another.
. "$(dirname "$(realpath "$0")")/expect.sh"

small=(bench --model resnet18_v2 --image-shape 3,32,32 --batch-size 2 --steps 1)
without=AVX512_CORE
ONEDNN_MAX_CPU_ISA=$without run 2 "${small[@]}" --precision bf16
says err "--precision: got bf16" "AVX512_BF16 or AMX" "--precision f32, or auto"
ONEDNN_MAX_CPU_ISA=$without run 0 "${small[@]}" --precision auto
says out ", f32, "
run 2 "${small[@]}" --precision fp16
says err "'auto' or 'f32' or 'bf16'"
run 0 "${small[@]}"
says out ", f32, "
if ! "$program" doctor | grep -qE "avx512_bf16|amx_bf16"; then
  echo "skipped: no bf16 arithmetic"
  exit 77
fi
run 0 "${small[@]}" --precision auto --plan
says out ", bf16, " ":bf16"
run 0 "${small[@]}" --precision bf16 --mode infer
says out ", bf16, "
