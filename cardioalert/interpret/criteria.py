"""The rows of the criteria tables.

A row is either a plain comparison (`measure` and one of `at_least`, `above`, `at_most`, `below`
among its numbers) or names a `pattern`: a function in one of the `*_rules.py` files that is given
the row's numbers. Published numbers stand in the tables only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Literal, get_args

from cardioalert.domain.clinical import Overall, Urgency
from cardioalert.domain.patient import Patient, Sex, Symptom
from cardioalert.interpret.checks import Direction, Kind
from cardioalert.tables import read_toml

PACKAGE: Final = "cardioalert.interpret"
CRITERIA_FILES: Final = (
    "rhythm.toml",
    "conduction.toml",
    "voltage.toml",
    "ischemia.toml",
    "repolarization.toml",
    "recording.toml",
)
"""In the order of judgement: a row may look at the outcome of the rows before it."""

DIRECTIONS: Final[tuple[Direction, ...]] = get_args(Direction)
Checked = Literal["yes", "sec", "no", "eng"]
Group = Literal[
    "rate", "rhythm", "conduction", "axis", "voltage", "p", "st", "q", "t", "qt", "recording"
]


class Numbers(dict[str, float]):
    """The limits that apply to one person, by name; `note` says to whom they apply."""

    __slots__ = ("note",)

    def __init__(self, values: Mapping[str, float], note: str = "") -> None:
        """Take the limits over."""
        super().__init__(values)
        self.note = note


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """Limits for people of one sex or age.

    Attributes
    ----------
    text : str
        For people: `men 40 years and older`.
    sex : Sex, optional
        None: both.
    age_from, age_below : float, years
    """

    text: str
    numbers: Mapping[str, float]
    sex: Sex | None = None
    age_from: float = 0.0
    age_below: float = float("inf")

    def applies_to(self, patient: Patient) -> bool:
        """Tell whether the person is known to belong to the group."""
        has_sex = self.sex is None or patient.sex is self.sex
        any_age = self.age_from <= 0 and self.age_below == float("inf")
        has_age = any_age or (
            patient.age is not None and self.age_from <= patient.age < self.age_below
        )
        return has_sex and has_age


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One row of the criteria tables; a missing or unknown key fails when the table is loaded.

    Attributes
    ----------
    id : str
        Stable, as in `rule:AV1`.
    finding : str
        Code of the finding it supports; several rows may support one finding.
    title : str
        For people, English.
    group : Group
        What the gates close together.
    source : str
    checked : tuple of Checked
        How far the source was compared (see docs/reference/criteria.md).
    urgency : Urgency
        When present; GREEN where the finding alone asks for nothing.
    possible_urgency : Urgency
        When only possible.
    measure, pattern : str
        What to compare, or which function judges the row.
    numbers, variants, unknown
        Limits for everybody; by sex and age; and those used when sex or age is not known.
    note : str
        Of the limits in `numbers`, for people.
    needs : tuple of str
        Measures and leads the row reads, for the documentation.
    benign : bool
        True: close to the limit it is called borderline. False: it can mean danger, so that close
        below the limit it is still possible.
    near : bool
        Whether a benign row is reported as borderline when it is close but not met.
    certain : bool
        False: never more than possible, whatever the numbers say.
    certain_below_qrs_ms : float
        From this QRS duration on the finding is possible at most: a slow spread of the excitation
        makes what the row looks at as well.
    symptoms : mapping from symptom, or `any`, to Urgency
    raised_by : mapping from rule id to Urgency
        Urgency when that other rule fires too.
    overall : Overall
        What a present finding makes of the one-word result.
    blocks_normal : bool
        Whether the ECG cannot be called normal while this row is not assessable.
    supports : bool
        True: adds evidence to a finding that other rows make, never makes it alone.
    advice : tuple of str
        Codes of `tables/advice.toml`.
    against : str
        What to keep in mind whenever it fires, for people.
    """

    id: str
    finding: str
    title: str
    group: Group
    source: str
    checked: tuple[Checked, ...]
    urgency: Urgency
    possible_urgency: Urgency
    measure: str = ""
    pattern: str = ""
    numbers: Mapping[str, float] = field(default_factory=dict)
    variants: tuple[Variant, ...] = ()
    unknown: Variant | None = None
    note: str = ""
    needs: tuple[str, ...] = ()
    benign: bool = True
    near: bool = False
    certain: bool = True
    certain_below_qrs_ms: float = float("inf")
    symptoms: Mapping[str, Urgency] = field(default_factory=dict)
    raised_by: Mapping[str, Urgency] = field(default_factory=dict)
    overall: Overall = Overall.ABNORMAL
    blocks_normal: bool = False
    supports: bool = False
    advice: tuple[str, ...] = ()
    against: str = ""

    def numbers_for(self, patient: Patient) -> Numbers:
        """Return the limits for a person; the stricter ones when sex or age is not known."""
        for variant in self.variants:
            if variant.applies_to(patient):
                return Numbers({**self.numbers, **variant.numbers}, variant.text)
        if self.unknown is not None:
            return Numbers({**self.numbers, **self.unknown.numbers}, self.unknown.text)
        return Numbers(self.numbers, self.note)

    def directions(self) -> tuple[Direction, ...]:
        """Return the comparisons of a plain row."""
        return tuple(name for name in DIRECTIONS if name in self.all_number_names())

    def all_number_names(self) -> tuple[str, ...]:
        """Return the name of every limit, including those of the variants."""
        variants = (*self.variants, *((self.unknown,) if self.unknown else ()))
        names = [*self.numbers, *(name for variant in variants for name in variant.numbers)]
        return tuple(dict.fromkeys(names))


