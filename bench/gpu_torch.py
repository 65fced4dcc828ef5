"""PyTorch's speed on torchvision's ResNet-50 on a GPU: 224x224, channels last, bf16 autocast, pictures that
are on the GPU already, as `orthrus bench --gpus 0 --precision bf16` has it.

usage: gpu_torch.py train|infer WAY BATCH... [--steps 20] [--on-request]
WAY is eager, or a mode of torch.compile: default (or compiled), max-autotune-no-cudagraphs, reduce-overhead, ...
(needs torch and torchvision) Prints one JSON object per batch size: images_per_second (median step, from events
on the GPU: the processor runs ahead), peak_memory_bytes (allocated on the GPU), reserved_memory_bytes.
With --on-request, for bench/gpu_peers.py and one batch size: reads a line before it compiles and warms up, prints
{"ready": true, ...} after, and then measures once for each further line.
"""
import argparse
import json
import sys
import time

import torch
import torchvision

WARM_UP = 4  # steps
DEVICE = torch.device("cuda")


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


def make_step(mode, way, batch):
    """A function that does one step."""
    torch._dynamo.reset()  # another batch size is compiled for itself, not for all sizes
    model = TwoHeads().to(DEVICE, memory_format=torch.channels_last)
    model.train(mode == "train")
    network = model
    if way != "eager":
        network = torch.compile(model, mode="default" if way == "compiled" else way)
    x = torch.randn(batch, 3, 224, 224, device=DEVICE).to(memory_format=torch.channels_last)
    labels = [torch.randint(0, classes, (batch,), device=DEVICE) for classes in (4, 2)]
    optimizer = torch.optim.SGD(model.parameters(), 0.001, momentum=0.9, weight_decay=1e-4, fused=True)
    loss_of = torch.nn.functional.cross_entropy

    def infer():
        torch.compiler.cudagraph_mark_step_begin()
        with torch.inference_mode(), torch.autocast(DEVICE.type, torch.bfloat16):
            return network(x)

    def train():
        torch.compiler.cudagraph_mark_step_begin()
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(DEVICE.type, torch.bfloat16):
            loss = sum(loss_of(answer, label) for answer, label in zip(network(x), labels))
        loss.backward()
        optimizer.step()
        return loss

    return infer if mode == "infer" else train


def warm_up(step):
    for _ in range(WARM_UP):
        step()
    torch.cuda.synchronize()


def measure(step, arguments, batch):
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    warm_up(step)
    events = [torch.cuda.Event(enable_timing=True) for _ in range(arguments.steps + 1)]
    events[0].record()
    for event in events[1:]:
        step()
        event.record()
    torch.cuda.synchronize()
    seconds = sorted(a.elapsed_time(b) / 1e3 for a, b in zip(events, events[1:]))
    result = {"name": f"torch {torch.__version__} {arguments.way}", "mode": arguments.mode, "batch_size": batch,
              "images_per_second": batch / seconds[len(seconds) // 2],
              "peak_memory_bytes": torch.cuda.max_memory_allocated(),
              "reserved_memory_bytes": torch.cuda.max_memory_reserved(),
              "gpu": torch.cuda.get_device_name()}
    torch.cuda.empty_cache()  # for those that are measured in between
    return result


def say(something):
    print(json.dumps(something), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=("train", "infer"))
    parser.add_argument("way")
    parser.add_argument("batches", nargs="+", type=int)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--on-request", action="store_true")
    arguments = parser.parse_args()
    torch.backends.cudnn.benchmark = True
    if not arguments.on_request:
        for batch in arguments.batches:
            say(measure(make_step(arguments.mode, arguments.way, batch), arguments, batch))
        return
    batch = arguments.batches[0]
    if not sys.stdin.readline():
        return
    begin = time.perf_counter()
    step = make_step(arguments.mode, arguments.way, batch)
    warm_up(step)
    torch.cuda.empty_cache()
    say({"ready": True, "seconds": time.perf_counter() - begin})
    while sys.stdin.readline():
        say(measure(step, arguments, batch))


if __name__ == "__main__":
    main()
