#!/usr/bin/env python3
"""What torchvision makes of a picture: one operation after the other, each alone, as the bytes of its pixels.

usage: make.py        (needs torch and torchvision; made with 2.15.0 and 0.29.2)
Writes torchvision.rgb: the picture of 21x15 pixels itself, then the results in the order of OPERATIONS, which
tests/data/policy_test.cc repeats.
"""
import pathlib

import torch
import torchvision
from torchvision.transforms.autoaugment import _apply_op
from torchvision.transforms.functional import InterpolationMode

OPERATIONS = (("ShearX", 0.3), ("ShearX", -0.77), ("ShearY", 0.45), ("TranslateX", 4), ("TranslateY", -3),
              ("Rotate", 27), ("Rotate", -101), ("Brightness", 0.6), ("Brightness", -0.4), ("Color", 0.8),
              ("Color", -0.9), ("Contrast", 0.7), ("Contrast", -0.5), ("Sharpness", 0.9), ("Sharpness", -0.6),
              ("Posterize", 3), ("Solarize", 90), ("AutoContrast", 0), ("Equalize", 0))
WIDTH, HEIGHT = 21, 15

picture = torch.randint(20, 230, (3, HEIGHT, WIDTH), dtype=torch.uint8, generator=torch.Generator().manual_seed(3))
results = [picture] + [_apply_op(picture, name, amount, InterpolationMode.NEAREST, None) for name, amount in OPERATIONS]
out = pathlib.Path(__file__).with_name("torchvision.rgb")
out.write_bytes(b"".join(result.permute(1, 2, 0).contiguous().numpy().tobytes() for result in results))
print(torch.__version__, torchvision.__version__, out.stat().st_size)
