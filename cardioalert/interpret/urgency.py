"""How soon somebody must act. Symptoms come first, then the most urgent finding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from cardioalert.domain.clinical import Finding, Overall, Urgency
from cardioalert.domain.patient import Patient, Symptom
from cardioalert.interpret.criteria import PACKAGE, Checked, Criterion, parse_urgency
from cardioalert.tables import read_toml


@dataclass(frozen=True, slots=True, kw_only=True)
class SymptomOverride:
    """One row of `tables/urgency.toml`: a symptom that decides whatever the ECG shows."""

    symptom: Symptom
    urgency: Urgency
    advice: str
    source: str
    checked: tuple[Checked, ...]


@cache
def symptom_overrides() -> tuple[SymptomOverride, ...]:
    """Return the symptoms that decide by themselves."""
    return tuple(
        SymptomOverride(
            symptom=Symptom(row["symptom"]),
            urgency=parse_urgency(row["urgency"]),
            advice=row["advice"],
            source=row["source"],
            checked=tuple(row["checked"]),
        )
        for row in read_toml(PACKAGE, "urgency.toml")["override"]
    )


def finding_urgency(
    criterion: Criterion, patient: Patient, met: Iterable[str], *, lowered: bool
) -> Urgency:
    """Return what one row asks for.

    Parameters
    ----------
    criterion : Criterion
    patient : Patient
        Symptoms can raise the urgency of a row.
    met : rule ids that are met, which can raise it as well
    lowered : bool
        Whether the row fired within the error of its measurement only.
    """
    base = criterion.possible_urgency if lowered else criterion.urgency
    met = set(met)
    by_symptom = [
        level
        for key, level in criterion.symptoms.items()
        if (patient.symptoms if key == "any" else key in patient.symptoms)
    ]
    by_rule = [level for rule, level in criterion.raised_by.items() if rule in met]
    raised = [] if lowered and criterion.benign else [*by_symptom, *by_rule]
    return max([base, *raised])


def total_urgency(findings: Iterable[Finding], overall: Overall, patient: Patient) -> Urgency:
    """Return what the whole ECG asks for: the highest of symptoms, findings and overall result.

    GREEN stands for a normal ECG only: anything else that was found is at least YELLOW, and what
    could not be interpreted is GREY. Symptoms win over everything, GREY included.
    """
    levels = [finding.urgency for finding in findings if finding.status != "not-assessable"]
    floor = {
        Overall.NORMAL: Urgency.GREEN,
        Overall.BORDERLINE: Urgency.YELLOW,
        Overall.ABNORMAL: Urgency.YELLOW,
        Overall.NOT_INTERPRETABLE: Urgency.GREY,
    }[overall]
    highest = max([floor, *(level for level in levels if level > Urgency.GREEN)])
    return max([highest, *(override.urgency for override in active_overrides(patient))])


def active_overrides(patient: Patient) -> tuple[SymptomOverride, ...]:
    """Return the overrides of the symptoms a person has."""
    return tuple(each for each in symptom_overrides() if each.symptom in patient.symptoms)
