"""Where the hospital's interfaces meet the care platform: bookings out, ECGs and answers in.

A cart's ECG belongs to a booking only when both the booking number and the patient it carries are
those of the booking: an ECG in the wrong record is worse than one that waits for a person.
"""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pydicom

from cardioalert.care import booking, patients, records, slots
from cardioalert.care.booking import Request, Ticket
from cardioalert.care.desk import Actor, Desk
from cardioalert.care.times import local
from cardioalert.domain.patient import Sex
from cardioalert.domain.record import ECGRecord
from cardioalert.errors import CardioAlertError, InvalidRecordError, NotFoundError
from cardioalert.formats.registry import read_record
from cardioalert.hospital.dicom.worklist import Scheduled
from cardioalert.hospital.hl7v2.message import Charset, Message, decode, field_of
from cardioalert.hospital.journal import Journal, Kept
from cardioalert.hospital.result import LOCAL_SYSTEM, PINFL_SYSTEM, Person, Result
from cardioalert.store.people_tables import Patient
from cardioalert.store.visit_tables import Status

log = logging.getLogger(__name__)

EXPECTED: Final = (Status.BOOKED, Status.ARRIVED)
"""Bookings that a cart is shown."""

MOST_ENTRIES: Final = 500
ZONE: Final = ZoneInfo("Asia/Tashkent")
ECG_SERVICE: Final = "ecg"

