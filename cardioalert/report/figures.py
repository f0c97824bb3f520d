"""Redraw an ECG on a true millimetre grid: three rows of four leads and a rhythm strip."""

from __future__ import annotations

from typing import Final

import numpy as np

from cardioalert.domain.record import ECGRecord, Lead
from cardioalert.report.drawing import Color, Picture, draw_line, write
from cardioalert.report.strip import rhythm_lead

PAPER_SPEED: Final = 25.0  # mm/s
GAIN: Final = 10.0  # mm/mV
COLUMN_SECONDS: Final = 2.5
STRIP_SECONDS: Final = 10.0
ROW_MM: Final = 28.0
MARGIN_MM: Final = 5.0
PULSE_MM: Final = 10.0  # room for the calibration pulse left of each row
CAPTION_MM: Final = 5.0
LINE_MM: Final = 0.3
NAME_MM: Final = 3.0

PAPER: Final = (255, 252, 250)
THIN_LINE: Final = (248, 218, 214)
THICK_LINE: Final = (236, 170, 164)
INK: Final = (24, 24, 28)

ROWS: Final = (
    (Lead.I, Lead.AVR, Lead.V1, Lead.V4),
    (Lead.II, Lead.AVL, Lead.V2, Lead.V5),
    (Lead.III, Lead.AVF, Lead.V3, Lead.V6),
)


def redraw(record: ECGRecord, *, pixels_per_mm: int = 8) -> Picture:
    """Return the picture of a record: 25 mm/s, 10 mm/mV, leads that are absent left out.

    Parameters
    ----------
    record : ECGRecord
        Its first ten seconds are drawn.
    pixels_per_mm : int

    Returns
    -------
    uint8 array, shape (height, width, 3), RGB
    """
    picture = _blank_paper(pixels_per_mm)
    for row, leads in enumerate(ROWS):
        _draw_pulse(picture, row, pixels_per_mm)
        for column, lead in enumerate(leads):
            start = column * COLUMN_SECONDS
            _draw_lead(picture, record, lead, row, start, COLUMN_SECONDS, pixels_per_mm)
    _draw_pulse(picture, len(ROWS), pixels_per_mm)
    _draw_lead(
        picture, record, rhythm_lead(record), len(ROWS), 0.0, STRIP_SECONDS, pixels_per_mm
    )
    write(
        picture,
        f"{PAPER_SPEED:g} mm/s    {GAIN:g} mm/mV",
        left=(MARGIN_MM + PULSE_MM) * pixels_per_mm,
        top=len(picture) - (MARGIN_MM + CAPTION_MM - 1.0) * pixels_per_mm,
        size=NAME_MM * pixels_per_mm,
        color=INK,
    )
    return picture


def _blank_paper(pixels_per_mm: int) -> Picture:
    """Return paper with thin lines every millimetre and thick ones every five."""
    width_mm = 2 * MARGIN_MM + PULSE_MM + STRIP_SECONDS * PAPER_SPEED
    height_mm = 2 * MARGIN_MM + CAPTION_MM + (len(ROWS) + 1) * ROW_MM
    shape = (round(height_mm * pixels_per_mm) + 1, round(width_mm * pixels_per_mm) + 1, 3)
    paper = np.full(shape, PAPER, dtype=np.uint8)
    for spacing, color in ((pixels_per_mm, THIN_LINE), (5 * pixels_per_mm, THICK_LINE)):
        paper[::spacing] = color
        paper[:, ::spacing] = color
    return paper


def _baseline(row: int, pixels_per_mm: int) -> float:
    """Return the height of 0 mV in a row, on a grid line."""
    return (MARGIN_MM + round((row + 0.6) * ROW_MM)) * pixels_per_mm


def _draw_pulse(picture: Picture, row: int, pixels_per_mm: int) -> None:
    """Draw 1 mV for 0.2 s left of a row."""
    x = (MARGIN_MM + np.array([1.0, 2.0, 2.0, 7.0, 7.0, 8.0])) * pixels_per_mm
    y = _baseline(row, pixels_per_mm) - np.array([0.0, 0.0, 1.0, 1.0, 0.0, 0.0]) * (
        GAIN * pixels_per_mm
    )
    draw_line(picture, x, y, color=INK, width=_line_width(pixels_per_mm))


def _draw_lead(
    picture: Picture,
    record: ECGRecord,
    lead: Lead,
    row: int,
    start: float,
    seconds: float,
    pixels_per_mm: int,
) -> None:
    """Draw the part of a lead that its place shows, and its name."""
    if lead not in record.leads:
        return
    first, last = (round(time * record.sampling_rate) for time in (start, start + seconds))
    signal = record.lead(lead)[first : last + 1]
    times = start + np.arange(len(signal)) / record.sampling_rate
    x = (MARGIN_MM + PULSE_MM + times * PAPER_SPEED) * pixels_per_mm
    baseline = _baseline(row, pixels_per_mm)
    draw_line(
        picture,
        x,
        baseline - signal * (GAIN * pixels_per_mm),
        color=INK,
        width=_line_width(pixels_per_mm),
    )
    left = MARGIN_MM + PULSE_MM + start * PAPER_SPEED
    _write_name(picture, lead, left * pixels_per_mm, baseline, pixels_per_mm, INK)


def _write_name(
    picture: Picture, lead: Lead, left: float, baseline: float, pixels_per_mm: int, color: Color
) -> None:
    """Write the name of a lead above its beginning."""
    top = baseline - 13.0 * pixels_per_mm
    write(picture, lead.value, left=left, top=top, size=NAME_MM * pixels_per_mm, color=color)


def _line_width(pixels_per_mm: int) -> int:
    """Return the width of a curve."""
    return max(1, round(LINE_MM * pixels_per_mm))
