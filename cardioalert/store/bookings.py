"""What must never go wrong with bookings, whoever asks: one seat, one visit.

Everything here happens in the caller's writing transaction. Rules of the house (hours, notice, how
many holds) stand in `care/booking.py`; other systems confirm through `confirm` below.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from cardioalert.errors import (
    ChangedMeanwhileError,
    HoldExpiredError,
    KeyReusedError,
    NotFoundError,
    SlotTakenError,
)
from cardioalert.i18n import translate as _
from cardioalert.store.clinic_tables import Resource
from cardioalert.store.inserting import compare_and_swap, insert_unless_there
from cardioalert.store.visit_tables import OCCUPYING, Booking, Status

MOVABLE: Final = (Status.HELD, Status.PENDING, Status.BOOKED)
"""States in which a visit can still be moved or cancelled."""


def take_seat(session: Session, wanted: Booking, *, capacity: int, now: datetime) -> Booking:
    """Put a booking on the first free seat of its slot.

    Parameters
    ----------
    wanted : Booking
        Complete but for its seat.
    capacity : int, seats of the slot

    Returns
    -------
    Booking
        The one that was made, or the one made before with the same idempotency key.

    Raises
    ------
    SlotTakenError
        No seat is free.
    KeyReusedError
        The idempotency key was used for another request.
    """
    if made := earlier(session, wanted):
        return made
    free_expired(session, wanted.resource_id, wanted.slot_start, now)
    for seat in free_seats(session, wanted, capacity=capacity):
        wanted.seat = seat
        if insert_unless_there(session, wanted):
            return session.exec(select(Booking).where(Booking.id == wanted.id)).one()
        if made := earlier(session, wanted):  # the same request came twice at once and won
            return made
    raise taken(wanted.slot_start, capacity)


def taken(slot_start: datetime, capacity: int) -> SlotTakenError:
    """Return what to say when no seat is free."""
    return SlotTakenError(
        _(
            "all {capacity} places of {slot_start:%Y-%m-%d %H:%M} UTC are taken",
            capacity=capacity,
            slot_start=slot_start,
        )
    )


def is_known(session: Session, wanted: Booking) -> bool:
    """Whether a booking was asked for with the same key before, whatever it asked for."""
    query = select(Booking.id).where(
        Booking.actor == wanted.actor, Booking.idempotency_key == wanted.idempotency_key
    )
    return session.exec(query).first() is not None


def earlier(session: Session, wanted: Booking) -> Booking | None:
    """Return the booking an earlier request with the same key has made."""
    if wanted.idempotency_key is None:
        return None
    found = session.exec(
        select(Booking).where(
            Booking.actor == wanted.actor, Booking.idempotency_key == wanted.idempotency_key
        )
    ).first()
    if found and found.request_hash != wanted.request_hash:
        raise KeyReusedError(_("this idempotency key belongs to another request"))
    return found


def free_seats(session: Session, wanted: Booking, *, capacity: int) -> list[int]:
    """Return the seats nobody has; a visit that overlaps from another grid takes one, too."""
    rows = session.exec(
        select(Booking.seat).where(
            Booking.resource_id == wanted.resource_id,
            col(Booking.slot_start) < wanted.slot_end,
            col(Booking.slot_end) > wanted.slot_start,
            col(Booking.status).in_(OCCUPYING),
            Booking.id != wanted.id,
        )
    ).all()
    return [seat for seat in range(capacity) if seat not in set(rows)]


def free_expired(
    session: Session, resource_id: str | None, slot_start: datetime | None, now: datetime
) -> int:
    """Let go of holds nobody confirmed in time: of one slot, or of all; return how many."""
    table = Booking.__table__  # type: ignore[attr-defined]
    statement = (
        update(table)
        .where(table.c.status == Status.HELD, table.c.held_until < now)
        .values(status=Status.EXPIRED, version=table.c.version + 1, changed_at=now)
    )
    if resource_id is not None:
        statement = statement.where(
            table.c.resource_id == resource_id, table.c.slot_start == slot_start
        )
    return int(session.connection().execute(statement).rowcount)


def by_code(session: Session, code: str) -> Booking:
    """Return a booking by its ticket code.

    Raises
    ------
    NotFoundError
    """
    found = session.exec(select(Booking).where(Booking.code == code)).first()
    if found is None:
        raise NotFoundError(_("there is no booking {code}", code=code))
    return found


def change_status(
    session: Session,
    booking: Booking,
    *,
    allowed: tuple[Status, ...],
    to: Status,
    now: datetime,
    held_until: datetime | None = None,
) -> Booking:
    """Move a booking to another state if nobody changed it since it was read.

    Raises
    ------
    ChangedMeanwhileError
    """
    if booking.status not in allowed:
        raise ChangedMeanwhileError(
            _("booking {code} is {status}", code=booking.code, status=booking.status)
        )
    done = compare_and_swap(
        session,
        Booking,
        {"id": booking.id, "version": booking.version, "status": booking.status},
        {"status": to, "version": booking.version + 1, "held_until": held_until, "changed_at": now},
    )
    if not done:
        raise ChangedMeanwhileError(
            _("booking {code} was changed by somebody else", code=booking.code)
        )
    session.refresh(booking)
    return booking


def confirm(session: Session, code: str, *, now: datetime) -> Booking:
    """Turn a held or pending booking into a visit: the seam for a clinic's own system.

    Raises
    ------
    HoldExpiredError, ChangedMeanwhileError, NotFoundError
    """
    booking = by_code(session, code)
    if booking.status == Status.BOOKED:
        return booking
    late = booking.status == Status.HELD and booking.held_until and booking.held_until < now
    if late or booking.status == Status.EXPIRED:
        raise HoldExpiredError(
            _(
                "booking {code} was held until {held_until:%H:%M} UTC",
                code=code,
                held_until=booking.held_until,
            )
        )
    return change_status(
        session, booking, allowed=(Status.HELD, Status.PENDING), to=Status.BOOKED, now=now
    )


def move_seat(
    session: Session, booking: Booking, resource: Resource, start: datetime, end: datetime,
    *, now: datetime,
) -> Booking:  # fmt: skip
    """Give a booking another slot: the new seat is taken and the old one left in one step.

    Raises
    ------
    SlotTakenError, ChangedMeanwhileError
    """
    if booking.status not in MOVABLE:
        raise ChangedMeanwhileError(
            _("booking {code} is {status}", code=booking.code, status=booking.status)
        )
    free_expired(session, resource.id, start, now)
    target = Booking(**{**booking.model_dump(), "resource_id": resource.id})
    target.slot_start, target.slot_end = start, end
    for seat in free_seats(session, target, capacity=resource.capacity):
        change = {
            "resource_id": resource.id, "service": resource.service, "slot_start": start,
            "slot_end": end, "seat": seat, "version": booking.version + 1, "changed_at": now,
            "clinic_id": resource.clinic_id,
        }  # fmt: skip
        try:
            with session.begin_nested():
                seen = {"id": booking.id, "version": booking.version, "status": booking.status}
                if not compare_and_swap(session, Booking, seen, change):
                    raise ChangedMeanwhileError(
                        _("booking {code} was changed meanwhile", code=booking.code)
                    )
        except IntegrityError:  # somebody took this seat at the same moment
            continue
        session.refresh(booking)
        return booking
    raise SlotTakenError(
        _(
            "all {capacity} places of {start:%Y-%m-%d %H:%M} UTC are taken",
            capacity=resource.capacity,
            start=start,
        )
    )
