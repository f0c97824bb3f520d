"""Patients: registered with as little as a pseudonym, found without opening anybody's name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlmodel import Session, col, select

from cardioalert.care.desk import Actor, Desk
from cardioalert.care.folding import fold
from cardioalert.care.phones import read_birth_date, read_email, read_name, read_phone, read_pinfl
from cardioalert.domain.patient import Symptom
from cardioalert.errors import InvalidDataError, NotFoundError
from cardioalert.i18n import translate as _
from cardioalert.security.sealing import Place, seal, unseal
from cardioalert.store.inserting import insert_unless_there
from cardioalert.store.people_tables import Patient, PatientNameToken
from cardioalert.store.types import new_id

SEALED: Final = ("name", "phone", "email", "pinfl", "birth_date", "telegram")
INDEXED: Final = ("phone", "email", "pinfl")
_READERS: Final[dict[str, Callable[[str], str]]] = {
    "name": read_name, "phone": read_phone, "email": read_email, "pinfl": read_pinfl,
    "birth_date": lambda text: read_birth_date(text).isoformat(),
    "telegram": lambda text: str(text).strip(),
}  # fmt: skip
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A patient in the clear: only ever made for whoever may see it."""

    id: str
    name: str = ""
    phone: str = ""
    email: str = ""
    pinfl: str = ""
    birth_date: str = ""
    telegram: str = ""
    sex: str = ""
    language: str = "uz"
    no_shows: int = 0
    created_at: datetime
    symptoms: tuple[Symptom, ...] = ()  # that were said with an ECG

    def age(self, today: date) -> int | None:
        """Return the age in whole years."""
        if not self.birth_date:
            return None
        born = date.fromisoformat(self.birth_date)
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def register(
    desk: Desk, session: Session, values: dict[str, Any], *, patient_id: str | None = None
) -> Patient:
    """Add a patient in the caller's transaction.

    Parameters
    ----------
    values : any of name, phone, email, pinfl, birth_date, telegram, sex, language
    patient_id : the caller's own pseudonym; a random one unless given
    """
    identifier = new_id() if patient_id is None else read_id(patient_id)
    patient = Patient(id=identifier, data_key=desk.vault.new_data_key(identifier))
    session.add(patient)
    session.flush()  # its rows of the name index refer to it
    change(desk, session, patient, values)
    return patient


def read_id(text: str) -> str:
    """Return an identifier; one that is a phone or personal number is refused."""
    if not _ID.fullmatch(text):
        raise InvalidDataError(
            _("a patient identifier has 1 to 64 letters, digits, '.', '-' or '_'")
        )
    if re.fullmatch(r"\d{9,}", text):
        raise InvalidDataError(
            _("this identifier looks like a telephone or personal number"),
            hint="Use a pseudonym: identifiers stand in logs and addresses.",
        )
    return text


def change(desk: Desk, session: Session, patient: Patient, values: dict[str, Any]) -> None:
    """Set some values of a patient, sealed, and the indexes they are found by."""
    key = desk.vault.data_key(patient.data_key, patient.id)
    for column in SEALED:
        if column not in values:
            continue
        text = _READERS[column](values[column]) if values[column] else ""
        place = Place("patient", column, patient.id)
        setattr(patient, column, seal(key, text.encode(), place) if text else None)
        if column in INDEXED:
            index = desk.vault.index(column, text) if text else None
            setattr(patient, f"{column}_index", index)
        if column == "name":
            _index_name(desk, session, patient.id, text)
    if values.get("sex") in ("male", "female", "", None) and "sex" in values:
        patient.sex = values["sex"] or None
    elif "sex" in values:
        raise InvalidDataError(_("sex is 'male' or 'female'"))
    if "language" in values:
        if values["language"] not in ("en", "ru", "uz"):
            raise InvalidDataError(_("language is 'en', 'ru' or 'uz'"))
        patient.language = values["language"]
    session.add(patient)
    session.flush()


