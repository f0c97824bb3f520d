"""`cardioalert analyze`: measure and interpret ECGs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    OverlayOption,
    PreviousOption,
    SexOption,
    Speed,
    SpeedOption,
    SymptomOption,
    make_patient,
    number_of,
)
from cardioalert_cli.inputs import find_inputs
from cardioalert_cli.pictures import check_writable, overlay_path, write_overlay
from cardioalert_cli.problems import ExitCode, UsageProblemError, problem_of

if TYPE_CHECKING:
    from cardioalert.domain.clinical import Analysis
    from cardioalert.report.document import Document

HELP = _("Measure an ECG and say what it shows.")
EXAMPLES = (
    "cardioalert analyze photo.jpg",
    "cardioalert analyze photo.jpg --age 58 --sex female --symptom chest-pain",
    "cardioalert analyze photo.jpg --overlay seen.png --explain",
    "cardioalert analyze photo.jpg --report report.pdf --previous last_year.jpg",
    "cardioalert analyze ecgs/ --json --fail-on red > results.jsonl",
    "cat photo.jpg | cardioalert analyze -",
)


class Level(StrEnum):
    """Levels of `--fail-on`."""

    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the user asked for, the same for every input."""

    patient: Patient | None
    as_json: bool
    explain: bool
    overlay: Path | None
    fail_on: Level | None
    report: Path | None = None
    layout: str = "auto"
    speed: Speed = Speed.AUTO
    gain: Gain = Gain.AUTO
    previous: Document | None = None


def analyze(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT",
            help=_("Pictures, PDF files, records or folders of them; - reads standard input."),
            show_default=False,
        ),
    ],
    *,
    as_json: JsonOption = False,
    age: AgeOption = None,
    sex: SexOption = None,
    symptom: SymptomOption = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="OUT",
            help=_("Write a report for patient and clinician: .html or .pdf."),
        ),
    ] = None,
    previous: PreviousOption = None,
    overlay: OverlayOption = None,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain", help=_("Show where each value and finding comes from; fill `waves`.")
        ),
    ] = False,
    layout: LayoutOption = "auto",
    speed: SpeedOption = Speed.AUTO,
    gain: GainOption = Gain.AUTO,
    fail_on: Annotated[
        Level | None,
        typer.Option("--fail-on", help=_("Exit with 1 when a finding is this urgent or more.")),
    ] = None,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Analyze one or more inputs; one that fails does not stop the others."""
    check_writable(overlay)
    reports.check_report(report)
    if previous is not None and report is None:
        raise UsageProblemError(
            _("--previous is shown in a report only"), hint=_("Add --report out.pdf.")
        )
    wishes = Wishes(
        patient=make_patient(age, sex, symptom or ()),
        as_json=as_json,
        explain=explain,
        overlay=overlay,
        report=report,
        fail_on=fail_on,
        layout=layout,
        speed=speed,
        gain=gain,
        previous=reports.previous_document(previous),
    )
    analyze_all(inputs, wishes, debug=debug)


def analyze_all(inputs: Sequence[str], wishes: Wishes, *, debug: bool) -> None:
    """Analyze and print each input, then leave with the exit code of the gravest outcome."""
    several = len(inputs) > 1 or Path(inputs[0]).is_dir()
    if several and wishes.overlay is not None and not wishes.overlay.is_dir():
        raise UsageProblemError(
            _("--overlay names one picture, but there are several inputs"),
            hint=_("Name an existing folder for the overlays."),
        )
    if several and wishes.report is not None and not wishes.report.is_dir():
        raise UsageProblemError(
            _("--report names one file, but there are several inputs"),
            hint=_("Name an existing folder for the reports."),
        )
    outcomes = [analyze_one(path, wishes, debug=debug) for path in find_inputs(inputs)]
    if code := max(outcomes, default=ExitCode.DONE):
        raise typer.Exit(code)


def analyze_one(path: str, wishes: Wishes, *, debug: bool) -> ExitCode:
    """Analyze and print one input."""
    from cardioalert import pipeline  # noqa: PLC0415 - heavy

    try:
        with output.progress(_("Reading {name}", name=Path(path).name)):
            analysis = pipeline.analyze(
                path,
                patient=wishes.patient,
                layout=wishes.layout,
                speed=number_of(wishes.speed),
                gain=number_of(wishes.gain),
            )
        if wishes.overlay is not None:
            draw_overlay(analysis, path, wishes.overlay)
        if wishes.report is not None:
            write_report(analysis, path, wishes.report, wishes.previous)
    except Exception as error:  # whatever it is, the next input may be fine
        if debug:
            raise
        problem = problem_of(error, path=path)
        output.report_problem(problem, as_json=wishes.as_json, path=path)
        return problem.exit_code
    if wishes.as_json:
        output.print_json(document_of(analysis, explain=wishes.explain))
    else:
        print_answer(analysis, explain=wishes.explain)
    return outcome_of(analysis, wishes.fail_on)


def document_of(analysis: Analysis, *, explain: bool) -> dict[str, Any]:
    """Return the JSON document, with everything behind it for those who want to know why."""
    if not explain:
        return {**analysis.to_dict(), "language": language()}
    from cardioalert.report.make import explained_document  # noqa: PLC0415 - heavy

    return explained_document(analysis)


def write_report(analysis: Analysis, path: str, target: Path, previous: Document | None) -> None:
    """Write the report of an input."""
    from cardioalert.report.make import report_of_analysis  # noqa: PLC0415 - heavy

    content = report_of_analysis(analysis, previous=previous)
    reports.write(content, reports.report_path(target, path))


def print_answer(analysis: Analysis, *, explain: bool) -> None:
    """Print the answer for people."""
    from cardioalert.report.terminal import answer  # noqa: PLC0415 - heavy

    output.show(answer(analysis, look=output.look_of_terminal(), explain=explain))


def draw_overlay(analysis: Analysis, path: str, target: Path) -> None:
    """Write the overlay of an input that is a picture."""
    if analysis.digitized is None:
        output.note(_("{path} is no picture: there is nothing to draw on", path=path))
        return
    write_overlay(analysis.digitized, overlay_path(target, path))


def outcome_of(analysis: Analysis, fail_on: Level | None) -> ExitCode:
    """Return whether the analysis is as urgent as the user wants to be told by the exit code."""
    from cardioalert.domain.clinical import Urgency  # noqa: PLC0415 - heavy

    if fail_on is None:
        return ExitCode.DONE
    urgent = analysis.interpretation.urgency >= Urgency[fail_on.name]
    return ExitCode.FINDING if urgent else ExitCode.DONE
