#!/usr/bin/env python3
"""Writes the seeds of fuzz_safetensors, fuzz_model and fuzz_checkpoint into FOLDER/safetensors and so on.

    make_seeds.py FOLDER

From the model file of tests/data, a ResNet of four channels with torchvision's names, and the state of a
training of one task.
"""

import json
import pathlib
import struct
import sys

MODEL = pathlib.Path(__file__).resolve().parent.parent / "data/model-v1.safetensors"


def safetensors(tensors, metadata=None):
    """tensors: name -> (dtype, shape, bytes)."""
    header, data = {}, b""
    if metadata:
        header["__metadata__"] = metadata
    for name, (dtype, shape, raw) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(text)) + text + data


def resnet(width=4, classes=2):
    shapes = {"conv1.weight": [width, 3, 7, 7]}

    def norm(name):
        for field in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{name}.{field}"] = [width]

    norm("bn1")
    for stage in range(1, 5):
        block = f"layer{stage}.0"
        for i in (1, 2):
            shapes[f"{block}.conv{i}.weight"] = [width, width, 3, 3]
            norm(f"{block}.bn{i}")
        if stage > 1:
            shapes[f"{block}.downsample.0.weight"] = [width, width, 1, 1]
            norm(f"{block}.downsample.1")
    shapes["fc.weight"], shapes["fc.bias"] = [classes, width], [classes]
    tensors = {}
    for name, shape in shapes.items():
        count = 1
        for dim in shape:
            count *= dim
        tensors[name] = ("F16", shape, bytes(2 * count))
    return safetensors(tensors)


def parts(model):
    length = struct.unpack("<Q", model[:8])[0]
    metadata = json.loads(model[8 : 8 + length])["__metadata__"]
    keys = ("orthrus.model", "graph", "tasks", "preprocessing", "pretrained")
    return b"\xfe" + b"\xff".join(metadata[key].encode() for key in keys)


def state():
    sums = [[5.0, 3.0, 5.0, 0.5]]
    epoch = {"epoch": 2, "updates": 40, "learning_rate": 0.1, "seconds": 1.5, "train": sums, "validation": []}
    parts = (
        json.dumps({"epoch": 3, "loader": [3, 17], "updates": 42, "rollbacks": 2, "epoch_sums": sums,
                    "window_sums": sums, "history": [epoch], "log_size": 123, "weighting": [0.5],
                    "task_weights": [1.0]}),
        "[optimizer]\nlr = 0.1\n",
        json.dumps([{"path": "train.lst", "pictures": 5, "hash": 1}]),
    )
    return b"\xfe" + b"\xff".join(part.encode() for part in parts)


def main(folder):
    model = MODEL.read_bytes()
    seeds = {
        "safetensors/model": model,
        "safetensors/resnet": resnet(),
        "safetensors/small": safetensors({"a": ("F32", [2], bytes(8)), "b": ("U8", [0], b"")}, {"k": "v"}),
        "model/model": model,
        "model/parts": parts(model),
        "checkpoint/parts": state(),
    }
    for name, seed in seeds.items():
        path = pathlib.Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(seed)


if __name__ == "__main__":
    main(sys.argv[1])
