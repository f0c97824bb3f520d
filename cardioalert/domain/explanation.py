"""What an analysis document holds more for those who ask why: `--explain`, and the report.

The record as it was measured, its median beat with the bounds of the waves, and what was measured
lead by lead. Voltages are whole microvolts, times are seconds; null is what was not read.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.clinical import Analysis, LeadMeasurements, MedianBeat
from cardioalert.domain.contract import analysis_to_dict, waves_to_list
from cardioalert.domain.opinion import Opinion
from cardioalert.domain.record import ECGRecord

MICROVOLTS_PER_MILLIVOLT: Final = 1000.0
BOUNDS: Final = ("p_on", "p_off", "qrs_on", "qrs_off", "t_on", "t_off")
AMPLITUDES: Final = ("p", "q", "r", "s", "r_prime", "s_prime", "st_j", "st_j60", "st_j80")
T_WAVES: Final = ("t_positive", "t_negative")
DURATIONS: Final = ("p_duration", "q_duration", "r_duration", "s_duration", "r_peak_time")

Document = dict[str, Any]


def explained_to_dict(analysis: Analysis) -> Document:
    """Return the JSON document `cardioalert.analysis/1` with everything behind it."""
    document = analysis_to_dict(analysis)
    measurements = analysis.measurements
    document["beats"]["waves"] = waves_to_list(measurements.waves)
    document["beats"]["classes"] = [kind.value for kind in measurements.beats.classes]
    document["explanation"] = {
        "signal": _signal(analysis.record),
        "median_beat": None
        if measurements.median_beat is None
        else _median_beat(measurements.median_beat),
        "leads": {lead.value: _lead(measured) for lead, measured in measurements.leads.items()},
        "unusable": {lead.value: reason for lead, reason in measurements.unusable.items()},
        "importance": _importance(analysis.interpretation.opinion),
        "einthoven_residual_mv": _rounded(measurements.einthoven_residual),
    }
    return document


def _importance(opinion: Opinion | None) -> Document:
    """Return by how much each lead, when hidden, changes the probability of each statement."""
    changes = {} if opinion is None else opinion.lead_importance
    return {
        code: {lead.value: _rounded(change) for lead, change in leads.items()}
        for code, leads in changes.items()
    }


def _signal(record: ECGRecord) -> Document:
    """Return the record itself."""
    return {
        "unit": "uV",
        "sampling_rate_hz": round(record.sampling_rate, 3),
        "leads": {
            lead.value: _microvolts(row)
            for lead, row in zip(record.leads, record.signal, strict=True)
        },
    }


def _median_beat(beat: MedianBeat) -> Document:
    """Return the median beat, its clock beginning with its first sample."""
    bounds = {name: getattr(beat, name) for name in BOUNDS}
    return {
        "unit": "uV",
        "sampling_rate_hz": round(beat.sampling_rate, 3),
        "r_peak_s": round(beat.r_index / beat.sampling_rate, 4),
        **{
            f"{name}_s": None if at is None else round(at / beat.sampling_rate, 4)
            for name, at in bounds.items()
        },
        "leads": {
            lead.value: _microvolts(row) for lead, row in zip(beat.leads, beat.signal, strict=True)
        },
    }


def _lead(measured: LeadMeasurements) -> Document:
    """Return what was measured in one lead."""
    return {
        "beats": measured.beats,
        "noise_mv": _rounded(measured.noise),
        **{f"{name}_mv": _rounded(getattr(measured, name)) for name in (*AMPLITUDES, *T_WAVES)},
        **{f"{name}_ms": _milliseconds(getattr(measured, name)) for name in DURATIONS},
    }


def _microvolts(values: NDArray[np.float32]) -> list[int | None]:
    """Return millivolts as whole microvolts, null where nothing was read."""
    scaled = np.asarray(values, dtype=np.float64) * MICROVOLTS_PER_MILLIVOLT
    known = np.isfinite(scaled)
    numbers = np.round(np.where(known, scaled, 0.0)).astype(int).tolist()
    return [
        number if there else None for number, there in zip(numbers, known.tolist(), strict=True)
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), 3) + 0.0


def _milliseconds(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value) * 1000.0, 1)
