"""Which times can be booked: opening hours cut into a fixed grid, minus what is taken.

Slots are computed, never stored: a change of hours is in force at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import or_
from sqlmodel import Session, col, select

from cardioalert.care.hours import open_intervals
from cardioalert.care.times import as_text, from_wall_clock, local, read_moment
from cardioalert.errors import NotFoundError, SlotNotOfferedError
from cardioalert.i18n import translate as _
from cardioalert.store.clinic_tables import Clinic, HoursException, Resource
from cardioalert.store.visit_tables import OCCUPYING, Booking, Status

SLOT_ID: Final = re.compile(r"(?P<resource>[A-Za-z0-9_-]+)\.(?P<start>\d{8}T\d{4}Z)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One bookable time of one room or device."""

    resource_id: str
    clinic_id: str
    service: str
    start: datetime  # UTC
    end: datetime
    capacity: int
    free: int

    @property
    def id(self) -> str:
        """What a client sends back to book it."""
        return f"{self.resource_id}.{self.start:%Y%m%dT%H%MZ}"

    def to_dict(self) -> dict[str, Any]:
        """Return the slot for programs."""
        return {
            "id": self.id, "clinic": self.clinic_id, "resource": self.resource_id,
            "service": self.service, "start": as_text(self.start), "end": as_text(self.end),
            "local_start": local(self.start).strftime("%Y-%m-%dT%H:%M"),
            "capacity": self.capacity, "free": self.free,
        }  # fmt: skip


def exceptions_of(session: Session, clinic_ids: Sequence[str]) -> dict[str, dict[date, str]]:
    """Return the exceptions of some clinics; of two for one day the later one counts."""
    found: dict[str, dict[date, str]] = {}
    rows = session.exec(
        select(HoursException)
        .where(col(HoursException.clinic_id).in_(clinic_ids))
        .order_by(col(HoursException.made_at), col(HoursException.id))
    )
    for row in rows:
        found.setdefault(row.clinic_id, {})[row.day] = row.hours
    return found


def slots_of(
    session: Session, clinic: Clinic, *, service: str, first: date, last: date, now: datetime
) -> list[Slot]:
    """Return the slots of a clinic on some local days, taken ones too (`free` is 0).

    Parameters
    ----------
    first, last : local days, both included
    now : slots nearer than the notice or beyond the horizon are left out
    """
    resources = session.exec(
        select(Resource).where(Resource.clinic_id == clinic.id, Resource.service == service)
    ).all()
    exceptions = exceptions_of(session, [clinic.id]).get(clinic.id, {})
    return sorted(
        (
            slot
            for resource in resources
            for slot in _of_resource(session, clinic, resource, exceptions, (first, last), now=now)
        ),
        key=lambda slot: (slot.start, slot.resource_id),
    )


def _of_resource(
    session: Session, clinic: Clinic, resource: Resource, exceptions: dict[date, str],
    days: tuple[date, date], *, now: datetime,
) -> Iterator[Slot]:  # fmt: skip
    """Yield the slots of one room."""
    earliest = now + timedelta(minutes=resource.notice_min)
    latest = now + timedelta(days=resource.horizon_days)
    first, last = max(days[0], local(now).date()), min(days[1], local(latest).date())
    if first > last:
        return
    grid = list(_grid(clinic.hours, exceptions, resource, first, last))
    taken = _taken(session, resource.id, grid, now) if grid else []
    for start, end in grid:
        if not earliest <= start <= latest:
            continue
        seats = {seat for begin, finish, seat in taken if begin < end and finish > start}
        yield Slot(
            resource_id=resource.id, clinic_id=clinic.id, service=resource.service, start=start,
            end=end, capacity=resource.capacity, free=max(0, resource.capacity - len(seats)),
        )  # fmt: skip


def _grid(
    hours: str | None, exceptions: dict[date, str], resource: Resource, first: date, last: date
) -> Iterator[tuple[datetime, datetime]]:
    """Cut the opening hours into visits with their buffers; times in UTC."""
    length = timedelta(minutes=resource.duration_min)
    step = length + timedelta(minutes=resource.buffer_min)
    for opened, closed in open_intervals(hours, exceptions, first, last):
        start = opened
        while start + length <= closed:
            yield from_wall_clock(start), from_wall_clock(start + length)
            start += step


