"""Follow the printed curves: one continuous path per row, from the left of the page to the right.

A path is found by dynamic programming (Viterbi) over columns. Its cost is the absence of ink on
the centre line plus a price per pixel of climbing, low along ink and high across blank paper;
both are known for every height at once, so a column costs two running minima, whatever the slope
of a QRS. Heights are halved for it: what follows looks again at every pixel around the path.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from cardioalert.digitize.page import PAGE_PIXELS_PER_MM
from cardioalert.domain.imaging import InkMaps
from cardioalert.networks.row_owner import WHOLE, RowOwners, row_owners

INK_FLOOR: Final = 0.02  # probability of the centre line where the network sees nothing
INK_CLIMB: Final = 0.01  # cost per pixel of climbing along ink between neighboring columns
SURELY_OWN: Final = 0.6  # probability of ink that a row's path should not leave out
LEAST_MISSED: Final = 24  # px of it
BAIT: Final = 0.03  # reward per px of it, as the logarithm of a probability
BESIDE: Final = 4  # columns beside a path that its stroke covers
OWN_CLIMB: Final = -0.005  # the same along ink surely of this row: a path had better explain it
PAPER_CLIMB: Final = 0.08  # the same across blank paper, which no pen does
UNDER_MARKS: Final = 0.8  # probability of ink under a lead name, which may hide a tall wave
TALL_COST: Final = 0.1  # per column at one row spacing from the base line
STRAY_COST: Final = 0.75  # more at one spacing that another base line is nearer than the own one
REACH: Final = 2.25  # row spacings above and below the base line a curve may go
HALF: Final = 2  # pixels per height of the search
AT_ONCE: Final = 64  # columns whose costs are worked out together
TOUCHING: Final = 4  # px between two paths that follow the same ink
CROSSING: Final = 4  # columns two curves may share where they cross
UNTANGLE_ROUNDS: Final = 3
COVER: Final = 5  # px around a path whose ink it explains
SWAPPED: Final = 60  # columns for which no wave reaches beyond that of the next row
MERGED: Final = 16  # px that two paths pass over together where they cross
WIDEST_SPACING_MM: Final = 45.0

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FollowedRow:
    """The rough course of one row and what lies around it.

    Attributes
    ----------
    path : int array, shape (columns,), heights in the band
    centre, ink : float32 arrays, shape (columns, heights)
        Probabilities.
    others : bool array, shape (columns, heights)
        What the paths of other rows pass over and this one does not.
    crossed : bool array, shape (columns,)
        Where this path passes over heights that another one passes over too.
    passed : two int arrays, shape (columns,)
        The lowest and highest height that this path passes over in each column.
    top : int, page pixels
        Of the band; it may lie above the page.
    base : float, page pixels
    spacing : float, page pixels
        Between the rows of the page.
    """

    path: NDArray[np.intp]
    centre: Floats
    ink: Floats
    others: NDArray[np.bool_]
    crossed: NDArray[np.bool_]
    passed: tuple[NDArray[np.intp], NDArray[np.intp]]
    top: int
    base: float
    spacing: float

    def cut(self, page: Floats) -> Floats:
        """Cut the same band out of another map of the page, shape (columns, heights)."""
        heights = np.arange(self.top, self.top + self.ink.shape[1])
        band: Floats = page[np.clip(heights, 0, len(page) - 1)].T
        return band


def follow_rows(maps: InkMaps, base_lines: NDArray[np.float64]) -> tuple[FollowedRow, ...]:
    """Find the rough course of each row.

    Rows are first followed alone. Where two of them took the same ink for longer than a crossing
    lasts, it belongs to the row whose base line is nearer; the other row is followed again without
    it.

    Parameters
    ----------
    maps : InkMaps
    base_lines : float array, shape (rows,), page pixels, increasing
    """
    spacing = row_spacing(base_lines, maps.centre.shape[0])
    owners = _owners(maps, base_lines, spacing)
    half = int(REACH * spacing)
    tops = np.round(base_lines).astype(int) - half
    centre, ink = (_bands(part, tops, half) for part in (maps.centre, maps.trace))
    any_ink = np.maximum(maps.trace, np.float32(UNDER_MARKS) * maps.marks)
    bands, climb, own = _claims(owners, centre, _bands(any_ink, tops, half), tops)
    del owners  # 50 MB for the largest page
    stray = _stray_costs(tops, base_lines, spacing, heights=bands.shape[2])
    paths = _cheapest_paths(bands, climb, stray)
    missed = [] if own is None else _bait_missed_tips(bands, paths, own)
    del own
    if missed:
        paths[missed] = _cheapest_paths(bands[missed], climb[missed], stray[missed])
    for _ in range(UNTANGLE_ROUNDS):
        losers = _erase_shared_ink(bands, paths, tops / HALF, base_lines / HALF)
        if not losers:
            break
        paths[losers] = _cheapest_paths(bands[losers], climb[losers], stray[losers])
    _exchange_swapped(paths, tops / HALF, heights=bands.shape[2])
    low, high = _passed_over(HALF * paths, COVER)
    others, crossed = _passed_by_others(low, high, tops, 2 * half + 1)
    return tuple(
        FollowedRow(
            path=_sharpened(centre[row], HALF * paths[row]),
            centre=centre[row],
            ink=ink[row],
            others=others[row],
            crossed=crossed[row],
            passed=(low[row], high[row]),
            top=int(tops[row]),
            base=float(base),
            spacing=spacing,
        )
        for row, base in enumerate(base_lines)
    )


def _owners(maps: InkMaps, base_lines: NDArray[np.float64], spacing: float) -> RowOwners | None:
    """Ask whose ink is whose, None where no ink stands between two rows."""
    owners = row_owners(maps, base_lines, spacing) if len(base_lines) > 1 else None
    return owners if owners is not None and owners.pieces else None


def _claims(
    owners: RowOwners | None, centre: list[Floats], ink: list[Floats], tops: NDArray[np.intp]
) -> tuple[Floats, Floats, NDArray[np.bool_] | None]:
    """Return what each row may follow, without the ink that surely belongs to another row.

    Returns
    -------
    bands, climb : float32 arrays, shape (rows, columns, heights / 2)
        See `_cheapest_paths`.
    own : bool array of the same shape, or None where nobody was asked
        Ink that is surely of the row itself.
    """
    shape = (len(centre), len(centre[0]), -(-centre[0].shape[1] // HALF))
    bands, climb = np.empty(shape, np.float32), np.empty(shape, np.float32)
    sure = None if owners is None else np.empty(shape, np.bool_)
    for row, top in enumerate(tops):
        if owners is None or sure is None:
            bands[row], climb[row] = _halved(centre[row]), _climb_costs(_halved(ink[row]))
            continue
        share, own = owners.claims(row, top=int(top), heights=centre[row].shape[1])
        own_ink = _claimed(ink[row], own)
        np.greater(own_ink, SURELY_OWN, out=sure[row])
        bands[row] = _claimed(centre[row], share)
        climb[row] = _climb_costs(_claimed(ink[row], share), own_ink)
    return bands, climb, sure


def _bait_missed_tips(bands: Floats, paths: NDArray[np.intp], own: NDArray[np.bool_]) -> list[int]:
    """Reward paths for the far ends of ink of their own that they missed, in place.

    One pixel is enough, and no more: a path would go up and down a reward that is wide.

    Returns
    -------
    list of int
        The rows that missed some.
    """
    low, high = _passed_over(paths, COVER // HALF)
    heights = np.arange(bands.shape[2])
    rows = []
    for row in np.flatnonzero(own.any(axis=(1, 2))).tolist():
        nearby_low = minimum_filter1d(low[row], 2 * BESIDE + 1)
        nearby_high = maximum_filter1d(high[row], 2 * BESIDE + 1)
        passed = (heights >= nearby_low[:, None]) & (heights <= nearby_high[:, None])
        missed = (own[row] & ~passed).astype(np.uint8)
        for start, stop in runs(missed.any(axis=1)):  # most columns have none
            count, labels, stats, _middles = cv2.connectedComponentsWithStats(missed[start:stop])
            for part in range(1, count):
                extent = HALF * int(stats[part, cv2.CC_STAT_WIDTH])  # heights are their columns
                if extent < LEAST_MISSED:
                    continue
                column, height = np.nonzero(labels == part)
                away = np.abs(height - heights[-1] / 2)
                furthest = away >= away.max() - 1
                column, height = column[furthest] + start, height[furthest]
                at = np.argmax(bands[row, column, height])
                bands[row, column[at], height[at]] = np.exp(BAIT * extent)
                rows.append(row)
    return sorted(set(rows))


def row_spacing(base_lines: NDArray[np.float64], height: int) -> float:
    """Return the usual distance between rows, pixels."""
    widest = WIDEST_SPACING_MM * PAGE_PIXELS_PER_MM
    if len(base_lines) < 2:
        return min(height / 2.0, widest)
    return min(float(np.median(np.diff(base_lines))), widest)


def _bands(page: Floats, tops: NDArray[np.intp], half: int) -> list[Floats]:
    """Return the surroundings of each row, shape (columns, heights), views of one map."""
    height, columns = page.shape
    padded = np.zeros((columns, height + 2 * half), dtype=np.float32)
    padded[:, half : half + height] = cv2.transpose(page)
    return [padded[:, top + half : top + 3 * half + 1] for top in tops]


def _claimed(band: Floats, share: NDArray[np.uint8]) -> Floats:
    """Keep the share of a band that a row may claim, in 255ths, at half the heights."""
    claimed = _halved(band * share)
    claimed *= np.float32(1.0 / WHOLE)
    return claimed


def _halved(band: Floats) -> Floats:
    """Keep the larger of every two heights, shape (columns, heights / 2)."""
    larger = band[:, ::HALF].copy()
    odd = band[:, 1::HALF]
    np.maximum(larger[:, : odd.shape[1]], odd, out=larger[:, : odd.shape[1]])
    return larger


def _sharpened(centre: Floats, path: NDArray[np.intp]) -> NDArray[np.intp]:
    """Move a path to the strongest height within one pixel of the two it stands for."""
    rows = np.clip(path[:, None] + np.arange(-1, 3)[None, :], 0, centre.shape[1] - 1)
    strongest = centre[np.arange(len(path))[:, None], rows].argmax(axis=1)
    return np.asarray(rows[np.arange(len(path)), strongest], dtype=np.intp)


def _erase_shared_ink(
    bands: Floats,
    paths: NDArray[np.intp],
    tops: NDArray[np.float64],
    base_lines: NDArray[np.float64],
) -> list[int]:
    """Take shared ink from the row that strayed further; return the rows that lost some."""
    heights = paths + tops[:, None]
    losers = set()
    for upper in range(len(paths) - 1):
        for lower in range(upper + 1, min(upper + 3, len(paths))):
            shared = np.abs(heights[upper] - heights[lower]) <= TOUCHING / HALF
            for start, stop in runs(shared):
                if stop - start <= CROSSING:
                    continue
                y = heights[upper, start:stop].mean()
                loser = upper if abs(y - base_lines[upper]) > abs(y - base_lines[lower]) else lower
                _erase(bands[loser], paths[loser], start, stop)
                losers.add(loser)
    return sorted(losers)


def _exchange_swapped(paths: NDArray[np.intp], tops: NDArray[np.float64], *, heights: int) -> None:
    """Give neighbors back what they took from each other where their waves met, in place.

    Two paths that leave a tangle on each other's base lines share no ink; but no curve runs below
    that of the next row for long.

    Parameters
    ----------
    paths : int array, shape (rows, columns), heights in the bands
    tops : float array, shape (rows,), of the bands, in the same heights
    heights : int, of a band
    """
    for row in range(len(paths) - 1):
        upper, lower = paths[row], paths[row + 1]
        away = round(tops[row + 1] - tops[row])
        for start, stop in runs(upper > lower + away):
            if stop - start >= SWAPPED:
                part = slice(start, stop)
                exchanged = np.stack([lower[part] + away, upper[part] - away])
                upper[part], lower[part] = np.clip(exchanged, 0, heights - 1)


def _erase(band: Floats, path: NDArray[np.intp], start: int, stop: int) -> None:
    """Remove the ink along a piece of a path from the band of one row."""
    for column in range(max(0, start - 2), min(len(band), stop + 2)):
        y = path[min(max(column, start), stop - 1)]
        band[column, max(0, y - 3) : y + 4] = 0.0


def runs(flags: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the (start, stop) of each run of True."""
    padded = np.concatenate([[0], flags.astype(np.int8), [0]])
    return np.flatnonzero(np.diff(padded)).reshape(-1, 2)


