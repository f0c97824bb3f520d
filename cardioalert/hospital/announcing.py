"""Tell the hospital's calendars of bookings: made, moved, cancelled or missed, once each.

What was told last stands in the outbox, so that a second look at the same bookings tells nothing.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Final

from sqlmodel import Session, col, select

from cardioalert.care import booking as bookings
from cardioalert.care import clinics, patients
from cardioalert.hospital.journal import Journal
from cardioalert.hospital.peers import News, Peer
from cardioalert.hospital.reception import Reception
from cardioalert.store.clinic_tables import Resource
from cardioalert.store.visit_tables import Booking, Status

LOOK_BACK: Final = timedelta(days=1)
PLANNED: Final = (Status.PENDING, Status.BOOKED, Status.ARRIVED, Status.COMPLETED)
OVER: Final = {Status.CANCELLED: "cancelled", Status.NO_SHOW: "no-show"}


def announce(reception: Reception, journal: Journal, peer: Peer) -> int:
    """Queue a letter for each booking whose last news the peer has not heard; return how many."""
    count = 0
    with reception.desk.store.reading() as session:
        changed = session.exec(
            select(Booking)
            .where(
                Booking.clinic_id == reception.clinic_id,
                col(Booking.changed_at) >= reception.desk.now() - LOOK_BACK,
            )
            .order_by(col(Booking.changed_at), col(Booking.id))
        ).all()
        for booking in changed:
            count += _tell(reception, journal, peer, session, booking)
    return count


def mark_told(reception: Reception, journal: Journal, peer: Peer, code: str) -> None:
    """Write down that the hospital knows a booking as it is: it has just changed it itself."""
    with reception.desk.store.reading() as session:
        booking = session.exec(select(Booking).where(Booking.code == code)).first()
    if booking is not None and (news := _news(booking)):
        journal.enqueue(peer.name, _control_id(booking, news), b"", subject=code, state="sent")


def _tell(
    reception: Reception, journal: Journal, peer: Peer, session: Session, booking: Booking
) -> int:
    """Queue what is new of one booking."""
    news = _news(booking)
    if news is None:
        return 0
    control_id = _control_id(booking, news)
    told = [
        one
        for one in journal.outbox(destination=peer.name, subject=booking.code)
        if one.control_id.startswith("S")
    ]
    if told and told[-1].control_id == control_id:
        return 0
    if news in OVER.values() and not told:
        return 0  # it was never told of this booking
    unique = control_id
    if any(one.control_id == control_id for one in told):  # moved there, away, and there again
        unique = f"S{hashlib.sha256(f'{control_id}{booking.version}'.encode()).hexdigest()[:18]}"
    patient = patients.get(session, booking.patient_id)
    room = session.get(Resource, booking.resource_id)
    assert room is not None  # a foreign key
    body = peer.booking_letter(
        News(
            kind="moved" if news == "booked" and told else news,
            ticket=bookings.show(session, booking.code),
            place=clinics.get(session, booking.clinic_id, now=reception.desk.now()),
            room=room,
            person=reception.for_hospital(session, patient),
        ),
        control_id=unique,
    )
    if body is None:
        return 0
    return journal.enqueue(peer.name, unique, body, subject=booking.code)


def _news(booking: Booking) -> str | None:
    """Return what there is to tell; None for holds."""
    status = Status(booking.status)
    return "booked" if status in PLANNED else OVER.get(status)


def _control_id(booking: Booking, news: str) -> str:
    """Return the same control id for the same news: at most twenty letters."""
    facts = f"{booking.id}|{news}|{booking.slot_start:%Y%m%d%H%M}|{booking.resource_id}"
    return f"S{hashlib.sha256(facts.encode()).hexdigest()[:18]}"
