#!/usr/bin/env python3
"""Time to equal accuracy in validation on a fine-tuning job: a small network is pretrained on some classes of
Fashion-MNIST, then fine-tuned on the others in several ways. The time counts from the start of the program, with
reading, features and validation; the target is what the ancestor's way reaches in its last epoch.

usage: bench/time_to_accuracy.py [--data DIR] [--pictures 2000] [--epochs 10] [--networks 1] [--seeds 3] [--size 28]
                                 [--torch PYTHON] [--more-ways]
                                 [--pretrained MODEL --train DIR --val DIR]
DIR holds what `orthrus demo-data` writes, and is made when it is not there. --epochs is for the ancestor's way; the
recipes have their own. --networks is how many networks are pretrained, each fine-tuned with every seed. With --torch,
the ancestor's way in PyTorch too (bench/time_torch.py). --more-ways adds lp-ft without the heads first, and lp-ft of
--epochs epochs. --pretrained takes another job: a model of yours, and pictures in a folder for each class, of which
--pictures and --validation-pictures are drawn.
"""
import argparse
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PRETRAINED = [0, 1, 2, 3, 4, 5]  # the classes of the first network; the others are the job
WAYS = {
    "ancestor's": ["--recipe", "classic", "--lr", "0.01", "--batch-size", "64"],
    "heads": ["--recipe", "quick"],
    "lp-ft": ["--recipe", "lp-ft"],
}
MORE_WAYS = {
    "no heads": ["--recipe", "lp-ft", "--heads-first", "0"],
    "lp-ft, long": ["--recipe", "lp-ft"],
}
LONG = ("ancestor's", "lp-ft, long")  # of --epochs epochs
VALIDATION = re.compile(r"Epoch\[(\d+)\] Validation-multi_accuracy-task0=([\d.]+)")


class Job:
    """What is fine-tuned: orthrus's arguments for it, and those of bench/time_torch.py."""

    def __init__(self, model, folders, classes, size, torch=None):
        train, val = folders
        self.arguments = ["--model", model, "--num-classes", str(classes), *shape_of(size), "--data-train",
                          "train.lst", "--image-train", train, "--data-val", "val.lst", "--image-val", val]
        self.torch = torch


def shape_of(size):
    return ["--image-shape", f"3,{size},{size}", "--tasks", "class"]


def own_job(arguments):
    """The user's model and folders; lists are written here."""
    folders = [arguments.train, arguments.val]
    classes = sorted(entry.name for entry in os.scandir(arguments.train) if entry.is_dir())
    for name, folder, most in zip(("train.lst", "val.lst"), folders,
                                  (arguments.pictures, arguments.validation_pictures)):
        lines = [f"{number}\t{label}/{file}" for number, label in enumerate(classes)
                 for file in sorted(os.listdir(f"{folder}/{label}"))]
        random.Random(0).shuffle(lines)
        with open(name, "w") as out:
            out.writelines(f"{index}\t{line}\n" for index, line in enumerate(lines[:most]))
    return Job(arguments.pretrained, folders, len(classes), arguments.size)


def fashion_job(program, arguments, network):
    """A network pretrained on other classes; the network and lists are written here."""
    data, images = arguments.data, f"{arguments.data}/images"
    others = [c for c in range(10) if c not in PRETRAINED]
    write_list(f"{data}/train.lst", "pretrain.lst", PRETRAINED, arguments.pretrain_pictures)
    write_list(f"{data}/train.lst", "train.lst", others, arguments.pictures)
    write_list(f"{data}/test.lst", "val.lst", others, arguments.validation_pictures)
    pretrained = f"pretrained{network}"
    train(program, ["--model", arguments.model, "--num-classes", str(len(PRETRAINED)), *shape_of(arguments.size),
                    "--batch-size", "128", "--lr", "0.1", "--num-examples", "10000", "--num-epoch",
                    str(arguments.pretrain_epochs), "--data-train", "pretrain.lst", "--image-train", images,
                    "--save-result", pretrained, "--seed", str(network)])
    model = f"{pretrained}/last.safetensors"
    return Job(model, [images, images], len(others), arguments.size,
               torch=[model, "train.lst", "val.lst", images, str(len(others)), str(arguments.size)])


