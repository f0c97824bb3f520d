"""Booking for those who speak FHIR R4: IHE ITI Scheduling 1.0 over the same bookings.

`$find` (ITI-115) proposes free times, `$hold` (ITI-116) keeps one for ten minutes, `$book`
(ITI-117) books one that was proposed or held, and Appointments can be searched (ITI-118). A
patient's token books for that patient; a clinic's names one with `patient-reference`, which later
drafts of the profile have and 1.0 leaves open.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.responses import JSONResponse

from cardioalert import __version__
from cardioalert.care import booking, clinics
from cardioalert.care.booking import Ticket
from cardioalert.care.desk import Actor, Desk
from cardioalert.care.directory import read_service
from cardioalert.care.slots import SLOT_ID, find_slot, room, rooms, slots_of
from cardioalert.care.times import local, read_moment
from cardioalert.errors import InvalidDataError, NotFoundError
from cardioalert.hospital.fhir import scheduling
from cardioalert.i18n import language
from cardioalert.i18n import translate as _
from cardioalert.rest.answers import FhirResource
from cardioalert.rest.guards import ActorOf, DeskOf, limit, own_patient
from cardioalert.rest.problems import FHIR_JSON, documented_fhir
from cardioalert.rest.routes.bookings import seen, take, visits
from cardioalert.rest.schemas import FhirParameters

LONGEST: Final = timedelta(days=31)  # of one search
MOST_CLINICS: Final = 20
LOOKED_AT: Final = (
    "start", "end", "visit-type", "organization", "location-reference", "location-string",
    "patient-reference", "_count",
)  # fmt: skip
"""Parameters of `$find` that choose; an answer names those that were sent and do not."""


class FhirJson(JSONResponse):
    """JSON as FHIR calls it."""

    media_type = FHIR_JSON


router = APIRouter(prefix="/fhir", tags=["fhir"], default_response_class=FhirJson)
OPEN = {"x-policy": "clinic.read"}
READ = {"x-policy": "booking.read"}
MAKE = {"x-policy": "booking.make"}
Id = Annotated[str, Path(max_length=64)]
Reference = Annotated[str, Query(max_length=254)]
Count = Annotated[int, Query(alias="_count", ge=1, le=100)]
Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=100)]


def base_of(request: Request) -> str:
    """Return the address of this facade, as the caller reached it."""
    return f"{str(request.base_url).rstrip('/')}/fhir"


def id_in(reference: str, kind: str) -> str:
    """Return the id in a reference, also in an absolute one; empty for another kind."""
    name, _, identifier = reference.rpartition("/")
    return identifier if not name or name.rpartition("/")[2] == kind else ""


@router.get("/metadata", openapi_extra=OPEN, responses=documented_fhir())
def fhir_metadata(request: Request) -> FhirResource:
    """Tell what this facade can do."""
    reads = [{"code": "read"}, {"code": "search-type"}]
    definition = "https://profiles.ihe.net/ITI/Scheduling/OperationDefinition/appointment-"
    operations = [{"name": n, "definition": definition + n} for n in ("find", "hold", "book")]
    return FhirResource.model_validate({
        "resourceType": "CapabilityStatement", "status": "active", "kind": "instance",
        "date": "2026-11-27", "fhirVersion": "4.0.1", "format": ["json"],
        "software": {"name": "CardioAlert", "version": __version__},
        "implementation": {"description": "CardioAlert", "url": base_of(request)},
        "rest": [{
            "mode": "server",
            "resource": [
                {"type": "Appointment", "interaction": reads, "operation": operations},
                {"type": "Slot", "interaction": reads},
                {"type": "Schedule", "interaction": reads},
                {"type": "Location", "interaction": reads[:1]},
            ],
        }],
    })  # fmt: skip


@router.get("/Location/{location_id}", openapi_extra=OPEN, responses=documented_fhir(404))
def fhir_location(location_id: Id, desk: DeskOf) -> FhirResource:
    """Show a clinic."""
    with desk.store.reading() as session:
        found = clinics.get(session, location_id, now=desk.now())
    return FhirResource.model_validate(scheduling.location(found, language=language()))


@router.get("/Schedule/{schedule_id}", openapi_extra=OPEN, responses=documented_fhir(404))
def fhir_schedule(schedule_id: Id, desk: DeskOf) -> FhirResource:
    """Show a room or device that is booked."""
    with desk.store.reading() as session:
        return FhirResource.model_validate(scheduling.schedule(*room(session, schedule_id)))


@router.get("/Schedule", openapi_extra=OPEN, responses=documented_fhir(404))
def fhir_schedules(request: Request, desk: DeskOf, actor: Reference) -> FhirResource:
    """List the rooms of a clinic: `actor=Location/ID`."""
    with desk.store.reading() as session:
        found = clinics.get(session, id_in(actor, "Location"), now=desk.now()).clinic
        written = [scheduling.schedule(one, found) for one in rooms(session, found)]
    return bundle(request, written)


@router.get("/Slot/{slot_id}", openapi_extra=OPEN, responses=documented_fhir(404, 409))
def fhir_slot(slot_id: Id, desk: DeskOf) -> FhirResource:
    """Show a time, free or not."""
    with desk.store.reading() as session:
        slot, _room = find_slot(session, slot_id, now=desk.now())
    return FhirResource.model_validate(scheduling.slot(slot))


@router.get("/Slot", openapi_extra=OPEN, responses=documented_fhir(404))
def fhir_slots(
    *,
    request: Request,
    desk: DeskOf,
    schedule: Reference,
    start: Annotated[list[str], Query(max_length=2)] = [],  # noqa: B006 - FastAPI copies it
    status: Annotated[str, Query(max_length=20)] = "",
    count: Count = 50,
) -> FhirResource:
    """List the times of a room: `schedule=Schedule/ID&start=ge2026-12-01&start=lt2026-12-03`."""
    first, last = period(desk, *bounds(start))
    with desk.store.reading() as session:
        place, clinic = room(session, id_in(schedule, "Schedule"))
        found = slots_of(
            session, clinic, service=place.service, first=local(first).date(),
            last=local(last).date(), now=desk.now(),
        )  # fmt: skip
    written = [
        scheduling.slot(one)
        for one in found
        if one.resource_id == place.id and first <= one.start < last
    ]
    chosen = [one for one in written if not status or one["status"] == status]
    return bundle(request, chosen[:count])


def bounds(start: list[str]) -> tuple[str, str]:
    """Return the two ends of FHIR's `start=geX&start=ltY`."""
    ends = {"ge": "", "lt": ""}
    for text in start:
        sign, moment = text[:2].replace("gt", "ge").replace("le", "lt"), text[2:]
        if sign not in ends:
            raise InvalidDataError(
                _("{text!r} does not begin with ge, gt, le or lt", text=text[:40])
            )
        ends[sign] = moment
    return ends["ge"], ends["lt"]


