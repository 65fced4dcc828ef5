#!/usr/bin/env python3
"""Makes ops/logistic_output.json and .params with MXNet 1.9.1. Usage: make_logistic_output.py"""
import json
import os

import mxnet as mx
import numpy as np

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ops")
random = np.random.RandomState(5)
data = mx.nd.array(np.concatenate([random.randn(4, 5) * 2, [[30, -30, 0, 1, -1]]]))
labels = {"hard": mx.nd.array(random.randint(0, 2, (5, 5))), "soft": mx.nd.array(random.rand(5, 5))}
cases = [{"name": "hard", "label": "hard", "attrs": {}},
         {"name": "soft", "label": "soft", "attrs": {}},
         {"name": "scaled", "label": "hard", "attrs": {"grad_scale": "0.3"}}]
arrays = {"data": data, **{"label:" + name: label for name, label in labels.items()}}
for case in cases:
    symbol = mx.sym.LogisticRegressionOutput(mx.sym.Variable("data"), mx.sym.Variable("label"), name="node",
                                             **case["attrs"])
    executor = symbol.bind(mx.cpu(), {"data": data, "label": labels[case["label"]]},
                           args_grad={"data": mx.nd.zeros(data.shape)},
                           grad_req={"data": "write", "label": "null"})
    arrays[case["name"] + ":output"] = executor.forward(is_train=True)[0].copy()
    executor.backward()
    arrays[case["name"] + ":grad_logits"] = executor.grad_dict["data"].copy()
mx.nd.save(os.path.join(folder, "logistic_output.params"), arrays)
with open(os.path.join(folder, "logistic_output.json"), "w", encoding="ascii") as file:
    json.dump(cases, file, indent=1)
