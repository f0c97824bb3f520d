"""The label reader: a small fully convolutional network with one answer per millimetre of paper."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.label_reader.lettering import NAMES

CELL = 8  # page pixels per answer
OUTPUTS = 1 + len(NAMES) + 4  # is a name centred here; which; its left, top, right, bottom
STEM = (16, 32)  # channels at 4 and 2 cells per mm
WIDTH = 64
DILATIONS = (1, 2, 4, 1)  # of the residual blocks at 1 mm per cell


class Conv(nn.Sequential):
    """A 3x3 convolution, batch normalisation and ReLU."""

    def __init__(self, inputs: int, outputs: int, *, stride: int = 1, dilation: int = 1) -> None:
        super().__init__(
            nn.Conv2d(
                inputs,
                outputs,
                3,
                stride=stride,
                padding=dilation,
                dilation=dilation,
                bias=False,
            ),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class LabelReader(nn.Module):
    """(batch, 3, h, w) RGB 0..1 -> (batch, OUTPUTS, h / 8, w / 8) logits and mm.

    h and w are multiples of 8. Two by two pixels become channels first, so that thin strokes are
    seen at full resolution but no convolution runs there.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            Conv(12, STEM[0]),
            Conv(STEM[0], STEM[1], stride=2),
            Conv(STEM[1], STEM[1]),
            Conv(STEM[1], WIDTH, stride=2),
        )
        self.body = nn.ModuleList(Conv(WIDTH, WIDTH, dilation=d) for d in DILATIONS)
        self.head = nn.Conv2d(WIDTH, OUTPUTS, 1)
        nn.init.constant_(self.head.bias[:1], -4.0)

    def forward(self, page: Tensor) -> Tensor:
        """Return logits of presence and name, and distances in mm."""
        return self.on_planes(functional.pixel_unshuffle(page * 4.0 - 2.0, 2))

    def on_planes(self, planes: Tensor) -> Tensor:
        """Return the same from two by two pixels as channels, -2 to 2."""
        features = self.stem(planes)
        for block in self.body:
            features = features + block(features)
        return self.head(features)


class LabelMaps(nn.Module):
    """What is exported: the network, its presence and names turned into probabilities.

    `cardioalert/networks/planes.py` makes two by two pixels channels before it, which is quicker.
    """

    def __init__(self, reader: LabelReader) -> None:
        super().__init__()
        self.reader = reader

    def forward(self, planes: Tensor) -> Tensor:
        """Return presence 0..1, names 0..1 and distances in mm."""
        presence, names, box = self.reader.on_planes(planes).split((1, len(NAMES), 4), dim=1)
        return torch.cat([torch.sigmoid(presence), torch.softmax(names, dim=1), box], dim=1)
