"""What must hold for any measurements at all."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from cardioalert.domain.clinical import BeatClass, LeadMeasurements, Overall, Rhythm, Urgency
from cardioalert.domain.measures import MEASURES
from cardioalert.domain.patient import Patient, Sex, Symptom
from cardioalert.domain.record import STANDARD_LEADS, Lead, Stroke
from cardioalert.interpret import interpret
from cardioalert.interpret.urgency import symptom_overrides
from tests.built_measurements import NORMAL_VALUES, built_measurements, built_record
from tests.unit.interpret.limit_cases import LBBB_SHAPE, LVH, RBBB_SHAPE, merged, on, values

RECORD = built_record()
FEW = settings(max_examples=40, deadline=None)

PATIENTS = st.builds(
    Patient,
    age=st.none() | st.floats(0, 110),
    sex=st.none() | st.sampled_from(Sex),
    symptoms=st.lists(st.sampled_from(Symptom), unique=True, max_size=2).map(tuple),
)

LEAD_FIELDS = [
    field.name
    for field in fields(LeadMeasurements)
    if field.name not in ("lead", "beats", "noise", "notched_r", "qs")
]


def maybe(low: float, high: float) -> st.SearchStrategy[float | None]:
    return st.none() | st.floats(low, high)


def lead_overrides() -> st.SearchStrategy[dict[str, Any]]:
    """Any value, or none, for some fields of a lead."""
    flags = {name: st.none() | st.booleans() for name in ("notched_r", "qs")}
    seconds = {name: maybe(0, 0.3) for name in LEAD_FIELDS if "duration" in name or "time" in name}
    rest = {name: maybe(-4, 4) for name in LEAD_FIELDS if name not in seconds}
    return st.fixed_dictionaries(
        {},
        optional={
            "beats": st.integers(0, 12),
            "noise": st.floats(0, 0.3),
            **flags,
            **seconds,
            **rest,
        },
    )


def value_overrides() -> st.SearchStrategy[dict[str, float | None]]:
    """A plausible to absurd value, or none, for some of the named measurements."""
    scale = {name: maybe(-200, 400) for name in MEASURES if MEASURES[name].unit != "s"}
    seconds = {name: maybe(0, 2) for name in MEASURES if MEASURES[name].unit == "s"}
    return st.fixed_dictionaries({}, optional={**scale, **seconds})


def rhythm_overrides() -> st.SearchStrategy[dict[str, Any]]:
    times = st.lists(st.floats(0, 10), max_size=4).map(lambda each: tuple(sorted(each)))
    stroke = st.builds(
        Stroke, lead=st.sampled_from(Lead), time=st.floats(0, 10), height=st.floats(0, 2)
    )
    flag = {
        "p_before_every_qrs": st.none() | st.booleans(),
        "extra_p": times,
        "own_p": times,
        "pacing_pulses": times,
        "strokes": st.lists(stroke, max_size=6).map(tuple),
    }
    numbers = [field.name for field in fields(Rhythm) if field.name not in flag]
    return st.fixed_dictionaries({}, optional={**{name: maybe(0, 4) for name in numbers}, **flag})


@given(
    numbers=value_overrides(),
    leads=st.dictionaries(
        st.sampled_from(STANDARD_LEADS), st.none() | lead_overrides(), max_size=12
    ),
    rhythm=rhythm_overrides(),
    classes=st.lists(st.sampled_from(BeatClass), max_size=14).map(tuple),
    agreement=st.floats(0, 1),
    residual=maybe(0, 1),
    patient=PATIENTS,
)
@FEW
def test_any_measurements_give_an_interpretation(
    *, numbers, leads, rhythm, classes, agreement, residual, patient
):
    measured = built_measurements(
        values=numbers,
        leads=leads,
        rhythm=rhythm,
        classes=classes,
        beats=len(classes),
        agreement=agreement,
        einthoven_residual=residual,
    )
    result = interpret(measured, RECORD, patient)
    assert result.advice
    assert result.not_assessed
    if result.urgency is Urgency.GREEN:
        assert result.overall is Overall.NORMAL
    if any(override.symptom in patient.symptoms for override in symptom_overrides()):
        assert result.urgency is Urgency.RED
    if set(measured.leads) != set(STANDARD_LEADS):
        assert result.overall is not Overall.NORMAL
    for finding in result.findings:
        assert finding.evidence
        assert finding.urgency <= result.urgency or result.overall is Overall.NOT_INTERPRETABLE


@given(st.sets(st.sampled_from(sorted(NORMAL_VALUES))), st.sets(st.sampled_from(STANDARD_LEADS)))
@FEW
def test_what_is_missing_never_makes_an_ecg_normal(names, leads):
    needed = {"heart_rate", "pr", "qrs", "qrs_axis", "qtc_fridericia"}
    measured = built_measurements(values=dict.fromkeys(names), leads=dict.fromkeys(leads))
    result = interpret(measured, RECORD, Patient(age=50, sex=Sex.MALE))
    complete = not leads and not names & needed
    assert (result.overall is Overall.NORMAL) is complete


BASES = (
    {},
    LVH,
    LBBB_SHAPE,
    merged(RBBB_SHAPE, values(qrs=140)),
    on("V4", t_positive=0.0, t_negative=-0.6),
    on(("V2", "V3"), t_positive=0.0, t_negative=-0.6),
    on(("V2", "V3"), t_positive=0.2, t_negative=-0.2),
    on("V2", beats=2),
    on(("V4", "V5"), end_qrs_notch=0.2),
)


@given(
    st.sampled_from(BASES),
    st.dictionaries(st.sampled_from(STANDARD_LEADS), st.floats(0, 0.6), max_size=6),
    st.dictionaries(st.sampled_from(STANDARD_LEADS), st.floats(0, 0.6), min_size=1, max_size=6),
    PATIENTS,
)
@example(on(("V2", "V3"), t_positive=0.0, t_negative=-0.6), {}, {Lead.V2: 0.15}, Patient(age=50))
@settings(FEW, max_examples=150, phases=set(Phase) - {Phase.explain})  # it is slow
def test_raising_st_never_lowers_the_urgency(base, elevated, raised, patient):
    """From any ECG without ST depression; depression itself can be danger, and raising ends it."""
    before = merged(base, {"leads": {lead: _level(st_j) for lead, st_j in elevated.items()}})
    more = {
        lead: _level(elevated.get(lead, 0.0) + step)
        for lead, step in raised.items()
        if lead != "aVR"
    }
    after = merged(before, {"leads": more})
    results = [
        interpret(built_measurements(**overrides), RECORD, patient) for overrides in (before, after)
    ]
    assert results[1].urgency >= results[0].urgency


def _level(st_j: float) -> dict[str, float]:
    """ST at one level from J to J + 80 ms."""
    return {"st_j": st_j, "st_j60": st_j, "st_j80": st_j}
