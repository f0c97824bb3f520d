"""The JSON documents other programs rely on: `cardioalert.digitize/1` and `cardioalert.analysis/1`.

Names, types and units here are an interface (docs/reference/json.md): renaming one needs a new
schema number. JSON knows no NaN: what is not known is null. Numbers are rounded to one digit more
than a person would read, so that the same input gives the same text on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from cardioalert import __version__
from cardioalert.domain.clinical import (
    Analysis,
    Beats,
    Evidence,
    Finding,
    LeadMeasurements,
    Measured,
    WaveTimes,
)
from cardioalert.domain.imaging import Digitized, LeadTrace, Notice
from cardioalert.domain.measures import MEASURES, Measure
from cardioalert.domain.opinion import Opinion
from cardioalert.domain.patient import Patient
from cardioalert.domain.record import Lead, SourceFile

DIGITIZE_SCHEMA: Final = "cardioalert.digitize/1"
ANALYSIS_SCHEMA: Final = "cardioalert.analysis/1"

Document = dict[str, Any]


def digitized_to_dict(digitized: Digitized) -> Document:
    """Return the JSON document `cardioalert.digitize/1`.

    `pixels_per_mm` is that of the photo (the mean of both axes), because `width_px` and `height_px`
    describe the photo too; `page_pixels_per_mm` is that of the flattened page.
    """
    record, grid = digitized.record, digitized.grid
    return {
        "schema": DIGITIZE_SCHEMA,
        "input": source_to_dict(record.source),
        "layout": digitized.layout,
        "lead_order": digitized.lead_order,
        "paper_speed_mm_s": _rounded(grid.paper_speed, 2),
        "gain_mm_mv": _rounded(grid.gain, 2),
        "chest_gain_mm_mv": _rounded(grid.gain_of(Lead.V1), 2),
        "clock": _rounded(grid.clock, 4),
        "pixels_per_mm": _rounded(math.fsum(grid.photo_pixels_per_mm) / 2, 3),
        "page_pixels_per_mm": _rounded(grid.pixels_per_mm, 3),
        "sampling_rate_hz": _rounded(record.sampling_rate, 3),
        "duration_s": _rounded(record.duration, 3),
        "leads": {
            trace.lead.value: _trace(trace, digitized) for trace in traces_of_record(digitized)
        },
        "quality": {
            "grade": digitized.quality.grade.value,
            "reasons": [_notice(reason) for reason in digitized.quality.reasons],
        },
        "warnings": [_notice(warning) for warning in digitized.warnings],
        "seconds": _rounded(digitized.seconds, 2),
        "software": software(),
    }


def analysis_to_dict(analysis: Analysis) -> Document:
    """Return the JSON document `cardioalert.analysis/1`.

    `beats.waves` stays empty: `explanation.explained_to_dict` fills it, and adds the record and its
    median beat, for those who ask for an explanation.
    """
    record, result = analysis.record, analysis.interpretation
    values = analysis.measurements.values
    digitized = analysis.digitized
    return {
        "schema": ANALYSIS_SCHEMA,
        "input": source_to_dict(record.source),
        "digitization": None if digitized is None else digitized_to_dict(digitized),
        "record": {
            "sampling_rate_hz": _rounded(record.sampling_rate, 3),
            "duration_s": _rounded(record.duration, 3),
            "leads": [lead.value for lead in record.leads],
            "recorded_at": None if record.recorded_at is None else record.recorded_at.isoformat(),
        },
        "patient": patient_to_dict(analysis.patient),
        "measurements": {
            measure.export_name: _measured(values[name], measure)
            for name, measure in MEASURES.items()
        },
        "beats": {"r_peaks_s": _peaks(analysis.measurements.beats), "waves": []},
        "st_mv": {
            lead.value: _st_levels(measured)
            for lead, measured in analysis.measurements.leads.items()
            if measured.st_j is not None
        },
        "statements": {
            code: _rounded(probability, 4) for code, probability in result.statements.items()
        },
        "network": None if result.opinion is None else _opinion(result.opinion),
        "findings": [_finding(finding) for finding in result.findings],
        "overall": result.overall.value,
        "urgency": result.urgency.label,
        "advice": [{"code": advice.code, "text": advice.text} for advice in result.advice],
        "not_assessed": [
            {"code": missing.code, "reason": missing.reason} for missing in result.not_assessed
        ],
        "disclaimer": result.disclaimer,
        "software": software(),
    }


def waves_to_list(waves: Iterable[WaveTimes]) -> list[Document]:
    """Return the waves of each beat and lead; a wave that is absent is null, never invented."""
    return [
        {
            "lead": wave.lead.value,
            "beat": wave.beat,
            "p_on_s": _rounded(wave.p_on, 4),
            "p_off_s": _rounded(wave.p_off, 4),
            "qrs_on_s": _rounded(wave.qrs_on, 4),
            "qrs_off_s": _rounded(wave.qrs_off, 4),
            "t_on_s": _rounded(wave.t_on, 4),
            "t_off_s": _rounded(wave.t_off, 4),
        }
        for wave in waves
    ]


def patient_to_dict(patient: Patient) -> Document:
    """Return what was known of the person when limits and urgency were chosen."""
    return {
        "age": patient.age,
        "sex": None if patient.sex is None else patient.sex.value,
        "symptoms": [symptom.value for symptom in patient.symptoms],
    }


def source_to_dict(source: SourceFile) -> Document:
    """Return where a photo or record came from."""
    return {
        "path": source.path,
        "sha256": source.sha256,
        "kind": source.kind,
        "width_px": source.width_px,
        "height_px": source.height_px,
    }


def software() -> Document:
    """Return the version that made a document, and the networks it came with."""
    return {
        "version": __version__,
        "models": [{"name": name, "sha256": sha256} for name, sha256 in networks()],
    }


@cache
def networks() -> tuple[tuple[str, str], ...]:
    """Return name and SHA-256 of every network that is installed, as their cards say."""
    from cardioalert_models import zoo  # noqa: PLC0415 - no stage of this package needs it

    return tuple((card.name, card.sha256) for card in zoo.cards())


def traces_of_record(digitized: Digitized) -> list[LeadTrace]:
    """Return the trace the record took for each lead, in the order of the record.

    A lead printed twice (in its column and as a rhythm strip) is read from the longer print.
    """
    longest: dict[Lead, LeadTrace] = {}
    for trace in digitized.traces:
        known = longest.get(trace.lead)
        if known is None or _width(trace) > _width(known):
            longest[trace.lead] = trace
    return [longest[lead] for lead in digitized.record.leads if lead in longest]


def _width(trace: LeadTrace) -> float:
    """Return the printed length of a trace in page pixels."""
    return trace.end_x - trace.start_x


def _trace(trace: LeadTrace, digitized: Digitized) -> Document:
    """Return when one lead was printed, and how well."""
    end = trace.start_time + digitized.grid.seconds(_width(trace))
    return {
        "start_s": _rounded(trace.start_time, 3),
        "end_s": _rounded(end, 3),
        "quality": _rounded(trace.quality, 3),
        "named_by": trace.named_by,
    }


def _notice(notice: Notice) -> Document:
    return {"code": notice.code, "message": notice.message}


def _measured(measured: Measured, measure: Measure) -> Document:
    """Return one measurement in the unit of its export name."""
    digits = measure.decimals + 1
    return {
        "value": _rounded(measured.value, digits, measure.factor),
        "uncertainty": _rounded(measured.uncertainty, digits, measure.factor),
        "status": measured.status.value,
        "reason": measured.reason or None,
        "leads": [lead.value for lead in measured.leads],
        "beats": measured.beats,
    }


def _peaks(beats: Beats) -> list[float]:
    return [round(float(peak), 4) for peak in beats.r_peaks]


def _st_levels(measured: LeadMeasurements) -> Document:
    return {"j": _rounded(measured.st_j, 3), "j60": _rounded(measured.st_j60, 3)}


def _opinion(opinion: Opinion) -> Document:
    """Return how the networks' probabilities are to be read, or why there are none."""
    return {
        "calibrated_for": opinion.kind,
        "silent": opinion.silence or None,
        "disagreement": _rounded(opinion.disagreement, 3),
        "signal_quality": _rounded(opinion.signal_quality, 3),
        "calls": {
            code: {
                "probability": _rounded(call.probability, 4),
                "verdict": call.verdict,
                "present_from": _rounded(call.present_from, 4),
                "possible_from": _rounded(call.possible_from, 4),
            }
            for code, call in opinion.calls.items()
        },
    }


def _finding(finding: Finding) -> Document:
    return {
        "code": finding.code,
        "title": finding.title,
        "status": finding.status,
        "urgency": finding.urgency.label,
        "probability": _rounded(finding.probability, 4),
        "decided_by": list(finding.decided_by),
        "evidence": [_evidence(evidence) for evidence in finding.evidence],
        "against": list(finding.against),
    }


def _evidence(evidence: Evidence) -> Document:
    return {
        "text": evidence.text,
        "measure": evidence.measure,
        "value": _rounded(evidence.value, 4),
        "limit": _rounded(evidence.limit, 4),
        "unit": evidence.unit,
        "leads": [lead.value for lead in evidence.leads],
    }


def _rounded(value: float | None, digits: int, factor: float = 1.0) -> float | None:
    """Return value * factor as JSON can hold it: null instead of NaN, infinity and -0.0."""
    if value is None or not math.isfinite(value):
        return None
    return round(float(value) * factor, digits) + 0.0
