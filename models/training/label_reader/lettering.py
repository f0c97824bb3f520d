"""The many ways in which carts print a lead name."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

NAMES = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6", "-aVR")

_PLACES = (
    (Path(matplotlib.get_data_path()) / "fonts" / "ttf", "DejaVuS*.ttf"),
    (Path("/usr/share/fonts/truetype/liberation"), "*.ttf"),
    (Path("/usr/share/fonts/truetype/freefont"), "*.ttf"),
    (Path("/usr/share/fonts/truetype/hack"), "Hack-[BR]*.ttf"),
    (Path("/usr/share/fonts/truetype/roboto"), "**/Roboto*.ttf"),
    (Path("/usr/share/fonts/truetype/noto"), "NotoS*-Regular.ttf"),
    (Path("/usr/share/fonts/truetype/noto"), "NotoS*-Bold.ttf"),
)
_NOTO = ("NotoSans-", "NotoSerif-", "NotoSansMono-", "NotoSansDisplay-", "NotoSerifDisplay-")
# Letters of a pen plotter: strokes on a square whose height is a capital's, y downwards.
_ARC = [(0.5 + 0.5 * np.sin(t), 0.5 - 0.5 * np.cos(t)) for t in np.linspace(0, 2 * np.pi, 17)]


def _ring(
    box: tuple[float, float, float, float], first: int = 0, last: int = 17
) -> list[tuple[float, float]]:
    """A part of an ellipse in a box (left, top, width, height), clockwise from its top."""
    x, y, width, height = box
    turns = [_ARC[k % 16] for k in range(first, last)]
    return [(x + width * u, y + height * v) for u, v in turns]


_BOWL = [(0.0, 0.0), *_ring((-0.1, 0.0, 0.7, 0.5), 2, 9), (0.0, 0.5)]
_STROKES: dict[str, list[list[tuple[float, float]]]] = {
    "I": [[(0.0, 0.0), (0.0, 1.0)]],
    "V": [[(0.0, 0.0), (0.33, 1.0), (0.66, 0.0)]],
    "v": [[(0.0, 0.35), (0.25, 1.0), (0.5, 0.35)]],
    "A": [[(0.0, 1.0), (0.35, 0.0), (0.7, 1.0)], [(0.12, 0.65), (0.58, 0.65)]],
    "a": [_ring((0.0, 0.35, 0.5, 0.65)), [(0.5, 0.35), (0.5, 1.0)]],
    "R": [[(0.0, 1.0), (0.0, 0.0)], _BOWL, [(0.25, 0.5), (0.6, 1.0)]],
    "L": [[(0.0, 0.0), (0.0, 1.0), (0.5, 1.0)]],
    "F": [[(0.0, 1.0), (0.0, 0.0), (0.55, 0.0)], [(0.0, 0.48), (0.45, 0.48)]],
    "C": [_ring((0.0, 0.0, 0.75, 1.0), 6, 19)],
    "c": [_ring((0.0, 0.35, 0.55, 0.65), 6, 19)],
    "-": [[(0.0, 0.55), (0.35, 0.55)]],
    "1": [[(0.0, 0.22), (0.22, 0.0), (0.22, 1.0)]],
    "2": [[*_ring((0.0, 0.0, 0.6, 0.55), 12, 22), (0.0, 1.0), (0.62, 1.0)]],
    "3": [_ring((0.0, 0.0, 0.55, 0.48), 13, 24), _ring((0.0, 0.46, 0.6, 0.54), 0, 12)],
    "4": [[(0.45, 1.0), (0.45, 0.0), (0.0, 0.68), (0.65, 0.68)]],
    "5": [[(0.55, 0.0), (0.08, 0.0), (0.03, 0.45), *_ring((0.0, 0.36, 0.6, 0.64), 15, 28)]],
    "6": [_ring((0.0, 0.4, 0.6, 0.6)), [(0.5, 0.0), (0.15, 0.3), (0.0, 0.7)]],
}
_DRAWN = 64  # px, size at which outline letters are rasterised


def _find_fonts() -> tuple[str, ...]:
    """List Latin fonts; matplotlib's own are always there, the rest if installed."""
    found = [path for folder, pattern in _PLACES for path in sorted(folder.glob(pattern))]
    wanted = [p for p in found if "noto" not in p.parts or p.name.startswith(_NOTO)]
    return tuple(str(p) for p in wanted if "Thin" not in p.name and "Display" not in p.parts)


