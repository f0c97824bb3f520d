"""Everything that is randomised about a printed page, as frozen dataclasses."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from synthesis.layouts import Layout, random_layout
from synthesis.lettering import FONT_FILES, random_header

Colour = tuple[int, int, int]  # RGB, 0..255
GridKind = Literal["lines", "points", "dotted", "five", "none"]
Separator = Literal["none", "ticks", "bar", "dashed", "dotted", "solid"]
PulseSide = Literal["left", "right", "none"]
LabelPlace = Literal["above", "below", "on"]

PAPERS: tuple[Colour, ...] = (
    (255, 255, 255),
    (253, 240, 243),
    (252, 228, 232),
    (255, 236, 214),
    (250, 243, 224),
    (226, 226, 222),
    (226, 240, 226),
    (238, 230, 246),
    (216, 208, 204),
    (255, 214, 222),
    (246, 246, 240),
    (232, 222, 206),
    (255, 204, 222),
    (240, 238, 238),
)
GRIDS: tuple[Colour, ...] = (
    (240, 120, 140),
    (235, 60, 60),
    (245, 150, 60),
    (120, 180, 120),
    (150, 150, 150),
    (40, 40, 40),
    (90, 130, 210),
    (230, 150, 170),
    (200, 90, 70),
    (160, 110, 110),
    (220, 90, 160),
)
INKS: tuple[Colour, ...] = ((15, 15, 15), (20, 20, 110), (40, 40, 45), (95, 95, 100), (110, 20, 30))


@dataclass(frozen=True, slots=True, kw_only=True)
class GridStyle:
    """The printed grid. Widths in mm; strengths are opacities 0..1."""

    kind: GridKind
    colour: Colour
    major_width: float = 0.2
    minor_width: float = 0.12
    major_strength: float = 0.8
    minor_strength: float = 0.4
    dot_pitch: float = 0.5  # mm, for dotted lines
    dots_skip_major: bool = False  # "points": no dot beside the 5 mm lines
    border: bool = False
    full_page: bool = True  # the grid runs to the edge of the paper


@dataclass(frozen=True, slots=True, kw_only=True)
class InkStyle:
    """How the trace is written."""

    colour: Colour
    stroke: float  # mm
    strength: float = 1.0
    fade: float = 0.0  # how much paler steep strokes are, 0..1
    joined: bool = False  # columns are connected by ink
    patchy: float = 0.0  # how much paler some regions are, 0..1


@dataclass(frozen=True, slots=True, kw_only=True)
class Lettering:
    """Lead names, header and footer."""

    font: str
    size: float  # mm, height of the font
    place: LabelPlace
    offset: float  # mm, from the baseline to the lead name
    colour: Colour
    header: tuple[str, ...] = ()
    footer: tuple[str, ...] = ()
    header_size: float = 3.0  # mm


@dataclass(frozen=True, slots=True, kw_only=True)
class Clutter:
    """Things put on the page after printing: how many of each."""

    stamps: int = 0
    scribbles: int = 0
    notes: int = 0
    redactions: int = 0
    barcodes: int = 0
    stains: int = 0
    rules: int = 0  # printed lines across the page


@dataclass(frozen=True, slots=True, kw_only=True)
class PageDesign:
    """One printed page. Lengths in mm, from the upper left corner of the paper."""

    seed: int
    layout: Layout
    width: float
    height: float
    left: float  # x where the first column starts
    first_row: float  # y of the first baseline
    row_spacing: float
    column_width: float
    row_jitter: tuple[float, ...]  # added to each baseline
    paper: Colour
    grid: GridStyle
    grid_origin: tuple[float, float]  # x, y of one 5 mm crossing
    ink: InkStyle
    lettering: Lettering
    clutter: Clutter = Clutter()
    speed: float = 25.0  # mm/s
    gain: float = 10.0  # mm/mV
    chest_gain: float | None = None  # mm/mV of V1-V6, where it differs
    pulse: PulseSide = "left"
    pulse_width: float = 5.0  # mm
    pulse_gap: float = 0.8  # mm between a pulse on the left and the trace
    pulse_weight: float = 1.0  # stroke of the pulse, in strokes of the trace
    pulse_between: bool = False  # a pulse at the start of every column
    separator: Separator = "none"
    separator_colour: Colour = (15, 15, 15)
    separator_width: float = 0.3  # mm
    simultaneous: bool = False  # all columns show the same moment
    column_gap: float = 0.0  # mm of missing trace between columns

    def gain_of(self, lead: str) -> float:
        """The gain of a lead, mm/mV."""
        return self.chest_gain if self.chest_gain and lead.startswith("V") else self.gain

    def baseline(self, row: int) -> float:
        """The y of a row's zero line, mm."""
        return self.first_row + row * self.row_spacing + self.row_jitter[row]


