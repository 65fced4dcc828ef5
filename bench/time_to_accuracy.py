#!/usr/bin/env python3
"""Time to equal accuracy in validation on a fine-tuning job: a small network is pretrained on some classes of
Fashion-MNIST, then fine-tuned on the others in several ways. The time counts from the start of the program, with
reading, features and validation; the target is what the ancestor's way reaches in its last epoch.

usage: bench/time_to_accuracy.py [--data DIR] [--pictures 2000] [--epochs 10] [--networks 1] [--seeds 3] [--size 28]
                                 [--torch PYTHON] [--more-ways]
DIR holds what `orthrus demo-data` writes, and is made when it is not there. --epochs is for the ancestor's way; the
recipes have their own. --networks is how many networks are pretrained, each fine-tuned with every seed. With --torch,
the ancestor's way in PyTorch too (bench/time_torch.py). --more-ways adds lp-ft without the heads first, and lp-ft of
--epochs epochs.
"""
import argparse
import os
import re
import statistics
import subprocess
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


def write_list(source, target, classes, most=None):
    """The lines of `source` whose label is one of `classes`, counted anew from 0."""
    kept = []
    for line in open(source):
        index, label, path = line.rstrip("\n").split("\t")
        if int(float(label)) in classes:
            kept.append(f"{index}\t{classes.index(int(float(label)))}\t{path}\n")
    with open(target, "w") as lines:
        lines.writelines(kept[:most])
    return len(kept[:most])


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
    parser.add_argument("--orthrus", default=os.path.join(HERE, "..", "build", "release", "orthrus"))
    arguments = parser.parse_args()
    orthrus = os.path.abspath(arguments.orthrus)
    program = [orthrus, "train"]
    data = os.path.abspath(arguments.data)
    if not os.path.exists(os.path.join(data, "train.lst")):
        subprocess.run([orthrus, "demo-data", "--out", data], check=True)

    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        others = [c for c in range(10) if c not in PRETRAINED]
        write_list(f"{data}/train.lst", "pretrain.lst", PRETRAINED, arguments.pretrain_pictures)
        count = write_list(f"{data}/train.lst", "train.lst", others, arguments.pictures)
        write_list(f"{data}/test.lst", "val.lst", others, arguments.validation_pictures)
        shape = ["--image-shape", f"3,{arguments.size},{arguments.size}", "--tasks", "class"]
        end = ["--num-epoch", str(arguments.pretrain_epochs + arguments.epochs)]
        ways = WAYS | MORE_WAYS if arguments.more_ways else WAYS
        results = {way: [] for way in ways}
        if arguments.torch:
            results["PyTorch"] = []
        for network in range(arguments.networks):
            pretrained = f"pretrained{network}"
            train(program, ["--model", arguments.model, "--num-classes", str(len(PRETRAINED)), *shape, "--batch-size",
                            "128", "--lr", "0.1", "--num-examples", "10000", "--num-epoch",
                            str(arguments.pretrain_epochs), "--data-train", "pretrain.lst", "--image-train",
                            f"{data}/images", "--save-result", pretrained, "--save-name", "network", "--seed",
                            str(network)])
            job = ["--model", f"{pretrained}/network", "--epoch", str(arguments.pretrain_epochs), "--num-classes",
                   str(len(others)), *shape, "--data-train", "train.lst", "--image-train", f"{data}/images",
                   "--data-val", "val.lst", "--image-val", f"{data}/images"]
            for seed in range(arguments.seeds):
                for way, options in ways.items():
                    epochs = end if way in LONG else []
                    run = ["--seed", str(seed), "--run", f"{way}{network}-{seed}"]
                    results[way].append(train(program, [*job, *options, *epochs, *run]))
                if arguments.torch:
                    results["PyTorch"].append(train(
                        [arguments.torch, os.path.join(HERE, "time_torch.py")],
                        [f"{pretrained}/last.safetensors", "train.lst", "val.lst", f"{data}/images",
                         str(len(others)), str(arguments.size), str(arguments.epochs), "0.01", "64", str(seed)]))

        print(f"{count} pictures of {len(others)} new classes at {arguments.size} pixels, "
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
