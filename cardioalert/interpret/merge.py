"""From judgements to findings: what contradicts what, and one finding for what many rows say.

The seam for networks is here: whatever decides, a rule or a network, makes a `Finding` with its
own `decided_by`, and `merge_findings` joins those of one code without losing either.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Final, Literal

from cardioalert.domain.clinical import Evidence, Finding, FindingStatus, NotAssessed, Urgency
from cardioalert.domain.patient import Patient
from cardioalert.domain.record import Lead
from cardioalert.i18n import translate as _
from cardioalert.interpret.checks import Outcome, cap, written
from cardioalert.interpret.criteria import PACKAGE, Checked, Criterion, criteria, with_tuples
from cardioalert.interpret.patterns import Judgement
from cardioalert.interpret.urgency import finding_urgency
from cardioalert.tables import read_toml

MEASURED: Final = "cardioalert.measure"  # its table of reasons is shared
BlockEffect = Literal["not-assessable", "possible", "replaced", "note"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One row of `tables/blocks.toml`: what a met criterion does to others."""

    by: tuple[str, ...]
    rules: tuple[str, ...]
    effect: BlockEffect
    text: str
    source: str
    checked: tuple[Checked, ...]

    def concerns(self, rule: str) -> bool:
        """Tell whether a row is meant; a star at the end stands for any ending."""
        return _is_among(rule, self.rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Territory:
    """One row of `tables/territories.toml`: leads that look at one wall of the heart."""

    label: str
    leads: tuple[Lead, ...]
    source: str
    checked: tuple[Checked, ...]


@cache
def _is_among(rule: str, names: tuple[str, ...]) -> bool:
    """Tell whether a row has one of the names; each of the few rows is asked about often."""
    return any(rule.startswith(name[:-1]) if name.endswith("*") else rule == name for name in names)


@cache
def blocks() -> tuple[Block, ...]:
    """Return all blocks, in order."""
    return tuple(Block(**with_tuples(row)) for row in read_toml(PACKAGE, "blocks.toml")["block"])


@cache
def territories() -> tuple[Territory, ...]:
    """Return the walls of the heart."""
    return tuple(
        Territory(
            label=row["label"],
            leads=tuple(Lead(name) for name in row["leads"]),
            source=row["source"],
            checked=tuple(row["checked"]),
        )
        for row in read_toml(PACKAGE, "territories.toml")["territory"]
    )


@cache
def _reasons() -> Mapping[str, str]:
    """Return the texts of the reason codes: those of the measurements and those of the rules."""
    measured = read_toml(MEASURED, "reasons.toml")["reason"]
    return {
        **{row["code"]: row["text"] for row in measured},
        **read_toml(PACKAGE, "reasons.toml")["reasons"],
    }


def apply_blocks(
    judgements: tuple[Judgement, ...], confirmed: Collection[str] = ()
) -> tuple[Judgement, ...]:
    """Apply the blocks in order.

    A row that was silenced blocks nothing; a row within its error of the limit silences nothing,
    it only replaces a lower grade and is noted, unless the networks confirm it.

    Parameters
    ----------
    judgements : tuple of Judgement
    confirmed : rules whose finding the networks call present (`network.confirmed`)
    """
    by_id = {each.criterion.id: each for each in judgements}
    for block in blocks():
        silences = block.effect in ("not-assessable", "possible")
        needed = Outcome.MET if silences else Outcome.BARELY
        if any(
            rule in by_id
            and by_id[rule].outcome >= (Outcome.BARELY if rule in confirmed else needed)
            for rule in block.by
        ):
            by_id = {
                rule: _blocked(each, block) if block.concerns(rule) else each
                for rule, each in by_id.items()
            }
    return tuple(by_id.values())


def findings_of(judgements: Iterable[Judgement], patient: Patient) -> tuple[Finding, ...]:
    """Return what the judgements found, most urgent first."""
    judgements = tuple(judgements)
    met = {each.criterion.id for each in judgements if each.outcome >= Outcome.BARELY}
    makers = [each for each in judgements if _makes_finding(each, judgements)]
    codes = {each.criterion.finding for each in makers}
    helpers = [
        each
        for each in judgements
        if each.criterion.supports
        and each.criterion.finding in codes
        and each.outcome >= Outcome.BARELY
    ]
    merged = merge_findings(
        [_finding(each, patient, met) for each in makers],
        [_finding(each, patient, met) for each in helpers],
    )
    return tuple(_with_territory(finding) for finding in merged)


def merge_findings(
    found: Iterable[Finding], support: Iterable[Finding] = ()
) -> tuple[Finding, ...]:
    """Join findings of one code, most urgent first; `support` adds evidence only.

    Evidence keeps the order it came in: the row that defines a finding stands before its grades.
    """
    groups: dict[str, list[Finding]] = {}
    for finding in found:
        groups.setdefault(finding.code, []).append(finding)
    extra = tuple(support)
    merged = (
        _joined(group, [each for each in extra if each.code == code])
        for code, group in groups.items()
    )
    return tuple(sorted(merged, key=_rank))


def not_assessed(judgements: Iterable[Judgement]) -> tuple[NotAssessed, ...]:
    """List the rows that could not be judged, each with its reason, and those never judged."""
    unknown = (
        NotAssessed(code=each.criterion.id, reason=_reason(each))
        for each in judgements
        if each.outcome is Outcome.UNKNOWN
    )
    never = (NotAssessed(code=row["id"], reason=_(row["text"])) for row in _not_computed())
    return (*unknown, *never)


@cache
def _not_computed() -> list[dict[str, str]]:
    """Return the rows that are never judged."""
    rows: list[dict[str, str]] = read_toml(PACKAGE, "not_computed.toml")["criterion"]
    return rows


def reason_text(code: str) -> str:
    """Return the text of a reason code; an unknown code stands for itself."""
    return _(_reasons().get(code, code))


def criterion_by_id(rule: str) -> Criterion:
    """Return one row of the criteria."""
    return _criteria_by_id()[rule]


@cache
def _criteria_by_id() -> Mapping[str, Criterion]:
    """Return the rows by id: they are asked for a hundred times for one ECG."""
    return {criterion.id: criterion for criterion in criteria()}


def _blocked(judgement: Judgement, block: Block) -> Judgement:
    """Apply one block to one judgement."""
    text = _(block.text)
    if block.effect == "not-assessable":
        return replace(judgement, silenced_by=judgement.silenced_by or text)
    if block.effect == "replaced":
        return replace(judgement, replaced=True)
    if block.effect == "possible":
        return replace(judgement, check=cap(judgement.check, text))
    check = judgement.check
    if check.outcome < Outcome.NEARLY:
        return judgement
    return replace(judgement, check=replace(check, against=(*check.against, text)))


def _makes_finding(judgement: Judgement, judgements: Iterable[Judgement]) -> bool:
    """Tell whether a row makes a finding.

    A benign row just short of its limit does so only where its table row asks for it, and where no
    other row says the same for certain.
    """
    criterion = judgement.criterion
    if judgement.outcome < Outcome.NEARLY or criterion.supports:
        return False
    if judgement.speaks:
        return True
    return (
        judgement.outcome is Outcome.NEARLY
        and criterion.near
        and not any(
            each.criterion.finding == criterion.finding and each.speaks for each in judgements
        )
    )


def _finding(judgement: Judgement, patient: Patient, met: set[str]) -> Finding:
    """Turn a row that fired into a finding."""
    criterion, check = judgement.criterion, judgement.check
    sure = is_sure(judgement)
    doubts = (judgement.doubt,) if judgement.doubt else ()
    return Finding(
        code=criterion.finding,
        title=_(criterion.title),
        status="present" if sure and criterion.certain and not doubts else "possible",
        urgency=finding_urgency(criterion, patient, met, lowered=not sure),
        decided_by=(f"rule:{criterion.id}",),
        evidence=tuple(map(written, check.evidence)) or (_bare_evidence(criterion),),
        against=(*(_(text) for text in check.against), *doubts),
    )


def is_sure(judgement: Judgement) -> bool:
    """Tell whether a row that fired did so beyond doubt.

    A benign row close to its limit, on either side, is borderline. A row that can mean danger
    counts from its limit on, and is possible close below it.
    """
    lowest = Outcome.MET if judgement.criterion.benign else Outcome.BARELY
    return judgement.outcome >= lowest


def _bare_evidence(criterion: Criterion) -> Evidence:
    """Return evidence for a row made of other rows only."""
    return Evidence(text=_(criterion.title), measure=criterion.id, value=1.0, limit=1.0, unit="1")


_STATUS_RANK: Final = {"present": 0, "possible": 1, "not-assessable": 2}


def _rank(finding: Finding) -> tuple[int, int]:
    """Order findings: urgent before less urgent, present before possible."""
    return (-finding.urgency, _STATUS_RANK[finding.status])


def _joined(group: list[Finding], support: list[Finding]) -> Finding:
    """Join findings of one code; the most urgent one gives the title."""
    first = min(group, key=_rank)
    everything = [*group, *support]
    status: FindingStatus = min((each.status for each in group), key=_STATUS_RANK.__getitem__)
    evidence = _distinct(each for finding in everything for each in finding.evidence)
    probabilities = [each.probability for each in group if each.probability is not None]
    return replace(
        first,
        status=status,
        urgency=max((each.urgency for each in group), default=Urgency.GREY),
        decided_by=tuple(dict.fromkeys(name for each in everything for name in each.decided_by)),
        evidence=evidence,
        against=tuple(dict.fromkeys(text for each in everything for text in each.against)),
        probability=max(probabilities, default=None),
    )


def _distinct(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Keep one line per measure and set of leads: the first, most urgent one."""
    kept: dict[tuple[str, frozenset[Lead], str], Evidence] = {}
    for each in evidence:
        text = "" if each.leads or each.measure == "heart_rate" else each.text
        kept.setdefault((each.measure, frozenset(each.leads), text), each)
    return tuple(kept.values())


TERRITORIAL: Final = ("st-elevation",)
"""Codes of the findings whose leads name a wall of the heart."""


def _with_territory(finding: Finding) -> Finding:
    """Add the walls of the heart whose leads show ST elevation to the title."""
    if finding.code not in TERRITORIAL:
        return finding
    elevated = (each for each in finding.evidence if each.measure == "st_j" and each.value > 0)
    leads = {lead for each in elevated for lead in each.leads}
    walls = [_(wall.label) for wall in territories() if len(leads.intersection(wall.leads)) >= 2]
    return replace(finding, title=f"{finding.title} ({', '.join(walls)})") if walls else finding


def _reason(judgement: Judgement) -> str:
    """Say why a row could not be judged."""
    if judgement.silenced_by:
        return judgement.silenced_by
    codes = judgement.check.reasons or ("not-measurable",)
    return "; ".join(dict.fromkeys(reason_text(code) for code in codes))
