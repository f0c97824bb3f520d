"""The JSON documents other programs rely on: every key, every type, every unit."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cardioalert.domain.clinical import Urgency, not_measurable
from cardioalert.domain.contract import (
    analysis_to_dict,
    digitized_to_dict,
    waves_to_list,
)
from cardioalert.domain.imaging import Digitized
from tests.made_analysis import (
    made_analysis,
    made_digitized,
    made_finding,
    made_interpretation,
    made_values,
)

NUMBER = (int, float)
OPTIONAL_NUMBER = (int, float, type(None))

SOURCE = {"path": str, "sha256": str, "kind": str, "width_px": int, "height_px": int}
SOFTWARE = {"version": str, "models": [{"name": str, "sha256": str}]}
NOTICE = {"code": str, "message": str}
DIGITIZE = {
    "schema": str,
    "input": SOURCE,
    "layout": str,
    "lead_order": str,
    "paper_speed_mm_s": float,
    "gain_mm_mv": float,
    "pixels_per_mm": float,
    "sampling_rate_hz": float,
    "duration_s": float,
    "leads": dict,
    "quality": {"grade": str, "reasons": [NOTICE]},
    "warnings": [NOTICE],
    "seconds": float,
    "software": SOFTWARE,
}
MEASURED = {
    "value": OPTIONAL_NUMBER,
    "uncertainty": OPTIONAL_NUMBER,
    "status": str,
    "reason": (str, type(None)),
}
MEASURE_NAMES = (
    "heart_rate_bpm",
    "rr_ms",
    "p_duration_ms",
    "pr_ms",
    "qrs_ms",
    "qt_ms",
    "qtc_bazett_ms",
    "qtc_fridericia_ms",
    "qtc_framingham_ms",
    "p_axis_deg",
    "qrs_axis_deg",
    "t_axis_deg",
    "sv1_mv",
    "rv5_mv",
)
EVIDENCE = {
    "text": str,
    "measure": str,
    "value": OPTIONAL_NUMBER,
    "limit": OPTIONAL_NUMBER,
    "unit": str,
    "leads": [str],
}
FINDING = {
    "code": str,
    "title": str,
    "status": str,
    "probability": OPTIONAL_NUMBER,
    "decided_by": [str],
    "evidence": [EVIDENCE],
    "against": [str],
}
ANALYSIS = {
    "schema": str,
    "input": SOURCE,
    "digitization": (dict, type(None)),
    "record": {"sampling_rate_hz": float, "duration_s": float, "leads": [str]},
    "measurements": dict.fromkeys(MEASURE_NAMES, MEASURED),
    "beats": {"r_peaks_s": [float], "waves": []},
    "st_mv": dict,
    "statements": dict,
    "findings": [FINDING],
    "overall": str,
    "urgency": str,
    "advice": [{"code": str, "text": str}],
    "not_assessed": [{"code": str, "reason": str}],
    "disclaimer": str,
    "software": SOFTWARE,
}
WAVE_TIMES = ("p_on_s", "p_off_s", "qrs_on_s", "qrs_off_s", "t_on_s", "t_off_s")


def check(value: Any, shape: Any, place: str = "") -> None:
    """Compare a document with its description; keys may be added, never missing."""
    if isinstance(shape, dict):
        assert isinstance(value, dict), place
        assert set(shape) <= set(value), f"{place}: {set(shape) - set(value)} missing"
        for key, part in shape.items():
            check(value[key], part, f"{place}.{key}")
    elif isinstance(shape, list):
        assert isinstance(value, list), place
        for item in value:
            check(item, shape[0], f"{place}[]")
    else:
        assert isinstance(value, shape), f"{place} is {value!r}"
        assert not isinstance(value, bool), place


def as_json(document: dict[str, Any]) -> dict[str, Any]:
    """Write and read a document; NaN is refused."""
    return json.loads(json.dumps(document, allow_nan=False))


@pytest.fixture
def digitized() -> Digitized:
    return made_digitized()


def test_digitize_document(digitized):
    document = as_json(digitized_to_dict(digitized))
    check(document, DIGITIZE)
    assert document["schema"] == "cardioalert.digitize/1"
    assert document["layout"] == "3x4+1"
    assert document["lead_order"] in ("standard", "cabrera")
    assert document["quality"]["grade"] in ("good", "fair", "poor")
    assert document["quality"]["reasons"][0]["code"] == "blurred"
    assert document["input"] == {
        "path": "photos/ecg.jpg",
        "sha256": "cd" * 32,
        "kind": "image",
        "width_px": 1200,
        "height_px": 700,
    }
    assert document["pixels_per_mm"] == 4.0
    assert document["sampling_rate_hz"] == 500.0
    assert document["duration_s"] == 10.0


def test_digitize_leads(digitized):
    leads = digitized_to_dict(digitized)["leads"]
    assert list(leads) == [lead.value for lead in digitized.record.leads]
    for lead in leads.values():
        check(lead, {"start_s": float, "end_s": float, "quality": float, "named_by": str})
        assert lead["named_by"] in ("label", "layout", "morphology")
    assert (leads["V1"]["start_s"], leads["V1"]["end_s"]) == (5.0, 7.5)


def test_a_lead_with_a_rhythm_strip_takes_the_strip(digitized):
    lead = digitized_to_dict(digitized)["leads"]["II"]
    assert (lead["start_s"], lead["end_s"]) == (0.0, 10.0)


@pytest.mark.parametrize("on_page", [True, False])
def test_analysis_document(on_page):
    document = as_json(made_analysis(on_page=on_page).to_dict())
    check(document, ANALYSIS)
    assert document["schema"] == "cardioalert.analysis/1"
    assert list(document["measurements"]) == list(MEASURE_NAMES)
    assert document["overall"] in ("normal", "borderline", "abnormal", "not-interpretable")
    assert "not a medical device" in document["disclaimer"]
    for level in document["st_mv"].values():
        check(level, {"j": OPTIONAL_NUMBER, "j60": OPTIONAL_NUMBER})


def test_digitization_is_null_for_a_digital_record():
    assert made_analysis().to_dict()["digitization"] is None


def test_digitization_of_a_picture_is_its_document():
    document = made_analysis(on_page=True).to_dict()
    assert document["digitization"]["schema"] == "cardioalert.digitize/1"


def test_values_are_in_the_unit_of_their_name():
    values = made_analysis().to_dict()["measurements"]
    assert values["heart_rate_bpm"]["value"] == 75.0
    assert values["rr_ms"] == {
        "value": 800.0,
        "uncertainty": 6.0,
        "status": "measured",
        "reason": None,
        "leads": ["II", "V5"],
        "beats": 12,
    }
    assert values["qrs_axis_deg"]["value"] == -38.0
    assert values["sv1_mv"]["value"] == 0.92


def test_what_is_not_measurable_is_null_with_a_reason():
    value = made_analysis().to_dict()["measurements"]["t_axis_deg"]
    assert value == {
        "value": None,
        "uncertainty": None,
        "status": "not-measurable",
        "reason": "no-t-wave",
        "leads": [],
        "beats": 0,
    }


def test_borderline_keeps_its_value_and_its_reason():
    value = made_analysis().to_dict()["measurements"]["rv5_mv"]
    assert value["status"] == "borderline"
    assert value["reason"] == "too-few-beats"
    assert value["value"] == 1.31


def test_nothing_measured_is_still_a_document():
    analysis = made_analysis()
    values = {name: not_measurable(value.unit, "no-beats") for name, value in made_values().items()}
    empty = replace(analysis.measurements, values=values, leads={}, waves=())
    check(as_json(analysis_to_dict(replace(analysis, measurements=empty))), ANALYSIS)


def test_not_a_number_becomes_null():
    finding = made_finding()
    evidence = replace(finding.evidence[0], value=float("nan"), limit=float("inf"))
    result = made_interpretation(findings=(replace(finding, evidence=(evidence,)),))
    document = as_json(made_analysis(interpretation=result).to_dict())
    written = document["findings"][0]["evidence"][0]
    assert (written["value"], written["limit"]) == (None, None)


def test_a_finding_by_rules_has_no_probability():
    finding = made_analysis().to_dict()["findings"][0]
    assert finding["probability"] is None
    assert finding["decided_by"] == ["rule:AV1"]
    assert finding["status"] in ("present", "possible", "not-assessable")
    assert finding["evidence"][0]["leads"] == ["II"]


@pytest.mark.parametrize("urgency", list(Urgency))
def test_urgency_is_a_colour_word(urgency):
    document = made_analysis(interpretation=made_interpretation(urgency=urgency)).to_dict()
    assert document["urgency"] == urgency.name.lower()


def test_waves_wait_to_be_asked_for():
    analysis = made_analysis()
    assert analysis.to_dict()["beats"]["waves"] == []
    wave = waves_to_list(analysis.measurements.waves)[0]
    assert set(wave) == {"lead", "beat", *WAVE_TIMES}
    assert wave["lead"] == "II"
    assert wave["p_on_s"] is None
    assert wave["qrs_on_s"] == 0.35


def test_peaks_are_seconds_on_the_clock_of_the_record():
    peaks = made_analysis().to_dict()["beats"]["r_peaks_s"]
    assert peaks == pytest.approx(np.arange(12) * 0.8 + 0.4)


def test_statements_are_rounded():
    assert made_analysis().to_dict()["statements"] == {"1AVB": 0.9123}


def test_the_same_analysis_gives_the_same_text():
    first, second = (json.dumps(made_analysis(on_page=True).to_dict()) for _ in range(2))
    assert first == second