def period(desk: Desk, start: str, end: str) -> tuple[datetime, datetime]:
    """Return what is searched: a week from now unless it is said."""
    first = read_moment(start) if start else desk.now()
    last = read_moment(end) if end else first + timedelta(days=7)
    if not first < last <= first + LONGEST:
        raise InvalidDataError(_("the end lies before the start, or more than 31 days after it"))
    return first, last


@router.get("/Appointment/$find", openapi_extra=OPEN, responses=documented_fhir(404))
def fhir_find(request: Request, desk: DeskOf) -> FhirResource:
    """Propose free times (ITI-115): `start`, `end`, `visit-type`, `location-reference` ..."""
    given = [
        {"name": name[:254], "valueString": value[:254]}
        for name, value in request.query_params.multi_items()[:50]
        if name
    ]
    return find(
        request, desk,
        FhirParameters.model_validate({"resourceType": "Parameters", "parameter": given}),
    )  # fmt: skip


@router.post("/Appointment/$find", openapi_extra=OPEN, responses=documented_fhir(404))
def fhir_find_by_parameters(body: FhirParameters, request: Request, desk: DeskOf) -> FhirResource:
    """Propose free times (ITI-115), asked for with a Parameters resource."""
    return find(request, desk, body)


def find(request: Request, desk: Desk, asked: FhirParameters) -> FhirResource:
    """Return proposals, the earliest first."""
    first, last = period(desk, asked.first("start"), asked.first("end"))
    services = [read_service(one.rpartition("|")[2]) for one in asked.all("visit-type")] or ["ecg"]
    count = asked.first("_count") or "20"
    if not count.isdecimal() or not 1 <= int(count) <= 100:
        raise InvalidDataError(_("_count is between 1 and 100"))
    written = sorted(
        proposals(desk, asked, services, (first, last)),
        key=lambda one: (str(one["start"]), str(one["id"])),
    )
    ignored = sorted({one.name for one in asked.parameter} - set(LOOKED_AT))
    note = None
    if ignored:
        text = "not looked at: " + ", ".join(name[:40] for name in ignored)
        note = scheduling.outcome("information", "not-supported", text)
    return bundle(request, written[: int(count)], note)