@cache
def criteria() -> tuple[Criterion, ...]:
    """Return all rows, in the order of judgement."""
    tables = (read_toml(PACKAGE, name) for name in CRITERIA_FILES)
    return tuple(_criterion(row) for table in tables for row in table["criterion"])


@cache
def kinds() -> Mapping[str, Kind]:
    """Return the quantities by name."""
    rows = read_toml(PACKAGE, "quantities.toml")["quantity"]
    return {row["name"]: Kind(**row) for row in rows}


def parse_urgency(name: str) -> Urgency:
    """Return the urgency a table names (`red`, `orange`, ...)."""
    return Urgency[name.upper()]


_LOWERED: Final = {
    Urgency.RED: Urgency.ORANGE,
    Urgency.ORANGE: Urgency.YELLOW,
    Urgency.YELLOW: Urgency.GREEN,
    Urgency.GREEN: Urgency.GREEN,
    Urgency.GREY: Urgency.GREY,
}
"""What a finding that is only possible asks for, unless its row says otherwise."""


def with_tuples(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table row whose lists are tuples, ready for a frozen dataclass."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}


def _criterion(table_row: Mapping[str, Any]) -> Criterion:
    """Turn one table row into a criterion."""
    row = with_tuples(table_row)
    urgency = parse_urgency(row["urgency"])
    possible = row.get("possible_urgency")
    row["urgency"] = urgency
    row["possible_urgency"] = parse_urgency(possible) if possible else _LOWERED[urgency]
    row["overall"] = Overall(row.get("overall", Overall.ABNORMAL))
    row["variants"] = tuple(_variant(variant) for variant in row.get("variants", ()))
    row["unknown"] = _variant(row["unknown"]) if "unknown" in row else None
    for name in ("symptoms", "raised_by"):
        row[name] = {key: parse_urgency(level) for key, level in row.get(name, {}).items()}
    return Criterion(**row)


def _variant(row: Mapping[str, Any]) -> Variant:
    """Turn one entry of `variants` into limits for a group of people."""
    return Variant(**{**row, "sex": Sex(row["sex"]) if "sex" in row else None})


SYMPTOM_KEYS: Final = ("any", *Symptom)
"""Keys that `symptoms` of a row may hold."""
