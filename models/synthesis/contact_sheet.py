"""Draw many small pages on one picture, to look at: `python -m synthesis.contact_sheet --help`.

Put the sheet next to real pictures: what a real one shows and the sheet never does is missing.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from synthesis.camera import photograph
from synthesis.cameras import random_camera
from synthesis.design import random_design
from synthesis.page import draw_page
from synthesis.recordings import Recording, disturb, made_up_recording, read_ptbxl_shard

CELL = (640, 480)  # px


def photo_of(recording: Recording, *, level: str, seed: int) -> NDArray[np.uint8]:
    """A random page, photographed."""
    signal = disturb(recording, np.random.default_rng(seed))
    page = draw_page(random_design(seed), signal, sampling_rate=recording.sampling_rate)
    return photograph(page, random_camera(level, seed)).rgb  # type: ignore[arg-type]


def fit(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Shrink a picture into a cell."""
    height, width = rgb.shape[:2]
    factor = min(CELL[0] / width, CELL[1] / height)
    small = cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    cell = np.full((CELL[1], CELL[0], 3), 90, np.uint8)
    cell[: small.shape[0], : small.shape[1]] = small[: CELL[1], : CELL[0]]
    return cell


def main() -> None:
    """Write a PNG of 4 x 3 pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", type=Path, help="shared recordings; none draws a made-up one")
    parser.add_argument("--level", choices=["scan", "easy", "medium", "hard"], default="medium")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    recordings = [made_up_recording()]
    if options.data:
        recordings = list(read_ptbxl_shard(options.data / "ptbxl" / "fold01_0"))
    seeds = range(options.seed, options.seed + 12)
    cells = [
        fit(photo_of(recordings[seed % len(recordings)], level=options.level, seed=seed))
        for seed in seeds
    ]
    sheet = np.vstack([np.hstack(cells[i : i + 3]) for i in range(0, 12, 3)])
    cv2.imwrite(str(options.out), np.ascontiguousarray(sheet[..., ::-1]))


if __name__ == "__main__":
    main()
