"""Recordings to draw: PTB-XL shards, LUDB, and a made-up one for tests."""

import bz2
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

MILLIVOLTS = 1e-3  # in one microvolt


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recording:
    """One 12-lead recording.

    Attributes
    ----------
    name : where it comes from, such as "ptbxl/1234"
    signal : float32 array, shape (12, samples), millivolts, in the order of `layouts.LEADS`
    sampling_rate : float, Hz
    """

    name: str
    signal: NDArray[np.float32]
    sampling_rate: float


def read_ptbxl_shard(stem: Path) -> Iterator[Recording]:
    """Yield the records of one raw 500 Hz shard (first differences, bz2, microvolts)."""
    info = json.loads(Path(f"{stem}.json").read_text())
    wide = Path(f"{stem}.d1.i4.bz2")
    packed, kind = (wide, "<i4") if wide.exists() else (Path(f"{stem}.d1.i2.bz2"), "<i2")
    steps = np.frombuffer(bz2.decompress(packed.read_bytes()), kind).reshape(info["shape"])
    for number, step in zip(info["ids"], steps, strict=True):
        signal = np.cumsum(step, axis=1, dtype=np.int32) * MILLIVOLTS
        yield Recording(
            name=f"ptbxl/{number}", signal=complete_limb_leads(signal), sampling_rate=500.0
        )


def complete_limb_leads(signal: NDArray[np.floating]) -> NDArray[np.float32]:
    """Derive III, aVR, aVL and aVF when 8 leads (I, II, V1-V6) are stored."""
    if len(signal) == 12:
        return signal.astype(np.float32)
    one, two = signal[0], signal[1]
    limb = [one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2]
    return np.concatenate([np.stack(limb), signal[2:]]).astype(np.float32)


def read_ludb(folder: Path, *, without: frozenset[int] = frozenset()) -> Iterator[Recording]:
    """Yield the LUDB records of a folder, but for some ids."""
    import wfdb  # noqa: PLC0415 - slow to import, and needed for these files only

    for header in sorted(folder.glob("*.hea"), key=lambda path: int(path.stem)):
        if int(header.stem) in without:
            continue
        record = wfdb.rdrecord(str(header.with_suffix("")))
        signal = np.nan_to_num(record.p_signal.T.astype(np.float32))
        yield Recording(name=f"ludb/{header.stem}", signal=signal, sampling_rate=float(record.fs))


def training_recordings(data: Path) -> list[Recording]:
    """Read PTB-XL folds 1-8 and LUDB, but for the records that `images/ludb_3x4` shows."""
    shards = [data / "ptbxl" / f"fold0{fold}_0" for fold in range(1, 9)]
    found = [r for stem in shards for r in read_ptbxl_shard(stem)]
    shown = (data / "images" / "ludb_3x4").glob("*.png")
    kept_back = frozenset(int(path.stem) for path in shown)
    return found + list(read_ludb(data / "ludb" / "data", without=kept_back))


def held_out_recordings(data: Path) -> list[Recording]:
    """Read PTB-XL fold 9, never trained on."""
    return list(read_ptbxl_shard(data / "ptbxl" / "fold09_0"))


def made_up_recording(*, seconds: float = 10.0, rate: float = 500.0, bpm: float = 72) -> Recording:
    """Build a plain rhythm of P, QRS and T bumps, for tests that run without data."""
    time = np.arange(round(seconds * rate)) / rate
    phase = (time * bpm / 60.0) % 1.0
    bumps = ((0.2, 0.025, 0.12), (0.36, 0.009, -0.1), (0.385, 0.011, 1.1), (0.41, 0.010, -0.25))
    wave = sum(a * np.exp(-0.5 * ((phase - c) / w) ** 2) for c, w, a in (*bumps, (0.62, 0.05, 0.3)))
    gains = np.array([0.7, 1.0, 0.3, -0.85, 0.2, 0.65, -0.6, 0.4, 0.8, 1.3, 1.2, 0.9])
    signal = (gains[:, None] * np.asarray(wave)[None, :]).astype(np.float32)
    return Recording(name="made-up", signal=signal, sampling_rate=rate)


def disturb(recording: Recording, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the signal as another amplifier might have recorded it, shape (12, samples), mV.

    Each lead loses its median; then a changed amplitude, wander, mains and muscle noise,
    each in a part of the pages.
    """
    signal = recording.signal - np.median(recording.signal, axis=1, keepdims=True)
    rate, samples = recording.sampling_rate, recording.signal.shape[1]
    time = np.arange(samples) / rate
    if rng.random() < 0.4:
        high_pass = butter(2, rng.uniform(0.3, 0.67), "high", fs=rate, output="sos")
        signal = sosfiltfilt(high_pass, signal)
    if rng.random() < 0.35:
        signal = signal * rng.uniform(0.6, 1.3)
    elif rng.random() < 0.2:
        signal = signal * rng.uniform(1.5, 3.5)
    if rng.random() < 0.35:
        phases = rng.uniform(0, 2 * np.pi, (12, 1))
        signal = signal + rng.uniform(0.02, 0.25) * np.sin(
            2 * np.pi * rng.uniform(0.1, 0.4) * time + phases
        )
    if rng.random() < 0.15:
        mains = np.sin(2 * np.pi * float(rng.choice([50.0, 60.0])) * time)
        signal = signal + rng.uniform(0, 0.05, (12, 1)) * mains
    if rng.random() < 0.2:
        noise = rng.normal(0, 1, signal.shape)
        muscle = sosfiltfilt(butter(2, [15, 120], "band", fs=rate, output="sos"), noise)
        signal = signal + rng.uniform(0.0, 0.06, (12, 1)) * muscle
    if rng.random() < 0.5:  # the low-pass filter of many carts
        cut = float(rng.choice([25.0, 35.0, 40.0, 75.0, 100.0]))
        signal = sosfiltfilt(butter(2, cut, fs=rate, output="sos"), signal)
    if rng.random() < 0.05:
        signal = signal + _pacing_spikes(signal.shape, rate, rng)
    if rng.random() < 0.05:  # an electrode that fell off
        signal[rng.integers(12, size=int(rng.integers(1, 4)))] *= 0.02
    return np.clip(signal, -8, 8).astype(np.float32)


def _pacing_spikes(
    shape: tuple[int, int], rate: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """The needle-like artefacts of a pacemaker, in mV."""
    spikes = np.zeros(shape)
    period = rate * 60 / rng.uniform(50, 100)
    at = np.arange(rng.uniform(0, period), shape[1] - 3, period).astype(int)
    heights = rng.uniform(-2.5, 2.5, shape[0])
    for shift, share in ((0, 1.0), (1, rng.uniform(0, 1))):
        spikes[:, at + shift] = heights[:, None] * share
    return spikes
