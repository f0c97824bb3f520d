"""Read steep and tangled parts of the curves once more, as whole waves."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from cardioalert.digitize.following import FollowedRow, runs
from cardioalert.domain.imaging import InkMaps
from cardioalert.networks.curve_reader import ink_run
from cardioalert.networks.wave_reader import (
    BIN,
    COLUMNS,
    FAR,
    MARGIN,
    PACKED,
    SIZES,
    Surroundings,
    read_waves,
    same_planes,
    window_maps,
    window_planes,
)

STEEP: Final = 3  # px of rise of a path from column to column
TALL: Final = 6.0  # px of ink beyond the stroke in a column
LOST: Final = 8  # px of ink in a column that no curve explains
AROUND: Final = 5  # columns beside such ones that belong to the same wave
NEAR_ROW: Final = 1.25  # row spacings from the base line where ink may be of this row
SURE: Final = 0.8  # confidence of the curve reader that leaves nothing to ask
APART: Final = 4.0  # px between the answers of both readers, and so much more where it is steep:
APART_STEEP: Final = 0.25  # of the rise from column to column
STEEPEST: Final = 60.0  # px of rise that count
INKED: Final = 0.5  # probability of ink of a trace
INKED_NEAR: Final = (-3, 0, 3)  # px from a height where ink is looked for
PROVEN: Final = 0.7  # of the columns of a wave that run through ink
WALL: Final = 0.8  # of the heights from the first to the last row that are ink,
WALL_WITH_MARKS: Final = (0.5, 0.2)  # or so many of them, and so many that are marks
BESIDE: Final = 2  # columns beside a wave that go with it
STROKE_SHARE: Final = 0.2  # quantile of the thickness of the ink: the width of the pen

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadRow:
    """A row and what the curve reader makes of it.

    Attributes
    ----------
    row : FollowedRow
    heights : float32 array, shape (columns, 2), page pixels
        A quarter of a column left and right of the middle.
    confidence : float32 array, shape (columns,), 0-1
    """

    row: FollowedRow
    heights: Floats
    confidence: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Waves:
    """The waves of a row; NaN where its curve is calm.

    Attributes
    ----------
    heights, spread : float32 arrays, shape (columns, 2), page pixels
        Where the curve runs, and how far it may be off.
    proven : bool array, shape (columns,)
        Where it runs through ink of a trace, and not along a separator.
    """

    heights: Floats
    spread: Floats
    proven: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Columns that the network sees at once, from `first` on, and those that are read."""

    first: int
    left: int
    right: int


def read_row_waves(
    rows: tuple[ReadRow, ...],
    maps: InkMaps,
    brightness: Floats,
    lost: list[NDArray[np.intp]],
    printed: list[bool],
) -> tuple[Waves, ...]:
    """Read the waves of all rows of a page that were printed: the network has seen no other pages.

    Parameters
    ----------
    rows : from the top
    maps : InkMaps
    brightness : float32 array, shape (height, width), 0-1
    lost : int arrays, shape (columns,), for each row
        Pixels of ink near it that no curve explains.
    printed : for each row

    Raises
    ------
    ModelFileError
        The network's file is missing or damaged.
    """
    page = (maps.centre, maps.trace, brightness, maps.marks)
    base_lines = np.array([read.row.base for read in rows])
    heights, spread = ([np.full_like(read.heights, np.nan) for read in rows] for _ in range(2))
    windows: dict[int, list[tuple[int, Window, Floats]]] = {size: [] for size in SIZES}
    for number, read in enumerate(rows):
        if not printed[number]:
            continue
        around = surroundings_of(read.row, page, base_lines)
        waves = wave_columns(read.row, around.stroke, lost[number])
        for window in wave_windows(doubtful_waves(waves, read, lost[number])):
            bins = _bins_needed(read.row, window.first)
            planes = window_planes(
                window_maps(around, window.first, bins),
                window_of(read.heights - around.base, window.first, 0.0),
                window_of(read.confidence, window.first, 0.0),
                same_planes(around, bins),
            )
            windows[bins].append((number, window, planes))
    for same in windows.values():
        if not same:
            continue
        answers = read_waves(np.stack([planes for _number, _window, planes in same]))
        for (number, window, _planes), height, width in zip(same, *answers, strict=True):
            seen = slice(window.left - window.first, window.right - window.first)
            base = np.float32(round(rows[number].row.base))
            heights[number][window.left : window.right] = height[seen] + base
            spread[number][window.left : window.right] = width[seen]
    walls = _walls(maps, tuple(read.row for read in rows))
    return tuple(
        Waves(heights=height, spread=width, proven=_runs_through_ink(height, maps) & ~walls)
        for height, width in zip(heights, spread, strict=True)
    )


def take_waves(fine: Floats, waves: Waves) -> tuple[Floats, NDArray[np.bool_]]:
    """Put waves in the place of a curve where the two are apart and the wave runs through ink.

    Where both agree, by what the wave reader is sure of, the curve reader is the more exact one.
    Where they do not, the wave reader knows better which ink is whose; but it may fancy a wave in a
    separator or in nothing at all: there is no ink of a trace to prove it, or ink all the way
    through the rows.

    Parameters
    ----------
    fine : float32 array, shape (columns, 2), page pixels
    waves : Waves

    Returns
    -------
    fine : float32 array, shape (columns, 2)
    proven : bool array, shape (columns,)
        Where it was replaced and there is ink.
    """
    seen = np.isfinite(waves.heights).all(axis=1)
    within = np.abs(fine[:, 1] - fine[:, 0])
    beyond = np.abs(np.diff(fine.mean(axis=1), append=fine[-1:].mean()))
    rise = np.minimum(maximum_filter1d(within + beyond, 3), STEEPEST)
    least = np.maximum(APART + APART_STEEP * rise, waves.spread.max(axis=1))
    apart = seen & (np.abs(waves.heights - fine).max(axis=1) > least)
    taken = np.zeros_like(seen)
    for start, stop in runs(apart):
        if waves.proven[start:stop].mean() >= PROVEN:
            taken[max(0, start - BESIDE) : stop + BESIDE] = True
    taken &= seen
    return np.where(taken[:, None], waves.heights, fine), taken & waves.proven


