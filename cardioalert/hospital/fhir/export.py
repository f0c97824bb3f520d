"""Write one result as a transaction bundle: R4B for hospitals, R5 for the national guide.

Every resource has an identifier and is created only when none with it exists, so that sending a
bundle again changes nothing. Model probabilities are RiskAssessments, never diagnoses; a missing
measurement says why, and is never 0.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

from cardioalert.domain.record import STANDARD_LEADS
from cardioalert.formats.leads import lead_codes
from cardioalert.hospital.fhir import pieces
from cardioalert.hospital.fhir.pieces import TERMINOLOGY, UZ_PROFILES, Json, concept, moment
from cardioalert.hospital.fhir.rules import Version
from cardioalert.hospital.result import LOCAL_SYSTEM, Finding, Measurement, Result
from cardioalert.risk.fhir import questionnaire_response, risk_assessment
from cardioalert.risk.result import RiskResult
from cardioalert.terminology.lookup import LOINC, SNOMED, Code, mdc_code

REPORT_SYSTEM: Final = "https://terminology.dhp.uz/fhir/core/NamingSystem/diagnostic-report-id"
SHA256_OID: Final = "urn:oid:2.16.840.1.101.3.4.2.1"
WAVE_TERM: Final = 256  # MDC_ECG_ELEC_POTL, partition 2: 131328
PANEL: Final = Code(system=LOINC, code="34534-8", display="12 lead EKG panel")
STUDY: Final = Code(system=LOINC, code="11524-6", display="EKG study")
IMPRESSION: Final = Code(system=LOINC, code="8601-7", display="EKG impression")
CATEGORY_EC: Final = Code(
    system=f"{TERMINOLOGY}v2-0074", code="EC", display="Electrocardiac (e.g., EKG,  EEC, Holter)"
)

_OBSERVATION_PROFILES: Final = {
    "measurement": "uz-core-laboratory-observation",
    "finding": "uz-core-clinical-finding-observation",
}


def bundle(
    result: Result, *, version: Version = "r4b", national: bool = False, snomed: bool = True
) -> Json:
    """Return the transaction bundle.

    Parameters
    ----------
    result : Result
    version : `r4b` or `r5`
    national : bool
        Follow the draft guide of the Ministry of Health of Uzbekistan (R5 only).
    snomed : bool
        Whether SNOMED CT codes may be written.
    """
    if national and version != "r5":
        raise ValueError("the national guide is FHIR R5")
    return _Bundle(result, version=version, national=national, snomed=snomed).build()


class _Bundle:
    """Collect the entries of one bundle."""

    def __init__(self, result: Result, *, version: Version, national: bool, snomed: bool) -> None:
        self.result, self.version = result, version
        self.national, self.snomed = national, snomed
        self.entries: list[Json] = []

    def build(self) -> Json:
        """Return the whole bundle."""
        result = self.result
        self.patient = self._add_patient()
        self.device = self._add(
            "device",
            pieces.software(release=result.version, version=self.version),
            profile="uz-core-device",
        )
        self.organization = self._add_organization()
        self.signer = self._add_signer()
        source = self._add_photo()
        # The guide takes codes of LOINC only; what has none goes into the panel as a component.
        alone: list[Measurement] = []
        inside: list[Measurement] = []
        for one in result.measurements():
            (inside if self.national and not _has_loinc(one) else alone).append(one)
        panel = [self._component(one) for one in inside]
        wave = self._add_wave(source, panel)
        measured = [self._add_measurement(one, wave) for one in alone]
        found = [self._add_finding(one, wave) for one in result.findings() if self._codes(one)]
        impression = self._add_impression(wave, [] if wave else panel)
        results = ([wave] if wave else []) + measured + found + [impression]
        report = self._add_report(results, source)
        risks = [
            self._add_risk(code, probability, wave or impression)
            for code, probability in sorted(result.analysis["statements"].items())
            if probability is not None
        ]
        if result.risk is not None:
            risks += self._add_questionnaire(result.risk)
        self._add_provenance([report, *results, *risks])
        self._add_audit(report)
        return {
            "resourceType": "Bundle",
            "type": "transaction",
            "timestamp": moment(result.exported_at),
            "entry": self.entries,
        }

    # ---- Entries ---------------------------------------------------------------------------------

    def _add(self, part: str, resource: Json, *, profile: str = "") -> Json:
        """Add an entry and return a reference to it."""
        kind = resource["resourceType"]
        key = str(self.result.key(part))
        identifiers = resource.get("identifier")
        if identifiers is None and kind not in ("Provenance", "AuditEvent"):
            identifiers = [{"system": LOCAL_SYSTEM, "value": key}]
            if kind == "QuestionnaireResponse" and self.version == "r4b":
                identifiers = identifiers[0]  # R4B: one identifier
            resource["identifier"] = identifiers
        if self.national:
            meta = {"profile": [UZ_PROFILES + profile]} if profile else {}
            resource.pop("meta", None)
            resource = {"resourceType": kind} | ({"meta": meta} if meta else {}) | resource
            resource["language"] = self.result.language
        request: Json = {"method": "POST", "url": kind}
        if identifiers:
            first = identifiers[0] if isinstance(identifiers, list) else identifiers
            token = quote(f"{first['system']}|{first['value']}", safe=":|/")
            request["ifNoneExist"] = f"identifier={token}"
        else:  # neither Provenance nor AuditEvent has an identifier: they hang on a known id
            resource["id"] = key
            request = {"method": "PUT", "url": f"{kind}/{key}"}
        url = f"urn:uuid:{key}"
        self.entries.append({"fullUrl": url, "resource": resource, "request": request})
        return {"reference": url}

    def _add_patient(self) -> Json:
        """Add the person."""
        person = self.result.person
        key = f"file-{self.result.sha256[:32]}"
        resource = pieces.patient(person, key=key, version=self.version, national=self.national)
        return self._add("patient", resource, profile="uz-core-patient")

    def _add_organization(self) -> Json | None:
        """Add the clinic, when it is known."""
        if not self.result.facility:
            return None
        resource = {"resourceType": "Organization", "active": True, "name": self.result.facility}
        return self._add("organization", resource, profile="uz-core-organization")

    def _add_signer(self) -> Json | None:
        """Add the clinician who signed."""
        if self.result.signed_by is None:
            return None
        return self._add("signer", pieces.practitioner(self.result.signed_by))

    def _add_photo(self) -> Json | None:
        """Add the photo that was digitized."""
        photo = self.result.photo
        if photo is None:
            return None
        resource: Json = {
            "resourceType": "DocumentReference",
            "status": "current",
            "type": {"text": "Photo of a paper ECG"},
            "subject": self.patient,
            "date": moment(self.result.exported_at),
            "content": [{"attachment": pieces.attachment(photo)}],
        }
        return self._add("photo", resource, profile="uz-core-documentreference")

    def _observation(self, codes: list[Code], *, kind: str, category: str, text: str = "") -> Json:
        """Begin an observation."""
        resource: Json = {
            "resourceType": "Observation",
            "status": self.result.status,
            "category": [
                concept(
                    [
                        Code(
                            system=f"{TERMINOLOGY}observation-category",
                            code=category,
                            display=category.capitalize(),
                        )
                    ]
                )
            ],
            "code": concept(codes, text),
            "subject": self.patient,
        }
        if self.result.recorded_at is not None:
            resource["effectiveDateTime"] = moment(self.result.recorded_at)
        if self.organization is not None:
            resource["performer"] = [self.organization]
        return resource | {"device": self.device}

    def _profile(self, kind: str) -> str:
        """Return the national profile of an observation."""
        return _OBSERVATION_PROFILES[kind]

    def _component(self, measurement: Measurement) -> Json:
        """Write a value inside of an observation, or why there is none."""
        codes = measurement.codes
        written: Json = {"code": concept(list(codes.codes))}
        if measurement.value is None:
            return written | {"dataAbsentReason": pieces.absent("unknown")}
        return written | {
            "valueQuantity": pieces.quantity(
                measurement.value, unit=codes.unit_display, code=codes.ucum
            )
        }

    def _add_wave(self, source: Json | None, others: list[Json]) -> Json | None:
        """Add the leads, each a component, and what else belongs to the panel."""
        record = self.result.record
        if record is None:
            return None
        panel = [mdc_code(WAVE_TERM, "MDC_ECG_ELEC_POTL"), PANEL]
        codes = panel[::-1] if self.national else panel
        resource = self._observation(codes, kind="measurement", category="procedure")
        if source is not None:
            resource["derivedFrom"] = [source]
        resource["component"] = [
            {
                "code": concept(
                    [mdc_code(int(lead_codes()[lead].mdc_term), lead_codes()[lead].mdc_name)]
                ),
                "valueSampledData": pieces.sampled_data(
                    record.lead(lead), sampling_rate=record.sampling_rate, version=self.version
                ),
            }
            for lead in STANDARD_LEADS
            if lead in record.leads
        ] + others
        return self._add("wave", resource, profile=self._profile("measurement"))

    def _add_measurement(self, measurement: Measurement, wave: Json | None) -> Json:
        """Add a value, or why there is none."""
        codes = measurement.codes
        resource = self._observation(list(codes.codes), kind="measurement", category="procedure")
        if measurement.value is None:
            resource["dataAbsentReason"] = pieces.absent("unknown")
            if measurement.reason:
                resource["note"] = [{"text": f"Not measurable: {measurement.reason}"}]
        else:
            resource["valueQuantity"] = pieces.quantity(
                measurement.value, unit=codes.unit_display, code=codes.ucum
            )
        if wave is not None:
            resource["derivedFrom"] = [wave]
        return self._add(measurement.name, resource, profile=self._profile("measurement"))

    def _codes(self, finding: Finding) -> list[Code]:
        """Return the codes of a finding."""
        if finding.codes is None or not self.snomed:
            return []
        return [Code(system=SNOMED, code=finding.codes.snomed, display=finding.codes.display)]

    def _add_finding(self, finding: Finding, wave: Json | None) -> Json:
        """Add a finding that has a code; `possible` is said, never dropped."""
        resource = self._observation(
            self._codes(finding), kind="finding", category="exam", text=finding.title
        )
        sure = finding.status == "present"
        resource["valueCodeableConcept"] = {"text": "Present" if sure else "Possible"}
        if wave is not None:
            resource["derivedFrom"] = [wave]
        return self._add(f"finding-{finding.code}", resource, profile=self._profile("finding"))

    def _add_impression(self, wave: Json | None, panel: list[Json]) -> Json:
        """Add the impression in words."""
        resource = self._observation([IMPRESSION], kind="measurement", category="procedure")
        resource["valueString"] = self.result.impression()
        if panel:
            resource["component"] = panel
        if wave is not None:
            resource["derivedFrom"] = [wave]
        return self._add("impression", resource, profile=self._profile("measurement"))

    def _add_report(self, results: list[Json], source: Json | None) -> Json:
        """Add the report: preliminary, and without a performer, until a clinician signs."""
        result = self.result
        key = str(result.key("report"))
        resource: Json = {
            "resourceType": "DiagnosticReport",
            "identifier": [
                {"system": REPORT_SYSTEM if self.national else LOCAL_SYSTEM, "value": key}
            ],
            "status": result.status,
            "category": [concept([CATEGORY_EC])],
            "code": concept([STUDY], "ECG"),
            "subject": self.patient,
            "issued": moment(result.exported_at),
            "result": results,
            "conclusion": result.impression(),
        }
        if result.recorded_at is not None:
            resource["effectiveDateTime"] = moment(result.recorded_at)
        if result.order:
            resource["basedOn"] = [
                {"type": "ServiceRequest", "identifier": {"value": result.order}}
            ]
        if self.signer is not None:
            resource["performer"] = [self.signer]
            resource["resultsInterpreter"] = [self.signer]
        if source is not None and self.version == "r5":
            resource["media"] = [{"link": source}]
        if codes := [
            concept(self._codes(one), one.title)
            for one in result.findings()
            if one.status == "present" and self._codes(one)
        ]:
            resource["conclusionCode"] = codes
        if result.report is not None:
            resource["presentedForm"] = [pieces.attachment(result.report)]
        return self._add("report", resource, profile="uz-core-diagnostic-report")

    def _add_risk(self, code: str, probability: float, basis: Json) -> Json:
        """Add the probability of one statement of the network."""
        resource: Json = {
            "resourceType": "RiskAssessment",
            "status": self.result.status,
            "subject": self.patient,
            "performer": self.device,
            "method": {"text": f"Neural network of CardioAlert {self.result.version}"},
            "basis": [basis],
            "prediction": [
                {"outcome": {"text": f"PTB-XL statement {code}"}, "probabilityDecimal": probability}
            ],
        }
        if self.result.recorded_at is not None:
            resource["occurrenceDateTime"] = moment(self.result.recorded_at)
        return self._add(f"risk-{code}", resource)

    def _add_questionnaire(self, risk: RiskResult) -> list[Json]:
        """Add the answers of the risk test, and the estimate whose basis they are."""
        answers = replace(risk.answers, patient=self.patient["reference"])
        risk = replace(risk, answers=answers)
        at = self.result.exported_at
        response = questionnaire_response(answers, authored=at)
        if not self.national:
            response.pop("meta", None)  # of the national guide
        added = [self._add("answers", response, profile="uz-core-questionnaire-response")]
        if risk.estimate is not None and not risk.estimate.score.points:
            basis = str(added[0]["reference"])
            assessment = risk_assessment(risk, authored=at, basis=basis)
            added.append(self._add("risk-of-answers", assessment))
        return added

    def _add_provenance(self, targets: list[Json]) -> None:
        """Say who made this, and of which file."""
        types = f"{TERMINOLOGY}provenance-participant-type"
        agents = [
            {
                "type": {
                    "coding": [{"system": types, "code": "assembler", "display": "Assembler"}]
                },
                "who": self.device,
            }
        ]
        if self.signer is not None:
            agents.append(
                {
                    "type": {
                        "coding": [{"system": types, "code": "verifier", "display": "Verifier"}]
                    },
                    "who": self.signer,
                }
            )
        activity = {
            "system": f"{TERMINOLOGY}v3-DataOperation",
            "code": "CREATE",
            "display": "create",
        }
        file_hash = {"system": SHA256_OID, "value": self.result.sha256}
        resource: Json = {
            "resourceType": "Provenance",
            "target": targets,
            "recorded": moment(self.result.exported_at),
            "activity": {"coding": [activity]},
            "agent": agents,
            "entity": [
                {"role": "source", "what": {"identifier": file_hash, "display": "analysed file"}}
            ],
        }
        self._add("provenance", resource)

    def _add_audit(self, report: Json) -> None:
        """Tell that the report was exported."""
        export = {
            "system": "http://dicom.nema.org/resources/ontology/DCM",
            "code": "110106",
            "display": "Export",
        }
        resource: Json = {"resourceType": "AuditEvent"}
        if self.version == "r4b":
            resource |= {"type": export, "outcome": "0"}
        else:
            success = {"system": "http://hl7.org/fhir/issue-severity", "code": "information"}
            read = {"system": "http://hl7.org/fhir/restful-interaction", "code": "read"}
            resource |= {
                "category": [{"coding": [export]}],
                "code": {"coding": [read]},
                "outcome": {"code": success},
            }
        resource |= {
            "action": "R",
            "recorded": moment(self.result.exported_at),
            "agent": [{"type": pieces.APPLICATION, "who": self.device, "requestor": True}],
            "source": {"observer": self.device},
            "entity": [{"what": report}],
        }
        self._add("audit", resource)


def _has_loinc(measurement: Measurement) -> bool:
    return any(code.system == LOINC for code in measurement.codes.codes)


def counts(document: Json) -> dict[str, int]:
    """Return how many resources of each type a bundle holds."""
    found: dict[str, int] = {}
    for entry in document.get("entry", ()):
        kind: Any = entry["resource"]["resourceType"]
        found[kind] = found.get(kind, 0) + 1
    return found
