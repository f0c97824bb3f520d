"""What the draft national guide of Uzbekistan asks for beyond FHIR R5, read from a table.

The guide moves every week and has no published package to check against, so its rules stand in
`tables/uz_core.toml` and nowhere in the code.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from cardioalert.hospital.fhir.issues import Issue, target_of, types_by_url

RULE: Final = "uz-core"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One constraint; what is left at its default asks for nothing."""

    path: str
    profile: str = ""
    min: int = 0
    max: int = 1_000_000
    codes: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    other_needs: str = ""


@cache
def _table() -> dict[str, Any]:
    path = resources.files("cardioalert.hospital.fhir") / "tables" / "uz_core.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def guide_rules() -> tuple[Rule, ...]:
    """Return the rows of the table; an unknown key fails here."""
    found = []
    for row in _table()["rule"]:
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}
        found.append(Rule(**values))
    return tuple(found)


def national_issues(document: Mapping[str, Any]) -> list[Issue]:
    """Return what a resource, or the resources of a bundle, have against the guide."""
    known = types_by_url(document)
    if document.get("resourceType") != "Bundle":
        return list(_of_resource(document, str(document.get("resourceType")), known))
    return [
        issue
        for number, entry in enumerate(document.get("entry") or ())
        for issue in _of_resource(entry["resource"], f"Bundle.entry[{number}].resource", known)
    ]


def _of_resource(resource: Mapping[str, Any], where: str, known: dict[str, str]) -> Iterator[Issue]:
    """Check one resource."""
    kind = str(resource.get("resourceType"))
    profiles = [
        str(one).partition("|")[0].removeprefix(_table()["profiles"])
        for one in (resource.get("meta") or {}).get("profile", ())
    ]
    allowed = _table()["profile"].get(kind)
    if allowed and not set(profiles) & set(allowed):
        yield _issue(f"{where}.meta.profile", f"names none of {', '.join(allowed)}")
    for rule in guide_rules():
        owner, _dot, path = rule.path.partition(".")
        if owner == kind and (not rule.profile or rule.profile in profiles):
            yield from _check(rule, _values(resource, path.split(".")), resource, where, known)


def _values(value: Any, path: list[str]) -> list[Any]:
    """Return all values at a path, through lists."""
    if isinstance(value, list):
        return [found for item in value for found in _values(item, path)]
    if not path:
        return [value]
    if not isinstance(value, Mapping) or path[0] not in value:
        return []
    return _values(value[path[0]], path[1:])


def _check(
    rule: Rule, values: list[Any], resource: Mapping[str, Any], where: str, known: dict[str, str]
) -> Iterator[Issue]:
    """Check the values at the path of a rule."""
    at = f"{where}.{rule.path.partition('.')[2]}"
    if not rule.min <= len(values) <= rule.max:
        yield _issue(at, f"{len(values)} values, expected {rule.min} to {rule.max}")
    if rule.systems and values and not set(values) & set(rule.systems):
        yield _issue(at, f"no coding is of {', '.join(rule.systems)}")
    for value in values:
        if rule.codes and value not in rule.codes:
            yield _issue(at, f"{value!r} is none of {', '.join(rule.codes)}")
        if rule.targets and (target := target_of(value, known)) not in rule.targets:
            yield _issue(at, f"refers to {target or 'nothing known'}, not to one of {rule.targets}")
        if rule.prefixes and (
            value in rule.never
            or not any(str(value).startswith(one) and value != one for one in rule.prefixes)
        ):
            yield _issue(at, f"{value!r} is no system of the guide")
        if rule.other_needs and value == "other":
            extensions = (resource.get("_gender") or {}).get("extension") or ()
            if rule.other_needs not in [one.get("url") for one in extensions]:
                yield _issue(at, f"'other' needs the extension {rule.other_needs}")


def _issue(where: str, message: str) -> Issue:
    return Issue(where=where, rule=RULE, message=message)
