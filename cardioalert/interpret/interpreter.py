"""Measurements in, interpretation out: the order of judgement in one place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cardioalert.domain.clinical import (
    Finding,
    Interpretation,
    Measurements,
    NotAssessed,
    Overall,
    Urgency,
)
from cardioalert.domain.imaging import Digitized
from cardioalert.domain.opinion import Opinion
from cardioalert.domain.patient import Patient
from cardioalert.domain.record import STANDARD_LEADS, ECGRecord
from cardioalert.i18n import translate as _
from cardioalert.interpret import gates, merge, network, normal
from cardioalert.interpret.advice import advice_for, disclaimer
from cardioalert.interpret.case import Case
from cardioalert.interpret.checks import Outcome
from cardioalert.interpret.patterns import Judgement, judge
from cardioalert.interpret.urgency import active_overrides, total_urgency


def interpret(
    measurements: Measurements,
    record: ECGRecord,
    patient: Patient,
    *,
    digitized: Digitized | None = None,
    opinion: Opinion | None = None,
    on_paper: bool | None = None,
) -> Interpretation:
    """Judge the criteria and say what follows.

    Parameters
    ----------
    measurements : Measurements
    record : ECGRecord
        What was measured; its duration is evidence where hardly any beat was found.
    patient : Patient
        Age, sex and symptoms; unknown age or sex means the stricter limits.
    digitized : Digitized, optional
        Where the record comes from a picture: its quality, scale and lead names.
    opinion : Opinion, optional
        What the networks say; None: they were not asked.
    on_paper : bool, optional
        Whether the record was read from paper, for a record kept without its picture; None: it was
        if `digitized` is given.

    Returns
    -------
    Interpretation
        Findings most urgent first. A criterion that did not fire is never evidence that nothing is
        wrong; what could not be judged is in `not_assessed`.
    """
    paper = digitized is not None if on_paper is None else on_paper
    inputs = gates.Inputs(
        measurements=measurements, patient=patient, digitized=digitized, on_paper=paper
    )
    failed = gates.failed_gates(inputs)
    case = Case(
        measurements=measurements,
        patient=patient,
        duration=record.duration,
        on_paper=paper,
        beats_needed=gates.beats_needed(inputs),
    )
    heard = opinion or Opinion(kind="digital")
    judgements = gates.close(judge(case), failed)
    judgements = merge.apply_blocks(judgements, network.confirmed(judgements, heard))
    if any(each.gate.effect == "refuse" for each in failed):
        return _refused(judgements, failed, patient)
    found = merge.findings_of(judgements, patient)
    weighed = network.weigh(found, judgements, heard)
    holds = not any(each.gate.stops_normal for each in failed) and not weighed.overall
    clear = normal.normal_finding(case, judgements, gates_hold=holds, opinion=opinion)
    findings = merge.merge_findings(
        network.resolve([*weighed.findings, *([clear] if clear else [])])
    )
    overall = normal.overall_result(judgements, findings, clear=clear, words=weighed.overall)
    unseen = (
        *_gate_entries(failed),
        *_lead_entries(measurements),
        *merge.not_assessed(judgements),
        *network.unheard(opinion),
    )
    result = _interpretation(findings, unseen, overall, failed, patient)
    return result if opinion is None else replace(result, opinion=opinion)


def _refused(
    judgements: Iterable[Judgement], failed: tuple[gates.FailedGate, ...], patient: Patient
) -> Interpretation:
    """Return an interpretation that says why there is none; only a heart at rest still counts."""
    still = [each for each in judgements if each.criterion.id == "RH10"]
    findings = merge.findings_of(still, patient)
    reason = failed[0].reason
    nothing = (
        NotAssessed(code="criteria", reason=reason),
        NotAssessed(code="network", reason=reason),
    )
    unseen = (*_gate_entries(failed), *nothing)
    return _interpretation(findings, unseen, Overall.NOT_INTERPRETABLE, failed, patient)


def _interpretation(
    findings: tuple[Finding, ...],
    unseen: tuple[NotAssessed, ...],
    overall: Overall,
    failed: Iterable[gates.FailedGate],
    patient: Patient,
) -> Interpretation:
    """Add urgency, advice and what this is not."""
    urgency = total_urgency(findings, overall, patient)
    codes = [
        *(override.advice for override in active_overrides(patient)),
        *(code for finding in findings for code in _advice_codes(finding)),
        *(code for each in failed for code in each.gate.advice),
        *(["criteria-only"] if normal.is_criteria_only(findings) else []),
    ]
    return Interpretation(
        findings=findings,
        not_assessed=unseen,
        overall=overall,
        urgency=urgency,
        advice=advice_for(urgency, codes),
        disclaimer=disclaimer(),
    )


def _advice_codes(finding: Finding) -> tuple[str, ...]:
    """Return the advice of the rows behind a finding that asks for something."""
    deciders = (name.partition(":") for name in finding.decided_by)
    rules = (rule for kind, _colon, rule in deciders if kind == "rule")
    rows = (merge.criterion_by_id(rule) for rule in rules if rule != "NORM")
    quiet = finding.urgency is Urgency.GREEN
    return () if quiet else tuple(code for row in rows for code in row.advice)


def _gate_entries(failed: Iterable[gates.FailedGate]) -> tuple[NotAssessed, ...]:
    """List the gates that failed."""
    return tuple(NotAssessed(code=f"gate:{each.gate.code}", reason=each.reason) for each in failed)


def _lead_entries(measurements: Measurements) -> tuple[NotAssessed, ...]:
    """List the leads nobody could look at: what they would show is not known."""
    missing = {
        lead: measurements.unusable.get(lead, "absent")
        for lead in STANDARD_LEADS
        if lead not in measurements.leads
    }
    return tuple(
        NotAssessed(
            code=f"lead:{lead}",
            reason=_(
                "ST, Q and T not assessable in {leads}: {reason}",
                leads=", ".join(name for name, other in missing.items() if other == reason),
                reason=merge.reason_text(reason),
            ),
        )
        for lead, reason in missing.items()
    )


__all__ = ["Outcome", "interpret"]
