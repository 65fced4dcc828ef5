#!/usr/bin/env python3
"""Orthrus beside what else one could use, alternately on the same cores: ResNet-50, tensors in memory.

usage: bench/peers.py [--mode train|infer] [--batch 16] [--rounds 3] [--threads 2]
                      [--precision f32|bf16] [--mxnet PYTHON] [--torch PYTHON [--compile]] [--openvino PYTHON]

PYTHON is the interpreter of an environment that has the peer installed; a peer that is not given is left
out. MXNet has float32 alone, OpenVINO does not train. Every round runs each program once, one after the other; the ratios are taken within a round.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


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
    parser.add_argument("--model", default="resnet50_v2", help="of Orthrus")
    parser.add_argument("--mxnet", metavar="PYTHON")
    parser.add_argument("--openvino", metavar="PYTHON")
    parser.add_argument("--compile", action="store_true", help="PyTorch compiled too; takes minutes to compile")
    parser.add_argument("--torch", metavar="PYTHON")
    parser.add_argument("--orthrus", default=os.path.join(HERE, "..", "build", "release", "orthrus"))
    arguments = parser.parse_args()

    batch = str(arguments.batch)
    commands = {"orthrus": [arguments.orthrus, "bench", "--json", "--mode", arguments.mode, "--batch-size", batch,
                            "--threads", str(arguments.threads), "--steps", "4", "--precision",
                            arguments.precision, "--model", arguments.model]}
    if arguments.mxnet:
        commands["mxnet"] = [arguments.mxnet, os.path.join(HERE, "peer_mxnet.py"), arguments.mode, batch, "4"]
    if arguments.torch:
        for layout in ("nchw", "nhwc"):
            commands[f"torch {layout}"] = [arguments.torch, os.path.join(HERE, "peer_torch.py"), arguments.mode,
                                           batch, "4", layout, arguments.precision]
        if arguments.compile:
            commands["torch compiled"] = commands["torch nhwc"] + ["compiled"]
    if arguments.openvino and arguments.mode == "infer":
        commands["openvino"] = [arguments.openvino, os.path.join(HERE, "peer_openvino.py"), "infer", batch, "4",
                                arguments.precision]

    results = {name: [] for name in commands}
    for _ in range(arguments.rounds):
        for name, command in commands.items():
            results[name].append(measure(command, arguments.threads))

    print(f"ResNet-50 {arguments.mode}, batch {batch}, 3x224x224, {arguments.precision}, {arguments.threads} threads, "
          f"{arguments.rounds} rounds")
    print(f"{'program':<14} {'img/s median':>12} {'min..max':>15} {'peak MB':>8}   orthrus is faster by")
    for name, rounds in results.items():
        speeds = [r["images_per_second"] for r in rounds]
        ratios = [ours["images_per_second"] / theirs for ours, theirs in zip(results["orthrus"], speeds)]
        memory = max(r["peak_memory_bytes"] for r in rounds) / 1e6
        print(f"{name:<14} {statistics.median(speeds):12.2f} {min(speeds):7.2f}..{max(speeds):<6.2f} {memory:8.0f}   "
              f"{statistics.median(ratios):.2f} ({min(ratios):.2f}..{max(ratios):.2f})")


if __name__ == "__main__":
    main()
