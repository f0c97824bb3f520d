"""Fill a folder with flattened training pages: `python -m training.segmenter.render --help`.

Each page is three files: `<name>.npy`, uint8 (h, w, 6) = RGB, trace, grid, marks;
`<name>_centre.npy`, float32 (lines, w) = the signal's y in each pixel column; and
`<name>_fine.npy`, float32 (lines, 2 w) = the same twice per column.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from synthesis.cameras import random_camera
from synthesis.design import PageDesign, random_design
from synthesis.flatten import FlatSample, flat_sample, random_residual
from synthesis.page import DrawnPage, draw_page
from synthesis.recordings import Recording, disturb, held_out_recordings, training_recordings

FRAME_MM = (120.0, 96.0)  # width and height of one training page
LEVELS = ("scan", "easy", "medium", "hard")
LEVEL_SHARES = (0.3, 0.2, 0.25, 0.25)
TIGHT_SHARE = 0.3  # of the pages have rows closer than most carts print them


def random_sample(recordings: list[Recording], seed: int, tight: float = TIGHT_SHARE) -> FlatSample:
    """Draw, photograph and flatten a part of a random page."""
    rng = np.random.default_rng([seed, 77])
    recording = recordings[rng.integers(len(recordings))]
    signal = disturb(recording, rng)
    page = draw_page(
        training_design(seed, rng, tight), signal, sampling_rate=recording.sampling_rate
    )
    frame = random_frame(page, rng)
    level = rng.choice(LEVELS, p=LEVEL_SHARES)
    residual = random_residual(rng, frame)
    return flat_sample(page, random_camera(level, seed), frame=frame, residual=residual, seed=seed)


def training_design(seed: int, rng: np.random.Generator, tight: float) -> PageDesign:
    """Draw a page, now and then with rows so close that their QRS cross."""
    design = random_design(seed)
    if rng.random() >= tight or len(design.layout.rows) < 2:
        return design
    return replace(design, row_spacing=design.row_spacing * rng.uniform(0.5, 0.85))


def random_frame(page: DrawnPage, rng: np.random.Generator) -> tuple[float, float, float, float]:
    """Choose a part of the page, mostly where traces are."""
    width, height = FRAME_MM
    design = page.design
    if rng.random() < 0.85:
        row = int(rng.integers(len(design.layout.rows)))
        y = design.baseline(row) - rng.uniform(0.2, 0.8) * height
        beyond = 35.0 if rng.random() < 0.2 else 8.0
        x = rng.uniform(-beyond, max(design.width - width + beyond, 0.0))
    else:
        x = rng.uniform(-0.2, 0.8) * design.width
        y = rng.uniform(-0.2, 0.8) * design.height
    return x, y, x + width, y + height


def save_sample(sample: FlatSample, stem: Path) -> None:
    """Write the files; the page file appears last and at once."""
    np.save(f"{stem}_centre.npy", sample.centre)
    np.save(f"{stem}_fine.npy", sample.fine)
    temporary = stem.with_suffix(".tmp.npy")
    np.save(temporary, np.concatenate([sample.rgb, sample.truth], axis=2))
    temporary.replace(stem.with_suffix(".npy"))


def main() -> None:
    """Render pages until the count is reached; go on where a former run stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--count", type=int, default=1500)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--tight", type=float, default=TIGHT_SHARE, help="share of close rows")
    parser.add_argument("--held-out", action="store_true", help="PTB-XL fold 9")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    options.cache.mkdir(parents=True, exist_ok=True)
    read = held_out_recordings if options.held_out else training_recordings
    recordings = read(options.data)
    for seed in range(options.first, options.first + options.count):
        stem = options.cache / f"{seed:06d}"
        if not stem.with_suffix(".npy").exists():
            save_sample(random_sample(recordings, seed, options.tight), stem)


if __name__ == "__main__":
    main()
