"""Draw a page from a design and a signal, and keep the truth."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from synthesis.canvas import Canvas, draw_polylines
from synthesis.clutter import add_clutter, add_words
from synthesis.design import PageDesign
from synthesis.gridlines import draw_grid
from synthesis.layouts import lead_signal
from synthesis.lettering import draw_text

STEEP = 3.0  # mm of rise per mm of paper, where a pen or print head begins to fade


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LeadStroke:
    """One lead as printed in one row and column.

    Attributes
    ----------
    points : float64 array, shape (samples, 2), x and y in mm on the page
    signal : float32 array, shape (samples,), mV
    start : seconds of the recording at the first sample
    baseline : y of 0 mV, mm
    label_box : x0, y0, x1, y1 of the printed lead name, mm
    """

    lead: str
    row: int
    column: int
    points: NDArray[np.float64]
    signal: NDArray[np.float32]
    start: float
    baseline: float
    label_box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrawnPage:
    """A sharp page with its truth.

    Attributes
    ----------
    rgb : uint8 array, shape (h, w, 3)
    trace, grid, marks : uint8 arrays, shape (h, w), coverage 0..255
    strokes : the leads, in the order they were drawn
    scale : pixels per mm; pixel centres lie at (index + 0.5) / scale
    """

    rgb: NDArray[np.uint8]
    trace: NDArray[np.uint8]
    grid: NDArray[np.uint8]
    marks: NDArray[np.uint8]
    strokes: tuple[LeadStroke, ...]
    scale: float
    design: PageDesign

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in mm."""
        return self.rgb.shape[1] / self.scale, self.rgb.shape[0] / self.scale


def draw_page(
    design: PageDesign, signal: NDArray[np.floating], *, sampling_rate: float, scale: float = 12.0
) -> DrawnPage:
    """Print a page.

    Parameters
    ----------
    signal : array, shape (12, samples), mV, in the order of `layouts.LEADS`
    sampling_rate : float, Hz
    scale : pixels per mm of the drawing
    """
    rng = np.random.default_rng(design.seed + 1)
    canvas = Canvas.blank(design.width, design.height, colour=design.paper, scale=scale)
    draw_grid(canvas, design)
    strokes = place_strokes(design, signal, sampling_rate=sampling_rate)
    draw_strokes(canvas, design, strokes, rng)
    draw_pulses(canvas, design)
    draw_separators(canvas, design)
    strokes = draw_lead_names(canvas, design, strokes, rng)
    add_words(canvas, design, rng)
    add_clutter(canvas, design, rng)
    return DrawnPage(
        rgb=canvas.rgb,
        trace=canvas.trace,
        grid=canvas.grid,
        marks=canvas.marks,
        strokes=strokes,
        scale=scale,
        design=design,
    )


def place_strokes(
    design: PageDesign, signal: NDArray[np.floating], *, sampling_rate: float
) -> tuple[LeadStroke, ...]:
    """Cut the recording into printed leads and lay them on the page."""
    strokes = []
    for row, leads in enumerate(design.layout.rows):
        width = design.column_width * design.layout.columns / len(leads)
        for column, lead in enumerate(leads):
            seconds = (width - design.column_gap * (len(leads) > 1)) / design.speed
            start = 0.0 if design.simultaneous else column * width / design.speed
            first = round(start * sampling_rate)
            values = lead_signal(np.asarray(signal), lead)[first:]
            values = values[: int(seconds * sampling_rate) + 1]
            if len(values) < 2:
                continue
            x = design.left + column * width
            x = x + np.arange(len(values)) / sampling_rate * design.speed
            y = design.baseline(row) - values * design.gain_of(lead)
            strokes.append(
                LeadStroke(
                    lead=lead,
                    row=row,
                    column=column,
                    points=np.stack([x, y], axis=1),
                    signal=values.astype(np.float32),
                    start=first / sampling_rate,
                    baseline=design.baseline(row),
                    label_box=(0.0, 0.0, 0.0, 0.0),
                )
            )
    return tuple(strokes)


def draw_strokes(
    canvas: Canvas,
    design: PageDesign,
    strokes: tuple[LeadStroke, ...],
    rng: np.random.Generator,
) -> None:
    """Write the traces: steep parts paler when the pen fades."""
    ink = design.ink
    lines = [stroke.points for stroke in strokes]
    if ink.joined:
        rows = sorted({stroke.row for stroke in strokes})
        lines = [np.concatenate([s.points for s in strokes if s.row == row]) for row in rows]
    draw_polylines(canvas.trace, lines, width=ink.stroke, scale=canvas.scale)
    seen = canvas.trace
    if ink.fade > 0:
        calm = [part for line in lines for part in _calm_parts(line)]
        strong = np.zeros_like(canvas.trace)
        draw_polylines(strong, calm, width=ink.stroke, scale=canvas.scale)
        faded = cv2.convertScaleAbs(canvas.trace, alpha=1 - ink.fade)
        seen = np.maximum(strong, faded)
    if ink.patchy > 0:
        seen = _patchy(seen, ink.patchy, rng)
    canvas.blend(seen, ink.colour, strength=ink.strength)


