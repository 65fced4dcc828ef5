"""OpenVINO's speed of inference on torchvision's ResNet-50, 224x224.

usage: peer_openvino.py infer [batch] [steps] [f32|bf16]      (needs openvino, torch and torchvision)
Prints one JSON object: images_per_second (fastest step), peak_memory_bytes (of OpenVINO and the conversion).
"""
import json
import os
import resource
import sys
import time

import numpy
import openvino
import torch
import torchvision

batch, steps = int(sys.argv[2]), int(sys.argv[3])
precision = sys.argv[4] if len(sys.argv) > 4 else "f32"
model = openvino.convert_model(torchvision.models.resnet50(num_classes=6).eval(),
                               example_input=torch.randn(batch, 3, 224, 224))
compiled = openvino.Core().compile_model(model, "CPU", {
    "INFERENCE_PRECISION_HINT": precision, "NUM_STREAMS": 1,
    "INFERENCE_NUM_THREADS": int(os.environ.get("OMP_NUM_THREADS", "2"))})
x = numpy.random.randn(batch, 3, 224, 224).astype(numpy.float32)
times = []
for _ in range(steps + 1):
    start = time.perf_counter()
    compiled(x)
    times.append(time.perf_counter() - start)
print(json.dumps({"name": f"openvino {openvino.__version__} {precision}", "images_per_second": batch / min(times[1:]),
                  "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
