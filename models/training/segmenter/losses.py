"""What the segmentation network is trained to minimise."""

import torch
from torch import Tensor
from torch.nn import functional

WEIGHTS = (2.0, 1.0, 0.4, 1.0)  # centre, trace, grid, marks
POSITIVE = (6.0, 3.0, 2.0, 3.0)  # weight of ink against paper
COLUMN_WEIGHT = 0.15


def segmentation_loss(logits: Tensor, target: Tensor, importance: Tensor) -> Tensor:
    """Weighted cross-entropy of the four maps, plus the column loss of the centre.

    Parameters
    ----------
    logits, target : (batch, 4, h, w); the target is 0..1
    importance : (batch, w), weight of each pixel column for the centre
    """
    loss = logits.new_zeros(())
    for channel, (weight, positive) in enumerate(zip(WEIGHTS, POSITIVE, strict=True)):
        entropy = functional.binary_cross_entropy_with_logits(
            logits[:, channel], target[:, channel], reduction="none"
        )
        focus = 1 + (positive - 1) * target[:, channel]
        if channel == 0:
            focus = focus * importance[:, None]
        loss = loss + weight * (entropy * focus).mean()
    return loss + COLUMN_WEIGHT * column_loss(logits[:, 0], target[:, 0], importance)


def column_loss(logits: Tensor, target: Tensor, importance: Tensor) -> Tensor:
    """Cross-entropy over the rows of each column that holds a signal.

    All ridges of a column share its probability, so that a peak at the wrong height costs more
    than a pale one.
    """
    mass = target.sum(dim=1)
    wanted = target / mass.clamp(min=1e-3)[:, None]
    entropy = -(wanted * torch.log_softmax(logits, dim=1)).sum(dim=1)
    floor = -(wanted * torch.log(wanted.clamp(min=1e-6))).sum(dim=1)
    seen = (mass > 1.0).float() * importance
    return ((entropy - floor) * seen).sum() / seen.sum().clamp(min=1.0)
