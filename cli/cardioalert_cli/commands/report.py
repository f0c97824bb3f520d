"""`cardioalert report`: a page for the patient and the clinician, from an analysis or an ECG."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cardioalert.domain.patient import Patient
from cardioalert.i18n import language
from cardioalert.i18n import translate as _
from cardioalert_cli import output, reports
from cardioalert_cli.commands.options import (
    AgeOption,
    DebugOption,
    Gain,
    GainOption,
    JsonOption,
    LanguageOption,
    LayoutOption,
    PreviousOption,
    SexOption,
    Speed,
    SpeedOption,
    SymptomOption,
    make_patient,
    number_of,
)

if TYPE_CHECKING:
    from cardioalert.files import FileContent
    from cardioalert.report.build import Wishes
    from cardioalert.report.content import ReportContent
    from cardioalert.report.document import Document

HELP = _("Write a report for patient and clinician, as HTML or PDF.")
EXAMPLES = (
    "cardioalert report photo.jpg -o report.pdf",
    "cardioalert analyze photo.jpg --json --explain > ecg.json",
    "cardioalert report ecg.json -o report.html --previous last_year.json",
    "cardioalert report photo.jpg -o report.pdf --clinic 'City clinic 5' --booking CA-7F3K-92",
)


def report(
    source: Annotated[
        str,
        typer.Argument(
            metavar="INPUT",
            help=_("An analysis in JSON, a picture or a record; - reads standard input."),
            show_default=False,
        ),
    ],
    target: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help=_("Where to write it: .html or .pdf."),
            show_default=False,
        ),
    ],
    *,
    previous: PreviousOption = None,
    clinic: Annotated[
        str, typer.Option("--clinic", help=_("Name and address of the clinic to go to."))
    ] = "",
    booking: Annotated[
        str, typer.Option("--booking", metavar="CODE", help=_("Booking code, shown as QR too."))
    ] = "",
    reference: Annotated[
        str,
        typer.Option("--reference", help=_("A pseudonym or case number; no name of a person.")),
    ] = "",
    age: AgeOption = None,
    sex: SexOption = None,
    symptom: SymptomOption = None,
    layout: LayoutOption = "auto",
    speed: SpeedOption = Speed.AUTO,
    gain: GainOption = Gain.AUTO,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Write one report."""
    reports.check_report(target)
    from cardioalert.files import load  # noqa: PLC0415 - heavy
    from cardioalert.report.build import Wishes  # noqa: PLC0415 - heavy
    from cardioalert.report.document import is_analysis, parse_document  # noqa: PLC0415 - heavy

    wishes = Wishes(reference=reference, clinic=clinic, booking=booking)
    content = load(source)
    before = reports.previous_document(previous)
    if is_analysis(content.data):
        document = parse_document(content.data)
        made = of_document(document, before, wishes)
    else:
        patient = make_patient(age, sex, symptom or ())
        made = of_input(
            content, before, wishes, patient=patient, layout=layout, speed=speed, gain=gain
        )
    path = reports.report_path(target, source)
    reports.write(made, path)
    output.done("", as_json=as_json, name="report", output=str(path))


def of_document(document: Document, before: Document | None, wishes: Wishes) -> ReportContent:
    """Return the report of a stored analysis, and say so when it speaks another language."""
    from cardioalert.report.make import report_of_document  # noqa: PLC0415 - heavy

    if document.language is not None and document.language != language():
        output.note(
            _(
                "The analysis was made in another language ({language}): the report keeps it.",
                language=document.language,
            )
        )
    return report_of_document(document, previous=before, wishes=wishes)


def of_input(
    content: FileContent,
    before: Document | None,
    wishes: Wishes,
    *,
    patient: Patient | None,
    layout: str,
    speed: Speed,
    gain: Gain,
) -> ReportContent:
    """Analyze an ECG and return its report."""
    from cardioalert import pipeline  # noqa: PLC0415 - heavy
    from cardioalert.report.make import report_of_analysis  # noqa: PLC0415 - heavy

    with output.progress(_("Reading {name}", name=content.name)):
        analysis = pipeline.analyze(
            content,
            patient=patient,
            layout=layout,
            speed=number_of(speed),
            gain=number_of(gain),
        )
        return report_of_analysis(analysis, previous=before, wishes=wishes)
