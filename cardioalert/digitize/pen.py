"""Draw a curve once more with the pen of its page, and move it until the same ink is there.

The curve reader has learned from paper: wide strokes, scanned or photographed. On a page that a
program drew and nobody printed the stroke is narrow and sharp, a wave is a few pixels wide, and the
ink says more than the reader makes of it: tips are some percent too low. There the pen can be
imitated. A disc that travels along the curve inks, at each position along time, one unbroken piece;
blurred, these pieces must give the ink of the page. The heights are moved until they do (Adam;
Kingma and Ba 2015), held back by what was read at first. Only steep parts are: elsewhere nothing is
left to gain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.digitize.following import runs

FINE: Final = 8  # positions of the pen per column; heights come twice, pieces of ink every other
UNSEEN_GRID: Final = 0.02  # darker than the paper: more of it, and the page was printed
SHARPEST: Final = 0.7  # px of blur; more of it, and the page was scanned
CONTRAST: Final = 0.3  # between ink and paper, 0-1
LEVEL: Final = 0.5  # px of rise per column up to which a stroke shows its width
PROFILE: Final = 8  # px above and below such a stroke
FEWEST: Final = 60  # columns of level stroke that tell what the pen is like
STEEP: Final = 1.5  # px of rise per column
AROUND: Final = 4  # columns beside steep ones that are moved with them
MARGIN: Final = 3  # columns more that are drawn and stay
SHORTEST: Final = 4  # columns of a part
MOST_PIXELS: Final = 60_000  # of a row that are drawn again; QRS complexes have some 15,000
STEPS: Final = 40
RATE: Final = 0.6  # px of the first step
MEMORY: Final = (0.8, 0.95)  # of the direction, of its size
HELD: Final = 0.003  # price of a move, against the square of ink that is wrong
STIFF: Final = 0.0003  # price of a bend
LEAST_BLUR: Final = 0.35  # px
EXPLAINED: Final = 0.05  # of the squared ink of a part that its pen may leave unexplained
LONGER: Final = 1.3  # rise and fall of a part that is moved, against those that were read
LONGER_PX: Final = 6.0  # and so much more

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pen:
    """What draws a curve: the width of its stroke and the blur of its edges, page pixels."""

    width: float
    blur: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """A steep part of a row: what is seen of it, and where.

    Attributes
    ----------
    ink : float array, shape (columns, heights), 0-1, without the margins
    own : bool array of the same shape
        Not the ink of another row.
    heights : float array, shape (heights,)
    """

    ink: Doubles
    own: NDArray[np.bool_]
    heights: Doubles


def was_printed(darkness: Floats, grid: float) -> bool:
    """Tell whether the grid leaves a trace in the brightest color, as on paper; see `redraw`."""
    return grid - _paper(darkness) > UNSEEN_GRID


def _paper(darkness: Floats) -> float:
    """Return how dark the paper is, 0-1."""
    return float(np.median(darkness[:: MARGIN + 1]))


def redraw(
    fine: Floats, darkness: Floats, others: NDArray[np.bool_], *, top: int, grid: float
) -> Floats:
    """Move the steep parts of a curve to where its pen must have been.

    Parameters
    ----------
    fine : float32 array, shape (columns, 2), page pixels, NaN where nothing is known
    darkness : float32 array, shape (columns, heights), 0-1
        Of the page around the row.
    others : bool array of the same shape
        What other rows drew.
    top : int, page pixels
        Of the first of these heights.
    grid : float, 0-1
        Darkness of the darkest lines of the grid.

    Returns
    -------
    float32 array, shape (columns, 2)
        As given where the page was printed, and where the pen cannot be known.
    """
    known: NDArray[np.bool_] = np.isfinite(fine[:, 0]) & np.isfinite(fine[:, 1])
    if was_printed(darkness, grid) or np.count_nonzero(known) < FEWEST:
        return fine
    paper = _paper(darkness)
    curve = fine.astype(np.float64) - top
    middle = np.clip(np.nan_to_num(curve.mean(axis=1)), 0, darkness.shape[1] - 1).astype(int)
    full = float(np.quantile(darkness[np.arange(len(fine)), middle][known], 0.8)) - paper
    if full < CONTRAST:
        return fine
    ink = np.clip((darkness - paper) / full, 0.0, 1.0)
    pen = _pen_of(ink, curve)
    parts = _steep_parts(curve, known)
    tallest = sum((b - a) * int(np.ptp(curve[a:b]) + PROFILE) for a, b in parts)
    if pen is None or pen.blur > SHARPEST or tallest > MOST_PIXELS:
        return fine
    moved = curve.copy()
    for start, stop in parts:
        before, after = (
            MARGIN if side.all() and len(side) == MARGIN else 0
            for side in (known[max(0, start - MARGIN) : start], known[stop : stop + MARGIN])
        )
        piece = curve[start - before : stop + after].reshape(-1)
        reach = pen.width + PROFILE / 2
        low = max(0, int(piece.min() - reach))
        heights = slice(low, min(darkness.shape[1], int(piece.max() + reach) + 1))
        part = Part(
            ink=ink[start:stop, heights].astype(np.float64),
            own=~others[start:stop, heights],
            heights=np.arange(heights.start, heights.stop, dtype=np.float64),
        )
        moved[start - before : stop + after] = _fitted(piece, before, part, pen).reshape(-1, 2)
    return (moved + top).astype(np.float32)


def _pen_of(ink: Floats, curve: Doubles) -> Pen | None:
    """Measure the pen where the stroke is level: its ink is its width, its spread the blur."""
    level = np.flatnonzero(np.abs(curve[:, 1] - curve[:, 0]) * 2.0 < LEVEL)
    heights = np.round(curve[level].mean(axis=1)).astype(int)[:, None] + np.arange(
        -PROFILE, PROFILE + 1
    )
    inside = (heights.min(axis=1) >= 0) & (heights.max(axis=1) < ink.shape[1])
    if np.count_nonzero(inside) < FEWEST:
        return None
    heights = heights[inside]
    stroke = ink[level[inside][:, None], heights].astype(np.float64)
    mass = np.maximum(stroke.sum(axis=1), 1e-6)
    center = (stroke * heights).sum(axis=1) / mass
    spread = (stroke * (heights - center[:, None]) ** 2).sum(axis=1) / mass
    width = float(np.median(mass))
    blur = float(np.sqrt(max(np.median(spread) - width**2 / 12.0, LEAST_BLUR**2)))
    return Pen(width=width, blur=blur)


def _steep_parts(curve: Doubles, known: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the runs of columns in and beside which the curve is steep, all of them known."""
    slope = np.abs(np.nan_to_num(np.diff(curve.reshape(-1)))) * 2.0
    steep = np.append(slope > STEEP, False).reshape(-1, 2).any(axis=1)
    wide = np.convolve(steep, np.ones(2 * AROUND + 1), "same") > 0
    return [(a, b) for a, b in runs(wide & known) if b - a >= SHORTEST]


