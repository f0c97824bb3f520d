"""Make and write reports: from an analysis, or from one that was stored."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, Final

from cardioalert.domain.clinical import Analysis
from cardioalert.domain.explanation import explained_to_dict
from cardioalert.i18n import language, use_language
from cardioalert.networks.importance import with_lead_importance
from cardioalert.report.build import NO_WISHES, Wishes, build_report
from cardioalert.report.content import ReportContent
from cardioalert.report.document import Document, read_document
from cardioalert.report.photo_figure import draw_photo

HTML_ENDINGS: Final = (".html", ".htm")
PDF_ENDINGS: Final = (".pdf",)
ENDINGS: Final = (*HTML_ENDINGS, *PDF_ENDINGS)


def explained_document(analysis: Analysis) -> dict[str, Any]:
    """Return the analysis document with everything behind it and the language of its texts."""
    return {**explained_to_dict(with_lead_importance(analysis)), "language": language()}


def report_of_analysis(
    analysis: Analysis, *, previous: Document | None = None, wishes: Wishes = NO_WISHES
) -> ReportContent:
    """Return the report of an ECG that was just analyzed, with its photo where it has one."""
    photo = None if analysis.digitized is None else draw_photo(analysis.digitized)
    document = read_document(explained_document(analysis))
    return build_report(
        document, language=language(), photo=photo, previous=previous, wishes=wishes
    )


def report_of_document(
    document: Document, *, previous: Document | None = None, wishes: Wishes = NO_WISHES
) -> ReportContent:
    """Return the report of a stored analysis, in the language it was made in.

    Its sentences stand in the file, and a report in two languages helps nobody.
    """
    spoken = document.language or language()
    with use_language(spoken):
        return build_report(document, language=spoken, previous=previous, wishes=wishes)


def render(content: ReportContent, ending: str) -> bytes:
    """Return the report as the bytes of a file whose name has this ending."""
    if ending.lower() in HTML_ENDINGS:
        from cardioalert.report.html import render_html  # noqa: PLC0415 - one of two is needed

        return render_html(content).encode("utf-8")
    if ending.lower() in PDF_ENDINGS:
        from cardioalert.report.pdf import render_pdf  # noqa: PLC0415 - one of two is needed

        return render_pdf(content)
    raise ValueError(f"ending {ending!r} is none of {', '.join(ENDINGS)}")


def write_report(content: ReportContent, path: Path) -> None:
    """Write a report; its ending chooses HTML or PDF. A half-written report is never seen.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    data = render(content, path.suffix)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
