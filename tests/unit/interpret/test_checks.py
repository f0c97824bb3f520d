"""Comparisons and their combinations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardioalert.domain.record import Lead
from cardioalert.interpret.case import LIMB_CHAIN
from cardioalert.interpret.checks import (
    Check,
    Kind,
    Outcome,
    Quantity,
    all_in_turn,
    all_of,
    any_of,
    cap,
    compare,
    n_of,
    negate,
    seen,
    written,
)

MM = Kind(name="st_j", label="ST at J", unit="mV", decimals=2, signed=True, source="test")
OUTCOMES = st.lists(st.sampled_from(Outcome), min_size=1, max_size=6)


def quantity(value: float | None, **changes) -> Quantity:
    return Quantity(kind=MM, value=value, **changes)


def checks(outcomes: list[Outcome]) -> list[Check]:
    return [Check(outcome=outcome) for outcome in outcomes]


@pytest.mark.parametrize(
    ("direction", "value", "expected"),
    [
        ("at_least", 1.0, Outcome.MET),
        ("above", 1.0, Outcome.NOT_MET),
        ("at_most", 1.0, Outcome.MET),
        ("below", 1.0, Outcome.NOT_MET),
        ("above", 1.1, Outcome.MET),
        ("below", 0.9, Outcome.MET),
    ],
)
def test_the_limit_itself_belongs_to_at_least_and_at_most(direction, value, expected):
    assert compare(quantity(value), direction, 1.0).outcome is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.85, Outcome.NOT_MET),
        (0.95, Outcome.NEARLY),
        (1.0, Outcome.BARELY),
        (1.05, Outcome.BARELY),
        (1.15, Outcome.MET),
    ],
)
def test_doubt_reaches_one_standard_deviation_to_both_sides(value, expected):
    assert compare(quantity(value, sd=0.1), "at_least", 1.0).outcome is expected


def test_an_error_as_large_as_the_limit_does_not_make_nothing_borderline():
    flat, half = (compare(quantity(value, sd=0.05), "at_most", -0.05) for value in (0.0, -0.03))
    assert (flat.outcome, half.outcome) == (Outcome.NOT_MET, Outcome.NEARLY)


def test_a_missing_value_is_unknown_with_its_reason():
    check = compare(quantity(None, reason="noisy"), "above", 1.0)
    assert check.outcome is Outcome.UNKNOWN
    assert check.reasons == ("noisy",)


def test_weak_evidence_is_possible_but_never_absent():
    assert compare(quantity(2.0, weak=True), "above", 1.0).outcome is Outcome.NEARLY
    assert compare(quantity(0.0, weak=True), "above", 1.0).outcome is Outcome.UNKNOWN


def test_evidence_says_what_was_compared():
    check = compare(
        quantity(0.314, place="V3", leads=(Lead.V3,)), "at_least", 0.2, "men 40 years and older"
    )
    evidence = written(check.evidence[0])
    assert evidence.text == "ST at J +0.31 mV in V3 (limit +0.20 mV, men 40 years and older)"
    assert (evidence.value, evidence.limit, evidence.leads) == (0.314, 0.2, (Lead.V3,))
    assert check.margin == pytest.approx(0.114)


@given(OUTCOMES)
def test_and_or_and_counting_are_one_thing(outcomes):
    each = checks(outcomes)
    assert n_of(1, each).outcome is any_of(*each).outcome
    assert n_of(len(each), each).outcome is all_of(*each).outcome


@given(OUTCOMES)
def test_judging_in_turn_changes_nothing_and_stops_where_it_may(outcomes):
    each = [Check(outcome=outcome, reasons=(str(k),)) for k, outcome in enumerate(outcomes)]
    made: list[Check] = []

    def maker(check: Check):
        return lambda: made.append(check) or check

    in_turn = all_in_turn(each[0], *map(maker, each[1:]))
    together = all_of(*each)
    assert in_turn.outcome is together.outcome
    if Outcome.NOT_MET in outcomes:
        assert made == each[1 : outcomes.index(Outcome.NOT_MET) + 1]
    assert in_turn.reasons == together.reasons
    assert in_turn == together


@given(OUTCOMES, st.integers(1, 6))
def test_one_more_met_check_never_lowers_the_outcome(outcomes, needed):
    before = n_of(needed, checks(outcomes)).outcome
    assert n_of(needed, checks([*outcomes, Outcome.MET])).outcome >= before


@given(st.sampled_from(Outcome))
def test_twice_negated_is_the_same(outcome):
    assert negate(negate(Check(outcome=outcome))).outcome is outcome


@given(st.sampled_from(Outcome))
def test_a_cap_never_raises(outcome):
    capped = cap(Check(outcome=outcome), "why")
    assert capped.outcome == min(outcome, Outcome.NEARLY)


def test_nobody_looked_is_unknown():
    assert seen(None, "P", measure="p").outcome is Outcome.UNKNOWN
    assert seen(True, "P", measure="p").evidence[0].text == "P"
    assert seen(False, "P", measure="p").evidence == ()


def test_inverted_avr_is_written_with_a_minus_sign():
    labels = [place.label for place in LIMB_CHAIN]
    assert labels == ["aVL", "I", "\N{MINUS SIGN}aVR", "II", "aVF", "III"]
