"""One fault of a FHIR document, and whom a reference means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_TARGET: Final = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/\S+)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One thing that is wrong.

    Attributes
    ----------
    where : str
        Such as `Bundle.entry[3].resource.status`.
    rule : str
        `structure`, `code`, `reference`, `model`, or the key of an invariant such as `obs-6`.
    message : str
    """

    where: str
    rule: str
    message: str


def types_by_url(resource: Mapping[str, Any]) -> dict[str, str]:
    """Return the type of each resource of a bundle by its fullUrl."""
    entries = resource.get("entry")
    found = {}
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("resource"), dict):
            kind = entry["resource"].get("resourceType")
            found[str(entry.get("fullUrl") or "")] = str(kind)
    return found


def target_of(reference: Any, known: Mapping[str, str]) -> str:
    """Return the type a reference points to, empty when it does not tell.

    Parameters
    ----------
    reference : mapping
    known : fullUrl -> type of the entries of the bundle
    """
    if not isinstance(reference, Mapping):
        return ""
    url = str(reference.get("reference") or "")
    if url in known:
        return known[url]
    if found := _TARGET.search(url.partition("?")[0]):
        return found[1]
    if "?" in url:
        return url.partition("?")[0].rpartition("/")[2]
    return str(reference.get("type") or "")
