"""Photograph or scan a drawn page, and know where every millimetre of it went."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from synthesis import lens
from synthesis.cameras import Camera
from synthesis.page import DrawnPage
from synthesis.surroundings import table_top
from synthesis.warp import Warp, dense, pixel_grid, random_bend, view_homography

STEP = 8  # px between exactly computed points of the image map
Frame = tuple[float, float, float, float]  # x0, y0, x1, y1 in mm


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Photograph:
    """A picture of a page.

    Attributes
    ----------
    rgb : uint8 array, shape (h, w, 3)
    warp : the map between page mm and photo px
    frame : the part of the page that was aimed at, mm
    """

    rgb: NDArray[np.uint8]
    warp: Warp
    frame: Frame
    camera: Camera

    def map_grid(self, *, pitch: float = 5.0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Page points on a regular grid, (rows, columns, 2) in mm, and their photo pixels."""
        x0, y0, x1, y1 = self.frame
        axes = np.meshgrid(np.arange(x0, x1, pitch), np.arange(y0, y1, pitch))
        page = np.stack(axes, axis=-1).astype(float)
        return page, self.warp.to_photo(page)


def photograph(page: DrawnPage, camera: Camera, *, frame: Frame | None = None) -> Photograph:
    """Take a picture of a page.

    Parameters
    ----------
    frame : the part of the page to aim at, mm; it may reach beyond the paper, where a table
        is seen. None takes the whole page and a little more.
    """
    rng = np.random.default_rng(camera.seed + 2)
    width, height = page.size
    if frame is None:
        border = 0.0 if camera.tilt == 0 else 0.03 * width
        frame = (-border, -border, width + border, height + border)
    warp, size, light = _aim(camera, frame, rng)
    coarse = warp.to_page(pixel_grid(size, step=STEP))
    positions = dense(coarse, step=STEP, size=size)
    rgb = _expose(page, camera, positions, rng)
    folds = np.where(_on_paper(positions, page), dense(light(coarse), step=STEP, size=size), 1.0)
    rgb = _develop(rgb, camera, folds.astype(np.float32), rng)
    return Photograph(rgb=rgb, warp=warp, frame=frame, camera=camera)


def _aim(
    camera: Camera, frame: Frame, rng: np.random.Generator
) -> tuple[Warp, tuple[int, int], Callable[[NDArray[np.float64]], NDArray[np.float32]]]:
    """Choose where the camera stands: the warp, the picture's size and the light on the folds."""
    homography, size = view_homography(
        rng, frame=frame, scale=camera.scale, tilt=camera.tilt, turn=camera.turn
    )
    bend, brightness = random_bend(
        rng, box=frame, curl=camera.curl, wobble=camera.wobble, crease=camera.crease
    )

    def light(points: NDArray[np.float64]) -> NDArray[np.float32]:
        x = (points[..., 0] - bend.origin[0]) / bend.pitch
        y = (points[..., 1] - bend.origin[1]) / bend.pitch
        return cv2.remap(
            brightness,
            x.astype(np.float32),
            y.astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )

    return Warp(homography=homography, bend=bend), size, light


def _expose(
    page: DrawnPage, camera: Camera, positions: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Project the sharp page onto the sensor; beyond the paper lies a table."""
    ratio = page.scale / camera.scale
    x0, y0 = np.floor(positions.reshape(-1, 2).min(axis=0) * page.scale).astype(int) - 8
    x1, y1 = np.ceil(positions.reshape(-1, 2).max(axis=0) * page.scale).astype(int) + 8
    x0, y0 = max(int(x0), 0), max(int(y0), 0)
    sharp = page.rgb[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)]
    softened = cv2.GaussianBlur(sharp, (0, 0), 0.45 * ratio) if ratio > 0.9 else sharp
    x = positions[..., 0] * page.scale - 0.5 - x0
    y = positions[..., 1] * page.scale - 0.5 - y0
    paper = cv2.remap(softened, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside = _on_paper(positions, page)
    if inside.all():
        return paper
    table = table_top(paper.shape[:2], rng)
    edge = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 0.7)[..., None]
    cast = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 2.0 * camera.scale)[..., None]
    table = table * (1 - 0.5 * cast)
    return np.clip(paper * edge + table * (1 - edge), 0, 255).astype(np.uint8)


def _on_paper(positions: NDArray[np.float32], page: DrawnPage) -> NDArray[np.bool_]:
    """Which photo pixels see the paper."""
    width, height = page.size
    x, y = positions[..., 0], positions[..., 1]
    return (x > 0) & (x < width) & (y > 0) & (y < height)


def _develop(
    rgb: NDArray[np.uint8], camera: Camera, light: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Light, lens, sensor and file: everything after the projection."""
    light = light * lens.illumination(rgb.shape[:2], camera, rng)
    rgb = lens.put_fingers(rgb, camera.fingers, rng)
    rgb = lens.lit(rgb, light, camera, rng)
    rgb = lens.blurred(rgb, camera, rng)
    rgb = lens.sensed(rgb, camera, rng)
    rgb = lens.binarised(rgb, camera, rng)
    return lens.filed(rgb, camera)
