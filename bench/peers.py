#!/usr/bin/env python3
"""Orthrus beside what else one could use, alternately on the same cores: ResNet-50 or another network, tensors in
memory.

usage: bench/peers.py [--mode train|infer] [--batch 16] [--rounds 3] [--threads 2] [--model resnet50_v2] [--table FILE]
                      [--precision f32|bf16] [--mxnet PYTHON] [--torch PYTHON [--compile]] [--openvino PYTHON]

PYTHON is the interpreter of an environment that has the peer installed; a peer that is not given is left
out. MXNet has float32 alone and is measured on resnet50_v2, OpenVINO on ResNet-50; it does not train. --table appends
a row of a Markdown table to FILE. Every round runs each program once, one after the other; the ratios are taken within a round.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
# Orthrus's networks: what PyTorch calls the like of it, and the size of its pictures.
NETWORKS = {"resnet50_v2": ("resnet50", 224), "resnet50_v1": ("resnet50", 224), "resnet50_v1b": ("resnet50", 224),
            "resnet18_v1": ("resnet18", 224), "resnet14_small": ("small", 28)}


def measure(command, threads):
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{result.stderr[-2000:]}")
    return json.loads(result.stdout[result.stdout.index("{"):])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", choices=("train", "infer"), default="train")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", choices=("f32", "bf16"), default="f32")
    parser.add_argument("--model", choices=sorted(NETWORKS), default="resnet50_v2")
    parser.add_argument("--table", metavar="FILE")
    parser.add_argument("--mxnet", metavar="PYTHON")
    parser.add_argument("--openvino", metavar="PYTHON")
    parser.add_argument("--compile", action="store_true", help="PyTorch compiled too; takes minutes to compile")
    parser.add_argument("--torch", metavar="PYTHON")
    parser.add_argument("--orthrus", default=os.path.join(HERE, "..", "build", "release", "orthrus"))
    arguments = parser.parse_args()

    batch = str(arguments.batch)
    network, size = NETWORKS[arguments.model]
    steps = "4" if size == 224 else "40"
    commands = {"orthrus": [arguments.orthrus, "bench", "--json", "--mode", arguments.mode, "--batch-size", batch,
                            "--threads", str(arguments.threads), "--steps", steps, "--precision",
                            arguments.precision, "--model", arguments.model, "--image-shape", f"3,{size},{size}"]}
    if arguments.mxnet and arguments.model == "resnet50_v2":
        commands["mxnet"] = [arguments.mxnet, os.path.join(HERE, "peer_mxnet.py"), arguments.mode, batch, "4"]
    if arguments.torch:
        for layout in ("nchw", "nhwc"):
            commands[f"torch {layout}"] = [arguments.torch, os.path.join(HERE, "peer_torch.py"), arguments.mode,
                                           batch, steps, layout, arguments.precision, "eager", network, str(size)]
        if arguments.compile:
            command = list(commands["torch nhwc"])
            command[command.index("eager")] = "compiled"
            commands["torch compiled"] = command
    if arguments.openvino and arguments.mode == "infer" and network == "resnet50":
        commands["openvino"] = [arguments.openvino, os.path.join(HERE, "peer_openvino.py"), "infer", batch, "4",
                                arguments.precision]

    results = {name: [] for name in commands}
    for _ in range(arguments.rounds):
        for name, command in commands.items():
            results[name].append(measure(command, arguments.threads))

    print(f"{arguments.model} {arguments.mode}, batch {batch}, 3x{size}x{size}, {arguments.precision}, "
          f"{arguments.threads} threads, "
          f"{arguments.rounds} rounds")
    print(f"{'program':<14} {'img/s median':>12} {'min..max':>15} {'peak MB':>8}   orthrus is faster by")
    for name, rounds in results.items():
        speeds = [r["images_per_second"] for r in rounds]
        ratios = [ours["images_per_second"] / theirs for ours, theirs in zip(results["orthrus"], speeds)]
        memory = max(r["peak_memory_bytes"] for r in rounds) / 1e6
        print(f"{name:<14} {statistics.median(speeds):12.2f} {min(speeds):7.2f}..{max(speeds):<6.2f} {memory:8.0f}   "
              f"{statistics.median(ratios):.2f} ({min(ratios):.2f}..{max(ratios):.2f})")
    if arguments.table:
        append_row(arguments, results)


def append_row(arguments, results):
    """What, Orthrus, MXNet, the fastest PyTorch, OpenVINO: images per second and MB."""

    def cell(names):
        found = [results[name] for name in names if name in results]
        if not found:
            return ""
        best = max(found, key=lambda rounds: statistics.median(r["images_per_second"] for r in rounds))
        speeds = [r["images_per_second"] for r in best]
        ratios = [ours["images_per_second"] / theirs for ours, theirs in zip(results["orthrus"], speeds)]
        text = f"{statistics.median(speeds):.4g} ({max(r['peak_memory_bytes'] for r in best) / 1e6:.0f} MB)"
        return text if best is results["orthrus"] else f"{text}, {statistics.median(ratios):.2f} times"

    new = not os.path.exists(arguments.table)
    with open(arguments.table, "a") as table:
        if new:
            table.write("| images/s (peak memory), times that Orthrus is faster | Orthrus | MXNet | PyTorch | OpenVINO |\n"
                        "|---|---|---|---|---|\n")
        what = f"{arguments.model}, {arguments.mode}, batch {arguments.batch}, {arguments.precision}"
        if arguments.threads != 2:
            what += f", {arguments.threads} threads"
        torch = [name for name in results if name.startswith("torch")]
        table.write(f"| {what} | {cell(['orthrus'])} | {cell(['mxnet'])} | {cell(torch)} | {cell(['openvino'])} |\n")


if __name__ == "__main__":
    main()
