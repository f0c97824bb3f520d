"""`cardioalert quiz`: the cardiovascular risk test."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cardioalert.errors import CardioAlertError, FileMissingError
from cardioalert.i18n import translate as _
from cardioalert_cli import output
from cardioalert_cli.commands.options import DebugOption, JsonOption, LanguageOption
from cardioalert_cli.problems import ExitCode, UsageProblemError, problem_of

if TYPE_CHECKING:
    from cardioalert.risk import Answers, RiskResult
    from cardioalert.risk.answer_files import Sheet

HELP = _("Estimate the risk of heart attack and stroke.")
EXAMPLES = (
    "cardioalert quiz",
    "cardioalert quiz --answers person.json --json",
    "cardioalert quiz --answers people.jsonl > results.jsonl",
    "cardioalert quiz --answers person.json --score score2",
    "cardioalert quiz --answers person.json --fhir",
)
TASHKENT = timezone(timedelta(hours=5))


def register(app: typer.Typer) -> None:
    """Add the command to an application."""
    app.command("quiz", help=HELP)(quiz)


def quiz(
    *,
    answers: Annotated[
        str,
        typer.Option(
            "--answers",
            metavar="FILE|-",
            help=_("Answers as JSON: one object, a list, or one object a line (.jsonl)."),
            show_default=False,
        ),
    ] = "",
    score: Annotated[
        str, typer.Option("--score", metavar="NAME", help=_("A score by name, such as score2."))
    ] = "auto",
    as_json: JsonOption = False,
    fhir: Annotated[
        bool,
        typer.Option(
            "--fhir",
            help=_("Print the national questionnaire and the risk as a FHIR R5 bundle."),
        ),
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help=_("Go on with an interrupted test."))
    ] = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Take the test: on the terminal, or with answers from a file."""
    check_score(score)
    if not answers:
        finish(ask(score, resume=resume), as_json=as_json, fhir=fhir)
        return
    sheet = read_file(answers, score)
    if not sheet.many:
        finish(first_of(sheet), as_json=as_json, fhir=fhir)
    elif not print_all(sheet, fhir=fhir):
        raise typer.Exit(ExitCode.INPUT)


def check_score(score: str) -> None:
    """Refuse a score nobody knows, before anything is asked."""
    from cardioalert.risk.scores import scores  # noqa: PLC0415 - `--help` must stay fast

    if score not in ("auto", *scores()):
        raise UsageProblemError(
            _("there is no score called {name}", name=score),
            hint=_("Possible: {names}.", names=", ".join(("auto", *scores()))),
        )


def ask(score: str, *, resume: bool) -> Answers:
    """Hold the interview on the terminal."""
    from cardioalert.risk import read_answers  # noqa: PLC0415 - `--help` must stay fast
    from cardioalert.risk.questions import Interview  # noqa: PLC0415
    from cardioalert_cli import quiz_dialogue  # noqa: PLC0415

    path = quiz_dialogue.state_file()
    interview = quiz_dialogue.load(path) if resume else Interview()
    return read_answers({**quiz_dialogue.hold(interview, path), "score": score})


def read_file(name: str, score: str) -> Sheet:
    """Read the answers from a file or from standard input."""
    from cardioalert.risk.answer_files import read_sheet  # noqa: PLC0415

    if name == "-":
        return read_sheet(sys.stdin.buffer.read(), score=score)
    path = Path(name)
    if not path.is_file():
        raise FileMissingError(_("{name} is no file", name=name))
    return read_sheet(path.read_bytes(), name=name, score=score)


def first_of(sheet: Sheet) -> Answers:
    """Return the only row of a file."""
    row = sheet.rows[0]
    if isinstance(row, CardioAlertError):
        raise row
    return row


def finish(answers: Answers, *, as_json: bool, fhir: bool) -> None:
    """Print one result; leave with 4 when no score applies."""
    from cardioalert.risk import assess  # noqa: PLC0415

    result = assess(answers)
    if as_json or fhir:
        output.print_json(document(result, fhir=fhir))
    else:
        from cardioalert_cli.quiz_answer import answer  # noqa: PLC0415

        output.show(answer(result))
    if result.not_applicable:
        raise typer.Exit(ExitCode.NOT_APPLICABLE)


def print_all(sheet: Sheet, *, fhir: bool) -> bool:
    """Print one line for each row; return whether all could be read."""
    from cardioalert.risk import assess  # noqa: PLC0415

    good = True
    for row in sheet.rows:
        if isinstance(row, CardioAlertError):
            output.print_json({"error": problem_of(row).to_dict()})
            good = False
            continue
        try:
            output.print_json(document(assess(row), fhir=fhir))
        except CardioAlertError as error:
            output.print_json({"error": problem_of(error).to_dict()})
            good = False
    return good


def document(result: RiskResult, *, fhir: bool) -> dict[str, Any]:
    """Return a result as JSON: our own, or FHIR."""
    if not fhir:
        return result.to_dict()
    from cardioalert.risk.fhir import screening_bundle  # noqa: PLC0415

    return screening_bundle(result, authored=datetime.now(TASHKENT))
