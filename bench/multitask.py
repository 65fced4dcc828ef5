#!/usr/bin/env python3
"""What learning several tasks in one network gains and costs, on Fashion-MNIST; accuracies of the test set after the
last epoch, mean and spread over seeds.

usage: bench/multitask.py weightings|missing|fashion|heads [options]

  weightings  examples/multifashion: two garments in one picture, two heads, each way of weighting the losses, beside
              a network for each garment alone; delta_p is the mean change of the accuracies against those
  missing     the same two heads, and again without 90 % of the second one's labels: each task counting the same, and
              each label (weight = "labels")
  fashion     examples/fashion: three tasks from one label, beside a network for the ten kinds alone
  heads       seconds of a step with one head and with eight, for each way of weighting

  --data DIR       where the pictures are, or are made (default: bench-data)
  --methods A,B    only these weightings       --seeds N     (3)
  --epochs N       (5)                         --pictures N  of the training list (60,000)
  --model NAME     (resnet14_small)            --jobs N      trainings at once (1)
  --limit N        seconds after which no training is begun; the table has those that ended
  --orthrus PROGRAM...   --more OPTIONS...     for every training, such as --more --gpus 0 --precision bf16
"""
import argparse
import concurrent.futures
import csv
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
WEIGHTINGS = ["fixed", "uncertainty", "dwa", "logsum", "gls", "rlw", "stch", "famo", "gradnorm", "pcgrad", "dbmtl",
              "imtl", "mgda", "cagrad", "nashmtl"]
TASK = '[[task]]\nname = "{name}"\ncolumn = {column}\nclasses = {classes}\n'
TEN = "[" + ", ".join(f'"{c}"' for c in range(10)) + "]"


class Bench:
    def __init__(self, arguments):
        self.arguments = arguments
        self.program = [os.path.abspath(arguments.orthrus[0]), *arguments.orthrus[1:]]
        self.folder = tempfile.mkdtemp(prefix="multitask-")
        self.end = time.monotonic() + arguments.limit

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def train(self, name, tasks, train_list, val_list, images, options):
        """Accuracy of each task after the last epoch, and seconds of an epoch; None where it was not begun."""
        if time.monotonic() > self.end:
            return None
        arguments = self.arguments
        command = [*self.program, "train", "--model", arguments.model, "--tasks", tasks, "--data-train", train_list,
                   "--image-train", images, "--data-val", val_list, "--image-val", images, "--num-epoch",
                   str(arguments.epochs), "--run", os.path.join(self.folder, name), *options, *arguments.more]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print(f"{name}: {' '.join(command)}\n{done.stderr[-2000:]}", file=sys.stderr)
            return None
        with open(os.path.join(self.folder, name, "metrics.csv")) as file:
            rows = list(csv.DictReader(file))
        last = max(int(row["epoch"]) for row in rows)
        accuracies = {row["task"]: 100 * float(row["validation_accuracy"]) for row in rows if int(row["epoch"]) == last}
        seconds = [float(s) for s in re.findall(r"Time cost=([\d.]+)", done.stderr)]
        return accuracies, min(seconds) if seconds else 0

    def run(self, jobs):
        """Results of {name: arguments of train()}; several at once where that is wanted."""
        with concurrent.futures.ThreadPoolExecutor(self.arguments.jobs) as pool:
            futures = {name: pool.submit(self.train, name, *job) for name, job in jobs.items()}
            return {name: future.result() for name, future in futures.items()}


def head(path, lines, target, change=lambda fields, index: fields):
    with open(path) as source, open(target, "w") as file:
        for index, line in zip(range(lines), source):
            file.write("\t".join(change(line.rstrip("\n").split("\t"), index)) + "\n")
    return target


def spread(values):
    if not values:
        return "-"
    text = f"{statistics.mean(values):.2f}"
    return text + (f" ({min(values):.2f} to {max(values):.2f})" if len(values) > 1 else "")


def multifashion(bench):
    folder = os.path.abspath(bench.arguments.data)
    if not os.path.exists(os.path.join(folder, "data", "train.lst")):
        os.makedirs(folder, exist_ok=True)
        subprocess.run([sys.executable, os.path.join(ROOT, "examples", "multifashion", "data.py")], cwd=folder, check=True)
    return os.path.join(folder, "data")


