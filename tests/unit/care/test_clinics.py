"""The directory: search, the rule of the recommendation, imports, demo clinics."""

from __future__ import annotations

import json
from datetime import date

import pytest

from cardioalert.care import clinics, directory
from cardioalert.care.clinic_files import HEALTHSITES, ODBL, read_clinics
from cardioalert.care.desk import OPERATOR
from cardioalert.errors import ClinicImportError, InvalidDataError, NotFoundError
from cardioalert.tables import read_csv, read_toml

TODAY = date(2026, 11, 20)
OVERPASS = {
    "osm3s": {"timestamp_osm_base": "2026-10-05T10:00:00Z"},
    "elements": [
        {"type": "node", "id": 1, "lat": 39.65, "lon": 66.95, "tags": {
            "amenity": "clinic", "name": "Шифо", "name:uz": "Shifo", "opening_hours": "Mo-Fr 8-20",
            "phone": "+998 66 233 00 00; 8 90", "addr:street": "Registon", "addr:city": "Samarqand",
            "addr:state": "Samarqand viloyati", "healthcare:speciality": "cardiology"}},
        {"type": "way", "id": 2, "center": {"lat": 41.3, "lon": 69.2},
         "tags": {"amenity": "hospital", "name": "Hospital", "opening_hours": "sometimes"}},
        {"type": "node", "id": 3, "lat": 41.3, "lon": 69.2,
         "tags": {"amenity": "cafe", "name": "No"}},
        {"type": "node", "id": 4, "lat": 41.3, "lon": 69.2, "tags": {"amenity": "clinic"}},
    ],
}  # fmt: skip
GEOJSON = {
    "type": "FeatureCollection",
    "features": [
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [
            [[69.0, 41.0], [69.2, 41.0], [69.2, 41.2], [69.0, 41.2]]]},
         "properties": {"uuid": "abc", "attributes": {"name": "Poliklinika", "amenity": "clinic"}}},
    ],
}  # fmt: skip
FHIR = {
    "resourceType": "Bundle", "type": "collection",
    "entry": [
        {"resource": {"resourceType": "Location", "id": "l1", "name": "FHIR clinic",
                      "address": {"line": ["Navoiy 1"], "city": "Toshkent", "state": "1726"},
                      "position": {"latitude": 41.31, "longitude": 69.24},
                      "telecom": [{"system": "phone", "value": "+998 71 200 00 00"}],
                      "hoursOfOperation": [{"daysOfWeek": ["mon", "tue"], "openingTime": "08:00:00",
                                            "closingTime": "17:00:00"}]}},
        {"resource": {"resourceType": "HealthcareService", "type": [{"coding": [{"code": "ecg"}]}],
                      "location": [{"reference": "Location/l1"}]}},
    ],
}  # fmt: skip


def load(desk, document, **options):
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    drafts = read_clinics(data, as_of=TODAY, **options)
    return directory.store_clinics(desk, OPERATOR, drafts)


def find(desk, **wish):
    with desk.store.reading() as session:
        return clinics.search(session, clinics.Wish(**wish), now=desk.now())


def ids(found):
    return [one.clinic.id for one in found]


def test_every_region_is_found_by_code_and_by_name():
    rows = read_csv("cardioalert.care", "regions_uz.csv")
    assert len(rows) == 14
    for row in rows:
        for key in ("iso3166_2", "soato", "name_uz_latn", "name_ru", "name_en"):
            assert directory.read_region(row[key]) == row["iso3166_2"]
    with pytest.raises(InvalidDataError):
        directory.read_region("Atlantis")


def test_nearest_first_and_every_answer_has_the_emergency_number(sqlite_desk):
    found = find(sqlite_desk, near=(39.65, 66.96), within_km=50)
    assert ids(found) == ["demo-samarkand-1"]
    assert found[0].distance_km == pytest.approx(0.46, abs=0.05)
    assert found[0].to_dict()["emergency"] == "103"


def test_search_by_folded_name_in_any_script(desk):
    for text in ("Фарғона", "Farg'ona", "fargona", "ФЕРГАНА"):
        assert ids(find(desk, text=text)) == ["demo-fergana-1"]
    assert find(desk, text="100%") == []


def test_filters(sqlite_desk):
    assert ids(find(sqlite_desk, region="UZ-QR")) == ["demo-nukus-1"]
    assert ids(find(sqlite_desk, service="echo")) == ["demo-samarkand-1"]
    assert ids(find(sqlite_desk, open_now=True)) == ["demo-tashkent-2"]  # 07:00
    assert ids(find(sqlite_desk, language="en")) == ["demo-tashkent-1"]


