"""Train on a folder of pages with their rows: `python -m training.row_owner.train --help`."""

import argparse
import csv
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
    Trainer(options).run()


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
    """One run: network, averaged network, optimizer, clock."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.network = row_owner()
        self.average = torch.optim.swa_utils.AveragedModel(
            self.network,
            multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(AVERAGE),
            use_buffers=True,
        )
        self.optimizer = torch.optim.AdamW(self.network.parameters(), weight_decay=1e-3)
        self.step, self.spent = 0, 0.0
        self.checkpoint = options.run / "checkpoint.pt"
        if self.checkpoint.exists():
            self.load()
        self.known: set[Path] = set()
        self.pages: list[Page] = []
        self.judges: list[Page] = []
        self.read_new()
        self.rng = np.random.default_rng(self.step + 1)

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

    def run(self) -> None:
        """Train; save, log and look for new pages every two hundred steps."""
        limit, losses = 60.0 * self.options.minutes, []
        while self.spent < limit:
            began = time.monotonic()
            crops = [crop(self.pages, self.rng) for _ in range(self.options.batch)]
            losses.append(self.learn(*as_tensors(crops), self.spent / limit))
            self.spent += time.monotonic() - began
            if self.step % 200 == 0 or self.spent >= limit:
                self.save()
                self.log(float(np.mean(losses)))
                self.read_new()
                losses = []

    def learn(self, planes: Tensor, wanted: Tensor, weight: Tensor, progress: float) -> float:
        """Take one step; the learning rate falls along a half cosine."""
        rate = LEARNING_RATE * min(1.0, (self.step + 1) / 50)
        rate *= 0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * progress))
        for group in self.optimizer.param_groups:
            group["lr"] = float(rate)
        loss = owner_loss(self.network.on_planes(planes), wanted, weight)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.average.update_parameters(self.network)
        self.step += 1
        return float(loss.detach())

    def log(self, loss: float) -> None:
        """Add a row to the log: loss and errors on the pages that only judge."""
        row = [self.step, round(self.spent), len(self.pages), round(loss, 5)]
        row += [round(value, 5) for value in judge(self.average.module, self.judges)]
        path = self.options.run / "log.csv"
        new = not path.exists()
        with path.open("a", newline="") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(["step", "seconds", "pages", "loss", "judged_loss", "hard_wrong"])
            writer.writerow(row)

    def save(self) -> None:
        """Write the checkpoint at once."""
        temporary = self.checkpoint.with_suffix(".tmp")
        state = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "spent": self.spent,
        }
        torch.save(state, temporary)
        temporary.replace(self.checkpoint)

    def load(self) -> None:
        """Go on from the checkpoint."""
        state = torch.load(self.checkpoint, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.spent = state["step"], state["spent"]


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
