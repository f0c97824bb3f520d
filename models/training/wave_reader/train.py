"""Train the wave reader on a folder of windows: `python -m training.wave_reader.train --help`."""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from cardioalert.networks.wave_reader import (
    BIN,
    MARGIN,
    PACKED,
    SIZES,
    window_planes,
)
from training.running import Run
from training.wave_reader.dataset import UNIT
from training.wave_reader.network import WaveReader

LEARNING_RATE = 2e-3
AVERAGE = 0.998  # decay of the averaged weights
BENT = 8.0  # px; larger errors count linearly
HEIGHT_WEIGHT = 0.02  # of a px of error, against the cross-entropy of a bin near the curve
NEAR = 10.0  # bins of a column whose cross-entropy is added up into one
HELD_BACK = 0.04  # share of the pages that only judge
Floats = NDArray[np.float32]


class Windows:
    """All windows of some pages, as bytes, by the size of their batch."""

    def __init__(self, pages: list[Path]) -> None:
        self.maps: dict[int, list[NDArray[np.uint8]]] = {size: [] for size in SIZES}
        self.same: dict[int, list[Floats]] = {size: [] for size in SIZES}
        self.heights: dict[int, list[tuple[Floats, Floats, Floats]]] = {size: [] for size in SIZES}
        for page in pages:
            with np.load(page) as kept:
                if not kept["maps"].size:
                    continue
                for maps, same, *heights in zip(
                    *(kept[name] for name in ("maps", "same", "wanted", "read", "sure")),
                    strict=True,
                ):
                    self._add(maps, same, tuple(heights))

    def _add(
        self, maps: NDArray[np.uint8], same: Floats, heights: tuple[Floats, Floats, Floats]
    ) -> None:
        """Keep a window in the smallest size that holds its curve."""
        reach = 2.0 * (np.nanmax(np.abs(heights[0])) + 2 * BIN * PACKED) / (BIN * PACKED)
        size = next((size for size in SIZES if size >= reach), None)
        if size is None or size > same.shape[1]:
            return
        cut = (same.shape[1] - size) // 2
        self.same[size].append(same[:, cut : cut + size].copy())
        self.maps[size].append(maps[:, :, PACKED * cut : PACKED * (cut + size)].copy())
        self.heights[size].append(heights)

    def count(self) -> int:
        """Return how many windows there are."""
        return sum(map(len, self.maps.values()))

    def batch(self, rng: np.random.Generator, area: int) -> tuple[Tensor, Tensor]:
        """Draw windows of one size, some upside down or back to front, and what is wanted."""
        counts = np.array([len(self.maps[size]) for size in SIZES], float)
        size = int(rng.choice(SIZES, p=counts / counts.sum()))
        chosen = rng.integers(len(self.maps[size]), size=max(1, area // size))
        parts = [self.window(size, int(k), *(rng.random(2) < 0.5)) for k in chosen]
        planes, wanted = zip(*parts, strict=True)
        return torch.from_numpy(np.stack(planes)), torch.from_numpy(np.stack(wanted))

    def window(
        self, size: int, k: int, down: bool = False, back: bool = False
    ) -> tuple[Floats, Floats]:
        """Return the planes of a window and the heights wanted, px from the middle."""
        maps, same = self.maps[size][k], self.same[size][k]
        wanted, read, sure = self.heights[size][k]
        if down:
            maps, same, wanted, read = maps[:, :, ::-1], same[[0, 2, 1, 3, 4], ::-1], -wanted, -read
            same = same * np.array([-1, 1, 1, 1, 1], np.float32)[:, None]
        if back:
            maps, sure = maps[:, ::-1], sure[::-1]
            wanted, read = wanted[::-1, ::-1], read[::-1, ::-1]
        planes = window_planes(maps.astype(np.float32) / np.float32(UNIT), read, sure, same)
        return planes, np.ascontiguousarray(wanted)


def wave_loss(logits: Tensor, wanted: Tensor) -> Tensor:
    """Compare what is below, and the heights that it adds up to, where they are known.

    Parameters
    ----------
    logits : (windows, columns, 2, bins)
    wanted : (windows, columns, 2), px from the middle of the window
    """
    bins = logits.shape[3]
    known = torch.isfinite(wanted)
    known[:, : MARGIN // 2] = False
    known[:, -(MARGIN // 2) :] = False
    aim = torch.nan_to_num(wanted) / BIN + bins / 2.0
    share = (aim[..., None] - torch.arange(bins)).clamp(0.0, 1.0)
    entropy = functional.binary_cross_entropy_with_logits(logits, share, reduction="none")
    entropy = entropy.sum(dim=3) / NEAR
    height = torch.sigmoid(logits).sum(dim=3)
    off = functional.smooth_l1_loss(height * BIN, aim * BIN, beta=BENT, reduction="none")
    count = known.sum().clamp(min=1)
    return ((entropy + HEIGHT_WEIGHT * off) * known).sum() / count


class Trainer:
    """The run, and the windows that it learns from and is judged by."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.run = Run(
            WaveReader(), options.run, rate=LEARNING_RATE, weight_decay=1e-3, average=AVERAGE
        )
        pages = sorted(options.cache.glob("[0-9]*[0-9].npz"))
        step = round(1 / HELD_BACK)
        self.judges = Windows(pages[::step])
        self.windows = Windows([p for k, p in enumerate(pages) if k % step])
        self.rng = np.random.default_rng(self.run.step + 1)

    def train(self) -> None:
        """Train; save and log every five hundred steps."""
        run, limit, losses = self.run, 60.0 * self.options.minutes, []
        while run.spent < limit:
            began = time.monotonic()
            planes, wanted = self.windows.batch(self.rng, self.options.area)
            loss = wave_loss(run.network(planes), wanted)
            losses.append(run.descend(loss, progress=run.spent / limit))
            run.spent += time.monotonic() - began
            if run.step % 500 == 0 or run.spent >= limit:
                run.save()
                rms, median = judge(run.average.module, self.judges)
                run.log(
                    windows=self.windows.count(),
                    loss=round(float(np.mean(losses)), 4),
                    rms_px=round(rms, 3),
                    median_px=round(median, 3),
                )
                losses = []


def judge(network: WaveReader, windows: Windows) -> tuple[float, float]:
    """Return the root mean square and the median error of steep columns, px."""
    errors = []
    network.eval()
    for size in SIZES:
        for k in range(0, len(windows.maps[size]), 3):
            planes, wanted = windows.window(size, k)
            with torch.no_grad():
                below = torch.sigmoid(network(torch.from_numpy(planes)[None]))[0]
            read = BIN * (below.sum(dim=2).numpy() - size)  # two bins of heights per packed one
            inner = np.s_[MARGIN:-MARGIN]
            steep = np.abs(np.diff(wanted, axis=1)) > 1.5
            off = np.where(steep, read - wanted, np.nan)[inner]
            errors.append(off[np.isfinite(off)])
    network.train()
    error = np.concatenate(errors)
    return float(np.sqrt(np.mean(error**2))), float(np.median(np.abs(error)))


def main() -> None:
    """Train for the given minutes; resume when the checkpoint exists."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="folder of windows")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--area", type=int, default=1024, help="packed bins of heights in a batch")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    options.run.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    Trainer(options).train()


if __name__ == "__main__":
    main()
