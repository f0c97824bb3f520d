"""Train on a folder of pages with their rows: `python -m training.row_owner.train --help`."""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from cardioalert.networks.row_owner import ANSWERS, owner_planes
from training.row_owner.network import row_owner
from training.running import Run

LEARNING_RATE = 3e-3
AVERAGE = 0.99  # decay of the averaged weights
CROP = 192  # columns
HELD_BACK = 16  # every so many-th page only judges
STROKE = 2.5  # px above and below a true height that belong to the curve
INK = 26  # 255ths; fainter pixels decide nothing
NEAR = 9  # px between the curves of two rows that can be mistaken for each other
FAR = 0.5  # row spacings from its own base line: such ink looks like another row's
PLAIN, HARD = 0.1, 1.0  # weight of pixels
ON_HARD = 0.75  # share of the crops that are laid on hard places
JITTER = 3.0  # px, error of base lines
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Page:
    """A page as `dataset` keeps it, and its columns with pixels that are hard to tell."""

    centre: NDArray[np.uint8]
    trace: NDArray[np.uint8]
    base_lines: NDArray[np.float64]
    spacing: float
    lines: Floats
    owner: NDArray[np.intp]
    hard: NDArray[np.intp]


def main() -> None:
    """Train for the given minutes; resume when the checkpoint exists."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="folder of `dataset`")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--batch", type=int, default=6)
    options = parser.parse_args()
    options.run.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(1)
    Trainer(options).train()


def page_of(kept: dict[str, NDArray[np.generic]]) -> Page:
    """Find the hard columns of a page."""
    page = Page(**{**kept, "spacing": float(kept["spacing"]), "hard": np.zeros(0, np.intp)})
    masks = row_masks(page.lines, page.owner, rows=len(page.base_lines), height=len(page.trace))
    hard = hard_pixels(masks, page.base_lines, page.spacing) & (page.trace > INK)
    columns = np.flatnonzero(hard.sum(axis=0) > NEAR)
    return Page(**{name: getattr(page, name) for name in kept}, hard=columns)


def row_masks(
    lines: Floats, owner: NDArray[np.intp], *, rows: int, height: int
) -> NDArray[np.bool_]:
    """Draw the strokes of each row, shape (rows, height, columns)."""
    masks = np.zeros((rows, height, lines.shape[1] // 2), np.bool_)
    y = np.arange(height)[:, None]
    for line, row in zip(lines, owner, strict=True):
        if row < 0:
            continue
        pairs = line.reshape(-1, 2)
        before, after = np.roll(pairs[:, 1], 1), np.roll(pairs[:, 0], -1)
        before[0], after[-1] = pairs[0, 0], pairs[-1, 1]
        around = np.stack([before, pairs[:, 0], pairs[:, 1], after])
        low, high = np.fmin.reduce(around), np.fmax.reduce(around)
        masks[row] |= (y >= low - STROKE) & (y <= high + STROKE)  # False beside NaN
    return masks


def hard_pixels(
    masks: NDArray[np.bool_], base_lines: NDArray[np.float64], spacing: float
) -> NDArray[np.bool_]:
    """Return where the curves of two rows are near, or one is far from its base line."""
    near = np.zeros(masks.shape[1:], np.uint8)
    far = np.zeros(masks.shape[1:], np.bool_)
    y = np.arange(masks.shape[1])[:, None]
    for mask, base in zip(masks, base_lines, strict=True):
        near += cv2.dilate(mask.view(np.uint8), np.ones((NEAR, NEAR), np.uint8))
        far |= mask & (np.abs(y - base) > FAR * spacing)
    return (near > 1) | far


class Trainer:
    """The run, and the pages that it learns from and is judged by."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.run = Run(
            row_owner(), options.run, rate=LEARNING_RATE, weight_decay=1e-3, average=AVERAGE
        )
        self.known: set[Path] = set()
        self.pages: list[Page] = []
        self.judges: list[Page] = []
        self.read_new()
        self.rng = np.random.default_rng(self.run.step + 1)

    def read_new(self) -> None:
        """Read the pages that appeared since the last look and have two rows at least."""
        for file in sorted(self.options.cache.glob("[0-9]*[0-9].npz")):
            if file in self.known:
                continue
            self.known.add(file)
            with np.load(file) as kept:
                if len(kept["base_lines"]) > 1:
                    judges = int(file.stem) % HELD_BACK == 0
                    (self.judges if judges else self.pages).append(page_of(dict(kept)))

    def train(self) -> None:
        """Train; save, log and look for new pages every two hundred steps."""
        run, limit, losses = self.run, 60.0 * self.options.minutes, []
        while run.spent < limit:
            began = time.monotonic()
            crops = [crop(self.pages, self.rng) for _ in range(self.options.batch)]
            planes, wanted, weight = as_tensors(crops)
            loss = owner_loss(run.network.on_planes(planes), wanted, weight)
            losses.append(run.descend(loss, progress=run.spent / limit))
            run.spent += time.monotonic() - began
            if run.step % 200 == 0 or run.spent >= limit:
                run.save()
                self.log(float(np.mean(losses)))
                self.read_new()
                losses = []

    def log(self, loss: float) -> None:
        """Note the loss, and the errors on the pages that only judge."""
        judged_loss, hard_wrong = judge(self.run.average.module, self.judges)
        self.run.log(
            pages=len(self.pages),
            loss=round(loss, 5),
            judged_loss=round(judged_loss, 5),
            hard_wrong=round(hard_wrong, 5),
        )


