"""Tell what a file is and give its content a name: the same bytes under two names are one ECG."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

from cardioalert.archive.entries import Entry
from cardioalert.archive.sources import Found
from cardioalert.archive.storage import exists, read_entry
from cardioalert.errors import (
    CardioAlertError,
    CorruptFileError,
    FileMissingError,
    UnknownFormatError,
)
from cardioalert.files import FileContent
from cardioalert.formats.registry import kind_of
from cardioalert.formats.sniffing import decode_text
from cardioalert.formats.wfdb_files import parse_header
from cardioalert.i18n import translate as _

READERS: Final = 4  # threads: a file server answers slowly, and hashing leaves the interpreter free
PART: Final = "part"  # kind of a file that belongs to a header beside it


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """What is known of one entry before it is scored.

    Attributes
    ----------
    entry : Entry
    size, modified : as in `Found`
    kind : str
        `image`, `pdf`, the kind of a digital format, `part`, or empty when unknown.
    content : str
        SHA-256 of all bytes that make the ECG; empty when it cannot be scored.
    code, message : str
        Why it cannot be read; empty when it can.
    """

    entry: Entry
    size: int
    modified: int
    kind: str = ""
    content: str = ""
    code: str = ""
    message: str = ""


def identify_folder(folder: Iterable[Found]) -> list[Identified]:
    """Identify files that stand together; the signal files of a header become its parts."""
    found = list(folder)
    if any(one.entry.member for one in found):  # an opened archive serves one reader at a time
        answers = [_identify(one) for one in found]
    else:
        with ThreadPoolExecutor(READERS) as pool:
            answers = list(pool.map(_identify, found))
    parts = {part for _, companions in answers for part in companions}
    return [
        _as_part(row) if row.entry in parts and row.code == UnknownFormatError.code else row
        for row, _ in answers
    ]


def fingerprint(content: FileContent, entry: Entry, kind: str) -> tuple[str, list[Entry]]:
    """Return the SHA-256 of an ECG, and the other files that belong to it.

    Parameters
    ----------
    content : of the entry itself
    entry : Entry
    kind : as `kind_of` tells
    """
    digest = hashlib.sha256(content.data)
    companions = _companions(content, entry) if kind == "wfdb" else []
    for companion in companions:
        digest.update(read_entry(companion).data)
    return digest.hexdigest(), companions


def content_name(sha256: str, page: int) -> str:
    """Return the name of an ECG's content: its hash, and the page unless it is the first."""
    return f"{sha256}:{page + 1}" if page else sha256


def _identify(found: Found) -> tuple[Identified, list[Entry]]:
    """Return what a file is, and the files that belong to it."""
    row = Identified(entry=found.entry, size=found.size, modified=found.modified)
    if found.trouble is not None:
        return _in_trouble(row, found.trouble), []
    try:
        content = read_entry(found.entry)
        kind = kind_of(content)
        sha256, companions = fingerprint(content, found.entry, kind)
    except CardioAlertError as error:
        return _in_trouble(row, error), []
    except Exception as error:  # a library that meets rubbish may raise anything
        return _in_trouble(
            row,
            CorruptFileError(
                _("{locator} is damaged: {error}", locator=found.entry.locator, error=error)
            ),
        ), []
    return replace(row, kind=kind, content=sha256), companions


def _in_trouble(row: Identified, error: CardioAlertError) -> Identified:
    return replace(row, code=error.code, message=error.message)


def _as_part(row: Identified) -> Identified:
    return replace(row, kind=PART, code="", message="")


def _companions(header: FileContent, entry: Entry) -> list[Entry]:
    """Return the signal files that a WFDB header names and that stand beside it."""
    try:
        names = dict.fromkeys(
            signal.file for signal in parse_header(decode_text(header.data)).signals
        )
    except CardioAlertError:
        return []  # the reader will say what is wrong with the header
    beside = [_beside(entry, name) for name in names if "/" not in name and "\\" not in name]
    missing = [companion.name for companion in beside if not exists(companion)]
    if missing:
        raise FileMissingError(
            _(
                "the signal file {missing} of {locator} is missing",
                missing=missing[0],
                locator=entry.locator,
            )
        )
    return beside


def _beside(entry: Entry, name: str) -> Entry:
    """Return the file of another name in the same folder."""
    if entry.member:
        folder = entry.member.rpartition("/")[0]
        return Entry(entry.path, f"{folder}/{name}" if folder else name)
    return Entry(f"{entry.path.rpartition('/')[0]}/{name}")
