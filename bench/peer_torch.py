"""PyTorch's speed on torchvision's ResNet-50, 224x224, in one memory layout and precision.

usage: peer_torch.py [train|infer] [batch] [steps] [nchw|nhwc] [f32|bf16] [eager|compiled]
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

mode = sys.argv[1] if len(sys.argv) > 1 else "train"
batch = int(sys.argv[2]) if len(sys.argv) > 2 else 16
steps = int(sys.argv[3]) if len(sys.argv) > 3 else 4
layout = sys.argv[4] if len(sys.argv) > 4 else "nhwc"
precision = sys.argv[5] if len(sys.argv) > 5 else "f32"
compiled = len(sys.argv) > 6 and sys.argv[6] == "compiled"
torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
memory_format = torch.channels_last if layout == "nhwc" else torch.contiguous_format
model = torchvision.models.resnet50(num_classes=6).to(memory_format=memory_format)
model.train(mode == "train")
x = torch.randn(batch, 3, 224, 224).to(memory_format=memory_format)
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
