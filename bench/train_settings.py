#!/usr/bin/env python3
"""What it costs to train less of a network: seconds for 1,000 pictures in the first epoch (with the features that are
computed once) and in each further one, and the peak memory, for each --train. Random pictures as JPEG files.

usage: bench/train_settings.py [--model resnet50_v1b] [--pictures 256] [--size 224] [--batch 16] [--epochs 3]
                               [--settings all,last:2,last:1,heads] [--orthrus PROGRAM] [--more OPTIONS...]
(needs Pillow)
"""
import argparse
import os
import random
import re
import subprocess
import tempfile

from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))


def write_pictures(folder, count, size):
    numbers = random.Random(0)
    width, height = size * 3 // 2, size * 5 // 4
    with open(os.path.join(folder, "train.lst"), "w") as lines:
        for i in range(count):
            # Soft random fields, so that a file has about as many bytes as a photograph.
            cells = Image.frombytes("RGB", (24, 20), numbers.randbytes(24 * 20 * 3))
            cells.resize((width, height), Image.BICUBIC).save(os.path.join(folder, f"{i}.jpg"), quality=90)
            lines.write(f"{i}\t{numbers.randrange(4)}\t{i}.jpg\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="resnet50_v1b")
    parser.add_argument("--pictures", type=int, default=256)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--settings", type=lambda text: text.split(","), default=["all", "last:2", "last:1", "heads"])
    parser.add_argument("--orthrus", default=os.path.join(HERE, "..", "build", "release", "orthrus"))
    parser.add_argument("--more", nargs=argparse.REMAINDER, default=[])
    arguments = parser.parse_args()
    program = os.path.abspath(arguments.orthrus)

    print(f"{arguments.model}, batch {arguments.batch}, {arguments.size} pixels, {arguments.pictures} pictures\n"
          "| `--train` | first epoch, s for 1,000 | further epochs, s for 1,000 | peak MB | features |\n"
          "|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        write_pictures(folder, arguments.pictures, arguments.size)
        for setting in arguments.settings:
            command = [program, "train", "--model", arguments.model, "--image-shape",
                       f"3,{arguments.size},{arguments.size}", "--num-classes", "4", "--data-train", "train.lst",
                       "--batch-size", str(arguments.batch), "--augment", "none", "--num-epoch", str(arguments.epochs),
                       "--train", setting, "--run", setting.replace(":", ""), *arguments.more]
            process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
            said = process.stderr.read()
            _, status, usage = os.wait4(process.pid, 0)
            if status != 0:
                raise SystemExit(f"{' '.join(command)}\n{said[-2000:]}")
            epochs = [float(s) for s in re.findall(r"Time cost=([\d.]+)", said)]
            features = re.search(r"features of training: .* in ([\d.]+) s, (.*)", said)
            before = float(features[1]) if features else 0
            share = 1000 / arguments.pictures
            print(f"| `{setting}` | {share * (before + epochs[0]):.3g} | {share * min(epochs[1:]):.3g} | "
                  f"{usage.ru_maxrss * 1024 / 1e6:.0f} | "
                  f"{features[2] if features else ''} |", flush=True)


if __name__ == "__main__":
    main()
