"""The layouts that recorders print, and what a page was found to show."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from cardioalert.digitize.columns import Columns
from cardioalert.domain.imaging import NamedBy
from cardioalert.domain.record import Lead, parse_lead
from cardioalert.tables import read_toml

LeadOrder = Literal["standard", "cabrera"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedLayout:
    """One row of `tables/layouts.toml`."""

    name: str
    order: LeadOrder
    grid: tuple[tuple[str, ...], ...]
    rhythm_rows: tuple[int, ...]

    @property
    def columns(self) -> int:
        """Number of columns."""
        return len(self.grid[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One lead on the page.

    Attributes
    ----------
    row : int
    left, right : float, page pixels
    """

    lead: Lead
    inverted: bool
    named_by: NamedBy
    row: int
    left: float
    right: float
    is_rhythm: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedLayout:
    """The decision.

    Attributes
    ----------
    name : str
        Such as `3x4+1`.
    places : tuple of Place
    columns : Columns
    names_right, names_wrong : int
        Lead names read on the page that agree and disagree.
    law_residual : float
        Relative residual of Einthoven's law, NaN where it cannot be tested.
    unnamed_rhythm : tuple of int
        Rows of rhythm strips whose lead is unknown.
    """

    name: str
    order: LeadOrder
    places: tuple[Place, ...]
    columns: Columns
    names_right: int
    names_wrong: int
    law_residual: float
    unnamed_rhythm: tuple[int, ...]


@cache
def printed_layouts() -> tuple[PrintedLayout, ...]:
    """Return the known layouts."""
    rows = read_toml("cardioalert.digitize", "layouts.toml")["layout"]
    return tuple(
        PrintedLayout(
            name=row["name"],
            order=row["order"],
            grid=tuple(tuple(line) for line in row["grid"]),
            rhythm_rows=tuple(row["rhythm_rows"]),
        )
        for row in rows
    )


def named(cell: str) -> tuple[Lead, bool]:
    """Split `-aVR` into lead and inversion."""
    return parse_lead(cell.lstrip("-")), cell.startswith("-")


def full_name(name: str, rhythm_rows: int) -> str:
    """Return `3x4+1` for three rows of four columns and a rhythm strip."""
    return f"{name}+{rhythm_rows}" if rhythm_rows else name
