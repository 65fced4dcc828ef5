#!/usr/bin/env python3
"""Orthrus's loader beside torchvision's DataLoader and MXNet's ImageRecordIter, alternately, on the same JPEG
files of 500x375 pixels: resized to 224, random crop and mirror, normalised, nothing computed with them.

usage: bench/loader_peers.py [--pictures 2000] [--rounds 3] [--threads 2] [--pixels mxnet|modern]
                             [--mxnet PYTHON] [--torch PYTHON]                                  (needs Pillow)

PYTHON is the interpreter of an environment that has the peer installed; a peer that is not given is left
out. Every round runs each program once, one after the other; the ratios are taken within a round.
"""
import argparse
import os
import statistics
import subprocess
import tempfile

from from_files import picture
from peers import measure

HERE = os.path.dirname(os.path.abspath(__file__))


def write_files(folder, count):
    """count different files of few different pictures: making noise takes longer than loading it."""
    with open(os.path.join(folder, "train.lst"), "w") as entries, open(os.path.join(folder, "paths"), "w") as paths:
        for i in range(count):
            path = os.path.join(folder, f"{i}.jpg")
            picture(i % 100).save(path, quality=90 - i // 100 % 5)
            entries.write(f"{i}\t{i % 4}\t{i}.jpg\n")
            paths.write(path + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--pixels", choices=("mxnet", "modern"), default="mxnet")
    parser.add_argument("--mxnet", metavar="PYTHON")
    parser.add_argument("--torch", metavar="PYTHON")
    parser.add_argument("--orthrus", default=os.path.join(HERE, "..", "build", "release", "orthrus"))
    arguments = parser.parse_args()

    threads = str(arguments.threads)
    peer = os.path.join(HERE, "peer_loader.py")
    with tempfile.TemporaryDirectory() as folder:
        write_files(folder, arguments.pictures)
        prefix = os.path.join(folder, "packed")
        entries = os.path.join(folder, "train.lst")
        subprocess.run([arguments.orthrus, "pack", entries, "--images", folder, "--out", prefix], check=True,
                       capture_output=True)
        commands = {"orthrus": [arguments.orthrus, "bench", "--data", entries, "--images", folder, "--batch-size", "64", "--pixels", arguments.pixels, "--threads", threads,
                                "--json"]}
        if arguments.torch:
            commands["torchvision"] = [arguments.torch, peer, "torch", os.path.join(folder, "paths"), threads]
        if arguments.mxnet:
            commands["mxnet"] = [arguments.mxnet, peer, "mxnet", prefix + ".rec", threads]
        results = {name: [] for name in commands}
        for _ in range(arguments.rounds):
            for name, command in commands.items():
                # The peers' workers are processes and threads of their own, each of which computes alone.
                results[name].append(measure(command, arguments.threads if name == "orthrus" else 1))

    print(f"{arguments.pictures} JPEG files of 500x375 to 3x224x224, --pixels {arguments.pixels}, {threads} threads or "
          f"workers, {arguments.rounds} rounds")
    print(f"{'loader':<14} {'img/s median':>12} {'min..max':>17}   orthrus is faster by")
    for name, rounds in results.items():
        speeds = [r["images_per_second"] for r in rounds]
        ratios = [ours["images_per_second"] / theirs for ours, theirs in zip(results["orthrus"], speeds)]
        print(f"{name:<14} {statistics.median(speeds):12.1f} {min(speeds):8.1f}..{max(speeds):<7.1f}   "
              f"{statistics.median(ratios):.2f} ({min(ratios):.2f}..{max(ratios):.2f})")


if __name__ == "__main__":
    main()
