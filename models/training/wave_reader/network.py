"""The wave reader: a U-Net over one wave, whose answer for a column adds up to a height."""

import torch
from torch import Tensor, nn

from cardioalert.networks.wave_reader import CHANNELS, MAPS, PACKED

WIDTHS = (24, 40, 64, 96)
LEAST = 1e-3  # probability that the curve reader is wrong about a height, at first
POOLS = ((1, 2), (2, 2), (2, 2))  # columns, heights


def twice(given: int, width: int) -> nn.Sequential:
    """Two convolutions over 3 x 3."""
    return nn.Sequential(
        nn.Conv2d(given, width, 3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.Conv2d(width, width, 3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
    )


class WaveReader(nn.Module):
    """(windows, CHANNELS, columns, bins) -> logits (windows, columns, 2, PACKED * bins).

    They tell whether the curve runs below a height, a quarter of a column left and right of the
    middle.
    """

    def __init__(self, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        givens = (CHANNELS, *widths[:-1])
        self.down = nn.ModuleList(twice(*pair) for pair in zip(givens, widths, strict=True))
        self.pools = nn.ModuleList(nn.MaxPool2d(pool) for pool in POOLS)
        steps = list(zip(widths[1:], widths[:-1], strict=True))
        self.narrow = nn.ModuleList(nn.Conv2d(deep, flat, 1) for deep, flat in steps)
        self.up = nn.ModuleList(nn.Upsample(scale_factor=pool, mode="nearest") for pool in POOLS)
        self.join = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(flat, flat, 3, padding=1, bias=False), nn.BatchNorm2d(flat), nn.ReLU()
            )
            for _deep, flat in steps
        )
        self.head = nn.Conv2d(widths[0], 2 * PACKED, 3, padding=1)
        self.belief = nn.Parameter(torch.ones(()))

    def forward(self, planes: Tensor) -> Tensor:
        """Return logits."""
        told = planes[:, MAPS * PACKED : (MAPS + 2) * PACKED]
        kept = []
        for level, block in enumerate(self.down):
            planes = block(planes if level == 0 else self.pools[level - 1](planes))
            kept.append(planes)
        for level in reversed(range(len(self.narrow))):
            wider = self.up[level](self.narrow[level](planes))
            planes = self.join[level](kept[level] + wider)
        answer = self.head(planes) + self.belief * torch.logit(
            told, eps=LEAST
        )  # halves x sub-bins as channels
        windows, _channels, columns, bins = answer.shape
        answer = answer.reshape(windows, 2, PACKED, columns, bins).permute(0, 3, 1, 4, 2)
        return answer.reshape(windows, columns, 2, bins * PACKED)


class WaveAnswers(nn.Module):
    """What is exported: expected heights and their spread, in bins."""

    def __init__(self, reader: WaveReader) -> None:
        super().__init__()
        self.reader = reader

    def forward(self, planes: Tensor) -> Tensor:
        """Return (windows, 2, columns, 2)."""
        below = torch.sigmoid(self.reader(planes))
        return torch.stack([below.sum(dim=3), (below * (1.0 - below)).sum(dim=3)], dim=1)
