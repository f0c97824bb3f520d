"""The row separator: a small U-Net over the surroundings of one printed row."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTHS = (16, 32, 48, 64)  # at 1/2, 1/4, 1/8 and 1/16 of the band
HEIGHT = 144  # pixels of a band
SPACING = 32  # pixels of a band between two rows
MULTIPLE = 16  # columns


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


class RowSeparator(nn.Module):
    """(rows, 2, 144, w) -> (rows, 144, w) logits; w is a multiple of 16.

    The first input is the ink of the traces, the second marks the base lines of all rows; the row
    asked about has its base line in the middle. The answer: does the ink of a pixel belong to it?
    """

    def __init__(self, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        self.down = nn.ModuleList(
            Block(inputs, outputs) for inputs, outputs in zip((9, *widths), widths, strict=False)
        )
        self.shrink = nn.ModuleList(nn.Conv2d(lower, upper, 1) for upper, lower in pairwise(widths))
        self.up = nn.ModuleList(Block(width, width) for width in widths[:-1])
        self.head = nn.Conv2d(widths[0], 4, 3, padding=1)
        height = torch.linspace(-1.0, 1.0, HEIGHT // 2)[None, None, :, None]
        self.register_buffer("height", height)

    def forward(self, band: Tensor) -> Tensor:
        """Return logits."""
        packed = functional.pixel_unshuffle(band, 2)
        height = self.height + torch.zeros_like(packed[:, :1])
        features = torch.cat([packed, height], dim=1)
        skips = []
        for level, block in enumerate(self.down):
            features = block(features if level == 0 else functional.max_pool2d(features, 2))
            skips.append(features)
        for level in range(len(self.up) - 1, -1, -1):
            raised = functional.interpolate(self.shrink[level](features), scale_factor=2.0)
            features = self.up[level](skips[level] + raised)
        return functional.pixel_shuffle(self.head(features), 2)[:, 0]


class RowShares(nn.Module):
    """What is exported: the network followed by a sigmoid."""

    def __init__(self, separator: RowSeparator) -> None:
        super().__init__()
        self.separator = separator

    def forward(self, band: Tensor) -> Tensor:
        """Return probabilities 0..1."""
        return torch.sigmoid(self.separator(band))
