"""Weigh what the networks say against what the criteria say, by `tables/merging.toml`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final, Literal

from cardioalert.domain.clinical import Evidence, Finding, NotAssessed, Overall, Urgency
from cardioalert.domain.opinion import Call, Opinion
from cardioalert.i18n import percent
from cardioalert.i18n import translate as _
from cardioalert.interpret.checks import Outcome
from cardioalert.interpret.criteria import PACKAGE, Checked, parse_urgency, with_tuples
from cardioalert.interpret.patterns import Judgement
from cardioalert.tables import read_toml

HIGHEST_ALONE: Final = Urgency.ORANGE

RuleState = Literal["met", "possible", "clear", "unknown"]
Effect = Literal["confirm", "raise", "keep", "doubt", "add", "add-unjudged", "nothing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A finding both criteria and networks know.

    Attributes
    ----------
    asks : statement or group of the networks
    findings : codes of the criteria's findings that mean the same; the first is that of a finding
        the networks make alone
    alone : whether they may
    lowers : whether their doubt turns present into possible
    urgency : of a finding the networks make alone
    overall : what such a finding makes of the one-word result
    """

    asks: str
    findings: tuple[str, ...]
    title: str
    alone: bool
    lowers: bool
    urgency: Urgency
    overall: Overall
    source: str
    checked: tuple[Checked, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """What the networks may not say alone while a row of the criteria is met."""

    when: tuple[str, ...]
    asks: tuple[str, ...]
    source: str
    checked: tuple[Checked, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """Findings that cannot both be true."""

    first: str
    second: tuple[str, ...]
    text: str
    source: str
    checked: tuple[Checked, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """Findings after the networks were heard, and the results that those alone ask for."""

    findings: tuple[Finding, ...]
    overall: tuple[Overall, ...] = ()


@cache
def _table() -> dict[str, Any]:
    return read_toml(PACKAGE, "merging.toml")


@cache
def shared_findings() -> tuple[Shared, ...]:
    """Return the findings both know.

    Raises
    ------
    ValueError
        A row would let a network alone ask for more than ORANGE.
    """
    rows = []
    for row in _table()["finding"]:
        urgency = parse_urgency(row["urgency"])
        if urgency > HIGHEST_ALONE:
            raise ValueError(f"a network alone may not ask for {row['urgency']}: {row['asks']}")
        changes = {"urgency": urgency, "overall": Overall(row["overall"])}
        rows.append(Shared(**with_tuples({**row, **changes})))
    return tuple(rows)


@cache
def quiet_rows() -> tuple[Quiet, ...]:
    """Return what keeps the networks from speaking alone."""
    return tuple(Quiet(**with_tuples(row)) for row in _table()["quiet"])


@cache
def contradictions() -> tuple[Contradiction, ...]:
    """Return what cannot both be true."""
    return tuple(Contradiction(**with_tuples(row)) for row in _table()["contradiction"])


def effect_of(rules: RuleState, call: Call | None) -> Effect:
    """Return what follows from both; None stands for a network that cannot speak."""
    effect: Effect = _table()["cases"][rules]["silent" if call is None else call.verdict]
    return effect


def weigh(
    findings: Iterable[Finding], judgements: Iterable[Judgement], opinion: Opinion
) -> Weighed:
    """Weigh the networks' calls against the findings of the criteria.

    Parameters
    ----------
    findings : of the criteria
    judgements : after gates and blocks
    opinion : Opinion
        One that is silent changes nothing.
    """
    found = list(findings)
    judged = tuple(judgements)
    met = {each.criterion.id for each in judged if each.outcome >= Outcome.BARELY}
    quiet = {asks for row in quiet_rows() if met.intersection(row.when) for asks in row.asks}
    words: list[Overall] = []
    for shared in shared_findings():
        call = opinion.calls.get(shared.asks)
        effect = effect_of(_rule_state(shared, found, judged), call)
        if call is None or effect in ("keep", "nothing"):
            continue
        if effect in ("add", "add-unjudged"):
            if shared.alone and shared.asks not in quiet:
                found.append(_alone(shared, call, effect))
                words.append(shared.overall)
            continue
        found = [
            _heard(each, shared, call, effect) if each.code in shared.findings else each
            for each in found
        ]
    return Weighed(findings=tuple(found), overall=tuple(words))


def confirmed(judgements: Iterable[Judgement], opinion: Opinion) -> frozenset[str]:
    """Return the rules whose own finding the networks call present.

    What both witnesses see is present, also where a value lies within its error of a limit; it
    then means to other rows what it means where the limit is clearly met.
    """
    seen = {
        shared.findings[0]
        for shared in shared_findings()
        if shared.asks in opinion.calls and opinion.calls[shared.asks].verdict == "present"
    }
    return frozenset(each.criterion.id for each in judgements if each.criterion.finding in seen)


def resolve(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Apply the table of contradictions."""
    found = list(findings)
    for rule in contradictions():
        first = next((each for each in found if each.code == rule.first), None)
        if first is None or not any(each.code in rule.second for each in found):
            continue
        if first.status == "present":
            found = [each for each in found if each.code not in rule.second]
        else:
            both = (rule.first, *rule.second)
            found = [_contradicted(each, rule) if each.code in both else each for each in found]
    return tuple(found)


def unheard(opinion: Opinion | None) -> tuple[NotAssessed, ...]:
    """List what the networks did not say: nothing at all, or nothing on rare dangers."""
    if opinion is None:
        return (NotAssessed(code="network", reason=_("no network was asked")),)
    if opinion.silence:
        return (NotAssessed(code="network", reason=silence_text(opinion)),)
    return (NotAssessed(code="network:rare", reason=_(_table()["rare"]["text"])),)


def silence_text(opinion: Opinion) -> str:
    """Say why the networks are silent."""
    return _(_table()["silences"][opinion.silence])


def probability_evidence(name: str, call: Call) -> Evidence:
    """Return the line of evidence of a network, with the limit of the verdict that it gave."""
    possible = call.verdict == "possible"
    limit = call.possible_from if possible else call.present_from
    text = (
        _("network: probability {probability} (called possible from {limit})")
        if possible
        else _("network: probability {probability} (called present from {limit})")
    ).format(probability=percent(call.probability), limit=percent(limit))
    return Evidence(
        text=text,
        measure=f"probability:{name}",
        value=call.probability,
        limit=limit,
        unit="1",
    )


def _rule_state(
    shared: Shared, findings: Iterable[Finding], judgements: Iterable[Judgement]
) -> RuleState:
    """Return what the criteria say of a finding."""
    statuses = {each.status for each in findings if each.code in shared.findings}
    if "present" in statuses:
        return "met"
    if "possible" in statuses:
        return "possible"
    rows = [
        each
        for each in judgements
        if each.criterion.finding in shared.findings and not each.criterion.supports
    ]
    unknown = not rows or any(each.outcome is Outcome.UNKNOWN for each in rows)
    return "unknown" if unknown else "clear"


def _alone(shared: Shared, call: Call, effect: Effect) -> Finding:
    """Return a finding that only the networks make."""
    return Finding(
        code=shared.findings[0],
        title=_(shared.title),
        status="possible",
        urgency=shared.urgency,
        decided_by=(f"network:{shared.asks}",),
        evidence=(probability_evidence(shared.asks, call),),
        against=(_(_table()["texts"][effect]["text"]),),
        probability=call.probability,
    )


def _heard(finding: Finding, shared: Shared, call: Call, effect: Effect) -> Finding:
    """Return a finding of the criteria after the networks were heard; its urgency never falls."""
    named = (*finding.decided_by, f"network:{shared.asks}")
    evidence = (*finding.evidence, probability_evidence(shared.asks, call))
    if effect == "doubt":
        text = _(_table()["texts"]["doubt"]["text"]).format(probability=percent(call.probability))
        return replace(
            finding,
            status="possible" if shared.lowers else finding.status,
            against=(*finding.against, text),
            probability=call.probability,
        )
    return replace(
        finding,
        status="present" if effect == "raise" else finding.status,
        urgency=max(finding.urgency, shared.urgency) if effect == "raise" else finding.urgency,
        decided_by=named,
        evidence=evidence,
        probability=call.probability,
    )


def _contradicted(finding: Finding, rule: Contradiction) -> Finding:
    """Return a finding that another one excludes."""
    against = (*finding.against, _(rule.text))
    return replace(finding, status="possible", against=tuple(dict.fromkeys(against)))


__all__ = ["Contradiction", "Mapping", "Shared", "Weighed", "resolve", "unheard", "weigh"]
