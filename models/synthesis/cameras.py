"""Ways of taking a picture, from a clean scan to a hurried phone photo."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Level = Literal["scan", "easy", "medium", "hard"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """One way of taking a picture. Lengths in mm on the page unless said otherwise."""

    seed: int
    scale: float  # photo px per mm
    tilt: float = 0.0  # share of the frame
    turn: float = 0.0  # degrees
    curl: float = 0.0
    wobble: float = 0.0
    crease: float = 0.0
    blur: float = 0.5  # px, sigma
    motion: float = 0.0  # px
    shade: float = 0.0  # 0..1, slow brightness differences
    shadow: float = 0.0  # 0..1, darkness of a cast shadow
    glare: float = 0.0  # 0..1
    warmth: float = 0.0  # share by which red and blue are moved
    exposure: float = 1.0
    gamma: float = 1.0
    noise: float = 0.0  # grey levels
    sharpen: float = 0.0
    moire: float = 0.0
    fingers: int = 0
    grey: bool = False
    binary: Literal["no", "threshold", "local", "dither", "fax"] = "no"
    jpeg: int = 95  # quality
    messenger: float = 1.0  # further shrinking before the JPEG, then enlarged back


def random_camera(level: Level, seed: int) -> Camera:
    """Draw a camera of a level of difficulty."""
    rng = np.random.default_rng(seed)
    hardness = {"scan": 0.0, "easy": 0.35, "medium": 0.7, "hard": 1.0}[level]

    def up_to(most: float, chance: float = 1.0) -> float:
        return float(rng.uniform(0, most * hardness)) if rng.random() < chance else 0.0

    if level == "scan":
        return _random_scan(rng, seed)
    return Camera(
        seed=seed,
        scale=float(np.clip(rng.lognormal(np.log(8.6 - 3.7 * hardness), 0.32), 2.6, 12)),
        tilt=up_to(0.16),
        turn=float(rng.normal(0, 5 * hardness)),
        curl=up_to(8.0),
        wobble=up_to(2.0),
        crease=up_to(1.2, 0.5),
        blur=0.45 + up_to(0.9),
        motion=up_to(3.0, 0.2),
        shade=0.1 + up_to(0.5),
        shadow=up_to(0.55, 0.6),
        glare=up_to(0.6, 0.25),
        warmth=float(rng.normal(0, 0.09 * hardness)),
        exposure=float(rng.uniform(1 - 0.5 * hardness, 1.08)),
        gamma=float(rng.uniform(0.8, 1.3)),
        noise=up_to(9.0),
        sharpen=float(rng.uniform(0, 1.2)),
        moire=up_to(0.12, 0.1),
        fingers=int(rng.random() < 0.4 * hardness) * int(rng.integers(1, 3)),
        grey=bool(rng.random() < 0.06),
        jpeg=int(rng.uniform(92 - 55 * hardness, 96)),
        messenger=float(rng.uniform(0.6, 1.0)) if rng.random() < 0.4 * hardness else 1.0,
    )


def _random_scan(rng: np.random.Generator, seed: int) -> Camera:
    binary = str(
        rng.choice(["no", "threshold", "local", "dither", "fax"], p=[0.72, 0.09, 0.06, 0.07, 0.06])
    )
    return Camera(
        seed=seed,
        scale=float(rng.choice([2.7, 3.9, 4.5, 5.9, 7.9, 8.0, 11.8]) * rng.uniform(0.95, 1.05)),
        turn=float(rng.normal(0, 0.8)) if rng.random() < 0.6 else 0.0,
        blur=float(rng.uniform(0.3, 0.7)),
        noise=float(rng.uniform(0, 4)),
        exposure=float(rng.uniform(0.92, 1.12)),
        gamma=float(rng.uniform(0.8, 1.25)),
        sharpen=float(rng.uniform(0, 1.0)),
        grey=bool(rng.random() < 0.15),
        binary=binary,  # type: ignore[arg-type]
        jpeg=int(rng.uniform(45, 100)),
    )
