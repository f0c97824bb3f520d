"""Redraw an ECG on a true millimetre grid: three rows of four leads and a rhythm strip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.record import ECGRecord, Lead
from cardioalert.report.drawing import Picture, draw_line, write
from cardioalert.report.strip import rhythm_lead

PAPER_SPEED: Final = 25.0  # mm/s
GAIN: Final = 10.0  # mm/mV
COLUMN_SECONDS: Final = 2.5
STRIP_SECONDS: Final = 10.0
ROW_MM: Final = 28.0
MARGIN_MM: Final = 5.0
LEFT_MM: Final = 15.0  # where time begins, right of the margin and the calibration pulse
TICK_MM: Final = 3.0
NAME_ABOVE_MM: Final = 13.0
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
    paper = _Paper(pixels=_blank(pixels_per_mm), pixels_per_mm=pixels_per_mm)
    for row, leads in enumerate(ROWS):
        paper.draw_pulse(row)
        for column, lead in enumerate(leads):
            start = column * COLUMN_SECONDS
            paper.draw_lead(record, lead, row=row, start=start, end=start + COLUMN_SECONDS)
    paper.draw_pulse(len(ROWS))
    paper.draw_lead(record, rhythm_lead(record), row=len(ROWS), start=0.0, end=STRIP_SECONDS)
    caption = f"{PAPER_SPEED:g} mm/s    {GAIN:g} mm/mV"
    bottom = len(paper.pixels) / pixels_per_mm - MARGIN_MM
    paper.write(caption, x=LEFT_MM, y=bottom - NAME_MM - 1.0)
    return paper.pixels


def _blank(pixels_per_mm: int) -> Picture:
    """Return paper with thin lines every millimetre and thick ones every five."""
    width_mm = LEFT_MM + STRIP_SECONDS * PAPER_SPEED + MARGIN_MM
    height_mm = 2 * MARGIN_MM + CAPTION_MM + (len(ROWS) + 1) * ROW_MM
    shape = (round(height_mm * pixels_per_mm) + 1, round(width_mm * pixels_per_mm) + 1, 3)
    paper = np.full(shape, PAPER, dtype=np.uint8)
    for spacing, color in ((pixels_per_mm, THIN_LINE), (5 * pixels_per_mm, THICK_LINE)):
        paper[::spacing] = color
        paper[:, ::spacing] = color
    return paper


def _baseline(row: int) -> float:
    """Return the height of 0 mV in a row, mm from the top, on a grid line."""
    return MARGIN_MM + round((row + 0.6) * ROW_MM)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Paper:
    """A sheet to draw on, in millimetres from its upper left corner."""

    pixels: Picture
    pixels_per_mm: int

    def draw(self, x: NDArray[np.floating], y: NDArray[np.floating]) -> None:
        """Draw a curve."""
        width = max(1, round(LINE_MM * self.pixels_per_mm))
        scale = self.pixels_per_mm
        draw_line(self.pixels, x * scale, y * scale, color=INK, width=width)

    def write(self, words: str, *, x: float, y: float) -> None:
        """Write text; (x, y) is its upper left corner."""
        scale = self.pixels_per_mm
        write(self.pixels, words, left=x * scale, top=y * scale, size=NAME_MM * scale, color=INK)

    def draw_pulse(self, row: int) -> None:
        """Draw 1 mV for 0.2 s left of a row."""
        x = MARGIN_MM + np.array([1.0, 2.0, 2.0, 7.0, 7.0, 8.0])
        millivolts = np.array([0.0, 0.0, 1.0, 1.0, 0.0, 0.0])
        self.draw(x, _baseline(row) - GAIN * millivolts)

    def draw_lead(
        self, record: ECGRecord, lead: Lead, *, row: int, start: float, end: float
    ) -> None:
        """Draw a lead from `start` to `end` (seconds), with a tick and its name."""
        if lead not in record.leads:
            return
        first, last = (round(time * record.sampling_rate) for time in (start, end))
        signal = record.lead(lead)[first : last + 1]
        times = start + np.arange(len(signal)) / record.sampling_rate
        left, baseline = LEFT_MM + start * PAPER_SPEED, _baseline(row)
        self.draw(LEFT_MM + times * PAPER_SPEED, baseline - GAIN * signal)
        if start > 0:
            self.draw(np.array([left, left]), baseline + np.array([-TICK_MM, TICK_MM]))
        self.write(lead.value, x=left, y=baseline - NAME_ABOVE_MM)
