"""Pages of every class, drawn from recordings that no network was trained on.

Each page is given by its camera level and its number alone, so that everybody draws the same one.
Fonts, paper texture and all seeds are others than those of the training. `drawn_cases` keeps the
pages in a folder, because drawing takes longer than reading:

    python -m benchmarks.page_classes --data ../shared/data --cache ../cache_pages --pages 25
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "models"))

from synthesis.camera import Photograph, photograph  # noqa: E402
from synthesis.cameras import Camera, random_camera  # noqa: E402
from synthesis.design import Clutter, PageDesign, random_design  # noqa: E402
from synthesis.layouts import Layout, make_layout  # noqa: E402
from synthesis.page import DrawnPage, draw_page  # noqa: E402
from synthesis.recordings import Recording, read_ptbxl_shard  # noqa: E402
from synthesis.warp import pixel_grid  # noqa: E402

LEVELS = ("scan", "easy", "medium", "hard", "clean")  # their order gives the seeds
CLEAN_SCALES = (3.8, 5.9, 7.9, 11.8)  # px per mm of pages drawn by a program
RATE = 500.0  # Hz
FIRST_SEED = 910_000  # far from the seeds of training pages
Doubles = NDArray[np.float64]


def _layouts() -> tuple[Layout, ...]:
    """Every layout, the usual ones more often."""
    standard = [("3x4", rhythm) for rhythm in (("II",), (), ("V1", "II", "V5"), ("II",), ("V1",))]
    standard += [("6x2", ()), ("3x4", ("II", "V1")), ("12x1", ()), ("3x4", ("II",)), ("limb", ())]
    standard += [("6x2", ("II",)), ("chest", ()), ("3x4", ()), ("2x6", ()), ("12x1", ())]
    standard += [("3x4", ("V5",)), ("6x2", ()), ("3x4", ("II", "V2", "V5"))]
    layouts = [make_layout(name, rhythm=rhythm) for name, rhythm in standard]
    layouts.insert(3, make_layout("3x4", rhythm=("II",), cabrera=True))
    layouts.insert(8, make_layout("6x2", cabrera=True))
    layouts.insert(13, make_layout("strip", strip=("II",)))
    layouts.append(make_layout("12x1", cabrera=True))
    layouts.append(make_layout("strip", strip=("I", "II", "III")))
    layouts.append(make_layout("2x6", rhythm=("II",)))
    layouts.append(make_layout("limb", cabrera=True))
    return tuple(layouts)


LAYOUTS = _layouts()
SPEEDS = (25.0, 50.0, 25.0, 25.0, 50.0, 25.0, 25.0, 12.5, 25.0, 50.0, 25.0)
GAINS = (10.0, 10.0, 5.0, 10.0, 10.0, 20.0, 10.0, 10.0, 10.0, 10.0, 5.0, 10.0, 20.0)
MIXED = 17  # every so many-th page prints the chest leads at half the gain
COLUMN_SECONDS = {"3x4": 2.5, "6x2": 5.0, "12x1": 10.0, "limb": 10.0, "chest": 10.0, "2x6": 1.6}
PAGE_MM = 252.0  # longest row: A4 across

_HELD_OUT = (
    ("/usr/share/fonts/truetype/open-sans", "OpenSans-[RBS]*.ttf"),
    ("/usr/share/fonts/truetype/paratype", "PT[FSM]*[57]*F.ttf"),
    ("/usr/share/fonts/truetype/crosextra", "Carlito-[RB]*.ttf"),
    ("/usr/share/fonts/truetype/firacode", "FiraCode-[RMB]*.ttf"),
)
_SPARE = ("STIXGeneral.ttf", "STIXGeneralBol.ttf")  # come with matplotlib, have Cyrillic
HEADERS = (
    "Ventr. rate {n} /min",
    "PQ {n} ms   QRS {n} ms",
    "QT {n}  QTcB {n}",
    "Axis P{n} QRS{n} T{n}",
    "Patient {n}-{n}",
    "Ф.И.О. ____________",
    "Пульс {n}",
    "Возраст {n}",
    "Bo'lim: kardiologiya",
    "Sana {n}.{n}.20{n}",
    "sinus rhythm, otherwise normal",
    "RV5 {n}.{n} SV1 {n}.{n} mV",
)
SCALES = (
    "{s} mm/s  {g} mm/mV",
    "{s}mm/s {g}mm/mV  0.5-40Hz  AC 50",
    "F: 0.15-40 Hz   {s} mm/s   {g} mm/mV",
    "{s} мм/с   {g} мм/мВ",
    "Скор. {s} мм/с  Усил. {g} мм/мВ  Ф 35",
    "{s} mm/sec, {g} mm/mV",
)
MIXED_SCALES = (
    "{s} mm/s  Limb: {g} mm/mV  Chest: {c} mm/mV",
    "Speed {s} mm/sec  Limb {g} mm/mV  Chest {c} mm/mV",
)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One page with its truth.

    Attributes
    ----------
    facts : what is left of the grid, layout, lead order, rhythm leads, speed, gain, chest gain,
        grid, pulse, printed scale
    truth : lead -> mV at 500 Hz on the clock of the page, NaN where it is not printed
    strokes : for each printed lead its name, and points (n, 3): x, y on the photo (px), time (s)
    """

    name: str
    level: str
    photo: Path
    facts: dict[str, object]
    truth: dict[str, Doubles]
    strokes: tuple[tuple[str, Doubles], ...]