SMALL = ["--image-shape", "3,36,36", "--augment", "none", "--batch-size", "64", "--lr", "0.1", "--wd", "5e-4",
         "--schedule", "cosine"]


def both_tasks(bench):
    return bench.write("both.toml", TASK.format(name="upper_left", column=0, classes=TEN) +
                       TASK.format(name="lower_right", column=1, classes=TEN))


def weightings(bench):
    arguments = bench.arguments
    data = multifashion(bench)
    train = head(f"{data}/train.lst", arguments.pictures, os.path.join(bench.folder, "train.lst"))
    both = both_tasks(bench)
    files = [train, f"{data}/test.lst", f"{data}/images"]
    alone = {name: bench.write(f"{name}.toml", TASK.format(name=name, column=column, classes=TEN))
             for column, name in enumerate(("upper_left", "lower_right"))}
    jobs = {}
    for seed in range(arguments.seeds):
        for name, tasks in alone.items():
            jobs[f"{name} {seed}"] = (tasks, *files, [*SMALL, "--seed", str(seed)])
        for method in arguments.methods:
            jobs[f"{method} {seed}"] = (both, *files, [*SMALL, "--seed", str(seed), "--weighting", method])
    results = bench.run(jobs)

    def of(kind, task):
        runs = [results[f"{kind} {seed}"] for seed in range(arguments.seeds)]
        return [run[0][task] for run in runs if run]

    base = {task: statistics.mean(of(task, task) or [float("nan")]) for task in alone}
    print(f"{arguments.pictures} pictures, {arguments.epochs} epochs, {arguments.seeds} seeds, {arguments.model}")
    print("| weighting | upper left | lower right | delta_p | seconds of an epoch |\n|---|---|---|---|---|")

    def seconds_of(kind):
        runs = [results[f"{kind} {seed}"] for seed in range(arguments.seeds)]
        return min((run[1] for run in runs if run), default=float("nan"))

    print(f"| alone | {spread(of('upper_left', 'upper_left'))} | {spread(of('lower_right', 'lower_right'))} | | "
          f"{seconds_of('upper_left'):.1f} + {seconds_of('lower_right'):.1f} |")
    for method in arguments.methods:
        values = [of(method, task) for task in alone]
        changes = [100 * statistics.mean((v - base[task]) / base[task] for v, task in zip(pair, alone))
                   for pair in zip(*values)]
        print(f"| `{method}` | {spread(values[0])} | {spread(values[1])} | {spread(changes)} | {seconds_of(method):.1f} |")


def missing(bench):
    arguments = bench.arguments
    data = multifashion(bench)
    both = both_tasks(bench)
    whole = head(f"{data}/train.lst", arguments.pictures, os.path.join(bench.folder, "whole.lst"))

    def without(fields, index):
        return fields if index % 10 == 0 else [*fields[:2], "nan", *fields[3:]]

    sparse = head(f"{data}/train.lst", arguments.pictures, os.path.join(bench.folder, "sparse.lst"), without)
    weighed = bench.write("weighed.toml", open(both).read() + 'weight = "labels"\n')
    ways = {"all": (both, whole), "a tenth": (both, sparse), 'a tenth, `weight = "labels"`': (weighed, sparse)}
    jobs = {}
    for seed in range(arguments.seeds):
        for name, (tasks, train) in ways.items():
            jobs[f"{name} {seed}"] = (tasks, train, f"{data}/test.lst", f"{data}/images", [*SMALL, "--seed", str(seed)])
    results = bench.run(jobs)
    print(f"{arguments.pictures} pictures, {arguments.epochs} epochs, {arguments.seeds} seeds, {arguments.model}")
    print("| labels of lower right | upper left | lower right |\n|---|---|---|")
    for name in ways:
        runs = [results[f"{name} {seed}"] for seed in range(arguments.seeds)]
        print(f"| {name} | " + " | ".join(spread([run[0][task] for run in runs if run and task in run[0]])
                                          for task in ("upper_left", "lower_right")) + " |")


