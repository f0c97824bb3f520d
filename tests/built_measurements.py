"""Build measurements for tests: a normal adult by default, any value overridden.

>>> built_measurements(values={"pr": 0.236}).value("pr")
0.236
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from cardioalert.domain.clinical import (
    BeatClass,
    Beats,
    LeadMeasurements,
    Measured,
    Measurements,
    Rhythm,
    WaveTimes,
    not_measurable,
)
from cardioalert.domain.measures import MEASURES
from cardioalert.domain.record import STANDARD_LEADS, ECGRecord, Lead

NORMAL_VALUES: Final = {  # seconds, mV, degrees, beats per minute
    "heart_rate": 70.0,
    "rr": 0.857,
    "p_duration": 0.100,
    "pr": 0.160,
    "qrs": 0.090,
    "qt": 0.390,
    "qtc_bazett": 0.421,
    "qtc_fridericia": 0.411,
    "qtc_framingham": 0.412,
    "p_axis": 50.0,
    "qrs_axis": 45.0,
    "t_axis": 40.0,
    "sv1": 1.0,
    "rv5": 1.3,
}

#                 q      r     s     p     t+    t-    r_peak_time
_NORMAL_LEADS: Final = {
    Lead.I: (-0.03, 0.70, -0.10, 0.08, 0.25, 0.0, 0.035),
    Lead.II: (-0.04, 1.00, -0.15, 0.13, 0.30, 0.0, 0.038),
    Lead.III: (0.0, 0.40, -0.15, 0.05, 0.08, 0.0, 0.036),
    Lead.AVR: (-0.80, 0.10, -0.05, -0.10, 0.0, -0.27, 0.070),
    Lead.AVL: (-0.02, 0.35, -0.10, 0.03, 0.10, 0.0, 0.035),
    Lead.AVF: (-0.03, 0.65, -0.12, 0.09, 0.18, 0.0, 0.036),
    Lead.V1: (0.0, 0.20, -0.90, 0.05, 0.05, -0.05, 0.020),
    Lead.V2: (0.0, 0.45, -1.10, 0.06, 0.45, 0.0, 0.025),
    Lead.V3: (0.0, 0.80, -0.80, 0.06, 0.45, 0.0, 0.030),
    Lead.V4: (-0.03, 1.20, -0.40, 0.06, 0.40, 0.0, 0.034),
    Lead.V5: (-0.05, 1.20, -0.20, 0.06, 0.35, 0.0, 0.036),
    Lead.V6: (-0.06, 0.95, -0.05, 0.06, 0.28, 0.0, 0.036),
}

NORMAL_RHYTHM: Final = Rhythm(
    rr_min=0.84,
    rr_max=0.88,
    rr_variation=0.02,
    rr_successive=0.02,
    p_repetition=1.0,
    p_before_every_qrs=True,
    longest_pause=0.88,
)


def normal_lead(lead: Lead) -> LeadMeasurements:
    """Return one lead of a normal adult."""
    q, r, s, p, t_positive, t_negative, r_peak_time = _NORMAL_LEADS[lead]
    return LeadMeasurements(
        lead=lead,
        beats=10,
        noise=0.0,
        qrs_peak_to_peak=round(r - min(q, s), 6),
        q=q,
        q_duration=0.015 if q else 0.0,
        r=r,
        r_duration=0.045,
        s=s,
        s_duration=0.030 if s else 0.0,
        r_prime=0.0,
        s_prime=0.0,
        r_peak_time=r_peak_time,
        initial_slope_ratio=0.6,
        notched_r=False,
        end_qrs_notch=0.0,
        p=p,
        p_duration=0.1,
        p_terminal=-0.03,
        p_terminal_duration=0.03,
        p_peaks_apart=0.0,
        st_j=0.0,
        st_j60=0.0,
        st_j80=0.0,
        st_spread=0.0,
        t_positive=t_positive,
        t_negative=t_negative,
        t_width=0.1,
        saddle_takeoff=0.0,
        saddle_trough=0.0,
        saddle_base=0.0,
    )


def _lasting(changes: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Let ST that is elevated at J stay so, unless J+60 is given."""
    if changes is None or (changes.get("st_j") or 0.0) <= 0.0:
        return changes
    return {"st_j60": changes["st_j"], **changes}


def built_measurements(
    *,
    values: Mapping[str, float | None] | None = None,
    uncertainty: Mapping[str, float] | None = None,
    leads: Mapping[str, Mapping[str, Any] | None] | None = None,
    rhythm: Mapping[str, Any] | None = None,
    beats: int = 12,
    classes: tuple[BeatClass, ...] | None = None,
    r_peaks: tuple[float, ...] | None = None,
    agreement: float = 1.0,
    unusable: Mapping[str, str] | None = None,
    waves: tuple[WaveTimes, ...] = (),
    einthoven_residual: float | None = 0.0,
) -> Measurements:
    """Return the measurements of a normal adult with some values replaced.

    `values` and `uncertainty` are in the library's units; None makes a value not measurable. A
    lead that is None, or in `unusable`, is absent.
    """
    overrides = {Lead(name): _lasting(value) for name, value in (leads or {}).items()}
    absent = {Lead(name): reason for name, reason in (unusable or {}).items()}
    absent.update({lead: "absent" for lead, value in overrides.items() if value is None})
    count = len(classes) if classes else beats
    peaks = tuple(0.4 + 0.857 * index for index in range(count)) if r_peaks is None else r_peaks
    return Measurements(
        values=_values(dict(values or {}), dict(uncertainty or {}), len(peaks)),
        leads={
            lead: replace(normal_lead(lead), **(overrides.get(lead) or {}))
            for lead in STANDARD_LEADS
            if lead not in absent
        },
        unusable=absent,
        beats=Beats(
            r_peaks=np.array(peaks, dtype=np.float64),
            classes=classes or (BeatClass.DOMINANT,) * len(peaks),
            agreement=agreement,
        ),
        rhythm=replace(NORMAL_RHYTHM, **(rhythm or {})),
        median_beat=None,
        waves=waves,
        einthoven_residual=einthoven_residual,
    )


def built_record(seconds: float = 10.0) -> ECGRecord:
    """Return a record of the right length; the rules read measurements, not its samples."""
    return ECGRecord(
        signal=np.zeros((12, round(seconds * 100)), dtype=np.float32),
        sampling_rate=100.0,
        leads=STANDARD_LEADS,
    )


def _values(
    values: dict[str, float | None], uncertainty: dict[str, float], beats: int
) -> dict[str, Measured]:
    """Return every named measurement."""
    merged: dict[str, float | None] = {**NORMAL_VALUES, **values}
    return {
        name: not_measurable(measure.unit, "not-measurable")
        if merged[name] is None
        else Measured(
            value=merged[name],
            unit=measure.unit,
            uncertainty=uncertainty.get(name, 0.0),
            leads=(Lead.II,),
            beats=beats,
        )
        for name, measure in MEASURES.items()
    }
