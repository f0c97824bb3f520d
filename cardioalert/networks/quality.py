"""Tell whether a recording is good enough to be read, as technicians would."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.record import STANDARD_LEADS, ECGRecord
from cardioalert.dsp import Floats, butterworth, fill_gaps, resample, row_quantiles
from cardioalert.networks.sessions import run_network

RATE: Final = 250.0  # Hz
PIECE: Final = 50  # samples: 0.2 s
FLAT: Final = 0.01  # mV; a piece that moves less is flat
HALF_SECOND: Final = 125  # samples; passing disturbances stand out from the other half seconds
ROUGHER, WIDER = 3.0, 2.5  # times the usual half second: a disturbed one
LEAP: Final = 0.2  # mV from one sample to the next, which only the steepest QRS has
PER_LEAD: Final = (
    "range",
    "wander",
    "roughness",
    "flat_share",
    "largest_step",
    "edge_share",
    "peakedness",
    "beat_power",
    "repetition",
    "rough_share",
    "rough_peak",
    "range_share",
    "range_peak",
    "leap_share",
    "wander_step",
)
FEATURES: Final[tuple[str, ...]] = (
    *(f"{name}:{rank}" for name in PER_LEAD for rank in range(len(STANDARD_LEADS))),
    "first_component",
    "second_component",
    "flat_leads",
)
"""Values of the leads in rising order, so that no lead is special, then three of all leads."""
BEATS: Final = (5.0, 20.0)  # Hz
PADDING: Final = 15  # samples at either end of the filter of that band


def signal_quality(record: ECGRecord, thinned: Floats | None = None) -> float:
    """Return the probability that a technician accepts a 12-lead recording.

    Parameters
    ----------
    record : ECGRecord
        A digital one; a lead that is absent counts as flat.
    thinned : float array, shape (12, samples at 250 Hz), mV, optional
        The same, where somebody has it already.
    """
    features = quality_features(record) if thinned is None else _features_of(thinned)
    scores = run_network("signal_quality", features=features[None])
    return float(1.0 / (1.0 + np.exp(-scores[0, 0])))


def quality_features(record: ECGRecord) -> NDArray[np.float32]:
    """Return what the trees look at, shape (features,)."""
    signal = np.zeros((len(STANDARD_LEADS), record.signal.shape[1]))
    for row, lead in enumerate(STANDARD_LEADS):
        if lead in record.leads:
            signal[row] = fill_gaps(record.lead(lead)[None])[0]
    return _features_of(resample(signal, from_rate=record.sampling_rate, to_rate=RATE))


def _features_of(signal: Floats) -> NDArray[np.float32]:
    """Return what the trees look at, of a signal at 250 Hz."""
    if signal.shape[1] < 4 * PIECE:
        signal = np.pad(signal, ((0, 0), (0, 4 * PIECE - signal.shape[1])), mode="edge")
    centred = signal - signal.mean(axis=1, keepdims=True)
    square = centred**2
    deviation = np.sqrt(square.mean(axis=1))
    table = np.sort(_per_lead(signal, square, deviation), axis=1)
    even = centred / np.maximum(deviation, 1e-3)[:, None]
    alike = np.einsum("ik,jk->ij", even, even) / even.shape[1]  # not `@`, see measure/beats.py
    shares = np.linalg.eigvalsh(alike)[::-1] / len(even)
    flat_leads = float((deviation < FLAT).sum())
    return np.concatenate([table.ravel(), shares[:2], [flat_leads]]).astype(np.float32)


def _per_lead(signal: Floats, square: Floats, deviation: Floats) -> Floats:
    """Return the values of PER_LEAD, shape (measures, leads).

    Parameters
    ----------
    signal, square : float arrays, shape (leads, samples)
        In mV, and the squares of the distances from the mean of each lead.
    deviation : float array, shape (leads,), mV
    """
    steps = np.zeros_like(signal)  # the first one is none
    np.subtract(signal[:, 1:], signal[:, :-1], out=steps[:, 1:])
    np.abs(steps, out=steps)
    count = signal.shape[1] // PIECE
    pieces = signal[:, : count * PIECE].reshape(len(signal), count, PIECE)
    low, high = row_quantiles(signal, 0.01, 0.99)
    spread = np.maximum(deviation, 1e-4)
    beats = butterworth(2, BEATS, "bandpass", RATE).both_ways(signal, padding=PADDING)
    at_edge = (signal >= signal.max(axis=1, keepdims=True) - 1e-6) | (
        signal <= signal.min(axis=1, keepdims=True) + 1e-6
    )
    moves = steps[:, 1:]
    return np.stack(
        [
            np.log10(np.maximum(high - low, 1e-3)),
            np.log10(np.maximum(pieces.mean(axis=2).std(axis=1), 1e-4)),
            np.log10(np.maximum(moves.mean(axis=1), 1e-5)),
            (np.ptp(pieces, axis=2) < FLAT).mean(axis=1),
            np.log10(np.maximum(moves.max(axis=1), 1e-4)),
            at_edge.mean(axis=1),
            (square**2).mean(axis=1) / spread**4,
            beats.std(axis=1) / spread,
            _repetition(beats),
            *_disturbances(signal, steps),
        ]
    )


def _disturbances(signal: Floats, steps: Floats) -> tuple[Floats, ...]:
    """Return how half seconds differ from the usual one of their lead, six values per lead."""
    rough = _half_seconds(steps).mean(axis=2)
    halves = _half_seconds(signal)
    width = np.ptp(halves, axis=2)
    rough_usual = np.maximum(row_quantiles(rough, 0.5)[0], 1e-4)[:, None]
    width_usual = np.maximum(row_quantiles(width, 0.5)[0], 1e-3)[:, None]
    level_steps = np.abs(np.diff(halves.mean(axis=2), axis=1))
    return (
        (rough > ROUGHER * rough_usual).mean(axis=1),
        np.log10(np.maximum((rough / rough_usual).max(axis=1), 0.1)),
        (width > WIDER * width_usual).mean(axis=1),
        np.log10(np.maximum((width / width_usual).max(axis=1), 0.1)),
        (steps > LEAP).mean(axis=1),
        np.log10(level_steps.max(axis=1) + 1e-3) if level_steps.size else np.zeros(len(signal)),
    )


def _half_seconds(signal: Floats) -> Floats:
    """Cut into half seconds, shape (leads, pieces, samples)."""
    count = signal.shape[1] // HALF_SECOND
    return signal[:, : count * HALF_SECOND].reshape(len(signal), count, HALF_SECOND)


def _repetition(beats: Floats) -> Floats:
    """Return how much the QRS energy repeats itself after 0.3 to 2 s, 0-1, per lead."""
    from scipy import fft  # noqa: PLC0415 - slow to import

    energy = np.abs(beats)
    energy = energy - energy.mean(axis=1, keepdims=True)
    first, last = round(0.3 * RATE), min(round(2.0 * RATE), energy.shape[1])
    size = fft.next_fast_len(energy.shape[1] + last, real=True)  # no lag runs into the beginning
    spectrum = fft.rfft(energy, size, axis=1)
    lagged = fft.irfft(spectrum.real**2 + spectrum.imag**2, size, axis=1)
    repeated: Floats = lagged[:, first:last].max(axis=1) / np.maximum(lagged[:, 0], 1e-9)
    return repeated
