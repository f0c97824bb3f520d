"""How a patient can be reached, and may be: addresses, consents, and what a message is about."""

from __future__ import annotations

import json
from datetime import timedelta

from sqlmodel import Session, col, select

from cardioalert.care.desk import Actor, Desk
from cardioalert.care.patients import get, open_person
from cardioalert.care.times import local
from cardioalert.errors import InvalidDataError
from cardioalert.i18n import translate as _
from cardioalert.security.sealing import Place, seal, unseal
from cardioalert.store.clinic_tables import Clinic
from cardioalert.store.people_tables import Consent, Device, Patient
from cardioalert.store.record_tables import Message
from cardioalert.store.types import new_id
from cardioalert.store.visit_tables import Booking

RECORDS = "records"
CHANNELS = ("push", "telegram", "sms", "email")
CONSENT_TEXT = "2026-11"  # version of the words people agree to


def add_device(desk: Desk, actor: Actor, patient_id: str, token: str) -> str:
    """Remember a phone that takes push messages; the same phone twice is one phone."""
    index = desk.vault.index("device", token)
    with desk.store.writing() as session:
        patient = get(session, patient_id)
        for old in session.exec(select(Device).where(Device.token_index == index)):
            session.delete(old)  # the phone changed hands, or signs in again
        identifier = new_id()
        key = desk.vault.data_key(patient.data_key, patient.id)
        sealed = seal(key, token.encode(), Place("device", "token", identifier))
        session.add(Device(id=identifier, patient_id=patient_id, token=sealed, token_index=index))
        desk.note(session, actor, "device.add", identifier, patient_id=patient_id)
    return identifier


def set_consent(
    desk: Desk, actor: Actor, patient_id: str, scope: str, *, granted: bool,
    purpose: str = "", language: str = "",
) -> Consent:  # fmt: skip
    """Write down what a patient allows or takes back: `channel:sms`, `share:clinic:ID` ...

    `records` is the consent to keep health data at all, which whoever asks for data asks for first.
    """
    known = (RECORDS, *(f"channel:{name}" for name in CHANNELS))
    if scope not in known and not scope.startswith(("share:clinic:", "share:account:")):
        raise InvalidDataError(
            _("there is no consent {scope!r}", scope=scope), hint=f"Use {', '.join(known)}."
        )
    with desk.store.writing() as session:
        patient = get(session, patient_id)
        last = session.exec(
            select(Consent.at)
            .where(Consent.patient_id == patient_id, Consent.scope == scope)
            .order_by(col(Consent.at).desc())
            .limit(1)
        ).first()
        # Two words in one second still have an order.
        at = desk.now() if last is None else max(desk.now(), last + timedelta(microseconds=1))
        consent = Consent(
            patient_id=patient_id, scope=scope, granted=granted, purpose=purpose,
            text_version=CONSENT_TEXT, language=language or patient.language, asked_by=actor.id,
            at=at,
        )  # fmt: skip
        session.add(consent)
        session.flush()
        word = "granted" if granted else "withdrawn"
        desk.note(session, actor, f"consent.{word}", scope, patient_id=patient_id)
        return consent


def consents(session: Session, patient_id: str) -> dict[str, bool]:
    """Return what counts now: the latest word on each scope."""
    rows = session.exec(
        select(Consent)
        .where(Consent.patient_id == patient_id)
        .order_by(col(Consent.at), col(Consent.id))
    )
    return {row.scope: row.granted for row in rows}


def allowed_channels(session: Session, patient_id: str) -> dict[str, bool]:
    """Return channel -> allowed; what nobody was asked about is not allowed."""
    given = consents(session, patient_id)
    return {name: given.get(f"channel:{name}", False) for name in CHANNELS}


def addresses(desk: Desk, session: Session, patient: Patient) -> dict[str, list[str]]:
    """Return the addresses of a patient in the clear; only for the worker that sends."""
    person = open_person(desk, patient)
    key = desk.vault.data_key(patient.data_key, patient.id)
    tokens = [
        unseal(key, device.token, Place("device", "token", device.id)).decode()
        for device in session.exec(select(Device).where(Device.patient_id == patient.id))
    ]
    single = {"telegram": person.telegram, "sms": person.phone, "email": person.email}
    return {"push": tokens} | {name: [value] for name, value in single.items() if value}


def values(session: Session, message: Message, language: str) -> dict[str, str]:
    """Return what a template says about its subject: time, place and ticket, never a finding."""
    booking = session.get(Booking, message.subject_id)
    clinic = session.get(Clinic, booking.clinic_id) if booking else None
    if booking is None or clinic is None:
        return {}
    names = json.loads(clinic.names)
    return {
        "time": local(booking.slot_start).strftime("%d.%m. %H:%M"),
        "clinic": names.get(language) or clinic.name,
        "code": booking.code,
    }
