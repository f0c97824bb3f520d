"""The one policy table: deny by default."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from cardioalert.tables import read_toml

ROLES: Final = (
    "patient", "relative", "nurse", "doctor", "clinic_admin", "auditor", "integration",
)  # fmt: skip
RELATIONS: Final = ("own", "granted", "treating", "clinic", "glass", "any")
STAFF: Final = ("nurse", "doctor", "clinic_admin", "auditor", "integration")


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One row of `tables/policy.toml`: for each role the relations in which it may."""

    name: str
    public: bool = False
    patient: tuple[str, ...] = ()
    relative: tuple[str, ...] = ()
    nurse: tuple[str, ...] = ()
    doctor: tuple[str, ...] = ()
    clinic_admin: tuple[str, ...] = ()
    auditor: tuple[str, ...] = ()
    integration: tuple[str, ...] = field(default=())

    def relations(self, role: str) -> tuple[str, ...]:
        """Return the relations in which a role may do this."""
        return tuple(getattr(self, role)) if role in ROLES else ()


@cache
def actions() -> dict[str, Action]:
    """Return the policy."""
    rows = read_toml("cardioalert.security", "policy.toml")["action"]
    return {row["name"]: Action(**row) for row in rows}


def may(action: str, role: str, relations: Collection[str]) -> bool:
    """Whether a role that stands in these relations to a subject may do an action.

    Examples
    --------
    >>> may("record.read", "doctor", {"treating"}), may("record.read", "doctor", set())
    (True, False)
    """
    row = actions().get(action)
    if row is None:
        return False
    return row.public or bool({*relations, "any"}.intersection(row.relations(role)))
