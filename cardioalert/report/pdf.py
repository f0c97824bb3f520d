"""The report as PDF: A4, tagged for screen readers (PDF/UA-1), fonts embedded, curves as vectors.

The content goes to the typesetter as data and never as markup, so no text in it can do anything.
The same content gives the same bytes: the file holds no time of its making.
"""

from __future__ import annotations

import json
import re
from contextlib import ExitStack
from dataclasses import asdict
from functools import cache
from importlib import resources
from typing import Any, Final

import typst

from cardioalert.report.content import ReportContent

STANDARD: Final = "ua-1"
LONG_WORD: Final = re.compile(r"\S{30}(?=\S{10})")
BREAK_HERE: Final = "\u200b"  # a zero-width space
NO_TIME: Final = 0  # seconds since 1970, as the time of making


def render_pdf(content: ReportContent) -> bytes:
    """Return the report as PDF."""
    data = json.dumps(_breakable(asdict(content)), ensure_ascii=False)
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


def _breakable(value: Any, key: str = "") -> Any:
    """Allow a line to end inside of words too long for it, such as the names of files.

    Pictures are left alone.
    """
    if isinstance(value, dict):
        return {name: _breakable(each, name) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_breakable(each, key) for each in value]
    if isinstance(value, str) and not key.endswith("svg"):
        return LONG_WORD.sub(lambda word: f"{word.group()}{BREAK_HERE}", value)
    return value


@cache
def _template() -> bytes:
    """Return the template of the typesetter."""
    folder = resources.files("cardioalert.report").joinpath("templates")
    return folder.joinpath("report.typ").read_bytes()
