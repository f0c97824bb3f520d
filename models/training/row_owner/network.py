"""The network: the segmenter's shape, narrower, on maps instead of colors."""

import torch
from torch import Tensor, nn

from cardioalert.networks.row_owner import ANSWERS, PLANES
from training.segmenter.network import Segmenter

WIDTHS = (12, 24, 32, 48, 64)


def row_owner() -> Segmenter:
    """Return a network that knows nothing yet."""
    return Segmenter(WIDTHS, inputs=PLANES, outputs=4 * len(ANSWERS))


class RowAnswers(nn.Module):
    """What is exported: the logits become probabilities."""

    def __init__(self, network: Segmenter) -> None:
        super().__init__()
        self.network = network

    def forward(self, planes: Tensor) -> Tensor:
        """Return probabilities, two by two pixels as channels."""
        return torch.sigmoid(self.network.on_planes(planes))
