#!/usr/bin/env python3
"""Makes the goldens of this folder with torchvision; no test needs this program.

    python make.py     (torch, torchvision, numpy; writes resnet18.safetensors, resnet50.safetensors)

Weights are no part of the goldens: both sides compute them from a formula of the name and the place
(tests/golden/torch_weights.h), so that real ResNet-18 and ResNet-50 fit into a few kilobytes. Each file
holds the names and shapes of the state dict in its metadata, and what the network
answers to two pictures of 64 pixels: `features` (2, 512 or 2048) and `logits` (2, 10).
"""

import json
import pathlib
import struct

import numpy as np
import torch
import torchvision


def uniform(name, count):
    """`count` numbers in [0, 1): a 32-bit hash of the name's FNV-1a hash and the place."""
    seed = 2166136261
    for byte in name.encode():
        seed = ((seed ^ byte) * 16777619) & 0xFFFFFFFF
    x = (np.arange(count, dtype=np.uint64) * 2654435761 + seed) & 0xFFFFFFFF
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & 0xFFFFFFFF
    x = ((x ^ (x >> 15)) * 0x846CA68B) & 0xFFFFFFFF
    return (x ^ (x >> 16)).astype(np.float64) / 2.0**32


def value(name, shape):
    scale, offset = 0.4, -0.2
    if name == "data":
        scale, offset = 4, -2
    elif len(shape) > 1:
        offset = -np.sqrt(6 / np.prod(shape[1:]))
        scale = -2 * offset
    elif name.endswith(("running_var", "weight")):
        scale, offset = 1, 0.5
    v = scale * uniform(name, int(np.prod(shape))) + offset
    return torch.from_numpy(v.astype(np.float32).reshape(shape))


def write_safetensors(path, tensors, metadata):
    header, data, offset = {"__metadata__": metadata}, b"", 0
    for name, tensor in tensors.items():
        raw = tensor.numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + len(raw)]}
        data, offset = data + raw, offset + len(raw)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def make(name):
    model = getattr(torchvision.models, name)(weights=None, num_classes=10).eval()
    state = {}
    for key, tensor in model.state_dict().items():
        state[key] = tensor if key.endswith("num_batches_tracked") else value(key, tuple(tensor.shape))
    model.load_state_dict(state)
    features = []
    model.avgpool.register_forward_hook(lambda _, __, output: features.append(output.flatten(1)))
    with torch.no_grad():
        logits = model(value("data", (2, 3, 64, 64)))
    shapes = {key: list(tensor.shape) for key, tensor in state.items()}
    metadata = {"shapes": json.dumps(shapes, separators=(",", ":")), "torchvision": torchvision.__version__}
    path = pathlib.Path(__file__).parent / f"{name}.safetensors"
    write_safetensors(path, {"features": features[0], "logits": logits}, metadata)
    print(path.name, path.stat().st_size, "bytes; largest logit", logits.abs().max().item())


if __name__ == "__main__":
    torch.set_num_threads(2)
    for network in ("resnet18", "resnet50"):
        make(network)
