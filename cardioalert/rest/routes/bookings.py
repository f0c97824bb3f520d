"""Bookings: hold, make, confirm, move, cancel, ticket, waiting list."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request, Response

from cardioalert.care import booking, patients, privacy, tickets, waitlist
from cardioalert.care.booking import Ticket
from cardioalert.care.desk import Actor, Desk
from cardioalert.care.slots import SLOT_ID, clinic_of
from cardioalert.care.tickets import read_code
from cardioalert.errors import ChangedMeanwhileError, InvalidDataError, NotFoundError
from cardioalert.i18n import language
from cardioalert.i18n import translate as _
from cardioalert.rest import answers
from cardioalert.rest.guards import (
    ActorOf,
    DeskOf,
    check_booking,
    check_patient,
    is_staff,
    limit,
    own_patient,
)
from cardioalert.rest.problems import binary, documented
from cardioalert.rest.repeating import REPEATABLE, RepeatableRoute
from cardioalert.rest.schemas import BookingWish, Move, Wait
from cardioalert.security.policy import may

router = APIRouter(prefix="/v1", tags=["bookings"], route_class=RepeatableRoute)
READ = {"x-policy": "booking.read"}
MAKE = {"x-policy": "booking.make"}
CHANGE = {"x-policy": "booking.change"}
Code = Annotated[str, Path(max_length=40)]
Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=100)]
Match = Annotated[str | None, Header(alias="If-Match", max_length=40)]


@router.post(
    "/bookings", status_code=201, openapi_extra=MAKE, responses=documented(401, 403, 404, 409)
)
def make_booking(
    *,
    body: BookingWish, request: Request, response: Response, desk: DeskOf, actor: ActorOf,
    key: Key = None,
) -> answers.Booking:  # fmt: skip
    """Book a slot, or hold it for ten minutes."""
    limit(request, "booking", actor.id)
    patient = body.patient or own_patient(actor)
    wish = booking.Request(slot_id=body.slot, patient_id=patient, idempotency_key=key)
    return shown(take(desk, actor, wish, hold=body.hold), response)


def take(desk: Desk, actor: Actor, wish: booking.Request, *, hold: bool) -> Ticket:
    """Hold or book a slot for a patient, if the policy lets the caller."""
    match = SLOT_ID.fullmatch(wish.slot_id)
    with desk.store.reading() as session:
        clinic = clinic_of(session, match["resource"]) if match else None
    if clinic is None:
        raise NotFoundError(_("there is no such slot"))
    at_the_desk = is_staff(actor) and clinic == actor.clinic_id
    if not (at_the_desk and may("booking.make", actor.role, {"clinic"})):
        check_patient(desk, actor, "booking.make", wish.patient_id)
    return booking.hold(desk, actor, wish) if hold else booking.make(desk, actor, wish)


@router.get("/bookings", openapi_extra=READ, responses=documented(401, 403, 404))
def list_bookings(
    *,
    desk: DeskOf,
    actor: ActorOf,
    patient: Annotated[str, Query(max_length=64)] = "",
    after: Annotated[str, Query(max_length=20)] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    names: Annotated[bool, Query(description="With the names of those one may know")] = False,
) -> answers.BookingList:
    """List bookings: a patient's, or those of the clinic one works for."""
    found = visits(desk, actor, patient, after=after, limit=limit)
    more = found[-1].booking.code if len(found) == limit else None
    known = names_of(desk, actor, found) if names else {}
    rows = [
        {**ticket.to_dict(language()), "patient_name": known.get(ticket.booking.patient_id, "")}
        for ticket in found
    ]
    return answers.BookingList.model_validate({"bookings": rows, "after": more})


def names_of(desk: Desk, actor: Actor, found: list[Ticket]) -> dict[str, str]:
    """Return the names of those patients the caller may read."""
    with desk.store.reading() as session:
        allowed = [
            patient_id
            for patient_id in {ticket.booking.patient_id for ticket in found}
            if may(
                "patient.read",
                actor.role,
                privacy.may_see(session, actor, patient_id, desk.now()),
            )
        ]
    return patients.names(desk, actor, sorted(allowed))


def visits(
    desk: Desk, actor: Actor, patient: str, *, after: str = "", limit: int = 50
) -> list[Ticket]:
    """Return a patient's visits, or those of the clinic one works for."""
    with desk.store.reading() as session:
        if is_staff(actor):
            if not actor.clinic_id:
                raise NotFoundError(_("this account belongs to no clinic"))
            found = booking.list_bookings(
                session, clinic_id=actor.clinic_id, patient_id=patient, after=after, limit=limit
            )
            found = [ticket for ticket in found if _may_read(desk, actor, ticket)]
        else:
            wanted = patient or own_patient(actor)
            check_patient(desk, actor, "booking.read", wanted)
            found = booking.list_bookings(session, patient_id=wanted, after=after, limit=limit)
    return found