def held_out_fonts() -> tuple[str, ...]:
    """List fonts that no network was trained on."""
    found = [str(p) for folder, pattern in _HELD_OUT for p in sorted(Path(folder).glob(pattern))]
    bundled = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return tuple(font for font in found if "Ital" not in font) + tuple(
        str(bundled / name) for name in _SPARE
    )


def design_of(number: int, level: str) -> PageDesign:
    """Return the page of a number; numbers run through the classes in a fixed order."""
    number += 7 * LEVELS.index(level)
    seed = FIRST_SEED + 1000 * LEVELS.index(level) + number
    rng = np.random.default_rng([seed, 3])
    base = random_design(seed)
    while base.grid.kind == "none":
        seed += 100_000
        base = random_design(seed)
    layout = LAYOUTS[number % len(LAYOUTS)]
    speed = SPEEDS[number % len(SPEEDS)]
    gain = GAINS[number % len(GAINS)]
    mixed = number % MIXED == 4 and gain == 10.0 and layout.columns == 4
    rows = len(layout.rows)
    spacing = _row_spacing(rows, gain, rng)
    column_width = _column_width(layout, speed, rng)
    first = rng.uniform(14, 32) + spacing * 0.5
    left = rng.uniform(12, 24) if base.pulse == "left" else rng.uniform(5, 20)
    printed = column_width * layout.columns
    design = replace(
        base,
        layout=layout,
        speed=speed,
        gain=gain,
        chest_gain=5.0 if mixed else None,
        row_spacing=spacing,
        first_row=first,
        row_jitter=tuple(float(x) for x in rng.normal(0, 0.5, rows)),
        left=left,
        column_width=column_width,
        width=left + printed + rng.uniform(8, 18),
        height=first + (rows - 1) * spacing + spacing * 0.5 + rng.uniform(8, 16),
        pulse_between=False,
    )
    if level == "clean":
        ink = replace(design.ink, fade=0.0, patchy=0.0)
        design = replace(design, clutter=Clutter(), ink=ink)
    return _lettered(design, rng)


def camera_of(design: PageDesign, level: str) -> Camera:
    """Return how the picture of a page is taken; a clean one was never on paper."""
    if level == "clean":
        scale = CLEAN_SCALES[design.seed % len(CLEAN_SCALES)]
        return Camera(seed=design.seed, scale=scale, blur=0.3, jpeg=100)
    return random_camera(level, design.seed)  # type: ignore[arg-type]


def _row_spacing(rows: int, gain: float, rng: np.random.Generator) -> float:
    """Distance between rows, mm, on A4."""
    most = min(175.0 / max(rows, 2), 42.0)
    least = min({5.0: 13.0, 10.0: 18.0, 20.0: 30.0}[gain], most)
    return float(rng.uniform(max(least, 0.6 * most), most))


