"""What clients get: the shape of every answer, so that a client can be generated.

A document whose shape is defined elsewhere (`cardioalert.analysis/1`, `.risk/1`, `.export/1`) is a
free object here: `docs/reference` describes it.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Urgency = Literal["red", "orange", "yellow", "green", "grey"]


class FhirResource(BaseModel):
    """A resource of FHIR R4; its shape is FHIR's."""

    model_config = ConfigDict(extra="allow")

    resourceType: str  # noqa: N815 - FHIR's own name


class Status(BaseModel):
    """That something was done, or is well."""

    status: str


class Alive(Status):
    """That the process answers."""

    version: str


class Identifier(BaseModel):
    """What was made."""

    id: str


class Job(BaseModel):
    """An ECG that is being read; `analysis` is there when `status` is `done`."""

    id: str
    status: Literal["queued", "running", "done", "failed"]
    analysis: str | None
    error_code: str | None


class AnalysisSummary(BaseModel):
    """One analysis in short."""

    id: str
    at: str
    overall: str | None
    urgency: Urgency | None


class AnalysisList(BaseModel):
    """Analyses, the latest first; `after` leads to the next page."""

    analyses: list[AnalysisSummary]
    after: str | None


class StoredAnalysis(BaseModel):
    """One analysis with its document `cardioalert.analysis/1`."""

    id: str
    at: str
    analysis: dict[str, Any]


class ComparedTable(BaseModel):
    """Cells as they are shown; `marks` says which rows changed."""

    title: str
    head: list[str]
    rows: list[list[str]]
    marks: list[str]
    note: str


class ComparedRow(BaseModel):
    """One fact about the earlier ECG."""

    label: str
    value: str


class Comparison(BaseModel):
    """What changed since an earlier analysis, in words for people."""

    id: str
    previous: str
    rows: list[ComparedRow]
    values: ComparedTable
    findings: ComparedTable | None
    notes: list[str]


class QuizAnswer(BaseModel):
    """A result of the risk test, `cardioalert.risk/1`."""

    id: str
    result: dict[str, Any]


class BookedClinic(BaseModel):
    """Where a visit is."""

    id: str
    name: str
    address: str
    demo: bool
    notice: str


class Booking(BaseModel):
    """A visit, or a time that is held."""

    code: str
    status: Literal[
        "held", "pending", "booked", "arrived", "completed", "no-show", "cancelled", "expired"
    ]
    version: int
    clinic: BookedClinic
    service: str
    service_name: str
    resource: str
    patient: str
    patient_name: str = ""
    start: str
    end: str
    local_start: str
    held_until: str | None
    preparation: str
    emergency: str


class BookingList(BaseModel):
    """Visits, the latest first; `after` leads to the next page."""

    bookings: list[Booking]
    after: str | None


class Waiting(BaseModel):
    """A place on a waiting list."""

    id: str
    status: Literal["waiting", "offered", "taken", "lapsed", "left"]
    day: str


class Slot(BaseModel):
    """A time that can be booked."""

    id: str
    clinic: str
    resource: str
    service: str
    start: str
    end: str
    local_start: str
    capacity: int
    free: int


class SlotList(BaseModel):
    """The free times of a clinic."""

    clinic: str
    demo: bool
    emergency: str
    note: str
    slots: list[Slot]


class Phone(BaseModel):
    """A telephone number; show a mark unless it was verified."""

    number: str
    verified: bool


class OfferedService(BaseModel):
    """What a clinic offers."""

    code: str
    name: str
    price_uzs: int | None


class Recommendation(BaseModel):
    """Why a clinic stands where it stands."""

    points: int
    reasons: list[str]


class Clinic(BaseModel):
    """One clinic; one that does not exist says so in `notice`."""

    id: str
    name: str
    demo: bool
    notice: str
    emergency: str
    region: str
    address: str
    latitude: float | None
    longitude: float | None
    distance_km: float | None
    phones: list[Phone]
    hours: str | None
    open_now: bool | None
    changes_at: str | None
    holiday: str
    languages: list[str]
    website: str
    walk_in: bool
    bookable: bool
    services: list[OfferedService]
    next_slot: Slot | None
    recommendation: Recommendation
    source: str
    licence: str
    as_of: str
    verified_by: str | None


class ClinicList(BaseModel):
    """Clinics, the recommended first."""

    emergency: str
    clinics: list[Clinic]


class Patient(BaseModel):
    """A patient, for whoever may see one; what is not known is empty."""

    id: str
    name: str
    phone: str
    email: str
    pinfl: str
    birth_date: str
    sex: str
    language: str
    no_shows: int


class Message(BaseModel):
    """One message of the inbox: the code of its text, and what belongs into it."""

    id: str
    template: str
    at: str
    critical: bool
    values: dict[str, Any]


class Inbox(BaseModel):
    """Messages, the latest first."""

    messages: list[Message]


class AccessRow(BaseModel):
    """One use of one's data."""

    at: str
    who: str
    role: str
    action: str
    result: str
    purpose: str


class AccessHistory(BaseModel):
    """Who used one's data, the latest first."""

    rows: list[AccessRow]


class OpenGlass(BaseModel):
    """Emergency access that was opened."""

    patient: str
    until: str
