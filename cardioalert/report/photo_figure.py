"""The photo with the curves that were read drawn over it: how a person checks the reading."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image

from cardioalert.domain.imaging import Digitized, LeadTrace
from cardioalert.report.overlay import COLORS, LINE_MM, photo_positions
from cardioalert.report.svg import Sheet

MOST_PIXELS: Final = 1800  # of the longer side of the photo in a report
JPEG_QUALITY: Final = 80
LANDSCAPE: Final = (270.0, 158.0)  # mm: the room of a page
PORTRAIT: Final = (180.0, 225.0)
NAME_MM: Final = 2.6
WIDE: Final = 1.15  # width over height from which a page is turned


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnPhoto:
    """The picture, and whether it wants a page in landscape."""

    svg: str
    landscape: bool


def draw_photo(digitized: Digitized) -> DrawnPhoto:
    """Return the photo, upright, under the curves that were read."""
    pixels = digitized.photo.pixels
    height, width = pixels.shape[:2]
    landscape = width > WIDE * height
    room = LANDSCAPE if landscape else PORTRAIT
    scale = min(room[0] / width, room[1] / height)  # mm on paper per pixel of the photo
    sheet = Sheet(width=round(width * scale, 2), height=round(height * scale, 2))
    picture = _jpeg(Image.fromarray(pixels))
    sheet.parts.append(
        f'<image href="data:image/jpeg;base64,{picture}" '
        f'width="{round(sheet.width * 100)}" height="{round(sheet.height * 100)}" '
        'preserveAspectRatio="none"/>'
    )
    pen = max(LINE_MM * sum(digitized.grid.photo_pixels_per_mm) / 2 * scale, 0.12)
    for trace in digitized.traces:
        _draw_trace(sheet, trace, digitized, scale, pen)
    for trace in digitized.traces:
        _draw_name(sheet, trace, digitized, scale)
    return DrawnPhoto(svg=sheet.svg(), landscape=landscape)


def _jpeg(photo: Image.Image) -> str:
    """Return a smaller copy of the photo, base64."""
    photo.thumbnail((MOST_PIXELS, MOST_PIXELS))
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _draw_trace(
    sheet: Sheet, trace: LeadTrace, digitized: Digitized, scale: float, pen: float
) -> None:
    """Draw one curve where it lies on the photo."""
    columns = np.arange(len(trace.y), dtype=np.float64)
    inside = (columns >= trace.start_x) & (columns <= trace.end_x)
    x, y = photo_positions(digitized.page, columns, np.where(inside, trace.y, np.nan))
    sheet.curve(x * scale, y * scale, color=_color(trace), pen=pen)


def _draw_name(sheet: Sheet, trace: LeadTrace, digitized: Digitized, scale: float) -> None:
    """Write the name of a lead where its curve begins."""
    if not np.isfinite(trace.y).any():
        return
    above = float(np.nanmedian(trace.y)) - 3.0 * digitized.grid.pixels_per_mm
    x, y = photo_positions(digitized.page, np.array([trace.start_x]), np.array([above]))
    name = f"-{trace.lead}" if trace.inverted else trace.lead.value
    left = min(max(float(x[0]) * scale, 0.5), sheet.width - 9.0)
    base = min(max(float(y[0]) * scale, 4.0), sheet.height - 1.0)
    sheet.box(left, base - 2.8, 1.2 + 1.7 * len(name), 3.6, fill=_color(trace))
    sheet.write(name, x=left + 0.6, y=base, size=NAME_MM, color="#ffffff", bold=True)


def _color(trace: LeadTrace) -> str:
    """Return the color of a lead, as it is in the overlay."""
    return "#{:02x}{:02x}{:02x}".format(*COLORS[trace.lead])
