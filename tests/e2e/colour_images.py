#!/usr/bin/env python3
"""Write FOLDER/COLOUR/NN.png for red, green and blue: noise with one strong channel, which a small
network tells apart after a few updates.

usage: colour_images.py FOLDER COUNT SEED
"""
import os
import random
import struct
import sys
import zlib


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(path, channel, rng, width=36, height=32):
    rows = b""
    for _ in range(height):
        row = bytearray(rng.randrange(60) for _ in range(3 * width))
        for x in range(channel, 3 * width, 3):
            row[x] += 150
        rows += b"\0" + bytes(row)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        file.write(chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)))
        file.write(chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def main(folder, count, seed):
    rng = random.Random(int(seed))
    for channel, colour in enumerate(("red", "green", "blue")):
        os.makedirs(f"{folder}/{colour}", exist_ok=True)
        for i in range(int(count)):
            png(f"{folder}/{colour}/{i:02d}.png", channel, rng)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
