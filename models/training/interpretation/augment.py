"""Make a recording look as it may arrive: a window, columns of a page, a trace read from paper."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.interpretation.data import SAMPLES

Signal = NDArray[np.float32]
LEADS = 12
COLUMNS = np.arange(LEADS) // 3
STRIPS = (1, 6, 10)  # II, V1, V5: what is printed a second time, full length
GROUPS = {
    "together": np.zeros(LEADS, int),
    "columns": COLUMNS,
    "halves": np.arange(LEADS) // 6,
}


@dataclass(frozen=True)
class Manner:
    """How often each thing happens, 0-1."""

    together: float = 0.45
    columns: float = 0.32
    halves: float = 0.08  # the rest shows one column and the strips only
    restarted: float = 0.3  # sequential printers: each column from another moment
    dropped: float = 0.25
    worn: float = 0.5  # noise of digitization
    normalized: float = 0.12  # amplitudes thrown away


def window(signal: Signal, length: int, rng: np.random.Generator, manner: Manner) -> Signal:
    """Return (24, length): 12 leads, then 12 masks, of one training example of 2.5 s."""
    kind = _kind(rng, manner)
    pace = float(np.clip(rng.normal(1.0, 0.02), 0.94, 1.06)) if rng.random() < manner.worn else 1.0
    mask = np.ones((LEADS, length), np.float32)
    groups = GROUPS.get(kind, GROUPS["together"])
    starts = _starts(kind, int(groups.max()) + 1, length, pace=pace, rng=rng, manner=manner)
    cut = np.empty((LEADS, length), np.float32)
    for group, start in enumerate(starts):
        rows = groups == group
        cut[rows] = _at(signal[rows], start, length, pace)
    if kind == "one column":
        shown = rng.integers(4) == COLUMNS
        for strip, often in zip(STRIPS, (0.85, 0.2, 0.2), strict=True):
            shown[strip] |= rng.random() < often
        mask[~shown] = 0.0
    return _finish(cut, mask, rng, manner)


def whole(signal: Signal, length: int, rng: np.random.Generator, manner: Manner) -> Signal:
    """Return (24, length) of one training example of 10 s, every lead on its own clock."""
    kind = _kind(rng, manner)
    pace = float(np.clip(rng.normal(1.0, 0.02), 0.94, 1.06)) if rng.random() < manner.worn else 1.0
    shift = int(rng.integers(-80, 81)) if rng.random() < 0.5 else 0
    cut = _at(signal, shift, length, pace)
    clock = np.arange(length)
    inside = (clock * pace + shift >= 0) & (clock * pace + shift < SAMPLES)
    mask = np.repeat(inside[None].astype(np.float32), LEADS, axis=0)
    if kind != "together":
        groups = GROUPS["halves"] if kind == "halves" else COLUMNS
        width = length / (int(groups.max()) + 1)
        for row, group in enumerate(groups):
            mask[row] *= (clock >= width * group) & (clock < width * (group + 1))
        for strip, often in zip(STRIPS, (0.75, 0.2, 0.15), strict=True):
            if rng.random() < often:
                mask[strip] = inside
    return _finish(cut, mask, rng, manner)


def normalize(example: Signal) -> Signal:
    """Throw amplitudes away: every lead gets the same power where it is shown."""
    signal, mask = example[:LEADS], example[LEADS:]
    power = (signal**2).sum(axis=1) / np.maximum(mask.sum(axis=1), 1.0)
    scaled = 0.25 * signal / np.maximum(np.sqrt(power), 0.02)[:, None]
    return np.concatenate([scaled, mask])


def _kind(rng: np.random.Generator, manner: Manner) -> str:
    """Draw an arrangement."""
    draw = rng.random()
    for kind in ("together", "columns", "halves"):
        draw -= getattr(manner, kind)
        if draw < 0:
            return kind
    return "one column"


def _starts(
    kind: str,
    groups: int,
    length: int,
    *,
    pace: float,
    rng: np.random.Generator,
    manner: Manner,
) -> list[float]:
    """Return the first sample of each group of leads."""
    last = SAMPLES - length * pace - 1
    if groups == 1 or rng.random() < manner.restarted:
        return rng.uniform(0, last, groups).tolist()
    stride = min(SAMPLES / groups, last / (groups - 1))
    first = rng.uniform(0, max(last - stride * (groups - 1), 0.0) + 1e-6)
    return [min(first + stride * group, last) for group in range(groups)]


def _at(signal: Signal, start: float, length: int, pace: float) -> Signal:
    """Read a signal from a moment on, at a pace, by linear interpolation."""
    where = np.clip(start + np.arange(length) * pace, 0, SAMPLES - 1.001)
    before = where.astype(int)
    part = (where - before).astype(np.float32)
    return signal[:, before] * (1 - part) + signal[:, before + 1] * part


def _finish(cut: Signal, mask: Signal, rng: np.random.Generator, manner: Manner) -> Signal:
    """Lose leads, wear the trace, hide what is not shown."""
    if rng.random() < manner.dropped:
        mask[rng.permutation(LEADS)[: rng.integers(1, 5)]] = 0.0
    if rng.random() < manner.worn:
        cut, mask = _worn(cut, mask, rng)
    elif rng.random() < 0.5:
        cut = cut * np.float32(rng.normal(1.0, 0.03))
    example = np.concatenate([cut * mask, mask])
    return normalize(example) if rng.random() < manner.normalized else example


def _worn(cut: Signal, mask: Signal, rng: np.random.Generator) -> tuple[Signal, Signal]:
    """Do what a page and its reader do: gain, steps, tilt, lost peaks, gaps, coarse pixels."""
    leads, length = cut.shape
    gain = rng.normal(1.0, 0.04) * rng.normal(1.0, 0.02, (leads, 1))
    out = cut * gain.astype(np.float32)
    ramp = np.linspace(-1, 1, length, dtype=np.float32)
    out += rng.normal(0, 0.02, (leads, 1)).astype(np.float32)
    out += rng.normal(0, 0.03, (leads, 1)).astype(np.float32) * ramp
    if rng.random() < 0.5:
        phase = rng.uniform(0, 2 * np.pi, (leads, 1))
        cycles = rng.uniform(0.05, 0.3) * length / 100.0
        wave = np.sin(phase + np.pi * cycles * ramp) * rng.uniform(0, 0.12)
        out += wave.astype(np.float32)
    if rng.random() < 0.6:  # soft edges of a thick pen
        weight = rng.uniform(0.1, 0.3)
        padded = np.pad(out, ((0, 0), (1, 1)), mode="edge")
        out = (1 - 2 * weight) * out + weight * (padded[:, :-2] + padded[:, 2:])
    if rng.random() < 0.4:  # thin strokes of steep slopes vanish
        limit = rng.uniform(0.75, 0.95)
        top, low = out.max(axis=1, keepdims=True), out.min(axis=1, keepdims=True)
        out = np.clip(out, low * limit, top * limit)
    if rng.random() < 0.6:
        pixel = 0.1 / rng.uniform(2, 8)
        out = np.round((out + rng.normal(0, pixel, out.shape)) / pixel) * pixel
    else:
        out = out + rng.normal(0, rng.uniform(0, 0.02), out.shape)
    if rng.random() < 0.3:
        for row in rng.permutation(leads)[: rng.integers(1, 4)]:
            first = rng.integers(0, length - 10)
            mask[row, first : first + rng.integers(3, 30)] = 0.0
    return out.astype(np.float32), mask
