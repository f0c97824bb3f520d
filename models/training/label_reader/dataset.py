"""Random crops of cached patches, with what the network should answer in each cell."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.label_reader.network import CELL
from training.segmenter.dataset import disturb_colours

NEAR = 0.35  # presence from which a cell must also know the name and the box
WHOLE = 0.8  # share of a name inside the crop, below which nothing is asked about it


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Targets:
    """What is asked of the cells of one crop or of a batch of crops.

    Attributes
    ----------
    presence : float32 array, shape (..., rows, columns), 1 at the middle of a name
    asked : float32 array, same shape, 0 where presence is not judged
    name : int64 array, same shape, index into `NAMES`, -1 elsewhere
    box : float32 array, shape (..., 4, rows, columns), cells from the cell's centre
    """

    presence: NDArray[np.float32]
    asked: NDArray[np.float32]
    name: NDArray[np.int64]
    box: NDArray[np.float32]


@dataclass(slots=True, eq=False)
class PatchSource:
    """Draws crops from a growing folder of shards (see `render`).

    Attributes
    ----------
    folder : where the shards are
    size : side of a crop, px, a multiple of `CELL`
    """

    folder: Path
    size: int
    rng: np.random.Generator
    augment: bool = True
    shards: list[Path] = field(default_factory=list)

    def refresh(self) -> int:
        """Look for new shards; return how many there are."""
        self.shards = sorted(p for p in self.folder.glob("*[0-9].npy"))
        return len(self.shards)

    def batch(self, count: int) -> tuple[NDArray[np.float32], Targets]:
        """Return crops (count, 3, size, size) 0..1 and their targets."""
        crops = [self.crop() for _ in range(count)]
        targets = [targets for _, targets in crops]
        return np.stack([image for image, _ in crops]), Targets(
            presence=np.stack([t.presence for t in targets]),
            asked=np.stack([t.asked for t in targets]),
            name=np.stack([t.name for t in targets]),
            box=np.stack([t.box for t in targets]),
        )

    def crop(self) -> tuple[NDArray[np.float32], Targets]:
        """Cut one crop and disturb its colours."""
        shard = self.shards[self.rng.integers(len(self.shards))]
        patches = np.load(shard, mmap_mode="r")
        number = int(self.rng.integers(len(patches)))
        names = np.load(shard.with_name(f"{shard.stem}_names.npy"))
        names = names[names[:, 0] == number, 1:]
        patch = patches[number]
        top = int(self.rng.integers(patch.shape[0] - self.size + 1))
        left = int(self.rng.integers(patch.shape[1] - self.size + 1))
        rgb = np.array(patch[top : top + self.size, left : left + self.size])
        if self.augment:
            rgb = disturb_colours(rgb, self.rng)
        names = names - np.array([0, left, top, left, top], np.float32)
        image = np.ascontiguousarray(rgb.transpose(2, 0, 1), dtype=np.float32) / 255
        return image, make_targets(names, shape=(self.size, self.size))


def make_targets(names: NDArray[np.float32], *, shape: tuple[int, int]) -> Targets:
    """Turn rows of name, left, top, right, bottom (px) into targets per cell."""
    rows, columns = shape[0] // CELL, shape[1] // CELL
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    presence = np.zeros((rows, columns), np.float32)
    asked = np.ones((rows, columns), np.float32)
    name = np.full((rows, columns), -1, np.int64)
    box = np.zeros((4, rows, columns), np.float32)
    for number, *edges in names:
        # positions in cells, cell centres at whole numbers
        left, top, right, bottom = (np.array(edges) + 0.5) / CELL - 0.5
        if visible_share(left, top, right, bottom, rows=rows, columns=columns) < WHOLE:
            inside = (x > left - 1) & (x < right + 1) & (y > top - 1) & (y < bottom + 1)
            asked[inside] = 0.0
            continue
        middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
        sigma_x = max(0.16 * (right - left), 0.5)
        sigma_y = max(0.16 * (bottom - top), 0.5)
        bump = np.exp(-0.5 * (((x - middle_x) / sigma_x) ** 2 + ((y - middle_y) / sigma_y) ** 2))
        at = np.clip([round(middle_y), round(middle_x)], 0, [rows - 1, columns - 1])
        bump[tuple(at)] = 1.0
        own = (bump > presence) & (bump > NEAR)
        presence = np.maximum(presence, bump)
        name[own] = int(number)
        box[:, own] = np.stack([x - left, y - top, right - x, bottom - y])[:, own]
    return Targets(presence=presence, asked=asked, name=name, box=box)


def visible_share(
    left: float, top: float, right: float, bottom: float, *, rows: int, columns: int
) -> float:
    """How much of a box lies inside the crop."""
    width = min(right, columns - 0.5) - max(left, -0.5)
    height = min(bottom, rows - 0.5) - max(top, -0.5)
    area = max((right - left) * (bottom - top), 1e-6)
    return max(width, 0.0) * max(height, 0.0) / area
