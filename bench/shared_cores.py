#!/usr/bin/env python3
"""What is left of the speed when other processes want the same cores.

usage: bench/shared_cores.py [--busy 2] [--model resnet14_small] [--image-shape 3,28,28] [--batch-size 64]

Measures training alone, then beside --busy processes that only count, with two ways of waiting: libgomp's own
(threads spin for milliseconds) and the bounded spinning that orthrus starts itself with. The fair share is what
is left of the cores when every runnable thread gets an equal part.
"""
import argparse
import json
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
LIBGOMP_SPINS = "300000"  # its default where OMP_WAIT_POLICY is not set


def speed(arguments, steps, environment):
    command = [arguments.orthrus, "bench", "--json", "--model", arguments.model, "--image-shape",
               arguments.image_shape, "--batch-size", str(arguments.batch_size), "--steps", str(steps)]
    result = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return json.loads(result.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--busy", type=int, default=2)
    parser.add_argument("--model", default="resnet14_small")
    parser.add_argument("--image-shape", default="3,28,28")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--orthrus", default=os.path.join(HERE, "..", "build", "release", "orthrus"))
    arguments = parser.parse_args()

    plain = {key: value for key, value in os.environ.items() if key not in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")}
    ways = {"libgomp's own": dict(plain, GOMP_SPINCOUNT=LIBGOMP_SPINS), "bounded": plain}
    alone = {name: speed(arguments, arguments.steps, way) for name, way in ways.items()}
    counters = [subprocess.Popen(["python3", "-c", "while True: pass"]) for _ in range(arguments.busy)]
    try:
        beside = {name: speed(arguments, arguments.steps, way) for name, way in ways.items()}
    finally:
        for counter in counters:
            counter.kill()

    threads = next(iter(alone.values()))["threads"]
    share = min(1, os.cpu_count() / (threads + arguments.busy))
    print(f"{arguments.model}, batch {arguments.batch_size}, {threads} threads, {arguments.busy} busy processes: "
          f"a fair share is {100 * share:.0f} % of the speed alone")
    print(f"{'waiting':<15} {'alone, img/s':>13} {'beside, img/s':>14} {'of the fair share':>18}   (medians)")
    for name in ways:
        before, after = (d[name]["median_images_per_second"] for d in (alone, beside))
        print(f"{name:<15} {before:>13.0f} {after:>14.0f} {100 * after / (before * share):>16.0f} %")


if __name__ == "__main__":
    main()
