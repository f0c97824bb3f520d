"""Find a clinic: by distance, region, name, open now, next free time; with reasons."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlmodel import Session, col, select

from cardioalert.care.directory import PACKAGE, services
from cardioalert.care.folding import fold
from cardioalert.care.holidays import are_announced, name_of
from cardioalert.care.hours import Openness, openness
from cardioalert.care.offers import Slot
from cardioalert.care.phones import show_phone
from cardioalert.care.slots import exceptions_of, next_free_of
from cardioalert.care.times import local
from cardioalert.errors import NotFoundError
from cardioalert.i18n import translate as _
from cardioalert.store.clinic_tables import Clinic, ClinicPhone, Resource, Service
from cardioalert.tables import read_toml

EARTH_RADIUS_KM: Final = 6371.0088  # mean radius, IUGG
EMERGENCY: Final = "103"
FRESH: Final = timedelta(days=365)
KM_PER_DEGREE: Final = EARTH_RADIUS_KM * math.pi / 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody looks for; every part may be left out."""

    near: tuple[float, float] | None = None  # latitude, longitude in degrees
    within_km: float | None = None
    region: str = ""
    text: str = ""
    open_now: bool = False
    service: str = ""
    language: str = ""
    limit: int = 20
    with_demo: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A clinic with everything a person needs to choose it."""

    clinic: Clinic
    phones: tuple[ClinicPhone, ...]
    services: dict[str, int | None]
    openness: Openness
    distance_km: float | None
    next_slot: Slot | None = None
    bookable: bool = False
    reasons: tuple[str, ...] = ()
    holiday: str = ""

    @property
    def points(self) -> int:
        """The sum of the rules of `tables/recommendation.toml`."""
        return sum(_points()[reason] for reason in self.reasons)

    def name(self, language: str) -> str:
        """Return the name in a language, if the clinic has one in it."""
        names: dict[str, str] = json.loads(self.clinic.names)
        return names.get(language) or self.clinic.name

    def to_dict(self, language: str = "en") -> dict[str, Any]:
        """Return the clinic for programs."""
        clinic = self.clinic
        until = self.openness.until
        return {
            "id": clinic.id, "name": self.name(language), "demo": clinic.demo,
            "notice": _("DEMO: this clinic does not exist.") if clinic.demo else "",
            "emergency": EMERGENCY, "region": clinic.region, "address": clinic.address,
            "latitude": clinic.latitude, "longitude": clinic.longitude,
            "distance_km": None if self.distance_km is None else round(self.distance_km, 2),
            "phones": [
                {"number": show_phone(p.number) if not clinic.demo else p.number,
                 "verified": p.verified}
                for p in self.phones
            ],
            "hours": clinic.hours, "open_now": self.openness.is_open,
            "changes_at": until.strftime("%Y-%m-%dT%H:%M") if until else None,
            "holiday": self.holiday, "languages": [x for x in clinic.languages.split(",") if x],
            "website": clinic.website, "walk_in": clinic.walk_in, "bookable": self.bookable,
            "services": [
                {"code": code, "name": _(services()[code]["title"]), "price_uzs": price}
                for code, price in self.services.items()
            ],
            "next_slot": self.next_slot.to_dict() if self.next_slot else None,
            "recommendation": {"points": self.points, "reasons": list(self.reasons)},
            "source": clinic.source, "licence": clinic.licence,
            "as_of": clinic.as_of.isoformat(), "verified_by": clinic.verified_by or None,
        }  # fmt: skip


@cache
def _points() -> dict[str, int]:
    return {
        row["reason"]: row["points"] for row in read_toml(PACKAGE, "recommendation.toml")["rule"]
    }


def distance_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the great-circle distance of two points in degrees (haversine), kilometres.

    Examples
    --------
    >>> round(distance_km((41.3111, 69.2797), (39.6542, 66.9597)))
    269
    """
    latitude_a, latitude_b = math.radians(a[0]), math.radians(b[0])
    half_latitude = (latitude_b - latitude_a) / 2
    half_longitude = math.radians(b[1] - a[1]) / 2
    chord = (
        math.sin(half_latitude) ** 2
        + math.cos(latitude_a) * math.cos(latitude_b) * math.sin(half_longitude) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(chord)))


def search(session: Session, wish: Wish, *, now: datetime) -> list[Found]:
    """Return clinics, the recommended first.

    Invented clinics are only shown while there are no real ones: nobody may travel to one.
    """
    real = session.exec(
        select(Clinic.id).where(col(Clinic.active), col(Clinic.demo).is_(False)).limit(1)
    ).first()
    query = select(Clinic).where(col(Clinic.active))
    if real or not wish.with_demo:
        query = query.where(col(Clinic.demo).is_(False))
    if wish.region:
        query = query.where(Clinic.region == wish.region)
    if wish.near and wish.within_km:
        query = _in_box(query, wish.near, wish.within_km)
    for word in fold(wish.text).split():
        query = query.where(col(Clinic.search_key).contains(word, autoescape=True))
    if wish.service:
        offering = select(Service.clinic_id).where(Service.code == wish.service)
        query = query.where(col(Clinic.id).in_(offering))
    found = _describe(session, list(session.exec(query)), wish, now)
    if wish.open_now:
        found = [one for one in found if one.openness.is_open]
    if wish.language:
        found = [one for one in found if wish.language in one.clinic.languages.split(",")]
    if wish.near and wish.within_km:
        found = [one for one in found if (one.distance_km or 0) <= wish.within_km]
    # The next free time is looked up for those that can still come first, the near ones.
    found.sort(key=_order)
    chosen = _with_slots(session, found[: 2 * wish.limit], wish, now)
    return sorted(chosen, key=_order)[: wish.limit]


