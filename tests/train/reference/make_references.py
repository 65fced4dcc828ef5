#!/usr/bin/env python3
"""Makes the numbers in tests/train/optimizer_test.cc that come from elsewhere; not needed to run the tests.

Usage: make_references.py   (with PyTorch, timm and pytorch-optimizer)

A weight of shape 4, 3, 3, 3 with the values sin(1), sin(2), ...; its gradient in step t is cos(t), cos(2 t), ...,
halved by the scale. Printed after each of three steps: the sum of its values, and the first and the last.
"""
import torch
from pytorch_optimizer import SAM
from timm.optim import Lamb, Lars
from timm.utils.agc import adaptive_clip_grad

torch.set_default_dtype(torch.float64)
INDEX = torch.arange(1, 109).reshape(4, 3, 3, 3)


def weight():
    return torch.nn.Parameter(torch.sin(INDEX.double()))


def show(name, w):
    print(name, f"{w.sum().item():.9f}, {w.flatten()[0].item():.9f}, {w.flatten()[-1].item():.9f}")


def three_steps(name, w, optimizer, prepare=lambda w: None):
    for t in range(1, 4):
        w.grad = 0.5 * torch.cos(INDEX.double() * t)
        prepare(w)
        optimizer.step()
        show(name, w)


w = weight()
three_steps("lars", w, Lars([w], lr=0.5, momentum=0.9, weight_decay=0.1, trust_coeff=0.02, eps=0))
w = weight()
three_steps("lamb", w, Lamb([w], lr=0.05, betas=(0.9, 0.99), eps=1e-3, weight_decay=0.1, max_grad_norm=None))
w = weight()
three_steps("agc", w, torch.optim.SGD([w], lr=0.5, momentum=0.9), lambda w: adaptive_clip_grad([w], clip_factor=0.4))

# SAM on the loss 0.25 * sum(index % 5 * w^2), whose gradient is 0.5 * (index % 5) * w.
w = weight()
sam = SAM([w], torch.optim.SGD, rho=0.3, lr=0.1, momentum=0.9)
for t in range(3):
    w.grad = 0.5 * (INDEX % 5) * w.detach()
    sam.first_step(zero_grad=True)
    w.grad = 0.5 * (INDEX % 5) * w.detach()
    sam.second_step(zero_grad=True)
    show("sam", w)