def proposals(
    desk: Desk, asked: FhirParameters, services: list[str], when: tuple[datetime, datetime]
) -> Iterator[dict[str, Any]]:
    """Yield the free times of the places that are asked for."""
    named = [id_in(one, "Location") for one in asked.all("location-reference")]
    named += [id_in(one, "Organization") for one in asked.all("organization")]
    with desk.store.reading() as session:
        if named:
            places = [clinics.get(session, one, now=desk.now()) for one in named]
        else:
            wish = clinics.Wish(text=asked.first("location-string"), limit=MOST_CLINICS)
            places = [one for one in clinics.search(session, wish, now=desk.now()) if one.bookable]
        for place in places:
            for service in services:
                found = slots_of(
                    session, place.clinic, service=service, first=local(when[0]).date(),
                    last=local(when[1]).date(), now=desk.now(),
                )  # fmt: skip
                for slot in found:
                    if slot.free and when[0] <= slot.start < when[1]:
                        yield scheduling.proposal(slot, place.clinic)


@router.post(
    "/Appointment/$hold", openapi_extra=MAKE, responses=documented_fhir(401, 403, 404, 409)
)
def fhir_hold(
    body: FhirParameters, request: Request, desk: DeskOf, actor: ActorOf, key: Key = None
) -> FhirResource:
    """Keep a proposed time for ten minutes (ITI-116)."""
    limit(request, "booking", actor.id)
    wish = wished(actor, body, key)
    return answered(request, take(desk, actor, wish, hold=True))


@router.post(
    "/Appointment/$book", openapi_extra=MAKE, responses=documented_fhir(401, 403, 404, 409)
)
def fhir_book(
    body: FhirParameters, request: Request, desk: DeskOf, actor: ActorOf, key: Key = None
) -> FhirResource:
    """Book a time that was proposed or is held (ITI-117)."""
    limit(request, "booking", actor.id)
    code = id_in(body.first("appointment-reference"), "Appointment")
    if not SLOT_ID.fullmatch(code):
        visit(desk, actor, code, "booking.change")
        return answered(request, booking.confirm(desk, actor, code))
    return answered(request, take(desk, actor, wished(actor, body, key), hold=False))


def visit(desk: Desk, actor: Actor, code: str, action: str) -> Ticket:
    """Return a visit; what is no ticket code is the id of nothing."""
    try:
        return seen(desk, actor, code, action)
    except InvalidDataError:
        raise NotFoundError(_("there is no such appointment")) from None


def wished(actor: Actor, body: FhirParameters, key: str | None) -> booking.Request:
    """Return which time is wanted, and for whom."""
    slot = id_in(body.first("appointment-reference"), "Appointment")
    if not SLOT_ID.fullmatch(slot):
        raise NotFoundError(_("appointment-reference names no proposed appointment"))
    patient = id_in(body.first("patient-reference"), "Patient") or own_patient(actor)
    return booking.Request(slot_id=slot, patient_id=patient, idempotency_key=key, origin="fhir")


@router.get(
    "/Appointment/{appointment_id}", openapi_extra=READ, responses=documented_fhir(401, 404)
)
def fhir_appointment(appointment_id: Id, desk: DeskOf, actor: ActorOf) -> FhirResource:
    """Show a visit."""
    ticket = visit(desk, actor, appointment_id, "booking.read")
    return FhirResource.model_validate(scheduling.appointment(ticket))


@router.get("/Appointment", openapi_extra=READ, responses=documented_fhir(401, 403, 404))
def fhir_appointments(
    request: Request, desk: DeskOf, actor: ActorOf, patient: Reference = "", count: Count = 50
) -> FhirResource:
    """List a patient's visits (ITI-118), or those of the clinic one works for."""
    found = visits(desk, actor, id_in(patient, "Patient"), limit=count)
    return bundle(request, [scheduling.appointment(one) for one in found])


def answered(request: Request, ticket: Ticket) -> FhirResource:
    """Return a bundle with the one visit, as IHE asks."""
    return bundle(request, [scheduling.appointment(ticket)])


def bundle(
    request: Request, written: list[dict[str, Any]], note: dict[str, Any] | None = None
) -> FhirResource:
    """Return a searchset. Its link leaves out what was asked: an address may name a patient."""
    query = request.url.path.removeprefix("/fhir/")
    made = scheduling.searchset(written, base=base_of(request), query=query, outcome=note)
    return FhirResource.model_validate(made)
