"""Answers in files: one JSON object, a JSON list, or one object a line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cardioalert.errors import (
    CardioAlertError,
    CorruptFileError,
    EmptyFileError,
    InvalidAnswerError,
)
from cardioalert.i18n import translate as _
from cardioalert.risk.fhir import read_response
from cardioalert.risk.questionnaire import Answers, read_answers

LINES: Final = (".jsonl", ".ndjson")
"""Endings of files with one object a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What a file holds.

    Attributes
    ----------
    rows : tuple of Answers or CardioAlertError
        In the order of the file; an error where a row cannot be read.
    many : bool
        Whether the file is a list, even of one.
    """

    rows: tuple[Answers | CardioAlertError, ...]
    many: bool


def read_sheet(content: bytes, *, name: str = "-", score: str = "auto") -> Sheet:
    """Read answers from the content of a file.

    Parameters
    ----------
    content : bytes
        UTF-8.
    name : str
        Of the file; its ending tells a file with one object a line.
    score : str
        Asked for instead of the one each row names, unless `auto`.

    Raises
    ------
    CardioAlertError
        When the file as a whole, or its only row, cannot be read.
    """
    try:
        text = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise CorruptFileError(
            _("{name} is not UTF-8 text: {reason}", name=name, reason=error.reason)
        ) from error
    if not text:
        raise EmptyFileError(_("{name} holds no answers", name=name))
    rows, many = _split(text, lines=Path(name).suffix.lower() in LINES)
    read = tuple(_read_row(row, score) for row in rows)
    if not many and isinstance(read[0], CardioAlertError):
        raise read[0]
    return Sheet(rows=read, many=many)


def _split(text: str, *, lines: bool) -> tuple[list[Any], bool]:
    """Return the rows, parsed where they could be, and whether they are a list."""
    whole = _parse(text)
    if isinstance(whole, list):
        return whole, True
    if not lines and (isinstance(whole, dict) or "\n" not in text):
        return [whole], False
    if isinstance(whole, InvalidAnswerError) and not lines and not _begins_with_row(text):
        return [whole], False
    return [_parse(line) for line in text.splitlines() if line.strip()], True


def _begins_with_row(text: str) -> bool:
    """Tell whether the first line is an object of its own: then each line is one."""
    return isinstance(_parse(text.splitlines()[0]), dict)


def _parse(text: str) -> Any:
    """Parse JSON; the error is the answer, too."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        return InvalidAnswerError(_("not JSON: {error}", error=error))


def _read_row(row: Any, score: str) -> Answers | CardioAlertError:
    """Read one person's answers, ours or a FHIR response of the national form."""
    if isinstance(row, CardioAlertError):
        return row
    if not isinstance(row, Mapping):
        return InvalidAnswerError(_("{row!r} is no object with answers", row=row))
    try:
        raw = read_response(row) if "resourceType" in row else row
        return read_answers(raw if score == "auto" else {**raw, "score": score})
    except CardioAlertError as error:
        return error
