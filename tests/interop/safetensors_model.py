#!/usr/bin/env python3
"""The official safetensors package and Orthrus read each other's files.

    safetensors_model.py read MODEL           MODEL holds what tests/data/model-v1.safetensors must hold
    safetensors_model.py write MODEL OUT      OUT: the same, written by the package, other bytes of header
"""

import json
import sys

from safetensors import safe_open
from safetensors.numpy import save_file

SHAPES = {"conv_weight": [4, 3, 3, 3], "bn_gamma": [4], "fc_weight": [4, 64], "fc_multitask_bias": [2]}


def load(path):
    with safe_open(path, "numpy") as file:
        return file.metadata(), {key: file.get_tensor(key) for key in file.keys()}


def main(mode, path, *rest):
    metadata, tensors = load(path)
    if mode == "read":
        assert metadata["orthrus.model"] == "1", metadata
        tasks = json.loads(metadata["tasks"])
        assert [task["name"] for task in tasks] == ["softmax", "softmax_multitask"], tasks
        for name, shape in SHAPES.items():
            assert list(tensors[name].shape) == shape and tensors[name].dtype == "float32", name
        names = [node["name"] for node in json.loads(metadata["graph"])["nodes"]]
        assert set(tensors) <= set(names), set(tensors) - set(names)
    else:
        save_file(tensors, rest[0], metadata)
    print(mode, path, len(tensors), "tensors: ok")


if __name__ == "__main__":
    main(*sys.argv[1:])
