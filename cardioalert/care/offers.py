"""What a clinic offers: opening hours cut into a fixed grid, minus what is taken.

It is computed, never stored: a change of hours is in force at once.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sqlalchemy import BindParameter, Row, Table, and_, bindparam, or_, select
from sqlmodel import Session, SQLModel

from cardioalert.care.hours import DAY, open_intervals
from cardioalert.care.times import as_text, from_wall_clock, local
from cardioalert.errors import NotFoundError
from cardioalert.i18n import translate as _
from cardioalert.store.clinic_tables import Clinic, HoursException, Resource
from cardioalert.store.visit_tables import OCCUPIES, Booking, Status

MINUTE: Final = timedelta(minutes=1)
LONGEST: Final = DAY  # of a visit


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


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """The slots of a clinic for one service on some days, taken ones too (`free` is 0)."""

    clinic_id: str
    demo: bool
    slots: tuple[Slot, ...]


def offer_of(
    session: Session, clinic_id: str, *, service: str, first: date, last: date, now: datetime
) -> Offer:
    """Return what a clinic offers on some local days: see `offers_of`.

    Raises
    ------
    NotFoundError
    """
    found = offers_of(session, [clinic_id], service=service, first=first, last=last, now=now)
    if clinic_id not in found:
        raise NotFoundError(_("there is no clinic {clinic_id}", clinic_id=clinic_id))
    return found[clinic_id]


def offers_of(
    session: Session, clinic_ids: Sequence[str], *,
    service: str, first: date, last: date, now: datetime,
) -> dict[str, Offer]:  # fmt: skip
    """Return what clinics offer on some local days; a clinic that is not shown is left out.

    All it depends on is read each time, so a time is shown as taken from the commit of its booking
    on, whichever process or clinic system made it. Only the cutting and counting is kept: as long
    as nothing changed, an offer is the same object.

    Parameters
    ----------
    first, last : local days, both included
    now : slots nearer than the notice or beyond the horizon are left out
    """
    run, today = session.connection().execute, local(now).date()
    asked = {"clinic_ids": clinic_ids, "service": service}
    places = _by_clinic(run(_PLACES, asked))
    rooms = {
        clinic_id: tuple(_Room(*row[2:]) for row in rows if row[2] is not None)
        for clinic_id, rows in places.items()
    }
    horizon = max((room.horizon_days for some in rooms.values() for room in some), default=-1)
    first, last = max(first, today), min(last, today + timedelta(days=horizon))
    if last < first:
        return {clinic_id: Offer(clinic_id, rows[0][1], ()) for clinic_id, rows in places.items()}
    begin, end = (from_wall_clock(datetime.combine(day, time())) for day in (first, last + DAY))
    exceptions = _by_clinic(run(_EXCEPTIONS, {**asked, "first": first, "last": last}))
    taken = _by_clinic(
        run(_TAKEN, {**asked, "begin": begin, "earliest": begin - LONGEST, "end": end, "now": now})
    )
    past = now.replace(second=0, microsecond=0)
    coming = past if past == now else past + MINUTE
    return {
        clinic_id: _offer(
            _Basis(
                clinic_id=clinic_id, service=service, hours=rows[0][0], demo=rows[0][1],
                rooms=rooms[clinic_id], first=first, last=last, past=past, coming=coming,
                exceptions=exceptions.get(clinic_id, ()), taken=taken.get(clinic_id, ()),
            )
        )
        for clinic_id, rows in places.items()
    }  # fmt: skip


def _by_clinic(rows: Iterable[Row[Any]]) -> dict[str, tuple[tuple[Any, ...], ...]]:
    """Return the rows of each clinic, without its name in front."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(tuple(row[1:]))
    return {clinic_id: tuple(some) for clinic_id, some in found.items()}


class _Room(NamedTuple):
    """What the slots of a room or device depend on, as in `Resource`."""

    id: str
    capacity: int
    duration_min: int
    buffer_min: int
    notice_min: int
    horizon_days: int


class _Basis(NamedTuple):
    """Everything an offer depends on."""

    clinic_id: str
    demo: bool
    service: str
    hours: str | None
    rooms: tuple[_Room, ...]
    first: date
    last: date
    past: datetime  # the minute that began last; notice and horizon are whole minutes
    coming: datetime  # the minute that begins next; on the minute both are now
    exceptions: tuple[tuple[date, str], ...]  # of two for one day the later one counts
    taken: tuple[tuple[str, datetime, datetime, int], ...]  # room, start, end, seat


