#!/usr/bin/env python3
"""From the command to the first finished batch: ResNet-50 of a checkpoint, JPEG files of 500x375 pixels.

usage: bench/start.py [--batch 16] [--threads 2] [--runs 3]     (needs Pillow)

A training of 41 batches reports after 21 and 41 of them. The time until the first report, less 21 batches at the
speed between the reports, is what starting costs: reading 100 MB of parameters, checking the list, the plan,
memory that is touched for the first time.
"""
import argparse
import os
import subprocess
import tempfile
import time

from from_files import HERE, picture


def report_times(command):
    """Seconds from the start to each line of progress."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    times = []
    for line in process.stdout:
        if "Batch [" in line:
            times.append(time.perf_counter() - start)
    if process.wait() != 0:
        raise SystemExit(f"{' '.join(command)} failed")
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--orthrus", default=os.path.join(HERE, "..", "build", "release", "orthrus"))
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        for i in range(arguments.batch):
            picture(i).save(os.path.join(folder, f"{i}.jpg"), quality=90)
        for name, count in (("one", arguments.batch), ("all", 41 * arguments.batch)):
            with open(os.path.join(folder, name + ".lst"), "w") as lines:
                lines.writelines(f"{i}\t{i % 4}\t{i % arguments.batch}.jpg\n" for i in range(count))
        common = [arguments.orthrus, "train", "--num-classes", "4", "--image-train", folder, "--batch-size",
                  str(arguments.batch), "--threads", str(arguments.threads), "--save-name", "m"]
        subprocess.run(common + ["--model", "resnet50_v2", "--num-epoch", "1", "--data-train",
                                 os.path.join(folder, "one.lst"), "--save-result", os.path.join(folder, "first")],
                       check=True, capture_output=True)
        for run in range(arguments.runs):
            first, last = report_times(common + [
                "--model", os.path.join(folder, "first", "m"), "--epoch", "1", "--num-epoch", "2", "--data-train",
                os.path.join(folder, "all.lst"), "--save-result", os.path.join(folder, f"run{run}")])
            batch = (last - first) / 20
            print(f"first batch after {first - 20 * batch:.2f} s, of which {batch:.2f} s are the batch itself; "
                  f"starting costs {first - 21 * batch:.2f} s")


if __name__ == "__main__":
    main()