FONTS = _find_fonts()
_SERIF = ("LiberationSerif-Regular", "LiberationSerif-Bold", "FreeSerif.", "FreeSerifBold.")
_SANS = ("LiberationSans-", "LiberationSansNarrow-Bold.", "FreeSansBold.", "DejaVuSans.")
_COMMON = tuple(font for font in FONTS if Path(font).name.startswith(_SERIF + _SANS)) or FONTS


@dataclass(frozen=True, slots=True, kw_only=True)
class NameStyle:
    """How the names of one page are printed.

    Attributes
    ----------
    font : an outline font, or the empty string for the strokes of a pen
    cap_height : mm
    stretch : width relative to the font's own
    spacing : between letters, relative to the letters' height
    boldness : mm added to the strokes, or the pen's width
    pixel_rows : letters are made of this many rows of square dots; 0 for smooth letters
    capitals : `aVR` is printed as `AVR`
    small : `V1` is printed as `v1`
    cyrillic : `V1` is printed as `C1`
    bare : `aVR` is printed as `VR`
    subscript : the digit of `V1` is smaller and lower
    """

    font: str
    cap_height: float
    stretch: float = 1.0
    spacing: float = 0.0
    boldness: float = 0.0
    pixel_rows: int = 0
    capitals: bool = False
    small: bool = False
    cyrillic: bool = False
    bare: bool = False
    subscript: bool = False


def random_style(rng: np.random.Generator, *, smallest: float) -> NameStyle:
    """Draw a style; capitals are at least `smallest` mm high."""
    kind = rng.random()
    plotter = kind < 0.12
    fonts = _COMMON if rng.random() < 0.45 else FONTS
    font = "" if plotter else str(rng.choice(fonts))
    height = max(float(np.clip(rng.lognormal(np.log(2.1), 0.35), 1.2, 5.0)), smallest)
    boldness = rng.uniform(0.15, 0.45) if plotter else rng.choice([0, 0, 0, 0.1, 0.2])
    return NameStyle(
        font=font,
        cap_height=height,
        stretch=float(np.clip(rng.lognormal(0.0, 0.13), 0.65, 1.4)),
        spacing=rng.uniform(0.0, 0.7) if rng.random() < 0.25 else rng.uniform(-0.03, 0.1),
        boldness=float(boldness) * height / 2.1,
        pixel_rows=int(rng.integers(7, 15)) if kind > 0.85 else 0,
        capitals=bool(rng.random() < 0.12),
        small=bool(rng.random() < 0.08),
        cyrillic=bool(rng.random() < 0.12),
        bare=bool(rng.random() < 0.15),
        subscript=bool(rng.random() < 0.05),
    )


def spelling(name: str, style: NameStyle) -> str:
    """Write a lead name as this cart does."""
    sign = "-" if name.startswith("-") else ""
    plain = name.lstrip("-")
    if plain.startswith("a"):
        plain = plain[1:] if style.bare else plain.upper() if style.capitals else plain
    if plain[0] == "V" and plain[1].isdigit():
        plain = plain.replace("V", "C") if style.cyrillic else plain
        plain = plain.lower() if style.small else plain
    return sign + plain


