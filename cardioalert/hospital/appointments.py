"""What a hospital's messages do: orders and appointments become bookings, ECGs are analysed.

The hospital's own numbers are remembered, so that a later message about the same appointment finds
it, and so that a result goes back under the number it was ordered by.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError

from cardioalert.care import booking, patients, slots
from cardioalert.care.booking import Request, Ticket
from cardioalert.care.times import TASHKENT
from cardioalert.errors import (
    CardioAlertError,
    ChangedMeanwhileError,
    InvalidRecordError,
    NotFoundError,
    StoreError,
)
from cardioalert.formats.registry import is_picture, kind_of
from cardioalert.hospital.hl7v2.attachments import attachments
from cardioalert.hospital.hl7v2.message import Charset, Message, decode, field_of
from cardioalert.hospital.journal import Journal, Kept
from cardioalert.hospital.numbers import Number
from cardioalert.hospital.reception import ECG_SERVICE, Reception
from cardioalert.i18n import translate as _
from cardioalert.store.visit_tables import Status

log = logging.getLogger(__name__)

MOST_ATTEMPTS: Final = 3
PAUSE_S: Final = 5.0
CANCELLING: Final = ("CA", "DC", "OC", "CR")  # ORC-1, table 0119
ORDERING: Final = ("NW", "XO", "RP", "SN", "")
OURS: Final = (("SCH", 1), ("SCH", 2), ("ORC", 2), ("ORC", 3), ("OBR", 2), ("OBR", 3), ("OBR", 18))
"""Where a booking code of ours may stand."""
THEIRS: Final = (("SCH", 1), ("ORC", 2), ("OBR", 2))
"""Where the hospital's own number stands."""

ECG_WORDS: Final = ("11524-6", "34534-8", "8601-7", "18844-1", "ecg", "ekg", "экг", "electrocard")
"""What OBR-4 says of an ECG: LOINC codes, or words."""

