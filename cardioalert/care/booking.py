"""Bookings: hold and confirm, make, move, cancel, arrive, miss; every step with its messages.

The database decides who gets a seat (`store/bookings.py`). Each function here is one transaction:
the booking, its messages and its audit row are written together or not at all.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlmodel import Session, col, func, select

from cardioalert.care import patients, waitlist
from cardioalert.care.clashes import refuse_second
from cardioalert.care.desk import Actor, Desk
from cardioalert.care.directory import services
from cardioalert.care.offers import Slot
from cardioalert.care.slots import find_slot
from cardioalert.care.tickets import Visit, new_code, read_code
from cardioalert.care.times import as_text, local
from cardioalert.errors import (
    ChangedMeanwhileError,
    NotAllowedError,
    SlotTakenError,
    TooManyHoldsError,
)
from cardioalert.i18n import translate as _
from cardioalert.store import bookings, outbox
from cardioalert.store.clinic_tables import Clinic, Resource
from cardioalert.store.people_tables import Patient
from cardioalert.store.visit_tables import Booking, Status

HOLD: Final = timedelta(minutes=10)
MOST_HOLDS: Final = 3  # unconfirmed at once, by one person or one phone: no slot hoarding
REMINDERS: Final = (("reminder-24h", timedelta(hours=24)), ("reminder-2h", timedelta(hours=2)))
FUTURE: Final = ("booking-confirmed", "booking-pending", "reminder-24h", "reminder-2h")
"""Messages that must not go out any more after a visit was moved or cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked for."""

    slot_id: str
    patient_id: str
    idempotency_key: str | None = None
    origin: str = "app"
    register_patient: bool = False  # a new pseudonym becomes a patient; the command line only


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A booking with what a person wants to know of it."""

    booking: Booking
    clinic: Clinic

    def to_dict(self, language: str = "en") -> dict[str, Any]:
        """Return the booking for programs; `held_until` counts only while it is held."""
        booking, names = self.booking, json.loads(self.clinic.names)
        held = booking.held_until if booking.status == Status.HELD else None
        return {
            "code": booking.code, "status": booking.status, "version": booking.version,
            "clinic": {
                "id": self.clinic.id, "name": names.get(language) or self.clinic.name,
                "address": self.clinic.address, "demo": self.clinic.demo,
                "notice": _("DEMO: this clinic does not exist.") if self.clinic.demo else "",
            },
            "service": booking.service, "service_name": _(services()[booking.service]["title"]),
            "resource": booking.resource_id, "patient": booking.patient_id,
            "start": as_text(booking.slot_start), "end": as_text(booking.slot_end),
            "local_start": local(booking.slot_start).strftime("%Y-%m-%dT%H:%M"),
            "held_until": as_text(held), "preparation": preparation(booking.service),
            "emergency": "103",
        }  # fmt: skip

    def visit(self) -> Visit:
        """Return the booking for a calendar."""
        return Visit(
            code=self.booking.code, uid=self.booking.uid, sequence=self.booking.version,
            start=self.booking.slot_start, end=self.booking.slot_end,
            place=self.clinic.name, address=self.clinic.address,
            service=_(services()[self.booking.service]["title"]),
            preparation=preparation(self.booking.service), changed_at=self.booking.changed_at,
            cancelled=self.booking.status == Status.CANCELLED,
        )  # fmt: skip


def preparation(service: str) -> str:
    """Return what to do before a visit, in the chosen language."""
    return _(services()[service]["text"])


def hold(desk: Desk, actor: Actor, request: Request) -> Ticket:
    """Keep a time for ten minutes, to be confirmed.

    Raises
    ------
    SlotTakenError, SlotNotOfferedError, AlreadyBookedError, TooManyHoldsError, KeyReusedError,
    NotFoundError
    """
    return _take(desk, actor, request, Status.HELD)


def make(desk: Desk, actor: Actor, request: Request) -> Ticket:
    """Book a time in one step; where the clinic's own system decides, it is pending until then."""
    return _take(desk, actor, request, Status.BOOKED)


def _take(desk: Desk, actor: Actor, request: Request, status: Status) -> Ticket:
    """Take a seat, with everything that belongs to it."""
    now = desk.now()
    _refuse_early(desk, actor, request, now)
    with desk.store.writing() as session:
        patient = _patient(desk, session, request)
        slot, resource = find_slot(session, request.slot_id, now=now)
        if status == Status.BOOKED and resource.confirm:
            status = Status.PENDING
        if status == Status.HELD:
            _check_holds(session, patient, now)
        wanted = _booking(actor, request, slot, status, now)
        booking = _seated(session, wanted, slot, now)
        if booking.id == wanted.id:
            _tell_taken(session, booking, now)
            desk.note(session, actor, f"booking.{booking.status}", booking.code,
                      patient_id=patient.id)  # fmt: skip
        return _ticket(session, booking)


