"""Draw, photograph and flatten small pieces of printed pages that are full of lead names."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from synthesis.cameras import random_camera
from synthesis.canvas import Canvas
from synthesis.clutter import PENS, add_clutter
from synthesis.design import Clutter, PageDesign, random_design
from synthesis.flatten import flat_sample, random_residual
from synthesis.gridlines import draw_grid
from synthesis.layouts import LEADS, Layout
from synthesis.lettering import draw_text, random_header
from synthesis.page import (
    DrawnPage,
    LeadStroke,
    draw_pulses,
    draw_separators,
    draw_strokes,
    place_strokes,
)
from synthesis.recordings import Recording, disturb

from training.label_reader.lettering import (
    FONTS,
    NAMES,
    NameStyle,
    draw_name,
    random_style,
    spelling,
)

SIDE = 56.0  # mm, of a patch
SCALE = 11.0  # pixels per mm of the drawing
LEVELS = ("scan", "easy", "medium", "hard")
LEVEL_SHARES = (0.4, 0.2, 0.25, 0.15)
READABLE = 4.6  # photo px of a capital's height, below which nobody can read it
NAME_SHARES = np.array([1.2, 1.4, 1.4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0.6])
ON_INK = 0.04  # share of a name's box under trace ink, above which it is not scattered there
SEPARATORS = ("none", "ticks", "ticks", "bar", "dashed", "dashed", "dotted", "solid")
WORDS = (
    "25 mm/s",
    "10 mm/mV",
    "50mm/s",
    "AC50",
    "0.05-150Hz",
    "F 35Hz",
    "I: 10",
    "1111",
    "11",
    "1",
    "111 ms",
    "VIII",
    "III.",
    "11:11:11",
    "VENT",
    "AV block II",
    "V1.7",
    "STAGE II",
    "IIb/IIIa",
    "aVF, III",
    "V2-V4",
    "V",
    "C",
    "HR 61",
    "RR 1.1",
    "F",
    "R",
    "L",
    "ID 1",
    "Dr. I. V.",
    "12.11.2011",
    "1 mV",
    "Lead",
    "ЧСС 71",
    "ФИО",
    "мм/с",
    "Ч.П.",
    "Иванов И.И.",
    "mV",
    "QT",
    "ST",
    "PVC",
    "N",
    "V",
    "S",
    "a",
    "x1",
    "x2",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NameBox:
    """A printed lead name: index into `NAMES`, and its box."""

    name: int
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "NameBox", *, gap: float) -> bool:
        """Whether less than `gap` lies between two boxes."""
        return (
            self.left - gap < other.right
            and other.left - gap < self.right
            and self.top - gap < other.bottom
            and other.top - gap < self.bottom
        )


def random_patch(
    recordings: list[Recording], seed: int
) -> tuple[NDArray[np.uint8], tuple[NameBox, ...]]:
    """Return RGB at 8 px/mm, shape (h, w, 3), and the names on it, in its pixels."""
    rng = np.random.default_rng([seed, 5])
    camera = random_camera(str(rng.choice(LEVELS, p=LEVEL_SHARES)), seed)  # type: ignore[arg-type]
    if rng.random() < 0.5:
        camera = replace(camera, tilt=0.3 * camera.tilt, fingers=0, shadow=0.5 * camera.shadow)
    smallest = READABLE / (camera.scale * camera.messenger)
    page, names = draw_patch(recordings[rng.integers(len(recordings))], rng, smallest=smallest)
    frame = (2.0, 2.0, SIDE - 2.0, SIDE - 2.0)
    residual = random_residual(rng, frame)
    rgb = flat_sample(page, camera, frame=frame, residual=residual, seed=seed).rgb
    moved = []
    for box in names:
        corners = [(box.left, box.top), (box.right, box.top)]
        corners += [(box.left, box.bottom), (box.right, box.bottom)]
        points = residual.to_photo(np.array(corners))
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        moved.append(NameBox(name=box.name, left=left, top=top, right=right, bottom=bottom))
    return rgb, tuple(moved)


def draw_patch(
    recording: Recording, rng: np.random.Generator, *, smallest: float
) -> tuple[DrawnPage, list[NameBox]]:
    """Draw one sharp patch; the boxes are in mm."""
    design = patch_design(rng)
    canvas = Canvas.blank(SIDE, SIDE, colour=design.paper, scale=SCALE)
    draw_grid(canvas, design)
    signal = disturb(recording, rng)
    start = int(rng.integers(signal.shape[1] // 2))
    strokes = place_strokes(design, signal[:, start:], sampling_rate=recording.sampling_rate)
    draw_strokes(canvas, design, strokes, rng)
    draw_pulses(canvas, design)
    draw_separators(canvas, design)
    style = random_style(rng, smallest=smallest)
    names = print_names(canvas, design, strokes, style, rng)
    if rng.random() < 0.65:
        names += scatter_names(canvas, design, style, names, rng, smallest=smallest)
    scatter_words(canvas, design, names, rng)
    add_clutter(canvas, design, rng)
    layers = {"trace": canvas.trace, "grid": canvas.grid, "marks": canvas.marks}
    page = DrawnPage(rgb=canvas.rgb, **layers, strokes=strokes, scale=SCALE, design=design)
    return page, names


def patch_design(rng: np.random.Generator) -> PageDesign:
    """Take a random page and crowd one to four of its rows into the patch."""
    design = random_design(int(rng.integers(2**31)))
    rows = int(rng.integers(1, 5))
    columns = int(rng.integers(1, 4))
    spacing = SIDE / rows * rng.uniform(0.8, 1.1)
    leads = rng.choice(LEADS, (rows, columns))
    clutter = Clutter(
        stamps=int(rng.random() < 0.04),
        scribbles=int(rng.random() < 0.15),
        stains=int(rng.random() < 0.05),
        rules=int(rng.random() < 0.1),
    )
    return replace(
        design,
        layout=Layout(name="patch", rows=tuple(tuple(str(x) for x in row) for row in leads)),
        width=SIDE,
        height=SIDE,
        left=rng.uniform(-30.0, 25.0),
        first_row=spacing * rng.uniform(0.2, 0.9),
        row_spacing=spacing,
        column_width=rng.uniform(14.0, 60.0),
        separator=str(rng.choice(SEPARATORS)),
        speed=design.speed if rng.random() < 0.7 else rng.uniform(8.0, 20.0),
        row_jitter=tuple(float(x) for x in rng.normal(0, 1.0, rows)),
        clutter=clutter,
    )


def print_names(
    canvas: Canvas,
    design: PageDesign,
    strokes: tuple[LeadStroke, ...],
    style: NameStyle,
    rng: np.random.Generator,
) -> list[NameBox]:
    """Print names where carts do: near the start of each lead, often on trace or separator."""
    shift = rng.uniform(-0.3, 1.5) if rng.random() < 0.7 else rng.uniform(-2.0, 8.0)
    reach = rng.choice([0.5, 1.5, 3.0, 6.0, 9.0])
    lift = rng.uniform(-1.0, 1.0) * reach
    names: list[NameBox] = []
    for stroke in strokes:
        if rng.random() < 0.12:
            continue
        name = int(rng.choice(len(NAMES), p=NAME_SHARES / NAME_SHARES.sum()))
        x = float(stroke.points[0, 0]) + shift
        box = print_name(canvas, design, name, style, x=x, y=stroke.baseline + lift, among=names)
        if box is not None:
            names.append(box)
    return names


def scatter_names(
    canvas: Canvas,
    design: PageDesign,
    style: NameStyle,
    among: list[NameBox],
    rng: np.random.Generator,
    *,
    smallest: float,
) -> list[NameBox]:
    """Print more names beside the traces, some in another style.

    Never on a trace: a plain `I` on a steep flank cannot be told from the flank.
    """
    names: list[NameBox] = []
    for _ in range(int(rng.integers(1, 8))):
        if rng.random() < 0.3:
            style = random_style(rng, smallest=smallest)
        name = int(rng.choice(len(NAMES), p=NAME_SHARES / NAME_SHARES.sum()))
        x, y = rng.uniform(0, SIDE, 2)
        if inked(canvas, x=x, y=y) > ON_INK:
            continue
        box = print_name(canvas, design, name, style, x=x, y=y, among=among + names)
        if box is not None:
            names.append(box)
    return names


def inked(canvas: Canvas, *, x: float, y: float) -> float:
    """Share of trace ink where a name with its left end at x, y mm would stand."""
    rows = slice(max(int((y - 2.0) * SCALE), 0), int((y + 2.0) * SCALE))
    area = canvas.trace[rows, int(x * SCALE) : int((x + 5.0) * SCALE)]
    return float(area.mean()) / 255 if area.size else 1.0


def print_name(
    canvas: Canvas,
    design: PageDesign,
    name: int,
    style: NameStyle,
    *,
    x: float,
    y: float,
    among: list[NameBox],
) -> NameBox | None:
    """Print one name with its left end at x and its middle at y, unless another is in the way."""
    patch = draw_name(spelling(NAMES[name], style), style, scale=SCALE)
    height, width = patch.shape[0] / SCALE, patch.shape[1] / SCALE
    box = NameBox(name=name, left=x, top=y - height / 2, right=x + width, bottom=y + height / 2)
    whole = box.left > 0 and box.top > 0 and box.right < SIDE and box.bottom < SIDE
    if not whole or any(box.meets(other, gap=2.0) for other in among):
        return None
    blend(canvas, patch, design.lettering.colour, x=box.left, y=box.top)
    return box


def scatter_words(
    canvas: Canvas, design: PageDesign, names: list[NameBox], rng: np.random.Generator
) -> None:
    """Print and write what is not a lead name: headers, numbers, notes, ticks and bars."""
    header, footer = random_header(rng)
    lines = list(rng.permutation([*header, *footer])[: rng.integers(0, 4)])
    lines += [str(word) for word in rng.choice(WORDS, int(rng.integers(0, 6)))]
    for line in lines:
        size = float(np.clip(rng.lognormal(np.log(3.0), 0.3), 1.8, 7.0))
        pen = rng.random() < 0.15
        angle = float(rng.normal(0, 8)) if pen else 0.0
        font = str(rng.choice(FONTS))
        patch = draw_text(str(line), font=font, height=round(size * SCALE), angle=angle)
        colour = PENS[rng.integers(len(PENS))] if pen else design.lettering.colour
        put_beside(canvas, patch, colour, names, rng)
    for _ in range(int(rng.integers(0, 6))):
        put_beside(canvas, _bar(rng), design.ink.colour, names, rng)


def _bar(rng: np.random.Generator) -> NDArray[np.uint8]:
    """A tick, a minus, a needle, a corner or a spike, which is not the letter I."""
    kind = rng.integers(5)
    size = (np.array([rng.uniform(0.6, 1.3), 0.2]) * SCALE).astype(int)
    if kind == 1:
        size = size[::-1]
    if kind == 2:
        size = (np.array([rng.uniform(6.0, 14.0), rng.uniform(0.15, 0.6)]) * SCALE).astype(int)
    patch = np.full(np.maximum(size, 2), 255, np.uint8)
    if kind == 3:
        patch = np.zeros((int(3 * SCALE), int(2 * SCALE)), np.uint8)
        cv2.polylines(patch, [rng.integers(0, 2 * int(SCALE), (4, 2))], False, 255, 3, cv2.LINE_AA)
    if kind == 4:
        height, width = int(rng.uniform(2.0, 9.0) * SCALE), int(rng.uniform(0.5, 3.0) * SCALE)
        patch = np.zeros((height + 6, width + 6), np.uint8)
        corners = np.array([[0, height], [width * rng.uniform(0.3, 0.7), 0], [width, height]])
        pen = int(rng.uniform(0.15, 0.45) * SCALE) + 1
        cv2.polylines(patch, [corners.astype(int) + 3], False, 255, pen, cv2.LINE_AA)
    return patch if rng.random() < 0.7 else np.ascontiguousarray(patch[::-1])


def put_beside(
    canvas: Canvas,
    patch: NDArray[np.uint8],
    colour: tuple[int, int, int],
    names: list[NameBox],
    rng: np.random.Generator,
) -> None:
    """Put a patch anywhere but on a lead name."""
    height, width = patch.shape[0] / SCALE, patch.shape[1] / SCALE
    x, y = rng.uniform(-0.5 * width, SIDE - 0.5 * width), rng.uniform(0, SIDE - height)
    box = NameBox(name=0, left=x, top=y, right=x + width, bottom=y + height)
    if not any(box.meets(other, gap=1.0) for other in names):
        blend(canvas, patch, colour, x=x, y=y)


def blend(
    canvas: Canvas, patch: NDArray[np.uint8], colour: tuple[int, int, int], *, x: float, y: float
) -> None:
    """Print a patch with its upper left corner at x, y mm."""
    canvas.blend(patch, colour, top=round(y * SCALE), left=round(x * SCALE), layer=canvas.marks)
