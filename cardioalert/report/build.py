"""Build the content of a report from an analysis document and what stands beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import segno

from cardioalert.domain.clinical import Overall, Urgency
from cardioalert.i18n import datetime_text
from cardioalert.i18n import translate as _
from cardioalert.report import clinician, lead_tables, pictures, text
from cardioalert.report.because import because
from cardioalert.report.comparison import compare
from cardioalert.report.content import (
    NextStep,
    ReportContent,
    Row,
    Table,
    UrgencyBox,
)
from cardioalert.report.document import Document
from cardioalert.report.photo_figure import DrawnPhoto
from cardioalert.report.plain import for_clinic, patient_part
from cardioalert.report.words import headings

SHORT_HASH: Final = 12  # letters of a SHA-256 in the footer
LONGEST_NAME: Final = 40  # letters, in the footer


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a report is given besides the analysis.

    Attributes
    ----------
    reference : str, a pseudonym or case number
    clinic, booking : str, where to go, and the code that is shown there, also as QR
    """

    reference: str = ""
    clinic: str = ""
    booking: str = ""


NO_WISHES: Final = Wishes()


def build_report(
    document: Document,
    *,
    language: str,
    photo: DrawnPhoto | None = None,
    previous: Document | None = None,
    wishes: Wishes = NO_WISHES,
) -> ReportContent:
    """Return what a report says.

    Parameters
    ----------
    document : Document
    language : str
        The language the texts of this thread are in.
    photo : DrawnPhoto, optional
        The photo with its traces; a stored analysis has none.
    previous : Document, optional
        What to compare with.
    """
    shown = [found for found in document.findings if found.status != "not-assessable"]
    findings = tuple(clinician.finding_part(found) for found in shown)
    urgency = Urgency[document.urgency.upper()]
    return ReportContent(
        language=language,
        title=_title(document),
        words=headings(),
        footer=_footer(document),
        about=_about(document, wishes),
        urgency=UrgencyBox(
            level=document.urgency,
            word=text.urgency_word(urgency),
            meaning=text.urgency_meaning(urgency),
            overall=text.overall_text(Overall(document.overall)),
            because=because(
                urgency, document.findings, document.not_assessed, document.patient.symptoms
            ),
        ),
        patient=patient_part(document, findings, _next_step(wishes)),
        reading=clinician.reading_rows(document),
        ecg=pictures.ecg(document),
        photo=pictures.photo(photo),
        measurements=clinician.measurements_table(document),
        doubts=clinician.doubts(document),
        st=clinician.st_table(document),
        findings=findings,
        clinic_advice=tuple(each.text for each in document.advice if for_clinic(each.code)),
        not_assessed=clinician.not_assessed(document),
        comparison=None if previous is None else compare(document, previous),
        beats=pictures.beats(document),
        tables=_tables(document),
        software=_software(document),
        limits=_limits(document),
        disclaimer=document.disclaimer,
    )


def _title(document: Document) -> str:
    """Return the title of the file."""
    return f"{_('ECG report')} – {text.source_name(document.input.path)}"


def _footer(document: Document) -> str:
    """Return the line under every page: which program, which ECG."""
    parts = (
        f"CardioAlert {document.software.version}".strip(),
        _shortened(text.source_name(document.input.path)),
        f"SHA-256 {document.input.sha256[:SHORT_HASH]}" if document.input.sha256 else "",
    )
    return " · ".join(filter(None, parts))


def _shortened(name: str) -> str:
    """Return a name short enough for the foot of a page, its middle left out."""
    if len(name) <= LONGEST_NAME:
        return name
    half = LONGEST_NAME // 2
    return f"{name[:half]}…{name[-half:]}"


def _about(document: Document, wishes: Wishes) -> tuple[Row, ...]:
    """Return whose ECG this is and where it came from."""
    when = document.record.recorded_at
    rows = (
        (_("Reference"), wishes.reference),
        (_("Person"), text.patient_text(document.patient.patient()) or _("age and sex not given")),
        (_("Recorded"), datetime_text(when, "short") if when else _("time not known")),
        (_("File"), text.source_name(document.input.path)),
    )
    return tuple(Row(label=label, value=value) for label, value in rows if value)


def _next_step(wishes: Wishes) -> NextStep | None:
    """Return where to go, with the booking code as QR."""
    if not (wishes.clinic or wishes.booking):
        return None
    return NextStep(
        clinic=wishes.clinic,
        booking=wishes.booking,
        qr_svg=_qr(wishes.booking) if wishes.booking else "",
    )


def _qr(code: str) -> str:
    """Return a QR code as SVG, in millimetres."""
    made = segno.make(code, error="m", micro=False)
    side = made.symbol_size(border=4)[0]
    dark = "".join(
        f"M{x} {y}h1v1h-1z"
        for y, row in enumerate(made.matrix_iter(border=4))
        for x, bit in enumerate(row)
        if bit
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="30mm" height="30mm" '
        f'viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<rect width="{side}" height="{side}" fill="#fff"/><path d="{dark}" fill="#000"/></svg>'
    )


def _tables(document: Document) -> tuple[Table, ...]:
    """Return the tables of the last pages."""
    candidates = (
        lead_tables.lead_table(document.explanation) if document.explanation else None,
        lead_tables.printed_table(document.digitization) if document.digitization else None,
        lead_tables.network_table(document),
    )
    return tuple(table for table in candidates if table is not None)


def _software(document: Document) -> tuple[Row, ...]:
    """Return the versions and hashes behind this report."""
    rows = [Row(label="CardioAlert", value=document.software.version or _("version not known"))]
    rows += [
        Row(label=model.name, value=f"SHA-256 {model.sha256}") for model in document.software.models
    ]
    if document.input.sha256:
        rows.append(Row(label=_("File"), value=f"SHA-256 {document.input.sha256}"))
    return tuple(rows)


def _limits(document: Document) -> tuple[str, ...]:
    """Return what the method cannot do."""
    limits = [
        _(
            "Criteria that are not met do not rule out a heart attack: in one study of 2,486 "
            "emergency patients, computed criteria found 28 of 81 infarctions with ST elevation."
        ),
        _(
            "The limits hold for adults. Some limits are values of this project and no guideline; "
            "the reference of the criteria says which."
        ),
        _("A pacemaker cannot be excluded: its pulses are too short to be seen reliably."),
    ]
    if document.digitization is not None:
        limits.append(
            _(
                "The values were read from a picture: nothing finer than the printed line and the "
                "sharpness of the picture can be seen."
            )
        )
    if document.explanation is None or document.explanation.signal is None:
        limits.append(
            _(
                "The curves are not in the stored analysis, so they are not drawn; "
                "“cardioalert analyze --explain --json” stores them."
            )
        )
    limits.append(
        _("The texts and limits still need the review of a cardiologist before any clinical use.")
    )
    return tuple(limits)
