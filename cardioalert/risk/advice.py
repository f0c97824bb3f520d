"""What to do next: codes from `tables/advice.toml`, texts from the catalogs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from cardioalert.domain.clinical import Advice
from cardioalert.i18n import language
from cardioalert.i18n import translate as _
from cardioalert.risk import texts
from cardioalert.risk.questionnaire import Answers
from cardioalert.tables import read_toml

_URGENT = ("call-103", "blood-pressure-very-high")
_ALONE = "call-103"  # nothing may distract from it


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Advice of one category, refusal or answer; `key` is the level, the reason or the input."""

    key: str
    codes: tuple[str, ...]
    source: str
    next_step: str = ""
    at_least: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NextSteps:
    """Advice, first things first, and the one thing to do now."""

    advice: tuple[Advice, ...]
    next_step: Advice


@cache
def rules(kind: str) -> tuple[Rule, ...]:
    """Return the rules for `advice` (levels), `refusal` or `answer`."""
    key = {"advice": "level", "refusal": "reason", "answer": "input"}[kind]
    return tuple(
        Rule(key=row[key], codes=tuple(row["codes"]), **_rest(row, key))
        for row in read_toml("cardioalert.risk", "advice.toml")[kind]
    )


def _rest(row: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return the fields of a row besides its key and codes."""
    return {name: value for name, value in row.items() if name not in {key, "codes"}}


def after_score(level: str, answers: Answers) -> NextSteps:
    """Return the advice of a category."""
    rule = next(rule for rule in rules("advice") if rule.key == level)
    return _together((rule,), answers)


def after_refusal(reasons: Iterable[str], answers: Answers) -> NextSteps:
    """Return the advice when no score applies."""
    return _together(tuple(dict.fromkeys(map(_refusal, reasons))), answers)


def _refusal(reason: str) -> Rule:
    """Return the rule of one reason, by its code or by how it begins."""
    known = {rule.key: rule for rule in rules("refusal")}
    prefix = next((key for key in known if reason.startswith(f"{key}-")), "any")
    return known.get(reason) or known[prefix]


def _together(main: tuple[Rule, ...], answers: Answers) -> NextSteps:
    """Add what single answers ask for; urgent things first."""
    if main[0].next_step == _ALONE:
        advice = (advise(_ALONE),)
        return NextSteps(advice=advice, next_step=advice[0])
    single = tuple(rule for rule in rules("answer") if _applies(rule, answers))
    codes = dict.fromkeys(code for rule in (*main, *single) for code in rule.codes)
    ordered = sorted(codes, key=lambda code: code not in _URGENT)
    steps = [rule.next_step for rule in (*single, *main) if rule.next_step]
    return NextSteps(advice=tuple(map(advise, ordered)), next_step=advise(steps[0]))


def _applies(rule: Rule, answers: Answers) -> bool:
    """Tell whether one answer asks for this advice."""
    if rule.key in answers.values:
        return answers.values[rule.key] >= rule.at_least
    return rule.key in answers.symptoms


def advise(code: str) -> Advice:
    """Return one piece of advice in the chosen language."""
    return _advise(code, language())


@cache
def _advise(code: str, _language: str) -> Advice:
    """Return one piece of advice; made once for each language."""
    return Advice(code=code, text=_(texts.ADVICE[code]))
