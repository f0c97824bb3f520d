"""Write the tables of `fhir validate` from the published definitions (CC0) of HL7.

    npm pack hl7.fhir.r4b.core@4.3.0 hl7.fhir.r5.core@5.0.0      # and unpack both
    python tests/peers/extract_fhir_rules.py R4B_FOLDER R5_FOLDER

For each type: its elements with cardinality, types, reference targets, required codes and FHIRPath
invariants. Only the types that an exchange about ECGs uses are kept.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

RESOURCES = """
    Appointment AppointmentResponse AuditEvent Bundle Consent Device DiagnosticReport
    DocumentReference HealthcareService Location Media Observation OperationOutcome Organization
    Patient Practitioner PractitionerRole Provenance Questionnaire QuestionnaireResponse
    RiskAssessment Schedule ServiceRequest Slot
"""  # those that an exchange about ECGs uses
OUT = Path(__file__).parents[2] / "cardioalert/hospital/fhir/tables"


class Definitions:
    """The files of one package."""

    def __init__(self, folder: Path) -> None:
        self.structures = self.load(folder, "StructureDefinition")
        self.sets = {one.get("url", ""): one for one in self.load(folder, "ValueSet").values()}
        self.systems = {one.get("url", ""): one for one in self.load(folder, "CodeSystem").values()}

    @staticmethod
    def load(folder: Path, kind: str) -> dict[str, Any]:
        found = {}
        for path in sorted(folder.glob(f"{kind}-*.json")):
            content = json.loads(path.read_text(encoding="utf-8"))
            found[content["id"]] = content
        return found

    def codes(self, url: str) -> list[str] | None:
        """Expand a value set, None when it is not a plain list."""
        value_set = self.sets.get(url.partition("|")[0])
        if value_set is None:
            return None
        codes: set[str] = set()
        for include in value_set.get("compose", {}).get("include", ()):
            if "filter" in include:
                return None
            for other in include.get("valueSet", ()):
                more = self.codes(other)
                if more is None:
                    return None
                codes |= set(more)
            if "concept" in include:
                codes |= {one["code"] for one in include["concept"]}
            elif "system" in include:
                system = self.systems.get(include["system"])
                if system is None or system.get("content") != "complete":
                    return None
                codes |= set(all_codes(system.get("concept", ())))
        return sorted(codes) if 0 < len(codes) <= 400 else None


def all_codes(concepts: Any) -> Any:
    for concept in concepts:
        yield concept["code"]
        yield from all_codes(concept.get("concept", ()))


def rules(folder: Path) -> dict[str, Any]:
    definitions = Definitions(folder)
    types: dict[str, Any] = {}
    codes: dict[str, list[str]] = {}
    waiting = RESOURCES.split()
    while waiting:
        name = waiting.pop()
        structure = definitions.structures.get(name)
        if name in types or structure is None or structure["kind"] == "primitive-type":
            continue
        elements: dict[str, Any] = {}
        for element in structure["snapshot"]["element"]:
            path = element["path"]
            row: dict[str, Any] = {"min": element["min"], "max": element["max"]}
            kinds = {
                "string" if "fhirpath" in kind["code"] else kind["code"]: [
                    target.rpartition("/")[2] for target in kind.get("targetProfile", ())
                ]
                for kind in element.get("type", ())
            }
            if kinds and path != name:
                row["types"] = kinds
                waiting += [kind for kind in kinds if kind not in ("Resource", "BackboneElement")]
            if "contentReference" in element:
                row["as"] = element["contentReference"].rpartition("#")[2]
            binding = element.get("binding", {})
            if binding.get("strength") == "required" and "code" in kinds:
                known = definitions.codes(binding.get("valueSet", ""))
                if known:
                    url = binding["valueSet"].partition("|")[0]
                    codes[url] = known
                    row["codes"] = url
            if constraints := [
                [one["key"], one["expression"], one["human"]]
                for one in element.get("constraint", ())
                if one["severity"] == "error"
                and one.get("expression")
                and one["key"] not in ("ele-1", "ext-1")
            ]:
                row["rules"] = constraints
            elements[path] = row
        types[name] = elements
    return {
        "generator": "tests/peers/extract_fhir_rules.py",
        "source": "npm hl7.fhir.r4b.core 4.3.0 and hl7.fhir.r5.core 5.0.0, HL7, CC0-1.0",
        "codes": codes,
        "types": dict(sorted(types.items())),
    }


def main() -> None:
    for name, folder in zip(("r4b", "r5"), sys.argv[1:], strict=True):
        text = json.dumps(rules(Path(folder)), ensure_ascii=False, separators=(",", ":"))
        (OUT / f"rules_{name}.json").write_text(text + "\n", encoding="utf-8")
        print(name, len(text))  # noqa: T201


if __name__ == "__main__":
    main()
