"""The calibration pulse: the printed proof of the gain."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from cardioalert.digitize.columns import trace_extent
from cardioalert.digitize.page import PAGE_PIXELS_PER_MM
from cardioalert.domain.imaging import InkMaps, RowTrace

GAINS: Final = (5.0, 10.0, 20.0)  # mm/mV; the pulse is 1 mV high
WIDTHS: Final = np.arange(14, 54)  # px, 1.8 to 6.6 mm
USUAL_GAIN: Final = 10.0  # mm/mV
SEARCHED_MM: Final = (25.0, 12.0)  # outside and inside the ends of the traces
PULSE_FOOT: Final = 6  # px beside the walls that still belong to the pulse
SLACK: Final = 8  # px, error of the height
SEEN: Final = 0.33  # mean score of all rows
SEEN_UNUSUAL: Final = 0.45  # the same for gains that are rarely printed
CLEARLY: Final = 1.3  # times the score of the next gain

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """The calibration pulse of a page.

    Attributes
    ----------
    gain : float, mm/mV
    left, right : float, page pixels
    """

    gain: float
    left: float
    right: float


def find_pulse(rows: tuple[RowTrace, ...], maps: InkMaps) -> Pulse | None:
    """Find the pulse that stands at one end of all rows.

    A printer draws the same pulse at the same place of every row; a wave that happens to look like
    a pulse stands alone. So the rows vote place by place.
    """
    ink = np.maximum(np.maximum(maps.trace, maps.marks), maps.centre)
    votes = [_best_place(rows, ink, gain) for gain in GAINS]
    best = int(np.argmax([score for score, _, _ in votes]))
    score, left, width = votes[best]
    rivals = [vote[0] for number, vote in enumerate(votes) if number != best]
    limit = SEEN if GAINS[best] == USUAL_GAIN else SEEN_UNUSUAL
    if score < limit or score < CLEARLY * max(rivals):
        return None
    return Pulse(gain=GAINS[best], left=left, right=left + width)


def without_pulse(rows: tuple[RowTrace, ...], pulse: Pulse | None) -> tuple[RowTrace, ...]:
    """Cut the rows where the pulse stands: it, and what lies beyond it, is not ECG."""
    if pulse is None:
        return rows
    start, end = trace_extent(rows)
    x = np.arange(len(rows[0].y))
    if pulse.right - start < end - pulse.left:
        keep = x > pulse.right + PULSE_FOOT
    else:
        keep = x < pulse.left - PULSE_FOOT
    nowhere = np.float32(np.nan)
    return tuple(
        replace(
            row,
            y=np.where(keep, row.y, nowhere),
            confidence=np.where(keep, row.confidence, np.float32(0.0)),
        )
        for row in rows
    )


def _best_place(rows: tuple[RowTrace, ...], ink: Floats, gain: float) -> tuple[float, float, float]:
    """Return the mean score over the rows at the best place, its x and its width."""
    outside, inside = (mm * PAGE_PIXELS_PER_MM for mm in SEARCHED_MM)
    start, end = trace_extent(rows)
    best = (0.0, 0.0, 0.0)
    for left, right in ((start - outside, start + inside), (end - inside, end + outside)):
        origin = max(0, int(left))
        piece = ink[:, origin : max(0, int(right))]
        if piece.shape[1] <= WIDTHS[-1] + 1:
            continue
        scores = np.mean([_pulse_scores(piece, row.baseline, gain) for row in rows], axis=0)
        width, place = np.unravel_index(int(np.argmax(scores)), scores.shape)
        if scores[width, place] > best[0]:
            best = (float(scores[width, place]), float(origin + place), float(WIDTHS[width]))
    return best


def _pulse_scores(ink: Floats, base: float, height_mm: float) -> Floats:
    """Return how well an empty rectangle of a height is drawn on the base line at each place.

    Returns
    -------
    float array, shape (widths, places), 0-1
        The weaker of its roof and its walls, less what is inside it; walls that go on above the
        roof or below the base line are the walls of something else, and a wall that is missing
        in one third of its height is the flank of a wave.
    """
    places = ink.shape[1] - WIDTHS[-1]
    best = np.zeros((len(WIDTHS), places), dtype=np.float32)
    foot = int(base)
    height = int(height_mm * PAGE_PIXELS_PER_MM)
    if foot - height - SLACK - 3 < 0 or foot >= len(ink):
        return best
    wide = cv2.dilate(ink, np.ones((1, 5), np.uint8))
    below = wide[foot + 10 : foot + 22].mean(axis=0) if foot + 22 < len(ink) else 0.0
    for roof_y in range(foot - height - SLACK, foot - height + SLACK + 1):
        roof = _cumulative(ink[roof_y - 1 : roof_y + 2].max(axis=0))
        inside = _cumulative(ink[roof_y + 5 : foot - 8].mean(axis=0))
        thirds = np.array_split(wide[roof_y + 3 : foot - 4], 3)
        wall = np.minimum.reduce([third.mean(axis=0) for third in thirds])
        above = wide[max(0, roof_y - 14) : max(1, roof_y - 4)].mean(axis=0)
        wall = np.clip(wall - np.maximum(above, below), 0.0, 1.0)
        walls = (wall[:places] + _at_right(wall, places, -1)) / 2.0
        drawn = np.minimum((_at_right(roof, places) - roof[:places]) / WIDTHS[:, None], walls)
        filled = _at_right(inside, places, -4) - inside[4 : places + 4]
        filled /= WIDTHS[:, None] - 8
        np.maximum(best, drawn - filled, out=best)
    near = cv2.dilate(best, np.ones((3, 5), np.uint8))  # rows may differ by a pixel or two
    return np.asarray(near, dtype=np.float32)


def _at_right(values: Floats, places: int, step: int = 0) -> Floats:
    """Return what stands a width and a step right of each place, shape (widths, places), a view."""
    first = int(WIDTHS[0]) + step
    return sliding_window_view(values, places)[first : first + len(WIDTHS)]


def _cumulative(values: Floats) -> Floats:
    """Return sums from the left, beginning with 0."""
    return np.concatenate([[0.0], np.cumsum(values)]).astype(np.float32)