def _taken(
    session: Session, resource_id: str, grid: list[tuple[datetime, datetime]], now: datetime
) -> list[tuple[datetime, datetime, int]]:
    """Return the visits that occupy seats; a hold that ran out occupies none."""
    rows = session.exec(
        select(Booking.slot_start, Booking.slot_end, Booking.seat).where(
            Booking.resource_id == resource_id,
            col(Booking.status).in_(OCCUPYING),
            col(Booking.slot_end) > grid[0][0],
            col(Booking.slot_start) < grid[-1][1],
            or_(col(Booking.status) != Status.HELD, col(Booking.held_until) >= now),
        )
    ).all()
    return [(start, end, seat) for start, end, seat in rows]


def find_slot(session: Session, slot_id: str, *, now: datetime) -> tuple[Slot, Resource]:
    """Return the slot a client names, if the clinic offers it.

    Raises
    ------
    NotFoundError
        There is no such room.
    SlotNotOfferedError
        The clinic is closed then, or it is too near, too far or off the grid.
    """
    match = SLOT_ID.fullmatch(slot_id)
    resource = session.get(Resource, match["resource"]) if match else None
    clinic = session.get(Clinic, resource.clinic_id) if resource else None
    if match is None or resource is None or clinic is None or not clinic.active:
        raise NotFoundError(_("there is no slot {slot_id}", slot_id=slot_id))
    try:
        start = datetime.strptime(match["start"], "%Y%m%dT%H%MZ").replace(tzinfo=UTC)
    except ValueError:
        raise NotFoundError(_("there is no slot {slot_id}", slot_id=slot_id)) from None
    # The day before as well: a night slot stands in the hours of the evening.
    day = local(start).date()
    offered = slots_of(
        session, clinic, service=resource.service, first=day - timedelta(days=1), last=day, now=now
    )
    for slot in offered:
        if slot.id == slot_id:
            return slot, resource
    raise SlotNotOfferedError(
        _(
            "{name} does not offer {time:%Y-%m-%d %H:%M} for {service}",
            name=clinic.name,
            time=local(start),
            service=resource.service,
        )
    )


def room(session: Session, resource_id: str) -> tuple[Resource, Clinic]:
    """Return a room and its clinic.

    Raises
    ------
    NotFoundError
    """
    resource = session.get(Resource, resource_id)
    clinic = session.get(Clinic, resource.clinic_id) if resource else None
    if resource is None or clinic is None or not clinic.active:
        raise NotFoundError(_("there is no such room"))
    return resource, clinic


def rooms(session: Session, clinic: Clinic) -> list[Resource]:
    """Return the rooms of a clinic."""
    query = select(Resource).where(Resource.clinic_id == clinic.id).order_by(col(Resource.id))
    return list(session.exec(query))


def clinic_of(session: Session, resource_id: str) -> str | None:
    """Return the clinic a room belongs to."""
    resource = session.get(Resource, resource_id)
    return resource.clinic_id if resource else None


def slot_at(session: Session, clinic_id: str, text: str, *, service: str, now: datetime) -> str:
    """Return the slot of a clinic at a time a person wrote; a room with free seats first."""
    clinic = session.get(Clinic, clinic_id)
    if clinic is None:
        raise NotFoundError(_("there is no clinic {clinic_id}", clinic_id=clinic_id))
    start = read_moment(text)
    day = local(start).date()
    offered = slots_of(
        session, clinic, service=service, first=day - timedelta(days=1), last=day, now=now
    )
    found = sorted((s for s in offered if s.start == start), key=lambda slot: -slot.free)
    if not found:
        raise SlotNotOfferedError(
            _(
                "{name} does not offer {time:%Y-%m-%d %H:%M} for {service}",
                name=clinic.name,
                time=local(start),
                service=service,
            )
        )
    return found[0].id


def next_free(session: Session, clinic: Clinic, *, service: str, now: datetime) -> Slot | None:
    """Return the first free slot of the coming days."""
    today = local(now).date()
    for begin, days in ((0, 3), (3, 7), (10, 21)):
        first = today + timedelta(days=begin)
        last = first + timedelta(days=days - 1)
        for slot in slots_of(session, clinic, service=service, first=first, last=last, now=now):
            if slot.free:
                return slot
    return None
