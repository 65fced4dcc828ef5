#!/usr/bin/env python3
"""Checks every #include under src/ against the table of docs/architecture.md.

A folder may include itself, what its row lists, and what those may include; outside headers only where
the second table allows them. Prints each violation as file:line and fails when there is one.
"""

import pathlib
import re
import sys

MAY_USE = {
    "base": [],
    "tensor": ["base"],
    "graph": ["tensor"],
    "formats": ["graph"],
    "backend": ["graph"],
    "exec": ["backend"],
    "data": ["tensor"],
    "tasks": ["graph"],
    "model": ["formats", "data", "tasks"],
    "infer": ["exec", "model"],
    "comm": ["tensor"],
    "train": ["infer", "comm"],
    "cli": ["train"],
}

# Beginning of an outside header -> the only places under src/ that may include it.
OUTSIDE = {
    "oneapi/dnnl/": ["backend/cpu/"],
    "dnnl": ["backend/cpu/"],
    "cuda": ["backend/cuda/", "comm/"],
    "cudnn": ["backend/cuda/"],
    "cublas": ["backend/cuda/"],
    "nccl": ["comm/"],
    "mpi.h": ["comm/"],
    "opencv2/": ["data/"],
    "jpeglib.h": ["data/"],
    "jerror.h": ["data/"],
    "webp/": ["data/"],
    "spng.h": ["data/", "cli/demo_data.cc"],
    "zlib.h": ["cli/idx_file.cc"],
    "toml++/": ["base/"],
    "CLI/": ["base/", "cli/"],
    "spdlog/": ["base/"],
    "xxhash.h": ["base/"],
    "nlohmann/": ["formats/", "model/", "infer/", "train/", "cli/"],
}

# Headers of a folder that are not for others.
INTERNAL = {"base/file_fault.h": ["base/"]}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def reachable(folder):
    found, waiting = {folder}, [folder]
    while waiting:
        for used in MAY_USE[waiting.pop()]:
            if used not in found:
                found.add(used)
                waiting.append(used)
    return found


def allowed_at(path, places):
    return any(path.startswith(place) for place in places)


def complaint(path, quote, header):
    """Why the file at `path` (below src/) may not include `header`; empty when it may."""
    folder = path.split("/")[0]
    if quote == "<":
        for prefix, places in OUTSIDE.items():
            if header.startswith(prefix) and not allowed_at(path, places):
                return f"<{header}> is only for {' and '.join(places)}"
        return ""
    target = header.split("/")[0]
    if "/" not in header or target not in MAY_USE:
        return f'"{header}" does not begin with a folder of src/'
    if target not in reachable(folder):
        return f'{folder}/ may not use {target}/ ("{header}")'
    if header in INTERNAL and not allowed_at(path, INTERNAL[header]):
        return f'"{header}" is internal to {" and ".join(INTERNAL[header])}'
    return ""


def main():
    source = pathlib.Path(__file__).resolve().parent.parent / "src"
    failures = 0
    for file in sorted([*source.rglob("*.h"), *source.rglob("*.cc"), *source.rglob("*.cu"), *source.rglob("*.cuh")]):
        path = file.relative_to(source).as_posix()
        if path.split("/")[0] not in MAY_USE:
            print(f"src/{path}: its folder is not in the table")
            failures += 1
            continue
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            match = INCLUDE.match(line)
            reason = complaint(path, *match.groups()) if match else ""
            if reason:
                print(f"src/{path}:{number}: {reason}")
                failures += 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
