"""Requests that came before: kept for a day, their answers sealed with the asker's own key."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlmodel import Session, select

from cardioalert.care.desk import Actor, Desk
from cardioalert.care.patients import get
from cardioalert.errors import ChangedMeanwhileError, KeyReusedError
from cardioalert.i18n import translate as _
from cardioalert.security.sealing import Place, seal, unseal
from cardioalert.store.inserting import compare_and_swap, insert_unless_there
from cardioalert.store.record_tables import StoredAnswer
from cardioalert.store.types import new_id

KEPT: Final = timedelta(days=1)
ABANDONED: Final = timedelta(minutes=2)
"""A request that has not answered for so long has died with its server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request: what its sender calls it, and a hash of what it says."""

    key: str
    body: str


@dataclass(frozen=True, slots=True)
class Made:
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes


def begin(desk: Desk, actor: Actor, asked: Asked) -> Made | None:
    """Return the answer this request got before; None when it is the first.

    Raises
    ------
    KeyReusedError
        The key was used for something else.
    ChangedMeanwhileError
        The first request is still running.
    """
    now = desk.now()
    with desk.store.writing() as session:
        row = StoredAnswer(
            id=new_id(), request_key=_key(actor, asked), request_hash=asked.body, created_at=now
        )
        if insert_unless_there(session, row):
            return None
        known = session.exec(
            select(StoredAnswer).where(StoredAnswer.request_key == row.request_key)
        ).one()
        seen = {"id": known.id, "created_at": known.created_at, "status": known.status}
        old = now - known.created_at > (KEPT if known.status else ABANDONED)
        if old and compare_and_swap(
            session, StoredAnswer, seen,
            {"created_at": now, "status": 0, "body": None, "request_hash": asked.body},
        ):  # fmt: skip
            return None
        if known.request_hash != asked.body:
            raise KeyReusedError(_("this idempotency key belongs to another request"))
        if known.status == 0 or known.body is None:
            raise ChangedMeanwhileError(_("the same request is being worked on"))
        headers, body = json.loads(_open(desk, session, actor, known.body, _place(known.id)))
        return Made(known.status, headers, bytes.fromhex(body))


def end(desk: Desk, actor: Actor, asked: Asked, made: Made) -> None:
    """Keep an answer."""
    with desk.store.writing() as session:
        row = session.exec(
            select(StoredAnswer).where(StoredAnswer.request_key == _key(actor, asked))
        ).first()
        if row is None:
            return
        text = json.dumps([made.headers, made.body.hex()]).encode()
        row.body = _close(desk, session, actor, text, _place(row.id))
        row.status = made.status
        session.add(row)


def forget(desk: Desk, actor: Actor, asked: Asked) -> None:
    """Let a request be tried again: it was refused."""
    with desk.store.writing() as session:
        row = session.exec(
            select(StoredAnswer).where(StoredAnswer.request_key == _key(actor, asked))
        ).first()
        if row is not None:
            session.delete(row)


def _close(desk: Desk, session: Session, actor: Actor, text: bytes, place: Place) -> bytes:
    """Seal an answer: with the data key of the patient who asked, so that erasing shreds it."""
    if actor.patient_id is None:
        return desk.vault.seal(text, place)
    patient = get(session, actor.patient_id)
    return seal(desk.vault.data_key(patient.data_key, patient.id), text, place)


def _open(desk: Desk, session: Session, actor: Actor, sealed: bytes, place: Place) -> bytes:
    if actor.patient_id is None:
        return desk.vault.unseal(sealed, place)
    patient = get(session, actor.patient_id)
    return unseal(desk.vault.data_key(patient.data_key, patient.id), sealed, place)


def _key(actor: Actor, asked: Asked) -> str:
    return hashlib.sha256(f"{actor.id}|{asked.key}".encode()).hexdigest()


def _place(identifier: str) -> Place:
    return Place("stored_answer", "body", identifier)
