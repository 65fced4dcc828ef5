"""MXNet's speed on the pre-activation ResNet-50 (resnet50_v2) with the ancestor's two heads.

usage: peer_mxnet.py [train|infer] [batch] [steps]        (needs mxnet==1.9.1 numpy==1.23.5)
Prints one JSON object: images_per_second (fastest step), peak_memory_bytes.
"""
import json
import resource
import sys
import time

import mxnet as mx
import numpy as np


def bn(data, name, fix_gamma=False):
    return mx.sym.BatchNorm(data, fix_gamma=fix_gamma, eps=2e-5, momentum=0.9, name=name)


def conv(data, filters, kernel, stride, pad, name):
    return mx.sym.Convolution(data, num_filter=filters, kernel=(kernel, kernel), stride=(stride, stride),
                              pad=(pad, pad), no_bias=True, name=name)


def relu(data):
    return mx.sym.Activation(data, act_type="relu")


def unit(data, filters, stride, match, name):
    first = relu(bn(data, name + "_bn1"))
    out = conv(first, filters // 4, 1, 1, 0, name + "_conv1")
    out = conv(relu(bn(out, name + "_bn2")), filters // 4, 3, stride, 1, name + "_conv2")
    out = conv(relu(bn(out, name + "_bn3")), filters, 1, 1, 0, name + "_conv3")
    return out + (data if match else conv(first, filters, 1, stride, 0, name + "_sc"))


def network():
    body = bn(mx.sym.Variable("data"), "bn_data", fix_gamma=True)
    body = relu(bn(conv(body, 64, 7, 2, 3, "conv0"), "bn0"))
    body = mx.sym.Pooling(body, kernel=(3, 3), stride=(2, 2), pad=(1, 1), pool_type="max")
    for stage, (units, filters) in enumerate(zip((3, 4, 6, 3), (256, 512, 1024, 2048)), 1):
        for i in range(units):
            stride = 2 if i == 0 and stage > 1 else 1
            body = unit(body, filters, stride, i > 0, f"stage{stage}_unit{i + 1}")
    body = mx.sym.Pooling(relu(bn(body, "bn1")), global_pool=True, kernel=(7, 7), pool_type="avg")
    features = mx.sym.Flatten(body)
    return mx.sym.Group([
        mx.sym.SoftmaxOutput(mx.sym.FullyConnected(features, num_hidden=n, name=head), name=loss)
        for n, head, loss in ((4, "fc", "softmax"), (2, "fc_multitask", "softmax_multitask"))])


mode = sys.argv[1] if len(sys.argv) > 1 else "train"
batch = int(sys.argv[2]) if len(sys.argv) > 2 else 16
steps = int(sys.argv[3]) if len(sys.argv) > 3 else 4
labels = ["softmax_label", "softmax_multitask_label"]
module = mx.mod.Module(network(), context=mx.cpu(), label_names=labels)
module.bind([("data", (batch, 3, 224, 224))], [(name, (batch,)) for name in labels], for_training=mode == "train")
module.init_params(mx.init.Xavier(rnd_type="gaussian", factor_type="in", magnitude=2))
module.init_optimizer(kvstore="device", optimizer_params={"learning_rate": 0.001, "momentum": 0.9, "wd": 1e-4})
y = mx.nd.array(np.random.randint(0, 4, batch))
data = mx.io.DataBatch([mx.nd.random.normal(shape=(batch, 3, 224, 224))], [y, y > 0])
times = []
for _ in range(steps + 1):
    start = time.perf_counter()
    if mode == "train":
        module.forward_backward(data)
        module.update()
    else:
        module.forward(data, is_train=False)
    mx.nd.waitall()
    times.append(time.perf_counter() - start)
print(json.dumps({"name": f"mxnet {mx.__version__}", "images_per_second": batch / min(times[1:]),
                  "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
