"""The directory of clinics as it is written: one draft a clinic, checked, then stored.

Every clinic keeps where its facts come from, as of when, and who verified them. A phone is shown as
verified only when somebody put their name to it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any, Final

from sqlalchemy import delete
from sqlmodel import Session, col, select

from cardioalert.care.desk import Actor, Desk
from cardioalert.care.folding import fold
from cardioalert.care.hours import normalize, read_day
from cardioalert.care.phones import read_phone
from cardioalert.errors import ClinicImportError, InvalidDataError, NotFoundError
from cardioalert.i18n import translate as _
from cardioalert.store.clinic_tables import Clinic, ClinicPhone, HoursException, Resource, Service
from cardioalert.store.visit_tables import Booking
from cardioalert.tables import read_csv, read_toml

PACKAGE: Final = "cardioalert.care"
DEMO_SOURCE: Final = "demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicDraft:
    """A clinic as a file describes it, before it is stored."""

    id: str
    name: str
    names: dict[str, str] = field(default_factory=dict)
    region: str = ""
    address: str = ""
    latitude: float | None = None
    longitude: float | None = None
    hours: str = ""
    phones: tuple[str, ...] = ()
    languages: str = ""
    website: str = ""
    walk_in: bool = False
    services: dict[str, int | None] = field(default_factory=dict)
    capacity: dict[str, int] = field(default_factory=dict)
    bookable: bool = False
    demo: bool = False
    source: str
    source_id: str = ""
    licence: str = ""
    as_of: date
    verified_by: str = ""


@dataclass(slots=True)
class ImportReport:
    """What an import did; notes say which values were changed or left out, and why."""

    added: int = 0
    changed: int = 0
    notes: list[str] = field(default_factory=list)


@cache
def regions() -> dict[str, dict[str, str]]:
    """Return the regions by ISO 3166-2 code, also by their four-digit state code."""
    rows = read_csv(PACKAGE, "regions_uz.csv")
    return {row[key]: row for row in rows for key in ("iso3166_2", "soato")}


def read_region(text: str) -> str:
    """Return the ISO code of a region given as UZ-TK, TK, 1726 or by a name in any spelling."""
    wanted = text.strip().upper()
    for code in (wanted, f"UZ-{wanted}"):
        if code in regions():
            return regions()[code]["iso3166_2"]
    key = fold(text)
    for row in regions().values():
        names = [fold(row[f"name_{language}"]) for language in ("uz_latn", "ru", "en")]
        if key and key in [*names, *(name.split()[0] for name in names), fold(row["capital"])]:
            return row["iso3166_2"]
    codes = ", ".join(sorted(code for code in regions() if code.startswith("UZ")))
    raise InvalidDataError(
        _("{text!r} is no region of Uzbekistan", text=text), hint=f"Use one of {codes}."
    )


@cache
def services() -> dict[str, dict[str, Any]]:
    """Return the services by code."""
    return {row["code"]: row for row in read_toml(PACKAGE, "services.toml")["service"]}


def read_service(code: str) -> str:
    """Return a service code, checked."""
    if code not in services():
        raise InvalidDataError(
            _("there is no service {code!r}", code=code),
            hint=f"Use one of {', '.join(services())}.",
        )
    return code


def demo_drafts() -> list[ClinicDraft]:
    """Return the invented clinics."""
    table = read_toml(PACKAGE, "demo_clinics.toml")
    return [
        ClinicDraft(
            **{**row, "phones": tuple(row["phones"])}, name=row["names"]["en"], bookable=True,
            demo=True, source=DEMO_SOURCE, source_id=row["id"], as_of=table["as_of"],
        )
        for row in table["clinic"]
    ]  # fmt: skip


def store_clinics(desk: Desk, actor: Actor, drafts: Iterable[ClinicDraft]) -> ImportReport:
    """Add or refresh clinics; those of the same source and number are the same clinic."""
    report = ImportReport()
    with desk.store.writing() as session:
        for draft in drafts:
            _store_one(session, draft, report)
        desk.note(session, actor, "clinic.import", f"{report.added}+{report.changed} clinics")
    if not report.added + report.changed:
        raise ClinicImportError(_("the file holds no clinic"))
    return report


def _store_one(session: Session, draft: ClinicDraft, report: ImportReport) -> None:
    """Write one clinic with its phones, services and rooms."""
    hours = draft.hours or None
    if hours:
        try:
            hours, mended = normalize(hours)
            if mended:
                report.notes.append(f"{draft.id}: hours {draft.hours!r} read as {hours!r}")
        except InvalidDataError as error:
            report.notes.append(f"{draft.id}: hours left out: {error.message}")
            hours = None
    existing = session.get(Clinic, draft.id)
    names = {"en": draft.name, **draft.names}
    values = {
        name: getattr(draft, name)
        for name in (
            "id", "name", "region", "address", "latitude", "longitude", "languages", "website",
            "walk_in", "demo", "source", "source_id", "licence", "as_of", "verified_by",
        )
    }  # fmt: skip
    clinic = existing or Clinic(**values, search_key="")
    for name, value in values.items():
        setattr(clinic, name, value)
    clinic.hours, clinic.names = hours, json.dumps(names, ensure_ascii=False, sort_keys=True)
    words = [
        *names.values(),
        draft.address,
        regions().get(draft.region, {}).get("name_uz_latn", ""),
    ]
    clinic.search_key = " ".join(dict.fromkeys(" ".join(fold(word) for word in words).split()))
    session.add(clinic)
    session.flush()
    report.changed += existing is not None
    report.added += existing is None
    for table in (ClinicPhone, Service):
        session.exec(delete(table).where(col(table.clinic_id) == draft.id))
    for phone in draft.phones:
        _store_phone(session, draft, phone, report)
    for code, price in draft.services.items():
        session.add(Service(clinic_id=draft.id, code=read_service(code), price_uzs=price))
        if draft.bookable:
            _store_room(session, draft, code)


def _store_phone(session: Session, draft: ClinicDraft, phone: str, report: ImportReport) -> None:
    """Write a phone; a number that cannot exist is left out, and said so."""
    if draft.demo:
        session.add(ClinicPhone(clinic_id=draft.id, number=phone, verified=False))
        return
    try:
        number = read_phone(phone)
    except InvalidDataError:
        report.notes.append(f"{draft.id}: phone {phone!r} left out: no valid number")
        return
    verified = bool(draft.verified_by)
    session.add(ClinicPhone(clinic_id=draft.id, number=number, verified=verified))


def _store_room(session: Session, draft: ClinicDraft, code: str) -> None:
    """Make the room of a service, unless it is there: its settings are the clinic's own."""
    identifier = f"{draft.id}-{code}"
    if session.get(Resource, identifier) is None:
        session.add(
            Resource(
                id=identifier, clinic_id=draft.id, service=code, name=code,
                capacity=draft.capacity.get(code, 1), duration_min=services()[code]["duration_min"],
            )
        )  # fmt: skip


