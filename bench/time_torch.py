"""The ancestor's way of fine-tuning in PyTorch, for bench/time_to_accuracy.py: all layers of a small pre-activation
ResNet with the values of a .safetensors file of Orthrus, SGD with momentum, random mirror, two workers that load.

usage: time_torch.py MODEL.safetensors TRAIN.lst VAL.lst IMAGES CLASSES SIZE EPOCHS LR BATCH SEED
(needs torch, torchvision and safetensors)
Prints a line to stderr after each epoch, as orthrus does.
"""
import os
import sys

import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file
from torch import nn

MEAN, STD = torch.tensor([123.68, 116.28, 103.53]), torch.tensor([58.395, 57.12, 57.375])
EPS, MOMENTUM = 2e-5, 0.1  # MXNet's momentum of 0.9


class Network(nn.Module):
    """Parameters by MXNet's names; forward as its resnet.py builds the graph."""

    def __init__(self, values, classes):
        super().__init__()
        self.names = {}
        for name, value in values.items():
            if name.startswith("fc"):
                continue
            kind = nn.Parameter(value) if not name.endswith(("_mean", "_var")) else value
            self.names[name] = kind
            if isinstance(kind, nn.Parameter):
                self.register_parameter(name, kind)
            else:
                self.register_buffer(name, kind)
        self.fc = nn.Linear(values["bn1_gamma"].numel(), classes)

    def norm(self, name, x):
        gamma = getattr(self, name + "_gamma")
        if name == "bn_data":
            gamma = torch.ones_like(gamma)
        return F.batch_norm(x, getattr(self, name + "_moving_mean"), getattr(self, name + "_moving_var"), gamma,
                            getattr(self, name + "_beta"), self.training, MOMENTUM, EPS)

    def forward(self, x):
        x = self.norm("bn_data", x)
        x = F.conv2d(x, self.conv0_weight, padding=1)
        units = sorted({n.split("_conv1")[0] for n in self.names if n.endswith("_conv1_weight")})
        for unit in units:
            stride = 2 if unit.endswith("unit1") and not unit.startswith("stage1") else 1
            a = F.relu(self.norm(unit + "_bn1", x))
            y = F.conv2d(a, getattr(self, unit + "_conv1_weight"), stride=stride, padding=1)
            y = F.relu(self.norm(unit + "_bn2", y))
            y = F.conv2d(y, getattr(self, unit + "_conv2_weight"), padding=1)
            if unit + "_sc_weight" in self.names:
                x = F.conv2d(a, getattr(self, unit + "_sc_weight"), stride=stride)
            x = x + y
        x = F.relu(self.norm("bn1", x)).mean((2, 3))
        return self.fc(x)


class Pictures(torch.utils.data.Dataset):
    def __init__(self, path, folder, size, mirror):
        rows = [line.rstrip("\n").split("\t") for line in open(path)]
        self.rows = [(int(float(row[1])), os.path.join(folder, row[2])) for row in rows]
        self.size, self.mirror = size, mirror

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        label, path = self.rows[index]
        picture = Image.open(path).convert("RGB")
        if picture.size != (self.size, self.size):
            picture = picture.resize((self.size, self.size), Image.BICUBIC)
        x = torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8).view(self.size, self.size, 3)
        x = ((x - MEAN) / STD).permute(2, 0, 1)
        if self.mirror and torch.rand(()) < 0.5:
            x = x.flip(2)
        return x, label


def main():
    model, train, val, images, *numbers = sys.argv[1:]
    classes, size, epochs = map(int, numbers[:3])
    lr, batch, seed = float(numbers[3]), int(numbers[4]), int(numbers[5])
    torch.manual_seed(seed)
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    network = Network(load_file(model), classes).to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(network.parameters(), lr, momentum=0.9, weight_decay=1e-4, foreach=True)
    loaders = [torch.utils.data.DataLoader(Pictures(path, images, size, mirror), batch, shuffle=mirror, num_workers=2,
                                           persistent_workers=True)
               for path, mirror in ((train, True), (val, False))]
    for epoch in range(epochs):
        network.train()
        for x, y in loaders[0]:
            optimizer.zero_grad()
            F.cross_entropy(network(x.contiguous(memory_format=torch.channels_last)), y).backward()
            optimizer.step()
        network.eval()
        with torch.inference_mode():
            right = sum((network(x.contiguous(memory_format=torch.channels_last)).argmax(1) == y).sum().item()
                        for x, y in loaders[1])
        print(f"Epoch[{epoch}] Validation-multi_accuracy-task0={right / len(loaders[1].dataset):.6f}", file=sys.stderr,
              flush=True)


if __name__ == "__main__":
    main()
