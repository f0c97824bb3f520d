"""How close is a digitized record to the truth? The published definitions, side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.signal import correlate

Doubles = NDArray[np.float64]

KAGGLE_LAG = 0.2  # s
TENTHS = np.linspace(-0.5, 0.5, 11)  # samples
PHYSIONET_LAG = 0.5  # s
PHYSIONET_SHIFT = 1.0  # mV


@dataclass(frozen=True, kw_only=True)
class Fidelity:
    """One page against its truth.

    Attributes
    ----------
    snr_kaggle : dB; Kaggle 2025: lag of at most 0.2 s and free offset per lead, unfilled samples
        are 0, powers summed over the leads
    snr_fine_lag : dB; the same with lags to a tenth of a sample: no page tells when, between two
        samples, its recorder took one
    snr_physionet : dB; PhysioNet 2024: mean over leads
    gain : slope of estimate against truth, median over leads
    correlation : median over leads
    rmse : mV, over all leads
    lag : s, median over leads
    leads : number of leads compared
    missing : number of true leads that the estimate does not hold
    """

    snr_kaggle: float
    snr_fine_lag: float
    snr_physionet: float
    gain: float
    correlation: float
    rmse: float
    lag: float
    leads: int
    missing: int


def compare(
    truth: dict[str, Doubles], estimate: dict[str, Doubles], *, sampling_rate: float
) -> Fidelity:
    """Compare records given as lead -> mV (NaN where not printed), on the same clock."""
    signal_power = noise_power = least_power = 0.0
    squares: list[Doubles] = []
    per_lead = []
    for lead, true in truth.items():
        found = _fit_length(estimate.get(lead), len(true))
        printed = np.isfinite(true)
        centered = np.where(printed, true - np.nanmean(true), 0.0)
        shifted, lag = _aligned(centered, found, printed, int(KAGGLE_LAG * sampling_rate))
        filled = np.where(np.isfinite(shifted), shifted, 0.0)
        offset = np.mean((centered - filled)[printed])
        error = (centered - filled - offset)[printed]
        signal_power += float(np.sum(centered[printed] ** 2))
        noise_power += float(np.sum(error**2))
        least_power += _least_noise(centered, filled, printed)
        squares.append(error**2)
        both = printed & np.isfinite(shifted)
        if both.sum() > 50:
            a, b = centered[both] - centered[both].mean(), shifted[both] - shifted[both].mean()
            per_lead.append(
                (
                    float(a @ b / max(a @ a, 1e-12)),
                    float(a @ b / max(np.sqrt((a @ a) * (b @ b)), 1e-12)),
                    lag / sampling_rate,
                    _physionet(a, b, share=both.sum() / printed.sum()),
                )
            )
    gain, correlation, lag_s, physionet = (
        np.array([row[i] for row in per_lead] or [np.nan]) for i in range(4)
    )
    missing = sum(lead not in estimate for lead in truth)
    return Fidelity(
        snr_kaggle=float(10 * np.log10(signal_power / max(noise_power, 1e-12))),
        snr_fine_lag=float(10 * np.log10(signal_power / max(least_power, 1e-12))),
        snr_physionet=float(np.sum(physionet) / len(truth)),
        gain=float(np.median(gain)),
        correlation=float(np.median(correlation)),
        rmse=float(np.sqrt(np.mean(np.concatenate(squares)))),
        lag=float(np.median(lag_s)),
        leads=len(per_lead),
        missing=missing,
    )


def _least_noise(truth: Doubles, estimate: Doubles, printed: NDArray[np.bool_]) -> float:
    """Return the least power of the error when the truth is moved by parts of a sample."""
    at = np.flatnonzero(printed)
    course = CubicSpline(at, truth[at])
    errors = [course(np.clip(at + part, at[0], at[-1])) - estimate[at] for part in TENTHS]
    return min(float(np.sum((error - error.mean()) ** 2)) for error in errors)


def _physionet(truth: Doubles, estimate: Doubles, *, share: float) -> float:
    """Return the SNR (dB) of two aligned pieces, times the share of the lead that was read."""
    noise = float(np.mean((truth - estimate) ** 2))
    return 10 * np.log10(float(np.mean(truth**2)) / max(noise, 1e-12)) * share


def _fit_length(signal: Doubles | None, length: int) -> Doubles:
    """Cut or continue (with NaN) a signal to a length."""
    fitted = np.full(length, np.nan)
    if signal is not None:
        count = min(length, len(signal))
        fitted[:count] = signal[:count]
    return fitted


def _aligned(
    truth: Doubles, estimate: Doubles, printed: NDArray[np.bool_], most: int
) -> tuple[Doubles, int]:
    """Shift an estimate (at most `most` samples) to where it correlates best."""
    known = np.isfinite(estimate)
    if not known.any():
        return estimate, 0
    centered = np.where(known, estimate - np.nanmean(estimate), 0.0)
    correlation = correlate(np.where(printed, truth, 0.0), centered, mode="full", method="fft")
    middle = len(centered) - 1
    window = correlation[middle - most : middle + most + 1]
    lag = int(np.argmax(window)) - most
    shifted = np.full(len(estimate), np.nan)
    if lag >= 0:
        shifted[lag:] = estimate[: len(estimate) - lag]
    else:
        shifted[:lag] = estimate[-lag:]
    return shifted, lag
