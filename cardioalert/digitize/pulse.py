"""The calibration pulse: the printed proof of the gain."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
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
SEEN_ALONE: Final = (0.36, 2.0)  # or less, if the next gain has only the half of it

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


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

    @property
    def end(self) -> float:
        """Page x up to which a row that begins with the pulse is cut."""
        return self.right + PULSE_FOOT


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
    limit, clearly = SEEN if GAINS[best] == USUAL_GAIN else SEEN_UNUSUAL, CLEARLY
    if score < limit:
        limit, clearly = SEEN_ALONE
    if score < limit or score < clearly * max(rivals):
        return None
    return Pulse(gain=GAINS[best], left=left, right=left + width)


def without_pulse(rows: tuple[RowTrace, ...], pulse: Pulse | None) -> tuple[RowTrace, ...]:
    """Cut the rows where the pulse stands: it, and what lies beyond it, is not ECG."""
    if pulse is None:
        return rows
    start, end = trace_extent(rows)
    x = np.arange(len(rows[0].y))
    first = pulse.right - start < end - pulse.left
    keep = x > pulse.end if first else x < pulse.left - PULSE_FOOT
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
    wide = np.asarray(cv2.dilate(ink, np.ones((1, 5), np.uint8)), dtype=np.float32)
    below = wide[foot + 10 : foot + 22].mean(axis=0) if foot + 22 < len(ink) else np.float32(0.0)
    roof_y = np.arange(foot - height - SLACK, foot - height + SLACK + 1)
    top = max(0, int(roof_y[0]) - 14)  # of what is looked at
    inked, widened = (_sums_from_above(part[top : foot - 3]) for part in (ink, wide))
    roof_y = roof_y - top
    inside = _mean_rows(inked, roof_y + 5, foot - 8 - top)
    wall_top, bottom = roof_y + 3, foot - 4 - top
    tall = bottom - wall_top
    first, second = wall_top + (tall + 2) // 3, bottom - tall // 3
    wall = np.minimum.reduce(
        [
            _mean_rows(widened, wall_top, first),
            _mean_rows(widened, first, second),
            _mean_rows(widened, second, bottom),
        ]
    )
    above = _mean_rows(widened, np.maximum(0, roof_y - 14), np.maximum(1, roof_y - 4))
    wall = np.clip(wall - np.maximum(above, below), 0.0, 1.0)
    roof = np.maximum.reduce([ink[top + roof_y + step] for step in (-1, 0, 1)])
    best = _drawn(_cumulative(roof), _cumulative(inside), wall, places)
    near = cv2.dilate(best, np.ones((3, 5), np.uint8))  # rows may differ by a pixel or two
    return np.asarray(near, dtype=np.float32)


def _drawn(roof: Floats, inside: Floats, wall: Floats, places: int) -> Floats:
    """Return the best score of all roofs, shape (widths, places).

    Parameters
    ----------
    roof, inside : float32 arrays, shape (roofs, columns + 1), sums from the left
    wall : float32 array, shape (roofs, columns)
    places : int, columns at which a pulse may begin
    """
    best = np.zeros((len(WIDTHS), places), dtype=np.float32)
    for number, width in enumerate(WIDTHS.tolist()):
        walls = (wall[:, :places] + wall[:, width - 1 : width - 1 + places]) / np.float32(2.0)
        roofs = (roof[:, width : width + places] - roof[:, :places]) / np.float32(width)
        filled = inside[:, width - 4 : width - 4 + places] - inside[:, 4 : places + 4]
        filled /= np.float32(width - 8)
        np.maximum((np.minimum(roofs, walls) - filled).max(axis=0), 0.0, out=best[number])
    return best


def _sums_from_above(picture: Floats) -> Doubles:
    """Return the sums of the rows above each row, one more than there are rows."""
    sums = np.zeros((len(picture) + 1, picture.shape[1]))
    np.cumsum(picture, axis=0, out=sums[1:])
    return sums


def _mean_rows(sums: Doubles, first: NDArray[np.intp], last: NDArray[np.intp] | int) -> Floats:
    """Return the means of the rows `first` to `last`, shape (ranges, columns)."""
    means = (sums[last] - sums[first]) / (last - first)[:, None]
    return means.astype(np.float32)


def _cumulative(values: Floats) -> Floats:
    """Return sums from the left, beginning with 0, of each row."""
    return np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1, dtype=np.float32)
