"""Which times can be booked: opening hours cut into a fixed grid, minus what is taken.

Slots are computed, never stored: a change of hours is in force at once.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import or_
from sqlmodel import Session, col, select

from cardioalert.care.hours import open_intervals
from cardioalert.care.times import as_text, from_wall_clock, local, read_moment
from cardioalert.errors import NotFoundError, SlotNotOfferedError
from cardioalert.i18n import translate as _
from cardioalert.store.clinic_tables import Clinic, HoursException, Resource
from cardioalert.store.visit_tables import OCCUPYING, Booking, Status

LONGEST: Final = timedelta(days=1)  # of a visit
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
        return f"{self.resource_id}.{_written(self.start)[0]}"

    def to_dict(self) -> dict[str, Any]:
        """Return the slot for programs."""
        return {
            "id": self.id, "clinic": self.clinic_id, "resource": self.resource_id,
            "service": self.service, "start": _written(self.start)[1],
            "end": _written(self.end)[1], "local_start": _written(self.start)[2],
            "capacity": self.capacity, "free": self.free,
        }  # fmt: skip


@lru_cache(maxsize=20_000)
def _written(moment: datetime) -> tuple[str, str | None, str]:
    """Return a time as it stands in an identifier, for programs, and on a local clock.

    A list holds hundreds, and the next list the same ones: writing them costs more than finding
    them.
    """
    return f"{moment:%Y%m%dT%H%MZ}", as_text(moment), local(moment).strftime("%Y-%m-%dT%H:%M")


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
    grids = {
        resource.id: _grid(clinic.hours, exceptions, resource, (first, last), now)
        for resource in resources
    }
    taken = _taken(session, grids, now)
    return sorted(
        (
            slot
            for resource in resources
            for slot in _of_resource(clinic, resource, grids[resource.id], taken)
        ),
        key=lambda slot: (slot.start, slot.resource_id),
    )


def _of_resource(
    clinic: Clinic, resource: Resource, grid: list[datetime],
    taken: dict[str, list[tuple[datetime, datetime, int]]],
) -> Iterator[Slot]:  # fmt: skip
    """Yield the slots of one room; visits of another length than today's may cover several."""
    length, capacity = timedelta(minutes=resource.duration_min), resource.capacity
    room, place, service = resource.id, clinic.id, resource.service
    seats: dict[int, set[int]] = {}
    for begin, end, seat in taken.get(room, ()):
        for number in range(bisect_right(grid, begin - length), bisect_left(grid, end)):
            seats.setdefault(number, set()).add(seat)
    for number, start in enumerate(grid):
        yield Slot(
            resource_id=room, clinic_id=place, service=service, start=start, end=start + length,
            capacity=capacity, free=max(0, capacity - len(seats.get(number, ()))),
        )  # fmt: skip


def _grid(
    hours: str | None, exceptions: dict[date, str], resource: Resource, days: tuple[date, date],
    now: datetime,
) -> list[datetime]:  # fmt: skip
    """Return when the visits of a room begin, between its notice and its horizon; UTC, sorted."""
    earliest = now + timedelta(minutes=resource.notice_min)
    latest = now + timedelta(days=resource.horizon_days)
    first, last = max(days[0], local(now).date()), min(days[1], local(latest).date())
    length, pause = resource.duration_min, resource.buffer_min
    found: list[datetime] = []
    for later in range((last - first).days + 1):
        day = first + timedelta(days=later)
        found += _grid_of_day(hours, exceptions.get(day), day, length, pause)
    return found[bisect_left(found, earliest) : bisect_right(found, latest)]


@lru_cache(maxsize=20_000)
def _grid_of_day(
    hours: str | None, exception: str | None, day: date, length_min: int, pause_min: int
) -> tuple[datetime, ...]:
    """Cut the opening hours of a day into visits with their pauses.

    Each day begins anew at midnight, so that the grid is the same for whoever asks for one day or
    for a week; no visit goes over midnight. Everything it depends on is an argument: a change of
    hours is in force at once.
    """
    length, step = timedelta(minutes=length_min), timedelta(minutes=length_min + pause_min)
    exceptions = {} if exception is None else {day: exception}
    found = set()
    for opened, closed in open_intervals(hours, exceptions, day, day):
        start = opened
        while start + length <= closed:
            found.add(from_wall_clock(start))
            start += step
    return tuple(sorted(found))


def _taken(
    session: Session, grids: dict[str, list[datetime]], now: datetime
) -> dict[str, list[tuple[datetime, datetime, int]]]:
    """Return the visits that occupy seats of rooms; a hold that ran out occupies none."""
    asked = {room: grid for room, grid in grids.items() if grid}
    if not asked:
        return {}
    rows = session.exec(
        select(Booking.resource_id, Booking.slot_start, Booking.slot_end, Booking.seat).where(
            col(Booking.resource_id).in_(list(asked)),
            col(Booking.status).in_(OCCUPYING),
            col(Booking.slot_end) > min(grid[0] for grid in asked.values()),
            col(Booking.slot_start) < max(grid[-1] for grid in asked.values()) + LONGEST,
            or_(col(Booking.status) != Status.HELD, col(Booking.held_until) >= now),
        )
    ).all()
    found: dict[str, list[tuple[datetime, datetime, int]]] = {}
    for room, start, end, seat in rows:
        found.setdefault(room, []).append((start, end, seat))
    return found


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
    day = local(start).date()
    offered = slots_of(session, clinic, service=resource.service, first=day, last=day, now=now)
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
    offered = slots_of(session, clinic, service=service, first=day, last=day, now=now)
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
