"""When an ECG may be called normal, and the one-word result.

A normal ECG needs two witnesses: every criterion clear *and* the networks, whose NORM must reach
the limit that was calibrated for it. Where they call it possible, so is the finding; where they do
not agree at all, or are silent, it is `normal-not-confirmed`; in both cases the result is
borderline. Where nobody asked the networks (a caller of `interpret` need not), the criteria alone
decide and say so: the finding `normal-ecg` is then `possible`, never `present`, and the advice
holds `criteria-only`. No result below RED is ever given without the sentence that this does not
rule out a heart attack.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from cardioalert.domain.clinical import Evidence, Finding, Overall, Urgency
from cardioalert.domain.opinion import Call, Opinion
from cardioalert.domain.patient import Sex
from cardioalert.i18n import percent
from cardioalert.i18n import translate as _
from cardioalert.interpret.case import Case
from cardioalert.interpret.checks import Outcome
from cardioalert.interpret.criteria import PACKAGE, kinds
from cardioalert.interpret.network import probability_evidence, silence_text
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
    opinion: Opinion | None = None,
) -> Finding | None:
    """Return the finding of an ECG without abnormality, or None when something stands against it.

    Parameters
    ----------
    case : Case
    judgements : after gates and blocks
    gates_hold : bool
        Whether no gate that matters failed; all twelve leads are among them.
    opinion : Opinion, optional
        None where the networks were not asked.

    Returns
    -------
    Finding, optional
        `normal-ecg`, or `normal-not-confirmed` where only the criteria are clear, or where they are
        but a value or the rhythm is not that of a normal ECG.
    """
    judgements = tuple(judgements)
    if not gates_hold or any(_stands_against(each) for each in judgements):
        return None
    evidence = {each.measure: _in_range(case, each) for each in ranges()}
    outside = [name for name, found in evidence.items() if found is None]
    outcomes = {each.criterion.id: each.outcome for each in judgements}
    finding = Finding(
        code=_table()["finding"],
        title=_(_table()["title"]),
        status="possible",
        urgency=Urgency.GREEN,
        decided_by=("rule:NORM",),
        evidence=tuple(each for each in evidence.values() if each is not None),
    )
    if outside or any(outcomes[rule] < Outcome.NEARLY for rule in _table()["rules"]):
        return _not_shown(finding, outside, outcomes)
    return _with_opinion(finding, opinion)


def _not_shown(
    finding: Finding, outside: Iterable[str], outcomes: Mapping[str, Outcome]
) -> Finding:
    """Return what is left where no criterion is met and yet not all is as in a normal ECG."""
    row = _table()["incomplete"]
    ranges_missed = [
        _("{label} is not within the normal range", label=_(kinds()[name].label))
        for name in outside
    ]
    missed = [_(rule["text"]) for rule in row["rule"] if outcomes[rule["id"]] < Outcome.NEARLY]
    return replace(
        finding,
        code=row["finding"],
        title=_(row["title"]),
        against=(*missed, *ranges_missed),
    )


def _with_opinion(finding: Finding, opinion: Opinion | None) -> Finding:
    """Hear the second witness."""
    if opinion is None:
        text = _("only published criteria were checked, no network was asked")
        return replace(finding, against=(text,))
    table = _table()["network"]
    call = opinion.calls.get(table["asks"])
    if call is not None and call.verdict in (*table["confirms"], *table["doubts"]):
        sure = call.verdict in table["confirms"]
        return replace(
            finding,
            title=finding.title if sure else _(_table()["doubted"]["title"]),
            status="present" if sure else "possible",
            decided_by=(*finding.decided_by, f"network:{table['asks']}"),
            evidence=(*finding.evidence, probability_evidence(table["asks"], call)),
            against=() if sure else (_in_doubt(call),),
            probability=call.probability,
        )
    row = _table()["unconfirmed"]
    text = (
        _("the networks are silent: {reason}").format(reason=silence_text(opinion))
        if call is None
        else _("network: probability of a normal ECG only {probability}").format(
            probability=percent(call.probability)
        )
    )
    return replace(
        finding,
        code=row["finding"],
        title=_(row["title"]),
        against=(text,),
        probability=None if call is None else call.probability,
    )


def _in_doubt(call: Call) -> str:
    """Say how far the networks are from calling the ECG normal."""
    return _(
        "network: probability of a normal ECG {probability} only (called present from {limit})",
        probability=percent(call.probability),
        limit=percent(call.present_from),
    )


def is_criteria_only(findings: Iterable[Finding]) -> bool:
    """Tell whether a normal ECG has one witness only."""
    names = (_table()["finding"], _table()["unconfirmed"]["finding"])
    return any(each.code in names and each.status == "possible" for each in findings)


def overall_result(
    judgements: Iterable[Judgement],
    findings: Iterable[Finding],
    *,
    clear: Finding | None,
    words: Iterable[Overall] = (),
) -> Overall:
    """Return the one-word result.

    Parameters
    ----------
    judgements, findings : what was found
    clear : the result of `normal_finding`
    words : what findings of the networks alone ask for
    """
    findings = tuple(findings)
    counted = [each for each in judgements if each.speaks and not each.criterion.supports]
    only_possible = {each.code for each in findings if each.status == "possible"}
    said = {_word(each, only_possible) for each in counted} | set(words)
    if clear is not None and not _is_confirmed(clear):
        said.add(Overall.BORDERLINE)
    urgent = any(each.urgency >= Urgency.YELLOW for each in findings)
    if Overall.ABNORMAL in said and urgent:
        return Overall.ABNORMAL
    for word in (Overall.NOT_INTERPRETABLE, Overall.ABNORMAL, Overall.BORDERLINE):
        if word in said:
            return word
    return Overall.NOT_INTERPRETABLE if clear is None else Overall.NORMAL


def _word(judgement: Judgement, only_possible: set[str]) -> Overall:
    """Return what a row makes of the result: a benign one that is only possible, borderline.

    Only possible it is by its measurement error, or because the networks see no sign of it. What is
    kept from certainty by something else (too few beats, a second explanation) stays what it is.
    """
    row = judgement.criterion
    doubted = row.benign and row.finding in only_possible and not judgement.check.capped
    if doubted and row.overall is Overall.ABNORMAL and row.urgency <= Urgency.YELLOW:
        return Overall.BORDERLINE
    return row.overall


def _is_confirmed(clear: Finding) -> bool:
    """Tell whether nobody who was asked doubts a normal ECG."""
    heard = len(clear.decided_by) > 1
    doubted = heard and clear.status == "possible"
    return clear.code == _table()["finding"] and not doubted


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
