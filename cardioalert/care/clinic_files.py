"""Read clinics from files of others: OSM/Overpass JSON, healthsites GeoJSON, CSV, FHIR.

The attribution that a licence asks for travels with every clinic. Nothing is filled in: no region,
no hours and no phone that the file does not name.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from cardioalert.care.directory import ClinicDraft, read_region, services
from cardioalert.errors import ClinicImportError, InvalidDataError
from cardioalert.i18n import translate as _

ODBL: Final = "© OpenStreetMap contributors, ODbL 1.0"
HEALTHSITES: Final = "healthsites.io, © OpenStreetMap contributors, ODbL 1.0"
HEALTH: Final = ("clinic", "hospital", "doctors", "centre")
_FHIR_DAYS: Final = {
    "mon": "Mo", "tue": "Tu", "wed": "We", "thu": "Th", "fri": "Fr", "sat": "Sa", "sun": "Su",
}  # fmt: skip


def read_clinics(data: bytes, *, as_of: date, verified_by: str = "") -> list[ClinicDraft]:
    """Read a file of clinics; its content tells its kind.

    Raises
    ------
    ClinicImportError
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ClinicImportError(_("byte {start} is not UTF-8", start=error.start)) from None
    about = {"as_of": as_of, "verified_by": verified_by}
    if text.lstrip()[:1] not in "{[":
        return list(_from_csv(text, about))
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise ClinicImportError(
            _("not JSON: {msg} in line {lineno}", msg=error.msg, lineno=error.lineno)
        ) from None
    if isinstance(document, dict):
        if isinstance(document.get("elements"), list):
            return list(_from_osm(document, about))
        if document.get("type") == "FeatureCollection":
            return list(_from_geojson(document, about))
        if document.get("resourceType") == "Bundle":
            return list(_from_fhir(document, about))
    raise ClinicImportError(_("the JSON is neither OSM, GeoJSON nor a FHIR bundle"))


def _from_osm(document: dict[str, Any], about: dict[str, Any]) -> Iterator[ClinicDraft]:
    """Read what the Overpass API returns."""
    stamp = str(document.get("osm3s", {}).get("timestamp_osm_base", ""))[:10]
    about = {**about, "as_of": _day(stamp) or about["as_of"]}
    for element in document["elements"]:
        tags = element.get("tags", {})
        if tags.get("amenity") not in HEALTH and tags.get("healthcare") not in HEALTH:
            continue
        place = element.get("center", element)
        number = f"{element.get('type', 'node')}/{element.get('id')}"
        yield from _from_tags(
            tags, place.get("lat"), place.get("lon"), about, source="openstreetmap",
            number=number, licence=ODBL,
        )  # fmt: skip


def _from_geojson(document: dict[str, Any], about: dict[str, Any]) -> Iterator[ClinicDraft]:
    """Read a healthsites export: tags as properties, points or outlines."""
    for feature in document.get("features", []):
        tags = feature.get("properties") or {}
        tags = {**(tags.get("attributes") or {}), **tags}
        point = _middle((feature.get("geometry") or {}).get("coordinates"))
        number = str(tags.get("uuid") or tags.get("osm_id") or feature.get("id") or "")
        yield from _from_tags(
            tags, point[1], point[0], about, source="healthsites", number=number,
            licence=HEALTHSITES,
        )  # fmt: skip


def _from_tags(
    tags: dict[str, Any], latitude: Any, longitude: Any, about: dict[str, Any], *,
    source: str, number: str, licence: str,
) -> Iterator[ClinicDraft]:  # fmt: skip
    """Make a clinic of OSM tags; one without a name helps nobody."""
    name = str(tags.get("name") or tags.get("name:uz") or tags.get("name:ru") or "").strip()
    if not name or not number:
        return
    street = " ".join(filter(None, (tags.get("addr:street"), tags.get("addr:housenumber"))))
    phones = str(tags.get("contact:phone") or tags.get("phone") or "")
    yield ClinicDraft(
        id=_slug(f"{source}-{number}"),
        name=str(tags.get("name:en") or name),
        names={k: str(tags[f"name:{k}"]) for k in ("uz", "ru", "en") if tags.get(f"name:{k}")}
        | ({} if tags.get("name:uz") else {"uz": name}),
        region=_region(tags.get("addr:state") or tags.get("is_in:state") or ""),
        address=str(
            tags.get("addr:full") or ", ".join(filter(None, (street, tags.get("addr:city"))))
        ),
        latitude=_number(latitude, 90),
        longitude=_number(longitude, 180),
        hours=str(tags.get("opening_hours") or ""),
        phones=tuple(filter(None, (piece.strip() for piece in phones.split(";")))),
        website=str(tags.get("contact:website") or tags.get("website") or ""),
        services={"cardiologist": None}
        if "cardiology" in str(tags.get("healthcare:speciality", "")).split(";")
        else {},
        source=source,
        source_id=number,
        licence=licence,
        **about,
    )