_CONFIRMED: Final = ("S12", "S14")
_TIME_FIELDS: Final = (("SCH", 11, 4), ("AIS", 4, 1), ("AIL", 6, 1), ("ORC", 7, 4), ("OBR", 36, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """One clinic's desk for machines.

    Attributes
    ----------
    desk : Desk
    actor : Actor
        The account of the interface; its clinic is the one that is served.
    analyze : function of the bytes of an ECG and its patient
    results : functions of a Result
        Each queues it for one peer; none may wait for its peer.
    """

    desk: Desk
    actor: Actor
    analyze: records.Analyze
    results: Sequence[Callable[[Result], object]] = ()

    # ---- Out: the worklist -----------------------------------------------------------------------

    def scheduled(self) -> list[Scheduled]:
        """Return the ECGs that are booked, from yesterday on."""
        since = self.desk.now() - timedelta(days=1)
        with self.desk.store.reading() as session:
            tickets = booking.list_bookings(
                session, clinic_id=self.actor.clinic_id or "", limit=MOST_ENTRIES
            )
            wanted = [
                one
                for one in tickets
                if one.booking.service == ECG_SERVICE
                and one.booking.status in EXPECTED
                and one.booking.slot_start >= since
            ]
            rows = {
                one.booking.patient_id: patients.get(session, one.booking.patient_id)
                for one in wanted
            }
        people = {key: self._person(row) for key, row in rows.items()}
        return [
            Scheduled(
                number=one.booking.code,
                person=people[one.booking.patient_id],
                start=local(one.booking.slot_start),
                place=one.clinic.name,
            )
            for one in wanted
        ]

    def _person(self, row: Patient) -> Person:
        """Return a patient for a cart: known by the pseudonym, which the cart sends back."""
        clear = patients.open_person(self.desk, row)
        family, _, rest = clear.name.partition(" ")
        given, _, patronymic = rest.partition(" ")
        return Person(
            identifier=clear.id,
            system=LOCAL_SYSTEM,
            family=family,
            given=given,
            patronymic=patronymic,
            birth_date=date.fromisoformat(clear.birth_date) if clear.birth_date else None,
            sex=Sex(clear.sex) if clear.sex else None,
        )

    # ---- In: an ECG from a cart ------------------------------------------------------------------

    def take_dicom(self, path: Path) -> Result:
        """Analyze a stored object, close its booking, tell the patient, and send the result on.

        Raises
        ------
        InvalidRecordError
            It belongs to no booking, or to another person's.
        """
        data = path.read_bytes()
        header = pydicom.dcmread(io.BytesIO(data), force=True, stop_before_pixels=True)
        number = str(header.get("AccessionNumber") or "")
        return self.take_ecg(data, number=number, patient_id=str(header.get("PatientID") or ""))

    def take_ecg(self, data: bytes, *, number: str, patient_id: str) -> Result:
        """Do the same with the bytes of any digital ECG."""
        ticket = self._ticket(number, patient_id)
        record = read_record(data)
        job = records.add_file(
            self.desk, self.actor, ticket.booking.patient_id, data, kind=record.source.kind
        )
        while records.job(self.desk, job.id).status in ("queued", "running"):
            if not records.run_job(self.desk, self.analyze, owner="hospital"):
                break
        done = records.job(self.desk, job.id)
        if done.status != "done" or done.result_id is None:
            raise InvalidRecordError(
                f"the ECG of booking {number} was kept, but not analysed: {done.error_code}"
            )
        if ticket.booking.status != Status.COMPLETED:
            booking.complete(self.desk, self.actor, ticket.booking.code)
        result = self._result(ticket, record, done.result_id)
        for send in self.results:
            try:
                send(result)
            except CardioAlertError as error:  # the others must still hear of it
                log.warning("a result was not queued: %s: %s", error.code, error.message)
        return result

    def _ticket(self, number: str, patient_id: str) -> Ticket:
        """Return the booking of an ECG, if it is this person's."""
        try:
            with self.desk.store.reading() as session:
                ticket = booking.show(session, number)
        except CardioAlertError as error:
            raise InvalidRecordError(f"the ECG names no known booking: {number!r}") from error
        if ticket.booking.patient_id != patient_id:
            raise InvalidRecordError(
                f"the ECG of booking {number} carries another patient's number: compare the name "
                "on the cart with the booking, then store it by hand"
            )
        return ticket

    def _result(self, ticket: Ticket, record: ECGRecord, analysis_id: str) -> Result:
        """Put the result together for the hospital."""
        row = records.analysis_row(self.desk, analysis_id)
        with self.desk.store.reading() as session:
            patient = patients.get(session, ticket.booking.patient_id)
            document: Any = records.open_document(
                self.desk, patient, "stored_analysis", row.id, row.document
            )
        person = self._person(patient)
        pinfl = patients.open_person(self.desk, patient).pinfl
        if pinfl:
            person = Person(
                identifier=pinfl, system=PINFL_SYSTEM, family=person.family, given=person.given,
                patronymic=person.patronymic, birth_date=person.birth_date, sex=person.sex,
            )  # fmt: skip
        at = record.recorded_at
        return Result(
            analysis=document,
            person=person,
            record=record,
            recorded_at=None if at is None else (at if at.tzinfo else at.replace(tzinfo=ZONE)),
            exported_at=local(self.desk.now()),
            order=ticket.booking.code,
            facility=ticket.clinic.name,
        )

    # ---- In: messages ----------------------------------------------------------------------------

    def work_off(self, journal: Journal, charset: Charset) -> int:
        """Work on the messages that were answered; each once, failures are written down."""
        worked = 0
        for kept in journal.unworked():
            try:
                note = self.take_message(kept, charset)
            except CardioAlertError as error:
                journal.settle(kept.number, state="failed", note=f"{error.code}: {error.message}")
            else:
                journal.settle(kept.number, state="done", note=note)
                worked += 1
        return worked

    def take_message(self, kept: Kept, charset: Charset) -> str:
        """Do what an order or appointment asks for, and say what was done.

        Raises
        ------
        CareError
            The time is taken or not offered, or the booking is in no such state.
        """
        message = Message(decode(kept.body, charset)[0])
        kind, event = message.get("MSH", 9), message.get("MSH", 9, 2)
        if kind not in ("SIU", "ORM", "OMG"):
            return "nothing to book"
        known = self._known_code(message)
        if kind == "SIU" and event in ("S15", "S17", "S26"):
            if known is None:
                raise NotFoundError("the message names no booking of this clinic")
            if event == "S26":
                return booking.no_show(self.desk, self.actor, known).booking.status
            return booking.cancel(self.desk, self.actor, known, by_clinic=True).booking.status
        if known is not None and (kind != "SIU" or event in _CONFIRMED):
            return booking.confirm(self.desk, self.actor, known).booking.status
        slot_id, patient_id = self._slot_of(message), self._patient_of(message, kept.sender)
        if known is not None:  # S13: another time
            return booking.move(self.desk, self.actor, known, slot_id).booking.status
        request = Request(
            slot_id=slot_id,
            patient_id=patient_id,
            idempotency_key=f"hl7:{kept.sha256[:48]}",
            origin="hl7",
        )
        ticket = booking.make(self.desk, self.actor, request)
        if ticket.booking.status == Status.PENDING:  # the hospital itself has just said so
            ticket = booking.confirm(self.desk, self.actor, ticket.booking.code)
        return f"{ticket.booking.status} {ticket.booking.code}"

    def _known_code(self, message: Message) -> str | None:
        """Return the booking that a message is about, when it is one of this clinic."""
        fields = (("SCH", 1), ("SCH", 2), ("ORC", 2), ("ORC", 4))
        for segment, number in fields:
            text = message.get(segment, number)
            if not text:
                continue
            try:
                with self.desk.store.reading() as session:
                    ticket = booking.show(session, text)
            except CardioAlertError:
                continue
            if self.actor.clinic_id in (None, ticket.booking.clinic_id):
                return ticket.booking.code
        return None

    def _slot_of(self, message: Message) -> str:
        """Return the slot at the time a message asks for."""
        for segment, number, component in _TIME_FIELDS:
            text = message.get(segment, number, component)[:14]
            if len(text) >= 12 and text.isdecimal():
                start = datetime.strptime(text[:12], "%Y%m%d%H%M").replace(tzinfo=ZONE)
                break
        else:
            raise InvalidRecordError("the message asks for no time")
        with self.desk.store.reading() as session:
            return slots.slot_at(
                session, self.actor.clinic_id or "", start.isoformat(), service=ECG_SERVICE,
                now=self.desk.now(),
            )  # fmt: skip

    def _patient_of(self, message: Message, sender: str) -> str:
        """Return the patient of a message, registered when new, under a pseudonym of ours."""
        number = message.get("PID", 3)
        if not number:
            raise InvalidRecordError("the message names no patient (PID-3)")
        digest = hashlib.sha256(f"{sender}|{number}".encode()).hexdigest()
        patient_id = f"his-{digest[:20]}"
        names = [message.get("PID", 5, part) for part in (1, 2, 3)]
        born = message.get("PID", 7)[:8]
        sexes = {"M": "male", "F": "female"}
        values: dict[str, Any] = {
            "name": " ".join(filter(None, names)),
            "birth_date": f"{born[:4]}-{born[4:6]}-{born[6:]}" if len(born) == 8 else "",
            "sex": sexes.get(field_of(message.all("PID")[0], 8)),
        }
        values = {name: value for name, value in values.items() if value}
        with self.desk.store.writing() as session:
            if session.get(Patient, patient_id) is None:
                patients.register(self.desk, session, values, patient_id=patient_id)
        return patient_id
