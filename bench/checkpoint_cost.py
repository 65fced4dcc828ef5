#!/usr/bin/env python3
"""What checkpoints cost a training of ResNet-50: how long the training stands still for one, and the share of
its time at one in five minutes.

usage: bench/checkpoint_cost.py [--steps 60] [--every 12] [--batch 16] [--threads 2] [--model resnet50_v2]
                                                                                     (needs Pillow)

One training writes a checkpoint every so many steps. The times of its steps come from the events that it
writes for TensorBoard. Undisturbed is the median of the second half of the steps between two checkpoints, when
the one before has long been written. A stall is by how much the step after a checkpoint is longer; the cost is
by how much all the steps up to the next one are longer, so that it counts what writing beside the training takes
from it too.
"""
import argparse
import glob
import os
import statistics
import subprocess
import tempfile

from from_files import HERE, picture
from step_times import step_times

INTERVAL_SECONDS = 300


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--every", type=int, default=12)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--model", default="resnet50_v2")
    parser.add_argument("--folder", help="where the checkpoints are written; the temporary folder when not given")
    parser.add_argument("--orthrus", default=os.path.join(HERE, "..", "build", "release", "orthrus"))
    arguments = parser.parse_args()
    every = arguments.every

    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        pictures = 64
        for i in range(pictures):
            picture(i).save(os.path.join(folder, f"{i}.jpg"), quality=90)
        with open(os.path.join(folder, "train.lst"), "w") as lines:
            for i in range(arguments.steps * arguments.batch):
                lines.write(f"{i}\t{i % 4}\t{i % pictures}.jpg\n")
        subprocess.run([arguments.orthrus, "train", "--model", arguments.model, "--num-classes", "4", "--data-train",
                        os.path.join(folder, "train.lst"), "--image-train", folder, "--batch-size",
                        str(arguments.batch), "--threads", str(arguments.threads), "--num-epoch", "1",
                        "--checkpoint-steps", str(every), "--checkpoint-minutes", "0",
                        "--save-result", os.path.join(folder, "out")], check=True, capture_output=True)
        times = step_times(glob.glob(os.path.join(folder, "out", "events.out.tfevents.*"))[0])
        newest = sorted(glob.glob(os.path.join(folder, "out", "checkpoints", "*")))[-1]
        size = os.path.getsize(newest)

    def seconds(step):
        return times[step] - times[step - 1]

    saves = range(every, arguments.steps - every + 1, every)  # the last one may coincide with the epoch's end
    calm = statistics.median(seconds(step) for save in saves for step in range(save + every // 2 + 1, save + every + 1))
    stalls = [seconds(save + 1) - calm for save in saves]
    costs = [sum(seconds(step) - calm for step in range(save + 1, save + every + 1)) for save in saves]
    cost = statistics.mean(costs)
    print(f"{arguments.model}, batch {arguments.batch}: {len(stalls)} checkpoints of {size / 1e6:.0f} MB, "
          f"a step takes {1000 * calm:.0f} ms")
    print(f"stall: {1000 * statistics.median(stalls):.0f} ms (median), {1000 * max(stalls):.0f} ms (largest)")
    print(f"cost: {cost:.2f} s each, {100 * cost / INTERVAL_SECONDS:.2f} % of the time at one in five minutes")


if __name__ == "__main__":
    main()