def _runs_through_ink(heights: Floats, maps: InkMaps) -> NDArray[np.bool_]:
    """Tell in which columns both heights lie on ink that is rather a trace than a mark."""
    near = np.nan_to_num(heights)[:, :, None] + np.array(INKED_NEAR)
    near = np.clip(np.round(near), 0, len(maps.trace) - 1).astype(np.intp)
    columns = np.arange(len(heights))[:, None, None]
    trace, marks = maps.trace[near, columns], maps.marks[near, columns]
    there: NDArray[np.bool_] = (trace > np.maximum(marks, INKED)).any(axis=2).all(axis=1)
    return there


def _walls(maps: InkMaps, rows: tuple[FollowedRow, ...]) -> NDArray[np.bool_]:
    """Tell which columns are inked through all rows: separators and bars."""
    first, last = (rows[end].base for end in (0, -1))
    if len(rows) == 1:
        first, last = first - rows[0].spacing, last + rows[0].spacing
    inside = slice(max(0, round(first)), round(last) + 1)
    marks = maps.marks[inside] > INKED
    marked = marks.mean(axis=0)
    inked = (marks | (maps.trace[inside] > INKED)).mean(axis=0)
    least, least_marked = WALL_WITH_MARKS
    walls: NDArray[np.bool_] = (inked > WALL) | (inked > least) & (marked > least_marked)
    return walls


def surroundings_of(
    row: FollowedRow, page: tuple[Floats, ...], base_lines: NDArray[np.float64]
) -> Surroundings:
    """Collect what the network is told of a row.

    Parameters
    ----------
    page : centre line, ink, brightness and marks, of the whole page
    base_lines : float array, shape (rows,), page pixels
    """
    upper, lower = ink_run(row.ink, row.path)
    thickness = (lower - upper)[np.isfinite(upper)]
    above = base_lines[base_lines < row.base - 1.0]
    below = base_lines[base_lines > row.base + 1.0]
    return Surroundings(
        page=page,
        others=row.others,
        passed=row.passed,
        top=row.top,
        base=round(row.base),
        above=min(FAR, (row.base - above[-1]) / row.spacing) if len(above) else FAR,
        below=min(FAR, (below[0] - row.base) / row.spacing) if len(below) else FAR,
        spacing=row.spacing,
        stroke=float(np.quantile(thickness, STROKE_SHARE)) if len(thickness) else 0.0,
    )


def wave_columns(row: FollowedRow, stroke: float, lost: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Find the columns where a curve is steep, or where ink around it is that of no path.

    Parameters
    ----------
    stroke : float, px
    lost : int array, shape (columns,)
        Pixels of ink near the row that no path explains.
    """
    step = np.abs(np.diff(row.path, append=row.path[-1:]))
    upper, lower = ink_run(row.ink, row.path)
    tall = np.nan_to_num(lower - upper) > stroke + TALL
    found = (step >= STEEP) | np.roll(step >= STEEP, 1) | tall | row.crossed | (lost > LOST)
    return np.convolve(found, np.ones(2 * AROUND + 1), mode="same") > 0.5


def doubtful_waves(
    waves: NDArray[np.bool_], read: ReadRow, lost: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Keep the waves of which the curve reader was not sure everywhere, or that may be others'."""
    doubtful = (read.confidence < SURE) | read.row.crossed | (lost > LOST)
    kept = np.zeros_like(waves)
    for start, stop in runs(waves):
        kept[start:stop] = doubtful[start:stop].any()
    return kept


def wave_windows(waves: NDArray[np.bool_]) -> list[Window]:
    """Cover the waves of a row with windows."""
    seen = COLUMNS - 2 * MARGIN
    windows = []
    for start, stop in runs(waves).tolist():
        count = -(-(stop - start) // seen)
        edges = np.linspace(start, stop, count + 1).round().astype(int).tolist()
        for left, right in pairwise(edges):
            first = (left + right) // 2 - COLUMNS // 2
            windows.append(Window(first=first, left=left, right=right))
    return windows


def window_of(along: Floats, first: int, nowhere: float) -> Floats:
    """Cut a window out of what is known along a row, filled where it reaches beyond the page."""
    cut = np.full((COLUMNS, *along.shape[1:]), nowhere, np.float32)
    left, right = max(0, first), min(len(along), first + COLUMNS)
    cut[left - first : right - first] = along[left:right]
    return cut


def _bins_needed(row: FollowedRow, first: int) -> int:
    """Return the smallest size of window that holds the wave and all ink that may be its own."""
    columns = slice(max(0, first), first + COLUMNS)
    own = (row.ink[columns] > 0.5) & ~row.others[columns]
    heights = np.abs(np.flatnonzero(own.any(axis=0)) - (row.base - row.top))
    heights = heights[heights < NEAR_ROW * row.spacing]
    low, high = (edge[columns] + row.top - row.base for edge in row.passed)
    reach = max(-low.min(), high.max(), heights.max(initial=0.0)) + BIN * PACKED
    return next((size for size in SIZES if size * BIN * PACKED >= 2.0 * reach), SIZES[-1])
