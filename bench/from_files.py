#!/usr/bin/env python3
"""What reading and decoding cost a training: ResNet-50 on JPEG files of 500x375 pixels, and the share of the
time in which the engine waited for pictures.

usage: bench/from_files.py [--pictures 320] [--batch 16] [--threads 2] [--model resnet50_v2]     (needs Pillow)
"""
import argparse
import os
import random
import re
import subprocess
import tempfile

from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))


def picture(seed):
    """Smooth patches of colour under sensor noise: about as many bytes as a photograph of this size."""
    stream = random.Random(seed)
    patches = Image.new("RGB", (12, 9))
    patches.putdata([tuple(stream.randrange(256) for _ in range(3)) for _ in range(12 * 9)])
    smooth = patches.resize((500, 375), Image.BICUBIC)
    noise = Image.effect_noise((500, 375), 50).convert("RGB")
    return Image.blend(smooth, noise, 0.15)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=320)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--model", default="resnet50_v2")
    parser.add_argument("--orthrus", default=os.path.join(HERE, "..", "build", "release", "orthrus"))
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        size = 0
        with open(os.path.join(folder, "train.lst"), "w") as lines:
            for i in range(arguments.pictures):
                path = os.path.join(folder, f"{i}.jpg")
                picture(i).save(path, quality=90)
                size += os.path.getsize(path)
                lines.write(f"{i}\t{i % 4}\t{i}.jpg\n")
        subprocess.run([arguments.orthrus, "train", "--model", arguments.model, "--num-classes", "4", "--data-train",
                        os.path.join(folder, "train.lst"), "--image-train", folder, "--batch-size",
                        str(arguments.batch), "--threads", str(arguments.threads), "--num-epoch", "1",
                        "--save-result", os.path.join(folder, "out")], check=True, capture_output=True)
        log = open(os.path.join(folder, "out", "train.log")).read()
    seconds = float(re.search(r"Time cost=([\d.]+)", log)[1])
    waited = float(re.search(r"loading pictures took ([\d.]+) s", log)[1])
    print(f"{arguments.pictures} JPEG files of 500x375, {size / arguments.pictures / 1000:.0f} kB each: "
          f"{arguments.pictures / seconds:.2f} img/s, of which loading {100 * waited / seconds:.1f} % of the time; "
          f"{1000 * waited / arguments.pictures:.2f} ms per picture")


if __name__ == "__main__":
    main()
