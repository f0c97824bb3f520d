"""Count what the label reader finds on held-out patches: `python -m ...evaluate --help`."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.imaging import PrintedLabel
from cardioalert.networks.label_reader import read_labels
from training.label_reader.lettering import NAMES

MARGIN = 24  # px at the rim of a patch, where names may be cut
STEPS = (0.3, 0.5, 0.7, 0.9, 1.01)  # of confidence, for the calibration


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One label that was read: how sure, and whether that name is printed there."""

    confidence: float
    right: bool


def read_patches(folder: Path) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
    """Yield patches and their rows of name, left, top, right, bottom."""
    for path in sorted(folder.glob("*[0-9].npy")):
        names = np.load(path.with_name(f"{path.stem}_names.npy"))
        for number, patch in enumerate(np.load(path)):
            yield patch, names[names[:, 0] == number, 1:]


def judge(patch: NDArray[np.uint8], names: NDArray[np.float32]) -> tuple[list[Reading], int, int]:
    """Read one patch; return the readings, how many names were found and how many there are."""
    size = patch.shape[0]
    labels = [label for label in read_labels(patch) if _is_inside(label, size)]
    readings = [
        Reading(confidence=label.confidence, right=any(_agrees(label, row) for row in names))
        for label in labels
    ]
    whole = [row for row in names if min(row[1:]) > MARGIN and max(row[1:]) < size - MARGIN]
    found = sum(any(_agrees(label, row) for label in labels) for row in whole)
    return readings, found, len(whole)


def _is_inside(label: PrintedLabel, size: int) -> bool:
    near = min(label.left, label.top)
    far = max(label.right, label.bottom)
    return near > MARGIN / 2 and far < size - MARGIN / 2


def _agrees(label: PrintedLabel, row: NDArray[np.float32]) -> bool:
    """Same name, and the middle of the label lies on the printed letters."""
    name, left, top, right, bottom = row
    x, y = (label.left + label.right) / 2, (label.top + label.bottom) / 2
    said = ("-" if label.inverted else "") + label.lead.value
    return said == NAMES[int(name)] and left - 4 < x < right + 4 and top - 4 < y < bottom + 4


def main() -> None:
    """Print the share of names found, the false ones, and how honest the confidence is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="folder of held-out shards")
    options = parser.parse_args()
    judged = [judge(patch, names) for patch, names in read_patches(options.cache)]
    readings = [reading for part, _, _ in judged for reading in part]
    found, printed = (sum(part[k] for part in judged) for k in (1, 2))
    false = sum(not reading.right for reading in readings)
    print(f"patches = {len(judged)}")
    print(f"found = {found / printed:.4f}  # of {printed} printed names")
    print(f"false_per_patch = {false / len(judged):.4f}")
    for low, high in pairwise(STEPS):
        part = [r.right for r in readings if low <= r.confidence < high]
        if part:
            print(f"confidence {low}-{min(high, 1.0)}: {np.mean(part):.3f} right of {len(part)}")


if __name__ == "__main__":
    main()
