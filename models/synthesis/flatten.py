"""A photographed page as the digitiser sees it: 8 px per mm, nearly flat, with its truth."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from synthesis.camera import Frame, photograph
from synthesis.cameras import Camera
from synthesis.page import DrawnPage
from synthesis.warp import Bend, Warp, dense, pixel_grid, random_bend

PIXELS_PER_MM = 8.0
STEP = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FlatSample:
    """A flattened part of a page and what a network should say about it.

    Attributes
    ----------
    rgb : uint8 array, shape (h, w, 3)
    truth : uint8 array, shape (h, w, 3), coverage 0..255 of trace, grid, marks
    centre : float32 array, shape (lines, w)
        The y of each printed row's signal in the pixel columns, px; NaN where it has none.
    fine : float32 array, shape (lines, 2 w)
        The y of the same signals a quarter of a pixel left and right of each column's centre.
    """

    rgb: NDArray[np.uint8]
    truth: NDArray[np.uint8]
    centre: NDArray[np.float32]
    fine: NDArray[np.float32]


def random_residual(rng: np.random.Generator, frame: Frame) -> Warp:
    """The error that flattening leaves: page mm -> flat px, nearly 8 px per mm.

    Mostly below 1.5 % of scale, 1 degree and 0.5 mm; one page in eight is three times worse.
    """
    x0, y0, x1, y1 = frame
    careless = rng.choice([0.0, 0.3, 1.0, 3.0], p=[0.25, 0.4, 0.23, 0.12])
    scale = PIXELS_PER_MM * (1 + careless * rng.uniform(-0.015, 0.015, 2))
    angle = np.deg2rad(careless * float(np.clip(rng.normal(0, 0.5), -1, 1)))
    linear = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shear = np.array([[1.0, careless * rng.normal(0, 0.008)], [0.0, 1.0]])
    linear = linear @ shear @ np.diag(scale)
    middle = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    target = np.array([(x1 - x0) / 2, (y1 - y0) / 2]) * PIXELS_PER_MM
    homography = np.eye(3)
    homography[:2, :2] = linear
    homography[:2, 2] = target - linear @ middle
    bend, _ = random_bend(rng, box=frame, curl=0, wobble=careless * rng.uniform(0, 0.5), crease=0)
    return Warp(homography=homography, bend=bend)


def exact_residual(frame: Frame) -> Warp:
    """Flattening without any error."""
    homography = np.diag([PIXELS_PER_MM, PIXELS_PER_MM, 1.0])
    homography[:2, 2] = -np.array(frame[:2]) * PIXELS_PER_MM - 0.5
    bend = Bend(moves=np.zeros((2, 2, 2)), origin=(0.0, 0.0), pitch=1.0)
    return Warp(homography=homography, bend=bend)


def flat_sample(
    page: DrawnPage, camera: Camera, *, frame: Frame, residual: Warp, seed: int = 0
) -> FlatSample:
    """Photograph a part of a page and flatten it again.

    Parameters
    ----------
    frame : the part, x0, y0, x1, y1 in mm
    residual : page mm -> flat px (`random_residual` or `exact_residual`)
    """
    rng = np.random.default_rng(seed)
    x0, y0, x1, y1 = frame
    wider = (x0 - 6, y0 - 6, x1 + 6, y1 + 6)
    photo = photograph(page, camera, frame=wider)
    size = (round((x1 - x0) * PIXELS_PER_MM), round((y1 - y0) * PIXELS_PER_MM))
    millimetres = residual.to_page(pixel_grid(size, step=STEP))
    source = dense(photo.warp.to_photo(millimetres), step=STEP, size=size)
    picture = photo.rgb
    if camera.scale > 1.2 * PIXELS_PER_MM and rng.random() < 0.7:
        picture = cv2.GaussianBlur(picture, (0, 0), 0.4 * camera.scale / PIXELS_PER_MM)
    how = cv2.INTER_LINEAR if rng.random() < 0.6 else cv2.INTER_CUBIC
    rgb = cv2.remap(picture, source, None, how, borderMode=cv2.BORDER_REPLICATE)
    layers = _flat_layers(page, dense(millimetres, step=STEP, size=size))
    centre, fine = centre_lines(page, residual, size=size)
    return FlatSample(rgb=rgb, truth=layers, centre=_hide(centre, layers), fine=fine)


def _flat_layers(page: DrawnPage, millimetres: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Coverage of trace, grid and marks at the flat pixels, uint8 (h, w, 3)."""
    source = millimetres * page.scale - 0.5
    low = np.maximum(np.floor(source.reshape(-1, 2).min(axis=0)).astype(int) - 4, 0)
    high = np.ceil(source.reshape(-1, 2).max(axis=0)).astype(int) + 4
    area = np.s_[low[1] : max(high[1], low[1] + 1), low[0] : max(high[0], low[0] + 1)]
    stack = cv2.merge([page.trace[area], page.grid[area], page.marks[area]])
    sigma = 0.35 * page.scale / PIXELS_PER_MM
    stack = cv2.GaussianBlur(stack, (0, 0), sigma)
    return cv2.remap(
        stack,
        source - low.astype(np.float32),
        None,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
    )


