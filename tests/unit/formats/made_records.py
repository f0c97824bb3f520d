"""Records and files with known content for the tests of formats."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from cardioalert.domain.patient import Patient, Sex
from cardioalert.domain.record import STANDARD_LEADS, ECGRecord

RATE = 500.0  # Hz


def made_record(
    *,
    seconds: float = 10.0,
    sampling_rate: float = RATE,
    patient: Patient | None = None,
    recorded_at: datetime | None = None,
) -> ECGRecord:
    """Twelve leads of sines, each with its own frequency, amplitude and sign; no two alike."""
    times = np.arange(round(seconds * sampling_rate)) / sampling_rate
    numbers = np.arange(1, 13)[:, None]
    signal = 0.1 * numbers * np.sin(2 * np.pi * numbers * times) * (-1.0) ** numbers
    return ECGRecord(
        signal=signal.astype(np.float32),
        sampling_rate=sampling_rate,
        leads=STANDARD_LEADS,
        patient=patient,
        recorded_at=recorded_at,
    )


def printed_3x4() -> ECGRecord:
    """As a 3x4 page gives it: each lead for 2.5 s, II for all 10 s, a hole in V3."""
    full = made_record(
        patient=Patient(age=63.0, sex=Sex.FEMALE), recorded_at=datetime(2026, 3, 4, 5, 6, 7)
    )
    signal = full.signal.copy()
    quarter = signal.shape[1] // 4
    for row in range(12):
        column = row // 3
        if full.leads[row] != "II":
            signal[row, : column * quarter] = np.nan
            signal[row, (column + 1) * quarter :] = np.nan
    signal[8, 2 * quarter + 100 : 2 * quarter + 130] = np.nan
    return ECGRecord(
        signal=signal,
        sampling_rate=full.sampling_rate,
        leads=full.leads,
        patient=full.patient,
        recorded_at=full.recorded_at,
    )