_TIME_FIELDS: Final = (("SCH", 11, 4), ("AIS", 4, 1), ("AIL", 6, 1), ("ORC", 7, 4), ("OBR", 36, 1))
_SEXES: Final = {"M": "male", "F": "female"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was done, without personal data, and the booking it was done to."""

    note: str
    booking: str = ""


def work_off(
    reception: Reception,
    journal: Journal,
    charset: Charset,
    *,
    done: Callable[[Kept, Outcome], None] = lambda kept, outcome: None,
) -> int:
    """Work on what was answered, each once and in order; return how many were done.

    A failure is written down and waits for a person; what may pass is tried again.

    Parameters
    ----------
    done : called after each that was done
    """
    worked = 0
    while (kept := journal.claim()) is not None:
        try:
            outcome = take(reception, kept, charset)
            done(kept, outcome)
        except (StoreError, ChangedMeanwhileError, SQLAlchemyError) as error:
            log.warning("a message waits: %s", type(error).__name__)
            _put_off(journal, kept, error)
            break
        except CardioAlertError as error:
            journal.settle(kept.number, state="failed", note=f"{error.code}: {error.message}")
        except Exception as error:  # a fault of ours must not stop the messages behind it
            log.exception("message %d was not understood", kept.number)
            _put_off(journal, kept, error)
        else:
            journal.settle(kept.number, state="done", note=outcome.note)
            worked += 1
    return worked


def _put_off(journal: Journal, kept: Kept, error: Exception) -> None:
    """Try a message again soon, or leave it to a person."""
    code = getattr(error, "code", "internal-error")
    state = "kept" if kept.attempts < MOST_ATTEMPTS else "failed"
    try:
        journal.settle(
            kept.number, state=state, note=f"{code}: {type(error).__name__}", pause=PAUSE_S
        )
    except (StoreError, SQLAlchemyError):  # the lease will run out
        log.warning("the journal cannot be written")


def take(reception: Reception, kept: Kept, charset: Charset) -> Outcome:
    """Do what one message or object asks for, and say what was done.

    Raises
    ------
    CardioAlertError
        The time is taken or not offered, the booking is in no such state, the ECG belongs to
        nobody, and so on.
    """
    if kept.kind == "dicom":
        code = reception.take_dicom(kept.body).accession
        return Outcome(note=f"analysed {code}", booking=code)
    message = Message(decode(kept.body, charset)[0])
    return _Taking(reception, message, kept).take()


class _Taking:
    """One message at the desk."""

    def __init__(self, reception: Reception, message: Message, kept: Kept) -> None:
        self.reception, self.message, self.kept = reception, message, kept
        self.desk, self.actor = reception.desk, reception.actor
        self.kind, self.event = message.get("MSH", 9), message.get("MSH", 9, 2)

    def take(self) -> Outcome:
        """Do it."""
        if self.kind == "ORU":
            return self._take_result()
        if self.kind == "ADT":
            return Outcome(note=self._take_person())
        if self.kind in ("SIU", "ORM", "OMG"):
            return self._take_order()
        return Outcome(note="nothing to book")

    def _take_order(self) -> Outcome:
        """Make, confirm, move or cancel a booking."""
        known = self._known()
        control = self.message.get("ORC", 1)
        if self._cancels(control):
            return self._cancel(known)
        if self.kind != "SIU" and control not in ORDERING:
            return Outcome(note=f"nothing to do for ORC-1 {control}")
        if known is not None and known.booking.status != Status.CANCELLED:
            return self._confirm_or_move(known)
        return self._book()

    # ---- Bookings --------------------------------------------------------------------------------

    def _cancels(self, control: str) -> bool:
        if self.kind == "SIU":
            return self.event in ("S15", "S17", "S26")
        return control in CANCELLING

    def _cancel(self, known: Ticket | None) -> Outcome:
        """Cancel a booking, or note that nobody came."""
        if known is None:
            raise NotFoundError(_("the message names no booking of this clinic"))
        code = known.booking.code
        if self.event == "S26":
            return _booked(booking.no_show(self.desk, self.actor, code))
        return _booked(booking.cancel(self.desk, self.actor, code, by_clinic=True))

    def _confirm_or_move(self, known: Ticket) -> Outcome:
        """Confirm a booking; one that is now at another time is moved there first."""
        code, start = known.booking.code, self._start()
        if start is not None and start != known.booking.slot_start:
            known = booking.move(self.desk, self.actor, code, self._slot_at(start), by_clinic=True)
        if known.booking.status in (Status.HELD, Status.PENDING):
            known = booking.confirm(self.desk, self.actor, code)
        return _booked(known)

    def _book(self) -> Outcome:
        """Make a booking for a patient who may be new."""
        start = self._start()
        if start is None:
            raise InvalidRecordError(_("the message asks for no time"))
        slot_id, patient_id = self._slot_at(start), self._patient()
        request = Request(
            slot_id=slot_id,
            patient_id=patient_id,
            idempotency_key=f"hl7:{self.kept.content_index[:48]}",
            origin="hl7",
        )
        ticket = booking.make(self.desk, self.actor, request)
        if ticket.booking.status == Status.PENDING:  # the hospital itself has just said so
            ticket = booking.confirm(self.desk, self.actor, ticket.booking.code)
        code = ticket.booking.code
        with self.desk.store.writing() as session:
            patient = patients.get(session, patient_id)
            for number in self._own_numbers():
                self.reception.numbers.remember(session, "order", number, patient, booking=code)
        return _booked(ticket)

    def _known(self) -> Ticket | None:
        """Return the booking that a message is about, when it is one of this clinic."""
        for segment, field in OURS:
            ticket = self.reception.find_ticket(self.message.get(segment, field))
            if ticket is not None:
                return ticket
        for number in self._own_numbers():
            with self.desk.store.reading() as session:
                code = self.reception.numbers.booking_of(session, number)
            if code and (ticket := self.reception.find_ticket(code)):
                return ticket
        return None

    def _own_numbers(self) -> list[Number]:
        """Return the hospital's numbers of what the message is about."""
        found = [self.message.get(segment, field) for segment, field in THEIRS]
        return [Number(value=text, giver=self.kept.sender) for text in dict.fromkeys(found) if text]

    def _start(self) -> datetime | None:
        """Return the time a message asks for; without an offset it is local."""
        for segment, field, component in _TIME_FIELDS:
            text = self.message.get(segment, field, component)
            if len(text) >= 12 and text[:12].isdecimal():
                return read_time(text)
        return None

    def _slot_at(self, start: datetime) -> str:
        """Return the slot of this clinic at a time."""
        with self.desk.store.reading() as session:
            return slots.slot_at(
                session, self.reception.clinic_id, start.isoformat(), service=ECG_SERVICE,
                now=self.desk.now(),
            )  # fmt: skip

    # ---- People ----------------------------------------------------------------------------------

    def _patient_numbers(self) -> list[Number]:
        """Return PID-3, each repetition with its assigning authority."""
        field = self.message.raw("PID", 3) or self.message.raw("PID", 2)
        found = []
        for one in self.message.repetitions(field):
            value, giver = self.message.part(one), self.message.part(one, 4)
            if value:
                found.append(Number(value=value, giver=giver or self.kept.sender))
        return found

    def _patient(self) -> str:
        """Return the patient of a message, registered when new, under a pseudonym of ours."""
        numbers = self._patient_numbers()
        if not numbers:
            raise InvalidRecordError(_("the message names no patient (PID-3)"))
        with self.desk.store.writing() as session:
            known = {self.reception.numbers.patient_of(session, one) for one in numbers} - {None}
            if len(known) > 1:
                raise InvalidRecordError(_("the numbers in PID-3 belong to different patients"))
            if known:
                return str(known.pop())
            patient = patients.register(self.desk, session, self._values())
            self.desk.note(session, self.actor, "patient.add", patient.id, patient_id=patient.id)
            for one in reversed(numbers):  # the first is the one they call the patient by
                self.reception.numbers.remember(session, "patient", one, patient)
            return patient.id

    def _values(self) -> dict[str, Any]:
        """Return what PID tells of a person."""
        names = [self.message.get("PID", 5, part) for part in (1, 2, 3)]
        born = self.message.get("PID", 7)[:8]
        full = len(born) == 8 and born.isdecimal()
        segments = self.message.all("PID")
        values = {
            "name": " ".join(filter(None, names)),
            "birth_date": f"{born[:4]}-{born[4:6]}-{born[6:]}" if full else "",
            "sex": _SEXES.get(field_of(segments[0], 8)) if segments else None,
        }
        return {name: value for name, value in values.items() if value}

    def _take_person(self) -> str:
        """Correct what is known of a patient; who has no booking here is not registered."""
        with self.desk.store.writing() as session:
            found = [
                self.reception.numbers.patient_of(session, one) for one in self._patient_numbers()
            ]
            known = next(filter(None, found), None)
            if self.event == "A40":
                old = self.message.get("MRG", 1)
                giver = self.message.get("MRG", 1, 4) or self.kept.sender
                gone = self.reception.numbers.patient_of(session, Number(value=old, giver=giver))
                return self._merge(known, gone)
            if known is None:
                return "not one of our patients"
            patient = patients.get(session, known)
            patients.change(self.desk, session, patient, self._values())
            self.desk.note(session, self.actor, "patient.change", known, patient_id=known)
        return "patient corrected"

    def _merge(self, kept: str | None, gone: str | None) -> str:
        """Two records of one person: a person has to join them."""
        if gone is None or kept == gone:
            return "nothing to merge"
        raise InvalidRecordError(
            _("two patients are one for the hospital: join {a} and {b} by hand", a=gone, b=kept)
        )

    # ---- ECGs ------------------------------------------------------------------------------------

    def _take_result(self) -> Outcome:
        """Analyze the ECG in an ORU, if there is one."""
        data = _ecg_of(self.message)
        if data is None:
            return Outcome(note="no ECG in the message")
        ticket = self._known()
        if ticket is None:
            order = self.message.get("ORC", 2) or self.message.get("OBR", 2)
            self.reception.take_ecg(data, self._patient(), order=order)
            return Outcome(note="analysed, without a booking")
        with self.desk.store.reading() as session:
            linked = {
                self.reception.numbers.patient_of(session, one) for one in self._patient_numbers()
            }
        if ticket.booking.patient_id not in linked:
            numbers = [one.value for one in self._patient_numbers()]
            self.reception.check_patient(ticket, numbers)
        self.reception.take_ecg(data, ticket.booking.patient_id, ticket=ticket)
        code = ticket.booking.code
        return Outcome(note=f"analysed {code}", booking=code)


def _booked(ticket: Ticket) -> Outcome:
    """Tell of a booking as it is now."""
    code = ticket.booking.code
    return Outcome(note=f"{ticket.booking.status} {code}", booking=code)


def _ecg_of(message: Message) -> bytes | None:
    """Return the ECG among the documents of a message: samples rather than a print.

    A print is taken only from a message about an ECG: a laboratory sends PDF, too.
    """
    prints: list[bytes] = []
    fault: CardioAlertError | None = None
    for data in attachments(message):
        try:
            if not is_picture(data):
                kind_of(data)
                return data
            prints.append(data)
        except CardioAlertError as error:  # some other document
            fault = error
    ordered = " ".join(field_of(one, 4) for one in message.all("OBR")).casefold()
    if not any(word in ordered for word in ECG_WORDS):
        return None
    if not prints and fault is not None:
        raise fault
    return prints[0] if prints else None


def read_time(text: str) -> datetime:
    """Read a time of HL7: `YYYYMMDDHHMM[SS][+ZZZZ]`; without an offset it is that of Tashkent.

    Raises
    ------
    InvalidRecordError

    Examples
    --------
    >>> read_time("20261130090000+0300").isoformat()
    '2026-11-30T09:00:00+03:00'
    """
    plain, sign, offset = text.partition("+") if "+" in text else text.partition("-")
    try:
        at = datetime.strptime(plain[:12], "%Y%m%d%H%M")
        if sign:
            return datetime.strptime(f"{plain[:12]}{sign}{offset[:4]}", "%Y%m%d%H%M%z")
    except ValueError as error:
        raise InvalidRecordError(_("{text} is no time", text=repr(text))) from error
    return at.replace(tzinfo=TASHKENT)
