"""Show the digitizer pictures it cannot expect: every one gets an answer or a refusal, in time.

Pages are drawn, warped, cropped, turned, stretched, blurred, drowned in noise and brought to odd
sizes, all from a seed. Anything but an answer or an error with a code is a failure, and so is more
than the time limit. A small sample runs with the tests (tests/flow/test_fuzz_pages.py).

    python -m benchmarks.fuzz_pages --pages 2000
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "models"))

from synthesis.camera import photograph  # noqa: E402
from synthesis.cameras import random_camera  # noqa: E402
from synthesis.design import random_design  # noqa: E402
from synthesis.page import draw_page  # noqa: E402
from synthesis.recordings import made_up_recording  # noqa: E402

import cardioalert  # noqa: E402
from cardioalert.digitize.limits import MOST_SECONDS  # noqa: E402
from cardioalert.errors import CardioAlertError  # noqa: E402

FIRST_SEED = 5_000_000
PER_DRAWING = 12  # mutations of one drawn page
Pixels = NDArray[np.uint8]


def drawing(seed: int) -> Pixels:
    """Draw and photograph one page."""
    recording = made_up_recording(bpm=40 + seed % 120)
    page = draw_page(random_design(seed), recording.signal, sampling_rate=500.0, scale=8.0)
    level = ("scan", "easy", "medium", "hard")[seed % 4]
    return photograph(page, random_camera(level, seed)).rgb  # type: ignore[arg-type]


def mutated(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Apply one to four harms."""
    for harm in rng.choice(len(HARMS), int(rng.integers(1, 5)), replace=False):
        picture = HARMS[harm](picture, rng)
    return np.ascontiguousarray(picture)


def _warp(picture: Pixels, rng: np.random.Generator) -> Pixels:
    height, width = picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = corners + rng.normal(0, 0.12, (4, 2)) * [width, height]
    matrix = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    return np.asarray(cv2.warpPerspective(picture, matrix, (width, height)), dtype=np.uint8)


def _crop(picture: Pixels, rng: np.random.Generator) -> Pixels:
    height, width = picture.shape[:2]
    top, left = (int(rng.uniform(0, 0.6) * side) for side in (height, width))
    return picture[top : top + max(int(0.4 * height), 1), left : left + max(int(0.4 * width), 1)]


def _resize(picture: Pixels, rng: np.random.Generator) -> Pixels:
    size = (int(rng.integers(60, 2200)), int(rng.integers(60, 2200)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _turn(picture: Pixels, rng: np.random.Generator) -> Pixels:
    return np.rot90(picture, int(rng.integers(1, 4)))


def _noise(picture: Pixels, rng: np.random.Generator) -> Pixels:
    noise = rng.normal(0, rng.uniform(5, 90), picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def _blur(picture: Pixels, rng: np.random.Generator) -> Pixels:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.5, 8.0)), dtype=np.uint8)


def _level(picture: Pixels, rng: np.random.Generator) -> Pixels:
    return np.where(picture > rng.uniform(60, 220), 255, 0).astype(np.uint8)


def _invert(picture: Pixels, _rng: np.random.Generator) -> Pixels:
    return 255 - picture


def _stripes(picture: Pixels, rng: np.random.Generator) -> Pixels:
    period = rng.uniform(3, 60)
    wave = 60 * np.sin(2 * np.pi * np.arange(picture.shape[1]) / period)
    return np.clip(picture + wave[None, :, None], 0, 255).astype(np.uint8)


def _collage(picture: Pixels, rng: np.random.Generator) -> Pixels:
    return np.concatenate([picture, picture[::-1]], axis=int(rng.integers(2)))


HARMS = (_warp, _crop, _resize, _turn, _noise, _blur, _level, _invert, _stripes, _collage)


def answer(picture: Pixels) -> str:
    """Return `read: grade`, the code of a refusal, or `CRASH` with the error."""
    try:
        return f"read: {cardioalert.digitize(picture).quality.grade.value}"
    except CardioAlertError as error:
        return error.code
    except Exception as error:  # a crash is what is looked for here
        return f"CRASH {type(error).__name__}: {error} {traceback.format_exc(limit=-2)}"


def pictures(first: int, count: int) -> list[tuple[int, Pixels]]:
    """Return the pictures of some consecutive seeds, all of one drawing."""
    page = drawing(FIRST_SEED + first // PER_DRAWING)
    return [
        (seed, mutated(page, np.random.default_rng([seed, 9])))
        for seed in range(first, first + count)
    ]


def main() -> None:
    """Run and count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    counts: Counter[str] = Counter()
    longest = 0.0
    for first in range(options.first, options.first + options.pages, PER_DRAWING):
        left = options.first + options.pages - first
        for seed, picture in pictures(first, min(PER_DRAWING, left)):
            began = time.thread_time()
            said = answer(picture)
            spent = time.thread_time() - began
            counts[said] += 1
            longest = max(longest, spent)
            if said.startswith("CRASH") or spent > MOST_SECONDS:
                print(seed, f"{spent:.1f} s", said, flush=True)
        print(sum(counts.values()), f"longest {longest:.1f} s", dict(counts), flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{sum(counts.values())} pictures, longest {longest:.1f} s, peak {peak:.0f} MB")
    for said, count in counts.most_common():
        print(f"{count:5d}  {said}")


if __name__ == "__main__":
    main()
