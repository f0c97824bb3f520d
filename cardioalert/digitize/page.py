"""Flatten the sheet: resample the photo so that the grid is square, straight and known in size."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cardioalert.digitize.grid import GridMap
from cardioalert.domain.imaging import Page
from cardioalert.errors import GridNotFoundError
from cardioalert.geometry import invert_lattices, upsample_lattice
from cardioalert.i18n import translate as _

PAGE_PIXELS_PER_MM: Final = 8.0
MESH_STEP: Final = 32  # page px
MARGIN_MM: Final = 4.0
LARGEST_MM: Final = (480.0, 420.0)  # width, height of a sheet that is still read
SMALLEST_MM: Final = 20.0
SHARPEST: Final = 1.4  # photo px per page px beyond which the photo is averaged first
BEYOND_MM: Final = 8  # that the page goes further where strokes leave it
MOST_BEYOND: Final = 3  # times
EDGE: Final = slice(2, 42)  # rows of the page, 5 mm, that a stroke crosses there
CROSSING_DARK: Final = 0.6  # of the brightness of paper: darker is ink
CROSSED_SHARE: Final = 0.05  # of the columns; more is a line, a shadow or a table

Extent = tuple[int, int, int, int]  # left, top, right, bottom, millimetres of paper


def flatten_page(pixels: NDArray[np.uint8], grid: GridMap) -> Page:
    """Resample the part of a photo that shows the grid.

    Parameters
    ----------
    pixels : uint8 array, shape (height, width, 3), RGB
    grid : GridMap

    Returns
    -------
    Page
        Grid lines run along its axes; millimetre lines fall on multiples of 8 pixels.

    Raises
    ------
    GridNotFoundError
        The grid covers less than 20 mm of the picture.
    """
    extent = sheet_extent(grid)
    size_mm = (extent[2] - extent[0], extent[3] - extent[1])
    if min(size_mm) < SMALLEST_MM:
        raise GridNotFoundError(
            _(
                "the grid covers only {width:.0f} x {height:.0f} mm of the picture",
                width=size_mm[0],
                height=size_mm[1],
            )
        )
    page = _flattened(pixels, grid, extent)
    for _again in range(MOST_BEYOND):
        wider = _with_cut_ink(page, grid, extent)
        if wider == extent:
            break
        extent = wider
        page = _flattened(pixels, grid, extent)
    return page


def _flattened(pixels: NDArray[np.uint8], grid: GridMap, extent: Extent) -> Page:
    """Resample a part of the paper, given in millimetres."""
    left, top, right, bottom = extent
    columns, rows = (
        int(np.ceil(mm * PAGE_PIXELS_PER_MM / MESH_STEP)) for mm in (right - left, bottom - top)
    )
    mm_per_step = MESH_STEP / PAGE_PIXELS_PER_MM
    row, column = np.mgrid[0 : rows + 1, 0 : columns + 1].astype(np.float64)
    x, y = invert_lattices(grid.u, grid.v, left + column * mm_per_step, top + row * mm_per_step)
    photo_x = (x * grid.step + grid.offset).astype(np.float32)
    photo_y = (y * grid.step + grid.offset).astype(np.float32)
    return Page(
        pixels=_resample(pixels, photo_x, photo_y, grid),
        photo_x=photo_x,
        photo_y=photo_y,
        mesh_step=MESH_STEP,
    )


def _with_cut_ink(page: Page, grid: GridMap, extent: Extent) -> Extent:
    """Go further up or down where strokes leave the page: programs draw tall waves past the grid.

    What is dark along much of the edge is no stroke but what the sheet lies on.
    """
    left, top, right, bottom = extent
    low, high = float(grid.v.min()), float(grid.v.max())
    if _is_crossed(page.pixels[EDGE]) and bottom - top < LARGEST_MM[1]:
        top = max(top - BEYOND_MM, int(np.floor(low)))
    if _is_crossed(page.pixels[::-1][EDGE]) and bottom - top < LARGEST_MM[1]:
        bottom = min(bottom + BEYOND_MM, int(np.ceil(high)))
    return left, top, right, bottom


def _is_crossed(strip: NDArray[np.uint8]) -> bool:
    """Whether strokes cross a strip at the edge of the page, whose first row is the edge.

    Letters end within the strip.
    """
    bright = strip.max(axis=2)
    dark = (bright < CROSSING_DARK * float(np.median(bright))).astype(np.uint8)
    if np.count_nonzero(dark[0]) >= CROSSED_SHARE * dark.shape[1]:
        return False
    _count, pieces, about, _centers = cv2.connectedComponentsWithStats(dark)
    at_edge = np.unique(pieces[0][dark[0] > 0])
    return bool((about[at_edge, cv2.CC_STAT_HEIGHT] == len(dark)).any())


def sheet_extent(grid: GridMap) -> Extent:
    """Return (left, top, right, bottom) of the sheet in whole millimetres of paper.

    The sheet is the largest connected region where the grid was seen, and a margin: a trace may
    hide the grid up to the edge of the picture.
    """
    seen = grid.support > 0.4 * float(np.quantile(grid.support, 0.95))
    closed = cv2.morphologyEx(seen.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    count, labels, stats, _centers = cv2.connectedComponentsWithStats(closed)
    if count < 2:
        raise GridNotFoundError(_("the grid was seen nowhere clearly enough"))
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    inside = (labels == largest) & seen
    u, v = ((part[1:, 1:] + part[:-1, :-1]) / 2.0 for part in (grid.u, grid.v))
    limits = []
    for part, whole, longest in ((u, grid.u, LARGEST_MM[0]), (v, grid.v, LARGEST_MM[1])):
        low, high = np.quantile(part[inside], (0.002, 0.998))
        low = max(low - MARGIN_MM, float(whole.min()))
        high = min(high + MARGIN_MM, float(whole.max()), low + longest)
        limits.append((int(np.floor(low)), int(np.ceil(high))))
    (left, right), (top, bottom) = limits
    return left, top, right, bottom


def _resample(
    pixels: NDArray[np.uint8],
    photo_x: NDArray[np.float32],
    photo_y: NDArray[np.float32],
    grid: GridMap,
) -> NDArray[np.uint8]:
    """Draw the page; a photo much sharper than the page is averaged first, against aliasing."""
    shape = ((photo_x.shape[0] - 1) * MESH_STEP, (photo_x.shape[1] - 1) * MESH_STEP)
    ratio = min(grid.pixels_per_mm) / PAGE_PIXELS_PER_MM
    scale = 1.0
    if ratio > SHARPEST:
        scale = 1.0 / ratio
        small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        pixels = np.asarray(small, dtype=np.uint8)
    map_x = upsample_lattice(photo_x, step=MESH_STEP, shape=shape)
    map_y = upsample_lattice(photo_y, step=MESH_STEP, shape=shape)
    if scale != 1.0:
        map_x, map_y = (part * scale + np.float32(scale / 2.0 - 0.5) for part in (map_x, map_y))
    paper = [float(value) for value in np.median(pixels[::16, ::16].reshape(-1, 3), axis=0)]
    flat = cv2.remap(
        pixels,
        map_x,
        map_y,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=paper,
    )
    return np.asarray(flat, dtype=np.uint8)
