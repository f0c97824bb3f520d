"""Put the traces on one time axis, in millivolts."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from cardioalert.digitize.following import runs
from cardioalert.digitize.layouts import Place, PlacedLayout
from cardioalert.digitize.registration import Displacements
from cardioalert.domain.imaging import Grid, LeadTrace, RowTrace
from cardioalert.domain.record import STANDARD_LEADS, ECGRecord, SourceFile

BORDER_MM: Final = 0.5  # beside a border, where other ink may be mistaken for the curve
BORDER_JUMP_MM: Final = 1.5  # a curve that jumps so far there is not the curve
SPIKE_MM: Final = 0.2  # beside a border, where it may run along a separator
BORDER_LEAP_MM: Final = 0.3  # between the curves on both sides of a border
BORDER_CALM: Final = 0.3  # of that leap: a lead that moves so much just inside may go on moving
BORDER_SHARE: Final = 0.15  # of that leap: a curve that went so far is on its way to the next lead
HELD_MM: Final = 0.6  # that a lead goes on beyond what was read of it at its borders
SLOPE_MM: Final = 0.12  # of that along its last slope, the rest level
SHORTEST: Final = 4  # columns of a piece that is resampled
BRIDGED: Final = 12  # columns of a gap between two such pieces
LEAST_STEP: Final = 0.2  # px between heights, two to a pixel column
ENDS: Final = 6  # heights that tell the slope at an end; two to a pixel column
SCRAP: Final = 60  # columns, 0.3 s at 25 mm/s
SCRAP_DOUBT: Final = 0.4  # of the rise and fall of a piece that is no part of a lead
FULL_CONFIDENCE: Final = 0.7  # mean centre-line probability of a perfect trace

Doubles = NDArray[np.float64]


def cut_leads(
    rows: tuple[RowTrace, ...], layout: PlacedLayout, grid: Grid
) -> tuple[LeadTrace, ...]:
    """Cut the curves of the rows into leads."""
    return tuple(_cut_lead(rows[place.row], place, layout, grid) for place in layout.places)


def _cut_lead(row: RowTrace, place: Place, layout: PlacedLayout, grid: Grid) -> LeadTrace:
    """Cut one lead and judge how much of it was read, and how surely."""
    x = np.arange(len(row.y))
    inside = (x >= place.left) & (x <= place.right)
    y = _without_scraps(_without_leaps(row.y, inside, place, grid), row)
    read = np.isfinite(y[inside])
    confidence = float(row.confidence[inside][read].mean()) if read.any() else 0.0
    quality = float(read.mean()) * min(1.0, confidence / FULL_CONFIDENCE) if read.size else 0.0
    return LeadTrace(
        lead=place.lead,
        named_by=place.named_by,
        row=place.row,
        start_x=place.left,
        end_x=place.right,
        y=y,
        start_time=grid.seconds(place.left - layout.columns.start),
        quality=round(quality, 3),
        doubt=_doubt(y[inside], row, inside),
        inverted=place.inverted,
        fine=row.fine,
    )


def _doubt(y: NDArray[np.float32], row: RowTrace, where: NDArray[np.bool_] | slice) -> float:
    """Return the share of the rise and fall of a part of a row that was not read surely.

    Waves are what matters, not columns: a QRS that is read wrong is a few columns wide. A gap
    counts as a fall to the base line.
    """
    if not len(y):
        return 0.0
    sure = row.confidence[where]
    if row.tangled is not None:
        sure = np.where(row.tangled[where], np.float32(0.0), sure)
    height = np.nan_to_num(y - np.float32(row.baseline))
    moves = np.abs(np.diff(height, prepend=height[0]))
    return round(float(((1.0 - sure) * moves).sum() / max(float(moves.sum()), 1.0)), 3)


def _without_scraps(y: NDArray[np.float32], row: RowTrace) -> NDArray[np.float32]:
    """Cut short doubtful pieces off the ends of a lead: the edge of the paper, part of a letter."""
    pieces = runs(np.isfinite(y))
    for ends in (pieces, pieces[::-1]):
        for start, stop in ends[:-1]:
            piece = slice(start, stop)
            if stop - start > SCRAP or _doubt(y[piece], row, piece) <= SCRAP_DOUBT:
                break
            y[piece] = np.nan
    return y


def _without_leaps(
    curve: NDArray[np.float32], inside: NDArray[np.bool_], place: Place, grid: Grid
) -> NDArray[np.float32]:
    """Cut a lead out of the curve of its row, without ends that belong to something else.

    A stroke begins and ends half its width beyond its signal, so that beside a border a column
    holds the ink of two leads, and the curve leads from one to the other; or a separator stands
    there, and the curve runs along it.
    """
    y = np.where(inside, curve, np.nan).astype(np.float32)
    reach, limit = int(BORDER_MM * grid.pixels_per_mm), BORDER_JUMP_MM * grid.pixels_per_mm
    least = BORDER_LEAP_MM * grid.pixels_per_mm
    for border, step in ((int(np.ceil(place.left)), 1), (int(place.right), -1)):
        columns = border + step * np.arange(-reach, 3 * reach)  # inward
        if columns.min() < 0 or columns.max() >= len(y):
            continue
        if not np.isfinite(curve[columns[:reach]]).any():
            continue  # the row ends here: nothing else is there to be mistaken for the lead
        outer, beside, inner = np.split(curve[columns], (1, 2 * reach))
        away = beside[reach - 1 :] - inner[0]
        astray = np.abs(away) > limit
        astray[1 + int(SPIKE_MM * grid.pixels_per_mm) :] = False
        next_lead = outer[0] - inner[0]
        if abs(next_lead) > least and np.ptp(inner) < BORDER_CALM * abs(next_lead):
            astray |= away / next_lead > BORDER_SHARE
        if astray.any():
            y[columns[reach : reach + np.flatnonzero(astray)[-1] + 1]] = np.nan
    return y


def assemble_record(
    traces: tuple[LeadTrace, ...],
    layout: PlacedLayout,
    grid: Grid,
    *,
    sampling_rate: float,
    source: SourceFile,
    displacements: Displacements | None = None,
) -> ECGRecord:
    """Resample the leads on the clock of the page, which begins at the first column.

    A lead printed twice is taken from the longer print, its rhythm strip.

    Parameters
    ----------
    displacements : Displacements, optional
        How far the curves stand from where they belong; without them the page is true.
    """
    columns = layout.columns
    duration = grid.seconds(columns.border(columns.count) - columns.start)
    times = np.arange(max(1, round(duration * sampling_rate))) / sampling_rate
    signal = np.full((len(STANDARD_LEADS), len(times)), np.nan)
    for trace in sorted(traces, key=lambda trace: trace.end_x - trace.start_x):
        signal[STANDARD_LEADS.index(trace.lead)] = _resample(
            trace, columns.start, grid, times, displacements
        )
    printed = {trace.lead for trace in traces}
    kept = [index for index, lead in enumerate(STANDARD_LEADS) if lead in printed]
    return ECGRecord(
        signal=signal[kept].astype(np.float32),
        sampling_rate=sampling_rate,
        leads=tuple(STANDARD_LEADS[index] for index in kept),
        source=source,
    )


def _resample(
    trace: LeadTrace,
    origin: float,
    grid: Grid,
    times: Doubles,
    displacements: Displacements | None,
) -> Doubles:
    """Return one lead in millivolts at the wanted times, NaN where it was not read.

    Cubic splines within each unbroken piece: the page has 200 columns per second at 25 mm/s. At
    the borders of a lead, where separators hide the curve, its ends go on a little. A gap of a few
    columns inside a lead is the leap of a tall wave.
    """
    values = np.full(len(times), np.nan)
    pieces = _pieces(trace)
    if not pieces:
        return values
    knots = [_knots(trace, start, stop, displacements) for start, stop in pieces]
    base = float(np.median(np.concatenate([y for _at, y in knots])))
    x = origin + times * grid.pixels_per_second
    sign = -1.0 if trace.inverted else 1.0
    held, sloping = HELD_MM * grid.pixels_per_mm, SLOPE_MM * grid.pixels_per_mm
    for (start, stop), (at, y) in zip(pieces, knots, strict=True):
        before, after = start - trace.start_x, trace.end_x - stop
        first = at[0] - 1.0 - (before if before < held else 0.0)
        last = at[-1] + 1.0 + (after if after < held else 0.0)
        wanted = (x >= first) & (x <= last)
        inside = np.clip(x[wanted], at[0], at[-1])
        beyond = np.clip(x[wanted] - inside, -sloping, sloping)
        heights = CubicSpline(at, y)(inside)
        for side, ends in ((beyond < 0.0, slice(None, ENDS)), (beyond > 0.0, slice(-ENDS, None))):
            heights[side] += beyond[side] * np.polyfit(at[ends], y[ends], 1)[0]
        values[wanted] = sign * grid.millivolts(1.0, trace.lead) * (base - heights)
    return values


def _pieces(trace: LeadTrace) -> list[tuple[int, int]]:
    """Return the (start, stop) of the pieces of a lead, which may have short gaps."""
    pieces: list[tuple[int, int]] = []
    for start, stop in runs(np.isfinite(trace.y)).tolist():
        if stop - start < SHORTEST:
            continue
        joined = bool(pieces) and start - pieces[-1][1] <= BRIDGED
        pieces.append((pieces.pop()[0] if joined else start, stop))
    return pieces


def _knots(
    trace: LeadTrace, start: int, stop: int, displacements: Displacements | None
) -> tuple[Doubles, Doubles]:
    """Return where an unbroken piece belongs, positions and heights, page pixels."""
    if trace.fine is None:
        at, y = np.arange(start, stop, dtype=np.float64), trace.y[start:stop].astype(np.float64)
    else:
        at = np.arange(2 * start, 2 * stop) / 2.0 - 0.25
        y = trace.fine[2 * start : 2 * stop].astype(np.float64)
        y[np.repeat(np.isnan(trace.y[start:stop]), 2)] = np.nan
    known = np.isfinite(y)
    y[~known] = np.interp(at[~known], at[known], y[known])
    if displacements is None:
        return at, y
    at, y = displacements.placed(at, y)
    least = LEAST_STEP * np.arange(len(at))  # time goes on, whatever the errors of displacements
    return np.maximum.accumulate(at - least) + least, y
