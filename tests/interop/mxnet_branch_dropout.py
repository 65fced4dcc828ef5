#!/usr/bin/env python3
"""Writes a network of the real MXNet in which whole pictures lose a residual branch: Dropout with
axes=(1, 2, 3), as stochastic depth is spelt there.

    mxnet_branch_dropout.py PREFIX

Pictures of 3 x 32 x 32, four classes; writes PREFIX-symbol.json and PREFIX-0000.params.
"""

import sys

import mxnet as mx


def main():
    mx.random.seed(1)
    data = mx.sym.Variable("data")
    stem = mx.sym.Activation(mx.sym.Convolution(data, num_filter=8, kernel=(3, 3), stride=(2, 2), pad=(1, 1),
                                                name="stem"), act_type="relu", name="relu")
    branch = mx.sym.Convolution(stem, num_filter=8, kernel=(3, 3), pad=(1, 1), name="branch")
    total = mx.sym.elemwise_add(stem, mx.sym.Dropout(branch, p=0.4, axes=(1, 2, 3), name="drop"), name="sum")
    flat = mx.sym.Flatten(mx.sym.Pooling(total, global_pool=True, kernel=(1, 1), pool_type="avg", name="pool"),
                          name="flatten0")
    symbol = mx.sym.SoftmaxOutput(mx.sym.FullyConnected(flat, num_hidden=4, name="fc"), name="softmax")
    module = mx.mod.Module(symbol, context=mx.cpu())
    module.bind([("data", (1, 3, 32, 32))], [("softmax_label", (1,))])
    module.init_params(mx.init.Xavier())
    arguments, auxiliaries = module.get_params()
    mx.model.save_checkpoint(sys.argv[1], 0, symbol, arguments, auxiliaries)


if __name__ == "__main__":
    main()
