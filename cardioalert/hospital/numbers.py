"""What a hospital calls our patients and bookings: kept sealed, found by a keyed hash."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlmodel import Session, col, select

from cardioalert.care.desk import Desk
from cardioalert.security.sealing import Place, seal, unseal
from cardioalert.store.inserting import insert_unless_there
from cardioalert.store.people_tables import Patient
from cardioalert.store.traffic_tables import HospitalNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number and who gave it.

    Attributes
    ----------
    value : str
    giver : str
        The assigning authority of a patient number; application and facility of an order number.
    """

    value: str
    giver: str


class Numbers:
    """The numbers that hospitals use at one clinic."""

    def __init__(self, desk: Desk, clinic_id: str) -> None:
        self.desk, self.clinic_id = desk, clinic_id

    def patient_of(self, session: Session, number: Number) -> str | None:
        """Return our patient."""
        found = session.get(HospitalNumber, self._index("patient", number))
        return found.patient_id if found else None

    def booking_of(self, session: Session, number: Number) -> str | None:
        """Return the code of the booking an order or appointment number stands for."""
        found = session.get(HospitalNumber, self._index("order", number))
        return found.booking_code if found else None

    def remember(
        self, session: Session, kind: str, number: Number, patient: Patient, *, booking: str = ""
    ) -> None:
        """Write down a number in the caller's transaction; the latest booking of an order counts.

        Parameters
        ----------
        kind : `patient` or `order`
        """
        index = self._index(kind, number)
        key = self.desk.vault.data_key(patient.data_key, patient.id)
        text = json.dumps([number.value, number.giver]).encode()
        row = HospitalNumber(
            number_index=index, clinic_id=self.clinic_id, kind=kind, patient_id=patient.id,
            booking_code=booking, number=seal(key, text, Place("hospital_number", "number", index)),
        )  # fmt: skip
        if not insert_unless_there(session, row):
            known = session.get(HospitalNumber, index)
            assert known is not None  # it was there a moment ago, and none is ever deleted
            known.patient_id, known.booking_code, known.number = patient.id, booking, row.number
            session.add(known)
            session.flush()

    def of_patient(self, session: Session, patient: Patient) -> Number | None:
        """Return what the hospital calls a patient; None when it has never told."""
        return self._number(session, patient, HospitalNumber.kind == "patient")

    def of_booking(self, session: Session, patient: Patient, code: str) -> Number | None:
        """Return what the hospital calls a booking; None when it is ours."""
        return self._number(
            session, patient, HospitalNumber.kind == "order", HospitalNumber.booking_code == code
        )

    def _number(self, session: Session, patient: Patient, *conditions: object) -> Number | None:
        row = session.exec(
            select(HospitalNumber)
            .where(
                HospitalNumber.clinic_id == self.clinic_id,
                HospitalNumber.patient_id == patient.id,
                *conditions,  # type: ignore[arg-type]
            )
            .order_by(col(HospitalNumber.made_at).desc(), col(HospitalNumber.number_index))
        ).first()
        if row is None:
            return None
        key = self.desk.vault.data_key(patient.data_key, patient.id)
        place = Place("hospital_number", "number", row.number_index)
        value, giver = json.loads(unseal(key, row.number, place))
        return Number(value=value, giver=giver)

    def _index(self, kind: str, number: Number) -> str:
        parts = json.dumps([self.clinic_id, kind, number.giver, number.value])
        return self.desk.vault.index("hospital_number", parts)
