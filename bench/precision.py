#!/usr/bin/env python3
"""Does bf16 learn what f32 learns? The demo's first training with several seeds in each precision; a table
of the validation accuracy after the last epoch, with the spread of the seeds.

    make demo                     # once: writes the pictures
    bench/precision.py            # three seeds of three epochs each: an hour on two cores
    bench/precision.py --epochs 1 --pictures 6000 --seeds 2
"""
import argparse
import pathlib
import re
import statistics
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/release/orthrus")
    parser.add_argument("--data", type=pathlib.Path, default=ROOT / "demo/fashion-mnist")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--pictures", type=int, default=60000, help="of the training list, from its start")
    parser.add_argument("--validation", type=int, default=10000)
    parser.add_argument("--precisions", nargs="+", default=["f32", "bf16"])
    return parser.parse_args()


def head_of(source, count, target):
    lines = source.read_text().splitlines(keepends=True)[:count]
    target.write_text("".join(lines))
    return target


def train(args, folder, precision, seed):
    """Accuracy and loss on the validation pictures after the last epoch."""
    out = folder / f"{precision}-{seed}"
    images = args.data / "images"
    command = [args.program, "train", "--model", "resnet14_small", "--tasks", "class", "--num-classes", "10",
               "--image-shape", "3,28,28", "--batch-size", "128", "--lr", "0.1", "--num-examples", "24000",
               "--data-train", folder / "train.lst", "--image-train", images,
               "--data-val", folder / "val.lst", "--image-val", images,
               "--num-epoch", str(args.epochs), "--save-result", out, "--save-name", "fashion",
               "--seed", str(seed), "--precision", precision]
    subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True)
    log = (out / "train.log").read_text()
    found = re.findall(r"Validation-(\S+)=([0-9.eE+-]+)", log)
    if not found:
        raise SystemExit(f"no validation lines in {out}/train.log")
    return {name: float(value) for name, value in found}


def main():
    args = arguments()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        head_of(args.data / "train.lst", args.pictures, folder / "train.lst")
        head_of(args.data / "test.lst", args.validation, folder / "val.lst")
        results = {precision: [] for precision in args.precisions}
        for seed in range(args.seeds):
            for precision in args.precisions:
                results[precision].append(train(args, folder, precision, seed))
                print(f"seed {seed}, {precision}: {results[precision][-1]}", flush=True)
        print(f"\n{args.seeds} seeds, {args.epochs} epochs of {args.pictures} pictures")
        for metric in results[args.precisions[0]][0]:
            for precision in args.precisions:
                values = [result[metric] for result in results[precision]]
                print(f"{metric:<28} {precision:<5} mean {statistics.mean(values):.4f} "
                      f"({min(values):.4f} to {max(values):.4f})")


if __name__ == "__main__":
    main()
