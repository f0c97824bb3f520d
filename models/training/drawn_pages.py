"""The pages that the segmenter's training draws, turned into one file each for other networks."""

import argparse
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PAUSE = 5.0  # s between two looks for new pages
Floats = NDArray[np.float32]


def page_options(description: str | None, *, minutes: float = 0.0) -> argparse.Namespace:
    """Read the options of a script that turns pages into files.

    Parameters
    ----------
    description : of the script
    minutes : how long it waits for pages unless told otherwise
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--pages", type=Path, required=True, help="folder of segmenter pages")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=minutes, help="how long to wait for pages")
    parser.add_argument("--part", type=int, nargs=2, default=(0, 1), help="which of how many parts")
    return parser.parse_args()


def page_stems(folder: Path) -> list[Path]:
    """List the pages of a folder without their endings, in order."""
    pages = folder.glob("[0-9]*[0-9].npy")
    return sorted(path.with_suffix("") for path in pages if "_" not in path.stem)


def missing_pages(
    pages: Path, cache: Path, *, minutes: float, part: tuple[int, int]
) -> Iterator[tuple[Path, Path]]:
    """Yield the pages that have no file yet; wait for more until the time is over.

    Parameters
    ----------
    pages : folder of the segmenter's pages, which may grow
    cache : folder of the files
    minutes : how long to wait; 0 looks once
    part : which of how many parts of the pages

    Yields
    ------
    stem of a page, and the file to write; if it is not written the page comes again
    """
    cache.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + 60.0 * minutes
    own, parts = part
    while True:
        for stem in page_stems(pages):
            target = cache / f"{stem.name}.npz"
            if int(stem.name) % parts == own and not target.exists():
                yield stem, target
        if time.monotonic() >= until:
            break
        time.sleep(PAUSE)


def read_page(stem: Path) -> tuple[NDArray[np.uint8], Floats, Floats]:
    """Read a page.

    Returns
    -------
    rgb : uint8 array, shape (height, width, 3)
    centre : float32 array, shape (lines, width), px, heights of the curves, NaN where none is
    fine : float32 array, shape (lines, 2 width), the same in halves of a column
    """
    rgb = np.ascontiguousarray(np.load(f"{stem}.npy")[..., :3])
    return rgb, np.load(f"{stem}_centre.npy"), np.load(f"{stem}_fine.npy")


def write_arrays(path: Path, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Write an .npz file at once: who waits for it never sees half of it."""
    temporary = path.with_suffix(".tmp.npz")
    np.savez(temporary, **arrays)
    temporary.replace(path)
