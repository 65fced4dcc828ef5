#!/usr/bin/env python3
"""Two garments in one picture: Fashion-MNIST laid over itself, for two heads.

As in Pareto MTL (Lin et al., NeurIPS 2019): one picture of 28 x 28 in the upper left corner of 36 x 36, another
one of the same part in the lower right, the brighter pixel where they overlap. Writes data/train.lst, test.lst
(number, kind of the upper left, kind of the lower right, path) and data/images/ as PNG. Needs Debian's package
dataset-fashion-mnist, and nothing but Python.

Usage: data.py [--limit N] [--seed N] [--source DIR]
"""
import argparse
import gzip
import os
import random
import struct
import zlib

SIDE, SMALL = 36, 28


def read_idx(path, header):
    with gzip.open(path) as file:
        return file.read()[header:]


def write_png(path, rows):
    def chunk(kind, content):
        return (struct.pack(">I", len(content)) + kind + content +
                struct.pack(">I", zlib.crc32(kind + content)))

    pixels = b"".join(b"\0" + row for row in rows)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 8, 0, 0, 0, 0)) +
                   chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b""))


def overlay(upper, lower):
    rows = [bytearray(SIDE) for _ in range(SIDE)]
    shift = SIDE - SMALL
    for y in range(SMALL):
        rows[y][:SMALL] = upper[y * SMALL:(y + 1) * SMALL]
    for y in range(SMALL):
        row = rows[y + shift]
        for x, value in enumerate(lower[y * SMALL:(y + 1) * SMALL]):
            row[x + shift] = max(row[x + shift], value)
    return rows


def write_part(name, prefix, arguments):
    images = read_idx(os.path.join(arguments.source, prefix + "-images-idx3-ubyte.gz"), 16)
    labels = read_idx(os.path.join(arguments.source, prefix + "-labels-idx1-ubyte.gz"), 8)
    count = min(len(labels), arguments.limit or len(labels))
    partners = random.Random(f"{arguments.seed} {name}")
    os.makedirs(f"data/images/{name}", exist_ok=True)
    lines = []
    for i in range(count):
        other = partners.randrange(len(labels))
        picture = [images[k * SMALL * SMALL:(k + 1) * SMALL * SMALL] for k in (i, other)]
        write_png(f"data/images/{name}/{i:05}.png", overlay(*picture))
        lines.append(f"{i}\t{labels[i]}\t{labels[other]}\t{name}/{i:05}.png\n")
    with open(f"data/{name}.lst", "w") as file:
        file.writelines(lines)
    print(f"data/{name}.lst: {count} images")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=int, help="take only the first N pictures of each part")
    parser.add_argument("--seed", type=int, default=0, help="of the choice of the second garment")
    parser.add_argument("--source", default="/usr/share/datasets/fashion-mnist")
    arguments = parser.parse_args()
    if not os.path.isdir(arguments.source):
        raise SystemExit(f"'{arguments.source}' is missing: apt install dataset-fashion-mnist, or --source DIR")
    for name, prefix in (("train", "train"), ("test", "t10k")):
        write_part(name, prefix, arguments)


main()
