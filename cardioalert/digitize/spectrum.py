"""The pitch and angle of a printed grid, window by window, from its spectrum."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft2

from cardioalert.digitize.beside import beside

WINDOW: Final = 256  # px
MOST_WINDOWS: Final = 7  # along each side
FFT_SIZE: Final = 512
ANGLES: Final = np.deg2rad(np.arange(-22.5, 23.0, 1.5))
RADII: Final = np.arange(2.0, 240.0, 0.5)  # spectrum bins
PITCHES: Final = np.geomspace(2.2, 200.0, 640)  # px, of whatever line repeats
HARMONICS: Final = 6
MAJOR_MM: Final = 5.0
MOST_STRETCH: Final = 1.3  # largest ratio of a local pitch to the common one (perspective)
DOUBLED: Final = 1.8  # excess of the second harmonic over the first, log power
STANDS_OUT: Final = 0.7  # excess of the fifth harmonic over its neighbors, log power
CERTAIN: Final = 20.0  # summed score of both axes; noise stays below 17, real grids above 21
WIDEST_MM: Final = 380.0  # paper that one picture shows; more means the 1 mm lines were found
SEEN: Final = 3.0  # comb score of lines that are certainly there (noise stays below 2)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pitch:
    """The local grid of each window.

    Attributes
    ----------
    centers : array, shape (windows, 2), pixels (x, y)
    along_time, along_voltage : arrays, shape (windows, 2), mm per pixel along x and y
    weights : array, shape (windows,)
    has_major, has_minor : bool
        Whether the 5 mm and the 1 mm lines were seen.
    """

    centers: Floats
    along_time: Floats
    along_voltage: Floats
    weights: Floats
    has_major: bool
    has_minor: bool


def search_pitch(wave: NDArray[np.float32]) -> Pitch | None:
    """Find the grid of a picture.

    Parameters
    ----------
    wave : float32 array, shape (height, width)
        Grid lines positive, paper about 0.

    Returns
    -------
    Pitch, or None when no window shows two crossing combs of about the same pitch.
    """
    corners = _window_corners(wave.shape)
    log_power, by_window = zip(*_windows(wave, corners), strict=True)
    scores = np.stack(by_window)  # axes: window, direction (time, voltage), pitch, angle
    strong = np.sort(scores.max(axis=3), axis=0)[-max(1, len(corners) // 2) :].mean(axis=0)
    major = _common_major_pitch(strong, longest=max(wave.shape))
    if major is None:
        return None
    time, voltage = (_local_lines(scores[:, axis], major[axis]) for axis in range(2))
    weights = np.sqrt(np.clip(time.score, 0.0, None) * np.clip(voltage.score, 0.0, None))
    good = weights > 0.4 * np.quantile(weights, 0.95)
    along_time = time.gradient[good]
    along_voltage = np.stack([-voltage.gradient[:, 1], voltage.gradient[:, 0]], axis=1)[good]
    seen = [window for window, is_good in zip(log_power, good, strict=True) if is_good]
    strength = _harmonic_strength(seen, np.stack([along_time, along_voltage], axis=1) / MAJOR_MM)
    if strength[2] > strength[1] + DOUBLED:  # every second line is a little bolder
        along_time, along_voltage = along_time * 2.0, along_voltage * 2.0
        strength = _harmonic_strength(
            seen, np.stack([along_time, along_voltage], axis=1) / MAJOR_MM
        )
    at_major = np.mean([_score_at(strong[axis], major[axis]) for axis in range(2)])
    centers = (np.array(corners, dtype=np.float64)[:, ::-1] + WINDOW / 2.0)[good]
    shown_mm = (np.ptp(centers, axis=0).max() + WINDOW) * float(np.median(np.hypot(*along_time.T)))
    close_up = shown_mm > WIDEST_MM
    if close_up:
        along_time, along_voltage = along_time / MAJOR_MM, along_voltage / MAJOR_MM
    fifth_stands_out = bool(strength[5] > max(strength[4], strength[6]) + STANDS_OUT)
    return Pitch(
        centers=centers,
        along_time=along_time,
        along_voltage=along_voltage,
        weights=weights[good],
        has_major=bool(at_major > SEEN) and not close_up,
        has_minor=fifth_stands_out or close_up,
    )


def _harmonic_strength(log_power: list[NDArray[np.float32]], frequencies: Floats) -> Floats:
    """Return the median log power of the harmonics 0 to 6 of the lines (0 is meaningless).

    Parameters
    ----------
    log_power : spectra of windows
    frequencies : array, shape (windows, 2 directions, 2), cycles per pixel along x and y
    """
    k = np.arange(7)[None, None, :, None]
    positions = frequencies[:, :, None, :] * k * FFT_SIZE + FFT_SIZE / 2.0
    inside = np.abs(positions - FFT_SIZE / 2.0).max(axis=-1) < FFT_SIZE / 2.0 - 1.0
    values = np.stack(
        [
            cv2.remap(
                window,
                np.ascontiguousarray(where[..., 0], dtype=np.float32),
                np.ascontiguousarray(where[..., 1], dtype=np.float32),
                cv2.INTER_LINEAR,
            )
            for window, where in zip(log_power, positions, strict=True)
        ]
    )
    strength: Floats = np.median(np.where(inside, values, -np.inf).mean(axis=1), axis=0)
    return strength


def _score_at(scores: Floats, pitch: float) -> float:
    """Return the best score within 3 % of a pitch, 0 where it is too fine to be seen."""
    near = np.abs(np.log(PITCHES / pitch)) < 0.03
    return float(scores[near].max()) if near.any() else 0.0


def _with_minor(scores: Floats) -> Floats:
    """Add to each pitch the score of its fifth part: 5 mm lines and 1 mm lines together."""
    log_pitch = np.log(PITCHES)
    fifth = np.interp(log_pitch - np.log(MAJOR_MM), log_pitch, np.arange(len(PITCHES)), left=-1.0)
    index = np.round(fifth).astype(int)
    both: Floats = scores + np.where((index >= 0)[:, None], scores[np.maximum(index, 0)], 0.0)
    return both


def _common_major_pitch(strong: Floats, *, longest: int) -> tuple[float, float] | None:
    """Return the pitch of the 5 mm lines (px) along time and voltage that explains most windows.

    The long side of a picture shows between 50 and 550 mm of paper; that separates 5 mm lines
    from 1 mm lines where only one kind was printed or survived.
    """
    both = _with_minor(strong.T)  # (pitches, directions)
    spread = cv2.dilate(both, np.ones((17, 1), np.uint8))  # the axes may differ by 5 %
    total = np.minimum(both[:, 0] + spread[:, 1], both[:, 1] + spread[:, 0])
    plausible = (longest / 110.0 <= PITCHES) & (longest / 10.0 >= PITCHES)
    total = np.where(plausible, total, -np.inf)
    best = int(np.argmax(total))
    if total[best] < CERTAIN:
        return None
    reach = np.abs(np.log(PITCHES / PITCHES[best])) < 0.06
    time, voltage = (float(PITCHES[reach][np.argmax(both[reach, axis])]) for axis in range(2))
    return time, voltage


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Lines:
    """One family of lines, window by window.

    Attributes
    ----------
    score : array, shape (windows,)
    gradient : array, shape (windows, 2)
        mm per pixel, across the lines, in the frame of the family (first along its own axis).
    """

    score: Floats
    gradient: Floats


def _local_lines(scores: Floats, major: float) -> _Lines:
    """Return the best pitch and angle of each window near the common pitch."""
    both = np.stack([_with_minor(window) for window in scores])
    near = np.abs(np.log(PITCHES / major)) < np.log(MOST_STRETCH)
    flat = np.where(near[None, :, None], both, -np.inf).reshape(len(scores), -1)
    best = flat.argmax(axis=1)
    pitch = PITCHES[best // len(ANGLES)]
    angle = ANGLES[best % len(ANGLES)]
    direction = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return _Lines(
        score=flat[np.arange(len(scores)), best], gradient=MAJOR_MM / pitch[:, None] * direction
    )


def _windows(
    wave: NDArray[np.float32], corners: list[tuple[int, int]]
) -> list[tuple[NDArray[np.float32], Floats]]:
    """Return the spectrum of each window and its scores; every second one is looked at beside."""

    def looked_at(some: list[tuple[int, int]]) -> list[tuple[NDArray[np.float32], Floats]]:
        spectra = [_log_power(wave, corner) for corner in some]
        return [(window, _comb_scores(_polar_spectra(window))) for window in spectra]

    with beside() as start:
        others = start(partial(looked_at, corners[1::2]))
        windows = looked_at(corners[::2])
        for place, window in enumerate(others()):
            windows.insert(2 * place + 1, window)
    return windows


def _window_corners(shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """Return the (row, column) of overlapping windows that cover the picture."""
    starts = []
    for length in shape:
        last = max(0, length - WINDOW)
        count = min(MOST_WINDOWS, 1 + -(-last // (WINDOW * 5 // 8)))
        starts.append(np.unique(np.linspace(0, last, count).astype(int)))
    return [(int(row), int(column)) for row in starts[0] for column in starts[1]]


def _log_power(wave: NDArray[np.float32], corner: tuple[int, int]) -> NDArray[np.float32]:
    """Return the centred log power spectrum of one window."""
    row, column = corner
    patch = wave[row : row + WINDOW, column : column + WINDOW]
    tapered = ((patch - patch.mean()) * _taper(*patch.shape)).astype(np.float32)
    power = np.abs(rfft2(tapered, s=(FFT_SIZE, FFT_SIZE))) ** 2
    power += 1e-6 * power.max() + 1e-12
    right = np.roll(np.log(power, out=power), FFT_SIZE // 2, axis=0)  # frequencies from 0 along x
    # A real picture has the same power at the opposite frequency.
    log = np.empty((FFT_SIZE, FFT_SIZE), dtype=np.float32)
    log[:, FFT_SIZE // 2 :] = right[:, :-1]
    log[1:, 1 : FFT_SIZE // 2] = right[:0:-1, -2:0:-1]
    log[0, 1 : FFT_SIZE // 2] = right[0, -2:0:-1]
    log[:, 0] = right[:, -1]
    return log


@cache
def _taper(height: int, width: int) -> Floats:
    """Return the weights of a window."""
    weights: Floats = np.outer(np.hanning(height), np.hanning(width))
    return weights


def _polar_spectra(log_power: NDArray[np.float32]) -> Floats:
    """Return whitened log spectra along rays, shape (2 directions, angles, radii)."""
    polar = [cv2.remap(log_power, x, y, cv2.INTER_LINEAR) for x, y in _RAYS]
    background = (45, len(ANGLES))
    return np.stack([p - cv2.blur(p, background, borderType=cv2.BORDER_REFLECT) for p in polar])


def _rays() -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Return where (x, y) in a spectrum the rays of both directions pass, shape (angles, radii)."""
    cosine, sine = np.outer(np.cos(ANGLES), RADII), np.outer(np.sin(ANGLES), RADII)
    middle = FFT_SIZE / 2
    return [
        ((x + middle).astype(np.float32), (y + middle).astype(np.float32))
        for x, y in ((cosine, sine), (-sine, cosine))
    ]