def test_every_demo_clinic_says_so_everywhere(sqlite_desk):
    for one in find(sqlite_desk):
        document = one.to_dict("ru")
        assert document["demo"]
        assert "DEMO" in document["notice"]
        for language in ("en", "ru", "uz"):
            assert one.name(language).startswith(("DEMO", "ДЕМО"))
        assert all(not p["number"].replace("+998 ", "").isdigit() for p in document["phones"])


def test_invented_clinics_are_hidden_once_there_are_real_ones(sqlite_desk):
    load(sqlite_desk, OVERPASS)
    assert not any(one.clinic.demo for one in find(sqlite_desk))
    assert directory.remove_demo(sqlite_desk, OPERATOR) == 6
    with pytest.raises(NotFoundError), sqlite_desk.store.reading() as session:
        clinics.get(session, "demo-nukus-1", now=sqlite_desk.now())


def test_the_recommendation_adds_up_and_every_rule_can_be_met(sqlite_desk):
    points = {
        row["reason"]: row["points"]
        for row in read_toml("cardioalert.care", "recommendation.toml")["rule"]
    }
    load(sqlite_desk, OVERPASS, verified_by="Dr. Test")
    seen = set()
    for near in ((39.66, 66.95), (39.75, 66.96), (39.9, 66.96)):
        for service in ("ecg", "cardiologist"):
            for one in find(sqlite_desk, near=near, service=service):
                assert one.points == sum(points[reason] for reason in one.reasons)
                seen.update(one.reasons)
    with sqlite_desk.store.reading() as session:
        for clinic in ("demo-tashkent-1", "demo-tashkent-2"):
            seen.update(clinics.get(session, clinic, now=sqlite_desk.now()).reasons)
    assert seen == set(points) - {"free-within-72-h"}


def test_import_of_overpass_json(desk):
    report = load(desk, OVERPASS)
    assert (report.added, report.changed) == (2, 0)
    assert any("Mo-Fr 08:00-20:00" in note for note in report.notes)
    assert any("sometimes" in note for note in report.notes)
    assert any("'8 90' left out" in note for note in report.notes)
    with desk.store.reading() as session:
        shifo = clinics.get(session, "openstreetmap-node-1", now=desk.now())
        document = shifo.to_dict("uz")
    assert document["name"] == "Shifo"
    assert document["region"] == "UZ-SA"
    assert document["licence"] == ODBL
    assert document["as_of"] == "2026-10-05"
    assert document["verified_by"] is None
    assert document["phones"] == [{"number": "+998 66 233 00 00", "verified": False}]
    assert [s["code"] for s in document["services"]] == ["cardiologist"]
    assert load(desk, OVERPASS).changed == 2


def test_import_of_healthsites_csv_and_fhir(sqlite_desk):
    load(sqlite_desk, GEOJSON)
    load(sqlite_desk, FHIR)
    table = "id,name,source,region,latitude,longitude,hours,phones,services,bookable,verified_by\n"
    row = 'c1,"Klinika, 1",own list,Toshkent,41.3,69.2,Mo-Fr 09:00-17:00,+998712000000,'
    row += "ecg=50000,yes,A. A.\n"
    load(sqlite_desk, (table + row).encode())
    with sqlite_desk.store.reading() as session:
        found = {one.clinic.source: one for one in clinics.search(
            session, clinics.Wish(), now=sqlite_desk.now())}  # fmt: skip
    assert found["healthsites"].clinic.licence == HEALTHSITES
    assert found["healthsites"].clinic.latitude == pytest.approx(41.1)
    assert found["fhir"].clinic.region == "UZ-TK"
    assert found["fhir"].clinic.hours == "Mo,Tu 08:00-17:00"
    assert found["fhir"].services == {"ecg": None}
    assert found["own list"].bookable
    assert found["own list"].next_slot is not None
    assert found["own list"].phones[0].verified


@pytest.mark.parametrize(
    "data",
    [b"\xff\xfe", b"{", b'{"a": 1}', b"name\nx", b"id,name,source,latitude\na,b,c,91\n", b""],
)
def test_unreadable_files_are_refused(data):
    with pytest.raises(ClinicImportError):
        read_clinics(data, as_of=TODAY)


def test_an_exception_of_a_day_closes_it(sqlite_desk):
    directory.set_exception(sqlite_desk, OPERATOR, "demo-tashkent-2", date(2026, 11, 30), "")
    assert find(sqlite_desk, open_now=True) == []
    directory.set_exception(
        sqlite_desk, OPERATOR, "demo-tashkent-2", date(2026, 11, 30), "06:00-08:00"
    )
    assert ids(find(sqlite_desk, open_now=True)) == ["demo-tashkent-2"]
