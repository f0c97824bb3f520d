"""What is measured in each lead of the median beat, and which leads can be used for it."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from cardioalert.domain.clinical import LeadMeasurements
from cardioalert.domain.record import Lead
from cardioalert.dsp import Floats
from cardioalert.measure.averaging import Average
from cardioalert.measure.preparation import Prepared
from cardioalert.measure.st import onset_level, saddle, st_levels, st_spreads, t_voltages
from cardioalert.measure.voltages import p_voltages, qrs_voltages
from cardioalert.measure.waves import Delineation

NOISY: Final = 0.5  # deviation of the beats over the height of the QRS


def usable_leads(
    prepared: Prepared, average: Average | None, delineation: Delineation | None
) -> tuple[tuple[Lead, ...], dict[Lead, str]]:
    """Return the leads whose median beat can be measured, and why the others cannot."""
    unusable = dict(prepared.unusable)
    if average is None or delineation is None:
        return (), unusable | dict.fromkeys(prepared.leads, "too-few-beats")
    first, last = int(delineation.qrs.first), int(np.ceil(delineation.qrs.last)) + 1
    noisy = average.noise > NOISY * np.ptp(average.signal[:, first:last], axis=1)
    usable = []
    for row, lead in enumerate(prepared.leads):
        if average.count[row] == 0:
            unusable[lead] = "too-few-beats"
        elif noisy[row]:
            unusable[lead] = "noisy"
        else:
            usable.append(lead)
    return tuple(usable), unusable


def on_onset_level(average: Average, delineation: Delineation) -> Floats:
    """Return the median beat with the QRS onset at zero."""
    return average.signal - onset_level(average.signal, qrs_on=delineation.qrs.first)


def lead_measurements(
    average: Average | None, delineation: Delineation | None, leads: tuple[Lead, ...]
) -> dict[Lead, LeadMeasurements]:
    """Return the amplitudes and durations of the usable leads."""
    if average is None or delineation is None:
        return {}
    signal = on_onset_level(average, delineation)
    qrs, t, p = delineation.qrs, delineation.t, delineation.p
    t_last = t.last if t is not None else float("nan")
    spreads = st_spreads(average.single, qrs_on=qrs.first, qrs_off=qrs.last)
    noises = average.noise_of_median
    st = st_levels(signal, qrs_off=qrs.last, t_end=t_last)
    t_waves = t_voltages(signal, t_on=t.first if t is not None else float("nan"), t_off=t_last)
    measured = {}
    for row, lead in enumerate(average.leads):
        if lead not in leads:
            continue
        noise = float(noises[row])
        values: dict[str, Any] = qrs_voltages(
            signal[row],
            first=_own(qrs.on[row], qrs.first),
            last=_own(qrs.off[row], qrs.last),
            noise=noise,
        )
        values |= st[row] | t_waves[row]
        values |= saddle(signal[row], qrs_off=qrs.last, t_off=t_last)
        values["st_spread"] = spreads[row]
        if p is not None:
            first, last = _own(p.on[row], p.first), _own(p.off[row], p.last)
            values |= p_voltages(signal[row], first=first, last=last, begun=p.first, noise=noise)
        measured[lead] = LeadMeasurements(
            lead=lead, beats=int(average.count[row]), noise=float(average.noise[row]), **values
        )
    return measured


def _own(bound: float, of_all: float) -> float:
    """Return a lead's own bound, or that of all leads where it has none."""
    return of_all if np.isnan(bound) else float(bound)
