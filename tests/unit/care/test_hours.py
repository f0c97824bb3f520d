"""Opening hours: nights, holidays, decree days, exceptions, unreadable lines."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from cardioalert.care import holidays
from cardioalert.care.hours import normalize, openness, read_day
from cardioalert.care.times import from_wall_clock
from cardioalert.errors import InvalidDataError
from cardioalert.i18n import set_language

WEEK = "Mo-Fr 08:00-18:00; Sa 09:00-14:00"


def at(text):
    return from_wall_clock(datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("hours", "exceptions", "moment", "is_open", "until"),
    [
        (WEEK, {}, "2026-12-01T10:00", True, "2026-12-01T18:00"),
        (WEEK, {}, "2026-12-01T18:00", False, "2026-12-02T08:00"),
        (WEEK, {}, "2026-12-06T10:00", False, "2026-12-07T08:00"),
        ("Mo-Fr 22:00-06:00", {}, "2026-12-01T01:00", True, "2026-12-01T06:00"),
        ("Mo-Fr 20:00-24:00, Tu-Sa 00:00-06:00", {}, "2026-12-01T23:00", True, "2026-12-02T06:00"),
        (WEEK, {}, "2026-09-01T10:00", False, "2026-09-02T08:00"),  # Independence Day, a Tuesday
        (WEEK, {}, "2026-08-31T10:00", False, "2026-09-02T08:00"),  # a day off by decree
        (WEEK + "; PH 09:00-12:00", {}, "2026-09-01T10:00", True, "2026-09-01T12:00"),
        (WEEK, {date(2026, 9, 1): "10:00-11:00"}, "2026-09-01T10:00", True, "2026-09-01T11:00"),
        (WEEK, {date(2026, 12, 1): ""}, "2026-12-01T10:00", False, "2026-12-02T08:00"),
        (WEEK, {date(2026, 12, 1): "08:00-12:00"}, "2026-12-01T13:00", False, "2026-12-02T08:00"),
        ("24/7", {}, "2026-09-01T10:00", True, None),
        (None, {}, "2026-12-01T10:00", None, None),
        (None, {date(2026, 12, 1): "08:00-12:00"}, "2026-12-01T10:00", True, "2026-12-01T12:00"),
    ],
)  # fmt: skip
def test_open_or_closed(hours, exceptions, moment, is_open, until):
    found = openness(hours, exceptions, at(moment))
    assert found.is_open is is_open
    assert found.until == (datetime.fromisoformat(until) if until else None)


def test_a_closed_day_does_not_close_the_night_before_it():
    closed = {date(2026, 12, 2): ""}
    assert openness("Mo-Fr 20:00-06:00", closed, at("2026-12-01T23:00")).is_open
    assert not openness("Mo-Fr 20:00-06:00", closed, at("2026-12-02T02:00")).is_open


@pytest.mark.parametrize(
    ("written", "read", "mended"),
    [
        ("Mo-Fr 08:00-18:00", "Mo-Fr 08:00-18:00", False),
        ("Mo-Fr 8-20", "Mo-Fr 08:00-20:00", True),
        ("Mo-Fr 8:30-17:00; Sa 9-13", "Mo-Fr 08:30-17:00; Sa 09:00-13:00", True),
    ],
)
def test_hours_as_people_write_them(written, read, mended):
    found, changed = normalize(written)
    assert (found, changed) == (read, mended) or not changed


@pytest.mark.parametrize("text", ["", "every day", "Xx 08:00-10:00"])
def test_unreadable_hours_are_refused(text):
    with pytest.raises(InvalidDataError):
        normalize(text)


@pytest.mark.parametrize("text", ["10:00", "25:00-26:00", "12:00-10:00", "a-b"])
def test_unreadable_day_is_refused(text):
    with pytest.raises(InvalidDataError):
        read_day(text)


def test_holidays_have_a_name_and_unknown_years_are_said():
    assert holidays.name_of(date(2026, 9, 1)) == "Independence Day"
    assert holidays.name_of(date(2026, 8, 31)) == "Public holiday"
    assert holidays.name_of(date(2026, 9, 2)) == ""
    assert holidays.are_announced(2026)
    assert not holidays.are_announced(2027)


def test_local_time_is_utc_plus_five_all_year():
    assert from_wall_clock(datetime(2026, 7, 1, 9)) == datetime(2026, 7, 1, 4, tzinfo=UTC)
    assert from_wall_clock(datetime(2026, 1, 1, 9)) == datetime(2026, 1, 1, 4, tzinfo=UTC)
    set_language("en")
