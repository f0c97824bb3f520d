"""Which times can be booked: a named one, the next one, all of some days."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from sqlmodel import Session, col, select

from cardioalert.care.offers import Slot, offer_of, offers_of
from cardioalert.care.times import local, read_moment
from cardioalert.errors import NotFoundError, SlotNotOfferedError
from cardioalert.i18n import translate as _
from cardioalert.store.clinic_tables import Clinic, HoursException, Resource

SLOT_ID: Final = re.compile(r"(?P<resource>[A-Za-z0-9_-]+)\.(?P<start>\d{8}T\d{4}Z)")


def slots_of(
    session: Session, clinic: Clinic, *, service: str, first: date, last: date, now: datetime
) -> list[Slot]:
    """Return the slots of an offer: see `offer_of`."""
    offered = offer_of(session, clinic.id, service=service, first=first, last=last, now=now)
    return list(offered.slots)


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
    """Return the first free slot of the coming weeks."""
    return next_free_of(session, [clinic.id], service=service, now=now).get(clinic.id)


def next_free_of(
    session: Session, clinic_ids: Sequence[str], *, service: str, now: datetime
) -> dict[str, Slot]:
    """Return the first free slot of each clinic that has one in the coming weeks."""
    found: dict[str, Slot] = {}
    today = local(now).date()
    for begin, days in ((0, 3), (3, 7), (10, 21)):
        first = today + timedelta(days=begin)
        last = first + timedelta(days=days - 1)
        left = [clinic_id for clinic_id in clinic_ids if clinic_id not in found]
        if not left:
            break
        offers = offers_of(session, left, service=service, first=first, last=last, now=now)
        for clinic_id, offer in offers.items():
            slot = next((slot for slot in offer.slots if slot.free), None)
            if slot:
                found[clinic_id] = slot
    return found
