"""What a report says, once, for HTML and PDF: frozen, in one language, with nothing left to decide.

The templates only place it. Every text is plain: whoever shows it escapes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Level = Literal["red", "orange", "yellow", "green", "grey"]
Mark = Literal["", "high", "low", "doubt", "changed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A label and what stands beside it."""

    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table; the first cell of each row names the row.

    Attributes
    ----------
    marks : tuple of Mark, one per row
        What is remarkable about the row; a word in the row says it, too.
    numeric : whether all columns but the first and the last hold numbers
    note : a line below
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    marks: tuple[Mark, ...] = ()
    numeric: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A vector picture in true size; `alt` says what it shows to those who cannot see it."""

    title: str
    svg: str
    alt: str
    note: str = ""
    landscape: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UrgencyBox:
    """How soon somebody must act."""

    level: Level
    word: str
    meaning: str
    overall: str
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingPart:
    """One finding, in terms and in plain words (`plain` is empty where there are none)."""

    code: str
    title: str
    status: str
    level: Level
    level_word: str
    probability: str
    evidence: tuple[str, ...]
    against: tuple[str, ...]
    decided_by: str
    plain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """Where to go: a clinic and a booking code, whichever is known."""

    clinic: str = ""
    booking: str = ""
    qr_svg: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientPart:
    """The first page, in plain words."""

    findings: tuple[FindingPart, ...]
    more: str
    advice: tuple[str, ...]
    reading: str
    next_step: NextStep | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingPart:
    """One reason, and what it kept from being judged."""

    reason: str
    titles: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What changed since a previous analysis."""

    rows: tuple[Row, ...]
    values: Table
    findings: Table | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportContent:
    """The whole report.

    Attributes
    ----------
    language : `en`, `ru` or `uz`
    words : mapping from a name to a heading or a fixed sentence
    about : what was read and of whom
    reading : how well it was read
    """

    language: str
    title: str
    words: Mapping[str, str]
    footer: str
    about: tuple[Row, ...]
    urgency: UrgencyBox
    patient: PatientPart
    reading: tuple[Row, ...]
    ecg: Picture | None
    photo: Picture | None
    measurements: Table
    doubts: tuple[Row, ...]
    st: Table | None
    findings: tuple[FindingPart, ...]
    clinic_advice: tuple[str, ...]
    not_assessed: tuple[MissingPart, ...]
    comparison: Comparison | None
    beats: tuple[Picture, ...]
    tables: tuple[Table, ...]
    software: tuple[Row, ...]
    limits: tuple[str, ...]
    disclaimer: str
