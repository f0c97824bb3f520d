"""Layers of ink on a flat page: paint, and remember what was painted."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

SHIFT = 4  # OpenCV draws with 4 fractional bits


@dataclass(slots=True, eq=False)
class Canvas:
    """A page being drawn. Pixel (row r, column c) is centred at ((r + .5), (c + .5)) / scale mm.

    Attributes
    ----------
    rgb : uint8 array, shape (h, w, 3)
    trace, grid, marks : uint8 arrays, shape (h, w), coverage 0..255
    scale : pixels per mm
    """

    rgb: NDArray[np.uint8]
    trace: NDArray[np.uint8]
    grid: NDArray[np.uint8]
    marks: NDArray[np.uint8]
    scale: float

    @classmethod
    def blank(
        cls, width: float, height: float, *, colour: tuple[int, int, int], scale: float
    ) -> "Canvas":
        """A page of `width` x `height` mm."""
        shape = (round(height * scale), round(width * scale))
        rgb = np.empty((*shape, 3), np.uint8)
        rgb[:] = colour
        layers = [np.zeros(shape, np.uint8) for _ in range(3)]
        return cls(rgb, *layers, scale=scale)

    def blend(
        self,
        coverage: NDArray[np.uint8],
        colour: tuple[int, int, int],
        *,
        top: int = 0,
        left: int = 0,
        strength: float = 1.0,
        layer: NDArray[np.uint8] | None = None,
    ) -> None:
        """Put a patch of ink at pixel (top, left), clipped to the page; add it to `layer`."""
        height, width = self.trace.shape
        r0, c0 = max(top, 0), max(left, 0)
        r1 = min(top + coverage.shape[0], height)
        c1 = min(left + coverage.shape[1], width)
        if r1 <= r0 or c1 <= c0:
            return
        patch = coverage[r0 - top : r1 - top, c0 - left : c1 - left]
        region = self.rgb[r0:r1, c0:c1]
        alpha = cv2.merge([patch] * 3)
        ink = np.empty_like(region)
        ink[:] = colour
        change = cv2.multiply(cv2.subtract(region, ink), alpha, scale=strength / 255)
        lighten = cv2.multiply(cv2.subtract(ink, region), alpha, scale=strength / 255)
        region[:] = cv2.add(cv2.subtract(region, change), lighten)
        if layer is not None:
            np.maximum(layer[r0:r1, c0:c1], patch, out=layer[r0:r1, c0:c1])

    def pixels(self, points: NDArray[np.floating]) -> NDArray[np.int32]:
        """Millimetres (x, y) to OpenCV's fixed-point pixels."""
        return np.round((np.asarray(points) * self.scale - 0.5) * (1 << SHIFT)).astype(np.int32)

    def polyline(
        self,
        points: NDArray[np.floating],
        colour: tuple[int, int, int],
        *,
        width: float,
        strength: float = 1.0,
        layer: NDArray[np.uint8] | None = None,
    ) -> None:
        """Draw a line through points (n, 2) x, y in mm, `width` mm thick."""
        points = np.asarray(points, dtype=float)
        margin = width + 1.0
        low = np.maximum(np.floor((points.min(axis=0) - margin) * self.scale), 0).astype(int)
        high = np.ceil((points.max(axis=0) + margin) * self.scale).astype(int)
        size = np.minimum(high, self.trace.shape[::-1]) - low
        if (size <= 0).any():
            return
        patch = np.zeros((size[1], size[0]), np.uint8)
        draw_polylines(patch, [points - low / self.scale], width=width, scale=self.scale)
        self.blend(patch, colour, top=low[1], left=low[0], strength=strength, layer=layer)


def draw_polylines(
    image: NDArray[np.uint8], lines: list[NDArray[np.floating]], *, width: float, scale: float
) -> None:
    """Draw antialiased lines (x, y in mm) into a coverage image, in place.

    Widths between two whole pixels are reached by fading between both.
    """
    pixels = max(width * scale, 1.0)
    fixed = [np.round((line * scale - 0.5) * (1 << SHIFT)).astype(np.int32) for line in lines]
    thin = int(pixels)
    cv2.polylines(image, fixed, False, 255, thin, cv2.LINE_AA, SHIFT)
    if pixels - thin > 0.15:
        thick = np.zeros_like(image)
        cv2.polylines(thick, fixed, False, 255, thin + 1, cv2.LINE_AA, SHIFT)
        np.maximum(image, cv2.convertScaleAbs(thick, alpha=pixels - thin), out=image)


def line_profile(
    count: int, *, scale: float, origin: float, pitch: float, width: float
) -> NDArray[np.float32]:
    """Coverage 0..1 of regular lines seen along one axis of `count` pixels."""
    position = (np.arange(count) + 0.5) / scale - origin
    distance = np.abs(position - np.round(position / pitch) * pitch)
    peak = min(width * scale, 1.0)
    return np.clip((width / 2 - distance) * scale + 0.5, 0, peak).astype(np.float32)
