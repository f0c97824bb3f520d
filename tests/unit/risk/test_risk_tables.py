"""Every row has a source; every code has a text."""

import csv
import tomllib
from importlib import resources

import pytest

from cardioalert.risk import advice, interheart, texts, what_if
from cardioalert.risk.categories import categories
from cardioalert.risk.questionnaire import inputs, units
from cardioalert.risk.questions import QUESTIONS
from cardioalert.risk.scores import BASES, CHARTS, EQUATIONS, scores

FOLDER = resources.files("cardioalert.risk").joinpath("tables")
CSV_FILES = [f.name for f in FOLDER.iterdir() if f.name.endswith(".csv")]
TOML_FILES = [f.name for f in FOLDER.iterdir() if f.name.endswith(".toml")]


@pytest.mark.parametrize("name", CSV_FILES)
def test_every_flat_row_has_a_source(name):
    lines = FOLDER.joinpath(name).read_text(encoding="utf-8").splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert rows
    assert all(row["source"] for row in rows)


@pytest.mark.parametrize("name", TOML_FILES)
def test_every_nested_row_has_a_source(name):
    table = tomllib.loads(FOLDER.joinpath(name).read_text(encoding="utf-8"))
    rows = [row for value in table.values() if isinstance(value, list) for row in value]
    rows = [row for row in rows if isinstance(row, dict)]
    assert "source" in table or all(row["source"] for row in rows)


def test_every_score_has_an_equation_thresholds_and_a_version():
    for name, score in scores().items():
        assert score.points or name in EQUATIONS
        assert categories(score.thresholds)
        assert score.version
        assert set(score.needs) | set(score.optional) <= set(inputs())
        assert set(score.unanswered_as_no) <= set(score.needs)
        assert set(score.limits) <= set(score.needs)
    assert set(EQUATIONS) | set(CHARTS) | set(BASES) <= set(scores())


def test_every_unit_belongs_to_an_input():
    assert {unit.name for unit in units().values()} <= set(inputs())
    assert not set(units()) & set(inputs())


def test_every_code_has_a_text():
    assert set(texts.SCORES) == set(scores())
    assert set(texts.INPUTS) == set(inputs()) | {"sex"}
    bands = [band for score in scores().values() for band in categories(score.thresholds)]
    assert {band.category for band in bands} <= set(texts.CATEGORIES)
    assert {band.advice for band in bands} == {rule.key for rule in advice.rules("advice")}
    rules = [rule for kind in ("advice", "refusal", "answer") for rule in advice.rules(kind)]
    codes = {code for rule in rules for code in rule.codes}
    codes |= {rule.next_step for rule in rules if rule.next_step}
    assert codes == set(texts.ADVICE)
    changes = {target.code for target in what_if.targets()}
    changes |= {item.change for item in interheart.items() if item.change}
    assert changes | {"all-together"} == set(texts.CHANGES)
    assert {code for score in scores().values() for code in score.notes} <= set(texts.NOTES)


def test_every_question_asks_for_a_known_answer():
    keys = {key for q in QUESTIONS for _unit, key in q.units}
    keys |= {q.key for q in QUESTIONS if q.kind == "yes-no"}
    assert keys <= set(inputs()) | set(units())
    assert len({q.key for q in QUESTIONS}) == len(QUESTIONS)


def test_chart_scores_use_the_national_categories():
    bands = [(band.at_least, band.category) for band in categories("moh-uz")]
    assert bands == [(0, "low"), (5, "moderate"), (10, "medium"), (20, "high"), (30, "very-high")]