def write_list(source, target, classes, most=None):
    """The lines of `source` whose label is one of `classes`, counted anew from 0."""
    kept = []
    for line in open(source):
        index, label, path = line.rstrip("\n").split("\t")
        if int(float(label)) in classes:
            kept.append(f"{index}\t{classes.index(int(float(label)))}\t{path}\n")
    with open(target, "w") as lines:
        lines.writelines(kept[:most])


def train(program, arguments):
    """Accuracies in validation with the seconds from the start at which they were known."""
    start = time.monotonic()
    process = subprocess.Popen([*program, *arguments], stderr=subprocess.PIPE, text=True)
    curve, said = [], []
    for line in process.stderr:
        said.append(line)
        if found := VALIDATION.search(line):
            curve.append((time.monotonic() - start, float(found[2])))
    if process.wait() != 0:
        raise SystemExit("".join(said[-20:]))
    return curve, time.monotonic() - start


def reached(curve, target):
    return next((seconds for seconds, accuracy in curve if accuracy >= target), None)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="demo/fashion-mnist")
    parser.add_argument("--pictures", type=int, default=2000, help="of the job's training list")
    parser.add_argument("--pretrain-pictures", type=int, default=20000)
    parser.add_argument("--validation-pictures", type=int, default=2000)
    parser.add_argument("--pretrain-epochs", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--networks", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--size", type=int, default=28)
    parser.add_argument("--model", default="resnet14_small")
    parser.add_argument("--torch", metavar="PYTHON")
    parser.add_argument("--more-ways", action="store_true")
    parser.add_argument("--pretrained", metavar="MODEL")
    parser.add_argument("--train", metavar="DIR")
    parser.add_argument("--val", metavar="DIR")
    parser.add_argument("--orthrus", default=os.path.join(HERE, "..", "build", "release", "orthrus"))
    arguments = parser.parse_args()
    if arguments.pretrained:
        if not (arguments.train and arguments.val) or arguments.torch or arguments.networks != 1:
            parser.error("--pretrained goes with --train and --val, and without --torch and --networks")
        for name in ("pretrained", "train", "val"):
            setattr(arguments, name, os.path.abspath(getattr(arguments, name)))
    orthrus = os.path.abspath(arguments.orthrus)
    program = [orthrus, "train"]
    arguments.data = os.path.abspath(arguments.data)
    if not arguments.pretrained and not os.path.exists(f"{arguments.data}/train.lst"):
        subprocess.run([orthrus, "demo-data", "--out", arguments.data], check=True)

    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        ways = WAYS | MORE_WAYS if arguments.more_ways else WAYS
        results = {way: [] for way in ways}
        if arguments.torch:
            results["PyTorch"] = []
        for network in range(arguments.networks):
            job = own_job(arguments) if arguments.pretrained else fashion_job(program, arguments, network)
            for seed in range(arguments.seeds):
                for way, options in ways.items():
                    run = ["--seed", str(seed), "--run", f"{way}{network}-{seed}"]
                    if way in LONG:
                        run += ["--num-epoch", str(arguments.epochs)]
                    curve, seconds = train(program, [*job.arguments, *options, *run])
                    results[way].append((curve, seconds))
                    print(f"{way}, network {network}, seed {seed}: {seconds:.1f} s, {curve[-1][1]:.4f}",
                          file=sys.stderr)
                if arguments.torch:
                    results["PyTorch"].append(train(
                        [arguments.torch, os.path.join(HERE, "time_torch.py")],
                        [*job.torch, str(arguments.epochs), "0.01", "64", str(seed)]))

        with open("train.lst") as lines:
            count = len(lines.readlines())
        print(f"{count} pictures at {arguments.size} pixels, "
              f"medians of {arguments.networks} x {arguments.seeds} networks and seeds")
        print(f"{'way':<12} {'to the target':>14} {'all epochs':>11} {'last':>8} {'best':>8}")
        targets = [curve[-1][1] for curve, _ in results["ancestor's"]]
        for way, runs in results.items():
            times = [reached(curve, target) for (curve, _), target in zip(runs, targets)]
            known = [seconds for seconds in times if seconds is not None]
            text = f"{statistics.median(known):.1f} s" if known else "never"
            if known and len(known) < len(times):
                text += f" ({len(known)}/{len(times)})"
            print(f"{way:<12} {text:>14} {statistics.median(s for _, s in runs):9.1f} s "
                  f"{statistics.median(curve[-1][1] for curve, _ in runs):8.4f} "
                  f"{statistics.median(max(a for _, a in curve) for curve, _ in runs):8.4f}")


if __name__ == "__main__":
    main()
