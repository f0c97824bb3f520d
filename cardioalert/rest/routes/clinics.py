"""Clinics and their free times; no session is needed."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from cardioalert.care import clinics, offers
from cardioalert.care.directory import read_region, read_service, services
from cardioalert.care.times import local
from cardioalert.errors import InvalidDataError
from cardioalert.i18n import language
from cardioalert.i18n import translate as _
from cardioalert.rest import answers
from cardioalert.rest.guards import DeskOf
from cardioalert.rest.problems import documented
from cardioalert.rest.tags import UNCHANGED, tag_of, unless_known

router = APIRouter(prefix="/v1/clinics", tags=["clinics"])
READ = {"x-policy": "clinic.read"}
Name = Annotated[str, Path(max_length=100)]
DayQuery = Annotated[
    str | None,
    Query(
        pattern=r"^\d{4}-\d{2}-\d{2}$",
        description="YYYY-MM-DD, local",
        json_schema_extra={"format": "date"},
    ),
]
ServiceQuery = Annotated[str, Query(json_schema_extra={"enum": list(services())})]
Degrees = Annotated[float | None, Query(ge=-180, le=180)]


@router.get("", openapi_extra=READ, responses=documented())
def list_clinics(
    *,
    request: Request,
    desk: DeskOf,
    latitude: Annotated[float | None, Query(ge=-90, le=90)] = None,
    longitude: Degrees = None,
    within_km: Annotated[float | None, Query(gt=0, le=20_000)] = None,
    region: Annotated[str, Query(max_length=40)] = "",
    q: Annotated[str, Query(max_length=100)] = "",
    service: Annotated[str, Query(max_length=20)] = "",
    open_now: bool = False,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> answers.ClinicList:
    """Find clinics, the recommended first."""
    if (latitude is None) != (longitude is None):
        raise InvalidDataError(_("latitude and longitude come together"))
    near = (latitude, longitude) if latitude is not None and longitude is not None else None
    wish = clinics.Wish(
        near=near, within_km=within_km if near else None, text=q, open_now=open_now, limit=limit,
        region=read_region(region) if region else "",
        service=read_service(service) if service else "",
    )  # fmt: skip
    with desk.store.reading() as session:
        found = clinics.search(session, wish, now=desk.now())
    return answers.ClinicList.model_validate(
        {"emergency": clinics.EMERGENCY, "clinics": [one.to_dict(language()) for one in found]}
    )


@router.get("/{clinic_id}", openapi_extra=READ, responses=documented(404))
def show_clinic(clinic_id: Name, desk: DeskOf) -> answers.Clinic:
    """Show one clinic."""
    with desk.store.reading() as session:
        found = clinics.get(session, clinic_id, now=desk.now())
    return answers.Clinic.model_validate(found.to_dict(language()))


@router.get(
    "/{clinic_id}/slots", openapi_extra=READ, responses=documented(404) | UNCHANGED,
    response_model=answers.SlotList,
)  # fmt: skip
def list_slots(
    request: Request, clinic_id: Name, desk: DeskOf, day: DayQuery = None,
    service: ServiceQuery = "ecg",
) -> Response:  # fmt: skip
    """List the free times of a day, or of the coming week."""
    now = desk.now()
    first = read_day(day) if day else local(now).date()
    last = first if day else first + timedelta(days=6)
    service = read_service(service)
    with desk.store.reading() as session:
        offer = offers.offer_of(
            session, clinic_id, service=service, first=first, last=last, now=now
        )
    body, tag = written(offer, clinics.holiday_note(last))
    return unless_known(request, body, tag)


@lru_cache(maxsize=256)
def written(offer: offers.Offer, note: str) -> tuple[bytes, str]:
    """Return the free times of an offer as they are sent, and their tag.

    As long as nothing changed an offer is the same object, and hundreds of times need not be
    written again.
    """
    told = answers.SlotList.model_validate({
        "clinic": offer.clinic_id, "demo": offer.demo, "emergency": clinics.EMERGENCY,
        "note": note, "slots": [slot.to_dict() for slot in offer.slots if slot.free],
    })  # fmt: skip
    body = told.model_dump_json().encode()
    return body, tag_of(body)


def read_day(text: str) -> date:
    """Read a local day."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidDataError(_("{text!r} is no day", text=text)) from None