def _refuse_early(desk: Desk, actor: Actor, request: Request, now: datetime) -> None:
    """Say that a time is taken without waiting for the turn to write.

    Whoever gets a turn decides again. This is for those who cannot get a seat any more: they hold
    nobody up. It also loads the calendar of holidays before the lock is taken, not under it.
    """
    with desk.store.reading() as session:
        slot, _resource = find_slot(session, request.slot_id, now=now)
        if slot.free:
            return
        wanted = _booking(actor, request, slot, Status.HELD, now)
        if wanted.idempotency_key and bookings.is_known(session, wanted):
            return
        refuse_second(session, wanted.patient_id, slot.service, slot.start, slot.end)
    raise bookings.taken(slot.start, slot.capacity)


def _seated(session: Session, wanted: Booking, slot: Slot, now: datetime) -> Booking:
    """Return the booking on its seat, or the one an earlier request with the same key has made."""
    if earlier := bookings.earlier(session, wanted):
        return earlier
    refuse_second(session, wanted.patient_id, wanted.service, slot.start, slot.end)
    return bookings.take_seat(session, wanted, capacity=slot.capacity, now=now)


def _patient(desk: Desk, session: Session, request: Request) -> Patient:
    if request.register_patient:
        return patients.get_or_register(desk, session, request.patient_id)
    return patients.get(session, request.patient_id)


def _booking(actor: Actor, request: Request, slot: Slot, status: Status, now: datetime) -> Booking:
    """Return the row that is wanted."""
    body = json.dumps([request.slot_id, request.patient_id, status == Status.HELD])
    return Booking(
        code=new_code(), clinic_id=slot.clinic_id, resource_id=slot.resource_id,
        service=slot.service, slot_start=slot.start, slot_end=slot.end, seat=0, status=status,
        patient_id=request.patient_id, held_until=now + HOLD if status == Status.HELD else None,
        actor=actor.id, idempotency_key=request.idempotency_key,
        request_hash=hashlib.sha256(body.encode()).hexdigest(), origin=request.origin,
        created_at=now, changed_at=now,
    )  # fmt: skip


def _check_holds(session: Session, patient: Patient, now: datetime) -> None:
    """Refuse a person, or a phone, that holds enough already."""
    same = select(Patient.id).where(Patient.id == patient.id)
    if patient.phone_index:
        same = select(Patient.id).where(Patient.phone_index == patient.phone_index)
    held = session.exec(
        select(func.count()).select_from(Booking).where(
            col(Booking.patient_id).in_(same), Booking.status == Status.HELD,
            col(Booking.held_until) >= now, Booking.origin != waitlist.ORIGIN,
        )
    ).one()  # fmt: skip
    if held >= MOST_HOLDS:
        raise TooManyHoldsError(
            _(
                "{held} times are held already, the most is {most_holds}",
                held=held,
                most_holds=MOST_HOLDS,
            )
        )


def _tell_taken(session: Session, booking: Booking, now: datetime) -> None:
    """Write the messages of a new visit."""
    if booking.status == Status.PENDING:
        _tell(session, booking, "booking-pending", now)
    if booking.status == Status.BOOKED:
        _tell(session, booking, "booking-confirmed", now)
        _remind(session, booking, now)


def _tell(session: Session, booking: Booking, template: str, when: datetime) -> None:
    outbox.enqueue(
        session, patient_id=booking.patient_id, template=template, subject_id=booking.id,
        not_before=when, occasion=str(booking.version),
    )  # fmt: skip


def _remind(session: Session, booking: Booking, now: datetime) -> None:
    """Write the reminders that still lie ahead."""
    for template, before in REMINDERS:
        when = booking.slot_start - before
        if when > now:
            _tell(session, booking, template, when)