def _patchy(
    coverage: NDArray[np.uint8], amount: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Make the ink paler in some regions, as a worn print head does."""
    field = rng.uniform(0, 1, (5, 9)).astype(np.float32)
    height, width = coverage.shape
    large = cv2.resize(field, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.multiply(coverage, 1 - amount * large, dtype=cv2.CV_8U)


def _calm_parts(line: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Split a line into the stretches that are not steep."""
    step = np.diff(line, axis=0)
    calm = np.abs(step[:, 1]) <= STEEP * np.maximum(np.abs(step[:, 0]), 1e-6)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], calm.astype(int), [0]])))
    return [line[a : b + 1] for a, b in zip(edges[::2], edges[1::2], strict=True)]


def draw_pulses(canvas: Canvas, design: PageDesign) -> None:
    """Draw the 1 mV calibration pulse of every row."""
    if design.pulse == "none" and not design.pulse_between:
        return
    for row, leads in enumerate(design.layout.rows):
        right = design.left + design.column_width * design.layout.columns
        lead_in = design.pulse_width * 0.3
        x = design.left - design.pulse_gap - design.pulse_width - 2 * lead_in
        starts = {"left": [x], "right": [right + 0.5], "none": []}[design.pulse]
        if design.pulse_between and len(leads) > 1:
            starts = starts + [design.left + k * design.column_width for k in range(1, len(leads))]
        for start in starts:
            y = design.baseline(row)
            up, then = y - design.gain_of(leads[0]), y - design.gain_of(leads[-1])
            a, b, c = start + lead_in, start + lead_in + design.pulse_width, lead_in
            half = (a + b) / 2  # of a step between the limb and the chest gain, if they differ
            roof = [[a, up], [half, up], [half, then], [b, then]]
            corners = np.array([[start, y], [a, y], *roof, [b, y], [b + c, y]])
            canvas.polyline(
                corners,
                design.ink.colour,
                width=design.ink.stroke * design.pulse_weight,
                strength=design.ink.strength,
                layer=canvas.marks,
            )


def draw_separators(canvas: Canvas, design: PageDesign) -> None:
    """Draw what stands between columns, from ticks to lines through all rows."""
    rows = [r for r, leads in enumerate(design.layout.rows) if len(leads) > 1]
    if design.separator == "none" or not rows:
        return
    half = 0.5 * design.row_spacing
    columns = len(design.layout.rows[rows[0]])
    for column in range(0 if design.separator == "bar" else 1, columns):
        x = design.left + column * design.column_width
        for row in rows:
            y = design.baseline(row)
            for y0, y1 in _separator_parts(design.separator, y, half):
                canvas.polyline(
                    np.array([[x, y0], [x, y1]]),
                    design.separator_colour,
                    width=design.separator_width,
                    layer=canvas.marks,
                )


def _separator_parts(kind: str, y: float, half: float) -> list[tuple[float, float]]:
    if kind == "solid":
        return [(y - half, y + half)]
    if kind == "bar":
        return [(y - 3.0, y + 3.0)]
    if kind == "ticks":
        return [(y - 6.0, y - 3.0), (y + 3.0, y + 6.0)]
    pitch, ink = (2.0, 1.2) if kind == "dashed" else (0.7, 0.3)
    starts = np.arange(y - 0.9 * half, y + 0.9 * half, pitch)
    return [(float(s), float(s + ink)) for s in starts]


def draw_lead_names(
    canvas: Canvas,
    design: PageDesign,
    strokes: tuple[LeadStroke, ...],
    rng: np.random.Generator,
) -> tuple[LeadStroke, ...]:
    """Print each lead's name at the start of its column; return the strokes with their boxes."""
    letters = design.lettering
    shift = rng.uniform(-1.0, 3.0)
    named = []
    for stroke in strokes:
        patch = draw_text(stroke.lead, font=letters.font, height=round(letters.size * canvas.scale))
        height, width = np.array(patch.shape) / canvas.scale
        x = design.left + stroke.column * design.column_width + shift
        tops = {"above": -letters.offset - height, "below": letters.offset, "on": -height / 2}
        y = stroke.baseline + tops[letters.place]
        canvas.blend(
            patch,
            letters.colour,
            top=round(y * canvas.scale),
            left=round(x * canvas.scale),
            layer=canvas.marks,
        )
        named.append(replace(stroke, label_box=(x, y, x + width, y + height)))
    return tuple(named)