_RAYS: Final = _rays()


def _teeth(offset: float) -> tuple[Floats, NDArray[np.bool_]]:
    """Return radius indices of harmonics (k + offset) of each candidate, and which exist."""
    k = np.arange(1, HARMONICS + 1) + offset
    radius = (FFT_SIZE / PITCHES)[:, None] * k[None, :]
    exists = radius < RADII[-1]
    index = np.clip((radius - RADII[0]) / (RADII[1] - RADII[0]), 0, len(RADII) - 1)
    return index, exists


def _comb_matrix() -> NDArray[np.float32]:
    """Return the linear map from a ray (radii) to comb scores (pitches).

    Teeth on the harmonics count positive, teeth half-way between them negative: a smooth ridge
    scores nothing, and neither does twice or half the true pitch.
    """
    matrix = np.zeros((len(PITCHES), len(RADII)))
    for offset, sign in ((0.0, 1.0), (-0.5, -0.5), (0.5, -0.5)):
        index, exists = _teeth(offset)
        low = np.floor(index).astype(int)
        part = index - low
        counts = np.maximum(exists.sum(axis=1, keepdims=True), 1)
        weight = np.where(exists, sign / np.sqrt(counts), 0.0)
        rows = np.arange(len(PITCHES))[:, None].repeat(HARMONICS, axis=1)
        np.add.at(matrix, (rows, low), weight * (1 - part))
        np.add.at(matrix, (rows, np.minimum(low + 1, len(RADII) - 1)), weight * part)
    usable = RADII[-1] > FFT_SIZE / PITCHES
    comb: NDArray[np.float32] = (matrix * usable[:, None]).astype(np.float32)
    return comb


_COMB: Final = _comb_matrix()  # float32: the scores need no more


def _comb_scores(polar: Floats) -> Floats:
    """Return the scores of each direction, pitch and angle, from (directions, angles, radii)."""
    scores: Floats = _COMB @ polar.transpose(0, 2, 1)
    return scores
