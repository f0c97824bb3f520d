"""The waiting list: a time that becomes free is held for the next one, for fifteen minutes.

An offer is an ordinary held booking and takes its seat like any other: nobody can be offered a time
that somebody else books meanwhile.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from sqlmodel import Session, col, select

from cardioalert.care import patients
from cardioalert.care.desk import Actor, Desk
from cardioalert.care.directory import read_service
from cardioalert.care.tickets import new_code
from cardioalert.care.times import local
from cardioalert.errors import NotFoundError, SlotTakenError
from cardioalert.i18n import translate as _
from cardioalert.store import bookings, outbox
from cardioalert.store.clinic_tables import Clinic, Resource
from cardioalert.store.visit_tables import Booking, Status, WaitlistEntry

OFFER: Final = timedelta(minutes=15)
ORIGIN: Final = "waitlist"


def join(
    desk: Desk, actor: Actor, *, clinic_id: str, service: str, day: date, patient_id: str
) -> WaitlistEntry:
    """Wait for a time of a day; asking twice is waiting once."""
    with desk.store.writing() as session:
        patients.get(session, patient_id)
        if session.get(Clinic, clinic_id) is None:
            raise NotFoundError(_("there is no clinic {clinic_id}", clinic_id=clinic_id))
        entry = session.exec(
            select(WaitlistEntry).where(
                WaitlistEntry.clinic_id == clinic_id, WaitlistEntry.service == service,
                WaitlistEntry.day == day, WaitlistEntry.patient_id == patient_id,
                col(WaitlistEntry.status).in_(("waiting", "offered")),
            )
        ).first()  # fmt: skip
        if entry is None:
            entry = WaitlistEntry(
                clinic_id=clinic_id, service=read_service(service), day=day, patient_id=patient_id
            )
            session.add(entry)
            desk.note(session, actor, "waitlist.join", entry.id, patient_id=patient_id)
        return entry


def leave(desk: Desk, actor: Actor, entry_id: str) -> WaitlistEntry:
    """Wait no longer."""
    with desk.store.writing() as session:
        entry = session.get(WaitlistEntry, entry_id)
        if entry is None:
            raise NotFoundError(_("there is no such entry on the waiting list"))
        if entry.status == "waiting":
            entry.status = "left"
            session.add(entry)
            desk.note(session, actor, "waitlist.leave", entry.id, patient_id=entry.patient_id)
        return entry


def entries_of(session: Session, patient_id: str) -> list[WaitlistEntry]:
    """Return what a patient waits for."""
    return list(
        session.exec(
            select(WaitlistEntry)
            .where(WaitlistEntry.patient_id == patient_id)
            .order_by(col(WaitlistEntry.created_at))
        )
    )


def offer_next(session: Session, freed: Booking, *, now: datetime) -> Booking | None:
    """Hold a seat that became free for the first one who waits for that day."""
    resource = session.get(Resource, freed.resource_id)
    if resource is None or freed.slot_start <= now + timedelta(minutes=resource.notice_min):
        return None
    entry = session.exec(
        select(WaitlistEntry)
        .where(
            WaitlistEntry.clinic_id == freed.clinic_id, WaitlistEntry.service == freed.service,
            WaitlistEntry.day == local(freed.slot_start).date(), WaitlistEntry.status == "waiting",
            WaitlistEntry.patient_id != freed.patient_id,
        )
        .order_by(col(WaitlistEntry.created_at), col(WaitlistEntry.id))
        .limit(1).with_for_update(skip_locked=True)
    ).first()  # fmt: skip
    if entry is None:
        return None
    wanted = Booking(
        code=new_code(), clinic_id=freed.clinic_id, resource_id=freed.resource_id,
        service=freed.service, slot_start=freed.slot_start, slot_end=freed.slot_end, seat=0,
        status=Status.HELD, patient_id=entry.patient_id, held_until=now + OFFER, origin=ORIGIN,
        created_at=now, changed_at=now,
    )  # fmt: skip
    try:
        offer = bookings.take_seat(session, wanted, capacity=resource.capacity, now=now)
    except SlotTakenError:
        return None
    entry.status, entry.offered_code = "offered", offer.code
    session.add(entry)
    outbox.enqueue(
        session, patient_id=offer.patient_id, template="waitlist-offer", subject_id=offer.id,
        not_before=now,
    )  # fmt: skip
    return offer


def mark_taken(session: Session, booking: Booking) -> None:
    """Close the entry whose offer was confirmed."""
    _close(session, booking.code, "taken")


def mark_lapsed(session: Session, code: str) -> None:
    """Close the entry whose offer was not wanted."""
    _close(session, code, "lapsed")


def _close(session: Session, code: str, status: str) -> None:
    entry = session.exec(select(WaitlistEntry).where(WaitlistEntry.offered_code == code)).first()
    if entry and entry.status == "offered":
        entry.status = status
        session.add(entry)


def sweep(desk: Desk) -> int:
    """Let go of holds that ran out and offer their times on; return how many were let go."""
    now = desk.now()
    with desk.store.writing() as session:
        late = session.exec(
            select(Booking)
            .where(Booking.status == Status.HELD, col(Booking.held_until) < now)
            .with_for_update(skip_locked=True)
        ).all()
        for booking in late:
            bookings.change_status(
                session, booking, allowed=(Status.HELD,), to=Status.EXPIRED, now=now
            )
            mark_lapsed(session, booking.code)
            offer_next(session, booking, now=now)
    return len(late)
