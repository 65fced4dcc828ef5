#!/usr/bin/env python3
"""Loads a checkpoint that Orthrus wrote into the real MXNet and compares what the two compute.

    mxnet_interop.py PREFIX EPOCH INPUTS.params OUTPUTS.params

INPUTS holds the picture batch as `data`; labels are left at zero. OUTPUTS holds the expected outputs
by name (`softmax_output`); every output of the network must be there, and other arrays may.
Exit status: 0 equal within the tolerance, 1 not equal, 77 skipped because MXNet is not there.
"""

import argparse
import sys

SKIPPED = 77


def forward(mx, prefix, epoch, inputs):
    """Outputs of the checkpoint in inference mode, by name."""
    symbol, arguments, auxiliaries = mx.model.load_checkpoint(prefix, epoch)
    shapes = {name: array.shape for name, array in inputs.items()}
    executor = symbol.simple_bind(mx.cpu(), grad_req="null", **shapes)
    unset = set(executor.arg_dict) - set(arguments) - set(inputs)
    not_labels = sorted(name for name in unset if not name.endswith("_label"))
    if not_labels or set(executor.aux_dict) != set(auxiliaries):
        sys.exit(f"{prefix}: no values for {not_labels}, or other auxiliary arrays than the network's")
    executor.copy_params_from(arguments, auxiliaries)
    outputs = executor.forward(is_train=False, **inputs)
    return dict(zip(symbol.list_outputs(), outputs))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prefix")
    parser.add_argument("epoch", type=int)
    parser.add_argument("inputs")
    parser.add_argument("outputs")
    parser.add_argument("--tolerance", type=float, default=1e-5, help="largest difference allowed")
    options = parser.parse_args()
    try:
        import mxnet as mx
    except ImportError as error:
        print(f"SKIP: MXNet cannot be imported ({error})")
        return SKIPPED

    inputs = {"data": mx.nd.load(options.inputs)["data"]}
    expected = mx.nd.load(options.outputs)
    status = 0
    for name, got in forward(mx, options.prefix, options.epoch, inputs).items():
        if name not in expected:
            sys.exit(f"{options.outputs}: no array {name}")
        difference = abs(got - expected[name]).max().asscalar()
        verdict = "equal" if difference <= options.tolerance else "DIFFERENT"
        print(f"{name} {got.shape}: largest difference {difference:.2e}, {verdict}")
        status |= 0 if verdict == "equal" else 1
    return status


if __name__ == "__main__":
    sys.exit(main())