def confirm(desk: Desk, actor: Actor, code: str) -> Ticket:
    """Confirm a held or pending visit: the person's second step, or the clinic's own answer.

    Raises
    ------
    HoldExpiredError, AlreadyBookedError, ChangedMeanwhileError, NotFoundError
    """
    now = desk.now()
    with desk.store.writing() as session:
        before = bookings.by_code(session, read_code(code))
        was, resource = before.status, session.get(Resource, before.resource_id)
        if was == Status.HELD:
            refuse_second(
                session, before.patient_id, before.service, before.slot_start, before.slot_end,
                but=before.id,
            )  # fmt: skip
        if was == Status.HELD and resource and resource.confirm and actor.role == "patient":
            booking = bookings.change_status(
                session, before, allowed=(Status.HELD,), to=Status.PENDING, now=now
            )
        else:
            booking = bookings.confirm(session, before.code, now=now)
        if was != booking.status:
            waitlist.mark_taken(session, booking)
            _tell_taken(session, booking, now)
            desk.note(session, actor, f"booking.{booking.status}", booking.code,
                      patient_id=booking.patient_id)  # fmt: skip
        return _ticket(session, booking)


def cancel(
    desk: Desk, actor: Actor, code: str, *, version: int | None = None, by_clinic: bool = False
) -> Ticket:
    """Give a visit up; the next one on the waiting list is offered its time.

    Parameters
    ----------
    version : what the caller saw; None takes it as it is
    by_clinic : the clinic may cancel after the patients' cut-off

    Raises
    ------
    ChangedMeanwhileError, NotAllowedError, NotFoundError
    """
    now = desk.now()
    with desk.store.writing() as session:
        booking = _seen(session, code, version)
        if booking.status == Status.CANCELLED:
            return _ticket(session, booking)
        _check_cutoff(session, booking, now, by_clinic=by_clinic)
        was = booking.status
        booking = bookings.change_status(
            session, booking, allowed=bookings.MOVABLE, to=Status.CANCELLED, now=now
        )
        outbox.withdraw(session, booking.id, *FUTURE, now=now)
        if was != Status.HELD:
            _tell(session, booking, "booking-cancelled", now)
        waitlist.mark_lapsed(session, booking.code)
        waitlist.offer_next(session, booking, now=now)
        desk.note(session, actor, "booking.cancelled", booking.code, patient_id=booking.patient_id)
        return _ticket(session, booking)


def move(
    desk: Desk, actor: Actor, code: str, slot_id: str, *,
    version: int | None = None, by_clinic: bool = False,
) -> Ticket:  # fmt: skip
    """Move a visit to another time in one transaction; code and calendar entry stay the same.

    Raises
    ------
    SlotTakenError, SlotNotOfferedError, AlreadyBookedError, ChangedMeanwhileError,
    NotAllowedError, NotFoundError
    """
    now = desk.now()
    with desk.store.reading() as session:
        find_slot(session, slot_id, now=now)  # loads the calendar before the lock is taken
    with desk.store.writing() as session:
        booking = _seen(session, code, version)
        _check_cutoff(session, booking, now, by_clinic=by_clinic)
        slot, resource = find_slot(session, slot_id, now=now)
        if (slot.resource_id, slot.start) == (booking.resource_id, booking.slot_start):
            return _ticket(session, booking)
        left = Booking(**booking.model_dump())
        refuse_second(
            session, booking.patient_id, resource.service, slot.start, slot.end, but=booking.id
        )
        bookings.move_seat(session, booking, resource, slot.start, slot.end, now=now)
        outbox.withdraw(session, booking.id, *FUTURE, now=now)
        if booking.status == Status.BOOKED and resource.confirm and not by_clinic:
            bookings.change_status(
                session, booking, allowed=(Status.BOOKED,), to=Status.PENDING, now=now
            )
        if booking.status != Status.HELD:
            _tell(session, booking, "booking-moved", now)
        if booking.status == Status.BOOKED:
            _remind(session, booking, now)
        waitlist.offer_next(session, left, now=now)
        desk.note(session, actor, "booking.moved", booking.code, patient_id=booking.patient_id)
        return _ticket(session, booking)


def arrive(desk: Desk, actor: Actor, code: str) -> Ticket:
    """Note that the patient is there."""
    return _mark(desk, actor, code, (Status.BOOKED, Status.PENDING), Status.ARRIVED)


def complete(desk: Desk, actor: Actor, code: str) -> Ticket:
    """Note that the visit took place."""
    return _mark(desk, actor, code, (Status.ARRIVED, Status.BOOKED), Status.COMPLETED)


def no_show(desk: Desk, actor: Actor, code: str) -> Ticket:
    """Note that nobody came; only after the visit should have begun."""
    with desk.store.reading() as session:
        booking = bookings.by_code(session, read_code(code))
    if booking.slot_start > desk.now():
        raise ChangedMeanwhileError(_("booking {code} has not begun yet", code=booking.code))
    return _mark(desk, actor, code, (Status.BOOKED, Status.PENDING), Status.NO_SHOW)


