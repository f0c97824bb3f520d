"""The median beat: one large drawing with calipers, and every lead with its waves marked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.record import STANDARD_LEADS, Lead
from cardioalert.report.document import Beat
from cardioalert.report.svg import FRAME, GREY, INK, Sheet

WAVES: Final = (("P", "p", "#2457c5"), ("QRS", "qrs", "#b3261e"), ("T", "t", "#137a45"))
CALIPERS: Final = (
    ("P", "p_on_s", "p_off_s"),
    ("PR", "p_on_s", "qrs_on_s"),
    ("QRS", "qrs_on_s", "qrs_off_s"),
    ("QT", "qrs_on_s", "t_off_s"),
)
PREFERRED: Final = (Lead.II, Lead.V5, Lead.I, Lead.V2)

LARGE_SPEED: Final = 100.0  # mm/s
SMALL_SPEED, SMALL_GAIN = 25.0, 10.0
WIDTH_MM: Final = 180.0
LARGE_MM: Final = 60.0
CALIPER_MM: Final = 5.5
CELL_MM: Final = 45.0
ROW_MM: Final = 35.0
COLUMNS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnBeat:
    """The large drawing: its lead and scale."""

    svg: str
    lead: Lead
    gain: float


def draw_calipers(beat: Beat, values: Mapping[str, str]) -> DrawnBeat | None:
    """Return one lead with calipers, all others pale behind it; None without a readable lead.

    Parameters
    ----------
    beat : Beat
    values : mapping from `P`, `PR`, `QRS`, `QT` to the measured value as text
        Those without a value get no caliper.
    """
    signals = _readable(beat)
    if not signals:
        return None
    lead = next((each for each in PREFERRED if each in signals), next(iter(signals)))
    reach = max(float(np.nanmax(np.abs(signal))) for signal in signals.values())
    gain = 20.0 if reach * 20.0 <= LARGE_MM * 0.75 else 10.0
    calipers = [row for row in CALIPERS if row[0] in values and _span(beat, row[1], row[2])]
    sheet = Sheet(width=WIDTH_MM, height=LARGE_MM + CALIPER_MM * len(calipers) + 4.0)
    sheet.grid(0.0, 0.0, WIDTH_MM, LARGE_MM)
    left = 5.0 * round((WIDTH_MM - _seconds(beat) * LARGE_SPEED) / 10)
    base = _base_line(signals[lead], gain)
    _mark_waves(sheet, beat, left=left, top=0.0, height=LARGE_MM, speed=LARGE_SPEED)
    for other, signal in signals.items():
        if other != lead:
            _draw(sheet, beat, signal, left=left, base=base, gain=gain, color=GREY, pen=0.12)
    _draw(sheet, beat, signals[lead], left=left, base=base, gain=gain, color=INK, pen=0.45)
    sheet.write(lead.value, x=2.0, y=6.0, size=4.5, bold=True, halo=True)
    for number, (name, first, last) in enumerate(calipers):
        y = LARGE_MM + CALIPER_MM * (number + 0.8)
        _draw_caliper(sheet, _span(beat, first, last), left, y, f"{name} {values[name]}")
    return DrawnBeat(svg=sheet.svg(), lead=lead, gain=gain)


def draw_all_leads(beat: Beat) -> str:
    """Return the median beat of every lead, 25 mm/s and 10 mm/mV, waves marked."""
    signals = _readable(beat)
    rows = int(np.ceil(len(STANDARD_LEADS) / COLUMNS))
    sheet = Sheet(width=WIDTH_MM, height=ROW_MM * rows)
    sheet.grid(0.0, 0.0, sheet.width, sheet.height)
    for number, lead in enumerate(STANDARD_LEADS):
        column, row = divmod(number, rows)
        left, top = column * CELL_MM, row * ROW_MM
        if lead in signals:
            _mark_waves(
                sheet, beat, left=left + 5.0, top=top + 0.5, height=ROW_MM - 1.0, speed=SMALL_SPEED
            )
            base = top + _base_line(signals[lead], SMALL_GAIN, room=ROW_MM)
            x = left + 5.0 + np.arange(len(signals[lead])) / beat.sampling_rate_hz * SMALL_SPEED
            y = base - SMALL_GAIN * signals[lead]
            y[(y < top + 0.3) | (y > top + ROW_MM - 0.3)] = np.nan
            sheet.curve(x, y, pen=0.3)
        name = lead.value if lead in signals else f"{lead} –"
        sheet.write(name, x=left + 1.2, y=top + 4.6, size=3.4, bold=True, halo=True)
    for column in range(1, COLUMNS):
        edge = column * CELL_MM
        sheet.line(edge, 0.0, edge, sheet.height, color=FRAME, pen=0.3)
    for row in range(1, rows):
        sheet.line(0.0, row * ROW_MM, sheet.width, row * ROW_MM, color=FRAME, pen=0.3)
    return sheet.svg()


def _readable(beat: Beat) -> dict[Lead, NDArray[np.float64]]:
    """Return the leads that hold a beat, in the order of the standard."""
    signals = {lead: beat.millivolts(lead) for lead in STANDARD_LEADS if lead in beat.leads}
    return {lead: signal for lead, signal in signals.items() if np.isfinite(signal).sum() > 2}


def _seconds(beat: Beat) -> float:
    """Return the length of the beat's window."""
    return max(len(values) for values in beat.leads.values()) / beat.sampling_rate_hz