def _column_width(layout: Layout, speed: float, rng: np.random.Generator) -> float:
    """Width of a column, mm: what carts print, but no wider than the paper."""
    base = layout.name.split("+")[0]
    seconds = COLUMN_SECONDS.get(base, float(rng.uniform(6.0, 10.0)))
    width = min(seconds * speed, PAGE_MM / layout.columns)
    if base in ("3x4", "6x2") and width > 0.97 * PAGE_MM / layout.columns:
        width = {"3x4": 62.5, "6x2": 125.0}[base]
    if rng.random() < 0.15:  # carts that fill their paper
        width = min(float(rng.uniform(0.85, 1.0)) * width, width)
    return width


def _lettered(design: PageDesign, rng: np.random.Generator) -> PageDesign:
    """Print names, header and the scale in fonts never seen."""
    fonts = held_out_fonts()
    says_scale = rng.random() < 0.75
    values = {"s": f"{design.speed:g}", "g": f"{design.gain:g}", "c": f"{design.chest_gain or 0:g}"}
    lines = MIXED_SCALES if design.chest_gain else SCALES
    scale = str(rng.choice(lines)).format(**values) if says_scale else ""
    headers = rng.choice(HEADERS, int(rng.integers(0, 7)), replace=False)
    filled = [str(line).replace("{n}", str(int(rng.integers(20, 450)))) for line in headers]
    footer = ["cardio {n}".replace("{n}", str(int(rng.integers(1, 99))))] * int(rng.random() < 0.5)
    if rng.random() < 0.25:
        filled.append(scale)
    else:
        footer.insert(0, scale)
    letters = replace(
        design.lettering,
        font=fonts[int(rng.integers(len(fonts)))],
        header=tuple(line for line in filled if line),
        footer=tuple(line for line in footer if line),
    )
    return replace(design, lettering=letters)


