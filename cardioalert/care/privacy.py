"""What a patient may ask for: everything we hold, who looked at it, and to be forgotten.

Erasing deletes the data key: every sealed value, also in backups restored later, is noise from then
on. Visits that took place stay as numbers of the clinic, without anybody they could be traced to.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import delete
from sqlmodel import Session, col, or_, select

from cardioalert.care import booking, reaching
from cardioalert.care.desk import Actor, Desk
from cardioalert.care.patients import INDEXED, SEALED, get, open_person
from cardioalert.care.records import ecg_files, open_document
from cardioalert.care.times import as_text
from cardioalert.errors import KeyFileError
from cardioalert.i18n import translate as _
from cardioalert.security.sealing import Place, seal
from cardioalert.store import outbox
from cardioalert.store.people_tables import (
    Account,
    BreakGlass,
    Consent,
    Device,
    Patient,
    PatientNameToken,
    Token,
)
from cardioalert.store.record_tables import (
    AuditRow,
    EcgFile,
    Message,
    QuizResult,
    StoredAnalysis,
)
from cardioalert.store.types import new_id
from cardioalert.store.visit_tables import WaitlistEntry

GLASS: Final = timedelta(hours=1)
LISTED: Final = 1000  # rows of the access history


def export(desk: Desk, actor: Actor, patient_id: str) -> dict[str, Any]:
    """Return everything that is held of a patient, for the patient."""
    with desk.store.writing() as session:
        patient = get(session, patient_id)
        person = open_person(desk, patient)
        document = {
            "schema": "cardioalert.export/1",
            "patient": {name: getattr(person, name) for name in ("id", *SEALED, "sex", "language")},
            "consents": [
                {"scope": row.scope, "granted": row.granted, "at": as_text(row.at),
                 "text_version": row.text_version, "language": row.language}
                for row in _rows(session, Consent, patient_id)
            ],
            "bookings": [
                ticket.to_dict() for ticket in booking.list_bookings(
                    session, patient_id=patient_id, limit=10_000)
            ],
            "analyses": [
                open_document(desk, patient, "stored_analysis", row.id, row.document)
                for row in _rows(session, StoredAnalysis, patient_id)
            ],
            "quiz_results": [
                open_document(desk, patient, "quiz_result", row.id, row.document)
                for row in _rows(session, QuizResult, patient_id)
            ],
            "messages": [
                {"template": row.template, "at": as_text(row.not_before)}
                for row in _rows(session, Message, patient_id)
            ],
            "files": [
                {"id": row.id, "kind": row.kind, "bytes": row.size, "at": as_text(row.created_at)}
                for row in _rows(session, EcgFile, patient_id)
            ],
        }  # fmt: skip
        desk.note(session, actor, "export.read", patient_id, patient_id=patient_id)
    return json.loads(json.dumps(document))  # type: ignore[no-any-return]


def _rows(session: Session, table: Any, patient_id: str) -> list[Any]:
    return list(session.exec(select(table).where(table.patient_id == patient_id)))


def access_history(session: Session, patient_id: str) -> list[dict[str, Any]]:
    """Return who did what with a patient's data, the latest first."""
    rows = session.exec(
        select(AuditRow)
        .where(AuditRow.patient_id == patient_id)
        .order_by(col(AuditRow.number).desc())
        .limit(LISTED)
    )
    return [
        {"at": as_text(row.at), "who": row.actor, "role": row.role, "action": row.action,
         "result": row.result, "purpose": row.purpose}
        for row in rows
    ]  # fmt: skip


def erase(desk: Desk, actor: Actor, patient_id: str) -> None:
    """Forget a patient for good."""
    with desk.store.writing() as session:
        patient = get(session, patient_id)
        for ticket in booking.list_bookings(session, patient_id=patient_id, limit=10_000):
            booking.withdraw_silently(session, ticket.booking, now=desk.now())
        patient.data_key, patient.erased_at = None, desk.now()
        for column in SEALED:
            setattr(patient, column, None)
        for column in INDEXED:
            setattr(patient, f"{column}_index", None)
        patient.sex = None
        session.add(patient)
        accounts = session.exec(select(Account).where(Account.patient_id == patient_id)).all()
        for account in accounts:
            session.exec(delete(Token).where(col(Token.account_id) == account.id))
            account.active, account.password_hash = False, None
            account.login_index = f"erased-{account.id}"
            session.add(account)
        files = [row.id for row in _rows(session, EcgFile, patient_id)]
        for table in (
            PatientNameToken, Device, StoredAnalysis, QuizResult, WaitlistEntry, BreakGlass,
        ):  # fmt: skip
            session.exec(delete(table).where(col(table.patient_id) == patient_id))
        desk.note(session, actor, "patient.erase", patient_id, patient_id=patient_id)
    for identifier in files:
        (ecg_files(desk) / identifier).unlink(missing_ok=True)


