"""Show the digitizer pictures it cannot expect: every one gets an answer or a refusal, in time.

Pages are drawn, or taken from the real pictures, and warped, cropped, turned, stretched, blurred,
drowned in noise and brought to odd sizes, all from a seed. Anything but an answer or an error with
a code is a failure, and so is more than the time limit. A small sample runs with the tests
(tests/flow/test_fuzz_pages.py). With --keep a run goes on where it was stopped; with --show DIR
pictures that were read are saved with their curves, to be looked at.

    python -m benchmarks.fuzz_pages --pages 2000 --data ../shared/data --keep fuzz.jsonl
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
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
from cardioalert.digitize.reading import read_photo  # noqa: E402
from cardioalert.errors import CardioAlertError  # noqa: E402
from cardioalert.report.overlay import draw_overlay  # noqa: E402

FIRST_SEED = 5_000_000
PER_DRAWING = 12  # mutations of one page
MOST_PIXELS = 2e6  # of a page before it is harmed
REAL = ("prints", "paper_ecg", "clean_render", "reports")
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


def real_pictures(data: Path | None) -> list[Path]:
    """Return the real pictures, none without their folder."""
    if data is None:
        return []
    files = (path for name in REAL for path in sorted((data / "images" / name).iterdir()))
    return [path for path in files if path.suffix.lower() in {".jpg", ".jpeg", ".png"}]


def source(first: int, real: list[Path]) -> Pixels:
    """Return the page that some seeds share: a real picture and a drawn page by turns."""
    number = first // PER_DRAWING
    if not real or number % 2:
        page = drawing(FIRST_SEED + number)
    else:
        page = read_photo(real[number // 2 * 7 % len(real)]).pixels
    scale = np.sqrt(MOST_PIXELS / (page.shape[0] * page.shape[1]))
    if scale < 1.0:
        page = np.asarray(
            cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), dtype=np.uint8
        )
    return page


def answer(picture: Pixels, show: Path | None = None) -> str:
    """Return `read: grade`, the code of a refusal, or `CRASH` with the error."""
    try:
        digitized = cardioalert.digitize(picture)
        if show is not None:
            cv2.imwrite(str(show), draw_overlay(digitized)[..., ::-1])
        hedges = ", ".join(sorted({notice.code for notice in digitized.warnings}))
        return f"read: {digitized.quality.grade.value}" + (f" ({hedges})" if hedges else "")
    except CardioAlertError as error:
        return error.code
    except Exception as error:  # a crash is what is looked for here
        return f"CRASH {type(error).__name__}: {error} {traceback.format_exc(limit=-2)}"


def pictures(first: int, count: int, real: list[Path]) -> Iterator[tuple[int, Pixels]]:
    """Yield the pictures of some consecutive seeds, all of one page."""
    page = source(first, real)
    for seed in range(first, first + count):
        yield seed, mutated(page, np.random.default_rng([seed, 9]))


def read_kept(kept: Path | None) -> dict[int, tuple[str, float]]:
    """Return what a former run found: answers and seconds by seed."""
    if kept is None or not kept.exists():
        return {}
    rows = map(json.loads, kept.read_text(encoding="utf-8").splitlines())
    return {row["seed"]: (row["said"], row["seconds"]) for row in rows}


def main() -> None:
    """Run and count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--data", type=Path, help="folder of the real pictures")
    parser.add_argument("--keep", type=Path, help="JSON lines of answers; go on after them")
    parser.add_argument("--show", type=Path, help="folder for pictures with their curves")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long")
    options = parser.parse_args()
    real = real_pictures(options.data)
    seen = read_kept(options.keep)
    began = time.perf_counter()
    last = options.first + options.pages
    for first in range(options.first, last, PER_DRAWING):
        if all(seed in seen for seed in range(first, min(first + PER_DRAWING, last))):
            continue
        for seed, picture in pictures(first, min(PER_DRAWING, last - first), real):
            if seed in seen:
                continue
            show = options.show / f"{seed}.jpg" if options.show else None
            before = time.thread_time()
            said, spent = answer(picture, show), time.thread_time() - before
            seen[seed] = (said, spent)
            if options.keep:
                with options.keep.open("a", encoding="utf-8") as kept:
                    kept.write(json.dumps({"seed": seed, "said": said, "seconds": spent}) + "\n")
            if said.startswith("CRASH") or spent > MOST_SECONDS:
                print(seed, f"{spent:.1f} s", said, flush=True)
        if time.perf_counter() - began > options.seconds:
            break
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    longest = max(spent for _said, spent in seen.values())
    print(f"{len(seen)} pictures, longest {longest:.1f} s of processor, peak {peak:.0f} MB")
    for said, count in Counter(said for said, _spent in seen.values()).most_common():
        print(f"{count:5d}  {said}")


if __name__ == "__main__":
    main()