def _fitted(first: Doubles, before: int, part: Part, pen: Pen) -> Doubles:
    """Move the heights of a part, two to a column, until its ink is that of the page.

    A letter, or a stroke with pointed corners, is not this pen's; a separator is, if the pen
    hatches it up and down: such parts stay as they were read.
    """
    heights = first.copy()
    fixed = np.ones(len(first))
    fixed[:2] = fixed[-2:] = 0.0
    direction, size = np.zeros(len(first)), np.zeros(len(first))
    best = first
    least = unexplained = float("inf")
    for step in range(1, STEPS + 1):
        stroke = _Stroke(heights, before, part, pen)
        wrong = np.where(part.own, stroke.ink - part.ink, 0.0)
        away, bend = heights - first, np.diff(heights, 2)
        squares = float(np.vdot(wrong, wrong))
        price = squares + HELD * float(away @ away) + STIFF * float(bend @ bend)
        if price < least:
            best, least, unexplained = heights, price, squares
        uphill = stroke.uphill(wrong) + HELD * away
        uphill[:-2] += STIFF * bend
        uphill[1:-1] -= 2.0 * STIFF * bend
        uphill[2:] += STIFF * bend
        uphill *= fixed
        direction = MEMORY[0] * direction + (1.0 - MEMORY[0]) * uphill
        size = MEMORY[1] * size + (1.0 - MEMORY[1]) * uphill**2
        pace = RATE * (1.0 - step / (STEPS + 1.0)) / (1.0 - MEMORY[0] ** step)
        heights = heights - pace * direction / (np.sqrt(size / (1.0 - MEMORY[1] ** step)) + 1e-3)
    seen = float((part.ink[part.own] ** 2).sum())
    drawn, drawn_first = (float(np.abs(np.diff(curve)).sum()) for curve in (best, first))
    hatched = drawn > LONGER * drawn_first + LONGER_PX
    return best if unexplained < EXPLAINED * seen and not hatched else first


class _Stroke:
    """The ink of a curve, and how it changes with the heights of the curve."""

    def __init__(self, heights: Doubles, before: int, part: Part, pen: Pen) -> None:
        """Draw heights that begin `before` columns left of the part."""
        between = FINE // 2
        share = np.arange(between) / between
        self.share = share
        path = np.append(
            (heights[:-1, None] * (1.0 - share) + heights[1:, None] * share).ravel(), heights[-1]
        )
        self.path_length, self.count = len(path), len(heights)
        radius = pen.width / 2.0
        reach = int(radius * FINE)
        beside = np.arange(-reach, reach + 1)
        disc = np.sqrt(np.maximum(radius**2 - (beside / FINE) ** 2, 0.0))
        at = np.arange(0, len(path), 2)
        touched = np.clip(at[:, None] + beside, 0, len(path) - 1)
        upper, lower = path[touched] - disc, path[touched] + disc
        row = np.arange(len(at))
        highest, lowest = upper.argmin(axis=1), lower.argmax(axis=1)
        self.pens = touched[row, highest], touched[row, lowest]  # what draws the edges
        self.ramp = np.sqrt(12.0) * pen.blur  # px, an even edge as wide as the blur
        self.above = (part.heights - upper[row, highest][:, None]) / self.ramp + 0.5
        self.below = (lower[row, lowest][:, None] - part.heights) / self.ramp + 0.5
        columns = np.arange(part.ink.shape[0])[:, None] + before + 0.25  # after the first height
        weight = np.exp(-0.5 * ((columns - at / FINE) / pen.blur) ** 2)
        self.weight = weight / weight.sum(axis=1, keepdims=True)
        self.ink = self.weight @ np.clip(np.minimum(self.above, self.below), 0.0, 1.0)

    def uphill(self, wrong: Doubles) -> Doubles:
        """Return how half the squared sum of ink that is wrong grows with each height."""
        spread = self.weight.T @ wrong / self.ramp
        first = self.above <= self.below
        path = np.zeros(self.path_length)
        for edge, decides, sign, pen in (
            (self.above, first, -1.0, self.pens[0]),
            (self.below, ~first, 1.0, self.pens[1]),
        ):
            changes = decides & (edge > 0.0) & (edge < 1.0)
            path += np.bincount(pen, sign * (spread * changes).sum(axis=1), self.path_length)
        grown = np.zeros(self.count)
        between = path[:-1].reshape(-1, len(self.share))
        grown[:-1] += between @ (1.0 - self.share)
        grown[1:] += between @ self.share
        grown[-1] += path[-1]
        return grown
