"""The segmentation network: a small U-Net that works at half resolution."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

CHANNELS = ("centre", "trace", "grid", "marks")
WIDTHS = (16, 32, 48, 64, 96)  # at 1/2, 1/4, 1/8, 1/16 and 1/32 of the page


class Block(nn.Sequential):
    """Two 3x3 convolutions."""

    def __init__(self, inputs: int, outputs: int) -> None:
        layers: list[nn.Module] = []
        for size in (inputs, outputs):
            layers += [
                nn.Conv2d(size, outputs, 3, padding=1, bias=False),
                nn.BatchNorm2d(outputs),
                nn.ReLU(inplace=True),
            ]
        super().__init__(*layers)


class Segmenter(nn.Module):
    """(batch, 3, h, w) RGB 0..1 -> (batch, 4, h, w) logits; h and w are multiples of 32.

    Two by two pixels become channels first, and are unpacked again at the end, so that no
    convolution runs at full resolution. Skip connections are added, not concatenated.
    """

    def __init__(
        self,
        widths: tuple[int, ...] = WIDTHS,
        *,
        inputs: int = 12,
        outputs: int = 4 * len(CHANNELS),
    ) -> None:
        super().__init__()
        self.down = nn.ModuleList(
            Block(lower, upper) for lower, upper in zip((inputs, *widths), widths, strict=False)
        )
        self.shrink = nn.ModuleList(nn.Conv2d(lower, upper, 1) for upper, lower in pairwise(widths))
        self.up = nn.ModuleList(Block(width, width) for width in widths[:-1])
        self.head = nn.Conv2d(widths[0], outputs, 3, padding=1)
        nn.init.constant_(self.head.bias, -3.0)

    def forward(self, page: Tensor) -> Tensor:
        """Return logits."""
        planes = functional.pixel_unshuffle(page * 4.0 - 2.0, 2)
        return functional.pixel_shuffle(self.on_planes(planes), 2)

    def on_planes(self, features: Tensor) -> Tensor:
        """Return logits: (batch, inputs, h/2, w/2) -> (batch, outputs, h/2, w/2)."""
        skips = []
        for level, block in enumerate(self.down):
            features = block(features if level == 0 else functional.max_pool2d(features, 2))
            skips.append(features)
        for level in range(len(self.up) - 1, -1, -1):
            raised = functional.interpolate(self.shrink[level](features), scale_factor=2.0)
            features = self.up[level](skips[level] + raised)
        return self.head(features)


class SegmenterMaps(nn.Module):
    """What is exported: the network followed by a sigmoid, two by two pixels as channels.

    `cardioalert/networks/planes.py` regroups the pixels before and after it, which is quicker.
    """

    def __init__(self, segmenter: Segmenter) -> None:
        super().__init__()
        self.segmenter = segmenter

    def forward(self, planes: Tensor) -> Tensor:
        """Return probabilities 0..1."""
        return torch.sigmoid(self.segmenter.on_planes(planes))
