"""What a person takes home: a ticket code, a QR of it, and a calendar entry.

None of them holds a name, a phone or a reason: a code on a lost phone must tell nobody anything.
"""

from __future__ import annotations

import io
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cardioalert.errors import InvalidDataError
from cardioalert.i18n import translate as _

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U
CHECKS: Final = ALPHABET + "*~$=U"  # 37 check symbols
LETTERS: Final = 8
_READ_AS: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})


def new_code() -> str:
    """Return a random ticket code: eight letters and one that finds typing errors."""
    while True:
        body = "".join(secrets.choice(ALPHABET) for _ in range(LETTERS))
        if _check(body) in ALPHABET:  # signs such as ~ are hard to say on the telephone
            return f"{body[:4]}-{body[4:]}-{_check(body)}"


def read_code(text: str) -> str:
    """Return a ticket code as it is stored, whatever way a person typed it.

    Raises
    ------
    InvalidDataError
        It has another length, or its check letter does not fit.
    """
    plain = "".join(c for c in text.upper() if c.isalnum()).translate(_READ_AS)
    body, check = plain[:LETTERS], plain[LETTERS:]
    if len(plain) != LETTERS + 1 or set(body) - set(ALPHABET) or _check(body) != check:
        raise InvalidDataError(
            _("this is no ticket code"),
            hint="A code looks like 7K3M-Q9TX-2: look for a typing error.",
        )
    return f"{body[:4]}-{body[4:]}-{check}"


def _check(body: str) -> str:
    """Return Crockford's check symbol: the number modulo 37."""
    number = 0
    for letter in body:
        number = number * 32 + ALPHABET.index(letter)
    return CHECKS[number % 37]


def qr_png(code: str, *, scale: int = 8) -> bytes:
    """Return the code as a QR picture."""
    import segno  # noqa: PLC0415 - only for tickets

    out = io.BytesIO()
    segno.make(code, error="q", micro=False).save(out, kind="png", scale=scale, border=4)
    return out.getvalue()


def qr_svg(code: str) -> str:
    """Return the code as a QR drawing that stands in a page."""
    import segno  # noqa: PLC0415

    return segno.make(code, error="q", micro=False).svg_inline(scale=6, border=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What a calendar needs to know of a booking."""

    code: str
    uid: str
    sequence: int
    start: datetime
    end: datetime
    place: str
    address: str
    service: str
    preparation: str
    changed_at: datetime
    cancelled: bool = False


def ics(visit: Visit, *, alarm_text: str) -> bytes:
    """Return a calendar file: REQUEST, or CANCEL with the same UID and a higher SEQUENCE.

    Times are UTC. A zone entry made by the library would hold the Soviet daylight saving of the
    1970s for Asia/Tashkent.
    """
    from icalendar import Alarm, Calendar, Event, vText  # noqa: PLC0415 - only for tickets

    calendar = Calendar()
    calendar.add("prodid", "-//CardioAlert//care//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if visit.cancelled else "REQUEST")
    event = Event()
    event.add("uid", f"{visit.uid}@cardioalert")
    event.add("sequence", visit.sequence)
    event.add("dtstamp", visit.changed_at.astimezone(UTC))
    event.add("dtstart", visit.start.astimezone(UTC))
    event.add("dtend", visit.end.astimezone(UTC))
    event.add("summary", f"{visit.place} · {visit.code}")
    event.add("location", vText(visit.address or visit.place))
    event.add("description", f"{visit.service}\n{visit.preparation}\n{visit.code}")
    event.add("status", "CANCELLED" if visit.cancelled else "CONFIRMED")
    if not visit.cancelled:
        for hours in (24, 2):
            alarm = Alarm()
            alarm.add("action", "DISPLAY")
            alarm.add("description", alarm_text)
            alarm.add("trigger", timedelta(hours=-hours))
            event.add_component(alarm)
    calendar.add_component(event)
    return bytes(calendar.to_ical())