def textured(rgb: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Give the paper fibers and clouds that the training pages do not have."""
    height, width = rgb.shape[:2]
    fibers = cv2.GaussianBlur(rng.normal(0, 1, (height, width)).astype(np.float32), (0, 0), 3, 0.7)
    clouds = cv2.resize(rng.normal(0, 1, (6, 9)).astype(np.float32), (width, height))
    change = rng.uniform(2, 10) * fibers + rng.uniform(0, 5) * clouds
    return np.clip(rgb + change[..., None], 0, 255).astype(np.uint8)


def truth_of(page: DrawnPage) -> dict[str, Doubles]:
    """Return what is printed, on the clock of the page, mV at 500 Hz; NaN beyond the paper."""
    design = page.design
    origin = min(stroke.points[0, 0] for stroke in page.strokes)
    end = max(stroke.points[-1, 0] for stroke in page.strokes)
    clock = np.arange(int((end - origin) / design.speed * RATE)) / RATE
    truth: dict[str, Doubles] = {}
    for stroke in sorted(page.strokes, key=lambda one: float(np.ptp(one.points[:, 0]))):
        at = (stroke.points[:, 0] - origin) / design.speed
        sign = -1.0 if stroke.lead.startswith("-") else 1.0
        height = stroke.points[:, 1]
        values = sign * (stroke.baseline - height) / design.gain_of(stroke.lead)
        values = np.where((height > 0.0) & (height < design.height), values, np.nan)
        truth[stroke.lead.lstrip("-")] = np.interp(clock, at, values, left=np.nan, right=np.nan)
    return truth


def grid_left(page: DrawnPage, taken: Photograph) -> float:
    """Return how much darker the lines of the grid are on a photo than the paper, 0-1.

    A fax machine or a threshold can leave nothing of a pale grid.
    """
    height, width = taken.rgb.shape[:2]
    places = taken.warp.to_page(pixel_grid((width - 1, height - 1), step=1)) * page.scale - 0.5
    column, row = np.moveaxis(np.round(places).astype(int), -1, 0)
    inside = (column >= 0) & (column < page.grid.shape[1]) & (row >= 0) & (row < page.grid.shape[0])
    row, column = row[inside], column[inside]
    other = cv2.dilate(np.maximum(page.trace, page.marks), np.ones((25, 25), np.uint8))[row, column]
    grid = page.grid[row, column]
    seen = taken.rgb[inside].mean(axis=1) / 255.0
    lines, paper = (other == 0) & (grid > 128), (other == 0) & (grid == 0)
    return float(seen[paper].mean() - seen[lines].mean()) if lines.any() and paper.any() else 0.0


def draw_case(folder: Path, level: str, number: int, recording: Recording) -> None:
    """Draw and photograph one page into a folder."""
    design = design_of(number, level)
    rng = np.random.default_rng([design.seed, 4])
    signal = recording.signal - np.median(recording.signal, axis=1, keepdims=True)
    page = draw_page(design, signal, sampling_rate=recording.sampling_rate)
    if level != "clean":
        page = replace(page, rgb=textured(page.rgb, rng))
    taken = photograph(page, camera_of(design, level))
    origin = min(stroke.points[0, 0] for stroke in page.strokes)
    arrays = {f"truth_{lead}": row for lead, row in truth_of(page).items()}
    for index, stroke in enumerate(page.strokes):
        at = (stroke.points[:, :1] - origin) / design.speed
        arrays[f"stroke_{index}"] = np.hstack([taken.warp.to_photo(stroke.points), at])
    facts = {
        "grid_left": grid_left(page, taken),
        "layout": design.layout.name.replace("limb", "6x1-limb").replace("chest", "6x1-chest"),
        "order": "cabrera" if any("-aVR" in row for row in design.layout.rows) else "standard",
        "leads": [stroke.lead for stroke in page.strokes],
        "speed": design.speed,
        "gain": design.gain,
        "chest_gain": design.chest_gain,
        "grid": design.grid.kind,
        "pulse": design.pulse,
        "printed": "m" in "".join((*design.lettering.header, *design.lettering.footer))
        and any(
            "/" in line and ("mV" in line or "мВ" in line) and ("/s" in line or "/с" in line)
            for line in (*design.lettering.header, *design.lettering.footer)
        ),
        "recording": recording.name,
    }
    stem = folder / f"{level}_{number:03d}"
    np.savez_compressed(stem.with_suffix(".npz"), facts=json.dumps(facts), **arrays)
    temporary = stem.with_suffix(".tmp.png")
    cv2.imwrite(str(temporary), taken.rgb[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 2])
    temporary.replace(stem.with_suffix(".png"))


def read_case(folder: Path, level: str, number: int) -> Case:
    """Read one page back."""
    stem = folder / f"{level}_{number:03d}"
    with np.load(stem.with_suffix(".npz")) as kept:
        facts = json.loads(str(kept["facts"]))
        truth = {key[6:]: kept[key] for key in kept.files if key.startswith("truth_")}
        strokes = tuple(
            (lead, kept[f"stroke_{index}"]) for index, lead in enumerate(facts["leads"])
        )
    return Case(
        name=stem.name,
        level=level,
        photo=stem.with_suffix(".png"),
        facts=facts,
        truth=truth,
        strokes=strokes,
    )


def drawn_cases(
    data: Path, cache: Path, *, pages: int, levels: tuple[str, ...] = LEVELS
) -> Iterator[Case]:
    """Yield the pages of each level, drawing those that are not in the cache yet."""
    cache.mkdir(parents=True, exist_ok=True)
    recordings: list[Recording] = []
    for number in range(pages):
        for level in levels:
            if not (cache / f"{level}_{number:03d}.png").exists():
                recordings = recordings or list(read_ptbxl_shard(data / "ptbxl" / "fold09_0"))
                chosen = recordings[(number * 5 + LEVELS.index(level)) % len(recordings)]
                draw_case(cache, level, number, chosen)
            yield read_case(cache, level, number)


def main() -> None:
    """Draw the pages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--pages", type=int, default=25, help="per camera level")
    options = parser.parse_args()
    for case in drawn_cases(options.data, options.cache, pages=options.pages):
        print(case.name, case.facts["layout"], case.facts["speed"], case.facts["gain"], flush=True)


if __name__ == "__main__":
    main()