def _index_name(desk: Desk, session: Session, patient_id: str, name: str) -> None:
    """Index each word of a name."""
    for old in session.exec(
        select(PatientNameToken).where(PatientNameToken.patient_id == patient_id)
    ):
        session.delete(old)
    for word in sorted(set(fold(name).split())):
        index = desk.vault.index("name", word)
        session.add(PatientNameToken(patient_id=patient_id, token_index=index))


def get(session: Session, patient_id: str) -> Patient:
    """Return the row of a patient who was not erased."""
    patient = session.get(Patient, patient_id)
    if patient is None or patient.erased_at is not None:
        raise NotFoundError(_("there is no such patient"))
    return patient


def get_or_register(desk: Desk, session: Session, patient_id: str) -> Patient:
    """Return a patient; a new pseudonym becomes a patient nothing else is known of."""
    if session.get(Patient, read_id(patient_id)) is None:
        # Two clients may bring the same pseudonym at the same moment: the database takes one.
        fresh = Patient(id=patient_id, data_key=desk.vault.new_data_key(patient_id))
        insert_unless_there(session, fresh)
    return get(session, patient_id)


def open_person(desk: Desk, patient: Patient) -> Person:
    """Unseal a patient."""
    key = desk.vault.data_key(patient.data_key, patient.id)
    clear: dict[str, Any] = {}
    for column in SEALED:
        sealed = getattr(patient, column)
        place = Place("patient", column, patient.id)
        clear[column] = unseal(key, sealed, place).decode() if sealed else ""
    return Person(
        id=patient.id, sex=patient.sex or "", language=patient.language,
        no_shows=patient.no_shows, created_at=patient.created_at, **clear,
    )  # fmt: skip


def find(desk: Desk, actor: Actor, *, name: str = "", phone: str = "") -> list[Person]:
    """Find patients by words of the name, or by the phone, through the blind indexes."""
    with desk.store.writing() as session:
        query = select(Patient).where(col(Patient.erased_at).is_(None))
        if phone:
            query = query.where(Patient.phone_index == desk.vault.index("phone", read_phone(phone)))
        for word in fold(name).split():
            with_word = select(PatientNameToken.patient_id).where(
                PatientNameToken.token_index == desk.vault.index("name", word)
            )
            query = query.where(col(Patient.id).in_(with_word))
        if not (phone or fold(name)):
            raise InvalidDataError(_("name a word of the name, or a phone"))
        found = [open_person(desk, patient) for patient in session.exec(query.limit(50))]
        desk.note(session, actor, "patient.find", "patient")
    return found


def show(desk: Desk, actor: Actor, patient_id: str) -> dict[str, Any]:
    """Return a patient for somebody who may see it, and write down that it was seen."""
    with desk.store.writing() as session:
        person = open_person(desk, get(session, patient_id))
        desk.note(session, actor, "patient.read", patient_id, patient_id=patient_id)
    names = ("id", *SEALED, "sex", "language", "no_shows")
    return {name: getattr(person, name) for name in names if name != "telegram"}


def names(desk: Desk, actor: Actor, patient_ids: Iterable[str]) -> dict[str, str]:
    """Return names for somebody who may see them, and write down whose were seen."""
    found: dict[str, str] = {}
    with desk.store.writing() as session:
        for patient_id in patient_ids:
            patient = session.get(Patient, patient_id)
            name = open_person(desk, patient).name if patient and not patient.erased_at else ""
            if name:
                found[patient_id] = name
                desk.note(session, actor, "patient.read", patient_id, patient_id=patient_id)
    return found


def change_profile(desk: Desk, actor: Actor, patient_id: str, values: dict[str, Any]) -> None:
    """Change a patient's own values in a transaction of its own."""
    with desk.store.writing() as session:
        change(desk, session, get(session, patient_id), values)
        desk.note(session, actor, "patient.change", patient_id, patient_id=patient_id)