def _mark(desk: Desk, actor: Actor, code: str, allowed: tuple[Status, ...], to: Status) -> Ticket:
    now = desk.now()
    with desk.store.writing() as session:
        booking = bookings.by_code(session, read_code(code))
        bookings.change_status(session, booking, allowed=allowed, to=to, now=now)
        outbox.withdraw(session, booking.id, *FUTURE, now=now)
        if to == Status.NO_SHOW:
            patient = patients.get(session, booking.patient_id)
            patient.no_shows += 1
            session.add(patient)
        desk.note(session, actor, f"booking.{to}", booking.code, patient_id=booking.patient_id)
        return _ticket(session, booking)


def walk_in(desk: Desk, actor: Actor, request: Request) -> Ticket:
    """Seat somebody who stands at the desk: the slot of this moment or a later one, no notice."""
    now = desk.now()
    with desk.store.writing() as session:
        patient = _patient(desk, session, request)
        slot, _resource = find_slot(session, request.slot_id, now=now - timedelta(days=1))
        if slot.end <= now:
            raise SlotTakenError(_("{time:%H:%M} is over", time=local(slot.start)))
        wanted = _booking(actor, replace(request, origin="walk-in"), slot, Status.ARRIVED, now)
        booking = _seated(session, wanted, slot, now)
        desk.note(session, actor, "booking.walk-in", booking.code, patient_id=patient.id)
        return _ticket(session, booking)


def show(session: Session, code: str) -> Ticket:
    """Return one booking."""
    return _ticket(session, bookings.by_code(session, read_code(code)))


def list_bookings(
    session: Session, *, patient_id: str = "", clinic_id: str = "", after: str = "", limit: int = 50
) -> list[Ticket]:
    """Return bookings, the latest visit first; `after` is the code of the last one seen."""
    query = select(Booking, Clinic).join(Clinic, col(Booking.clinic_id) == col(Clinic.id))
    if patient_id:
        query = query.where(Booking.patient_id == patient_id)
    if clinic_id:
        query = query.where(Booking.clinic_id == clinic_id)
    if after:
        last = bookings.by_code(session, read_code(after))
        query = query.where(
            (col(Booking.slot_start) < last.slot_start)
            | ((col(Booking.slot_start) == last.slot_start) & (col(Booking.id) > last.id))
        )
    query = query.order_by(col(Booking.slot_start).desc(), col(Booking.id)).limit(limit)
    return [Ticket(booking=booking, clinic=clinic) for booking, clinic in session.exec(query)]


def has_visit(session: Session, patient_id: str, clinic_id: str) -> bool:
    """Whether a patient has, or had, a visit at a clinic: what makes a clinic the treating one."""
    states = (Status.PENDING, Status.BOOKED, Status.ARRIVED, Status.COMPLETED)
    found = select(Booking.id).where(
        Booking.patient_id == patient_id, Booking.clinic_id == clinic_id,
        col(Booking.status).in_(states),
    )  # fmt: skip
    return session.exec(found).first() is not None


def withdraw_silently(session: Session, booking: Booking, *, now: datetime) -> None:
    """Cancel a visit and all messages about it without telling anybody: the patient is erased."""
    if booking.status in bookings.MOVABLE:
        bookings.change_status(
            session, booking, allowed=bookings.MOVABLE, to=Status.CANCELLED, now=now
        )
    outbox.withdraw(session, booking.id, *FUTURE, "booking-cancelled", "booking-moved", now=now)


def _seen(session: Session, code: str, version: int | None) -> Booking:
    """Return a booking, if it is still as the caller saw it."""
    booking = bookings.by_code(session, read_code(code))
    if version is not None and version != booking.version:
        raise ChangedMeanwhileError(
            _(
                "booking {code} is at version {version}, not {version2}",
                code=booking.code,
                version=booking.version,
                version2=version,
            )
        )
    return booking


def _check_cutoff(session: Session, booking: Booking, now: datetime, *, by_clinic: bool) -> None:
    """Refuse a change that comes too late for the clinic."""
    resource = session.get(Resource, booking.resource_id)
    if by_clinic or resource is None or booking.status == Status.HELD:
        return
    if now > booking.slot_start - timedelta(minutes=resource.cutoff_min):
        raise NotAllowedError(
            _("it is less than {n} minutes before the visit").format(n=resource.cutoff_min),
            hint=_("Call the clinic."),
        )


def _ticket(session: Session, booking: Booking) -> Ticket:
    clinic = session.get(Clinic, booking.clinic_id)
    assert clinic is not None  # a foreign key
    return Ticket(booking=booking, clinic=clinic)
