"""From a record to its measurements: the order of the steps."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.clinical import (
    BeatClass,
    Beats,
    LeadMeasurements,
    Measured,
    Measurements,
    MedianBeat,
    Rhythm,
    not_measurable,
)
from cardioalert.domain.measures import MEASURES
from cardioalert.domain.record import ECGRecord, Lead
from cardioalert.dsp import Floats, Mask, median
from cardioalert.measure.atrial import ExtraWaves, extra_waves
from cardioalert.measure.averaging import Average, average_beats, level_baseline
from cardioalert.measure.axis import axis_values, einthoven_residual
from cardioalert.measure.beats import Shapes, group_beats
from cardioalert.measure.detection import agreement, find_beats, find_beats_by_energy
from cardioalert.measure.dissociation import own_p_waves
from cardioalert.measure.intervals import (
    Evidence,
    corrected_qt,
    interval_values,
    rate_values,
    usual_rr,
)
from cardioalert.measure.limbs import WaveBounds
from cardioalert.measure.per_lead import lead_measurements, on_onset_level, usable_leads
from cardioalert.measure.preparation import WORKING_RATE, Prepared, prepare
from cardioalert.measure.rhythm import beat_classes, joined, measure_rhythm
from cardioalert.measure.single_beats import wave_times
from cardioalert.measure.waves import P_LIKENESS, Delineation, align_columns, delineate

ASSUMED_RR: Final = 0.8  # s, where the record does not show two beats in a row
MOST_SHAPES_MEASURED: Final = 6
FEWEST_FOR_P: Final = 3  # beats of a rarer shape, before its P waves are believed
REGULAR_ESCAPE: Final = 0.12  # RR variation, above which no third-degree block is looked for
SHORTEST_ATRIAL_CYCLE: Final = 0.2  # s, 300 per minute
LARGEST_RESIDUAL: Final = 0.1  # mV, RMS of I + III - II; beyond, the limb leads are not those named


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Beating:
    """The beats of a record, before any wave is measured.

    Attributes
    ----------
    shapes : Shapes
    together : bool array, shape (beats - 1,)
        Whether a lead shows everything between two beats.
    rr : float array, shape (intervals,), seconds
        Those that are shown.
    levelled : float array, shape (leads, samples), mV
        The record with its PQ segments at zero.
    agreement : float, 0-1
    """

    shapes: Shapes
    together: Mask
    rr: Floats
    levelled: Floats
    agreement: float


def measure(record: ECGRecord) -> Measurements:
    """Measure a record.

    Parameters
    ----------
    record : ECGRecord
        Any leads, length and sampling rate; NaN where nothing was recorded or read.

    Returns
    -------
    Measurements
        What cannot be measured is absent with a reason (see `reasons`), never an error.
    """
    prepared = prepare(record)
    beating = find_beating(prepared)
    averages, waves = _shapes_measured(prepared, beating)
    average = averages[0] if averages else None
    delineation = waves[0] if waves else None
    extra = _extra_waves(beating, average, delineation)
    if delineation is not None and extra is not None and extra.flutter_cycle is not None:
        delineation = waves[0] = replace(delineation, p=None)
    widths = np.array([np.nan if w is None else _width(w.qrs) for w in waves])
    classes = beat_classes(beating.shapes, beating.together, widths)
    rhythm = _rhythm(prepared, beating, classes, delineation, average=average, extra=extra)
    leads, unusable = usable_leads(prepared, average, delineation)
    median_beat = None if average is None else _median_beat(average, delineation)
    residual = einthoven_residual(
        prepared.signal.astype(np.float32), prepared.present, prepared.leads
    )
    per_lead = lead_measurements(average, delineation, leads)
    return Measurements(
        values=_values(
            record,
            beating,
            average,
            delineation,
            rhythm=rhythm,
            per_lead=per_lead,
            residual=residual,
        ),
        leads=per_lead,
        unusable=unusable,
        beats=Beats(
            r_peaks=beating.shapes.r / WORKING_RATE, classes=classes, agreement=beating.agreement
        ),
        rhythm=replace(rhythm, strokes=record.strokes),
        median_beat=median_beat,
        waves=wave_times(beating.shapes, averages, waves, prepared),
        einthoven_residual=residual,
    )


def find_beating(prepared: Prepared) -> Beating:
    """Find the beats and group them by shape."""
    others = find_beats_by_energy(prepared)
    peaks = find_beats(prepared, others)
    shapes = group_beats(peaks, prepared)
    together = joined(shapes.r, prepared)
    return Beating(
        shapes=shapes,
        together=together,
        rr=np.diff(shapes.r)[together] / WORKING_RATE,
        levelled=level_baseline(prepared, shapes.r),
        agreement=agreement(peaks, others, samples=prepared.samples),
    )


def _shapes_measured(
    prepared: Prepared, beating: Beating
) -> tuple[list[Average], list[Delineation | None]]:
    """Return the median beat of each shape and its waves, the dominant one first."""
    shapes = beating.shapes
    if len(shapes.r) == 0:
        return [], []
    rr = (usual_rr(beating.rr) if len(beating.rr) else ASSUMED_RR) * WORKING_RATE
    averages = []
    for number in range(min(int(shapes.shape.max()) + 1, MOST_SHAPES_MEASURED)):
        beats = shapes.members(number)
        own_rr = min(rr, _shortest_next(shapes, beats)) if number else rr
        average = average_beats(beating.levelled, prepared, shapes, beats, own_rr)
        averages.append(align_columns(average))
    waves = [delineate(average) for average in averages]
    for number in range(1, len(waves)):
        found = waves[number]
        if found is not None and len(averages[number].beats) < FEWEST_FOR_P:
            waves[number] = replace(found, p=None)
    return averages, waves


def _extra_waves(
    beating: Beating, average: Average | None, delineation: Delineation | None
) -> ExtraWaves | None:
    """Return the waves like P without QRS, where there is a P wave to compare with."""
    if average is None or delineation is None or delineation.p is None:
        return None
    end = delineation.qrs.last if delineation.t is None else delineation.t.last
    return extra_waves(beating.levelled, average, p=delineation.p, t_end=end, r=beating.shapes.r)


def _shortest_next(shapes: Shapes, beats: NDArray[np.intp]) -> float:
    """Return the usual distance from some beats to the next, samples; inf where none follows."""
    following = beats[beats + 1 < len(shapes.r)]
    if len(following) == 0:
        return float("inf")
    return float(np.median(shapes.r[following + 1] - shapes.r[following]))


def _width(wave: WaveBounds) -> float:
    """Return the duration of a wave in seconds."""
    return (wave.last - wave.first) / WORKING_RATE


def _apart(onsets: NDArray[np.floating]) -> tuple[float, ...]:
    """Drop waves that begin too soon after the one before to be another beat of the atria."""
    kept: list[float] = []
    for onset in onsets.tolist():
        if not kept or onset - kept[-1] >= SHORTEST_ATRIAL_CYCLE:
            kept.append(onset)
    return tuple(kept)


def _rhythm(
    prepared: Prepared,
    beating: Beating,
    classes: tuple[BeatClass, ...],
    delineation: Delineation | None,
    *,
    average: Average | None,
    extra: ExtraWaves | None,
) -> Rhythm:
    """Return the regularity of the beats and of the P wave before them."""
    repetition = None
    if delineation is not None and delineation.p_candidate is not None:
        likeness = delineation.p_candidate.likeness
        known = likeness[~np.isnan(likeness)]
        repetition = float(np.mean(known >= P_LIKENESS)) if len(known) else None
    rhythm = measure_rhythm(
        beating.shapes.r / WORKING_RATE,
        beating.together,
        classes,
        p_repetition=repetition,
        has_p=delineation is not None and delineation.p is not None,
        duration=prepared.samples / WORKING_RATE,
    )
    return replace(
        rhythm,
        pacing_pulses=tuple((prepared.pulses / WORKING_RATE).tolist()),
        extra_p=() if extra is None else _apart(extra.onsets / WORKING_RATE),
        flutter_cycle=None if extra is None else extra.flutter_cycle,
        own_p=_own_p(beating, average, delineation, rhythm),
    )


def _own_p(
    beating: Beating, average: Average | None, delineation: Delineation | None, rhythm: Rhythm
) -> tuple[float, ...]:
    """Return the P waves with a rhythm of their own, looked for where none goes before each QRS."""
    regular = rhythm.rr_variation is not None and rhythm.rr_variation <= REGULAR_ESCAPE
    if average is None or delineation is None or rhythm.p_before_every_qrs or not regular:
        return ()
    found = own_p_waves(beating.levelled, average, qrs=delineation.qrs, r=beating.shapes.r)
    return tuple((found / WORKING_RATE).tolist())


def _values(
    record: ECGRecord,
    beating: Beating,
    average: Average | None,
    delineation: Delineation | None,
    *,
    rhythm: Rhythm,
    per_lead: dict[Lead, LeadMeasurements],
    residual: float | None,
) -> dict[str, Measured]:
    """Return every named value, in the order of `MEASURES`."""
    has_beats = len(beating.shapes.r) > 0
    values = rate_values(beating.rr, sampling_rate=record.sampling_rate, has_beats=has_beats)
    if average is not None and delineation is not None:
        evidence = Evidence(
            beats=int(average.count.max(initial=0)),
            usual_beats=int(median(average.count.astype(np.float64))) if len(average.count) else 0,
            leads=tuple(per_lead),
            sampling_rate=record.sampling_rate,
        )
        rr = usual_rr(beating.rr) if len(beating.rr) else float("inf")
        values |= interval_values(
            p=delineation.p, qrs=delineation.qrs, t=delineation.t, rr=rr, evidence=evidence
        )
        values |= corrected_qt(values["qt"], values["rr"], rr_variation=rhythm.rr_variation)
        waves = {"p_axis": delineation.p, "qrs_axis": delineation.qrs, "t_axis": delineation.t}
        rows = [row for row, lead in enumerate(average.leads) if lead in per_lead]
        signal = on_onset_level(average, delineation)
        values |= axis_values(
            signal[rows],
            tuple(average.leads[row] for row in rows),
            waves,
            noise=average.noise_of_median[rows],
            evidence=evidence,
        )
        if residual is not None and residual > LARGEST_RESIDUAL:
            values |= {name: not_measurable("deg", "limb-leads-disagree") for name in waves}
        values["sv1"] = _voltage(per_lead, Lead.V1, "s_depth", evidence)
        values["rv5"] = _voltage(per_lead, Lead.V5, "r_height", evidence)
    missing = "no-qrs-bounds" if has_beats else "no-beats"
    return {
        name: values.get(name, not_measurable(measure.unit, missing))
        for name, measure in MEASURES.items()
    }


def _voltage(
    per_lead: dict[Lead, LeadMeasurements], lead: Lead, wave: str, evidence: Evidence
) -> Measured:
    """Return `r_height` or `s_depth` of a lead."""
    if lead not in per_lead:
        return not_measurable("mV", "lead-missing")
    found = per_lead[lead]
    height = getattr(found, wave)
    if height is None:
        return not_measurable("mV", "wave-without-end")
    own = Evidence(
        beats=found.beats, leads=(lead, lead, lead), sampling_rate=evidence.sampling_rate
    )
    error = math.hypot(0.02 * height, found.noise / math.sqrt(max(found.beats, 1)))
    # A slow clock cuts the top of a sharp wave off.
    error = math.hypot(error, height * 2.0 / evidence.sampling_rate)
    value = own.measured(height, unit="mV", uncertainty=error)
    return Measured(
        value=value.value,
        unit="mV",
        uncertainty=error,
        status=value.status,
        reason=value.reason,
        leads=(lead,),
        beats=found.beats,
    )


def _median_beat(average: Average, delineation: Delineation | None) -> MedianBeat:
    """Return the median beat as the library hands it on."""
    if delineation is None:
        return MedianBeat(
            signal=average.signal.astype(np.float32),
            sampling_rate=WORKING_RATE,
            leads=average.leads,
            r_index=average.r_index,
        )
    bounds: dict[str, int] = {}
    for name, wave in (("p", delineation.p), ("qrs", delineation.qrs), ("t", delineation.t)):
        if wave is not None:
            bounds[f"{name}_on"] = round(wave.first)
            bounds[f"{name}_off"] = round(wave.last)
    return MedianBeat(
        signal=on_onset_level(average, delineation).astype(np.float32),
        sampling_rate=WORKING_RATE,
        leads=average.leads,
        r_index=average.r_index,
        **bounds,
    )
