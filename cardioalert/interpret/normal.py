"""When an ECG may be called normal, and the one-word result.

The specification asks two witnesses for a normal ECG: every criterion clear *and* the network.
While no network is installed, the criteria alone decide, and say so: the finding `normal-ecg` is
then `possible`, never `present`, names what is missing under `against`, the advice holds
`criteria-only`, and `not_assessed` lists the network. The alternatives were worse: "borderline"
would name an abnormality that nobody saw, and "not interpretable" would teach people to ignore
that word. No result below RED is ever given without the sentence that this does not rule out a
heart attack. When a network is installed, `normal_finding` takes its verdict as `network_agrees`:
False forbids normal, True makes it present.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from cardioalert.domain.clinical import Evidence, Finding, Overall, Urgency
from cardioalert.domain.patient import Sex
from cardioalert.i18n import translate as _
from cardioalert.interpret.case import Case
from cardioalert.interpret.checks import Outcome
from cardioalert.interpret.criteria import PACKAGE, kinds
from cardioalert.interpret.patterns import Judgement
from cardioalert.tables import read_toml


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """One range of `tables/normal.toml`, in the unit of the measure."""

    measure: str
    at_least: float
    at_most: float
    at_most_male: float | None = None

    def upper(self, sex: Sex | None) -> float:
        """Return the upper limit; the stricter one when sex is not known."""
        if self.at_most_male is None or sex is Sex.FEMALE:
            return self.at_most
        return self.at_most_male


@cache
def _table() -> dict[str, Any]:
    """Return the table of the normal ECG."""
    table: dict[str, Any] = read_toml(PACKAGE, "normal.toml")["normal"]
    return table


@cache
def ranges() -> tuple[Range, ...]:
    """Return the ranges of a normal ECG."""
    return tuple(Range(**row) for row in _table()["range"])


def normal_finding(
    case: Case,
    judgements: Iterable[Judgement],
    *,
    gates_hold: bool,
    network_agrees: bool | None = None,
) -> Finding | None:
    """Return the finding of a normal ECG, or None when something stands against it.

    Parameters
    ----------
    case : Case
    judgements : after gates and blocks
    gates_hold : bool
        Whether no gate that matters failed; all twelve leads are among them.
    network_agrees : bool, optional
        None while no network is installed.
    """
    judgements = tuple(judgements)
    evidence = [_in_range(case, each) for each in ranges()]
    required = {each.criterion.id: each.outcome for each in judgements}
    clear = (
        gates_hold
        and network_agrees is not False
        and all(evidence)
        and all(required[rule] >= Outcome.NEARLY for rule in _table()["rules"])
        and not any(_stands_against(each) for each in judgements)
    )
    if not clear:
        return None
    criteria_only = _("only published criteria were checked, no network is installed")
    return Finding(
        code=_table()["finding"],
        title=_(_table()["title"]),
        status="present" if network_agrees else "possible",
        urgency=Urgency.GREEN,
        decided_by=("rule:NORM",),
        evidence=tuple(each for each in evidence if each is not None),
        against=() if network_agrees else (criteria_only,),
    )


def overall_result(
    judgements: Iterable[Judgement], findings: Iterable[Finding], *, normal: bool
) -> Overall:
    """Return the one-word result."""
    counted = [each for each in judgements if each.speaks and not each.criterion.supports]
    words = {each.criterion.overall for each in counted}
    urgent = any(each.urgency >= Urgency.YELLOW for each in findings)
    if Overall.ABNORMAL in words and urgent:
        return Overall.ABNORMAL
    if Overall.NOT_INTERPRETABLE in words:
        return Overall.NOT_INTERPRETABLE
    if Overall.ABNORMAL in words:
        return Overall.ABNORMAL
    if Overall.BORDERLINE in words:
        return Overall.BORDERLINE
    return Overall.NORMAL if normal else Overall.NOT_INTERPRETABLE


def _in_range(case: Case, limits: Range) -> Evidence | None:
    """Return the evidence of a value in its normal range, None outside it or without a value."""
    kind, value = kinds()[limits.measure], case.value(limits.measure).value
    upper = limits.upper(case.patient.sex)
    if value is None or not limits.at_least <= value <= upper:
        return None
    text = _(
        "{label} {value} (normal {low:g} to {high:g})",
        label=_(kind.label),
        value=kind.text(value),
        low=limits.at_least,
        high=upper,
    )
    return Evidence(text=text, measure=kind.name, value=value, limit=upper, unit=kind.unit)


def _stands_against(judgement: Judgement) -> bool:
    """Tell whether a row keeps the ECG from being normal."""
    if judgement.speaks and not judgement.criterion.supports:
        return judgement.criterion.overall is not Overall.NORMAL
    return judgement.criterion.blocks_normal and judgement.outcome is Outcome.UNKNOWN