def draw_name(text: str, style: NameStyle, *, scale: float) -> NDArray[np.uint8]:
    """Rasterise a name, coverage 0..255, cropped to the ink.

    Parameters
    ----------
    scale : pixels per mm
    """
    letters = [_letter(c, style) for c in text]
    if style.subscript and text[-1].isdigit():
        letters[-1] = _lowered(letters[-1])
    line = _set_line(letters, gap=round(style.spacing * _DRAWN * 0.72))
    if style.pixel_rows:
        line = _dotted(line, rows=style.pixel_rows)
    zoom = style.cap_height * scale / (0.72 * _DRAWN)
    size = np.maximum(np.round(np.array(line.shape[::-1]) * zoom * [style.stretch, 1.0]), 1)
    shrink = cv2.INTER_NEAREST if style.pixel_rows else cv2.INTER_AREA
    how = shrink if zoom < 1 else cv2.INTER_LINEAR
    patch = cv2.resize(line, size.astype(int), interpolation=how)
    extra = round(style.boldness * scale) if style.font else 0
    if extra > 0:
        patch = cv2.copyMakeBorder(patch, 0, 0, extra, extra, cv2.BORDER_CONSTANT, value=0)
        patch = cv2.dilate(patch, np.ones((max(extra // 2, 1), extra + 1), np.uint8))
    ink = cv2.boundingRect((patch > 40).astype(np.uint8))
    return patch[ink[1] : ink[1] + ink[3], ink[0] : ink[0] + ink[2]]


def _set_line(letters: list[NDArray[np.uint8]], *, gap: int) -> NDArray[np.uint8]:
    """Put letters of one height side by side."""
    height = letters[0].shape[0]
    width = sum(letter.shape[1] for letter in letters) + max(gap, 0) * (len(letters) - 1)
    line = np.zeros((height, width + 8), np.uint8)
    x = 0
    for letter in letters:
        area = line[:, max(x, 0) : max(x, 0) + letter.shape[1]]
        np.maximum(area, letter[:, : area.shape[1]], out=area)
        x += letter.shape[1] + gap
    return line


def _letter(character: str, style: NameStyle) -> NDArray[np.uint8]:
    if style.font:
        return _outline_letter(character, style.font, bool(style.pixel_rows))
    pen = max(round(style.boldness / style.cap_height * 0.72 * _DRAWN), 2)
    return _pen_letter(character, pen)


@lru_cache(maxsize=4096)
def _outline_letter(character: str, font: str, hard: bool) -> NDArray[np.uint8]:
    """One letter with its own side bearings, its capitals 0.72 * `_DRAWN` px high."""
    face = _face(font, _DRAWN)
    cap = face.getbbox("H")
    face = _face(font, round(_DRAWN * 0.72 * _DRAWN / max(cap[3] - cap[1], 1)))
    image = Image.new("L", (max(round(face.getlength(character)), 1), 2 * _DRAWN), 0)
    draw = ImageDraw.Draw(image)
    draw.fontmode = "1" if hard else "L"
    draw.text((0, round(1.4 * _DRAWN)), character, font=face, fill=255, anchor="ls")
    return np.asarray(image)


@lru_cache(maxsize=256)
def _face(font: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(font, size)


@lru_cache(maxsize=1024)
def _pen_letter(character: str, pen: int) -> NDArray[np.uint8]:
    """One letter drawn with a pen `pen` px wide."""
    height = 0.72 * _DRAWN
    origin = np.array([0.12 * height, 1.4 * _DRAWN - height])
    lines = [origin + height * np.array(stroke) for stroke in _STROKES[character]]
    right = max(float(line[:, 0].max()) for line in lines)
    image = np.zeros((2 * _DRAWN, round(right + 0.12 * height)), np.uint8)
    for line in lines:
        cv2.polylines(image, [np.round(line * 16).astype(int)], False, 255, pen, cv2.LINE_AA, 4)
    return image


def _lowered(letter: NDArray[np.uint8]) -> NDArray[np.uint8]:
    small = cv2.resize(letter, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    room = letter.shape[0] - small.shape[0]
    return cv2.copyMakeBorder(small, room, 0, 0, 0, cv2.BORDER_CONSTANT, value=0)


def _dotted(line: NDArray[np.uint8], *, rows: int) -> NDArray[np.uint8]:
    """Letters of a dot-matrix: `rows` rows per capital."""
    zoom = rows / (0.72 * _DRAWN)
    size = (max(round(line.shape[1] * zoom), 1), max(round(line.shape[0] * zoom), 1))
    small = cv2.resize(line, size, interpolation=cv2.INTER_AREA)
    dots = ((small > 100) * 255).astype(np.uint8)
    return cv2.resize(dots, (line.shape[1], line.shape[0]), interpolation=cv2.INTER_NEAREST)
