"""The ECG redrawn on a true millimetre grid, as cardiologists expect it: 25 mm/s, 10 mm/mV.

Twelve leads stand in three rows of four and a rhythm strip below. Few leads, as of a strip, stand
below each other at full length. A lead that was printed at another time than its place in the row
says so beside its name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.record import ECGRecord, Lead
from cardioalert.report.strip import rhythm_lead
from cardioalert.report.svg import Sheet
from cardioalert.report.text import with_unit

PAPER_SPEED: Final = 25.0  # mm/s
GAIN: Final = 10.0  # mm/mV
COLUMN_SECONDS: Final = 2.5
STRIP_SECONDS: Final = 10.0
ROWS: Final = (
    (Lead.I, Lead.AVR, Lead.V1, Lead.V4),
    (Lead.II, Lead.AVL, Lead.V2, Lead.V5),
    (Lead.III, Lead.AVF, Lead.V3, Lead.V6),
)

LEFT_MM: Final = 15.0  # where time begins, right of the calibration pulse
WIDTH_MM: Final = 270.0
HEIGHT_MM: Final = 155.0  # what a landscape page has room for
ROW_MM: Final = 35.0
NAME_ROOM_MM: Final = 6.0
MOST_ROOM_MM: Final = 30.0  # above or below a base line; taller waves run into the next row
READABLE: Final = 0.8  # share of its window that a lead must have
OFFSET_MV: Final = 0.3  # a base line further from zero is moved there
MANY_LEADS: Final = 7
SHORTEST_STRIP: Final = 4.0  # s; a column of 2.5 s is no rhythm strip
NAME_MM: Final = 3.4
NAME_ABOVE_MM: Final = 11.0
NAME_SECONDS: Final = 0.4  # of the curve that a name stands above


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Piece:
    """A part of a lead and where it is drawn.

    Attributes
    ----------
    column : float, seconds on the paper where the piece begins
    start : float, seconds on the record's clock
    signal : float array, mV
    """

    lead: Lead
    column: float
    start: float
    signal: NDArray[np.floating]
    moved: bool

    @property
    def name(self) -> str:
        """The name of the lead, with its time where that is not the one of its place."""
        return f"{self.lead}  {with_unit(self.start, 's', 1)}" if self.moved else self.lead.value


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnEcg:
    """The drawing and what must be said about it.

    Attributes
    ----------
    shifted : tuple of Lead whose base line was moved to zero
    cut : tuple of Lead that leave the paper
    seconds : float, how much of the record is shown
    """

    svg: str
    leads: tuple[Lead, ...]
    shifted: tuple[Lead, ...]
    cut: tuple[Lead, ...]
    seconds: float


def draw_ecg(record: ECGRecord) -> DrawnEcg:
    """Return the drawing of the first ten seconds of a record."""
    centered, shifted = _centered(record)
    rows = [row for row in _rows(centered) if row]
    tallest = max(1, min(len(rows), 6))
    sheet = Sheet(width=WIDTH_MM, height=min(HEIGHT_MM, 5 * np.ceil(ROW_MM * tallest / 5)))
    sheet.grid(0.0, 0.0, sheet.width, sheet.height)
    lines = _base_lines(rows, sheet.height)
    for row, base in zip(rows, lines, strict=True):  # names first: no name may hide a wave
        for piece in row:
            _write_name(sheet, piece, record.sampling_rate, base)
    for row, base in zip(rows, lines, strict=True):
        _draw_pulse(sheet, base)
        for piece in row:
            _draw_piece(sheet, piece, record.sampling_rate, base)
    cut = [
        piece.lead
        for row, base in zip(rows, lines, strict=True)
        for piece in row
        if _leaves(piece, base, sheet.height)
    ]
    shown = tuple(dict.fromkeys(piece.lead for row in rows for piece in row))
    seconds = min(record.duration, STRIP_SECONDS)
    return DrawnEcg(
        svg=sheet.svg(),
        leads=shown,
        shifted=shifted,
        cut=tuple(dict.fromkeys(cut)),
        seconds=seconds,
    )


def _centered(record: ECGRecord) -> tuple[ECGRecord, tuple[Lead, ...]]:
    """Return a record whose base lines are near zero, and the leads that were moved."""
    levels = [float(np.nanmedian(row)) if np.isfinite(row).any() else 0.0 for row in record.signal]
    moved = np.array([level if abs(level) > OFFSET_MV else 0.0 for level in levels])
    shifted = tuple(lead for lead, by in zip(record.leads, moved, strict=True) if by)
    centered = ECGRecord(
        signal=record.signal - moved[:, None],
        sampling_rate=record.sampling_rate,
        leads=record.leads,
    )
    return centered, shifted


def _rows(record: ECGRecord) -> Iterator[list[Piece]]:
    """Return what stands in each row of the paper."""
    readable = [lead for lead in record.leads if record.has([lead])]
    if len(readable) < MANY_LEADS:
        for lead in readable:
            yield [_cut(record, lead, column=0.0, start=0.0, seconds=STRIP_SECONDS)]
        return
    for row in ROWS:
        yield [
            _best_piece(record, lead, column * COLUMN_SECONDS)
            for column, lead in enumerate(row)
            if lead in readable
        ]
    lead = _strip_lead(record)
    strip = _cut(record, lead, column=0.0, start=0.0, seconds=STRIP_SECONDS)
    if np.isfinite(strip.signal).sum() >= SHORTEST_STRIP * record.sampling_rate:
        yield [strip]


def _strip_lead(record: ECGRecord) -> Lead:
    """Return the lead of the rhythm strip: lead II unless another was printed clearly longer."""
    longest = rhythm_lead(record)
    if Lead.II not in record.leads:
        return longest
    counts = [np.isfinite(record.lead(lead)).sum() for lead in (Lead.II, longest)]
    return Lead.II if counts[0] >= READABLE * counts[1] else longest


def _best_piece(record: ECGRecord, lead: Lead, column: float) -> Piece:
    """Return a lead at the time of its column, or at another where it was only printed then."""
    usual = _cut(record, lead, column=column, start=column, seconds=COLUMN_SECONDS)
    known = np.isfinite(record.lead(lead)).astype(float)
    length = min(round(COLUMN_SECONDS * record.sampling_rate), len(known))
    if np.isfinite(usual.signal).sum() >= READABLE * length:
        return usual
    counts = np.convolve(known, np.ones(length), mode="valid")
    start = float(np.argmax(counts)) / record.sampling_rate
    best = _cut(record, lead, column=column, start=start, seconds=COLUMN_SECONDS)
    return best if counts.max() > 1.2 * np.isfinite(usual.signal).sum() else usual


def _cut(record: ECGRecord, lead: Lead, *, column: float, start: float, seconds: float) -> Piece:
    """Return a part of a lead."""
    first = round(start * record.sampling_rate)
    last = first + round(seconds * record.sampling_rate)
    return Piece(
        lead=lead,
        column=column,
        start=start,
        signal=record.lead(lead)[first : last + 1],
        moved=abs(start - column) > 0.05,
    )


def _base_lines(rows: list[list[Piece]], height: float) -> list[float]:
    """Return the height of 0 mV in each row, on a grid line, by how tall its waves are."""
    rooms = [(_room(row, +1) + NAME_ROOM_MM, _room(row, -1) + 2.0) for row in rows]
    needed = sum(above + below for above, below in rooms)
    spare = max(height - needed, 0.0) / max(len(rows), 1)
    shrink = min(height / needed, 1.0) if needed else 1.0
    lines, top = [], 0.0
    for above, below in rooms:
        lines.append(float(round(top + above * shrink + spare / 2)))
        top += (above + below) * shrink + spare
    return lines


def _room(row: list[Piece], sign: int) -> float:
    """Return how far the waves of a row reach up (+1) or down (-1), mm."""
    reach = [
        float(np.nanmax(sign * piece.signal)) for piece in row if np.isfinite(piece.signal).any()
    ]
    return float(np.clip(GAIN * max(reach, default=0.0), 5.0, MOST_ROOM_MM))


def _draw_pulse(sheet: Sheet, base: float) -> None:
    """Draw 1 mV for 0.2 s left of a row."""
    x = 2.0 + np.array([0.0, 2.0, 2.0, 7.0, 7.0, 9.0])
    sheet.curve(x, base - GAIN * np.array([0.0, 0.0, 1.0, 1.0, 0.0, 0.0]))


def _leaves(piece: Piece, base: float, height: float) -> bool:
    """Tell whether a part of a lead lies outside the paper."""
    y = base - GAIN * piece.signal
    return bool(((y < 0) | (y > height)).any())  # NaN is neither


def _write_name(sheet: Sheet, piece: Piece, sampling_rate: float, base: float) -> None:
    """Write the name of a lead above its beginning, higher where a wave is in the way."""
    below = piece.signal[: round(NAME_SECONDS * sampling_rate)]
    wave = GAIN * float(np.nanmax(below)) if np.isfinite(below).any() else 0.0
    y = max(base - max(NAME_ABOVE_MM, min(wave, MOST_ROOM_MM) + 1.5), NAME_MM + 0.4)
    left = LEFT_MM + piece.column * PAPER_SPEED
    sheet.write(piece.name, x=left + 0.8, y=y, size=NAME_MM, bold=True, halo=True)


def _draw_piece(sheet: Sheet, piece: Piece, sampling_rate: float, base: float) -> None:
    """Draw a part of a lead, with a tick where it begins."""
    left = LEFT_MM + piece.column * PAPER_SPEED
    times = np.arange(len(piece.signal)) / sampling_rate
    sheet.curve(left + times * PAPER_SPEED, base - GAIN * piece.signal)
    if piece.column > 0:
        sheet.line(left, base - 3.0, left, base + 3.0, pen=0.3)
