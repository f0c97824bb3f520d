"""What stands on a page besides grid, traces and lead names."""

import cv2
import numpy as np

from synthesis.canvas import Canvas
from synthesis.design import PageDesign
from synthesis.lettering import FONT_FILES, draw_text

PENS = ((25, 40, 160), (20, 20, 25), (190, 30, 40), (40, 60, 120))
STAMP_COLOURS = ((60, 50, 150), (40, 70, 170), (150, 40, 60), (90, 60, 140))
STAMP_WORDS = ("КАРДИОЛОГ", "ВРАЧ", "КОПИЯ", "RECEIVED", "Dr.", "№ 12", "Toshkent", "2024")
NOTES = (
    "AF?",
    "STEMI",
    "норма",
    "ритм синус.",
    "V1-V4 ST",
    "10:45",
    "repeat",
    "ИБС?",
    "after NTG",
    "HR 75",
    "12.03",
    "x",
    "II",
    "V5",
    "!",
)


def add_words(canvas: Canvas, design: PageDesign, rng: np.random.Generator) -> None:
    """Print header lines in columns at the top, and a footer."""
    letters = design.lettering
    pitch = letters.header_size * 1.35
    top_room = max(design.first_row - 0.45 * design.row_spacing, pitch)
    per_column = max(int(top_room / pitch), 1)
    for index, line in enumerate(letters.header):
        column, row = divmod(index, per_column)
        x = 4 + column * rng.uniform(55, 75)
        _write(canvas, line, design, x=x, y=1.5 + row * pitch)
    x = 5.0
    for line in letters.footer:
        _write(canvas, line, design, x=x, y=design.height - pitch - rng.uniform(0.0, 3.0))
        x += rng.uniform(50, 80)


def _write(canvas: Canvas, line: str, design: PageDesign, *, x: float, y: float) -> None:
    letters = design.lettering
    patch = draw_text(line, font=letters.font, height=round(letters.header_size * canvas.scale))
    canvas.blend(
        patch,
        letters.colour,
        top=round(y * canvas.scale),
        left=round(x * canvas.scale),
        layer=canvas.marks,
    )


def add_clutter(canvas: Canvas, design: PageDesign, rng: np.random.Generator) -> None:
    """Add stains, stamps, pen marks, notes, bars and barcodes at random places."""
    counts = design.clutter
    for _ in range(counts.stains):
        _stain(canvas, rng)
    for _ in range(counts.rules):
        _rule(canvas, design, rng)
    for _ in range(counts.stamps):
        _stamp(canvas, rng)
    for _ in range(counts.scribbles):
        _scribble(canvas, rng)
    for _ in range(counts.notes):
        _note(canvas, rng)
    for _ in range(counts.barcodes):
        _barcode(canvas, rng)
    for _ in range(counts.redactions):
        _redaction(canvas, rng)


def _place(canvas: Canvas, rng: np.random.Generator) -> tuple[float, float]:
    height, width = np.array(canvas.trace.shape) / canvas.scale
    return rng.uniform(0, 0.9) * width, rng.uniform(0, 0.9) * height


def _stain(canvas: Canvas, rng: np.random.Generator) -> None:
    """A pale blot; not ink, so no layer remembers it."""
    x, y = _place(canvas, rng)
    size = int(rng.uniform(10, 40) * canvas.scale)
    random = rng.random((5, 5)).astype(np.float32)
    small = cv2.resize(random, (size, size), interpolation=cv2.INTER_CUBIC)
    ramp = 1 - np.hypot(*np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j])
    blot = (255 * np.clip(small * ramp * 1.5, 0, 1)).astype(np.uint8)
    top, left = int(y * canvas.scale), int(x * canvas.scale)
    canvas.blend(blot, (190, 160, 110), top=top, left=left, strength=0.4)


def _rule(canvas: Canvas, design: PageDesign, rng: np.random.Generator) -> None:
    """A printed line across the page, or a frame, mostly in the header or the footer."""
    width, height = design.width, design.height
    top = design.first_row - 0.6 * design.row_spacing
    places = [rng.uniform(0, max(top, 3.0)), rng.uniform(0.9, 1.0) * height]
    y = places[int(rng.random() < 0.25)]
    x0, x1 = rng.uniform(0, 0.1) * width, rng.uniform(0.85, 1.0) * width
    line = np.array([[x0, y], [x1, y]])
    if rng.random() < 0.2:
        bottom = rng.uniform(0.92, 0.99) * height
        line = np.array([[x0, y], [x1, y], [x1, bottom], [x0, bottom], [x0, y]])
    colour = design.lettering.colour
    canvas.polyline(line, colour, width=rng.uniform(0.15, 1.0), layer=canvas.marks)