def _from_csv(text: str, about: dict[str, Any]) -> Iterator[ClinicDraft]:
    """Read our own columns; only `id`, `name` and `source` must be there."""
    rows = csv.DictReader(io.StringIO(text))
    missing = {"id", "name", "source"} - set(rows.fieldnames or ())
    if missing:
        raise ClinicImportError(
            _("the columns {names} are missing", names=", ".join(sorted(missing)))
        )
    for line, row in enumerate(rows, start=2):
        try:
            offered = dict(_priced(piece) for piece in _pieces(row.get("services")))
            yield ClinicDraft(
                id=_slug(row["id"]), name=row["name"].strip(),
                region=_region(row.get("region") or ""),
                names={k: row[f"name_{k}"] for k in ("uz", "ru", "en") if row.get(f"name_{k}")},
                address=row.get("address") or "", latitude=_number(row.get("latitude"), 90),
                longitude=_number(row.get("longitude"), 180), hours=row.get("hours") or "",
                phones=tuple(_pieces(row.get("phones"))), languages=row.get("languages") or "",
                website=row.get("website") or "",
                walk_in=(row.get("walk_in") or "").lower() == "yes",
                services=offered, bookable=(row.get("bookable") or "").lower() == "yes",
                source=row["source"], source_id=row["id"], licence=row.get("licence") or "",
                as_of=_day(row.get("as_of") or "") or about["as_of"],
                verified_by=row.get("verified_by") or about["verified_by"],
            )  # fmt: skip
        except (ValueError, InvalidDataError) as error:
            raise ClinicImportError(_("line {line}: {error}", line=line, error=error)) from None


def _from_fhir(document: dict[str, Any], about: dict[str, Any]) -> Iterator[ClinicDraft]:
    """Read Location and HealthcareService resources, R4 and R5."""
    resources = [entry.get("resource", {}) for entry in document.get("entry", [])]
    offered: dict[str, dict[str, int | None]] = {}
    for resource in resources:
        if resource.get("resourceType") == "HealthcareService":
            codes = {
                coding.get("code"): None
                for kind in resource.get("type", [])
                for coding in kind.get("coding", [])
                if coding.get("code") in services()
            }
            for location in resource.get("location", []):
                offered.setdefault(str(location.get("reference", "")), {}).update(codes)
    for resource in resources:
        if resource.get("resourceType") != "Location" or not resource.get("name"):
            continue
        number = str(resource.get("id") or "")
        address = resource.get("address", {})
        position = resource.get("position", {})
        contacts = resource.get("telecom", []) + [
            telecom for c in resource.get("contact", []) for telecom in c.get("telecom", [])
        ]
        yield ClinicDraft(
            id=_slug(f"fhir-{number or resource['name']}"), name=resource["name"],
            region=_region(address.get("state", "")),
            address=address.get("text")
            or ", ".join([*address.get("line", []), address.get("city", "")]),
            latitude=_number(position.get("latitude"), 90),
            longitude=_number(position.get("longitude"), 180),
            hours=_fhir_hours(resource.get("hoursOfOperation")),
            phones=tuple(t.get("value", "") for t in contacts if t.get("system") == "phone"),
            services=offered.get(f"Location/{number}", {}),
            source="fhir", source_id=number, **about,
        )  # fmt: skip


def _fhir_hours(hours: Any) -> str:
    """Return FHIR opening hours (R4 list, R5 availability) in OSM syntax."""
    rows = hours if isinstance(hours, list) else []
    if isinstance(hours, dict):
        rows = hours.get("availableTime", [])
    rules = []
    for row in rows:
        days = ",".join(_FHIR_DAYS[day] for day in row.get("daysOfWeek", []) if day in _FHIR_DAYS)
        opens = row.get("openingTime") or row.get("availableStartTime") or ""
        closes = row.get("closingTime") or row.get("availableEndTime") or ""
        times = "00:00-24:00" if row.get("allDay") else f"{opens[:5]}-{closes[:5]}"
        if days and len(times) > 1:
            rules.append(f"{days} {times}")
    return "; ".join(rules)


def _priced(piece: str) -> tuple[str, int | None]:
    """Read `ecg` or `ecg=60000`."""
    code, _, price = piece.partition("=")
    return code, int(price) if price else None


def _pieces(text: str | None) -> list[str]:
    return [piece.strip() for piece in (text or "").split(";") if piece.strip()]


def _region(text: str) -> str:
    """Return a region's code; empty when the file does not name one we know."""
    try:
        return read_region(text) if text else ""
    except InvalidDataError:
        return ""


def _number(value: Any, limit: float) -> float | None:
    """Read a coordinate in degrees."""
    if value in (None, ""):
        return None
    degrees = float(value)
    if not -limit <= degrees <= limit:
        raise ClinicImportError(_("{degrees} is no coordinate", degrees=degrees))
    return degrees


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _middle(coordinates: Any) -> tuple[Any, Any]:
    """Return a point of a geometry: itself, or the middle of an outline."""
    points: list[tuple[float, float]] = []

    def collect(part: Any) -> None:
        if isinstance(part, list) and part and isinstance(part[0], int | float):
            points.append((part[0], part[1]))
        elif isinstance(part, list):
            for piece in part:
                collect(piece)

    collect(coordinates)
    if not points:
        return None, None
    return sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:64]
