"""The stable codes for why a value or lead could not be measured, with an English text each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

from cardioalert.tables import read_toml


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One code of `tables/reasons.toml`; a missing or unknown key fails when it is loaded.

    Attributes
    ----------
    code : str
        Kebab-case, never changed.
    of : what it explains: a lead, a value, or both
    text : str
        For people, English.
    """

    code: str
    of: Literal["lead", "value", "both"]
    text: str


@cache
def reasons() -> MappingProxyType[str, Reason]:
    """Return every reason by its code."""
    rows = read_toml("cardioalert.measure", "reasons.toml")["reason"]
    return MappingProxyType({row["code"]: Reason(**row) for row in rows})
