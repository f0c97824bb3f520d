"""The tables: every row has a source, and every name in one table exists in the other."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from cardioalert.domain.clinical import Overall, Urgency
from cardioalert.domain.measures import MEASURES
from cardioalert.domain.patient import Symptom
from cardioalert.domain.record import Lead
from cardioalert.interpret.advice import _rows as advice_rows
from cardioalert.interpret.criteria import SYMPTOM_KEYS, Checked, criteria, kinds
from cardioalert.interpret.gates import gates
from cardioalert.interpret.lead_patterns import LVH_ROWS
from cardioalert.interpret.merge import MEASURED, blocks, reason_text, territories
from cardioalert.interpret.normal import ranges
from cardioalert.interpret.patterns import PATTERNS
from cardioalert.interpret.quantities import DERIVED, RHYTHM_NAMES
from cardioalert.interpret.urgency import symptom_overrides
from cardioalert.tables import read_toml

PACKAGE = "cardioalert.interpret"
IDS = [row.id for row in criteria()]
MARKS = set(get_args(Checked))


def test_ids_are_unique():
    assert len(IDS) == len(set(IDS))


@pytest.mark.parametrize("row", criteria(), ids=lambda row: row.id)
def test_every_row_is_complete(row):
    assert row.source
    assert row.checked
    assert set(row.checked) <= MARKS
    assert bool(row.measure) is not bool(row.pattern)
    assert re.fullmatch(r"[a-z0-9-]+", row.finding)
    assert row.title[0].isupper()
    assert set(row.symptoms) <= set(SYMPTOM_KEYS)
    assert set(row.raised_by) <= set(IDS)
    assert row.possible_urgency <= row.urgency
    assert set(row.needs) <= {*Lead, *MEASURES, *RHYTHM_NAMES, "beats"}
    assert row.needs


@pytest.mark.parametrize("row", criteria(), ids=lambda row: row.id)
def test_what_a_row_names_exists(row):
    if row.pattern:
        assert row.pattern in PATTERNS
    else:
        assert row.measure in {*MEASURES, *RHYTHM_NAMES, *DERIVED}
        assert row.measure in kinds()
        assert row.directions()
    assert set(row.advice) <= set(advice_rows())


@pytest.mark.parametrize("row", criteria(), ids=lambda row: row.id)
def test_limits_that_depend_on_the_person_say_what_holds_for_a_stranger(row):
    assert bool(row.variants) is bool(row.unknown)


@pytest.mark.parametrize("row", criteria(), ids=lambda row: row.id)
def test_what_can_be_red_is_never_benign(row):
    levels = {row.urgency, *row.symptoms.values(), *row.raised_by.values()}
    lasting = levels - {row.symptoms.get("syncope")}
    if Urgency.RED in lasting:
        assert not row.benign


def test_every_pattern_is_used():
    assert set(PATTERNS) == {row.pattern for row in criteria() if row.pattern}


def test_blocks_name_rows_and_their_source():
    for block in blocks():
        assert block.source
        assert set(block.checked) <= MARKS
        assert set(block.by) <= set(IDS)
        for name in block.rules:
            assert any(block.concerns(each) for each in IDS), name


def test_lvh_rows_are_the_rows_of_the_lvh_finding():
    assert set(LVH_ROWS) == {row.id for row in criteria() if row.finding == "lvh-voltage"}


def test_gates_stand_in_order_with_their_source():
    numbers = [gate.number for gate in gates()]
    assert numbers == sorted(numbers)
    groups = {row.group for row in criteria()}
    for gate in gates():
        assert gate.source
        assert set(gate.checked) <= MARKS
        assert set(gate.groups) <= groups
        assert set(gate.advice) <= set(advice_rows())


def test_the_other_tables_have_sources():
    for override in symptom_overrides():
        assert override.source
        assert override.advice in advice_rows()
    assert {override.symptom for override in symptom_overrides()} == {
        Symptom.CHEST_PAIN,
        Symptom.BREATHLESSNESS,
        Symptom.SYNCOPE,
        Symptom.WEAKNESS,
    }
    for wall in territories():
        assert wall.source
    for kind in kinds().values():
        assert kind.source
    for row in read_toml(PACKAGE, "not_computed.toml")["criterion"]:
        assert row["source"]
        assert row["id"] not in IDS


def test_named_measures_have_the_unit_people_read():
    for name, measure in MEASURES.items():
        assert kinds()[name].unit == measure.export_unit
        assert kinds()[name].decimals == measure.decimals


def test_normal_ranges_are_those_of_the_criteria():
    rows = {row.id: row for row in criteria()}
    limits = {each.measure: each for each in ranges()}
    assert limits["pr"].at_least == rows["SP1"].numbers["below"]
    assert limits["pr"].at_most == rows["AV1"].numbers["above"]
    assert limits["qrs"].at_most == rows["IVCD"].numbers["qrs_ms"]
    assert limits["qrs_axis"].at_least == rows["AX-L"].numbers["below"]
    assert limits["qrs_axis"].at_most == rows["AX-R"].numbers["above"]
    men, women = rows["QTL"].variants
    assert limits["qtc_fridericia"].at_most_male == men.numbers["qtc_ms"]
    assert limits["qtc_fridericia"].at_most == women.numbers["qtc_ms"]
    assert limits["qtc_fridericia"].at_least == rows["QTS"].numbers["qtc_ms"]


def test_every_reason_has_its_text_in_one_place():
    ours = read_toml(PACKAGE, "reasons.toml")["reasons"]
    theirs = {row["code"]: row["text"] for row in read_toml(MEASURED, "reasons.toml")["reason"]}
    assert not set(ours) & set(theirs)
    for code, text in {**ours, **theirs}.items():
        assert reason_text(code) == text
        assert text[0].islower() or text.startswith(("P ", "QRS ", "T "))
        assert not text.endswith(".")


def test_findings_of_one_code_agree_on_the_one_word_result_at_least_in_part():
    for row in criteria():
        if row.urgency >= Urgency.ORANGE:
            assert row.overall in (Overall.ABNORMAL, Overall.NOT_INTERPRETABLE)


FORBIDDEN = (
    "no infarction",
    "no heart attack",
    "no myocardial",
    "without infarction",
    "excludes a heart attack",
    "rules out a heart attack",
    "heart attack excluded",
    "infarction excluded",
    "not a heart attack",
    "bifascicular",
    "trifascicular",
    "brugada pattern",
)


def every_text() -> list[str]:
    """Every text of every table."""
    texts = []
    names = (
        "rhythm",
        "conduction",
        "voltage",
        "ischemia",
        "repolarization",
        "recording",
        "blocks",
        "gates",
        "not_computed",
        "normal",
        "reasons",
        "urgency",
        "advice",
        "territories",
    )
    stack = [read_toml(PACKAGE, f"{name}.toml") for name in names]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)
        elif isinstance(value, str):
            texts.append(value)
    return texts


@pytest.mark.parametrize("phrase", FORBIDDEN)
def test_no_text_says_that_there_is_no_infarction(phrase):
    assert not [text for text in every_text() if phrase in text.lower()]
