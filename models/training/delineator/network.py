"""The delineator: a small U-Net along time that shares what it sees between leads."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

CHANNELS = 5
BOUNDS = 6
WAVES = 3
WIDTHS = (16, 24, 32, 48, 48)  # at 1/2, 1/4, ... of 250 Hz
NEAR = 10.0  # samples around the likeliest one that the place is averaged over


class Block(nn.Module):
    """Two convolutions along time, then the mean over the leads is added to each lead."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(inputs, outputs, 7, padding=3)
        self.second = nn.Conv1d(outputs, outputs, 5, padding=2)
        self.share = nn.Conv1d(outputs, outputs, 1)
        self.calm = nn.GroupNorm(4, outputs)

    def forward(self, features: Tensor, weight: Tensor) -> Tensor:
        """Features (batch * leads, inputs, time), weight (batch, leads) -> outputs channels."""
        features = functional.relu(self.first(features))
        features = functional.relu(self.calm(self.second(features)))
        return features + self.share(spread(over_leads(features, weight), weight))


def over_leads(features: Tensor, weight: Tensor) -> Tensor:
    """Return the mean over the leads that count, (batch, channels, time)."""
    by_lead = features.reshape(*weight.shape, *features.shape[1:])
    total = (by_lead * weight[:, :, None, None]).sum(dim=1)
    return total / weight.sum(dim=1).clamp(min=1.0)[:, None, None]


def spread(mean: Tensor, weight: Tensor) -> Tensor:
    """Give each lead the mean, (batch * leads, channels, time)."""
    leads = weight.shape[1]
    return mean[:, None].expand(-1, leads, -1, -1).reshape(-1, *mean.shape[1:])


class Delineator(nn.Module):
    """(batch, leads, 5, 320) -> logits of 6 bounds, per lead and over all leads, and of 3 waves."""

    def __init__(self, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        inputs = (2 * CHANNELS, *widths)
        self.down = nn.ModuleList(Block(a, b) for a, b in zip(inputs, widths, strict=False))
        self.shrink = nn.ModuleList(nn.Conv1d(low, up, 1) for up, low in pairwise(widths))
        self.up = nn.ModuleList(Block(width, width) for width in widths[:-1])
        self.bounds = nn.Conv1d(widths[0], 2 * BOUNDS, 5, padding=2)
        self.all_bounds = nn.Conv1d(widths[0], 2 * BOUNDS, 5, padding=2)
        self.waves = nn.Linear(widths[-1] + widths[0], WAVES)

    def forward(self, beats: Tensor, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return logits (batch, leads, 6, time), (batch, 6, time) and (batch, leads, 3)."""
        batch, leads, channels, samples = beats.shape
        features = beats.reshape(batch * leads, channels, samples // 2, 2)
        features = features.permute(0, 1, 3, 2).reshape(batch * leads, 2 * channels, samples // 2)
        skips = []
        for level, block in enumerate(self.down):
            if level:
                features = functional.max_pool1d(features, 2)
            features = block(features, weight)
            skips.append(features)
        deepest = features
        for level in range(len(self.up) - 1, -1, -1):
            raised = self.shrink[level](features).repeat_interleave(2, dim=2)
            features = self.up[level](skips[level] + raised, weight)
        each = _unpacked(self.bounds(features)).reshape(batch, leads, BOUNDS, samples)
        every = _unpacked(self.all_bounds(over_leads(features, weight)))
        seen = torch.cat([deepest.amax(dim=2), features.amax(dim=2)], dim=1)
        return each, every, self.waves(seen).reshape(batch, leads, WAVES)


def _unpacked(packed: Tensor) -> Tensor:
    """Turn pairs of channels into twice the samples."""
    batch, channels, samples = packed.shape
    halves = packed.reshape(batch, channels // 2, 2, samples).permute(0, 1, 3, 2)
    return halves.reshape(batch, channels // 2, 2 * samples)


def place_and_doubt(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean near the likeliest sample, and deviation of everything, of each distribution."""
    share = torch.softmax(logits, dim=-1)
    clock = torch.arange(logits.shape[-1], dtype=share.dtype)
    best = share.argmax(dim=-1, keepdim=True).to(share.dtype)
    near = share * ((clock - best).abs() <= NEAR).to(share.dtype)
    place = (near * clock).sum(dim=-1) / near.sum(dim=-1)
    doubt = (share * (clock - place.unsqueeze(-1)) ** 2).sum(dim=-1).sqrt()
    return place, doubt


class Answer(nn.Module):
    """What is exported: one beat (leads, 5, 320) -> (leads + 1, 15), all leads together last.

    Each row holds place and doubt of the six bounds in samples, then how likely the three waves
    are shown.

    It is the delineator arranged for speed (`export` compares the two). All leads of a beat count,
    so that what they share is worked out once and added to each of them; convolutions along time
    are written as convolutions of pictures of one line, for which onnxruntime has faster code.
    """

    def __init__(self, delineator: Delineator) -> None:
        super().__init__()
        self.delineator = delineator

    def forward(self, beat: Tensor) -> Tensor:
        """Return the rows."""
        made, half = self.delineator, beat.shape[2] // 2
        pairs = beat.reshape(-1, CHANNELS, half, 2).permute(0, 1, 3, 2)
        features = pairs.reshape(-1, 2 * CHANNELS, 1, half)
        skips = []
        for level, block in enumerate(made.down):
            if level:
                features = functional.max_pool2d(features, (1, 2))
            features = _one_beat(block, features)
            skips.append(features)
        deepest = features
        for level in range(len(made.up) - 1, -1, -1):
            low = _flat(made.shrink[level], features)
            raised = functional.interpolate(low, scale_factor=(1.0, 2.0), mode="nearest")
            features = _one_beat(made.up[level], skips[level] + raised)
        together = features.mean(dim=0, keepdim=True)
        logits = torch.cat([_flat(made.bounds, features), _flat(made.all_bounds, together)])
        logits = logits.reshape(-1, BOUNDS, 2, half).permute(0, 1, 3, 2)
        bounds = torch.stack(place_and_doubt(logits.reshape(-1, BOUNDS, 2 * half)), dim=-1)
        seen = torch.cat([deepest.amax(dim=(2, 3)), features.amax(dim=(2, 3))], dim=1)
        shown = torch.sigmoid(made.waves(seen))
        shown = torch.cat([shown, shown.mean(dim=0, keepdim=True)])
        return torch.cat([bounds.flatten(1), shown], dim=1)


def _one_beat(block: nn.Module, features: Tensor) -> Tensor:
    """Run a block on the leads of one beat, (leads, inputs, 1, time), all of which count."""
    features = functional.relu(_flat(block.first, features))
    features = functional.relu(block.calm(_flat(block.second, features)))
    return features + _flat(block.share, features.mean(dim=0, keepdim=True))


def _flat(along: nn.Module, features: Tensor) -> Tensor:
    """Convolve along time, as pictures of one line."""
    weight = along.weight[:, :, None, :]
    return functional.conv2d(features, weight, along.bias, padding=(0, along.padding[0]))
