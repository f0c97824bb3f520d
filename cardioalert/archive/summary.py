"""Count what an archive shows, while its results pass by once."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from cardioalert.archive.agreement import Agreement, Comparison, Disagreement
from cardioalert.archive.manifest import Scored

SCHEMA: Final = "cardioalert.archive-summary/1"
DECADE: Final = 10  # years
WORST_SHOWN: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Urgent:
    """One ECG that a doctor should look at."""

    urgency: str
    name: str
    present: tuple[str, ...]
    possible: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What an archive shows; each mapping is sorted by its keys.

    Attributes
    ----------
    scored, refused, copies : int
        ECGs with a result; files without; files that hold the same as another.
    compared : int
        ECGs with a statement of the archive's own that we understand.
    agreement, disagreements
        What those statements and our findings have in common, and where they differ most.
    """

    scored: int
    refused: int
    copies: int
    by_kind: dict[str, int]
    by_urgency: dict[str, int]
    by_overall: dict[str, int]
    by_quality: dict[str, int]
    by_layout: dict[str, int]
    by_age: dict[str, int]
    by_sex: dict[str, int]
    present: dict[str, int]
    possible: dict[str, int]
    not_assessed: dict[str, int]
    refusals: dict[str, int]
    worst: tuple[Urgent, ...] = field(default=())
    compared: int = 0
    agreement: tuple[Agreement, ...] = field(default=())
    disagreements: tuple[Disagreement, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document `summary.json`."""
        return {"schema": SCHEMA} | asdict(self)


class Tally:
    """Counts while results pass by."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {}
        self._scored = 0
        self._copies = 0
        self._statements: set[str] = set()
        self._worst: list[Urgent] = []
        self._comparison = Comparison()

    @property
    def statements(self) -> tuple[str, ...]:
        """The codes of all statements that a network made, sorted."""
        return tuple(sorted(self._statements))

    def add(
        self, scored: Scored, line: dict[str, Any], *, name: str, stated: frozenset[str]
    ) -> None:
        """Count one ECG, of which the archive states some findings."""
        document, person = line["analysis"], line["person"]
        digitization = document["digitization"]
        self._scored += 1
        self._copies += scored.copies - 1
        self._comparison.add(name, stated, document)
        self._statements.update(document["statements"])
        self._count("kind", scored.kind)
        self._count("urgency", document["urgency"])
        self._count("overall", document["overall"])
        self._count("age", _decade(person["age"]))
        self._count("sex", person["sex"] or "unknown")
        if digitization is not None:
            self._count("quality", digitization["quality"]["grade"])
            self._count("layout", digitization["layout"])
        for finding in document["findings"]:
            self._count(finding["status"], finding["code"])
        for missing in document["not_assessed"]:
            self._count("not-assessed", missing["code"])
        if document["urgency"] == "red" and len(self._worst) < WORST_SHOWN:
            self._worst.append(_urgent(document, name))

    def add_refused(self, code: str) -> None:
        """Count one file that could not be scored."""
        self._count("refusal", code)

    def summary(self) -> Summary:
        """Return the counts."""
        return Summary(
            scored=self._scored,
            refused=sum(self._sorted("refusal").values()),
            copies=self._copies,
            by_kind=self._sorted("kind"),
            by_urgency=self._sorted("urgency"),
            by_overall=self._sorted("overall"),
            by_quality=self._sorted("quality"),
            by_layout=self._sorted("layout"),
            by_age=self._sorted("age"),
            by_sex=self._sorted("sex"),
            present=self._sorted("present"),
            possible=self._sorted("possible"),
            not_assessed=self._sorted("not-assessed"),
            refusals=self._sorted("refusal"),
            worst=tuple(self._worst),
            compared=self._comparison.compared,
            agreement=self._comparison.agreements(),
            disagreements=self._comparison.worst(),
        )

    def _count(self, what: str, value: str) -> None:
        self._counts.setdefault(what, Counter())[value] += 1

    def _sorted(self, what: str) -> dict[str, int]:
        return dict(sorted(self._counts.get(what, Counter()).items()))


def _decade(age: float | None) -> str:
    """Return an age as the decade it is in.

    Examples
    --------
    >>> _decade(57.0)
    '50-59'
    """
    if age is None:
        return "unknown"
    begin = int(age) // DECADE * DECADE
    return f"{begin:02d}-{begin + DECADE - 1}"


def _urgent(document: dict[str, Any], name: str) -> Urgent:
    codes: dict[str, list[str]] = {"present": [], "possible": []}
    for finding in document["findings"]:
        codes.setdefault(finding["status"], []).append(finding["code"])
    return Urgent(
        urgency=document["urgency"],
        name=name,
        present=tuple(codes["present"]),
        possible=tuple(codes["possible"]),
    )
