"""Turn a page until its lead names can be read: photos come sideways and upside down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.imaging import Page, Photo, PrintedLabel
from cardioalert.domain.record import Lead
from cardioalert.geometry import sample_lattice

ENOUGH_NAMES: Final = 3  # printed lead names that show which way up a page is
QUARTER_TURNS: Final = (0, 2, 1, 3)  # the likeliest first
SAME_UPSIDE_DOWN: Final = (Lead.I, Lead.II, Lead.III)

Labels = tuple[PrintedLabel, ...]


def turn_upright(
    photo: Photo, page: Page, read: Callable[[NDArray[np.uint8]], Labels]
) -> tuple[Photo, Page, Labels]:
    """Return photo and page turned upright, and the lead names read there.

    A grid looks the same from four sides, and Einthoven's law also holds upside down, so names
    decide: the first direction with enough of them, else the one with most.

    Parameters
    ----------
    read : reads the lead names of a page's pixels
    """
    best, most = 0, -1.0
    seen: dict[int, Labels] = {}
    for turns in QUARTER_TURNS:
        seen[turns] = read(np.ascontiguousarray(np.rot90(page.pixels, turns)))
        names = _telling(seen[turns])
        if names > most:
            best, most = turns, names
        if names >= ENOUGH_NAMES:
            break
    return turned_photo(photo, best), turned_page(page, photo.pixels.shape, best), seen[best]


def _telling(labels: Labels) -> float:
    """Weigh the different names that look different upside down."""
    surest: dict[Lead, float] = {}
    for label in labels:
        if label.lead not in SAME_UPSIDE_DOWN:
            surest[label.lead] = max(label.confidence, surest.get(label.lead, 0.0))
    return sum(confidence > 0.5 for confidence in surest.values()) + 0.1 * sum(surest.values())


def turned_photo(photo: Photo, turns: int) -> Photo:
    """Turn a photo by quarter turns, counter-clockwise."""
    if turns == 0:
        return photo
    return replace(photo, pixels=np.ascontiguousarray(np.rot90(photo.pixels, turns)))


def turned_page(page: Page, photo_shape: tuple[int, ...], turns: int) -> Page:
    """Turn a page by quarter turns, so that its mesh points to the turned photo."""
    for turn in range(turns):
        page = _quarter_turned(page, photo_width=photo_shape[1 - turn % 2])
    return page


def _quarter_turned(page: Page, *, photo_width: int) -> Page:
    """Turn page and photo once, counter-clockwise: (x, y) becomes (y, width - 1 - x)."""
    step = page.mesh_step
    rows, columns = page.photo_x.shape[1], page.photo_x.shape[0]
    new_row, new_column = np.mgrid[0:rows, 0:columns].astype(np.float64)
    old_x = (page.pixels.shape[1] - 1) / step - new_row
    old_y = new_column
    x = sample_lattice(page.photo_x, old_x, old_y)
    y = sample_lattice(page.photo_y, old_x, old_y)
    return Page(
        pixels=np.ascontiguousarray(np.rot90(page.pixels)),
        photo_x=y.astype(np.float32),
        photo_y=(photo_width - 1.0 - x).astype(np.float32),
        mesh_step=step,
    )
