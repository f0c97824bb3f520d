"""Vector pictures on millimetre paper, as SVG text: the same for HTML and for PDF.

Lengths are millimetres from the upper left corner, and the picture states its own size in them, so
that 25 mm are 25 mm on paper. Words are escaped: names in a file are not markup.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cardioalert.report.drawing import finite_runs

UNITS: Final = 100  # of the picture's own coordinates in a millimetre: whole numbers are short
SIMPLER: Final = 1.5  # units a simplified curve may lie beside the curve: 0.015 mm
FONT: Final = "Noto Sans, Noto Sans Math, Noto Sans Symbols2, sans-serif"

THIN_LINE: Final = "#f5d5d2"
THICK_LINE: Final = "#e6a09a"
FRAME: Final = "#d98b84"
INK: Final = "#14171c"
GREY: Final = "#9aa3ad"
TEXT: Final = "#14171c"


@dataclass(slots=True, kw_only=True)
class Sheet:
    """A picture that is being drawn."""

    width: float
    height: float
    parts: list[str] = field(default_factory=list)

    def grid(self, left: float, top: float, width: float, height: float) -> None:
        """Draw lines every millimetre, and stronger ones every five."""
        for step, color, pen in ((1, THIN_LINE, 8), (5, THICK_LINE, 14)):
            upright = "".join(
                f"M{_at(left + x)} {_at(top)}v{_at(height)}" for x in range(0, int(width) + 1, step)
            )
            level = "".join(
                f"M{_at(left)} {_at(top + y)}h{_at(width)}" for y in range(0, int(height) + 1, step)
            )
            self.parts.append(
                f'<path d="{upright}{level}" fill="none" stroke="{color}" stroke-width="{pen}"/>'
            )

    def curve(
        self,
        x: NDArray[np.floating],
        y: NDArray[np.floating],
        *,
        color: str = INK,
        pen: float = 0.25,
    ) -> None:
        """Draw a curve; it is interrupted where a position is NaN or outside the picture."""
        inside = (x >= 0) & (x <= self.width) & (y >= 0) & (y <= self.height)
        places = np.where(inside, x + y, np.nan)
        points = np.stack([x, y], axis=1)
        path = "".join(_path(points[run]) for run in finite_runs(places))
        if path:
            self.parts.append(
                f'<path d="{path}" fill="none" stroke="{color}" stroke-width="{_at(pen)}" '
                'stroke-linejoin="round" stroke-linecap="round"/>'
            )

    def line(
        self,
        x1: float,
        y1: float,
        x2: float,
        y2: float,
        *,
        color: str = INK,
        pen: float = 0.2,
        dashed: bool = False,
    ) -> None:
        """Draw a straight line."""
        dashes = ' stroke-dasharray="80 60"' if dashed else ""
        self.parts.append(
            f'<path d="M{_at(x1)} {_at(y1)}L{_at(x2)} {_at(y2)}" fill="none" stroke="{color}" '
            f'stroke-width="{_at(pen)}"{dashes}/>'
        )

    def box(
        self,
        left: float,
        top: float,
        width: float,
        height: float,
        *,
        fill: str,
        opacity: float = 1.0,
        edge: str = "none",
    ) -> None:
        """Draw a filled rectangle."""
        self.parts.append(
            f'<rect x="{_at(left)}" y="{_at(top)}" width="{_at(width)}" height="{_at(height)}" '
            f'fill="{fill}" fill-opacity="{opacity:g}" stroke="{edge}" stroke-width="20"/>'
        )

    def write(
        self,
        words: str,
        *,
        x: float,
        y: float,
        size: float = 3.0,
        color: str = TEXT,
        bold: bool = False,
        anchor: str = "start",
        halo: bool = False,
    ) -> None:
        """Write words with their base line at y; a halo keeps them readable on a grid."""
        weight = ' font-weight="700"' if bold else ""
        base = (
            f'x="{_at(x)}" y="{_at(y)}" font-family="{FONT}" font-size="{_at(size)}" '
            f'text-anchor="{anchor}"{weight}'
        )
        if halo:
            wide = len(words) * size * 0.58
            left = {"start": x, "middle": x - wide / 2, "end": x - wide}[anchor]
            self.box(
                left - 0.4, y - size * 0.88, wide + 0.8, size * 1.12, fill="#ffffff", opacity=0.85
            )
        self.parts.append(f'<text {base} fill="{color}">{escape(words)}</text>')

    def svg(self) -> str:
        """Return the picture; whoever shows it names it, since only then its place is known."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width:g}mm" '
            f'height="{self.height:g}mm" viewBox="0 0 {_at(self.width)} {_at(self.height)}">'
            f"{''.join(self.parts)}</svg>"
        )


def _at(millimeters: float) -> int:
    """Return a length in the picture's own coordinates."""
    return round(millimeters * UNITS)


def _path(points: NDArray[np.floating]) -> str:
    """Return a curve as a path of relative steps, without points that nobody could see."""
    whole = np.round(points * UNITS).astype(np.int32)
    if len(whole) > 2:
        whole = cv2.approxPolyDP(whole[:, None], SIMPLER, False)[:, 0].astype(np.int32)
    if len(whole) == 1:
        return f"M{whole[0, 0]} {whole[0, 1]}h1"
    steps = np.diff(whole, axis=0)
    return f"M{whole[0, 0]} {whole[0, 1]}l" + " ".join(f"{dx} {dy}" for dx, dy in steps)