def _base_line(signal: NDArray[np.float64], gain: float, *, room: float = LARGE_MM) -> float:
    """Return where 0 mV lies so that the lead is centered, on a grid line."""
    middle = (float(np.nanmax(signal)) + float(np.nanmin(signal))) / 2
    return float(round(room / 2 + gain * middle))


def _span(beat: Beat, first: str, last: str) -> tuple[float, float] | None:
    """Return two bounds in seconds, None when one is absent."""
    start, end = getattr(beat, first), getattr(beat, last)
    return None if start is None or end is None else (float(start), float(end))


def _draw(
    sheet: Sheet,
    beat: Beat,
    signal: NDArray[np.float64],
    *,
    left: float,
    base: float,
    gain: float,
    color: str,
    pen: float,
) -> None:
    """Draw one lead of the large drawing, inside its frame."""
    x = left + np.arange(len(signal)) / beat.sampling_rate_hz * LARGE_SPEED
    y = base - gain * signal
    y[(y < 0.0) | (y > LARGE_MM)] = np.nan
    sheet.curve(x, y, color=color, pen=pen)


def _mark_waves(
    sheet: Sheet, beat: Beat, *, left: float, top: float, height: float, speed: float
) -> None:
    """Shade P, QRS and T, with a line at each bound."""
    for name, wave, color in WAVES:
        span = _span(beat, f"{wave}_on_s", f"{wave}_off_s")
        if span is None:
            continue
        first, last = (left + time * speed for time in span)
        sheet.box(first, top, last - first, height, fill=color, opacity=0.10)
        for x in (first, last):
            sheet.line(x, top, x, top + height, color=color, pen=0.15, dashed=True)
        if speed == LARGE_SPEED:
            sheet.write(
                name,
                x=(first + last) / 2,
                y=top + 4.2,
                size=3.2,
                color=color,
                bold=True,
                anchor="middle",
            )


def _draw_caliper(
    sheet: Sheet, span: tuple[float, float] | None, left: float, y: float, words: str
) -> None:
    """Draw a caliper under the beat, with its value beside it."""
    if span is None:
        return
    first, last = (left + time * LARGE_SPEED for time in span)
    sheet.line(first, y, last, y, pen=0.35)
    for x in (first, last):
        sheet.line(x, y - 1.5, x, y + 1.5, pen=0.35)
    sheet.write(words, x=last + 2.0, y=y + 1.1, size=3.2)
