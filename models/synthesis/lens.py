"""Light, lens, sensor and file: the steps that turn a projected page into a picture."""

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from synthesis.cameras import Camera

Picture = NDArray[np.uint8]  # (h, w, 3)


def illumination(
    shape: tuple[int, int], camera: Camera, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Brightness of the light over the picture, float32 (h, w), about 1."""
    height, width = shape
    light = np.ones(shape, np.float32)
    if camera.shade > 0:
        y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
        angle = rng.uniform(0, 2 * np.pi)
        ramp = np.cos(angle) * x + np.sin(angle) * y
        vignette = (x - rng.uniform(-0.4, 0.4)) ** 2 + (y - rng.uniform(-0.4, 0.4)) ** 2
        waves = cv2.resize(
            rng.normal(0, 1, (4, 5)).astype(np.float32),
            (width, height),
            interpolation=cv2.INTER_CUBIC,
        )
        light *= 1 - camera.shade * (0.3 * ramp + 0.15 * vignette + 0.1 * waves + 0.15)
    if camera.shadow > 0:
        light *= 1 - camera.shadow * _cast_shadow(shape, rng)
    return np.clip(light, 0.08, 1.5)


def _cast_shadow(shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """The soft shadow of a hand or a phone, 0..1."""
    height, width = shape
    small = np.zeros((96, 128), np.uint8)
    centre = rng.uniform(-0.1, 1.1, 2) * [128, 96]
    turn = np.sort(rng.uniform(0, 2 * np.pi, 7))
    radius = rng.uniform(25, 90, 7)
    polygon = centre + np.stack([np.cos(turn), np.sin(turn)], 1) * radius[:, None]
    cv2.fillPoly(small, [polygon.astype(np.int32)], 255)
    soft = cv2.GaussianBlur(small, (0, 0), rng.uniform(1.0, 9.0))
    return cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32) / 255


def put_fingers(rgb: Picture, count: int, rng: np.random.Generator) -> Picture:
    """Fingertips that hold the paper at the picture's border."""
    height, width = rgb.shape[:2]
    for _ in range(count):
        skin = np.array([150, 95, 70]) + rng.uniform(0, 1) * np.array([85, 90, 90])
        size = rng.uniform(0.04, 0.09) * max(height, width)
        side = rng.integers(4)
        x = rng.uniform(0, width) if side < 2 else (0 if side == 2 else width)
        y = rng.uniform(0, height) if side >= 2 else (0 if side == 0 else height)
        angle = rng.uniform(-25, 25) + (0 if side >= 2 else 90)
        mask = np.zeros((height, width), np.uint8)
        axes = (int(size * 1.8), int(size * 0.7))
        cv2.ellipse(mask, (int(x), int(y)), axes, angle, 0, 360, 255, -1)
        soft = cv2.GaussianBlur(mask, (0, 0), 1.5)[..., None].astype(np.float32) / 255
        relief = 0.75 + 0.25 * cv2.GaussianBlur(mask, (0, 0), size * 0.25)[..., None] / 255
        rgb = (rgb * (1 - soft) + skin * relief * soft).astype(np.uint8)
    return rgb


def lit(
    rgb: Picture, light: NDArray[np.float32], camera: Camera, rng: np.random.Generator
) -> Picture:
    """Multiply by the light, tint, add glare, bend the tones."""
    tint = np.array([1 + camera.warmth, 1 + camera.warmth * 0.3, 1 - camera.warmth], np.float32)
    factor = (camera.exposure * light)[..., None] * tint
    levels = np.arange(256, dtype=np.float32) / 255
    curve = np.clip(255 * levels**camera.gamma, 0, 255)
    image = cv2.LUT(rgb, curve.astype(np.uint8)).astype(np.float32) * factor
    if camera.glare > 0:
        height, width = rgb.shape[:2]
        small = np.zeros((60, 80), np.float32)
        spot = (int(rng.integers(80)), int(rng.integers(60)))
        axes = (int(rng.integers(4, 22)), int(rng.integers(3, 12)))
        cv2.ellipse(small, spot, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1)
        small = cv2.GaussianBlur(small, (0, 0), rng.uniform(2, 8))
        spread = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
        image += 255 * camera.glare * spread[..., None]
    if camera.moire > 0:
        image *= 1 + camera.moire * _stripes(rgb.shape[:2], rng)[..., None]
    return np.clip(image, 0, 255).astype(np.uint8)


def _stripes(shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """The beat of a screen's pixels with the sensor's, -1..1."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    total = np.zeros(shape, np.float32)
    for _ in range(2):
        angle, period = rng.uniform(0, np.pi), rng.uniform(2.3, 14)
        bend = 6 * np.sin(x / rng.uniform(150, 500)) + 6 * np.sin(y / rng.uniform(150, 500))
        total += np.sin(2 * np.pi * (np.cos(angle) * x + np.sin(angle) * y + bend) / period)
    return total / 2


def blurred(rgb: Picture, camera: Camera, rng: np.random.Generator) -> Picture:
    """Focus, then shake."""
    rgb = cv2.GaussianBlur(rgb, (0, 0), max(camera.blur, 0.2))
    if camera.motion > 1.0:
        length = int(np.ceil(camera.motion)) * 2 + 1
        angle = rng.uniform(0, np.pi)
        kernel = np.zeros((length, length), np.float32)
        middle = length // 2
        reach = camera.motion / 2 * np.array([np.cos(angle), np.sin(angle)])
        ends = [tuple(int(v * 16) for v in middle + sign * reach) for sign in (-1, 1)]
        cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_8, 4)
        rgb = cv2.filter2D(rgb, -1, kernel / max(float(kernel.sum()), 1e-6))
    return rgb


def sensed(rgb: Picture, camera: Camera, rng: np.random.Generator) -> Picture:
    """Sensor noise, then the phone's sharpening."""
    if camera.noise > 0.3:
        height, width = rgb.shape[:2]
        noise = rng.standard_normal((height, width, 3), dtype=np.float32) * camera.noise
        if rng.random() < 0.5:
            noise = cv2.GaussianBlur(noise, (0, 0), 0.7) * 1.6
        rgb = np.clip(rgb + noise, 0, 255).astype(np.uint8)
    if camera.sharpen > 0.1:
        soft = cv2.GaussianBlur(rgb, (0, 0), 1.2)
        rgb = cv2.addWeighted(rgb, 1 + camera.sharpen, soft, -camera.sharpen, 0)
    if camera.grey:
        rgb = cv2.merge([cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)] * 3)
    return rgb


def binarised(rgb: Picture, camera: Camera, rng: np.random.Generator) -> Picture:
    """Black and white, as copiers, fax machines and scanner presets make it."""
    if camera.binary == "no":
        return rgb
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    if camera.binary == "dither":
        two = np.asarray(Image.fromarray(grey).convert("1")).astype(np.uint8) * 255
    elif camera.binary == "local":
        size = int(rng.integers(7, 25)) * 2 + 1
        two = cv2.adaptiveThreshold(
            grey,
            255,
            cv2.ADAPTIVE_THRESH_GAUSSIAN_C,
            cv2.THRESH_BINARY,
            size,
            float(rng.uniform(3, 14)),
        )
    else:
        paper, ink = np.percentile(grey, [60, 0.5])
        level = ink + rng.uniform(0.35, 0.85) * (paper - ink)
        two = cv2.threshold(grey, float(level), 255, cv2.THRESH_BINARY)[1]
    if camera.binary == "fax":
        rows = rng.random(two.shape[0]) < 0.004
        two[rows] = np.where(rng.random((int(rows.sum()), 1)) < 0.5, 0, 255)
        specks = rng.random(two.shape) < 0.001
        two[specks] = 255 - two[specks]
    return cv2.merge([two] * 3)


def filed(rgb: Picture, camera: Camera) -> Picture:
    """What a messenger and JPEG leave of it; the size in pixels stays."""
    height, width = rgb.shape[:2]
    if camera.messenger < 0.99:
        size = (round(width * camera.messenger), round(height * camera.messenger))
        rgb = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    if camera.jpeg < 99:
        coded = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, camera.jpeg])[1]
        rgb = np.ascontiguousarray(cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1])
    if camera.messenger < 0.99:
        rgb = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_CUBIC)
    return rgb
