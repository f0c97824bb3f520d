"""The table of the national guide (section 4): good instances, and each rule broken once."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from cardioalert.hospital.fhir.export import bundle
from cardioalert.hospital.fhir.guide import Rule, guide_rules, national_issues
from cardioalert.hospital.fhir.validate import validate
from cardioalert.hospital.result import Person
from tests.unit.hospital.made_result import made_result

pytest.importorskip("fhir.resources", reason="fhir.resources is not installed")
pytest.importorskip("fhirpathpy", reason="fhirpathpy is not installed")

CORE = "https://dhp.uz/fhir/core/"
TERMS = "https://terminology.dhp.uz/fhir/core/"
V2 = "http://terminology.hl7.org/CodeSystem/v2-0203"
DCM = "http://dicom.nema.org/resources/ontology/DCM"


def profiled(kind: str, profile: str, /, **content: Any) -> dict[str, Any]:
    return {
        "resourceType": kind,
        "meta": {"profile": [f"{CORE}StructureDefinition/{profile}"]},
        "language": "uz",
    } | content


def coded(system: str, *codes: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code} for code in codes]}


# Section 7 of the guide, and one instance of each other resource we write.
INSTANCES: dict[str, dict[str, Any]] = {
    "Patient": profiled(
        "Patient", "uz-core-patient", id="p1", active=True, gender="female", birthDate="1985-03-05",
        identifier=[{
            "use": "official", "system": f"{CORE}sid/pid/uz/ni", "value": "40503855900021",
            "type": coded(V2, "NI"),
        }],
        name=[{
            "use": "official", "text": "Karimova Nodira Anvarovna", "family": "Karimova",
            "given": ["Nodira"], "suffix": ["Anvarovna"],
        }],
        address=[{
            "use": "home", "type": "physical", "country": "UZ", "state": "1727",
            "district": "1727220",
        }],
        managingOrganization={"reference": "Organization/o1"},
    ),
    "Organization": profiled(
        "Organization", "uz-core-organization", active=True, name="1-shahar poliklinikasi",
        identifier=[{
            "use": "official", "system": f"{CORE}sid/org/uz/soliq", "value": "300007000",
            "type": coded(V2, "TAX"),
        }],
    ),
    "Observation": profiled(
        "Observation", "uz-core-laboratory-observation", id="qt", status="preliminary",
        category=[coded(
            "http://terminology.hl7.org/CodeSystem/observation-category", "procedure"
        )],
        code={"coding": [
            {"system": "http://loinc.org", "code": "8634-8"},
            {"system": "urn:iso:std:iso:11073:10101", "code": "147232"},
        ]},
        subject={"reference": "Patient/p1"}, effectiveDateTime="2026-11-23T09:00:00+05:00",
        performer=[{"reference": "Organization/o1"}], device={"reference": "Device/d1"},
        basedOn=[{"reference": "ServiceRequest/s1"}],
        derivedFrom=[{"reference": "DocumentReference/photo"}],
        hasMember=[{"reference": "Observation/pr"}],
        valueQuantity={
            "value": 402, "unit": "ms", "system": "http://unitsofmeasure.org", "code": "ms",
        },
    ),
    "finding": profiled(
        "Observation", "uz-core-clinical-finding-observation", status="preliminary",
        code=coded("http://snomed.info/sct", "164889003"), subject={"reference": "Patient/p1"},
    ),
    "DiagnosticReport": profiled(
        "DiagnosticReport", "uz-core-diagnostic-report", status="preliminary",
        identifier=[{"system": f"{TERMS}NamingSystem/diagnostic-report-id", "value": "CA-0001"}],
        category=[coded("http://terminology.hl7.org/CodeSystem/v2-0074", "EC")],
        code=coded("http://loinc.org", "11524-6") | {"text": "EKG"},
        subject={"reference": "Patient/p1"}, effectiveDateTime="2026-11-23T09:00:00+05:00",
        issued="2026-11-23T09:05:00+05:00", result=[{"reference": "Observation/qt"}],
        performer=[{"reference": "PractitionerRole/r1"}],
        basedOn=[{"reference": "ServiceRequest/s1"}],
    ),
    "DocumentReference": profiled(
        "DocumentReference", "uz-core-documentreference", status="current", docStatus="final",
        author=[{"reference": "Device/d1"}], custodian={"reference": "Organization/o1"},
        context=[{"reference": "Appointment/a1"}],
        content=[{"attachment": {"contentType": "image/jpeg", "url": "https://example.uz/1"}}],
    ),
    "Device": profiled(
        "Device", "uz-core-device", status="active",
        name=[{"value": "CardioAlert", "type": "user-friendly-name"}],
    ),
    "QuestionnaireResponse": profiled(
        "QuestionnaireResponse", "uz-core-questionnaire-response", status="completed",
        questionnaire="https://dhp.uz/fhir/integrations/Questionnaire/CVDRiskScreeningQuestionnaire",
        subject={"reference": "Patient/p1"}, author={"reference": "Device/d1"},
        source={"reference": "Patient/p1"}, authored="2026-07-01T14:30:00+05:00",
        item=[{"linkId": "age", "answer": [{"valueInteger": 55}]}],
    ),
    "ServiceRequest": profiled(
        "ServiceRequest", "uz-core-service-request", status="active", intent="order",
        code={"concept": coded("http://loinc.org", "34534-8")},
        subject={"reference": "Patient/p1"},
    ),
    "Consent": profiled(
        "Consent", "uz-core-consent", status="active", subject={"reference": "Patient/p1"},
        grantor=[{"reference": "Patient/p1"}], decision="deny",
        regulatoryBasis=[coded(f"{TERMS}CodeSystem/consent-policy-cs", "uz-LRU-547")],
        provision=[{"action": [coded(
            "http://terminology.hl7.org/CodeSystem/consentaction", "disclose"
        )]}],
    ),
    "AuditEvent": {
        "resourceType": "AuditEvent", "action": "R", "recorded": "2026-11-23T09:00:00+05:00",
        "category": [coded(DCM, "110106")],
        "code": coded("http://hl7.org/fhir/restful-interaction", "read"),
        "outcome": {"code": {"system": "http://hl7.org/fhir/issue-severity",
                             "code": "information"}},
        "agent": [{
            "type": coded(DCM, "110150"), "who": {"reference": "Device/d1"},
            "authorization": [coded("http://terminology.hl7.org/CodeSystem/v3-ActReason", "TREAT")],
        }],
        "source": {"observer": {"reference": "Device/d1"}},
    },
}  # fmt: skip


@pytest.mark.parametrize("name", INSTANCES)
def test_instances_of_the_guide_are_accepted(name: str) -> None:
    assert validate(INSTANCES[name], version="r5", national=True) == []


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"signed_by": Person(family="Усманов", given="Тимур")},
        {"record": None, "photo": None, "report": None, "recorded_at": None, "person": Person()},
    ],
)
def test_our_bundles_keep_the_guide(change: dict[str, Any]) -> None:
    document = bundle(made_result(language="uz", **change), version="r5", national=True)
    assert validate(document, version="r5", national=True) == []


def broken(rule: Rule) -> dict[str, Any]:
    """The instance of a rule's resource with just this rule broken."""
    kind, _dot, path = rule.path.partition(".")
    name = "finding" if "clinical-finding" in rule.profile else kind
    resource = copy.deepcopy(INSTANCES[name])
    steps = path.split(".")
    target: Any = resource
    for step in steps[:-1]:
        target = target[step]
        target = target[0] if isinstance(target, list) else target
    last = steps[-1]
    value = target[last]
    if rule.targets:
        wrong = {"reference": "Flag/1"}
        target[last] = [wrong] if isinstance(value, list) else wrong
    elif rule.codes or rule.prefixes:
        target[last] = "nonsense"
    elif rule.systems:
        target[last] = "https://example.org/other"
        resource["code"]["coding"] = resource["code"]["coding"][:1]
    else:
        assert rule.min
        del target[last]
    return resource


