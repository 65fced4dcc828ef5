#!/usr/bin/env python3
"""Time and memory of a very long list: makes one of N lines (shuffled indexes, paths of 34 characters)
and has `orthrus list` read it and write it anew, which takes 8 bytes a line beside the list itself.
Usage: bench/list_memory.py [--program build/release/orthrus] [--lines 10000000] [--labels 1]
"""

import argparse
import os
import pathlib
import resource
import subprocess
import tempfile
import time


def peak_bytes(command):
    start = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default="build/release/orthrus")
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument("--labels", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        small, large = folder / "small.lst", folder / "large.lst"
        small.write_text("0\t0\ta.jpg\n", encoding="utf-8")
        lines = arguments.lines
        step = 7_368_787 if lines % 7_368_787 else 7_368_791  # primes: every index once, in no order
        with open(large, "w", encoding="utf-8") as file:
            for i in range(lines):
                index = i * step % lines
                labels = "\t".join(str((index + column) % 10) for column in range(arguments.labels))
                file.write(f"{index}\t{labels}\tphotos/{index // 1000:08d}/{index:012d}.jpg\n")
        _, base = peak_bytes([arguments.program, "list", small, "--out", folder / "out"])
        seconds, peak = peak_bytes([arguments.program, "list", large, "--out", folder / "out"])
        print(f"{lines} lines of {os.path.getsize(large) / lines:.0f} bytes: read and written in "
              f"{seconds:.1f} s, peak memory {(peak - base) / lines:.1f} bytes a line")


main()
