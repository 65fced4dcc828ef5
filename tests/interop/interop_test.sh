#!/bin/sh
# Compares a checkpoint, written by the program, with the real MXNet:
#
#   interop_test.sh PREFIX EPOCH INPUTS.params OUTPUTS.params
#
# PREFIX and EPOCH name what `orthrus train --save-result ... --save-name ...` left behind, INPUTS and
# OUTPUTS a batch and what Orthrus computed for it. ORTHRUS_MXNET_PYTHON is a Python that has MXNet
# 1.9.1 (default: python3). Exit status as of mxnet_interop.py; 77 means skipped.
set -eu
here=$(dirname "$0")
exec "${ORTHRUS_MXNET_PYTHON:-python3}" "$here/mxnet_interop.py" "$@"
