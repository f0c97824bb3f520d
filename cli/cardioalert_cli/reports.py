"""Reports on the command line: where they go, what they are compared with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cardioalert.i18n import translate as _
from cardioalert_cli import output
from cardioalert_cli.pictures import check_writable
from cardioalert_cli.problems import CannotWriteError, UsageProblemError

if TYPE_CHECKING:
    from cardioalert.report.content import ReportContent
    from cardioalert.report.document import Document

FOLDER_ENDING = ".pdf"


def check_report(target: Path | None) -> None:
    """Refuse a report that could not be written, before the work is done for nothing."""
    if target is None:
        return
    if not target.is_dir() and target.suffix.lower() not in (".html", ".htm", ".pdf"):
        raise UsageProblemError(
            _("{path} ends in neither .html nor .pdf", path=target),
            hint=_("The ending of a report chooses its kind."),
        )
    check_writable(target)


def report_path(target: Path, source: str) -> Path:
    """Return where the report of an input goes: `target`, or a file in it when it is a folder."""
    if not target.is_dir():
        return target
    name = "stdin" if source == "-" else Path(source).stem
    return target / f"{name}_report{FOLDER_ENDING}"


def write(content: ReportContent, path: Path) -> None:
    """Write a report."""
    from cardioalert.report.make import write_report  # noqa: PLC0415 - heavy

    try:
        write_report(content, path)
    except OSError as error:
        raise CannotWriteError(
            _("{path} could not be written: {reason}", path=path, reason=error)
        ) from error


def previous_document(source: str | None) -> Document | None:
    """Return what to compare with: a stored analysis, or an ECG that is analyzed now."""
    if source is None:
        return None
    from cardioalert import pipeline  # noqa: PLC0415 - heavy
    from cardioalert.files import load  # noqa: PLC0415 - heavy
    from cardioalert.report.document import (  # noqa: PLC0415 - heavy
        is_analysis,
        parse_document,
        read_document,
    )
    from cardioalert.report.make import explained_document  # noqa: PLC0415 - heavy

    content = load(source)
    if is_analysis(content.data):
        return parse_document(content.data)
    with output.progress(_("Reading {name}", name=content.name)):
        return read_document(explained_document(pipeline.analyze(content)))
