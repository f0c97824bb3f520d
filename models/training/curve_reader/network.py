"""The curve reader: convolutions along time over the strip of page around a path."""

import torch
from torch import Tensor, nn

from cardioalert.networks.curve_reader import FEATURES

WIDTH = 80
DEPTH = 6


class Step(nn.Module):
    """A residual convolution over five columns."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mix = nn.Conv1d(width, width, 5, padding=2)
        self.join = nn.Conv1d(width, width, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Add what the neighbors say."""
        return features + self.join(torch.relu(self.mix(torch.relu(features))))


class CurveReader(nn.Module):
    """(rows, FEATURES, columns) -> (rows, 3, columns): two offsets in SCALE px, and a logit."""

    def __init__(self, width: int = WIDTH, depth: int = DEPTH) -> None:
        super().__init__()
        self.first = nn.Conv1d(FEATURES, width, 3, padding=1)
        self.steps = nn.Sequential(*(Step(width) for _ in range(depth)))
        self.head = nn.Conv1d(width, 3, 3, padding=1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, features: Tensor) -> Tensor:
        """Return offsets and logit."""
        return self.head(torch.relu(self.steps(self.first(features))))


class CurveAnswers(nn.Module):
    """What is exported: the logit becomes a probability."""

    def __init__(self, reader: CurveReader) -> None:
        super().__init__()
        self.reader = reader

    def forward(self, features: Tensor) -> Tensor:
        """Return offsets and probability."""
        answer = self.reader(features)
        return torch.cat([answer[:, :2], torch.sigmoid(answer[:, 2:])], dim=1)