def get(session: Session, clinic_id: str, *, now: datetime, service: str = "ecg") -> Found:
    """Return one clinic, with what belongs to it and its next free time.

    Raises
    ------
    NotFoundError
    """
    clinic = active(session, clinic_id)
    wish = Wish(service=service)
    return _with_slots(session, _describe(session, [clinic], wish, now), wish, now)[0]


def active(session: Session, clinic_id: str) -> Clinic:
    """Return the row of a clinic people may see.

    Raises
    ------
    NotFoundError
    """
    clinic = session.get(Clinic, clinic_id)
    if clinic is None or not clinic.active:
        raise NotFoundError(_("there is no clinic {clinic_id}", clinic_id=clinic_id))
    return clinic


def _in_box(query: Any, near: tuple[float, float], within_km: float) -> Any:
    """Keep what lies in a box around a point, so that an index can be used."""
    height = within_km / KM_PER_DEGREE
    width = height / max(0.01, math.cos(math.radians(near[0])))
    return query.where(
        col(Clinic.latitude).between(near[0] - height, near[0] + height),
        col(Clinic.longitude).between(near[1] - width, near[1] + width),
    )


def _order(found: Found) -> tuple[int, float, str]:
    return (
        -found.points,
        found.distance_km if found.distance_km is not None else 1e9,
        found.clinic.id,
    )


def _describe(session: Session, clinics: list[Clinic], wish: Wish, now: datetime) -> list[Found]:
    """Gather what belongs to some clinics with three queries in all."""
    ids = [clinic.id for clinic in clinics]
    phones: dict[str, list[ClinicPhone]] = {}
    for phone in session.exec(select(ClinicPhone).where(col(ClinicPhone.clinic_id).in_(ids))):
        phones.setdefault(phone.clinic_id, []).append(phone)
    offered: dict[str, dict[str, int | None]] = {}
    for service in session.exec(
        select(Service).where(col(Service.clinic_id).in_(ids)).order_by(col(Service.code))
    ):
        offered.setdefault(service.clinic_id, {})[service.code] = service.price_uzs
    bookable = set(
        session.exec(select(Resource.clinic_id).where(col(Resource.clinic_id).in_(ids))).all()
    )
    exceptions = exceptions_of(session, ids)
    today = local(now).date()
    holiday = name_of(today)
    found = []
    for clinic in clinics:
        apart = None
        if wish.near and clinic.latitude is not None and clinic.longitude is not None:
            apart = distance_km(wish.near, (clinic.latitude, clinic.longitude))
        one = Found(
            clinic=clinic, phones=tuple(phones.get(clinic.id, ())),
            services=offered.get(clinic.id, {}), distance_km=apart, holiday=holiday,
            openness=openness(clinic.hours, exceptions.get(clinic.id, {}), now),
            bookable=clinic.id in bookable,
        )  # fmt: skip
        found.append(replace(one, reasons=_reasons(one, wish, today, now)))
    return found


def _with_slots(session: Session, found: list[Found], wish: Wish, now: datetime) -> list[Found]:
    """Add the next free times."""
    bookable = [one.clinic.id for one in found if one.bookable]
    slots = next_free_of(session, bookable, service=wish.service or "ecg", now=now)
    today = local(now).date()
    timed = [replace(one, next_slot=slots.get(one.clinic.id)) for one in found]
    return [replace(one, reasons=_reasons(one, wish, today, now)) for one in timed]


def _reasons(found: Found, wish: Wish, today: date, now: datetime) -> tuple[str, ...]:
    """Return which rules of the recommendation a clinic meets."""
    apart = found.distance_km if found.distance_km is not None else math.inf
    wait = (found.next_slot.start - now).total_seconds() / 3600 if found.next_slot else math.inf
    met = {
        "offers-service": (wish.service or "ecg") in found.services,
        "open-now": found.openness.is_open is True,
        "within-5-km": apart <= 5,
        "within-15-km": 5 < apart <= 15,
        "within-50-km": 15 < apart <= 50,
        "free-within-24-h": wait <= 24,
        "free-within-72-h": 24 < wait <= 72,
        "verified-data": bool(found.clinic.verified_by),
        "data-under-a-year-old": today - found.clinic.as_of < FRESH,
    }
    return tuple(reason for reason in _points() if met[reason])


def holiday_note(day: date) -> str:
    """Return what to say when the days off of a year are not decreed yet."""
    if are_announced(day.year):
        return ""
    return _("Public holidays of {year} are not announced yet; hours may differ.").format(
        year=day.year
    )
