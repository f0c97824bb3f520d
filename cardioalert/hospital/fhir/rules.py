"""The published rules of FHIR that `validate` checks, read from generated tables."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources
from typing import Any, Final, Literal

Version = Literal["r4b", "r5"]

PRIMITIVES: Final = {
    "id": r"[A-Za-z0-9\-.]{1,64}",
    "code": r"[^\s]+( [^\s]+)*",
    "date": r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?",
    "dateTime": (
        r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])"
        r"(T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(Z|[+-](0\d|1[0-4]):[0-5]\d))?)?)?"
    ),
    "instant": (
        r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)"
        r"(\.\d+)?(Z|[+-](0\d|1[0-4]):[0-5]\d)"
    ),
    "time": r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?",
    "uri": r"\S*",
    "url": r"\S*",
    "canonical": r"\S*",
    "oid": r"urn:oid:[0-2](\.(0|[1-9]\d*))+",
    "uuid": r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "base64Binary": r"(\s*([0-9a-zA-Z+/=]){4}\s*)+",
    "string": r"[\s\S]+",
    "markdown": r"[\s\S]+",
    "xhtml": r"[\s\S]+",
}
"""Regular expressions of the primitive types that are strings in JSON."""

NUMBERS: Final = ("decimal", "integer", "positiveInt", "unsignedInt", "integer64")


@cache
def _tables(version: Version) -> dict[str, Any]:
    """Return the generated table of a version."""
    path = resources.files("cardioalert.hospital.fhir") / "tables" / f"rules_{version}.json"
    tables: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return tables


def types(version: Version) -> dict[str, dict[str, Any]]:
    """Return the elements of each type, by path such as `Observation.value[x]`."""
    found: dict[str, dict[str, Any]] = _tables(version)["types"]
    return found


@cache
def codes(version: Version, value_set: str) -> frozenset[str]:
    """Return the codes of a required value set."""
    return frozenset(_tables(version)["codes"][value_set])


@cache
def children(version: Version, path: str) -> dict[str, dict[str, Any]]:
    """Return the elements right below a path, by their own name."""
    table = types(version)[path.partition(".")[0]]
    depth = path.count(".") + 1
    return {
        name.rpartition(".")[2]: element
        for name, element in table.items()
        if name.startswith(path + ".") and name.count(".") == depth
    }


@cache
def pattern(primitive: str) -> re.Pattern[str]:
    """Return the regular expression of a primitive type."""
    return re.compile(PRIMITIVES[primitive])