def random_grid(rng: np.random.Generator) -> GridStyle:
    """Draw a grid: pale to strong, lines, dots or only 5 mm."""
    kind = str(
        rng.choice(["lines", "points", "dotted", "five", "none"], p=[0.52, 0.27, 0.11, 0.06, 0.04])
    )
    colour = jitter_colour(GRIDS[rng.integers(len(GRIDS))], rng, 25)
    if kind in ("points", "dotted") and rng.random() < 0.5:
        colour = jitter_colour((70, 60, 60), rng, 50)
    major = rng.uniform(0.25, 1.0)
    return GridStyle(
        kind=kind,  # type: ignore[arg-type]
        colour=colour,
        major_width=rng.uniform(0.08, 0.32),
        minor_width=rng.uniform(0.06, 0.16) if kind == "lines" else rng.uniform(0.12, 0.3),
        major_strength=major,
        minor_strength=major * rng.uniform(0.25, 1.0),
        dot_pitch=float(rng.choice([0.25, 0.333, 0.5, 1.0])),
        dots_skip_major=bool(rng.random() < 0.5),
        border=bool(rng.random() < 0.3),
        full_page=bool(rng.random() < 0.6),
    )


def random_ink(rng: np.random.Generator) -> InkStyle:
    """Draw a pen: mostly black and thin."""
    colour = INKS[rng.choice(len(INKS), p=[0.6, 0.12, 0.1, 0.1, 0.08])]
    return InkStyle(
        colour=jitter_colour(colour, rng, 15),
        stroke=float(np.clip(rng.lognormal(np.log(0.3), 0.35), 0.13, 0.75)),
        strength=rng.uniform(0.6, 1.0) if rng.random() < 0.3 else rng.uniform(0.9, 1.0),
        fade=rng.uniform(0.2, 0.75) if rng.random() < 0.35 else 0.0,
        joined=bool(rng.random() < 0.35),
        patchy=rng.uniform(0.2, 0.7) if rng.random() < 0.2 else 0.0,
    )


def random_lettering(rng: np.random.Generator, ink: InkStyle, row_spacing: float) -> Lettering:
    """Draw fonts, places and words."""
    place = str(rng.choice(["above", "below", "on"], p=[0.5, 0.3, 0.2]))
    reach = 0.45 * row_spacing
    offset = rng.uniform(0.0, 1.5) if place == "on" else rng.uniform(1.5, max(2.0, reach))
    colour = ink.colour if rng.random() < 0.7 else jitter_colour((30, 30, 30), rng, 30)
    header, footer = random_header(rng)
    return Lettering(
        font=str(rng.choice(FONT_FILES)),
        size=rng.uniform(2.2, 5.5),
        place=place,  # type: ignore[arg-type]
        offset=offset,
        colour=(20, 20, 190) if rng.random() < 0.06 else colour,
        header=header,
        footer=footer,
        header_size=rng.uniform(2.2, 4.5),
    )


