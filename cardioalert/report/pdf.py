"""The report as PDF: A4, tagged for screen readers (PDF/UA-1), fonts embedded, curves as vectors.

The content goes to the typesetter as data and never as markup, so no text in it can do anything.
The same content gives the same bytes: the file holds no time of its making.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import asdict
from functools import cache
from importlib import resources
from typing import Any, Final

import typst

from cardioalert.report.content import ReportContent

STANDARD: Final = "ua-1"
NO_TIME: Final = 0  # seconds since 1970, as the time of making


def render_pdf(content: ReportContent) -> bytes:
    """Return the report as PDF."""
    data = json.dumps(asdict(content), ensure_ascii=False)
    files = {"main": _template(), "report.json": data.encode("utf-8")}
    with ExitStack() as stack:
        folder = resources.files("cardioalert.report").joinpath("fonts")
        fonts = stack.enter_context(resources.as_file(folder))
        typeset: Any = typst.compile  # its type hints do not know files in memory
        made = typeset(
            files,
            format="pdf",
            font_paths=[str(fonts)],
            ignore_system_fonts=True,
            pdf_standards=[STANDARD],
            timestamp=NO_TIME,
        )
    return bytes(made)


@cache
def _template() -> bytes:
    """Return the template of the typesetter."""
    folder = resources.files("cardioalert.report").joinpath("templates")
    return folder.joinpath("report.typ").read_bytes()
