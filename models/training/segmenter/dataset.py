"""Random crops of cached pages, with their target maps."""

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.drawn_pages import page_stems

Batch = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]
SIGMA = 1.0  # px, half width of the centre line's ridge where the signal is flat
STEEP_SIGMA = 0.1  # more px for each px that the signal rises in a column
LARGEST_SIGMA = 2.5  # px


@dataclass(slots=True, eq=False)
class CropSource:
    """Draws crops from a growing folder of pages (see `render`).

    Attributes
    ----------
    folder : where the pages are
    size : side of a crop, px
    """

    folder: Path
    size: int
    rng: np.random.Generator
    augment: bool = True
    names: list[Path] = field(default_factory=list)

    def refresh(self) -> int:
        """Look for new pages; return how many there are."""
        self.names = page_stems(self.folder)
        return len(self.names)

    def batch(self, count: int) -> Batch:
        """Return pages, targets and column weights.

        Their shapes are (count, 3, size, size), (count, 4, size, size) and (count, size).
        """
        pages, targets, importances = zip(*(self.crop() for _ in range(count)), strict=True)
        return np.stack(pages), np.stack(targets), np.stack(importances)

    def crop(self) -> Batch:
        """Cut one crop, preferring places with traces."""
        name = self.names[self.rng.integers(len(self.names))]
        page = np.load(f"{name}.npy", mmap_mode="r")
        centre = np.load(f"{name}_centre.npy")
        for _ in range(3):
            top = int(self.rng.integers(page.shape[0] - self.size + 1))
            left = int(self.rng.integers(page.shape[1] - self.size + 1))
            lines = centre[:, left : left + self.size] - top
            inside = (lines > 0) & (lines < self.size)
            if inside.any(axis=0).mean() > 0.3 or self.rng.random() < 0.15:
                break
        cut = np.array(page[top : top + self.size, left : left + self.size])
        rgb, layers = cut[..., :3], cut[..., 3:]
        target = np.concatenate([centre_map(lines, height=self.size)[None], layer_targets(layers)])
        if self.augment:
            rgb = disturb_colours(rgb, self.rng)
            if self.rng.random() < 0.3:
                rgb, target = rgb[::-1], target[:, ::-1]
        image = np.ascontiguousarray(rgb.transpose(2, 0, 1), dtype=np.float32) / 255
        target = np.ascontiguousarray(target, dtype=np.float32)
        return image, target, column_importance(lines)


def centre_map(lines: NDArray[np.float32], *, height: int) -> NDArray[np.float32]:
    """Ridges of height 1 along lines (n, w) of y, float32 (height, w).

    A ridge is wider where the signal is steep: there a shift of a tenth of a pixel sideways
    moves it by pixels. At a peak the neighbours lie on one side, and the ridge is sharp.
    """
    ridge = np.zeros((height, lines.shape[1]), np.float32)
    reach = 6
    for line in lines:
        slope = np.zeros_like(line)
        slope[1:-1] = np.abs(line[2:] - line[:-2]) / 2
        sigma = np.clip(SIGMA + STEEP_SIGMA * np.nan_to_num(slope), SIGMA, LARGEST_SIGMA)
        columns = np.flatnonzero((line > -reach) & (line < height + reach))
        middle = np.round(line[columns]).astype(int)
        for shift in range(-reach, reach + 1):
            rows = middle + shift
            ok = (rows >= 0) & (rows < height)
            away = (rows[ok] - line[columns[ok]]) / sigma[columns[ok]]
            value = np.exp(-0.5 * away**2)
            place = rows[ok], columns[ok]
            ridge[place] = np.maximum(ridge[place], value)
    return ridge


def column_importance(lines: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return 1 for columns where all lines (n, w) are calm, up to 4 at flanks and peaks."""
    rise = np.zeros(lines.shape[1], np.float32)
    for line in lines:
        step = np.abs(np.nan_to_num(np.diff(line)))
        rise[1:] = np.maximum(rise[1:], step)
        rise[:-1] = np.maximum(rise[:-1], step)
    return 1 + np.clip(rise / 4, 0, 3)


def layer_targets(layers: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Coverage (h, w, 3) 0..255 to targets (3, h, w) 0..1; half covered counts as ink."""
    coverage = layers.transpose(2, 0, 1).astype(np.float32) / 255
    return np.clip(1.6 * coverage - 0.1, 0.0, 1.0)


def disturb_colours(rgb: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Change tint, tone, focus, grain and compression a little."""
    levels = np.arange(256, dtype=np.float32) / 255
    curves = []
    common = rng.normal(0, 0.12)
    for _ in range(3):
        gain = np.exp(common + rng.normal(0, 0.05))
        curves.append(255 * gain * levels ** np.exp(rng.normal(0, 0.12)))
    table = np.clip(np.stack(curves, axis=-1), 0, 255).astype(np.uint8)
    image = cv2.LUT(np.ascontiguousarray(rgb), table[None].transpose(1, 0, 2))
    if rng.random() < 0.15:
        image = np.ascontiguousarray(image[..., rng.permutation(3)])
    if rng.random() < 0.08:
        image = cv2.merge([cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)] * 3)
    if rng.random() < 0.15:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.2))
    if rng.random() < 0.25:
        noise = rng.normal(0, rng.uniform(1, 8), image.shape)
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.2:
        quality = int(rng.integers(30, 90))
        code = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        image = cv2.imdecode(code, cv2.IMREAD_COLOR)
    return image