def random_clutter(rng: np.random.Generator) -> Clutter:
    """Draw how many stamps, scribbles, notes, bars, barcodes and stains."""

    def some(chance: float, most: int) -> int:
        return int(rng.integers(1, most + 1)) if rng.random() < chance else 0

    return Clutter(
        stamps=some(0.12, 2),
        scribbles=some(0.22, 4),
        notes=some(0.2, 3),
        redactions=some(0.15, 3),
        barcodes=some(0.08, 1),
        stains=some(0.1, 2),
        rules=some(0.25, 4),
    )


def random_design(seed: int) -> PageDesign:
    """Draw a whole page from a seed; the same seed gives the same page."""
    rng = np.random.default_rng(seed)
    layout = random_layout(rng)
    rows = len(layout.rows)
    spacing = _random_spacing(rng, rows)
    speed = float(rng.choice([25.0, 50.0, 12.5], p=[0.77, 0.19, 0.04]))
    seconds = 10.0 if layout.columns < 6 else rng.uniform(6.0, 10.0)
    printed = min(rng.uniform(180, 275), seconds * speed)
    left = rng.uniform(4, 24)
    header_room = rng.uniform(6, 45)
    ink = random_ink(rng)
    jitter = rng.normal(0, rng.choice([0.0, 1.0]), rows)
    first = header_room + spacing * rng.uniform(0.3, 0.8)
    separator = rng.choice(
        ["none", "ticks", "bar", "dashed", "dotted", "solid"], p=[0.25, 0.15, 0.12, 0.16, 0.12, 0.2]
    )
    return PageDesign(
        seed=seed,
        layout=layout,
        width=left + printed + rng.uniform(3, 22),
        height=first + (rows - 1) * spacing + spacing * rng.uniform(0.4, 0.9) + rng.uniform(0, 12),
        left=left,
        first_row=first,
        row_spacing=spacing,
        column_width=printed / layout.columns,
        row_jitter=tuple(float(v) for v in jitter),
        paper=jitter_colour(PAPERS[rng.integers(len(PAPERS))], rng, 8),
        grid=random_grid(rng),
        grid_origin=(rng.uniform(0, 5), rng.uniform(0, 5)),
        ink=ink,
        lettering=random_lettering(rng, ink, spacing),
        clutter=random_clutter(rng),
        speed=speed,
        gain=float(rng.choice([10.0, 5.0, 20.0], p=[0.8, 0.1, 0.1])),
        pulse=rng.choice(["left", "right", "none"], p=[0.6, 0.15, 0.25]),
        pulse_width=float(rng.choice([5.0, 2.5, 3.0, 10.0], p=[0.6, 0.15, 0.15, 0.1])),
        pulse_gap=rng.uniform(0.0, 4.0) if rng.random() < 0.6 else 0.0,
        pulse_weight=rng.uniform(0.8, 1.8) if rng.random() < 0.4 else 1.0,
        pulse_between=bool(rng.random() < 0.06),
        separator=separator,
        separator_colour=(30, 30, 190) if rng.random() < 0.08 else ink.colour,
        separator_width=rng.uniform(0.15, 0.55) if separator != "bar" else rng.uniform(0.5, 1.0),
        simultaneous=bool(rng.random() < 0.3),
        column_gap=rng.uniform(0.3, 3.0) if rng.random() < 0.2 else 0.0,
    )


def _random_spacing(rng: np.random.Generator, rows: int) -> float:
    """Distance between baselines, mm: tight with many rows."""
    if rows >= 10:
        return rng.uniform(9, 20)
    if rows >= 6:
        return rng.uniform(14, 32)
    return rng.uniform(17, 45)


def jitter_colour(colour: Colour, rng: np.random.Generator, amount: float) -> Colour:
    """Move a colour a little."""
    moved = np.clip(np.array(colour) + rng.normal(0, amount / 2, 3), 0, 255).astype(int)
    return int(moved[0]), int(moved[1]), int(moved[2])
