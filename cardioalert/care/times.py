"""Local time: everything is stored in UTC and shown in Asia/Tashkent, UTC+5 all year."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from cardioalert.errors import InvalidDataError
from cardioalert.i18n import translate as _

TASHKENT: Final = timezone(timedelta(hours=5), "UTC+05:00")
"""Uzbekistan has had no daylight saving since 1992; zone tables still carry the Soviet one."""


def local(moment: datetime) -> datetime:
    """Return a moment in local time."""
    return moment.astimezone(TASHKENT)


def naive_local(moment: datetime) -> datetime:
    """Return the reading of a wall clock: what opening hours are written in."""
    return local(moment).replace(tzinfo=None)


def from_wall_clock(reading: datetime) -> datetime:
    """Return the moment, in UTC, a wall clock shows."""
    return reading.replace(tzinfo=TASHKENT).astimezone(UTC)


def as_text(moment: datetime | None) -> str | None:
    """Return a moment for programs: UTC, ISO 8601."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def read_moment(text: str) -> datetime:
    """Read ISO 8601; without a zone it is local time."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidDataError(
            _("{text!r} is no time", text=text),
            hint="Write 2026-12-01T09:00 (local) or 2026-12-01T04:00Z.",
        ) from None
    return from_wall_clock(moment) if moment.tzinfo is None else moment.astimezone(UTC)
