"""Train the curve reader on a folder of strips: `python -m training.curve_reader.train --help`."""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from cardioalert.networks.curve_reader import LEVEL_LINES, LEVELS, SCALE, SIDEWAYS, STRIP
from training.curve_reader.network import CurveReader
from training.running import Run

LEARNING_RATE = 2e-3
AVERAGE = 0.99  # decay of the averaged weights
CROP = 256  # columns
BENT = 2.0 / SCALE  # errors beyond two pixels count linearly
RIGHT = 2.0  # px that a sure height may be off, where the curve is flat
STEEPER = 0.25  # more of them for each px that the curve rises around the column
HELD_BACK = 0.06  # share of the pages that only judge
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Strip:
    """One row of a page: features (FEATURES, columns) and true offsets (2 columns,), px."""

    features: NDArray[np.float16]
    offsets: Floats


def main() -> None:
    """Train for the given minutes; resume when the checkpoint exists."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="folder of strips")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    options.run.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    Trainer(options).train()


def read_strips(cache: Path) -> tuple[list[Strip], list[Strip]]:
    """Read all strips: those to learn from, and those of the last pages to judge by."""
    pages = sorted(cache.glob("[0-9]*[0-9].npz"))
    kept_back = set(pages[-max(1, round(HELD_BACK * len(pages))) :])
    parts: tuple[list[Strip], list[Strip]] = ([], [])
    for page in pages:
        with np.load(page) as kept:
            for features, offsets in zip(kept["features"], kept["offsets"], strict=True):
                parts[page in kept_back].append(Strip(features=features, offsets=offsets))
    return parts


class Trainer:
    """The run, and the strips that it learns from and is judged by."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.run = Run(
            CurveReader(), options.run, rate=LEARNING_RATE, weight_decay=1e-3, average=AVERAGE
        )
        self.strips, self.judges = read_strips(options.cache)
        self.rng = np.random.default_rng(self.run.step + 1)

    def train(self) -> None:
        """Train; save and log every two hundred steps."""
        run, limit, losses = self.run, 60.0 * self.options.minutes, []
        while run.spent < limit:
            began = time.monotonic()
            crops = [crop(self.strips, self.rng) for _ in range(self.options.batch)]
            features, offsets = (torch.from_numpy(np.stack(p)) for p in zip(*crops, strict=True))
            loss = curve_loss(run.network(features), offsets)
            losses.append(run.descend(loss, progress=run.spent / limit))
            run.spent += time.monotonic() - began
            if run.step % 200 == 0 or run.spent >= limit:
                run.save()
                self.log(float(np.mean(losses)))
                losses = []

    def log(self, loss: float) -> None:
        """Note the loss, and the errors on the pages that only judge."""
        rms, median, steep = judge(self.run.average.module, self.judges)
        self.run.log(
            strips=len(self.strips),
            loss=round(loss, 5),
            rms_px=round(rms, 4),
            median_px=round(median, 4),
            steep_rms_px=round(steep, 4),
        )


def crop(strips: list[Strip], rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Cut a piece of a random strip, now and then upside down or back to front."""
    strip = strips[rng.integers(len(strips))]
    left = int(rng.integers(strip.features.shape[1] - CROP + 1))
    features = strip.features[:, left : left + CROP].astype(np.float32)
    offsets = strip.offsets[2 * left : 2 * (left + CROP)]
    if rng.random() < 0.5:
        features, offsets = upside_down(features), -offsets
    if rng.random() < 0.5:
        features, offsets = back_to_front(features), offsets[::-1]
    return np.ascontiguousarray(features), np.ascontiguousarray(offsets)


def parts_of(features: Floats) -> tuple[Floats, Floats, Floats]:
    """Take features apart: strips, (levels, columns beside) of two maps, and plain numbers."""
    columns = features.shape[1]
    lines = features[3 * STRIP : 3 * STRIP + 2 * LEVEL_LINES]
    return (
        features[: 3 * STRIP].reshape(3, STRIP, columns),
        lines.reshape(2, len(LEVELS), 2 * SIDEWAYS + 1, columns),
        features[3 * STRIP + 2 * LEVEL_LINES :],
    )


def joined(strips: Floats, lines: Floats, numbers: Sequence[Floats]) -> Floats:
    """Put features together again."""
    columns = strips.shape[-1]
    return np.concatenate([strips.reshape(-1, columns), lines.reshape(-1, columns), numbers])


def upside_down(features: Floats) -> Floats:
    """Mirror the heights."""
    strips, lines, (step, before, above, below, inked, stroke) = parts_of(features)
    numbers = [-step, -before, below, above, inked, stroke]
    return joined(strips[:, ::-1], lines[:, ::-1], numbers)


def back_to_front(features: Floats) -> Floats:
    """Mirror the time."""
    strips, lines, (step, before, *others) = parts_of(features[:, ::-1])
    return joined(strips, lines[:, :, ::-1], [-before, -step, *others])


def curve_loss(answer: Tensor, offsets: Tensor) -> Tensor:
    """Compare heights where they are known, and the confidence everywhere.

    Parameters
    ----------
    answer : (batch, 3, columns)
    offsets : (batch, 2 columns), px, NaN where there is no curve or the path lost it
    """
    wanted = offsets.reshape(len(offsets), -1, 2).transpose(1, 2)
    known = torch.isfinite(wanted).all(dim=1)
    filled = torch.nan_to_num(wanted) / SCALE
    distance = functional.smooth_l1_loss(answer[:, :2], filled, beta=BENT, reduction="none")
    height = (distance.sum(dim=1) * known).sum() / known.sum().clamp(min=1)
    off = (answer[:, :2].detach() - filled).abs().amax(dim=1) * SCALE
    right = (known & (off < RIGHT + STEEPER * _rise(filled * SCALE))).float()
    sure = functional.binary_cross_entropy_with_logits(answer[:, 2], right)
    return 10.0 * height + 0.3 * sure


def _rise(offsets: Tensor) -> Tensor:
    """How much the two heights of a column differ, px; (batch, columns)."""
    return (offsets[:, 1] - offsets[:, 0]).abs() * 2.0


def judge(network: CurveReader, strips: list[Strip]) -> tuple[float, float, float]:
    """Return the root mean square, the median error, and the former on steep columns, px."""
    errors, steep = [], []
    network.eval()
    for strip in strips:
        with torch.no_grad():
            answer = network(torch.from_numpy(strip.features.astype(np.float32))[None])[0]
        read = answer[:2].T.numpy().reshape(-1) * SCALE
        known = np.isfinite(strip.offsets)
        errors.append((read - strip.offsets)[known])
        pairs = strip.offsets.reshape(-1, 2)
        steep.append(np.repeat(np.abs(pairs[:, 1] - pairs[:, 0]) > 1.5, 2)[known])
    network.train()
    error, flank = np.concatenate(errors), np.concatenate(steep)
    return (
        float(np.sqrt(np.mean(error**2))),
        float(np.median(np.abs(error))),
        float(np.sqrt(np.mean(error[flank] ** 2))),
    )


if __name__ == "__main__":
    main()
