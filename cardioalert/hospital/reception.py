"""Where the hospital's interfaces meet the care platform: bookings out, ECGs and orders in.

A cart's ECG belongs to a booking only when both the booking number and the patient it carries are
those of the booking: an ECG in the wrong record is worse than one that waits for a person.
"""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

import pydicom
from sqlmodel import Session, col, select

from cardioalert.care import booking, patients, records
from cardioalert.care.booking import Ticket
from cardioalert.care.desk import Actor, Desk
from cardioalert.care.times import TASHKENT, local
from cardioalert.domain.patient import Sex
from cardioalert.domain.record import ECGRecord
from cardioalert.errors import CardioAlertError, InvalidRecordError, WorkerDiedError
from cardioalert.formats.registry import is_picture, read_record
from cardioalert.hospital.dicom.worklist import Scheduled
from cardioalert.hospital.numbers import Numbers
from cardioalert.hospital.result import LOCAL_SYSTEM, PINFL_SYSTEM, Document, Person, Result
from cardioalert.i18n import language
from cardioalert.i18n import translate as _
from cardioalert.report.document import read_document
from cardioalert.report.make import render, report_of_document
from cardioalert.risk.assess import assess
from cardioalert.risk.questionnaire import read_answers
from cardioalert.risk.result import RiskResult
from cardioalert.store.people_tables import Patient
from cardioalert.store.record_tables import QuizResult
from cardioalert.store.visit_tables import Status

log = logging.getLogger(__name__)

EXPECTED: Final = (Status.BOOKED, Status.ARRIVED)
"""Bookings that a cart is shown."""

