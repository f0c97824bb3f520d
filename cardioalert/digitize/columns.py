"""Where the columns of a page begin: one start and one width that fit all the evidence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from cardioalert.digitize.page import PAGE_PIXELS_PER_MM
from cardioalert.domain.imaging import InkMaps, PrintedLabel, RowTrace

LABEL_LEAD_MM: Final = 1.0  # lead names usually begin this far right of the border
LABEL_SPREAD_MM: Final = 5.0
START_RANGE_MM: Final = (5.0, 25.0)  # before and after the first ink of the traces
START_SPREAD_MM: Final = 0.4
COLUMN_MM: Final = (62.5, 125.0, 250.0)  # 2.5 s or 5 s at 25 or 50 mm/s
USUAL_BONUS: Final = 0.5  # for columns of a usual width
USUAL_SPREAD: Final = 0.01  # relative
SUSTAINED: Final = 40  # px of trace that make a beginning

# The second look, a quarter of a pixel at a time:
NEAR: Final = np.arange(-24.0, 24.25, 0.25)  # px from the start found first
ALIKE: Final = np.linspace(-0.02, 0.02, 81)  # relative to the width found first
USUAL_TOLERANCE: Final = 0.015  # of a width that is taken for a usual one
TRUE_SPREAD: Final = (0.0015, 0.006)  # relative, of widths that are usual and that are not
UNUSUAL: Final = 0.1  # the most that a width costs: carts print up to 2 % long or short
UNSURE_END: Final = 1.25  # px of a row at both ends that its reader is not sure of
INK_SPREAD: Final = 5.0  # px between the first ink and the start: a frame or a pulse may hide it
AT_EDGE: Final = 6.0  # px from the edge of the picture, where ink is not seen well
EDGE_BONUS: Final = 0.1  # for columns that begin at that very edge
END_BONUS: Final = 0.03  # behind a pulse, for columns the last of which ends where the ink does
END_SPREAD: Final = 1.5  # px
INK_MOST: Final = 4.0  # of these, squared, that count: three separators outweigh a first ink
BEHIND_PULSE: Final = 2.5  # px; there the first ink may be the foot of the pulse:
FOOT_SPREAD: Final = 12.0  # px that the start may lie to the right of it
BLUR: Final = 2.0  # px, half the width of a separator
STEP: Final = (2, 6)  # px on both sides between which a curve leaps, or only climbs
UNKNOWN_STEP: Final = 0.2  # beside a gap

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """What may stand where the traces begin, page pixels.

    Attributes
    ----------
    picture_left : float
        The left edge of the picture, if the page goes on beyond it.
    pulse_end : float
        Up to where rows were cut because a pulse stands there.
    """

    picture_left: float = -np.inf
    pulse_end: float = -np.inf


NO_EDGES: Final = Edges()


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Equal columns side by side.

    Attributes
    ----------
    start, width : float, page pixels
    count : int
    evidence : float
        Mean strength of what was seen at the borders (0: nothing).
    end : float, page pixels
        Where the traces end; the last column may be cut there.
    """

    start: float
    width: float
    count: int
    evidence: float
    end: float

    def border(self, column: int) -> float:
        """Return the left border of a column (column `count`: the end of the print)."""
        if column >= self.count:
            return max(self.end, self.start)
        return self.start + column * self.width

    def of(self, x: float) -> int:
        """Return the column of a lead name that begins at x, which may stand a little early."""
        return int(np.clip((x - self.start + 0.12 * self.width) // self.width, 0, self.count - 1))


def trace_extent(rows: tuple[RowTrace, ...]) -> tuple[float, float]:
    """Return where the traces of most rows begin and end, page pixels."""
    starts, ends = [], []
    for row in rows:
        seen = np.isfinite(row.y)
        dense = np.flatnonzero(cv2.blur(seen[None, :].astype(np.float32), (SUSTAINED, 1))[0] > 0.8)
        if len(dense):
            blanks = np.flatnonzero(~seen)
            before, after = blanks[blanks < dense[0]], blanks[blanks > dense[-1]]
            starts.append(before[-1] + 1 if len(before) else 0)
            ends.append(after[0] if len(after) else len(seen))
    if not starts:
        return 0.0, float(len(rows[0].y) - 1)
    return float(np.median(starts)), float(np.median(ends))


def find_columns(
    rows: tuple[RowTrace, ...],
    labels: tuple[PrintedLabel, ...],
    maps: InkMaps,
    count: int,
    edges: Edges,
) -> Columns:
    """Fit `count` equal columns to trace ends, lead names, separators and jumps of the traces.

    Where the traces begin at the left edge of the picture, the columns may begin at that very edge.
    Where they begin right behind a pulse, their first ink may be its foot.
    """
    start, end = trace_extent(rows)
    edge = edges.picture_left if abs(start - edges.picture_left) < AT_EDGE else None
    foot = abs(start - edges.pulse_end) < BEHIND_PULSE
    if not foot:
        start -= UNSURE_END
    end += UNSURE_END
    if count == 1:
        start = start if edge is None else edge
        return Columns(start=start, width=end - start, count=1, evidence=0.0, end=end)
    strength = border_strength(rows, labels, maps)
    usual = (end - start) / count
    mm = PAGE_PIXELS_PER_MM
    widths = np.arange(0.82 * usual, 1.12 * usual, 1.0)
    starts = np.arange(start - START_RANGE_MM[0] * mm, start + START_RANGE_MM[1] * mm + 1.0)
    width, begin = np.meshgrid(widths, starts)
    score = np.zeros(width.shape)
    for border in range(count):
        at = np.clip(np.round(begin + border * width), 0, len(strength) - 1).astype(int)
        score += strength[at] / count
    evidence = score.copy()
    score -= 0.1 * np.minimum(((begin - start) / (START_SPREAD_MM * mm)) ** 2, 9.0)
    score -= 0.025 * np.minimum(((begin + count * width - end) / (3.0 * mm)) ** 2, 9.0)
    off = np.abs(width[..., None] / mm / np.array(COLUMN_MM) - 1.0).min(axis=-1)
    score += USUAL_BONUS * np.exp(-0.5 * (off / USUAL_SPREAD) ** 2)
    best = np.unravel_index(int(np.argmax(score)), score.shape)
    found = Columns(
        start=float(begin[best]),
        width=float(width[best]),
        count=count,
        evidence=float(evidence[best]),
        end=end,
    )
    return _refined(found, rows, maps.marks, ink_start=start, edge=edge, foot=foot)


def _refined(
    found: Columns,
    rows: tuple[RowTrace, ...],
    marks: Floats,
    *,
    ink_start: float,
    edge: float | None,
    foot: bool,
) -> Columns:
    """Place the columns to a fraction of a pixel: each pixel beside the border is 5 ms of a lead.

    Only borders between two columns tell; the first one may have a pulse or a frame beside it. A
    usual width is mostly true to a thousandth, because the grid gave the scale of the page.
    """
    strength = np.mean([_thin_marks(row, marks) for row in rows], axis=0, dtype=np.float64)
    strength += 0.6 * np.mean([_step(row) for row in rows], axis=0)
    strength = gaussian_filter1d(strength, BLUR)
    usual = min(COLUMN_MM, key=lambda mm: abs(found.width - mm * PAGE_PIXELS_PER_MM))
    usual *= PAGE_PIXELS_PER_MM
    is_usual = abs(found.width / usual - 1.0) < USUAL_TOLERANCE
    likely = usual if is_usual else found.width
    starts = found.start + NEAR
    if edge is not None:
        starts = np.append(starts, edge)
    width, start = np.meshgrid(likely * (1.0 + ALIKE), starts)
    off = (width / likely - 1.0) / TRUE_SPREAD[0 if is_usual else 1]
    score = -np.minimum(0.1 * off**2, UNUSUAL)
    spread = np.where(foot & (start > ink_start), FOOT_SPREAD, INK_SPREAD)
    score -= 0.03 * np.minimum(((start - ink_start) / spread) ** 2, INK_MOST)
    score += EDGE_BONUS * (start == edge)
    if foot:
        past_end = start + found.count * width - found.end
        score += END_BONUS * np.exp(-0.5 * (past_end / END_SPREAD) ** 2)
    for border in range(1, found.count):
        at = start + border * width
        score += np.interp(at, np.arange(len(strength)), strength) / found.count
    best = np.unravel_index(int(np.argmax(score)), score.shape)
    return replace(found, start=float(start[best]), width=float(width[best]))


def border_strength(
    rows: tuple[RowTrace, ...], labels: tuple[PrintedLabel, ...], maps: InkMaps
) -> Doubles:
    """Return how much speaks for a column border at each x of the page."""
    width = maps.centre.shape[1]
    strength = np.zeros(width)
    x = np.arange(width)
    mm = PAGE_PIXELS_PER_MM
    for label in labels:
        center = label.left - LABEL_LEAD_MM * mm
        strength += (
            0.25 * label.confidence * np.exp(-0.5 * ((x - center) / (LABEL_SPREAD_MM * mm)) ** 2)
        )
    strength += 0.8 * np.mean([_separator(row, maps.marks) for row in rows], axis=0)
    strength += 0.6 * np.mean([_jump(row) for row in rows], axis=0)
    return strength


def _thin_marks(row: RowTrace, marks: Floats) -> Floats:
    """Return the share of the 10 mm around the base line covered by a thin vertical mark."""
    mm = PAGE_PIXELS_PER_MM
    top, bottom = max(0, int(row.baseline - 5 * mm)), int(row.baseline + 5 * mm)
    share = marks[top:bottom].mean(axis=0)
    broad = cv2.blur(share[None, :], (33, 1))[0]
    thin: Floats = np.clip(share - broad, 0.0, None)
    return thin


def _separator(row: RowTrace, marks: Floats) -> Doubles:
    """Return how surely there is a separator at each x or beside it, 0-1."""
    thin = _thin_marks(row, marks)
    beside = cv2.dilate(thin[None, :], np.ones((1, 3)))[0]
    covered: Doubles = np.clip((thin + beside) * 1.5, 0.0, 1.0).astype(np.float64)
    return covered


def _step(row: RowTrace) -> Doubles:
    """Return how far the curve leaps at each x (1 at 1 mm) and not just climbs, as in a QRS."""
    known = np.isfinite(row.y)
    filled = np.where(known, row.y, row.baseline).astype(np.float64)
    near, far = STEP
    left, inner_left, inner_right, right = (
        np.roll(filled, shift) for shift in (far, near, -near, -far)
    )
    leap = np.abs(inner_right - inner_left)
    leap -= np.abs(inner_left - left) + np.abs(right - inner_right)
    seen = np.logical_and.reduce([np.roll(known, shift) for shift in (far, near, -near, -far)])
    return np.where(seen, np.clip(leap / PAGE_PIXELS_PER_MM, 0.0, 1.0), UNKNOWN_STEP)


def _jump(row: RowTrace) -> Doubles:
    """Return how far the curve jumps at each x (1 at 1 mm), or 0.5 where it has a gap."""
    y = row.y.astype(np.float64)
    known = np.isfinite(y)
    filled = np.where(known, y, row.baseline)
    left, right = np.roll(filled, 3), np.roll(filled, -3)
    jump = np.clip(np.abs(right - left) / PAGE_PIXELS_PER_MM, 0.0, 1.0)
    return np.where(np.roll(known, 3) & np.roll(known, -3), jump, 0.5)
