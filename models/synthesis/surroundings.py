"""What lies around the paper."""

import cv2
import numpy as np
from numpy.typing import NDArray

TABLES = (
    (120, 85, 55),
    (170, 135, 100),
    (60, 60, 65),
    (200, 200, 205),
    (235, 235, 235),
    (90, 110, 140),
    (40, 30, 25),
    (150, 155, 150),
)


def table_top(shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """A plain, speckled or wooden surface, float32 (h, w, 3), 0..255."""
    height, width = shape
    colour = np.array(TABLES[rng.integers(len(TABLES))], np.float32)
    coarse = rng.normal(0, 1, (12, 16)).astype(np.float32)
    slow = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    texture = 6 * slow
    kind = rng.integers(3)
    if kind == 0:  # wood grain
        rows = np.cumsum(rng.normal(0, 1, (height // 2 + 2, 3)), axis=0).astype(np.float32)
        rows = rows - cv2.blur(rows, (1, 61))
        grain = cv2.resize(rows, (width, height), interpolation=cv2.INTER_CUBIC)
        fine = rng.normal(0, 3, (height, 1)).astype(np.float32)
        texture = texture + 4 * np.clip(grain, -4, 4) + fine
    elif kind == 1:
        texture = texture + rng.normal(0, 5, shape).astype(np.float32)
    table = np.clip(colour + texture[..., None], 0, 255).astype(np.float32)
    return _with_edges(table, rng)


def _with_edges(table: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Add the straight edges of things that lie about: thin lines and half-planes."""
    height, width = table.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    for _ in range(int(rng.integers(0, 4))):
        angle = rng.choice([0.0, np.pi / 2]) + rng.normal(0, 0.12)
        distance = np.cos(angle) * (x - rng.uniform(0, width))
        distance = distance + np.sin(angle) * (y - rng.uniform(0, height))
        other = np.array(TABLES[rng.integers(len(TABLES))], np.float32)
        cover = np.clip(distance + 0.5, 0, 1)
        if rng.random() < 0.5:
            cover = np.clip(rng.uniform(0.5, 4.0) - np.abs(distance), 0, 1)
        table = table + cover[..., None] * (other - table)
    return table
