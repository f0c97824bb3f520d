"""Build the content of a report from an analysis document and what stands beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import segno

from cardioalert.domain.clinical import Overall, Urgency
from cardioalert.domain.measures import MEASURES
from cardioalert.domain.record import ECGRecord
from cardioalert.i18n import translate as _
from cardioalert.report import clinician, text
from cardioalert.report.beat_figure import draw_all_leads, draw_calipers
from cardioalert.report.comparison import compare
from cardioalert.report.content import (
    NextStep,
    Picture,
    ReportContent,
    Row,
    Table,
    UrgencyBox,
)
from cardioalert.report.document import Beat, Curves, Document
from cardioalert.report.ecg_figure import draw_ecg
from cardioalert.report.photo_figure import DrawnPhoto
from cardioalert.report.plain import for_clinic, patient_part
from cardioalert.report.words import headings

SHORT_HASH: Final = 12  # letters of a SHA-256 in the footer
CALIPERS: Final = {"P": "p_duration", "PR": "pr", "QRS": "qrs", "QT": "qt"}


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


def build_report(
    document: Document,
    *,
    language: str,
    photo: DrawnPhoto | None = None,
    previous: Document | None = None,
    wishes: Wishes = Wishes(),
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
        ),
        patient=patient_part(document, findings, _next_step(wishes)),
        reading=clinician.reading_rows(document),
        ecg=_ecg(document),
        photo=_photo(photo),
        measurements=clinician.measurements_table(document),
        doubts=clinician.doubts(document),
        st=clinician.st_table(document),
        findings=findings,
        clinic_advice=tuple(each.text for each in document.advice if for_clinic(each.code)),
        not_assessed=clinician.not_assessed(document),
        comparison=None if previous is None else compare(document, previous),
        beats=_beats(document),
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
        text.source_name(document.input.path),
        f"SHA-256 {document.input.sha256[:SHORT_HASH]}" if document.input.sha256 else "",
    )
    return " · ".join(filter(None, parts))


def _about(document: Document, wishes: Wishes) -> tuple[Row, ...]:
    """Return whose ECG this is and where it came from."""
    when = document.record.recorded_at
    rows = (
        (_("Reference"), wishes.reference),
        (_("Person"), text.patient_text(document.patient.patient()) or _("age and sex not given")),
        (_("Recorded"), f"{when:%Y-%m-%d %H:%M}" if when else _("time not known")),
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


def _ecg(document: Document) -> Picture | None:
    """Return the redrawn leads; None when the document does not hold them."""
    curves = document.explanation.signal if document.explanation else None
    if curves is None or not curves.leads:
        return None
    drawn = draw_ecg(_record(curves))
    leads = ", ".join(drawn.leads)
    scale = _("Paper speed 25 mm/s, gain 10 mm/mV; the pulse is 1 mV for 0.2 s.")
    filters = _("No filter was added; the recorder may have filtered.")
    notes = [scale, filters, _("Print at 100 %: a large square is 5 mm.")]
    if document.record.duration_s > drawn.seconds + 1.0:
        notes.append(
            _("The first {shown:.0f} of {whole:.0f} s are shown.").format(
                shown=drawn.seconds, whole=document.record.duration_s
            )
        )
    if drawn.shifted:
        notes.append(_("Base line moved to zero: {leads}.").format(leads=", ".join(drawn.shifted)))
    return Picture(
        title=_("The ECG, redrawn to scale"),
        svg=drawn.svg,
        alt=_("Curves of the leads {leads} on millimetre paper, 25 mm/s, 10 mm/mV").format(
            leads=leads
        ),
        note=" ".join(notes),
        landscape=True,
    )


def _record(curves: Curves) -> ECGRecord:
    """Return the curves of a document as a record."""
    longest = max(len(values) for values in curves.leads.values())
    signal = np.full((len(curves.leads), max(longest, 1)), np.nan)
    for row, lead in zip(signal, curves.leads, strict=True):
        row[: len(curves.leads[lead])] = curves.millivolts(lead)
    return ECGRecord(
        signal=signal.astype(np.float32),
        sampling_rate=curves.sampling_rate_hz,
        leads=tuple(curves.leads),
    )


def _photo(photo: DrawnPhoto | None) -> Picture | None:
    """Return the photo with its traces."""
    if photo is None:
        return None
    return Picture(
        title=_("What was read, drawn over the photo"),
        svg=photo.svg,
        alt=_("The photo of the ECG with the curves that were read drawn over it"),
        note=_(
            "Each line must lie on its ink, under the right name. Where it does not, do not trust "
            "the values."
        ),
        landscape=photo.landscape,
    )


def _beats(document: Document) -> tuple[Picture, ...]:
    """Return the median beat: large with calipers, and in every lead."""
    beat = document.explanation.median_beat if document.explanation else None
    if beat is None:
        return ()
    large = draw_calipers(beat, _caliper_values(document))
    if large is None:
        return ()
    return (
        Picture(
            title=_("Median beat in {lead} with calipers").format(lead=large.lead),
            svg=large.svg,
            alt=_calipers_alt(document, large.lead),
            note=_(
                "100 mm/s, {gain:g} mm/mV. Pale: all other leads. The bounds are the earliest "
                "beginning and the latest end over all leads."
            ).format(gain=large.gain),
        ),
        Picture(
            title=_("Median beat of every lead"),
            svg=draw_all_leads(beat),
            alt=_("The median beat of every lead on millimetre paper, P, QRS and T marked"),
            note=_marks_note(beat),
        ),
    )


def _caliper_values(document: Document) -> dict[str, str]:
    """Return the value that stands beside each caliper."""
    values = clinician.measured_values(document)
    told = {
        name: text.value_text(values[measure], MEASURES[measure])
        for name, measure in CALIPERS.items()
    }
    return {name: f"{value} ms" for name, value in told.items() if value}


def _calipers_alt(document: Document, lead: str) -> str:
    """Return what the calipers show."""
    values = ", ".join(f"{name} {value}" for name, value in _caliper_values(document).items())
    told = _("The median beat of lead {lead} on millimetre paper").format(lead=lead)
    return f"{told}: {values}" if values else told


def _marks_note(beat: Beat) -> str:
    """Return the scale and which waves are absent."""
    scale = _("25 mm/s, 10 mm/mV. Blue: P, red: QRS, green: T.")
    absent = [
        name
        for name, at in (("P", beat.p_on_s), ("QRS", beat.qrs_on_s), ("T", beat.t_on_s))
        if at is None
    ]
    told = _("Not found: {waves}.").format(waves=", ".join(absent)) if absent else ""
    return f"{scale} {told}".strip()


def _tables(document: Document) -> tuple[Table, ...]:
    """Return the tables of the last pages."""
    candidates = (
        clinician.lead_table(document.explanation) if document.explanation else None,
        clinician.printed_table(document.digitization) if document.digitization else None,
        clinician.network_table(document),
    )
    return tuple(table for table in candidates if table is not None)


def _software(document: Document) -> tuple[Row, ...]:
    """Return the versions and hashes behind this report."""
    rows = [Row(label="CardioAlert", value=document.software.version or _("version not known"))]
    rows += [
        Row(label=_("network {name}").format(name=model.name), value=f"SHA-256 {model.sha256}")
        for model in document.software.models
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
