"""PyTorch's speed on torchvision's ResNet-50 on a GPU: 224x224, channels last, bf16 autocast, pictures that
are on the GPU already, as `orthrus bench --gpus 0 --precision bf16` has it.

usage: gpu_torch.py [train|infer] [eager|compiled] BATCH...
(needs torch and torchvision) Prints one JSON object per batch size: images_per_second (median step),
peak_memory_bytes (allocated on the GPU).
"""
import json
import sys
import time

import torch
import torchvision

mode, way, batches = sys.argv[1], sys.argv[2], [int(text) for text in sys.argv[3:]]
torch.backends.cudnn.benchmark = True
device = torch.device("cuda")


class TwoHeads(torch.nn.Module):
    """One backbone with a head of four classes and one of two."""

    def __init__(self):
        super().__init__()
        self.backbone = torchvision.models.resnet50()
        features = self.backbone.fc.in_features
        self.backbone.fc = torch.nn.Identity()
        self.heads = torch.nn.ModuleList([torch.nn.Linear(features, 4), torch.nn.Linear(features, 2)])

    def forward(self, x):
        features = self.backbone(x)
        return [head(features) for head in self.heads]


def measure(batch):
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    model = TwoHeads().to(device, memory_format=torch.channels_last)
    model.train(mode == "train")
    network = torch.compile(model) if way == "compiled" else model
    x = torch.randn(batch, 3, 224, 224, device=device).to(memory_format=torch.channels_last)
    labels = [torch.randint(0, classes, (batch,), device=device) for classes in (4, 2)]
    optimizer = torch.optim.SGD(model.parameters(), 0.001, momentum=0.9, weight_decay=1e-4, fused=True)
    loss_of = torch.nn.functional.cross_entropy

    def step():
        if mode == "infer":
            with torch.inference_mode(), torch.autocast("cuda", torch.bfloat16):
                return network(x)
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cuda", torch.bfloat16):
            loss = sum(loss_of(answer, label) for answer, label in zip(network(x), labels))
        loss.backward()
        optimizer.step()
        return loss

    for _ in range(4):
        step()
    torch.cuda.synchronize()
    seconds = []
    begin = time.perf_counter()
    while len(seconds) < 30 and (len(seconds) < 8 or time.perf_counter() - begin < 3):
        start = time.perf_counter()
        step()
        torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    seconds.sort()
    print(json.dumps({"name": f"torch {torch.__version__} {way}", "mode": mode, "batch_size": batch,
                      "images_per_second": batch / seconds[len(seconds) // 2],
                      "peak_memory_bytes": torch.cuda.max_memory_allocated(),
                      "gpu": torch.cuda.get_device_name()}), flush=True)


for batch in batches:
    measure(batch)