def crop(pages: list[Page], rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Cut columns of a random page, now and then upside down or back to front."""
    page = pages[rng.integers(len(pages))]
    width = page.trace.shape[1]
    for _ in range(3):
        left = int(rng.integers(width - CROP + 1))
        if rng.random() > ON_HARD:
            break
        if len(page.hard):
            middle = page.hard[rng.integers(len(page.hard))]
            left = int(np.clip(middle - rng.integers(CROP), 0, width - CROP))
            break
        page = pages[rng.integers(len(pages))]
    return cut(page, left, rng)


def cut(page: Page, left: int, rng: np.random.Generator | None) -> tuple[Floats, Floats, Floats]:
    """Return what the network sees of some columns, what it should say, and what counts.

    Returns
    -------
    planes, wanted, weight : shapes (PLANES, ...), (16, ...), (4, ...), half as large
    """
    columns = slice(left, left + CROP)
    centre, trace = page.centre[:, columns], page.trace[:, columns]
    lines, bases = page.lines[:, 2 * left : 2 * (left + CROP)], page.base_lines
    height = len(trace)
    if rng is not None:
        bases = np.sort(bases + rng.normal(0.0, JITTER, len(bases)))
        if rng.random() < 0.5:
            centre, trace, lines = centre[::-1], trace[::-1], height - 1 - lines
            bases = height - 1 - bases
        if rng.random() < 0.5:
            centre, trace, lines = centre[:, ::-1], trace[:, ::-1], lines[:, ::-1]
    order = np.argsort(bases)
    masks = row_masks(lines, page.owner, rows=len(bases), height=height)[order]
    bases = bases[order]
    scaled = (part.astype(np.float32) / 255 for part in (centre, trace))
    planes = owner_planes(*scaled, bases, page.spacing)
    wanted = relative(masks, bases)
    hard = hard_pixels(masks, bases, page.spacing)
    counts = (trace > INK) | masks.any(axis=0)
    weight = np.where(counts, np.where(hard, HARD, PLAIN), 0.0).astype(np.float32)
    return planes, unshuffled(wanted), unshuffled(weight[None])


def relative(masks: NDArray[np.bool_], bases: NDArray[np.float64]) -> Floats:
    """Return the masks of rows counted from each pixel, shape (answers, height, columns)."""
    height = masks.shape[1]
    above = np.searchsorted(bases, np.arange(height), side="right") - 1
    wanted = np.zeros((len(ANSWERS), *masks.shape[1:]), np.float32)
    for answer, step in enumerate(ANSWERS):
        rows = above + step
        known = np.flatnonzero((rows >= 0) & (rows < len(bases)))
        wanted[answer, known] = masks[rows[known], known]
    return wanted


def unshuffled(maps: Floats) -> Floats:
    """Make two by two pixels channels, four after each other for each map."""
    parts = [each[row::2, column::2] for each in maps for row in (0, 1) for column in (0, 1)]
    return np.stack(parts)


def as_tensors(crops: list[tuple[Floats, Floats, Floats]]) -> tuple[Tensor, Tensor, Tensor]:
    """Stack crops."""
    planes, wanted, weight = (torch.from_numpy(np.stack(part)) for part in zip(*crops, strict=True))
    return planes, wanted, weight


def owner_loss(logits: Tensor, wanted: Tensor, weight: Tensor) -> Tensor:
    """Return the mean cross entropy over the pixels that count."""
    each = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    each = each.unflatten(1, (len(ANSWERS), 4)).sum(dim=1)
    return (each * weight).sum() / weight.sum().clamp(min=1.0)


def judge(network: torch.nn.Module, pages: list[Page]) -> tuple[float, float]:
    """Return the loss, and the share of hard pixels with any wrong answer."""
    losses, wrong, hard = [], 0, 0
    network.eval()
    for page in pages:
        for left in range(0, page.trace.shape[1] - CROP + 1, 2 * CROP):
            planes, wanted, weight = as_tensors([cut(page, left, None)])
            with torch.no_grad():
                logits = network.on_planes(planes)
            losses.append(float(owner_loss(logits, wanted, weight)))
            off = ((logits > 0) != (wanted > 0.5)).unflatten(1, (len(ANSWERS), 4)).any(dim=1)
            counted = weight == HARD
            wrong += int((off & counted).sum())
            hard += int(counted.sum())
    network.train()
    return float(np.mean(losses)), wrong / max(hard, 1)


if __name__ == "__main__":
    main()