def _stamp(canvas: Canvas, rng: np.random.Generator) -> None:
    """A round or square stamp with a few words."""
    x, y = _place(canvas, rng)
    colour = STAMP_COLOURS[rng.integers(len(STAMP_COLOURS))]
    strength = rng.uniform(0.35, 0.8)
    radius = rng.uniform(9, 20)
    turn = np.linspace(0, 2 * np.pi, 60)
    circle = np.stack([x + radius * np.cos(turn), y + radius * np.sin(turn)], axis=1)
    corners = np.array([[-1, -0.5], [1, -0.5], [1, 0.5], [-1, 0.5], [-1, -0.5]]) * radius
    centre = np.array([x, y])
    shape = circle if rng.random() < 0.6 else corners + centre
    for scale in (1.0, 0.9):
        ring = (shape - centre) * scale + centre
        width = rng.uniform(0.3, 0.8)
        canvas.polyline(ring, colour, width=width, strength=strength, layer=canvas.marks)
    words = rng.choice(STAMP_WORDS, 3)
    angle = rng.uniform(-25, 25)
    for row, word in enumerate(words):
        patch = draw_text(
            str(word),
            font=str(rng.choice(FONT_FILES)),
            height=int(rng.uniform(2.5, 4.5) * canvas.scale),
            angle=angle,
        )
        top = (y - 6 + row * 5) * canvas.scale - patch.shape[0] / 2
        canvas.blend(
            patch,
            colour,
            top=int(top),
            left=int(x * canvas.scale - patch.shape[1] / 2),
            strength=strength,
            layer=canvas.marks,
        )


def _scribble(canvas: Canvas, rng: np.random.Generator) -> None:
    """A pen stroke: an arrow, a ring, an underline or handwriting-like waves."""
    x, y = _place(canvas, rng)
    pen = PENS[rng.integers(len(PENS))]
    width = rng.uniform(0.25, 0.8)
    length = rng.uniform(8, 50)
    t = np.linspace(0, 1, 80)
    kind = rng.integers(4)
    if kind == 0:
        wave = np.cumsum(rng.normal(0, 1, 80))
        loops = np.sin(2 * np.pi * t * rng.uniform(5, 14) + wave * 0.2)
        points = np.stack([x + length * t + 1.2 * np.roll(loops, 3), y + 2.0 * loops], axis=1)
    elif kind == 1:
        turn = 2 * np.pi * t * 1.1
        points = np.stack([x + length / 3 * np.cos(turn), y + length / 5 * np.sin(turn)], axis=1)
    elif kind == 2:
        slope = rng.normal(0, 0.3)
        points = np.stack([x + length * t, y + slope * length * t + np.sin(3 * t)], axis=1)
    else:
        knots = rng.normal(0, length / 3, (6, 2))
        points = np.stack([np.interp(t * 5, np.arange(6), knots[:, k]) for k in (0, 1)], axis=1)
        points = cv2.GaussianBlur(points, (1, 15), 4) + np.array([x, y])
    canvas.polyline(points, pen, width=width, strength=rng.uniform(0.6, 1), layer=canvas.marks)


def _note(canvas: Canvas, rng: np.random.Generator) -> None:
    """Words anywhere on the page, often slanted: handwriting or a printed remark."""
    x, y = _place(canvas, rng)
    text = str(rng.choice(NOTES))
    patch = draw_text(
        text,
        font=str(rng.choice(FONT_FILES)),
        height=int(rng.uniform(3, 8) * canvas.scale),
        angle=float(rng.normal(0, 10)),
    )
    pen = PENS[rng.integers(len(PENS))]
    canvas.blend(
        patch,
        pen,
        top=int(y * canvas.scale),
        left=int(x * canvas.scale),
        strength=rng.uniform(0.6, 1),
        layer=canvas.marks,
    )


def _barcode(canvas: Canvas, rng: np.random.Generator) -> None:
    x, y = _place(canvas, rng)
    bars = np.repeat(rng.random(60) < 0.5, rng.integers(2, 6)).astype(np.uint8) * 255
    patch = np.tile(bars, (int(8 * canvas.scale), 1))
    top, left = int(min(y, 20.0) * canvas.scale), int(x * canvas.scale)
    canvas.blend(patch, (15, 15, 15), top=top, left=left, layer=canvas.marks)


def _redaction(canvas: Canvas, rng: np.random.Generator) -> None:
    """An opaque bar: it hides the trace, so the trace is not there to be found."""
    x, y = _place(canvas, rng)
    if rng.random() < 0.7:
        y = rng.uniform(0, 20)
    size = (np.array([rng.uniform(3, 8), rng.uniform(12, 45)]) * canvas.scale).astype(int)
    patch = np.full(size, 255, np.uint8)
    colour = (10, 10, 10) if rng.random() < 0.6 else (215, 212, 205)
    top, left = int(y * canvas.scale), int(x * canvas.scale)
    canvas.blend(patch, colour, top=top, left=left, layer=canvas.marks)
    area = np.s_[top : top + size[0], left : left + size[1]]
    canvas.trace[area] = 0
    canvas.grid[area] = 0
