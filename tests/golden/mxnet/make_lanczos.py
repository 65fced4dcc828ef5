#!/usr/bin/env python3
"""Writes pixels/short32_lanczos.params and pixels/short90_lanczos.params with MXNet 1.9.1: pictures of data/images,
the shorter edge resized with interpolation 4 (Lanczos over 8x8 pixels).

Usage: make_lanczos.py, in this folder
"""
import glob
import os

import mxnet as mx

for edge, step in ((32, 3), (90, 9)):
    resized = {}
    for path in sorted(glob.glob("data/images/*"))[::step]:
        with open(path, "rb") as file:
            try:
                picture = mx.image.imdecode(file.read())
            except mx.base.MXNetError:
                continue
        resized[os.path.basename(path)] = mx.image.resize_short(picture, edge, interp=4)
    mx.nd.save(f"pixels/short{edge}_lanczos.params", resized)
    print(edge, {name: array.shape for name, array in resized.items()})
