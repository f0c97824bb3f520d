"""`cardioalert record`: the ECGs of a stored patient, as the app sends and reads them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cardioalert.errors import InvalidDataError
from cardioalert.i18n import translate as _
from cardioalert_cli import output
from cardioalert_cli.commands.options import (
    DebugOption,
    JsonOption,
    LanguageOption,
    SymptomOption,
)
from cardioalert_cli.desk import open_desk
from cardioalert_cli.language import current_language

HELP = _("ECGs of a stored patient: add, list, show, compare; messages and phones.")
EXAMPLES = (
    "cardioalert record add p17 photo.jpg --symptom chest-pain",
    "cardioalert worker --once",
    "cardioalert record list p17",
    "cardioalert record show ANALYSIS --json",
    "cardioalert record compare ANALYSIS PREVIOUS",
)
SUBCOMMANDS = {
    "add": _("Keep an ECG of a patient and queue its analysis; `worker` does it."),
    "job": _("Tell how far an analysis is."),
    "list_": _("List the analyses of a patient, the latest first."),
    "show": _("Print an analysis in JSON."),
    "compare": _("Tell what changed since an earlier analysis."),
    "messages": _("List what a patient was told."),
    "phone": _("Send push messages to a phone; its token comes by standard input."),
}
PatientArgument = Annotated[
    str, typer.Argument(metavar="PATIENT", help=_("A patient's identifier."))
]
AnalysisArgument = Annotated[
    str, typer.Argument(metavar="ANALYSIS", help=_("An identifier of `record list`."))
]


def add(
    patient: PatientArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=_("A photo, scan or recording."))],
    *,
    symptom: SymptomOption = None,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Keep an ECG and queue its analysis."""
    from cardioalert.care import records  # noqa: PLC0415 - `--help` must stay fast
    from cardioalert.care.desk import OPERATOR  # noqa: PLC0415
    from cardioalert.files import load  # noqa: PLC0415
    from cardioalert.security.uploads import clean  # noqa: PLC0415

    cleaned = clean(load(file).data)
    job = records.add_file(
        open_desk(), OPERATOR, patient, cleaned.data, kind=cleaned.kind, symptoms=symptom or ()
    )
    print_job(job, as_json=as_json)


def job(
    identifier: Annotated[str, typer.Argument(metavar="JOB", help=_("What `record add` printed."))],
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Tell how far an analysis is."""
    from cardioalert.care import records  # noqa: PLC0415

    print_job(records.job(open_desk(), identifier), as_json=as_json)


def print_job(row: Any, *, as_json: bool) -> None:
    """Print a job, as `GET /v1/jobs` does."""
    told = {"id": row.id, "status": row.status, "analysis": row.result_id,
            "error_code": row.error_code or None}  # fmt: skip
    if as_json:
        output.print_json({"schema": "cardioalert.job/1"} | told)
    else:
        output.write("  ".join(str(value) for value in told.values() if value))


def list_(
    patient: PatientArgument,
    *,
    after: Annotated[
        str, typer.Option("--after", metavar="ANALYSIS", help=_("Go on after this one."))
    ] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help=_("At most."))] = 50,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """List analyses."""
    from cardioalert.care import records  # noqa: PLC0415
    from cardioalert.care.desk import OPERATOR  # noqa: PLC0415

    rows = records.summaries(open_desk(), OPERATOR, patient, after=after, limit=limit)
    if as_json:
        output.print_json({"schema": "cardioalert.analyses/1", "analyses": rows})
        return
    lines = (
        "  ".join(str(row[name]) for name in ("id", "at", "urgency", "overall")) for row in rows
    )
    output.write_list(lines, none=_("There is no ECG yet."))


def show(
    analysis: AnalysisArgument,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Print an analysis: `cardioalert.analysis/1`, in the language asked for."""
    output.print_json(opened(analysis))


def opened(analysis: str) -> dict[str, Any]:
    """Return the document of an analysis without its curves."""
    from cardioalert.care import records  # noqa: PLC0415
    from cardioalert.care.desk import OPERATOR  # noqa: PLC0415

    desk = open_desk()
    row = records.analysis_row(desk, analysis)
    document = records.read_analysis(desk, OPERATOR, row, current_language())
    document.pop("explanation", None)
    return document


def compare(
    analysis: AnalysisArgument,
    previous: Annotated[
        str, typer.Argument(metavar="PREVIOUS", help=_("An earlier one of the same patient."))
    ],
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Tell what changed."""
    from dataclasses import asdict  # noqa: PLC0415

    from cardioalert.care import records  # noqa: PLC0415
    from cardioalert.report.comparison import compare as compare_documents  # noqa: PLC0415
    from cardioalert.report.document import read_document  # noqa: PLC0415

    desk = open_desk()
    whose = {records.analysis_row(desk, one).patient_id for one in (analysis, previous)}
    if len(whose) > 1:
        raise InvalidDataError(_("both analyses must be of the same person"))
    found = compare_documents(read_document(opened(analysis)), read_document(opened(previous)))
    if as_json:
        told = {"id": analysis, "previous": previous} | asdict(found)
        output.print_json({"schema": "cardioalert.comparison/1"} | told)
        return
    for note in found.notes:
        output.write(note)
    for table in filter(None, (found.findings, found.values)):
        output.write(table.title)
        for cells in (table.head, *table.rows):
            output.write("  " + "  ".join(cells))
        output.write(table.note)


def messages(
    patient: PatientArgument,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """List the inbox of a patient."""
    from cardioalert.care import patients  # noqa: PLC0415
    from cardioalert.care.inbox import inbox  # noqa: PLC0415
    from cardioalert.notify.texts import render  # noqa: PLC0415

    desk, language = open_desk(), current_language()
    with desk.store.reading() as session:
        patients.get(session, patient)
    rows = inbox(desk, patient, language)
    if as_json:
        output.print_json({"schema": "cardioalert.inbox/1", "messages": rows})
        return
    told = ((row["at"], *render(row["template"], row["values"], language=language)) for row in rows)
    lines = (f"{at}  {title}: {text}" for at, title, text in told)
    output.write_list(lines, none=_("There are no messages."))


def phone(
    patient: PatientArgument,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Remember a phone that takes push messages."""
    from cardioalert.care import reaching  # noqa: PLC0415
    from cardioalert.care.desk import OPERATOR  # noqa: PLC0415

    token = sys.stdin.buffer.read(4096).decode(errors="replace").strip()
    if not token:
        raise InvalidDataError(_("standard input holds no token"))
    identifier = reaching.add_device(open_desk(), OPERATOR, patient, token)
    output.done(identifier, as_json=as_json, name="phone", id=identifier)
