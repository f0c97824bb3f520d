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
from cardioalert.networks.segmenter import segment_page

ENOUGH_NAMES: Final = 3  # printed lead names that show which way up a page is
QUARTER_TURNS: Final = (0, 2, 1, 3)  # the likeliest first
MIDDLE: Final = 1024  # px, side of the middle of a page where the way of its traces is looked at
CENTRE: Final = 0.5  # probability of a centre line
BEGINNING: Final = 0.75  # weight of a name that looks the same upside down, at the left
LONGER: Final = 1.5  # times that traces run farther one way, from which it is the way along
SAME_UPSIDE_DOWN: Final = (Lead.I, Lead.II, Lead.III)

Labels = tuple[PrintedLabel, ...]


def turn_upright(
    photo: Photo,
    page: Page,
    read: Callable[[NDArray[np.uint8]], Labels],
    along: Callable[[NDArray[np.uint8]], float],
) -> tuple[Photo, Page, Labels]:
    """Return photo and page turned upright, and the lead names read there.

    A grid looks the same from four sides, and Einthoven's law also holds upside down, so names
    decide: the first direction with enough of them. A page with few names (a strip has one to
    three) lies the way its traces run, and of the two directions left the one with most names.

    Parameters
    ----------
    read : reads the lead names of a page's pixels
    along : says how far traces run from left to right in a page's pixels
    """
    telling: dict[int, float] = {}
    seen: dict[int, Labels] = {}
    for turns in QUARTER_TURNS:
        seen[turns] = read(np.ascontiguousarray(np.rot90(page.pixels, turns)))
        telling[turns] = _telling(seen[turns])
        if telling[turns] >= ENOUGH_NAMES:
            best = turns
            break
    else:
        ways = _ways(page.pixels, along)
        likely = [turns for turns in QUARTER_TURNS if turns % 2 in ways]
        best = max(
            likely, key=lambda turns: telling[turns] + _at_beginning(seen[turns], page, turns)
        )
    return turned_photo(photo, best), turned_page(page, photo.pixels.shape, best), seen[best]


def trace_along(pixels: NDArray[np.uint8]) -> float:
    """Return the share of the columns in the middle of a page that hold the centre of a trace."""
    top, left = (max(0, (side - MIDDLE) // 2) for side in pixels.shape[:2])
    middle = np.ascontiguousarray(pixels[top : top + MIDDLE, left : left + MIDDLE])
    return float((segment_page(middle).centre > CENTRE).any(axis=0).mean())


def _ways(
    pixels: NDArray[np.uint8], along: Callable[[NDArray[np.uint8]], float]
) -> tuple[int, ...]:
    """Tell whether traces run across (0) or down (1) a picture, both where that is not clear."""
    across, down = along(pixels), along(np.ascontiguousarray(np.rot90(pixels)))
    if across > LONGER * down:
        return (0,)
    return (1,) if down > LONGER * across else (0, 1)


def _telling(labels: Labels) -> float:
    """Weigh the different names that look different upside down."""
    surest: dict[Lead, float] = {}
    for label in labels:
        if label.lead not in SAME_UPSIDE_DOWN:
            surest[label.lead] = max(label.confidence, surest.get(label.lead, 0.0))
    return sum(confidence > 0.5 for confidence in surest.values()) + 0.1 * sum(surest.values())


def _at_beginning(labels: Labels, page: Page, turns: int) -> float:
    """Weigh the names that look the same upside down and stand in the left half, as names do."""
    width = page.pixels.shape[1 - turns % 2]
    same = [label for label in labels if label.lead in SAME_UPSIDE_DOWN]
    return BEGINNING * sum(label.confidence for label in same if label.left < width / 2.0)


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
