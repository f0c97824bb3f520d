"""The rhythm strip as characters: curve, calibration pulse, R peaks and a scale bar.

The strip keeps the proportions of ECG paper (1 mV as tall as 0.4 s is long) as long as it fits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.record import ECGRecord, Lead
from cardioalert.report.braille import (
    DOTS_HIGH,
    DOTS_WIDE,
    ascii_lines,
    blank_canvas,
    braille_lines,
    draw_curve,
)
from cardioalert.units import MILLISECONDS_PER_SECOND

LONGEST_SHOWN: Final = 10.0  # s
DOTS_PER_SECOND: Final = 26.0  # below this P waves disappear
MOST_ROWS: Final = 3
MOST_LINES: Final = 8
SECONDS_PER_MILLIVOLT: Final = 0.4  # 10 mm/mV at 25 mm/s
PULSE_SECONDS: Final = 0.2
PULSE_MILLIVOLTS: Final = 1.0
RHYTHM_LEADS: Final = (Lead.II, Lead.V1, Lead.V5)


@dataclass(frozen=True, slots=True, kw_only=True)
class StripRow:
    """One row of the strip.

    Attributes
    ----------
    pulse, curve : tuple of str, one per line, top first
        The calibration pulse stands left of the curve, in the same scale.
    ticks : str
        Marks under the R peaks, with the RR interval in ms between them where it fits.
    """

    pulse: tuple[str, ...]
    curve: tuple[str, ...]
    ticks: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """A drawn rhythm strip.

    Attributes
    ----------
    lead : Lead
    start, seconds : float, seconds
        The part of the record that is shown.
    rows : tuple of StripRow
    second_characters : int
        Length of one second.
    """

    lead: Lead
    start: float
    seconds: float
    rows: tuple[StripRow, ...]
    second_characters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """How the strip is laid out: the same for all its rows."""

    rows: int
    characters: int
    lines: int
    row_seconds: float
    top: float  # mV
    dots_per_millivolt: float
    baseline_row: int  # row of dots

    @property
    def dots_per_second(self) -> float:
        return self.characters * DOTS_WIDE / self.row_seconds


def draw_strip(
    record: ECGRecord, r_peaks: NDArray[np.float64], *, characters: int, unicode: bool
) -> Strip | None:
    """Draw the lead that shows the rhythm best.

    Parameters
    ----------
    record : ECGRecord
    r_peaks : float array, shape (beats,), seconds on the record's clock
    characters : int
        Room for the curve, without the pulse.
    unicode : bool
        Whether the terminal shows braille.

    Returns
    -------
    Strip, or None when no lead holds a readable sample
    """
    lead = rhythm_lead(record)
    signal = record.lead(lead)
    readable = np.flatnonzero(np.isfinite(signal))
    if not len(readable):
        return None
    first = int(readable[0])
    last = min(int(readable[-1]) + 1, first + round(LONGEST_SHOWN * record.sampling_rate))
    shown = signal[first:last]
    start, seconds = first / record.sampling_rate, len(shown) / record.sampling_rate
    scale = _plan(shown, seconds, characters)
    peaks = r_peaks[(r_peaks >= start) & (r_peaks < start + seconds)] - start
    rows = tuple(_row(shown, peaks, scale, index, unicode=unicode) for index in range(scale.rows))
    return Strip(
        lead=lead,
        start=start,
        seconds=seconds,
        rows=rows,
        second_characters=round(scale.dots_per_second / DOTS_WIDE),
    )


def rhythm_lead(record: ECGRecord) -> Lead:
    """Return the lead with the most readable samples; of equals, the one rhythm is read from."""

    def worth(lead: Lead) -> tuple[int, int]:
        readable = int(np.isfinite(record.lead(lead)).sum())
        rank = RHYTHM_LEADS.index(lead) if lead in RHYTHM_LEADS else len(RHYTHM_LEADS)
        return readable, -rank

    return max(record.leads, key=worth)


def _plan(signal: NDArray[np.float32], seconds: float, characters: int) -> _Scale:
    """Choose rows, lines and scale for a signal.

    The baseline is put into the middle of a dot row in the middle of a character, so that a quiet
    baseline is one thin line and not two halves.
    """
    rows = math.ceil(seconds * DOTS_PER_SECOND / (characters * DOTS_WIDE))
    rows = min(max(rows, 1), MOST_ROWS)
    row_seconds = seconds / rows
    baseline = float(np.nanmedian(signal))
    above = max(float(np.nanmax(signal)) - baseline, PULSE_MILLIVOLTS)  # the pulse must fit
    below = baseline - float(np.nanmin(signal))
    on_paper = characters * DOTS_WIDE / row_seconds * SECONDS_PER_MILLIVOLT
    most_dots = (MOST_LINES - 1) * DOTS_HIGH
    dots_per_millivolt = min(on_paper, most_dots / (above + below))
    baseline_row = _next_inner_row(math.ceil(above * dots_per_millivolt - 0.5))
    last_row = math.floor(baseline_row + 0.5 + below * dots_per_millivolt)
    return _Scale(
        rows=rows,
        characters=characters,
        lines=last_row // DOTS_HIGH + 1,
        row_seconds=row_seconds,
        top=baseline + (baseline_row + 0.5) / dots_per_millivolt,
        dots_per_millivolt=dots_per_millivolt,
        baseline_row=baseline_row,
    )


def _next_inner_row(row: int) -> int:
    """Return the first dot row from `row` on that is the third of its character."""
    return row + (2 - row) % DOTS_HIGH


def _row(
    signal: NDArray[np.float32],
    peaks: NDArray[np.float64],
    scale: _Scale,
    index: int,
    *,
    unicode: bool,
) -> StripRow:
    """Draw one row of the strip."""
    to_text = braille_lines if unicode else ascii_lines
    edges = [round(part * len(signal) / scale.rows) for part in (index, index + 1)]
    canvas = blank_canvas(lines=scale.lines, characters=scale.characters)
    draw_curve(
        canvas, signal[edges[0] : edges[1]], top=scale.top, dots_per_unit=scale.dots_per_millivolt
    )
    pulse = to_text(_pulse(scale))
    if index > 0:
        pulse = [" " * len(pulse[0])] * scale.lines
    curve = to_text(canvas)
    used = [number for number, line in enumerate(curve) if line.strip() or pulse[number].strip()]
    shown = slice(min(used, default=0), max(used, default=0) + 1)
    return StripRow(
        pulse=tuple(pulse[shown]),
        curve=tuple(curve[shown]),
        ticks=_ticks(peaks - index * scale.row_seconds, scale, mark="▴" if unicode else "^"),
    )


def _pulse(scale: _Scale) -> NDArray[np.bool_]:
    """Draw the calibration pulse, 1 mV for 0.2 s, on the level of the curve's baseline."""
    width = max(round(PULSE_SECONDS * scale.dots_per_second), 2)
    foot = 2  # dots before and after
    characters = math.ceil((width + 2 * foot + 1) / DOTS_WIDE)
    canvas = blank_canvas(lines=scale.lines, characters=characters)
    bottom = scale.baseline_row
    top = max(bottom - round(PULSE_MILLIVOLTS * scale.dots_per_millivolt), 0)
    canvas[bottom, : foot + 1] = True
    canvas[top : bottom + 1, foot] = True
    canvas[top, foot : foot + width + 1] = True
    canvas[top : bottom + 1, foot + width] = True
    canvas[bottom, foot + width : 2 * foot + width + 1] = True
    return canvas


def _ticks(peaks: NDArray[np.float64], scale: _Scale, *, mark: str) -> str:
    """Return the line under a row: a mark at each R peak of the row, RR between where it fits."""
    line = [" "] * scale.characters
    columns = [math.floor(peak / scale.row_seconds * scale.characters) for peak in peaks]
    for column in columns:
        if 0 <= column < scale.characters:
            line[column] = mark
    for number, (left, right) in enumerate(pairwise(columns)):
        rr = f"{(peaks[number + 1] - peaks[number]) * MILLISECONDS_PER_SECOND:.0f}"
        inside = left >= 0 and right < scale.characters
        if inside and right - left >= len(rr) + 3:
            start = left + 1 + (right - left - 1 - len(rr)) // 2
            line[start : start + len(rr)] = rr
    return "".join(line)
