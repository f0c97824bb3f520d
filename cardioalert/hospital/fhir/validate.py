"""The gate: tell what is wrong with a FHIR resource or bundle, R4B or R5.

Three layers, because none of them sees everything: the published structure (cardinality, types,
required codes, reference targets) and three checks of our own (empty arrays, the characters of
SampledData, references within the bundle); the published FHIRPath invariants; and the models of
fhir.resources. A type that the tables do not hold is refused, not waved through.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from cardioalert.hospital.fhir import rules
from cardioalert.hospital.fhir.guide import national_issues
from cardioalert.hospital.fhir.issues import Issue, target_of, types_by_url
from cardioalert.hospital.fhir.rules import Version
from cardioalert.hospital.libraries import library

Resource = Mapping[str, Any]

SAMPLES: Final = re.compile(r"(?:[EUL]|-?\d+(?:\.\d+)?)(?: (?:[EUL]|-?\d+(?:\.\d+)?))*")
UNCHECKED_RULES: Final = ("dom-3", "ref-1", "txt-1", "txt-2")  # contained resources, XHTML


def _is_ordered(value: Mapping[str, Any]) -> bool:
    """Tell whether the low end of a Range, where it has one, is not above the high end."""
    low, high = (value.get(name) or {} for name in ("low", "high"))
    if "value" not in low or "value" not in high or low.get("code") != high.get("code"):
        return True
    return bool(low["value"] <= high["value"])


OWN_RULES: Final[Mapping[str, Callable[[Mapping[str, Any]], bool]]] = {"rng-2": _is_ordered}
"""Published rules that fhirpathpy cannot judge: it does not order quantities of FHIR."""

_VERSIONS: Final[tuple[Version, ...]] = ("r4b", "r5")
_BACKBONES: Final = ("BackboneElement", "Element")


def validate(resource: Resource, *, version: Version, national: bool = False) -> list[Issue]:
    """Return everything that is wrong, in the order of the document; empty: accepted.

    Parameters
    ----------
    resource : mapping
    version : `r4b` or `r5`
    national : bool
        Whether the rules of the national guide count, too.

    Raises
    ------
    MissingLibraryError
        The extra `hospital` is not installed.
    """
    issues = list(_structure(resource, version))
    if not issues:  # broken structure would only be reported a second time
        issues += _invariants(resource, version)
        issues += _model(resource, version)
        issues += national_issues(resource) if national else []
    return issues


def guess_version(resource: Resource) -> Version:
    """Tell R5 from R4B: the version whose structure the document breaks less, R4B when neither."""
    faults = {version: len(list(_structure(resource, version))) for version in _VERSIONS}
    return "r5" if faults["r5"] < faults["r4b"] else "r4b"


def _structure(resource: Resource, version: Version) -> Iterator[Issue]:
    """Check the structure of a document."""
    walker = _Walker(version, types_by_url(resource))
    yield from walker.resource(resource, where=str(resource.get("resourceType") or "resource"))


# ---- Structure -----------------------------------------------------------------------------------


class _Walker:
    """Walk a document along the definitions of its types."""

    def __init__(self, version: Version, types_by_url: dict[str, str]) -> None:
        self.version = version
        self.types_by_url = types_by_url

    def resource(self, value: Any, *, where: str) -> Iterator[Issue]:
        """Check a whole resource."""
        if not isinstance(value, dict) or value.get("resourceType") not in rules.types(
            self.version
        ):
            kind = value.get("resourceType") if isinstance(value, dict) else type(value).__name__
            yield _wrong(where, f"{kind!r} is no resource type that is exchanged here")
            return
        rest = {name: child for name, child in value.items() if name != "resourceType"}
        yield from self.element(rest, path=value["resourceType"], where=where)

    def element(self, value: Any, *, path: str, where: str) -> Iterator[Issue]:
        """Check a complex value against the elements below `path`."""
        if not isinstance(value, dict):
            yield _wrong(where, f"expected an object, found {value!r:.60}")
            return
        if not value:
            yield _wrong(where, "an object may not be empty")
        known: set[str] = set()
        for name, rule in rules.children(self.version, path).items():
            present = self._names(name, rule, value)
            known |= {prefix + one for one in present for prefix in ("", "_")}
            filled = [one for one in present if one in value or f"_{one}" in value]
            if len(filled) > 1:
                yield _wrong(where, f"only one of {', '.join(filled)} may be given")
            if rule["min"] and not filled:
                yield _wrong(where, f"{name} is missing")
            for one in filled:
                if one in value:
                    kind = present[one]
                    yield from self._property(
                        value[one], rule, kind, path=f"{path}.{name}", where=f"{where}.{one}"
                    )
        for name in value.keys() - known:
            yield _wrong(f"{where}.{name}", "there is no such property")

    def _names(self, name: str, rule: dict[str, Any], value: dict[str, Any]) -> dict[str, str]:
        """Return the properties that an element may be written as, with their types."""
        kinds = list(rule.get("types", {"": []}))
        if not name.endswith("[x]"):
            return {name: kinds[0]}
        stem = name[:-3]
        return {stem + kind[0].upper() + kind[1:]: kind for kind in kinds}

    def _property(
        self, value: Any, rule: dict[str, Any], kind: str, *, path: str, where: str
    ) -> Iterator[Issue]:
        """Check one property, alone or a list."""
        if rule["max"] == "1":
            if isinstance(value, list):
                yield _wrong(where, "expected one value, found a list")
                return
            yield from self._one(value, rule, kind, path=path, where=where)
            return
        if not isinstance(value, list):
            yield _wrong(where, "expected a list")
            return
        if not value:
            yield _wrong(where, "a list may not be empty")
        for number, item in enumerate(value):
            yield from self._one(item, rule, kind, path=path, where=f"{where}[{number}]")

    def _one(
        self, value: Any, rule: dict[str, Any], kind: str, *, path: str, where: str
    ) -> Iterator[Issue]:
        """Check one value by its type."""
        if "as" in rule:
            yield from self.element(value, path=rule["as"], where=where)
        elif kind in _BACKBONES:
            yield from self.element(value, path=path, where=where)
        elif kind in ("Resource", "DomainResource"):
            yield from self.resource(value, where=where)
        elif kind in rules.types(self.version):
            yield from self.element(value, path=kind, where=where)
            yield from self._special(value, rule, kind, where=where)
        else:
            yield from self._primitive(value, rule, kind, where=where)

    def _special(
        self, value: Any, rule: dict[str, Any], kind: str, *, where: str
    ) -> Iterator[Issue]:
        """Check what the definitions leave to regular expressions or prose."""
        if not isinstance(value, dict):
            return
        data = value.get("data")
        if kind == "SampledData" and isinstance(data, str) and not SAMPLES.fullmatch(data):
            yield _wrong(f"{where}.data", "samples are numbers or E, U, L, parted by a blank")
        if kind == "Reference" and (targets := rule["types"][kind]):
            target = target_of(value, self.types_by_url)
            if target and "Resource" not in targets and target not in targets:
                yield Issue(
                    where=where,
                    rule="reference",
                    message=f"refers to {target}, expected {', '.join(targets)}",
                )
            elif target == "" and str(value.get("reference", "")).startswith("urn:uuid:"):
                message = f"{value['reference']} stands nowhere in the bundle"
                yield Issue(where=where, rule="reference", message=message)

    def _primitive(
        self, value: Any, rule: dict[str, Any], kind: str, *, where: str
    ) -> Iterator[Issue]:
        """Check a primitive."""
        if kind == "boolean":
            if not isinstance(value, bool):
                yield _wrong(where, f"expected true or false, found {value!r:.40}")
        elif kind in rules.NUMBERS:
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not math.isfinite(value):
                yield _wrong(where, f"expected a number, found {value!r:.40}")
            elif kind != "decimal" and value != int(value):
                yield _wrong(where, f"expected a whole number, found {value!r}")
        elif not isinstance(value, str):
            yield _wrong(where, f"expected text, found {value!r:.40}")
        elif not value.strip():
            yield _wrong(where, "text may not be empty")
        elif kind in rules.PRIMITIVES and not rules.pattern(kind).fullmatch(value):
            yield _wrong(where, f"{value!r:.60} is no {kind}")
        elif "codes" in rule and value not in rules.codes(self.version, rule["codes"]):
            message = f"{value!r} is not in {rule['codes']}"
            yield Issue(where=where, rule="code", message=message)


def _wrong(where: str, message: str) -> Issue:
    """Describe a fault of structure."""
    return Issue(where=where, rule="structure", message=message)


# ---- Invariants and models -----------------------------------------------------------------------


def _invariants(resource: Resource, version: Version) -> Iterator[Issue]:
    """Check the published FHIRPath rules of every element."""
    fhirpath = library("fhirpathpy")
    model = library("fhirpathpy.models").models["r5" if version == "r5" else "r4"]
    make_node = library("fhirpathpy.engine.nodes").ResourceNode.create_node
    compiled: dict[tuple[str, str], Any] = {}
    for node, path, where, root in _nodes(resource, version):
        element = rules.types(version)[path.partition(".")[0]].get(path, {})
        for key, expression, human in element.get("rules", ()):
            if key in UNCHECKED_RULES:
                continue
            if key in OWN_RULES:
                if not OWN_RULES[key](node):
                    yield Issue(where=where, rule=key, message=human)
                continue
            run = compiled.get((path, expression))
            if run is None:
                run = compiled[path, expression] = fhirpath.compile(expression, model)
            typed = make_node(node, path) if "." in path else node
            try:
                answer = run(typed, {"resource": root, "rootResource": root})
            except Exception as error:  # the library raises no class of its own
                if "Not implemented" in str(error):  # hasValue, memberOf, ...: nobody checks them
                    continue
                answer = [f"cannot be evaluated: {error}"]
            if answer not in ([True], [], True):
                yield Issue(where=where, rule=key, message=human)


def _nodes(
    resource: Resource, version: Version
) -> Iterator[tuple[dict[str, Any], str, str, dict[str, Any]]]:
    """Yield every complex value: itself, its path, where it stands, and its resource."""

    def walk(
        value: dict[str, Any], path: str, where: str, root: dict[str, Any]
    ) -> Iterator[tuple[dict[str, Any], str, str, dict[str, Any]]]:
        yield value, path, where, root
        for name, rule in rules.children(version, path).items():
            kinds = list(rule.get("types", {"": []}))
            stem = name.removesuffix("[x]")
            for kind in kinds:
                own = stem + kind[0].upper() + kind[1:] if name.endswith("[x]") else name
                items = value.get(own, ())
                for number, item in enumerate(items if isinstance(items, list) else [items]):
                    if not isinstance(item, dict):
                        continue
                    at = f"{where}.{own}" + (f"[{number}]" if isinstance(items, list) else "")
                    if kind in ("Resource", "DomainResource"):
                        yield from walk(item, item["resourceType"], at, item)
                    elif "as" in rule:
                        yield from walk(item, rule["as"], at, root)
                    elif kind in _BACKBONES:
                        yield from walk(item, f"{path}.{name}", at, root)
                    elif kind in rules.types(version):
                        yield from walk(item, kind, at, root)

    top = dict(resource)
    yield from walk(top, top["resourceType"], top["resourceType"], top)


def _model(resource: Resource, version: Version) -> Iterator[Issue]:
    """Ask the models of fhir.resources."""
    package = "fhir.resources.R4B" if version == "r4b" else "fhir.resources"
    kind = str(resource["resourceType"])
    module = library(f"{package}.{kind.lower()}")
    pydantic = library("pydantic")
    try:
        getattr(module, kind).model_validate(dict(resource))
    except pydantic.ValidationError as error:
        for one in error.errors()[:20]:
            where = ".".join([kind, *(str(part) for part in one["loc"])])
            yield Issue(where=where, rule="model", message=str(one["msg"]))