@pytest.mark.parametrize("rule", guide_rules(), ids=lambda rule: f"{rule.path} {rule.profile}")
def test_each_rule_refuses_what_breaks_it(rule: Rule) -> None:
    issues = national_issues(broken(rule))
    assert [one.where for one in issues] == [rule.path], issues


def test_parents_of_the_systems_are_not_systems() -> None:
    for system in ("sid/pid/", "sid/pid/uz", "sid/pid/uz/ppn"):
        patient = copy.deepcopy(INSTANCES["Patient"])
        patient["identifier"][0]["system"] = CORE + system
        assert national_issues(patient), system


def test_gender_other_needs_its_extension() -> None:
    patient = copy.deepcopy(INSTANCES["Patient"]) | {"gender": "other"}
    (issue,) = national_issues(patient)
    assert "gender-other" in issue.message
    url = f"{CORE}StructureDefinition/gender-other"
    patient["_gender"] = {"extension": [{"url": url, "valueCoding": {"code": "regis0007.00004"}}]}
    assert national_issues(patient) == []


def test_another_profile_is_told() -> None:
    patient = copy.deepcopy(INSTANCES["Patient"])
    patient["meta"]["profile"] = ["https://medcore.uz/StructureDefinition/uz-core-patient"]
    (issue,) = national_issues(patient)
    assert issue.where == "Patient.meta.profile"