MOST_ENTRIES: Final = 500
ECG_SERVICE: Final = "ecg"
LONGEST_ANALYSIS_S: Final = 600.0
PAUSE_S: Final = 0.2


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
    patient_system : str
        URI of the numbers by which the hospital calls its patients.
    with_report : bool
        Whether the report goes along as PDF.
    """

    desk: Desk
    actor: Actor
    analyze: records.Analyze
    results: Sequence[Callable[[Result], object]] = ()
    patient_system: str = LOCAL_SYSTEM
    with_report: bool = True

    @property
    def clinic_id(self) -> str:
        """The clinic that is served."""
        return self.actor.clinic_id or ""

    @property
    def numbers(self) -> Numbers:
        """What the hospital calls our patients and bookings."""
        return Numbers(self.desk, self.clinic_id)

    # ---- Out: the worklist -----------------------------------------------------------------------

    def scheduled(self) -> list[Scheduled]:
        """Return the ECGs that are booked, from yesterday on."""
        since = self.desk.now() - timedelta(days=1)
        with self.desk.store.reading() as session:
            tickets = booking.list_bookings(session, clinic_id=self.clinic_id, limit=MOST_ENTRIES)
            wanted = [
                one
                for one in tickets
                if one.booking.service == ECG_SERVICE
                and one.booking.status in EXPECTED
                and one.booking.slot_start >= since
            ]
            people = {
                one.booking.patient_id: self._of_worklist(session, one.booking.patient_id)
                for one in wanted
            }
        return [
            Scheduled(
                number=one.booking.code,
                person=people[one.booking.patient_id],
                start=local(one.booking.slot_start),
                place=one.clinic.name,
            )
            for one in wanted
        ]

    def _of_worklist(self, session: Session, patient_id: str) -> Person:
        """Return a patient for a cart: by the hospital's number, else by our pseudonym."""
        row = patients.get(session, patient_id)
        person = self.person(row)
        number = self.numbers.of_patient(session, row)
        return person if number is None else replace(person, identifier=number.value)

    def person(self, row: Patient) -> Person:
        """Return a patient in the clear, called by our pseudonym."""
        clear = patients.open_person(self.desk, row)
        family, _space, rest = clear.name.partition(" ")
        given, _space, patronymic = rest.partition(" ")
        return Person(
            identifier=clear.id,
            system=LOCAL_SYSTEM,
            family=family,
            given=given,
            patronymic=patronymic,
            birth_date=date.fromisoformat(clear.birth_date) if clear.birth_date else None,
            sex=Sex(clear.sex) if clear.sex else None,
        )

    # ---- In: an ECG ------------------------------------------------------------------------------

    def take_dicom(self, data: bytes) -> Result:
        """Analyze an object of a cart, close its booking, tell the patient, send the result on.

        Raises
        ------
        InvalidRecordError
            It belongs to no booking, or to another person's.
        """
        header = pydicom.dcmread(io.BytesIO(data), force=True, stop_before_pixels=True)
        ticket = self._ticket(str(header.get("AccessionNumber") or ""))
        self.check_patient(ticket, [str(header.get("PatientID") or "")])
        study = str(header.get("StudyInstanceUID") or "")
        return self.take_ecg(data, ticket.booking.patient_id, ticket=ticket, study_uid=study)

    def take_ecg(
        self,
        data: bytes,
        patient_id: str,
        *,
        ticket: Ticket | None = None,
        order: str = "",
        study_uid: str = "",
    ) -> Result:
        """Analyze the bytes of any ECG of a patient, and send the result on; safe to do again."""
        record = None if is_picture(data) else read_record(data)
        kind = "picture" if record is None else record.source.kind
        job = records.add_file(self.desk, self.actor, patient_id, data, kind=kind)
        analysis_id = self._analyzed(job.id)
        if ticket is not None and ticket.booking.status in EXPECTED:
            booking.complete(self.desk, self.actor, ticket.booking.code)
        result = self._result(patient_id, record, analysis_id, ticket)
        result = replace(result, study_uid=study_uid, order=order or result.order)
        self._send(result)
        return result

    def _send(self, result: Result) -> None:
        """Queue a result for every peer; one that cannot have it does not keep it from the others.

        Raises
        ------
        InvalidRecordError
            The last that could not; to be done again when the cause is mended.
        """
        fault: InvalidRecordError | None = None
        for send in self.results:
            try:
                send(result)
            except InvalidRecordError as error:
                fault = error
        if fault is not None:
            raise fault

    def _analyzed(self, job_id: str) -> str:
        """Wait for an analysis, or do it; a worker beside may have taken it."""
        end = time.monotonic() + LONGEST_ANALYSIS_S
        while (done := records.job(self.desk, job_id)).status in ("queued", "running"):
            if records.run_job(self.desk, self._analyze, owner="hospital"):
                continue
            if time.monotonic() > end:
                break
            time.sleep(PAUSE_S)
        if done.status != "done" or done.result_id is None:
            reason = done.error_code or done.status
            raise InvalidRecordError(_("the ECG was kept, but not analysed: {why}", why=reason))
        return done.result_id

    def _analyze(self, data: bytes, person: patients.Person) -> records.Answer:
        """Analyze; a fault of the program fails this ECG at once and leaves no job half done."""
        try:
            return self.analyze(data, person)
        except CardioAlertError:
            raise
        except Exception as error:
            log.exception("an analysis broke down")
            raise WorkerDiedError(
                _("the analysis broke down: {error}", error=type(error).__name__)
            ) from error

    def _ticket(self, number: str) -> Ticket:
        """Return a booking of this clinic by its number."""
        ticket = self.find_ticket(number)
        if ticket is None:
            raise InvalidRecordError(
                _("the ECG names no known booking: {number}", number=repr(number))
            )
        return ticket

    def find_ticket(self, number: str) -> Ticket | None:
        """Return a booking of this clinic by its number, None when there is none."""
        if not number:
            return None
        try:
            with self.desk.store.reading() as session:
                ticket = booking.show(session, number)
        except CardioAlertError:
            return None
        return ticket if self.clinic_id in ("", ticket.booking.clinic_id) else None

    def check_patient(self, ticket: Ticket, numbers: Collection[str]) -> None:
        """Refuse an ECG of another person than the one who booked.

        Raises
        ------
        InvalidRecordError
        """
        with self.desk.store.reading() as session:
            patient = patients.get(session, ticket.booking.patient_id)
            theirs = self.numbers.of_patient(session, patient)
        known = {patient.id} | ({theirs.value} if theirs else set())
        if known.isdisjoint(numbers):
            raise InvalidRecordError(
                _(
                    "the ECG of booking {code} carries another patient's number: compare the name "
                    "on the cart with the booking, then store it by hand",
                    code=ticket.booking.code,
                )
            )

    # ---- Out: the result -------------------------------------------------------------------------

    def _result(
        self, patient_id: str, record: ECGRecord | None, analysis_id: str, ticket: Ticket | None
    ) -> Result:
        """Put the result together for the hospital, and write down that it was read for it."""
        row = records.analysis_row(self.desk, analysis_id)
        analysis: Any = records.read_analysis(self.desk, self.actor, row, language())
        code = ticket.booking.code if ticket else ""
        with self.desk.store.reading() as session:
            patient = patients.get(session, patient_id)
            person = self.for_hospital(session, patient)
            order = self.numbers.of_booking(session, patient, code) if code else None
            risk = self._risk(session, patient)
        at = record.recorded_at if record is not None else None
        return Result(
            analysis=analysis,
            person=person,
            record=record,
            recorded_at=None if at is None else (at if at.tzinfo else at.replace(tzinfo=TASHKENT)),
            exported_at=local(self.desk.now()),
            report=self._report(analysis),
            order=order.value if order else code,
            accession=code,
            risk=risk,
            facility=ticket.clinic.name if ticket else "",
            language=str(analysis.get("language") or language()),
        )

    def _risk(self, session: Session, patient: Patient) -> RiskResult | None:
        """Return the latest risk test of a patient, computed anew from its answers."""
        row = session.exec(
            select(QuizResult)
            .where(QuizResult.patient_id == patient.id)
            .order_by(col(QuizResult.created_at).desc(), col(QuizResult.id))
        ).first()
        if row is None:
            return None
        document: Any = records.open_document(
            self.desk, patient, "quiz_result", row.id, row.document
        )
        try:
            return assess(read_answers(document["inputs_used"]))
        except (CardioAlertError, KeyError):
            log.warning("the answers of a risk test were not understood")
            return None

    def for_hospital(self, session: Session, patient: Patient) -> Person:
        """Return a patient as the hospital knows him: its own number, a PINFL, our pseudonym."""
        person = self.person(patient)
        if number := self.numbers.of_patient(session, patient):
            return replace(
                person,
                identifier=number.value,
                authority=number.giver,
                system=self.patient_system,
            )
        pinfl = patients.open_person(self.desk, patient).pinfl
        return replace(person, identifier=pinfl, system=PINFL_SYSTEM) if pinfl else person

    def _report(self, analysis: Any) -> Document | None:
        """Return the report as PDF; a result without one is better than none."""
        if not self.with_report:
            return None
        try:
            data = render(report_of_document(read_document(analysis)), ".pdf")
        except CardioAlertError as error:
            log.warning("no report was made: %s: %s", error.code, error.message)
            return None
        return Document(data=data, media_type="application/pdf", title=_("ECG report"))
