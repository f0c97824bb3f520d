"""Compare what we found with what the archive itself states, while results pass by once.

Neither side is the truth. The counts say where the two differ, and the list says which ECGs a
doctor should look at first: a danger that only the archive states, and a red ECG that it calls
normal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cardioalert.archive.stated import meanings

WORST_SHOWN: Final = 50
_CALM: Final = frozenset(("green", "yellow"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How often one finding is stated and found, among ECGs with any statement we understand.

    Attributes
    ----------
    stated : int
    present, possible, not_found : int
        What we say of those: together `stated`.
    not_stated : int
        ECGs in which we find it present and the archive does not state it.
    """

    finding: str
    stated: int
    present: int
    possible: int
    not_found: int
    not_stated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """One ECG that a doctor should look at, because the archive says otherwise."""

    kind: str
    name: str
    urgency: str
    stated: tuple[str, ...]
    found: tuple[str, ...]


class Comparison:
    """Counts while results pass by."""

    def __init__(self) -> None:
        self.compared = 0
        self._counts: dict[str, Counter[str]] = {}
        self._worst: dict[str, list[Disagreement]] = {}

    def add(self, name: str, stated: frozenset[str], document: Mapping[str, Any]) -> None:
        """Compare one ECG; one without a statement we understand does not count."""
        if not stated:
            return
        self.compared += 1
        found = {each["code"]: each["status"] for each in document["findings"]}
        missed = []
        for meaning in meanings():
            how = {found[code] for code in meaning.ours if code in found}
            status = next((each for each in ("present", "possible") if each in how), "not-found")
            counts = self._counts.setdefault(meaning.finding, Counter())
            if meaning.finding in stated:
                counts["stated"] += 1
                counts[status] += 1
                if status == "not-found" and meaning.danger:
                    missed.append(meaning.finding)
            elif status == "present":
                counts["not-stated"] += 1
        kind = ""
        if missed and document["urgency"] in _CALM:
            kind = "danger-only-stated"
        elif "normal-ecg" in stated and document["urgency"] == "red":
            kind = "red-but-stated-normal"
        if kind:
            self._keep(kind, name, stated, document)

    def agreements(self) -> tuple[Agreement, ...]:
        """Return the counts of what was stated or found, in the order of the table."""
        return tuple(
            Agreement(
                finding=meaning.finding,
                stated=counts["stated"],
                present=counts["present"],
                possible=counts["possible"],
                not_found=counts["not-found"],
                not_stated=counts["not-stated"],
            )
            for meaning in meanings()
            if (counts := self._counts.get(meaning.finding, Counter())).total()
        )

    def worst(self) -> tuple[Disagreement, ...]:
        """Return the worst disagreements, the kinds sharing the list, in the order of names."""
        lists = [self._worst.get(kind, []) for kind in sorted(self._worst)]
        share = WORST_SHOWN // max(len(lists), 1)
        return tuple(each for some in lists for each in some[:share])

    def _keep(
        self, kind: str, name: str, stated: frozenset[str], document: Mapping[str, Any]
    ) -> None:
        some = self._worst.setdefault(kind, [])
        if len(some) == WORST_SHOWN:
            return
        some.append(
            Disagreement(
                kind=kind,
                name=name,
                urgency=document["urgency"],
                stated=tuple(sorted(stated)),
                found=tuple(
                    each["code"] if each["status"] == "present" else f"{each['code']} (possible)"
                    for each in document["findings"]
                ),
            )
        )
