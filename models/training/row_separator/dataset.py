"""Bands around printed rows, drawn as the segmenter would see them, with their owner.

No photo is needed: the network sees only the ink map of the traces, so that a band is drawn in
milliseconds and no two are alike.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from synthesis.canvas import draw_polylines
from synthesis.design import PageDesign, random_design
from synthesis.page import LeadStroke, place_strokes
from synthesis.recordings import Recording, disturb

from training.row_separator.network import HEIGHT, SPACING
from training.segmenter.render import training_design

PIXELS_PER_MM = 8.0
WIDTH = 128  # columns of a training band
BANDS_PER_PAGE = 4
TRIES = 3  # to find a place where rows cross
REACH = HEIGHT / 2 / SPACING  # row spacings above and below the base line
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Band:
    """One training example.

    Attributes
    ----------
    seen : float32 array, shape (2, 144, w), ink and base lines
    own : float32 array, shape (144, w), ink of the row in the middle
    """

    seen: Floats
    own: Floats


def random_bands(recordings: list[Recording], seed: int) -> list[Band]:
    """Draw the surroundings of rows of a random page, mostly where they cross."""
    rng = np.random.default_rng([seed, 78])
    recording = recordings[rng.integers(len(recordings))]
    design = _several_rows(rng)
    signal = disturb(recording, rng)
    if rng.random() < 0.5:
        signal = signal * rng.uniform(1.2, 2.5)
    strokes = place_strokes(design, signal, sampling_rate=recording.sampling_rate)
    bands = []
    for _ in range(BANDS_PER_PAGE):
        for _ in range(TRIES):
            row = int(rng.integers(len(design.layout.rows)))
            band = _draw(design, strokes, row, _place(design, strokes, row, rng), rng)
            if rng.random() < 0.1 or _crosses(band):
                break
        bands.append(band)
    return bands


def _crosses(band: Band) -> bool:
    """Whether ink of another row lies within half a row of the base line, or the reverse."""
    middle, half = HEIGHT // 2, SPACING // 2
    near = slice(middle - half, middle + half)
    others = band.seen[0] - band.own
    far = band.own.copy()
    far[near] = 0.0
    return bool((others[near] > 0.5).sum() > 8 or (far > 0.2).sum() > 8)


def _several_rows(rng: np.random.Generator) -> PageDesign:
    """Draw a page of at least two rows."""
    while True:
        seed = int(rng.integers(1 << 31))
        design = training_design(seed, rng) if rng.random() < 0.8 else random_design(seed)
        if len(design.layout.rows) > 1:
            return design


def _place(
    design: PageDesign, strokes: tuple[LeadStroke, ...], row: int, rng: np.random.Generator
) -> float:
    """Choose where a band begins, mm: mostly so that a steep wave of the row or near it is seen."""
    wide = WIDTH / PIXELS_PER_MM
    near = [s for s in strokes if abs(s.row - row) <= (0 if rng.random() < 0.6 else 2)]
    stroke = near[rng.integers(len(near))] if near else strokes[0]
    if rng.random() < 0.85:
        rise = np.abs(np.diff(stroke.points[:, 1]))
        steep = np.flatnonzero(rise >= np.quantile(rise, 0.97))
        at = stroke.points[steep[rng.integers(len(steep))], 0]
        return float(at - rng.uniform(0.2, 0.8) * wide)
    return float(rng.uniform(design.left - 5, max(design.width - wide, design.left)))


def _draw(
    design: PageDesign,
    strokes: tuple[LeadStroke, ...],
    row: int,
    left: float,
    rng: np.random.Generator,
) -> Band:
    """Draw the ink of the row and of the others, then what the segmenter makes of it."""
    spacing = design.row_spacing
    middle = design.baseline(row) + rng.normal(0, 0.06) * spacing
    stretch = np.array([rng.uniform(0.97, 1.03), 1.0])
    origin = np.array([left, middle - REACH * spacing])
    shape = (round(2 * REACH * spacing * PIXELS_PER_MM), WIDTH)
    layers = [np.zeros(shape, np.uint8) for _ in range(2)]
    stroke_width = float(np.clip(design.ink.stroke * rng.uniform(0.7, 1.2), 0.12, 0.9))
    for owned, layer in zip((True, False), layers, strict=True):
        lines = [s.points for s in strokes if (s.row == row) == owned]
        if owned and design.ink.joined and lines:
            lines = [np.concatenate(lines)]
        parts = [part for part in (_inside(line, left) for line in lines) if len(part) > 1]
        parts = [(part - origin) * stretch for part in parts]
        parts = [p for p in parts if p[:, 1].max() > 0 and p[:, 1].min() < 2 * REACH * spacing]
        if parts:
            draw_polylines(layer, parts, width=stroke_width, scale=PIXELS_PER_MM)
    own, others = (_as_segmented(layer, rng) for layer in layers)
    ink = _damaged(np.maximum(own, others), rng)
    bases = np.zeros(HEIGHT, np.float32)
    for number in range(len(design.layout.rows)):
        away = (design.baseline(number) - middle) / spacing * SPACING
        away = away if number != row else 0.0
        bases += np.exp(-0.5 * (np.arange(HEIGHT) - (HEIGHT - 1) / 2 - away) ** 2)
    lines_seen = np.repeat(bases[:, None].astype(np.float32), WIDTH, axis=1)
    seen = np.stack([ink, lines_seen])
    if rng.random() < 0.3:
        seen, own = seen[:, ::-1], own[::-1]
    return Band(seen=np.ascontiguousarray(seen), own=np.ascontiguousarray(own))


def _inside(line: NDArray[np.float64], left: float) -> NDArray[np.float64]:
    """Keep the points of a line around the band."""
    near = (line[:, 0] > left - 3) & (line[:, 0] < left + WIDTH / PIXELS_PER_MM * 1.05 + 3)
    return line[near]


def _as_segmented(layer: NDArray[np.uint8], rng: np.random.Generator) -> Floats:
    """Bring an ink layer to the height of a band, and soften it."""
    ratio = HEIGHT / len(layer)
    sigma = rng.uniform(0.3, 0.9)
    full = cv2.subtract(cv2.convertScaleAbs(layer, alpha=1.6), 25)
    band = cv2.resize(full, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return cv2.GaussianBlur(band.astype(np.float32) / 255, (0, 0), sigma, sigmaY=sigma * ratio)


def _damaged(ink: Floats, rng: np.random.Generator) -> Floats:
    """Lose ink and find some that is none, as the segmenter does."""
    if rng.random() < 0.4:
        field = rng.uniform(0, 1, (6, 12)).astype(np.float32)
        field = cv2.resize(field, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
        ink = ink * np.clip(1.0 - rng.uniform(0, 1.2) * field, 0, 1)
    if rng.random() < 0.1:
        x, y = rng.integers(0, WIDTH - 8), rng.integers(0, HEIGHT - 8)
        ink[y : y + rng.integers(3, 40), x : x + rng.integers(4, 80)] = 0.0
    if rng.random() < 0.15:
        x, y = rng.integers(0, WIDTH - 8), rng.integers(0, HEIGHT - 8)
        ink[y : y + rng.integers(1, 16), x : x + rng.integers(1, 16)] = rng.uniform(0.3, 1.0)
    if rng.random() < 0.5:
        ink = ink + rng.normal(0, rng.uniform(0, 0.06), ink.shape).astype(np.float32)
    return np.clip(ink, 0, 1).astype(np.float32)
