"""The description of the interface in OpenAPI 3.0, for generators that do not read 3.1.

What 3.1 took over from JSON Schema is written the old way; nothing is left out.
"""

from __future__ import annotations

from typing import Any, Final

VERSION: Final = "3.0.3"
_RENAMED: Final = {"contentMediaType": ("format", "binary")}


def as_openapi_30(document: dict[str, Any]) -> dict[str, Any]:
    """Return an OpenAPI 3.1 document as one of 3.0.3."""
    written: dict[str, Any] = _old(document)
    return written | {"openapi": VERSION}


def _old(value: Any) -> Any:
    """Rewrite a part of the document."""
    if isinstance(value, list):
        return [_old(one) for one in value]
    if not isinstance(value, dict):
        return value
    part = {key: _old(one) for key, one in value.items()}
    for name in ("anyOf", "oneOf"):
        if isinstance(part.get(name), list):
            part = _without_null(part, name)
    if isinstance(part.get("type"), list):
        kinds = [kind for kind in part["type"] if kind != "null"]
        part |= {"type": kinds[0], "nullable": len(kinds) < len(part["type"])}
    if "const" in part and isinstance(part.get("type"), str):
        part["enum"] = [part.pop("const")]
    for name, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(part.get(name), int | float) and not isinstance(part[name], bool):
            part |= {limit: part[name], name: True}
    for name, (other, word) in _RENAMED.items():
        if part.pop(name, None) is not None:
            part[other] = word
    if isinstance(part.get("examples"), list) and part["examples"]:
        part["example"] = part.pop("examples")[0]
    return part


def _without_null(part: dict[str, Any], name: str) -> dict[str, Any]:
    """Write `anyOf: [X, null]` as X that may be null; a reference is wrapped, as 3.0 wants it."""
    kinds = [one for one in part[name] if one != {"type": "null"}]
    if len(kinds) == len(part[name]):
        return part
    rest = {key: one for key, one in part.items() if key != name} | {"nullable": True}
    if len(kinds) > 1:
        return rest | {name: kinds}
    if "$ref" in kinds[0]:
        return rest | {"allOf": kinds}
    only: dict[str, Any] = kinds[0]
    return only | rest
