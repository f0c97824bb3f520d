"""What the files of an archive, or a table beside them, state of each ECG: codes to compare."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Final

from cardioalert.errors import InputError
from cardioalert.i18n import translate as _
from cardioalert.tables import read_csv

_PATHS: Final = ("path", "filename_hr", "filename_lr")
_STATEMENTS: Final = ("statements", "scp_codes")
_SNOMED: Final = re.compile(r"(?<!\d)\d{6,18}(?!\d)")
_LIKELY: Final = re.compile(r"'([A-Z0-9/_()]+)': *([0-9.]+)")
_SURE_FROM: Final = 50.0  # per cent; in PTB-XL 0 means that no likelihood was given
_DOUBT: Final = re.compile(
    r"\b(no|not|without|cannot|can't|rule|exclude[ds]?|absent|versus|vs|previous|compared|since)\b"
)
"""Words that turn a statement round, weigh it against others, or speak of another ECG."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """One row of `tables/stated.csv`.

    Attributes
    ----------
    finding : str
    ours : frozenset of str
        Codes of our findings that say the same.
    snomed, scp : frozenset of str
    words : compiled regular expression
    danger : bool
        Whether missing it may cost a life.
    """

    finding: str
    ours: frozenset[str]
    snomed: frozenset[str]
    scp: frozenset[str]
    words: re.Pattern[str]
    danger: bool


@cache
def meanings() -> tuple[Meaning, ...]:
    """Return what statements can mean, in the order of the table."""
    return tuple(
        Meaning(
            finding=row["finding"],
            ours=frozenset(row["ours"].split()),
            snomed=frozenset(row["snomed"].split()),
            scp=frozenset(row["scp"].split()),
            words=re.compile(row["words"]),
            danger=bool(row["danger"]),
        )
        for row in read_csv("cardioalert.archive", "stated.csv")
    )


def findings_stated(statements: Iterable[str]) -> frozenset[str]:
    """Return the findings of `tables/stated.csv` that some statements name.

    A statement with a word of doubt or denial names none: what it means is not for us to guess.

    Examples
    --------
    >>> sorted(findings_stated(["Sinus rhythm", "Cannot rule out anterior infarct"]))
    ['sinus-rhythm']
    >>> sorted(findings_stated(["{'AFIB': 0.0, 'LVH': 35.0}", "164909002"]))
    ['atrial-fibrillation-or-flutter', 'left-bundle-branch-block']
    """
    found: set[str] = set()
    for statement in statements:
        codes = set(_SNOMED.findall(statement))
        likely = _LIKELY.findall(statement)
        codes |= {code for code, share in likely if not 0 < float(share) < _SURE_FROM}
        codes |= set() if likely else set(statement.split()) & _scp_codes()
        text = statement.lower()
        plain = not likely and not _DOUBT.search(text)
        found |= {
            each.finding
            for each in meanings()
            if codes & (each.snomed | each.scp) or (plain and each.words.search(text))
        }
    return frozenset(found)


@cache
def _scp_codes() -> frozenset[str]:
    return frozenset(code for each in meanings() for code in each.scp)


class StatedTable:
    """Statements that stand in a table beside the archive."""

    def __init__(self, statements: Mapping[str, str]) -> None:
        """Take statements by the names of files, or the ends of their names, without endings."""
        self._statements = statements

    def of(self, locator: str) -> tuple[str, ...]:
        """Return what is stated of a file."""
        parts = PurePosixPath(locator).with_suffix("").parts
        tails = ("/".join(parts[first:]) for first in range(len(parts)))
        return tuple(self._statements[tail] for tail in tails if tail in self._statements)[:1]


def read_stated(path: Path) -> StatedTable:
    """Read a CSV file with a column `path` and a column `statements`; PTB-XL's own table will do.

    Raises
    ------
    InputError
        It cannot be read, or lacks one of the two columns.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = reader.fieldnames or ()
            names = [name for name in _PATHS if name in columns]
            said = [name for name in _STATEMENTS if name in columns]
            if not names or not said:
                raise InputError(
                    _("the table {path} has no columns path and statements", path=path),
                    hint=_("Name the files in one column, their statements in the other."),
                )
            return StatedTable(
                {
                    PurePosixPath(row[name]).with_suffix("").as_posix(): row[said[0]] or ""
                    for row in reader
                    for name in names
                    if row[name]
                }
            )
    except (OSError, UnicodeError, csv.Error) as error:
        raise InputError(
            _("the table {path} cannot be read: {error}", path=path, error=error)
        ) from error
