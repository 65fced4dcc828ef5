"""PyTorch's speed on torchvision's ResNet-50 or another network, in one memory layout and precision.

usage: peer_torch.py [train|infer] [batch] [steps] [nchw|nhwc] [f32|bf16] [eager|compiled] [NETWORK] [SIZE]
NETWORK: a name of torchvision (resnet50), or small: the demo's network, ResNet-14 v2 of widths 16, 32, 64.
(needs torch and torchvision; bf16 is autocast, as PyTorch's users do it)
Prints one JSON object: images_per_second (fastest step), peak_memory_bytes.
"""
import json
import os
import resource
import sys
import time

import torch
import torchvision


def small(classes):
    """Random values under Orthrus's names."""
    from time_torch import Network

    values = {"conv0_weight": torch.randn(16, 3, 3, 3) * 0.2, "fc_bias": torch.zeros(classes)}

    def norm(name, channels):
        for part, value in (("gamma", 1.0), ("beta", 0.0), ("moving_mean", 0.0), ("moving_var", 1.0)):
            values[f"{name}_{part}"] = torch.full((channels,), value)

    norm("bn_data", 3)
    width = 16
    for stage, wider in enumerate((16, 32, 64), 1):
        for unit in (1, 2):
            name = f"stage{stage}_unit{unit}"
            norm(name + "_bn1", width)
            norm(name + "_bn2", wider)
            values[name + "_conv1_weight"] = torch.randn(wider, width, 3, 3) * (2 / (9 * width)) ** 0.5
            values[name + "_conv2_weight"] = torch.randn(wider, wider, 3, 3) * (2 / (9 * wider)) ** 0.5
            if unit == 1:
                values[name + "_sc_weight"] = torch.randn(wider, width, 1, 1) * (2 / width) ** 0.5
            width = wider
    norm("bn1", width)
    return Network(values, classes)


mode = sys.argv[1] if len(sys.argv) > 1 else "train"
batch = int(sys.argv[2]) if len(sys.argv) > 2 else 16
steps = int(sys.argv[3]) if len(sys.argv) > 3 else 4
layout = sys.argv[4] if len(sys.argv) > 4 else "nhwc"
precision = sys.argv[5] if len(sys.argv) > 5 else "f32"
compiled = len(sys.argv) > 6 and sys.argv[6] == "compiled"
torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
memory_format = torch.channels_last if layout == "nhwc" else torch.contiguous_format
network_name = sys.argv[7] if len(sys.argv) > 7 else "resnet50"
size = int(sys.argv[8]) if len(sys.argv) > 8 else 224
make = small if network_name == "small" else lambda classes: getattr(torchvision.models, network_name)(num_classes=classes)
model = make(6).to(memory_format=memory_format)
model.train(mode == "train")
x = torch.randn(batch, 3, size, size).to(memory_format=memory_format)
y = torch.randint(0, 6, (batch,))
optimizer = torch.optim.SGD(model.parameters(), 0.001, momentum=0.9, weight_decay=1e-4, foreach=True)
network = torch.compile(model) if compiled else model
times = []
for _ in range(steps + 1):
    start = time.perf_counter()
    autocast = torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16")
    if mode == "train":
        optimizer.zero_grad()
        with autocast:
            loss = torch.nn.functional.cross_entropy(network(x), y)
        loss.backward()
        optimizer.step()
    else:
        with torch.inference_mode(), autocast:
            network(x)
    times.append(time.perf_counter() - start)
print(json.dumps({"name": f"torch {torch.__version__} {layout} {precision}", "images_per_second": batch / min(times[1:]),
                  "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