def _may_read(desk: Desk, actor: Actor, ticket: Ticket) -> bool:
    try:
        check_booking(desk, actor, "booking.read", ticket.booking)
    except NotFoundError:
        return False
    return True


def seen(desk: Desk, actor: Actor, code: str, action: str, match: str | None = None) -> Ticket:
    """Return a booking the caller may use, in the version the caller saw."""
    with desk.store.reading() as session:
        ticket = booking.show(session, code)
    check_booking(desk, actor, action, ticket.booking)
    if match is not None and match.strip('"') != str(ticket.booking.version):
        raise ChangedMeanwhileError(
            _("booking {code} was changed meanwhile", code=ticket.booking.code)
        )
    return ticket


@router.get("/bookings/{code}", openapi_extra=READ, responses=documented(401, 404))
def show_booking(code: Code, response: Response, desk: DeskOf, actor: ActorOf) -> answers.Booking:
    """Show one booking; its ETag is what a change must match."""
    return shown(seen(desk, actor, code, "booking.read"), response)


@router.post("/bookings/{code}/confirm", openapi_extra=CHANGE, dependencies=[REPEATABLE],
             responses=documented(401, 404, 409))  # fmt: skip
def confirm_booking(
    code: Code, response: Response, desk: DeskOf, actor: ActorOf
) -> answers.Booking:
    """Confirm a time that is held."""
    seen(desk, actor, code, "booking.change")
    return shown(booking.confirm(desk, actor, code), response)


@router.post(
    "/bookings/{code}/move", openapi_extra=CHANGE, dependencies=[REPEATABLE],
    responses=documented(401, 403, 404, 409),
)  # fmt: skip
def move_booking(
    *, code: Code, body: Move, response: Response, desk: DeskOf, actor: ActorOf, match: Match = None
) -> answers.Booking:
    """Move a visit to another time in one step."""
    ticket = seen(desk, actor, code, "booking.change", match)
    version = ticket.booking.version if match else None
    moved = booking.move(desk, actor, code, body.slot, version=version, by_clinic=is_staff(actor))
    return shown(moved, response)


@router.post(
    "/bookings/{code}/cancel", openapi_extra=CHANGE, dependencies=[REPEATABLE],
    responses=documented(401, 403, 404, 409),
)  # fmt: skip
def cancel_booking(
    code: Code, response: Response, desk: DeskOf, actor: ActorOf, match: Match = None
) -> answers.Booking:
    """Give a visit up."""
    ticket = seen(desk, actor, code, "booking.change", match)
    version = ticket.booking.version if match else None
    return shown(
        booking.cancel(desk, actor, code, version=version, by_clinic=is_staff(actor)), response
    )


@router.get("/bookings/{code}/ticket.ics", openapi_extra=READ,
            responses=documented(401, 404) | binary("text/calendar"),
            response_class=Response)  # fmt: skip
def booking_calendar(code: Code, desk: DeskOf, actor: ActorOf) -> Response:
    """Return the calendar entry of a visit."""
    ticket = seen(desk, actor, code, "booking.read")
    data = tickets.ics(ticket.visit(), alarm_text=_("Your visit is soon."))
    return Response(data, media_type="text/calendar")


@router.get("/bookings/{code}/ticket.png", openapi_extra=READ,
            responses=documented(401, 404) | binary("image/png"),
            response_class=Response)  # fmt: skip
def booking_qr(code: Code, desk: DeskOf, actor: ActorOf) -> Response:
    """Return the ticket code as a QR picture."""
    seen(desk, actor, code, "booking.read")
    return Response(tickets.qr_png(read_code(code)), media_type="image/png")


@router.post("/waitlist", status_code=201, openapi_extra=MAKE, dependencies=[REPEATABLE],
             responses=documented(401, 403, 404, 409))  # fmt: skip
def join_waitlist(body: Wait, desk: DeskOf, actor: ActorOf) -> answers.Waiting:
    """Wait for a time of a day; an offer comes as a message and as a held booking."""
    patient = own_patient(actor)
    check_patient(desk, actor, "booking.make", patient)
    try:
        day = date.fromisoformat(body.day)
    except ValueError:
        raise InvalidDataError(_("{day!r} is no day", day=body.day)) from None
    entry = waitlist.join(
        desk, actor, clinic_id=body.clinic, service=body.service, day=day, patient_id=patient
    )
    return answers.Waiting.model_validate(
        {"id": entry.id, "status": entry.status, "day": entry.day.isoformat()}
    )


def shown(ticket: Ticket, response: Response) -> answers.Booking:
    """Return a booking with its ETag."""
    response.headers["ETag"] = f'"{ticket.booking.version}"'
    return answers.Booking.model_validate(ticket.to_dict(language()))