def fashion(bench):
    arguments = bench.arguments
    folder = os.path.abspath(arguments.data)
    if not os.path.exists(os.path.join(folder, "fashion", "train.lst")):
        subprocess.run([*bench.program, "demo-data", "--out", os.path.join(folder, "fashion")], check=True)
    data = os.path.join(folder, "fashion")
    text = open(os.path.join(ROOT, "examples", "fashion", "fashion.toml")).read()
    tasks = text[text.index("[[task]]"):]
    files = [head(f"{data}/train.lst", arguments.pictures, os.path.join(bench.folder, "train.lst")),
             f"{data}/test.lst", f"{data}/images"]
    three, one = bench.write("three.toml", tasks), bench.write("one.toml", tasks[:tasks.index("[[task]]", 1)])
    common = ["--image-shape", "3,28,28", "--batch-size", "64", "--lr", "0.1", "--wd", "5e-4", "--schedule", "cosine"]
    jobs = {}
    for seed in range(arguments.seeds):
        jobs[f"alone {seed}"] = (one, *files, [*common, "--seed", str(seed)])
        jobs[f"three {seed}"] = (three, *files, [*common, "--seed", str(seed)])
    results = bench.run(jobs)
    print(f"{arguments.pictures} pictures, {arguments.epochs} epochs, {arguments.seeds} seeds, {arguments.model}")
    print("| tasks | kind | group | footwear | seconds of an epoch |\n|---|---|---|---|---|")
    for name in ("alone", "three"):
        runs = [results[f"{name} {seed}"] for seed in range(arguments.seeds)]
        cells = [spread([run[0][task] for run in runs if run and task in run[0]])
                 for task in ("kind", "group", "footwear")]
        print(f"| {name} | " + " | ".join(cells) + f" | {min((run[1] for run in runs if run), default=0):.1f} |")


def heads(bench):
    """Epochs of a short list, alternately; the fastest of each."""
    arguments = bench.arguments
    data = multifashion(bench)
    pictures = min(arguments.pictures, 3200)
    train = head(f"{data}/train.lst", pictures, os.path.join(bench.folder, "train.lst"))
    val = head(f"{data}/test.lst", 64, os.path.join(bench.folder, "val.lst"))
    files = [train, val, f"{data}/images"]
    one = bench.write("one.toml", TASK.format(name="head0", column=0, classes=TEN))
    eight = bench.write("eight.toml", "".join(TASK.format(name=f"head{i}", column=i % 2, classes=TEN) for i in range(8)))
    common = [option.replace("3,36,36", arguments.shape) for option in SMALL]
    best = {}
    for round_ in range(arguments.seeds):
        jobs = {"one": (one, "fixed")} | {method: (eight, method) for method in arguments.methods}
        for name, (tasks, method) in jobs.items():
            result = bench.train(f"{name} {round_}", tasks, *files, [*common, "--weighting", method])
            if result:
                best[name] = min(best.get(name, float("inf")), result[1])
    steps = pictures / 64
    print(f"{arguments.model}, {arguments.shape}, batch 64: milliseconds of a step, fastest epoch of "
          f"{arguments.seeds * arguments.epochs}")
    print("| | ms | against one head |\n|---|---|---|")
    for name, seconds in best.items():
        label = "one head" if name == "one" else f"eight heads, `{name}`"
        print(f"| {label} | {1000 * seconds / steps:.2f} | {100 * (seconds / best['one'] - 1):+.1f} % |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["weightings", "missing", "fashion", "heads"])
    parser.add_argument("--data", default="bench-data")
    parser.add_argument("--methods", type=lambda text: text.split(","), default=WEIGHTINGS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--pictures", type=int, default=60000)
    parser.add_argument("--model", default="resnet14_small")
    parser.add_argument("--shape", default="3,36,36", help="of heads")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--limit", type=float, default=float("inf"))
    parser.add_argument("--orthrus", nargs="+", default=[os.path.join(ROOT, "build", "release", "orthrus")])
    parser.add_argument("--more", nargs=argparse.REMAINDER, default=[])
    arguments = parser.parse_args()
    {"weightings": weightings, "missing": missing, "fashion": fashion, "heads": heads}[arguments.what](Bench(arguments))


if __name__ == "__main__":
    main()