def _passed_over(paths: NDArray[np.intp], stroke: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the heights between which each path runs around each column, and a stroke more."""
    around = np.stack([paths, *(np.roll(paths, step, axis=1) for step in (-1, 1))])
    return around.min(axis=0) - stroke, around.max(axis=0) + stroke


def _passed_by_others(
    low: NDArray[np.intp], high: NDArray[np.intp], tops: NDArray[np.intp], heights: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell what the paths of other rows pass over, and where paths pass over the same heights.

    Parameters
    ----------
    low, high : int arrays, shape (rows, columns), heights in the bands
    tops : int array, shape (rows,), of the bands on the page

    Returns
    -------
    others : bool array, shape (rows, columns, heights)
        Without what the row passes over itself.
    crossed : bool array, shape (rows, columns)
    """
    low, high = low + tops[:, None], high + tops[:, None]
    shared = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
    rows = np.arange(len(tops))
    shared[rows, rows] = 0
    others = np.empty((*low.shape, heights), dtype=np.bool_)
    every_column = np.arange(low.shape[1])
    for row, top in enumerate(tops):
        steps = np.zeros((low.shape[1], heights + 1), dtype=np.int16)  # of the count of paths
        for other in rows:
            count = 1 if other != row else -len(rows)
            steps[every_column, np.clip(low[other] - top, 0, heights)] += count
            steps[every_column, np.clip(high[other] + 1 - top, 0, heights)] -= count
        np.cumsum(steps, axis=1, out=steps)
        np.greater(steps[:, :-1], 0, out=others[row])
    return others, shared.max(axis=1) > MERGED


def _climb_costs(ink: Floats, own: Floats | None = None) -> Floats:
    """Return what climbing from the top to each height costs, column by column.

    A pen that climbs leaves ink on its way, in the column it leaves or in the one it reaches.

    Parameters
    ----------
    ink : array, shape (columns, heights), probability of trace ink
    own : array of the same shape, optional
        Probability that it is ink of this very row.
    """
    both = _either_column(ink)
    both *= np.float32(HALF * (INK_CLIMB - PAPER_CLIMB))
    if own is not None:
        both += np.float32(HALF * (OWN_CLIMB - INK_CLIMB)) * _either_column(own)
    both += np.float32(HALF * PAPER_CLIMB)
    return np.cumsum(both, axis=1, dtype=np.float32, out=both)


def _either_column(values: Floats) -> Floats:
    """Return the larger value of each column and the one before it."""
    larger = values.copy()
    np.maximum(values[1:], values[:-1], out=larger[1:])
    return larger


def _stray_costs(
    tops: NDArray[np.intp], base_lines: NDArray[np.float64], spacing: float, *, heights: int
) -> Floats:
    """Return what it costs each row to be at each height, shape (rows, heights).

    Far from its base line a curve is at the tip of a tall wave or on another row's ink. It is the
    latter that costs much: nobody else draws above the first row.
    """
    y = tops[:, None] + HALF * np.arange(heights)
    away = np.abs(y[..., None] - base_lines) / spacing  # (rows, heights, base lines)
    own = away[np.arange(len(tops)), :, np.arange(len(tops))]
    nearer_to_others = np.maximum(own - away.min(axis=2), 0.0)
    costs: Floats = (TALL_COST * own**2 + STRAY_COST * nearer_to_others**2).astype(np.float32)
    return costs


def _ink_costs(bands: Floats, stray: Floats) -> Floats:
    """Return what it costs to be at each height of some columns, shape (rows, columns, heights)."""
    costs: Floats = bands + np.float32(INK_FLOOR)
    np.subtract(stray[:, None], np.log(costs, out=costs), out=costs)
    return costs


def _cheapest_paths(bands: Floats, climb: Floats, stray: Floats) -> NDArray[np.intp]:
    """Return the cheapest height of each column, shape (rows, columns).

    Parameters
    ----------
    bands : array, shape (rows, columns, heights), probability of a centre line
    climb : array of the same shape, cost of climbing from the top (see `_climb_costs`)
    stray : array, shape (rows, heights), cost of being at a height (see `_stray_costs`)
    """
    rows, columns, heights = bands.shape
    total = _ink_costs(bands[:, :1], stray)[:, 0]
    both, least = (np.empty((2, rows, heights), dtype=np.float32) for _ in range(2))
    (up, down), (least_up, least_down) = both, least
    down, least_down = down[:, ::-1], least_down[:, ::-1]
    lowest = np.empty((columns, 2, rows, heights), dtype=np.bool_)  # the minimum so far is here
    from_above = np.empty((columns, rows, heights), dtype=np.bool_)
    for column in range(1, columns):
        if column % AT_ONCE == 1:
            costs = _ink_costs(bands[:, column : column + AT_ONCE], stray)
        ramp = climb[:, column]
        np.subtract(total, ramp, out=up)
        np.add(total, ramp, out=down)
        np.minimum.accumulate(both, axis=2, out=least)
        np.equal(both, least, out=lowest[column])
        np.add(least_up, ramp, out=up)
        np.subtract(least_down, ramp, out=down)
        np.less_equal(up, down, out=from_above[column])
        np.minimum(up, down, out=total)
        total += costs[:, (column - 1) % AT_ONCE]
    paths = np.empty((rows, columns), dtype=np.intp)
    heights_now = total.argmin(axis=1).tolist()
    paths[:, -1] = heights_now
    for column in range(columns - 1, 0, -1):
        for row, height in enumerate(heights_now):
            if from_above[column, row, height]:
                before = lowest[column, 0, row, height::-1]
                heights_now[row] = height - int(before.argmax())
            else:  # counted from below
                before = lowest[column, 1, row, heights - 1 - height :: -1]
                heights_now[row] = height + int(before.argmax())
        paths[:, column - 1] = heights_now
    return paths