def _columns(kind: type[SQLModel]) -> Any:
    """Return the columns of a table."""
    table: Table = kind.__table__  # type: ignore[attr-defined]
    return table.c


_CLINIC: Final = _columns(Clinic)
_ROOM: Final = _columns(Resource)
_EXCEPTION: Final = _columns(HoursException)
_BOOKING: Final = _columns(Booking)
_CLINICS: Final[BindParameter[Any]] = bindparam("clinic_ids", expanding=True)
# Written once: to build a statement takes longer than the database does to answer it.
_PLACES: Final = (
    select(_CLINIC.id, _CLINIC.hours, _CLINIC.demo, *(_ROOM[name] for name in _Room._fields))
    .outerjoin(Resource, and_(_ROOM.clinic_id == _CLINIC.id, _ROOM.service == bindparam("service")))
    .where(_CLINIC.id.in_(_CLINICS), _CLINIC.active)
    .order_by(_ROOM.id)
)
_EXCEPTIONS: Final = (
    select(_EXCEPTION.clinic_id, _EXCEPTION.day, _EXCEPTION.hours)
    .where(
        _EXCEPTION.clinic_id.in_(_CLINICS),
        _EXCEPTION.day.between(bindparam("first"), bindparam("last")),
    )
    .order_by(_EXCEPTION.made_at, _EXCEPTION.id)
)
_TAKEN: Final = (
    select(
        _ROOM.clinic_id, _BOOKING.resource_id, _BOOKING.slot_start, _BOOKING.slot_end, _BOOKING.seat
    )
    .join(Resource, _ROOM.id == _BOOKING.resource_id)
    .where(
        _ROOM.clinic_id.in_(_CLINICS),
        _ROOM.service == bindparam("service"),
        OCCUPIES,
        _BOOKING.slot_end > bindparam("begin"),
        _BOOKING.slot_start.between(bindparam("earliest"), bindparam("end")),
        # A hold that ran out occupies no seat.
        or_(_BOOKING.status != Status.HELD, _BOOKING.held_until >= bindparam("now")),
    )
)


@lru_cache(maxsize=256)
def _offer(basis: _Basis) -> Offer:
    """Cut and count."""
    seats: dict[str, list[tuple[datetime, datetime, int]]] = {}
    for room_id, start, end, seat in basis.taken:
        seats.setdefault(room_id, []).append((start, end, seat))
    found = [
        Slot(
            resource_id=room.id, clinic_id=basis.clinic_id, service=basis.service, start=start,
            end=start + timedelta(minutes=room.duration_min), capacity=room.capacity, free=free,
        )
        for room in basis.rooms
        for start, free in _count(_grid(basis, room), room, seats.get(room.id, []))
    ]  # fmt: skip
    found.sort(key=lambda slot: (slot.start, slot.resource_id))
    return Offer(basis.clinic_id, basis.demo, tuple(found))


def _count(
    grid: list[datetime], room: _Room, taken: list[tuple[datetime, datetime, int]]
) -> Iterator[tuple[datetime, int]]:
    """Yield the free seats of each slot; a visit of another length may cover several."""
    length = timedelta(minutes=room.duration_min)
    seats: dict[int, set[int]] = {}
    for begin, end, seat in taken:
        for number in range(bisect_right(grid, begin - length), bisect_left(grid, end)):
            seats.setdefault(number, set()).add(seat)
    for number, start in enumerate(grid):
        yield start, max(0, room.capacity - len(seats.get(number, ())))


def _grid(basis: _Basis, room: _Room) -> list[datetime]:
    """Return when the visits of a room begin, between its notice and its horizon; UTC, sorted."""
    exceptions = dict(basis.exceptions)
    found: list[datetime] = []
    for later in range((basis.last - basis.first).days + 1):
        day = basis.first + timedelta(days=later)
        found += _grid_of_day(
            basis.hours, exceptions.get(day), day, room.duration_min, room.buffer_min
        )
    earliest = basis.coming + timedelta(minutes=room.notice_min)
    latest = basis.past + timedelta(days=room.horizon_days)
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


def _midnight(day: date) -> datetime:
    """Return when a local day begins, in UTC."""
    return from_wall_clock(datetime.combine(day, time()))
