"""Write what we send: a result as ORU^R01, a booking as SIU, HL7 2.5.1 in UTF-8.

Every message is checked by hl7apy against the structure of 2.5.1 before it is queued, so that a
fault of ours is found here and not by the hospital.
"""

from __future__ import annotations

import base64
import re
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from cardioalert.domain.patient import Sex
from cardioalert.errors import InvalidRecordError
from cardioalert.hospital.hl7v2.message import escape
from cardioalert.hospital.libraries import library
from cardioalert.hospital.result import PINFL_SYSTEM, Person, Result
from cardioalert.i18n import translate as _
from cardioalert.terminology.lookup import LOINC, MDC, SNOMED, Code

VERSION: Final = "2.5.1"
STUDY: Final = "11524-6^EKG study^LN"
SENDER: Final = "CARDIOALERT"
LONGEST_NOTE: Final = 300  # letters of what hl7apy says; it repeats whole fields
LONGEST_FACILITY: Final = 20  # letters of HD.1
LONGEST_PLACE: Final = 199
LONGEST_LINE: Final = 120  # letters of one OBX; 199 with escapes is the most that is taken

_DOCUMENT: Final = re.compile(r"(\^Base64\^)[A-Za-z0-9+/=]+")
_SYSTEMS: Final = {LOINC: "LN", MDC: "MDC", SNOMED: "SCT"}
_SEXES: Final = {Sex.MALE: "M", Sex.FEMALE: "F"}
_SIU_EVENTS: Final = {"booked": "S12", "moved": "S13", "cancelled": "S15", "no-show": "S26"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Who sends to whom: MSH-3 to MSH-6."""

    sender: str = SENDER
    sender_facility: str = ""
    receiver: str = ""
    receiver_facility: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """A booking for the hospital's calendar.

    Attributes
    ----------
    number : str
    status : `booked`, `moved`, `cancelled` or `no-show`
    start : datetime with zone
    minutes : int
    person : Person
    place : str
    """

    number: str
    status: str
    start: datetime
    minutes: int
    person: Person
    place: str


def oru(result: Result, address: Address, *, control_id: str = "") -> str:
    """Return the ORU^R01 of a result: values, findings, impression and the PDF."""
    status = "F" if result.signed_by else "P"
    recorded = _time(result.recorded_at)
    control_id = control_id or result.key(f"oru-{status}").hex[:20]
    header = _header(address, "ORU^R01^ORU_R01", control_id, at=result.exported_at)
    order = escape(result.order)
    filler = result.key("report").hex[:20]
    request = ["OBR", "1", order, filler, STUDY, "", "", recorded or _time(result.exported_at)]
    request += [""] * (22 - len(request)) + [_time(result.exported_at), "", "EC", status]
    person = result.person
    if not person.identifier:  # PID-3 must be filled: by what is known, the file
        person = replace(person, identifier=f"file-{result.sha256[:32]}")
    segments = [header, _pid(person), _segment(request)]
    parts: Counter[str] = Counter()
    for number, (kind, code, value, unit, state) in enumerate(_observations(result), start=1):
        parts[code] += 1
        fields = [
            "OBX",
            str(number),
            kind,
            code,
            str(parts[code]),
            value,
            unit,
            "",
            "",
            "",
            "",
            state or status,
        ]
        segments.append(_segment([*fields, "", "", recorded]))
    return _checked(segments)


def siu(appointment: Appointment, address: Address, *, control_id: str) -> str:
    """Return the SIU message of a booking that was made, moved, cancelled or missed."""
    event = _SIU_EVENTS[appointment.status]
    header = _header(address, f"SIU^{event}^SIU_S12", control_id, at=appointment.start)
    number = escape(appointment.number)
    start = _time(appointment.start)
    schedule = ["SCH", number, number, "", "", "", "ROUTINE^Routine appointment^HL70276", "", ""]
    schedule += [str(appointment.minutes), "min^minute^ISO+"]
    schedule += [f"^^{appointment.minutes}^{start}", "", "", "", "", "CARDIOALERT^CardioAlert"]
    schedule += ["", "", "", "CARDIOALERT^CardioAlert"]
    segments = [header, _segment(schedule), _pid(appointment.person)]
    segments.append(_segment(["RGS", "1", "A"]))
    place = escape(appointment.place)
    facility = place if len(place) <= LONGEST_FACILITY else ""  # PL.9 holds any name
    location = ["AIL", "1", "A", f"^^^{facility}^^^^^{place[:LONGEST_PLACE]}", "", "", start]
    segments.append(_segment(location))
    return _checked(segments)


def _header(address: Address, kind: str, control_id: str, *, at: datetime) -> str:
    """Write MSH; the charset is always said."""
    names = (address.sender, address.sender_facility, address.receiver, address.receiver_facility)
    fields = ["MSH", "^~\\&", *map(escape, names), _time(at), "", kind, control_id, "P", VERSION]
    return _segment([*fields, "", "", "", "", "", "UNICODE UTF-8"])


def _pid(person: Person) -> str:
    """Write PID."""
    authority = "PINFL" if person.system == PINFL_SYSTEM else person.authority or "CARDIOALERT"
    kind = "NI" if person.system == PINFL_SYSTEM else "MR"
    number = f"{escape(person.identifier or 'UNKNOWN')}^^^{escape(authority)}^{kind}"
    names = map(escape, (person.family, person.given, person.patronymic))
    name = "^".join(names).rstrip("^")
    born = f"{person.birth_date:%Y%m%d}" if person.birth_date else ""
    sex = _SEXES[person.sex] if person.sex is not None else "U"
    return _segment(["PID", "1", "", number, "", name, "", born, sex])


def _observations(result: Result) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield type, code, value, unit and status (empty: that of the report) of each OBX."""
    for one in result.measurements():
        code = _identifier(list(one.codes.codes))
        unit = f"{one.codes.ucum}^{one.codes.unit_display}^UCUM"
        if one.value is None:
            yield "NM", code, "", unit, "X"  # no result can be obtained; never 0
        else:
            yield "NM", code, f"{one.value:g}", unit, ""
    for finding in result.findings():
        codes = (
            [Code(system=SNOMED, code=finding.codes.snomed, display=finding.codes.display)]
            if finding.codes
            else []
        )
        sure = "" if finding.status == "present" else " (possible)"
        text = escape(finding.title + sure)
        if codes and not sure:
            value = f"{codes[0].code}^{escape(codes[0].display)}^SCT^^^^^^{text}"
        else:
            value = f"^{text}"
        yield "CWE", "8601-7^EKG impression^LN", value, "", ""
    for line in result.impression().splitlines():
        for part in textwrap.wrap(line, LONGEST_LINE):
            yield "TX", "8601-7^EKG impression^LN", escape(part), "", ""
    if result.report is not None:
        data = base64.b64encode(result.report.data).decode("ascii")
        yield "ED", STUDY, f"^application^pdf^Base64^{data}", "", ""


def _identifier(codes: list[Code]) -> str:
    """Write one or two codes as CWE."""
    parts = [f"{one.code}^{escape(one.display)}^{_SYSTEMS[one.system]}" for one in codes[:2]]
    return "^".join(parts)


def _segment(fields: list[str]) -> str:
    """Join fields."""
    return "|".join(fields).rstrip("|")


def _time(at: datetime | None) -> str:
    """Write a time with its zone, empty when it is unknown."""
    return at.strftime("%Y%m%d%H%M%S%z") if at else ""


def _checked(segments: list[str]) -> str:
    """Return the message, once hl7apy has found no fault.

    It is shown a short document: it allows 65,536 letters, which HL7 does not say of a document.

    Raises
    ------
    InvalidRecordError
    """
    text = "\r".join(segments) + "\r"
    check(_DOCUMENT.sub(r"\1QUJD", text))
    return text


def check(text: str) -> None:
    """Parse a message by the structure of its version.

    Raises
    ------
    InvalidRecordError
    """
    parser, consts, errors = (
        library(f"hl7apy.{name}") for name in ("parser", "consts", "exceptions")
    )
    try:
        message = parser.parse_message(
            text, validation_level=consts.VALIDATION_LEVEL.STRICT, find_groups=True
        )
        message.validate()
    except errors.HL7apyException as error:
        raise InvalidRecordError(
            _("the HL7 message breaks its structure: {error}", error=str(error)[:LONGEST_NOTE])
        ) from error