def set_exception(desk: Desk, actor: Actor, clinic_id: str, day: date, hours: str) -> None:
    """Set the hours of one day; empty closes it. It wins over weekly hours and holidays."""
    read_day(hours)
    with desk.store.writing() as session:
        if session.get(Clinic, clinic_id) is None:
            raise NotFoundError(_("there is no clinic {clinic_id}", clinic_id=clinic_id))
        table = HoursException
        session.exec(delete(table).where(col(table.clinic_id) == clinic_id, col(table.day) == day))
        session.add(HoursException(clinic_id=clinic_id, day=day, hours=hours))
        desk.note(session, actor, "clinic.exception", f"{clinic_id} {day}")


def remove_demo(desk: Desk, actor: Actor) -> int:
    """Take the invented clinics out; those somebody has booked are only hidden."""
    with desk.store.writing() as session:
        demos = session.exec(select(Clinic).where(col(Clinic.demo))).all()
        for clinic in demos:
            if session.exec(select(Booking.id).where(Booking.clinic_id == clinic.id)).first():
                clinic.active = False
                session.add(clinic)
                continue
            for table in (ClinicPhone, Service, Resource, HoursException):
                session.exec(delete(table).where(col(table.clinic_id) == clinic.id))
            session.delete(clinic)
        desk.note(session, actor, "clinic.remove-demo", f"{len(demos)} clinics")
    return len(demos)
