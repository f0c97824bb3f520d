"""Print the millimetre grid: lines, dots, dotted lines, or only every fifth line."""

import cv2
import numpy as np
from numpy.typing import NDArray

from synthesis.canvas import Canvas, line_profile
from synthesis.design import PageDesign


def draw_grid(canvas: Canvas, design: PageDesign) -> None:
    """Print the grid, on the whole paper or in a box around the rows."""
    style = design.grid
    if style.kind == "none":
        return
    height, width = canvas.trace.shape
    x0, y0, x1, y1 = _grid_box(design)
    coverage, strength = _grid_coverage(canvas, design)
    inside = np.zeros((height, width), np.uint8)
    r0, r1 = int(max(y0, 0) * canvas.scale), int(y1 * canvas.scale)
    c0, c1 = int(max(x0, 0) * canvas.scale), int(x1 * canvas.scale)
    inside[r0:r1, c0:c1] = 255
    canvas.blend(cv2.min(strength, inside), style.colour)
    canvas.grid[:] = cv2.min(coverage, inside)
    if style.border:
        corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]])
        canvas.polyline(corners, style.colour, width=0.35, layer=canvas.grid)


def _grid_box(design: PageDesign) -> tuple[float, float, float, float]:
    if design.grid.full_page:
        return 0.0, 0.0, design.width, design.height
    x0, y0 = design.grid_origin
    top = y0 + 5 * np.floor((design.first_row - 0.6 * design.row_spacing - y0) / 5)
    last = design.baseline(len(design.layout.rows) - 1) + 0.6 * design.row_spacing
    bottom = min(y0 + 5 * np.ceil((last - y0) / 5), design.height)
    return x0 % 5, max(top, 0.0), x0 + 5 * np.floor((design.width - x0) / 5), bottom


def _grid_coverage(
    canvas: Canvas, design: PageDesign
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Where grid ink is (coverage) and how strongly it shows, uint8 (h, w) each."""
    style = design.grid
    minor = _axis_profiles(canvas, design, pitch=1.0, width=style.minor_width)
    major = _axis_profiles(canvas, design, pitch=5.0, width=style.major_width)
    lines = [255 * np.maximum.outer(major[1], major[0])]
    if style.kind == "dotted":
        dots = _axis_profiles(canvas, design, pitch=style.dot_pitch, width=style.dot_pitch * 0.5)
        lines = [255 * np.maximum(np.outer(major[1], dots[0]), np.outer(dots[1], major[0]))]
    if style.kind == "lines":
        lines.append(255 * np.maximum.outer(minor[1], minor[0]))
    if style.kind in ("points", "dotted"):
        if style.dots_skip_major:
            minor = tuple(
                _without_neighbours(p, canvas.scale, o)
                for p, o in zip(minor, design.grid_origin, strict=True)
            )
        lines.append(255 * np.outer(minor[1], minor[0]))
    strong = lines[0] * style.major_strength
    shown = np.maximum(strong, lines[1] * style.minor_strength) if len(lines) > 1 else strong
    coverage = np.maximum(lines[0], lines[1]) if len(lines) > 1 else lines[0]
    return coverage.astype(np.uint8), shown.astype(np.uint8)


def _axis_profiles(
    canvas: Canvas, design: PageDesign, *, pitch: float, width: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    height, columns = canvas.trace.shape
    x, y = design.grid_origin
    return (
        line_profile(columns, scale=canvas.scale, origin=x, pitch=pitch, width=width),
        line_profile(height, scale=canvas.scale, origin=y, pitch=pitch, width=width),
    )


def _without_neighbours(
    profile: NDArray[np.float32], scale: float, origin: float
) -> NDArray[np.float32]:
    """Remove the dots that lie on the 5 mm lines."""
    position = (np.arange(len(profile)) + 0.5) / scale - origin
    far = np.abs(position - np.round(position / 5) * 5) > 0.5
    return (profile * far).astype(np.float32)
