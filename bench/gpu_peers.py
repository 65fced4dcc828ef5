#!/usr/bin/env python3
"""Orthrus and PyTorch on one GPU, alternately in one run: ResNet-50 v1.5, 224x224, bf16, channels last, pictures
that are on the GPU already, two heads, SGD with momentum; a whole training step, or inference.

usage: gpu_peers.py [--batches 64 256] [--modes train infer] [--compile eager,default] [--compile-timeout 150]
                    [--steps 20] [--rounds 2] [--autotune] [--orthrus PROGRAM...] [--torch PYTHON] [--json FILE]

--compile names what is measured of PyTorch: eager, and modes of torch.compile (default,
max-autotune-no-cudagraphs, reduce-overhead, ...). Compiling may take minutes; what is not ready in time is left
out, and the table says so. Every round measures each once, one after the other; ratios are taken within a round.
(needs torch and torchvision beside a GPU; bench/gpu_torch.py measures PyTorch)
"""
import argparse
import json
import os
import pathlib
import queue
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
MEASURE_SECONDS = 120  # the most that one measurement may take


class Failure(Exception):
    pass


def last_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][-300:] if lines else "no message"


class Orthrus:
    name = "orthrus"

    def __init__(self, arguments, mode, batch):
        self.batch = batch
        self.command = [*arguments.orthrus, "bench", "--gpus", "0", "--precision", "bf16", "--model", "resnet50_v1b",
                        "--batch-size", str(batch), "--mode", mode, "--steps", str(arguments.steps), "--json"]
        if arguments.autotune:
            self.command.append("--autotune")

    def prepare(self):
        """Chooses its convolutions, which it keeps."""
        self.measure()

    def measure(self):
        try:
            result = subprocess.run(self.command, capture_output=True, text=True, timeout=MEASURE_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            raise Failure(f"no answer within {MEASURE_SECONDS} s") from None
        except OSError as error:
            raise Failure(str(error)) from None
        if result.returncode != 0:
            raise Failure(last_line(result.stderr))
        own = json.loads(result.stdout[result.stdout.index("{"):])
        if "gpu" not in own:
            raise Failure("it computed on the processor")
        return {"images_per_second": own["median_images_per_second"], "peak_memory_bytes": own["gpu_memory_bytes"]}

    def close(self):
        pass


class Torch:
    """A process that compiles once and then measures whenever it is told to."""

    def __init__(self, arguments, mode, batch, way):
        self.name = f"torch {way}"
        self.compile_timeout = arguments.compile_timeout
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [arguments.torch, str(HERE / "gpu_torch.py"), mode, way, str(batch), "--steps", str(arguments.steps),
             "--on-request"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True, start_new_session=True)
        self.lines = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            if line.startswith("{"):
                self.lines.put(json.loads(line))
        self.lines.put(None)

    def ask(self, seconds):
        try:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
            answer = self.lines.get(timeout=seconds)
        except BrokenPipeError:
            answer = None
        except queue.Empty:
            raise Failure(f"not done within {seconds} s") from None
        if answer is None:
            self.process.wait()
            self.errors.seek(0)
            raise Failure(last_line(self.errors.read()))
        return answer

    def prepare(self):
        self.prepared_seconds = self.ask(self.compile_timeout)["seconds"]

    def measure(self):
        result = self.ask(MEASURE_SECONDS)
        self.name = result["name"]
        return result

    def close(self):
        try:
            self.process.stdin.close()
            self.process.wait(timeout=3)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)  # with those that compile for it
        except ProcessLookupError:
            pass
        self.process.wait()


def compare(arguments, mode, batch):
    """A dictionary for each program: its rounds, or the problem that it had."""
    entries = []
    programs = [(Orthrus, ())] + [(Torch, (way,)) for way in arguments.compile]
    # All start at once, since importing takes long; they compile and measure one by one.
    running = [kind(arguments, mode, batch, *more) for kind, more in programs]
    try:
        for program in running:
            entry = {"name": program.name, "mode": mode, "batch_size": batch, "rounds": []}
            entries.append(entry)
            begin = time.monotonic()
            try:
                program.prepare()
            except Failure as failure:
                entry["problem"] = str(failure)
                program.close()
            entry["prepared_seconds"] = round(time.monotonic() - begin, 1)
        for _ in range(arguments.rounds):
            for program, entry in zip(running, entries):
                if "problem" in entry:
                    continue
                try:
                    entry["rounds"].append(program.measure())
                    entry["name"] = program.name
                except Failure as failure:
                    entry["problem"] = str(failure)
                    program.close()
    finally:
        for program in running:
            program.close()
    return entries


def print_table(entries):
    width = max(len(entry["name"]) for entry in entries)
    print(f"{'':<{width}} {'mode':<6} {'batch':>6} {'img/s median':>12} {'min..max':>15} {'MB/img':>7}   orthrus is faster by")
    own = {}
    for entry in entries:
        start = f"{entry['name']:<{width}} {entry['mode']:<6} {entry['batch_size']:>6}"
        if "problem" in entry:
            print(f"{start}   {entry['problem']}")
            continue
        speeds = [measured["images_per_second"] for measured in entry["rounds"]]
        memory = max(measured["peak_memory_bytes"] for measured in entry["rounds"]) / entry["batch_size"] / 1e6
        key = entry["mode"], entry["batch_size"]
        if entry["name"] == Orthrus.name:
            own[key] = speeds
        ratio = ""
        if key in own and entry["name"] != Orthrus.name:
            ratios = [ours / theirs for ours, theirs in zip(own[key], speeds)]
            entry["orthrus_is_faster_by"] = statistics.median(ratios)
            ratio = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}..{max(ratios):.2f})"
        print(f"{start} {statistics.median(speeds):>12.0f} {min(speeds):>7.0f}..{max(speeds):<6.0f} {memory:>7.1f}   {ratio}")


def names(text):
    return [name for name in text.split(",") if name]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orthrus", nargs="+", default=[str(HERE.parent / "build/release/orthrus")])
    parser.add_argument("--torch", metavar="PYTHON", default=sys.executable)
    parser.add_argument("--batches", nargs="+", type=int, default=[64, 256])
    parser.add_argument("--modes", nargs="+", choices=("train", "infer"), default=["train", "infer"])
    parser.add_argument("--compile", type=names, default=["eager", "default"], metavar="WAY,...")
    parser.add_argument("--compile-timeout", type=float, default=150, metavar="SECONDS")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--autotune", action="store_true", help="of orthrus")
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    # What was started is ended with it, or it would go on holding the GPU.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    entries = []
    try:
        for mode in arguments.modes:
            for batch in arguments.batches:
                some = compare(arguments, mode, batch)
                # Shown and kept at once: the time on a lent machine may end.
                print_table(some)
                sys.stdout.flush()
                entries += some
                if arguments.json:
                    arguments.json.write_text(json.dumps(entries, indent=1))
    finally:
        if len(arguments.modes) * len(arguments.batches) > 1 and entries:
            print("\nAll:")
            print_table(entries)
    sys.exit(0 if all("problem" not in entry for entry in entries if entry["name"] == Orthrus.name) else 1)


if __name__ == "__main__":
    main()