def rewrap_all(desk: Desk) -> int:
    """Wrap every data key with the current key-encryption key; return how many were old.

    Runs beside a serving program: old keys stay in the key file until `keys status` counts none.
    """
    count = 0
    while True:
        with desk.store.writing() as session:
            old = [row for row in _wrapped(session) if not desk.vault.is_current(row.data_key)]
            for patient in old[:500]:
                patient.data_key = desk.vault.rewrap(patient.data_key, patient.id)
                session.add(patient)
            secrets = [a for a in _with_secret(session) if not desk.vault.is_current(a.totp_secret)]
            for account in secrets:
                place = Place("account", "totp_secret", account.id)
                account.totp_secret = desk.vault.seal(
                    desk.vault.unseal(account.totp_secret, place), place
                )
                session.add(account)
            count += min(len(old), 500) + len(secrets)
            if len(old) <= 500:
                return count


def break_glass(desk: Desk, actor: Actor, patient_id: str, reason: str) -> str | None:
    """Open one patient to one account for an hour; the patient is told, and it is written down."""
    identifier, until = new_id(), desk.now() + GLASS
    with desk.store.writing() as session:
        patient = get(session, patient_id)
        key = desk.vault.data_key(patient.data_key, patient.id)
        sealed = seal(key, reason.encode(), Place("break_glass", "reason", identifier))
        session.add(
            BreakGlass(
                id=identifier,
                account_id=actor.id,
                patient_id=patient_id,
                reason=sealed,
                until=until,
            )
        )
        outbox.enqueue(
            session, patient_id=patient_id, template="emergency-access", subject_id=identifier,
            not_before=desk.now(),
        )  # fmt: skip
        desk.note(session, actor, "glass.break", identifier, patient_id=patient_id,
                  purpose="emergency")  # fmt: skip
    return as_text(until)


def _wrapped(session: Session) -> list[Any]:
    return list(session.exec(select(Patient).where(col(Patient.data_key).is_not(None))))


def _with_secret(session: Session) -> list[Any]:
    return list(session.exec(select(Account).where(col(Account.totp_secret).is_not(None))))


def key_status(desk: Desk) -> dict[str, int]:
    """Return how many values each key-encryption key still guards."""
    counts = dict.fromkeys(desk.vault.ring.encryption.keys, 0)
    with desk.store.reading() as session:
        sealed = [row.data_key for row in _wrapped(session)]
        sealed += [row.totp_secret for row in _with_secret(session)]
    for value in sealed:
        name = value[1 : 1 + value[0]].decode(errors="replace")
        if name not in counts:
            raise KeyFileError(
                _("the key {name!r} guards data but is not in the key file", name=name)
            )
        counts[name] += 1
    return counts


def may_see(session: Session, actor: Actor, patient_id: str, now: Any) -> set[str]:
    """Return the relations an account has to a patient: what the policy is asked with."""
    found: set[str] = set()
    if actor.patient_id == patient_id:
        found.add("own")
    given = reaching.consents(session, patient_id)
    if given.get(f"share:account:{actor.id}"):
        found.add("granted")
    if actor.clinic_id and (
        given.get(f"share:clinic:{actor.clinic_id}")
        or booking.has_visit(session, patient_id, actor.clinic_id)
    ):
        found.add("treating")
    glass = select(BreakGlass.id).where(
        BreakGlass.account_id == actor.id, BreakGlass.patient_id == patient_id,
        or_(col(BreakGlass.until) > now),
    )  # fmt: skip
    if session.exec(glass).first():
        found.add("glass")
    return found
