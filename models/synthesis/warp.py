"""The exact map between page millimetres and photo pixels: a homography over a bent sheet."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

Points = NDArray[np.float64]  # (..., 2), x and y


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bend:
    """How far each point of a sheet is moved, given on a grid and read bilinearly.

    Attributes
    ----------
    moves : float64 array, shape (rows, columns, 2), displacement x, y in mm
    origin : x, y of the first grid point, mm
    pitch : distance of grid points, mm
    """

    moves: NDArray[np.float64]
    origin: tuple[float, float]
    pitch: float

    def __call__(self, points: Points) -> Points:
        """Displacement at points (..., 2) in mm."""
        x = (points[..., 0] - self.origin[0]) / self.pitch
        y = (points[..., 1] - self.origin[1]) / self.pitch
        across, down = (
            map_coordinates(self.moves[..., axis], [y, x], order=1, mode="nearest")
            for axis in (0, 1)
        )
        return np.stack([across, down], axis=-1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Warp:
    """Page mm <-> photo pixels: bend the sheet, then project it."""

    homography: NDArray[np.float64]  # 3 x 3, bent page mm -> photo px
    bend: Bend

    def to_photo(self, page_points: Points) -> Points:
        """Page mm (..., 2) to photo pixels (x, y), pixel centres at whole numbers."""
        return project(self.homography, page_points + self.bend(page_points))

    def to_page(self, photo_points: Points) -> Points:
        """Photo pixels to page mm, by fixed-point iteration (error below 0.001 mm)."""
        flat = project(np.linalg.inv(self.homography), photo_points)
        page = flat - self.bend(flat)
        for _ in range(7):
            page = flat - self.bend(page)
        return page


def project(homography: NDArray[np.float64], points: Points) -> Points:
    """Apply a 3 x 3 homography to points (..., 2)."""
    mapped = points @ homography[:, :2].T + homography[:, 2]
    return mapped[..., :2] / mapped[..., 2:]


def random_bend(
    rng: np.random.Generator,
    *,
    box: tuple[float, float, float, float],
    curl: float,
    wobble: float,
    crease: float,
    pitch: float = 1.0,
) -> tuple[Bend, NDArray[np.float32]]:
    """Bend a sheet over `box` (x0, y0, x1, y1 mm).

    Parameters
    ----------
    curl, wobble, crease : largest displacements in mm of a slow bow, of smooth random waves
        (30-100 mm long) and of fold lines

    Returns
    -------
    Bend, and the brightness (rows, columns) that the fold lines give to its grid, about 1
    """
    x = np.arange(box[0], box[2] + pitch, pitch)
    y = np.arange(box[1], box[3] + pitch, pitch)
    grid_x, grid_y = np.meshgrid(x, y)
    unit_x = 2 * (grid_x - box[0]) / (box[2] - box[0]) - 1
    unit_y = 2 * (grid_y - box[1]) / (box[3] - box[1]) - 1
    moves = np.zeros((*grid_x.shape, 2))
    for axis in (0, 1):
        terms = (unit_x**2, unit_y**2, unit_x * unit_y, unit_x**3, unit_y**3)
        weights = rng.uniform(-1, 1, len(terms)) / len(terms) ** 0.5
        moves[..., axis] += curl * sum(w * t for w, t in zip(weights, terms, strict=True))
        waves = gaussian_filter(rng.normal(0, 1, grid_x.shape), rng.uniform(15, 45) / pitch)
        moves[..., axis] += wobble * waves / (np.abs(waves).max() + 1e-9)
    light = np.ones(grid_x.shape, np.float32)
    for _ in range(int(rng.integers(1, 4)) if crease > 0 else 0):
        angle = rng.choice([0, np.pi / 2]) + rng.normal(0, 0.06)
        normal = np.array([np.cos(angle), np.sin(angle)])
        centre = np.array([rng.uniform(box[0], box[2]), rng.uniform(box[1], box[3])])
        distance = (grid_x - centre[0]) * normal[0] + (grid_y - centre[1]) * normal[1]
        depth = crease * rng.uniform(0.2, 1.0)
        moves += depth * np.exp(-np.abs(distance) / rng.uniform(8, 30))[..., None] * normal[::-1]
        light *= (
            1 + rng.uniform(-0.15, 0.1) * np.sign(distance) * np.exp(-np.abs(distance) / 25)
        ).astype(np.float32)
        light *= (1 - rng.uniform(0, 0.25) * np.exp(-((distance / 1.5) ** 2))).astype(np.float32)
    return Bend(moves=moves, origin=(float(x[0]), float(y[0])), pitch=pitch), light


def view_homography(
    rng: np.random.Generator,
    *,
    frame: tuple[float, float, float, float],
    scale: float,
    tilt: float,
    turn: float,
) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """Look at `frame` (x0, y0, x1, y1 mm) through a camera.

    Parameters
    ----------
    scale : photo pixels per mm, about
    tilt : how much shorter far edges are, as a share of the frame
    turn : rotation in the image plane, degrees

    Returns
    -------
    homography (3, 3) from mm to photo px, and the photo's size (width, height) px
    """
    x0, y0, x1, y1 = frame
    width, height = (x1 - x0) * scale, (y1 - y0) * scale
    corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    target = (corners - [x0, y0]) * scale
    target += rng.uniform(-tilt, tilt, (4, 2)) * [width, height] * 0.5
    angle = np.deg2rad(turn)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.array([width, height]) / 2
    target = (target - middle) @ rotation.T + middle
    homography = cv2.getPerspectiveTransform(corners.astype(np.float32), target.astype(np.float32))
    return homography.astype(np.float64), (round(width), round(height))


def dense(coarse: NDArray[np.floating], *, step: int, size: tuple[int, int]) -> NDArray[np.float32]:
    """Enlarge values known at every `step`-th pixel to all pixels.

    Parameters
    ----------
    coarse : array, shape (rows, columns) or (rows, columns, k); element (i, j) belongs to pixel
        (i * step, j * step)
    size : width, height of the result

    Returns
    -------
    float32 array, shape (height, width) or (height, width, k)
    """
    matrix = np.array([[1 / step, 0, 0], [0, 1 / step, 0]], np.float32)
    return cv2.warpAffine(
        coarse.astype(np.float32),
        matrix,
        size,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def pixel_grid(size: tuple[int, int], *, step: int) -> Points:
    """Every `step`-th pixel position of an image (width, height), with one to spare."""
    columns = np.arange(0, size[0] + step, step, dtype=float)
    rows = np.arange(0, size[1] + step, step, dtype=float)
    return np.stack(np.meshgrid(columns, rows), axis=-1)
