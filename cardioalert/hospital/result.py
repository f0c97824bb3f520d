"""What goes to a hospital: one analysis with the person, order and documents it belongs to.

FHIR, HL7 v2 and DICOM are three mappers of this one model; it knows none of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from cardioalert.domain.measures import MEASURES
from cardioalert.domain.patient import Sex
from cardioalert.domain.record import ECGRecord
from cardioalert.errors import InputError, InvalidRecordError
from cardioalert.i18n import translate as _
from cardioalert.risk.result import RiskResult
from cardioalert.terminology.lookup import FindingCode, MeasureCode, finding_codes, measure_codes

ANALYSIS_SCHEMA: Final = "cardioalert.analysis/1"
PINFL_SYSTEM: Final = "https://dhp.uz/fhir/core/sid/pid/uz/ni"
LOCAL_SYSTEM: Final = "urn:oid:2.25.329800735698586629295641978511506172918"  # ours, for files

_SPACE: Final = uuid5(NAMESPACE_URL, "cardioalert-hospital-results")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who was recorded, or who signs.

    Attributes
    ----------
    identifier, system : str
        Such as a PINFL and the URI of what numbers it; empty: unknown.
    authority : str
        Who gave the number, as HL7 calls it (PID-3.4); empty: follows from `system`.
    family, given, patronymic : str
    birth_date : date, optional
    sex : Sex, optional
    """

    identifier: str = ""
    system: str = LOCAL_SYSTEM
    authority: str = ""
    family: str = ""
    given: str = ""
    patronymic: str = ""
    birth_date: date | None = None
    sex: Sex | None = None

    @property
    def full_name(self) -> str:
        """Family name, given name, patronymic."""
        return " ".join(filter(None, (self.family, self.given, self.patronymic)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file that goes along: the photo or the report."""

    data: bytes
    media_type: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One measurement that has a code.

    Attributes
    ----------
    name : str
    value : float, optional
        In the unit of `codes`; None when it could not be measured.
    reason : str
        Why it could not.
    codes : MeasureCode
    """

    name: str
    value: float | None
    reason: str
    codes: MeasureCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding; `codes` is None where no concept says exactly this."""

    code: str
    title: str
    status: str
    probability: float | None
    codes: FindingCode | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Result:
    """One analysis on its way to a hospital.

    Attributes
    ----------
    analysis : mapping
        The document `cardioalert.analysis/1`.
    person : Person
    recorded_at : datetime with zone, optional
        None for paper whose time is unknown; it is never invented.
    exported_at : datetime with zone
    record : ECGRecord, optional
        The samples, when they are at hand.
    report, photo : Document, optional
    order : str
        Placer order number, or accession number; empty: none.
    accession : str
        What the cart was told; empty: the order.
    study_uid : str
        Of the DICOM study the ECG came in; empty: a new one.
    risk : RiskResult, optional
        The risk test of the person, which goes along in FHIR.
    facility : str
        Name of the clinic; empty: unknown.
    signed_by : Person, optional
        The clinician who signed; None: preliminary.
    language : str
    """

    analysis: Mapping[str, Any]
    person: Person
    exported_at: datetime
    recorded_at: datetime | None = None
    record: ECGRecord | None = None
    report: Document | None = None
    photo: Document | None = None
    order: str = ""
    accession: str = ""
    study_uid: str = ""
    risk: RiskResult | None = None
    facility: str = ""
    signed_by: Person | None = None
    language: str = "en"

    def __post_init__(self) -> None:
        """Refuse what every receiver would refuse."""
        if self.analysis.get("schema") != ANALYSIS_SCHEMA:
            raise InvalidRecordError(
                _(
                    "the document has the schema {found}, expected {wanted}",
                    found=repr(self.analysis.get("schema")),
                    wanted=repr(ANALYSIS_SCHEMA),
                )
            )
        for name in ("exported_at", "recorded_at"):
            moment: datetime | None = getattr(self, name)
            if moment is not None and moment.tzinfo is None:
                raise ValueError(f"{name} has no time zone")

    @property
    def sha256(self) -> str:
        """Of the file that was analysed."""
        return str(self.analysis["input"].get("sha256") or "")

    @property
    def version(self) -> str:
        """Of the program and its networks."""
        software = self.analysis.get("software") or {}
        models = "+".join(
            f"{one['name']}-{str(one['sha256'])[:8]}" for one in software.get("models", ())
        )
        return "/".join(filter(None, (str(software.get("version", "")), models)))

    @property
    def status(self) -> str:
        """`final` once a clinician signed, else `preliminary`."""
        return "final" if self.signed_by else "preliminary"

    def key(self, part: str) -> UUID:
        """Return the same UUID for the same file, person, version and part, always."""
        person = f"{self.person.system}|{self.person.identifier}"
        return uuid5(_SPACE, "|".join((self.sha256, person, self.version, self.order, part)))

    def measurements(self) -> list[Measurement]:
        """Return the measurements that have a code, in their usual order."""
        values = self.analysis["measurements"]
        found = []
        for name, codes in measure_codes().items():
            value = values.get(MEASURES[name].export_name) or {}
            found.append(
                Measurement(
                    name=name,
                    value=value.get("value"),
                    reason=str(value.get("reason") or ""),
                    codes=codes,
                )
            )
        return found

    def findings(self) -> list[Finding]:
        """Return the findings that are present or possible."""
        return [
            Finding(
                code=finding["code"],
                title=finding["title"],
                status=finding["status"],
                probability=finding.get("probability"),
                codes=finding_codes().get(finding["code"]),
            )
            for finding in self.analysis["findings"]
            if finding["status"] in ("present", "possible")
        ]

    def impression(self) -> str:
        """Return the findings in words, with what limits them."""
        lines = [
            finding.title if finding.status == "present" else f"{finding.title} (possible)"
            for finding in self.findings()
        ]
        lines.insert(
            0, f"Overall: {self.analysis['overall']}. Urgency: {self.analysis['urgency']}."
        )
        if self.analysis.get("not_assessed"):
            lines.append(f"Not assessed: {len(self.analysis['not_assessed'])} criteria.")
        lines.append(str(self.analysis.get("disclaimer") or ""))
        return "\n".join(filter(None, lines))


def read_analysis(path: Path) -> dict[str, Any]:
    """Read a document `cardioalert.analysis/1`, the first one of a JSON Lines file.

    Raises
    ------
    InputError
    """
    try:
        text = path.read_text(encoding="utf-8")
        document = json.loads(text.lstrip().splitlines()[0] if "\n{" in text else text)
    except (OSError, ValueError, IndexError) as error:
        raise InputError(
            _("{path} is no JSON document of an analysis: {error}", path=path, error=error)
        ) from error
    if not isinstance(document, dict) or document.get("schema") != ANALYSIS_SCHEMA:
        raise InvalidRecordError(
            _("{path} is not a document {schema}", path=path, schema=ANALYSIS_SCHEMA)
        )
    return document
