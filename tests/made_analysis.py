"""Analyses and digitized pages built by hand: every value in them is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from cardioalert.domain.clinical import (
    Advice,
    Analysis,
    BeatClass,
    Beats,
    Evidence,
    Finding,
    Interpretation,
    LeadMeasurements,
    Measured,
    Measurements,
    NotAssessed,
    Overall,
    Rhythm,
    Status,
    Urgency,
    WaveTimes,
    not_measurable,
)
from cardioalert.domain.imaging import (
    Digitized,
    Grade,
    Grid,
    LeadTrace,
    Notice,
    Page,
    PageQuality,
    Photo,
)
from cardioalert.domain.measures import MEASURES
from cardioalert.domain.opinion import Call, Opinion
from cardioalert.domain.patient import Patient, Sex, Symptom
from cardioalert.domain.record import STANDARD_LEADS, ECGRecord, Lead, SourceFile
from tests.built_ecg import as_page, built_record

PX_PER_MM = 8.0  # page
PAGE_WIDTH, PAGE_HEIGHT, MESH_STEP = 2080, 1200, 16
SCALE, SHIFT_X, SHIFT_Y = 0.5, 40.0, 30.0  # photo position = SCALE * page position + SHIFT

R_PEAKS = tuple(0.4 + 0.8 * number for number in range(12))


def made_opinion() -> Opinion:
    """What networks might say."""
    return Opinion(
        kind="digital",
        statements={"1AVB": 0.912345},
        calls={
            "1AVB": Call(
                probability=0.912345, verdict="present", present_from=0.61, possible_from=0.2
            )
        },
        disagreement=0.4,
    )


def made_values(**changes: Measured) -> dict[str, Measured]:
    """Every measure, normal unless changed."""
    numbers = {
        "heart_rate": (75.0, 0.8),
        "rr": (0.800, 0.006),
        "p_duration": (0.104, 0.008),
        "pr": (0.224, 0.006),
        "qrs": (0.092, 0.004),
        "qt": (0.388, 0.008),
        "qtc_bazett": (0.434, 0.010),
        "qtc_fridericia": (0.418, 0.009),
        "qtc_framingham": (0.419, 0.009),
        "p_axis": (52.0, 6.0),
        "qrs_axis": (-38.0, 3.0),
        "t_axis": (41.0, 5.0),
        "sv1": (0.92, 0.03),
        "rv5": (1.31, 0.04),
    }
    values = {
        name: Measured(
            value=value,
            uncertainty=spread,
            unit=MEASURES[name].unit,
            leads=(Lead.II, Lead.V5),
            beats=12,
        )
        for name, (value, spread) in numbers.items()
    }
    return values | changes


def made_lead(lead: Lead, st_j: float = 0.02) -> LeadMeasurements:
    return LeadMeasurements(lead=lead, beats=11, noise=0.01, st_j=st_j, st_j60=st_j + 0.01)


def made_record(*, on_page: bool = False, **source: Any) -> ECGRecord:
    record = built_record(heart_rate=75.0, pr=0.2, qrs=0.09, qt=0.38, noise=0.008)
    if on_page:
        record = as_page(record)
    return replace(
        record,
        source=SourceFile(
            **({"path": "ward/ecg.hea", "sha256": "ab" * 32, "kind": "wfdb"} | source)
        ),
        recorded_at=None if on_page else datetime(2026, 5, 4, 9, 30),
    )


def made_finding(**changes: Any) -> Finding:
    finding = Finding(
        code="first-degree-av-block",
        title="First-degree AV block",
        status="present",
        urgency=Urgency.YELLOW,
        decided_by=("rule:AV1",),
        evidence=(
            Evidence(
                text="PR interval 224 ms (limit 200 ms)",
                measure="pr",
                value=224.0,
                limit=200.0,
                unit="ms",
                leads=(Lead.II,),
            ),
        ),
        against=("P waves are small in 2 of 3 leads",),
    )
    return replace(finding, **changes)


def made_interpretation(**changes: Any) -> Interpretation:
    result = Interpretation(
        findings=(
            made_finding(),
            made_finding(
                code="left-axis-deviation",
                title="Left axis deviation",
                status="possible",
                urgency=Urgency.GREEN,
                decided_by=("rule:LAD",),
                evidence=(
                    Evidence(
                        text="QRS axis -38 deg (limit -30 deg)",
                        measure="qrs_axis",
                        value=-38.0,
                        limit=-30.0,
                        unit="deg",
                    ),
                ),
                against=(),
            ),
        ),
        not_assessed=(
            NotAssessed(code="RH1", reason="no P wave found"),
            NotAssessed(code="AV1", reason="no P wave found"),
            NotAssessed(code="lead:V6", reason="ST, Q and T in V6 not assessable: too noisy"),
            NotAssessed(code="network", reason="no network was asked"),
        ),
        overall=Overall.ABNORMAL,
        urgency=Urgency.YELLOW,
        advice=(
            Advice(code="plan-visit", text="Make an appointment with a doctor in the next days."),
            Advice(code="call-103", text="Call 103 at once if chest pain or fainting appears."),
        ),
        disclaimer="Research and education software, not a medical device.",
        opinion=made_opinion(),
    )
    return replace(result, **changes)


def made_analysis(*, on_page: bool = False, **changes: Any) -> Analysis:
    """Return an analysis of a digital record, or of a page."""
    digitized = made_digitized() if on_page else None
    measurements = Measurements(
        values=made_values(
            t_axis=not_measurable("deg", "no-t-wave"),
            rv5=replace(made_values()["rv5"], status=Status.BORDERLINE, reason="too-few-beats"),
        ),
        leads={lead: made_lead(lead, 0.01 * row) for row, lead in enumerate(STANDARD_LEADS[:11])},
        unusable={Lead.V6: "noisy"},
        beats=Beats(
            r_peaks=np.array(R_PEAKS),
            classes=(BeatClass.DOMINANT,) * len(R_PEAKS),
            agreement=1.0,
        ),
        rhythm=Rhythm(),
        median_beat=None,
        waves=(WaveTimes(lead=Lead.II, beat=0, qrs_on=0.35, qrs_off=0.44, t_off=0.73),),
    )
    analysis = Analysis(
        record=made_record() if digitized is None else digitized.record,
        patient=Patient(age=52.0, sex=Sex.MALE, symptoms=(Symptom.PALPITATIONS,)),
        measurements=measurements,
        interpretation=made_interpretation(),
        digitized=digitized,
    )
    return replace(analysis, **changes)


def made_page() -> Page:
    """Return a page that lies in the photo scaled and shifted, without any turn."""
    y, x = np.mgrid[0 : PAGE_HEIGHT + 1 : MESH_STEP, 0 : PAGE_WIDTH + 1 : MESH_STEP]
    return Page(
        pixels=np.full((PAGE_HEIGHT, PAGE_WIDTH, 3), 255, dtype=np.uint8),
        photo_x=(x * SCALE + SHIFT_X).astype(np.float32),
        photo_y=(y * SCALE + SHIFT_Y).astype(np.float32),
        mesh_step=MESH_STEP,
    )


def made_trace(lead: Lead, *, row: int, column: int, columns: int = 4) -> LeadTrace:
    """Return a flat trace in one cell of a 3x4 print with rows 300 page pixels apart."""
    width = 2000 / columns
    start = 40.0 + column * width
    baseline = 150.0 + 300.0 * row
    x = np.arange(PAGE_WIDTH)
    inside = (x >= start) & (x < start + width)
    y = np.where(inside, baseline, np.nan).astype(np.float32)
    return LeadTrace(
        lead=lead,
        named_by="label",
        row=row,
        start_x=start,
        end_x=start + width,
        y=y,
        start_time=column * 10.0 / columns,
        quality=0.95,
    )


def made_digitized(**changes: Any) -> Digitized:
    """Return a 3x4 page with a rhythm strip of lead II."""
    names = (("I", "aVR", "V1", "V4"), ("II", "aVL", "V2", "V5"), ("III", "aVF", "V3", "V6"))
    cells = [
        made_trace(Lead(name), row=row, column=column)
        for row, names_of_row in enumerate(names)
        for column, name in enumerate(names_of_row)
    ]
    photo = Photo(
        pixels=np.full((700, 1200, 3), 230, dtype=np.uint8),
        source=SourceFile(
            path="photos/ecg.jpg", sha256="cd" * 32, kind="image", width_px=1200, height_px=700
        ),
    )
    digitized = Digitized(
        photo=photo,
        page=made_page(),
        grid=Grid(
            pixels_per_mm=PX_PER_MM,
            photo_pixels_per_mm=(3.9, 4.1),
            confidence=0.9,
            scale_confirmed=True,
        ),
        layout="3x4+1",
        lead_order="standard",
        traces=(*cells, made_trace(Lead.II, row=3, column=0, columns=1)),
        record=made_record(
            on_page=True,
            path="photos/ecg.jpg",
            sha256="cd" * 32,
            kind="image",
            width_px=1200,
            height_px=700,
        ),
        quality=PageQuality(
            grade=Grade.FAIR,
            reasons=(Notice(code="blurred", message="The picture is slightly blurred."),),
        ),
        warnings=(Notice(code="pulse-missing", message="No calibration pulse is printed."),),
        seconds=1.234,
    )
    return replace(digitized, **changes)
