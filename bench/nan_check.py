#!/usr/bin/env python3
"""What looking for values that are not finite costs a training: the share of a step's time.

usage: bench/nan_check.py [--model resnet50_v2] [--batch 16] [--size 224] [--steps 200] [--threads 2]

A training looks at all its parameters every 20 batches, when it writes a speed line. The times of its steps come
from the events that it writes for TensorBoard. The cost is by how much a step with a look is longer than the three
before and the three after it (the median of all such differences), over 20 steps.
"""
import argparse
import glob
import os
import random
import statistics
import struct
import subprocess
import tempfile
import zlib

from step_times import step_times

HERE = os.path.dirname(os.path.abspath(__file__))
EVERY = 20


def write_png(path, size, seed):
    """Noise of size x size pixels."""
    stream = random.Random(seed)
    rows = b"".join(b"\0" + stream.randbytes(3 * size) for _ in range(size))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)) +
                   chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="resnet50_v2")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--orthrus", default=os.path.join(HERE, "..", "build", "release", "orthrus"))
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        images = 64
        for i in range(images):
            write_png(os.path.join(folder, f"{i}.png"), arguments.size, i)
        with open(os.path.join(folder, "train.lst"), "w") as lines:
            for i in range(arguments.steps * arguments.batch):
                lines.write(f"{i}\t{i % 4}\t{i % images}.png\n")
        subprocess.run([arguments.orthrus, "train", "--model", arguments.model, "--num-classes", "4", "--image-shape",
                        f"3,{arguments.size},{arguments.size}", "--augment", "none", "--data-train",
                        os.path.join(folder, "train.lst"), "--image-train", folder, "--batch-size",
                        str(arguments.batch), "--threads", str(arguments.threads), "--num-epoch", "1", "--lr", "0.001",
                        "--checkpoint-minutes", "0", "--save-result", os.path.join(folder, "out")],
                       check=True, capture_output=True)
        times = step_times(glob.glob(os.path.join(folder, "out", "events.out.tfevents.*"))[0])

    def seconds(step):
        return times[step] - times[step - 1]

    looks = range(EVERY + 1, arguments.steps - 3, EVERY)
    around = (-3, -2, -1, 1, 2, 3)
    costs = [seconds(look) - statistics.median(seconds(look + i) for i in around) for look in looks]
    step = statistics.median(seconds(i) for i in range(2, arguments.steps))
    cost = statistics.median(costs)
    print(f"{arguments.model}, batch {arguments.batch}, {arguments.size} pixels: a step takes {1000 * step:.1f} ms, "
          f"a look {1000 * cost:.2f} ms (median of {len(costs)}) every {EVERY} steps: "
          f"{100 * cost / (EVERY * step):.3f} % of the time")


if __name__ == "__main__":
    main()
