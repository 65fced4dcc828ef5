#!/usr/bin/env python3
"""Reads PREFIX.rec as orthrus pack wrote it with every reader of MXNet 1.9.1, and compares with the
list and the picture files. Usage: mxnet_read_rec.py PREFIX IMAGES LABELS [--encoded]
"""

import pathlib
import sys

import mxnet as mx
import numpy as np


def main():
    prefix, images, width = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
    encoded = "--encoded" in sys.argv
    rows = [line.rstrip("\n").split("\t") for line in open(prefix + ".lst", encoding="utf-8")]
    reader = mx.recordio.MXIndexedRecordIO(prefix + ".idx", prefix + ".rec", "r")
    assert sorted(reader.keys) == sorted(int(row[0]) for row in rows), reader.keys
    for row in rows:
        header, picture = mx.recordio.unpack(reader.read_idx(int(row[0])))
        labels = np.array([float(cell) for cell in row[1:-1]], dtype=np.float32)
        assert np.array_equal(np.atleast_1d(header.label), labels, equal_nan=True), (row, header)
        assert header.id == int(row[0]), header
        if not encoded:
            assert picture == (images / row[-1]).read_bytes(), row
        assert mx.image.imdecode(picture).shape[2] == 3
    sequential = mx.recordio.MXRecordIO(prefix + ".rec", "r")
    count = 0
    while sequential.read() is not None:
        count += 1
    assert count == len(rows), count

    iterator = mx.image.ImageIter(batch_size=len(rows), data_shape=(3, 32, 32), label_width=width,
                                  path_imgrec=prefix + ".rec", path_imgidx=prefix + ".idx", resize=32)
    labels = next(iterator).label[0].asnumpy().reshape(len(rows), width)
    native = mx.io.ImageRecordIter(path_imgrec=prefix + ".rec", data_shape=(3, 32, 32), resize=32,
                                   batch_size=len(rows), label_width=width, preprocess_threads=1)
    by_native = native.next().label[0].asnumpy().reshape(len(rows), width)
    wanted = np.array([[float(cell) for cell in row[1:-1]] for row in rows], dtype=np.float32)
    assert np.array_equal(labels, wanted), labels
    assert np.array_equal(by_native, wanted), by_native
    print(f"MXNet {mx.__version__} read {len(rows)} records, {width} labels each")


main()
