"""Findings and advice in words for people without medical training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final

from cardioalert.i18n import translate as _
from cardioalert.report.content import FindingPart, NextStep, PatientPart
from cardioalert.report.document import Digitization, Document
from cardioalert.tables import read_toml

PACKAGE: Final = "cardioalert.report"
MOST_FINDINGS: Final = 4  # on the first page
QUIET: Final = ("green",)
LEVELS: Final = ("red", "orange", "yellow", "grey", "green")
"""The gravest first."""


@cache
def _table() -> dict[str, Any]:
    return read_toml(PACKAGE, "plain.toml")


@cache
def _texts() -> Mapping[str, str]:
    """Return the plain text by code of the finding."""
    return {code: row["text"] for row in _table()["plain"] for code in row["codes"]}


def plain_text(code: str) -> str:
    """Return what a finding means, in plain words; empty where there are none."""
    return _(_texts().get(code, ""))


def for_clinic(code: str) -> bool:
    """Tell whether advice is meant for the clinic."""
    return code in _table()["clinic"]


def patient_part(
    document: Document, findings: tuple[FindingPart, ...], next_step: NextStep | None
) -> PatientPart:
    """Return the first page: the gravest findings, what to do, how well the ECG was read."""
    graded = sorted(findings, key=lambda finding: LEVELS.index(finding.level))
    loud = [finding for finding in graded if finding.level not in QUIET]
    shown = tuple((loud or graded)[:MOST_FINDINGS])
    left = len(loud) - len(shown)
    more = _("Further findings on the following pages: {count}.", count=left)
    return PatientPart(
        findings=shown,
        more=more if left > 0 else "",
        advice=tuple(advice.text for advice in document.advice if not for_clinic(advice.code)),
        reading=_reading(document),
        next_step=next_step,
    )


def _reading(document: Document) -> str:
    """Return how far the answer can be trusted, in a sentence or two."""
    sentences = [_grade(document.digitization)]
    if document.overall == "not-interpretable":
        sentences.append(_("Something important could not be judged: the next pages say what."))
    elif any(missing.code.startswith("lead:") for missing in document.not_assessed):
        sentences.append(_("Not every lead could be judged: the next pages say which."))
    return " ".join(filter(None, sentences))


def _grade(digitization: Digitization | None) -> str:
    """Return how well the page was read."""
    if digitization is None:
        return _("The ECG came as a file of measured values, not as a picture.")
    return {
        "good": _("The picture was read well."),
        "fair": _("The picture was read with some doubt: values near a limit may be wrong."),
        "poor": _(
            "The picture was read badly: take everything in this report as a hint at most, "
            "and send a better picture or the paper itself."
        ),
    }[digitization.quality.grade]


def distinct(texts: Iterable[str]) -> tuple[str, ...]:
    """Return texts without repetitions and without empty ones, in order."""
    return tuple(dict.fromkeys(filter(None, texts)))
