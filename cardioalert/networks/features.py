"""What the measurement-based model looks at: named numbers and the shape of the median beat."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.clinical import BeatClass, LeadMeasurements, Measurements
from cardioalert.domain.record import STANDARD_LEADS, Lead
from cardioalert.dsp import Floats

VALUES: Final = (
    "heart_rate",
    "p_duration",
    "pr",
    "qrs",
    "qt",
    "qtc_fridericia",
    "p_axis",
    "qrs_axis",
    "t_axis",
)
RHYTHM: Final = (
    "rr_min",
    "rr_max",
    "rr_variation",
    "rr_successive",
    "p_repetition",
    "longest_pause",
)
PER_LEAD: Final = (
    "noise",
    "qrs_peak_to_peak",
    "q",
    "q_duration",
    "r",
    "r_duration",
    "s",
    "s_duration",
    "r_prime",
    "s_prime",
    "r_peak_time",
    "p",
    "p_terminal",
    "st_j",
    "st_j60",
    "st_j80",
    "t_positive",
    "t_negative",
)
COUNTS: Final = (
    "beats",
    "wide",
    "narrow_early",
    "other",
    "pulses",
    "extra_p",
    "flutter",
    "agreement",
)
BEAT_RATE: Final = 100.0  # Hz
BEAT_FROM: Final = -0.28  # s from R
BEAT_SAMPLES: Final = 76
SMOOTHING: Final = 3  # samples of the median beat at 500 Hz around each kept one

FEATURES: Final[tuple[str, ...]] = (
    *VALUES,
    *RHYTHM,
    *COUNTS,
    *(f"{name}:{lead}" for lead in STANDARD_LEADS for name in PER_LEAD),
    *(f"beat:{lead}:{index}" for lead in STANDARD_LEADS for index in range(BEAT_SAMPLES)),
)
"""Names of the columns, in order."""


def measured_features(measurements: Measurements) -> NDArray[np.float32]:
    """Return the numbers of one record, shape (features,); NaN where nothing was measured."""
    rhythm = measurements.rhythm
    classes = measurements.beats.classes
    total = max(len(classes), 1)
    numbers: list[float | None] = [measurements.value(name) for name in VALUES]
    numbers += [getattr(rhythm, name) for name in RHYTHM]
    numbers += [
        float(len(classes)),
        *(
            sum(each is kind for each in classes) / total
            for kind in (BeatClass.ECTOPIC_WIDE, BeatClass.ECTOPIC_NARROW, BeatClass.OTHER)
        ),
        float(len(rhythm.pacing_pulses)) / total,
        float(len(rhythm.extra_p)) / total,
        rhythm.flutter_cycle,
        measurements.beats.agreement,
    ]
    for lead in STANDARD_LEADS:
        numbers += _lead(measurements.leads.get(lead))
    table = np.array([np.nan if each is None else each for each in numbers], np.float32)
    return np.concatenate([table, median_beats(measurements).ravel().astype(np.float32)])


def lead_columns(lead: Lead) -> NDArray[np.intp]:
    """Return the columns that were measured in one lead."""
    amplitudes = [FEATURES.index(f"{name}:{lead}") for name in PER_LEAD]
    beat = FEATURES.index(f"beat:{lead}:0")
    return np.array([*amplitudes, *range(beat, beat + BEAT_SAMPLES)], np.intp)


def _lead(found: LeadMeasurements | None) -> list[float | None]:
    """Return the numbers of one lead."""
    if found is None:
        return [None] * len(PER_LEAD)
    return [getattr(found, name) for name in PER_LEAD]


def median_beats(measurements: Measurements) -> Floats:
    """Return the median beat on a fixed clock around R, shape (12, BEAT_SAMPLES), mV.

    NaN in leads without one, and where the beat is shorter.
    """
    beats = np.full((len(STANDARD_LEADS), BEAT_SAMPLES), np.nan)
    median = measurements.median_beat
    if median is None:
        return beats
    rows = [
        (row, median.leads.index(lead))
        for row, lead in enumerate(STANDARD_LEADS)
        if lead in median.leads and lead in measurements.leads
    ]
    if not rows:
        return beats
    signal = median.signal[[place for _, place in rows]].astype(np.float64)
    last = signal.shape[1] - 1
    seconds = BEAT_FROM + np.arange(BEAT_SAMPLES) / BEAT_RATE
    wanted = median.r_index + seconds * median.sampling_rate
    before = np.clip(np.floor(wanted).astype(np.intp), 0, max(last - 1, 0))
    both = np.stack([before, np.minimum(before + 1, last)])
    around = both[:, :, None] + np.arange(SMOOTHING) - SMOOTHING // 2
    smooth = signal[:, np.clip(around, 0, last)].mean(axis=3)
    placed = smooth[:, 0] + (smooth[:, 1] - smooth[:, 0]) * (wanted - before)
    begin, end = (np.array([0, last]) - median.r_index) / median.sampling_rate
    placed[:, (seconds < begin) | (seconds > end)] = np.nan
    beats[[row for row, _ in rows]] = placed
    return beats
