"""Why an ECG has its urgency: a red box must say what made it red."""

from __future__ import annotations

from collections.abc import Iterable

from cardioalert.domain.clinical import Finding, NotAssessed, Urgency
from cardioalert.domain.patient import Symptom
from cardioalert.i18n import translate as _
from cardioalert.interpret.gates import gates
from cardioalert.interpret.urgency import symptom_overrides
from cardioalert.report import text
from cardioalert.report.document import Found, Missing


def because(
    urgency: Urgency,
    findings: Iterable[Found | Finding],
    not_assessed: Iterable[Missing | NotAssessed],
    symptoms: Iterable[Symptom],
) -> str:
    """Name the symptoms and findings that ask for this urgency; empty for a green ECG.

    An ECG that could not be interpreted also names what stood in the way.

    Parameters
    ----------
    urgency : Urgency
        Of the whole ECG.
    findings, not_assessed : iterables, of a document or of an analysis
    symptoms : iterable of Symptom
        Of the patient.
    """
    if urgency is Urgency.GREEN:
        return ""
    has = set(symptoms)
    reasons = [
        text.symptom_word(each.symptom)
        for each in symptom_overrides()
        if each.urgency == urgency and each.symptom in has
    ]
    reasons += [
        found.title
        for found in findings
        if found.status != "not-assessable" and _level(found) == urgency
    ]
    if urgency is Urgency.GREY:
        stopping = {f"gate:{gate.code}" for gate in gates() if gate.effect != "note"}
        reasons += [each.reason for each in not_assessed if each.code in stopping]
    if not reasons:
        return ""
    return _("Because of: {reasons}.", reasons="; ".join(dict.fromkeys(reasons)))


def _level(found: Found | Finding) -> Urgency:
    """Return the urgency of one finding."""
    return found.urgency if isinstance(found, Finding) else Urgency[found.urgency.upper()]