def centre_lines(
    page: DrawnPage, residual: Warp, *, size: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The y of every printed lead in the pixel columns, and twice per column; NaN outside.

    Returns
    -------
    float32 arrays, shapes (leads, width) and (leads, 2 width)
    """
    lines, fine = [], []
    quarters = (np.arange(2 * size[0]) - 0.5) / 2.0
    for stroke in page.strokes:
        points = residual.to_photo(stroke.points)
        line = column_line(points, width=size[0])
        seen = np.isfinite(line) & (line > -2) & (line < size[1] + 1)
        if seen.any():
            lines.append(line)
            x = np.maximum.accumulate(points[:, 0])
            fine.append(np.interp(quarters, x, points[:, 1], left=np.nan, right=np.nan))
    return (
        np.array(lines, np.float32).reshape(-1, size[0]),
        np.array(fine, np.float32).reshape(-1, 2 * size[0]),
    )


def column_line(points: NDArray[np.float64], *, width: int) -> NDArray[np.float32]:
    """Where a curve lies in each pixel column.

    At the column's centre, but where the curve turns inside the column, at its extremum:
    a peak narrower than a column keeps its height.

    Parameters
    ----------
    points : array, shape (n, 2), x and y in px, x increasing but for small errors

    Returns
    -------
    float32 array, shape (width,), NaN where the curve has no value
    """
    x = np.maximum.accumulate(points[:, 0])
    y = points[:, 1]
    centres = np.arange(width, dtype=float)
    line = np.interp(centres, x, y, left=np.nan, right=np.nan)
    column = np.round(x).astype(int)
    inner = (column >= 0) & (column < width)
    highest = np.full(width, -np.inf)
    lowest = np.full(width, np.inf)
    np.maximum.at(highest, column[inner], y[inner])
    np.minimum.at(lowest, column[inner], y[inner])
    left = np.interp(centres - 0.5, x, y)
    right = np.interp(centres + 0.5, x, y)
    top, bottom = np.minimum(left, right), np.maximum(left, right)
    over, under = highest - bottom, top - lowest
    with np.errstate(invalid="ignore"):
        line = np.where((over > 0.25) & (over >= under), highest, line)
        line = np.where((under > 0.25) & (under > over), lowest, line)
    line[(centres < x[0] - 0.5) | (centres > x[-1] + 0.5)] = np.nan
    return line.astype(np.float32)


def _hide(centre: NDArray[np.float32], layers: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Forget the line where an opaque bar removed the ink."""
    height = len(layers)
    for line in centre:
        seen = np.flatnonzero(np.isfinite(line))
        rows = np.clip(np.round(line[seen]).astype(int), 0, height - 1)
        near = [layers[np.clip(rows + d, 0, height - 1), seen, 0] for d in (-2, -1, 0, 1, 2)]
        outside = (line[seen] < 0) | (line[seen] > height - 1)
        line[seen[(np.max(near, axis=0) < 20) & ~outside]] = np.nan
    return centre
