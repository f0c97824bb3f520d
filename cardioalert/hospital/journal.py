"""The journal: what arrived, what was answered, and what still has to be sent, committed first.

It stands in the database of the care platform, SQLite or PostgreSQL, and every body is sealed:
messages hold names and results. Several processes may work on it: a row is leased before it is
worked on or sent, and a lease that ran out (its process died) can be taken by another.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, text, update
from sqlmodel import Session, col, select

from cardioalert.errors import ChangedMeanwhileError
from cardioalert.i18n import translate as _
from cardioalert.security.sealing import Place, Vault
from cardioalert.store.engine import Store
from cardioalert.store.inserting import compare_and_swap, insert_unless_there
from cardioalert.store.traffic_tables import Inbound, Outbound
from cardioalert.store.types import new_id

LEASE_S: Final = 300.0
JOURNAL_LOCK: Final = 0xEC7  # any number: an advisory lock of PostgreSQL

_WAITS: Final = ("kept", "working")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A message or object that arrived.

    Attributes
    ----------
    kind : `hl7` or `dicom`
    state : str
        `kept` (answered, not yet worked on), `working`, `done`, `failed` or `quarantined`.
    body, answer : bytes
        Empty once they were forgotten.
    """

    number: int
    kind: str
    sender: str
    control_id: str
    content_index: str
    body: bytes
    answer: bytes
    state: str
    note: str
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Something that has to be sent; `state` is `pending`, `sent`, `dead` or `purged`."""

    number: int
    destination: str
    control_id: str
    subject: str
    body: bytes
    attempts: int
    next_at: float
    state: str
    note: str


class Journal:
    """The traffic of one clinic; each call is a transaction of its own, from any thread.

    Parameters
    ----------
    store : Store
    vault : Vault
    clinic_id : str
        Whose inbox this is; empty: that of no clinic. The outbox is known by its destinations.
    """

    def __init__(self, store: Store, vault: Vault, *, clinic_id: str = "") -> None:
        self.store, self.vault, self.clinic_id = store, vault, clinic_id

    # ---- What arrived ----------------------------------------------------------------------------

    def find(self, sender: str, control_id: str) -> Kept | None:
        """Return the message of a sender with a control id."""
        rows = self._inbound(
            Inbound.sender == sender, Inbound.control_id == control_id,
            Inbound.state != "quarantined",
        )  # fmt: skip
        return rows[0] if rows else None

    def is_same(self, kept: Kept, body: bytes) -> bool:
        """Tell whether a message is the one that was kept."""
        return kept.content_index == self.index_of(body)

    def keep(
        self, sender: str, control_id: str, body: bytes, answer: bytes, *,
        peer: str = "", state: str = "kept", kind: str = "hl7",
    ) -> None:  # fmt: skip
        """Write a message down; when this returns it is committed.

        Raises
        ------
        StoreError
            It is not.
        ChangedMeanwhileError
            Another process has just kept one with this control id.
        """
        identifier = new_id()
        row = Inbound(
            id=identifier, clinic_id=self.clinic_id, kind=kind, sender=sender,
            control_id=control_id, content_index=self.index_of(body), peer=peer, state=state,
            body=self.vault.seal(body, Place("hospital_inbound", "body", identifier)),
            answer=self.vault.seal(answer, Place("hospital_inbound", "answer", identifier)),
        )  # fmt: skip
        with self.store.writing() as session:
            row.number = _next_number(session, Inbound)
            if not insert_unless_there(session, row):
                raise ChangedMeanwhileError(
                    _("another message with this control id came in the same moment")
                )

    def unworked(self) -> list[Kept]:
        """Return the messages that were answered and not yet worked on, oldest first."""
        return self._inbound(col(Inbound.state).in_(_WAITS))

    def received(self) -> list[Kept]:
        """Return all messages, oldest first."""
        return self._inbound()

    def claim(self) -> Kept | None:
        """Lease the oldest message that waits; None when there is none, or it is being worked on.

        One after the other: a cancellation must not overtake its booking.
        """
        waits = (Inbound.clinic_id == self.clinic_id, col(Inbound.state).in_(_WAITS))
        if not self._any(*waits):
            return None  # looking must not keep writers waiting
        now = time.time()
        with self.store.writing() as session:
            row = session.exec(
                select(Inbound).where(*waits).order_by(col(Inbound.number)).limit(1)
            ).first()
            if row is None or row.lease_until > now:
                return None
            seen = {"id": row.id, "lease_until": row.lease_until, "state": row.state}
            change = {
                "state": "working", "lease_until": now + LEASE_S, "attempts": row.attempts + 1,
            }  # fmt: skip
            if not compare_and_swap(session, Inbound, seen, change):
                return None
            session.refresh(row)
        return self._kept(row)

    def settle(self, number: int, *, state: str, note: str = "", pause: float = 0.0) -> None:
        """Write down what became of a message; `kept` puts it back for after a pause (s)."""
        with self.store.writing() as session:
            change = {"state": state, "note": note, "lease_until": time.time() + pause}
            compare_and_swap(session, Inbound, {"number": number}, change)

    def retry_failed(self) -> int:
        """Put failed messages back into the queue, and return how many."""
        return self._change(
            Inbound,
            {"state": "kept", "attempts": 0, "lease_until": 0.0},
            Inbound.clinic_id == self.clinic_id,
            Inbound.state == "failed",
        )

    def forget(self, *, before: Any) -> int:
        """Empty the bodies of what was worked on before a moment; return how many.

        The rows stay, so that a message that comes again is still known.
        """
        return self._change(
            Inbound,
            {"body": b"", "answer": b""},
            Inbound.clinic_id == self.clinic_id,
            col(Inbound.state).in_(("done", "quarantined")),
            col(Inbound.received_at) < before,
            func.length(col(Inbound.body)) > 0,
        )

    def index_of(self, body: bytes) -> str:
        """Return the keyed hash of a body."""
        return self.vault.index("hospital_inbound", hashlib.sha256(body).hexdigest())

    def _inbound(self, *conditions: Any) -> list[Kept]:
        with self.store.reading() as session:
            rows = session.exec(
                select(Inbound)
                .where(Inbound.clinic_id == self.clinic_id, *conditions)
                .order_by(col(Inbound.number))
            ).all()
        return [self._kept(row) for row in rows]

    def _kept(self, row: Inbound) -> Kept:
        return Kept(
            number=row.number or 0, kind=row.kind, sender=row.sender, control_id=row.control_id,
            content_index=row.content_index, state=row.state, note=row.note, attempts=row.attempts,
            body=self._open(row.body, "hospital_inbound", "body", row.id),
            answer=self._open(row.answer, "hospital_inbound", "answer", row.id),
        )  # fmt: skip

    # ---- What has to be sent ---------------------------------------------------------------------

    def enqueue(
        self, destination: str, control_id: str, body: bytes, *,
        subject: str = "", state: str = "pending",
    ) -> bool:  # fmt: skip
        """Queue something; False when it was queued for this destination before."""
        identifier = new_id()
        row = Outbound(
            id=identifier, destination=destination, control_id=control_id, subject=subject,
            state=state, body=self.vault.seal(body, Place("hospital_outbound", "body", identifier)),
        )  # fmt: skip
        with self.store.writing() as session:
            take_turns(session)
            known = select(Outbound.number).where(
                Outbound.destination == destination, Outbound.control_id == control_id
            )
            if session.exec(known).first() is not None:
                return False
            row.number = _next_number(session, Outbound)
            return insert_unless_there(session, row)

    def next_waiting(self, destination: str) -> Waiting | None:
        """Lease the first in the queue; its pause may not be over.

        None when nothing waits, or another process is sending it.
        """
        if not self._any(Outbound.destination == destination, Outbound.state == "pending"):
            return None  # looking must not keep writers waiting
        now = time.time()
        with self.store.writing() as session:
            row = session.exec(
                select(Outbound)
                .where(Outbound.destination == destination, Outbound.state == "pending")
                .order_by(col(Outbound.number))
                .limit(1)
            ).first()
            if row is None or row.lease_until > now:
                return None
            seen = {"id": row.id, "lease_until": row.lease_until, "state": "pending"}
            if row.next_at <= now and not compare_and_swap(
                session, Outbound, seen, {"lease_until": now + LEASE_S}
            ):
                return None
            session.refresh(row)
        return self._waiting(row)

    def outbox(self, *, destination: str = "", subject: str = "") -> list[Waiting]:
        """Return what was queued, in its order: all, or for one destination or subject."""
        conditions = []
        if destination:
            conditions.append(Outbound.destination == destination)
        if subject:
            conditions.append(Outbound.subject == subject)
        with self.store.reading() as session:
            rows = session.exec(
                select(Outbound).where(*conditions).order_by(col(Outbound.number))
            ).all()
        return [self._waiting(row) for row in rows]

    def mark_sent(self, number: int) -> None:
        """The peer has it."""
        self._settle(number, {"state": "sent", "note": ""})

    def mark_dead(self, number: int, note: str) -> None:
        """It will not be tried again until somebody says so."""
        self._settle(number, {"state": "dead", "note": note})

    def postpone(self, number: int, note: str, *, seconds: float) -> None:
        """Try it again later."""
        self._settle(number, {"note": note, "next_at": time.time() + seconds})

    def retry_dead(self) -> int:
        """Put dead messages back into the queue, and return how many."""
        change = {"state": "pending", "attempts": 0, "next_at": 0.0, "lease_until": 0.0}
        return self._change(Outbound, change, Outbound.state == "dead")

    def purge(self) -> int:
        """Forget the bodies of sent and dead messages, and return how many.

        The rows stay as `purged`, so that nothing is queued, or told, a second time.
        """
        change = {"state": "purged", "body": b""}
        return self._change(Outbound, change, col(Outbound.state).in_(("sent", "dead")))

    def _any(self, *conditions: Any) -> bool:
        """Tell whether there is a row, without taking a turn as a writer."""
        with self.store.reading() as session:
            return session.exec(select(1).where(*conditions).limit(1)).first() is not None

    def _settle(self, number: int, change: dict[str, Any]) -> None:
        more = {"attempts": col(Outbound.attempts) + 1, "lease_until": 0.0}
        self._change(Outbound, change | more, Outbound.number == number)

    def _change(self, table: Any, change: dict[str, Any], *conditions: Any) -> int:
        with self.store.writing() as session:
            statement = update(table).where(*conditions).values(**change)
            return int(session.connection().execute(statement).rowcount)

    def _waiting(self, row: Outbound) -> Waiting:
        return Waiting(
            number=row.number or 0, destination=row.destination, control_id=row.control_id,
            subject=row.subject, attempts=row.attempts, next_at=row.next_at, state=row.state,
            note=row.note, body=self._open(row.body, "hospital_outbound", "body", row.id),
        )  # fmt: skip

    def _open(self, sealed: bytes, table: str, column: str, row: str) -> bytes:
        """Open a body; one that was forgotten is empty."""
        return self.vault.unseal(sealed, Place(table, column, row)) if sealed else b""


def take_turns(session: Session) -> None:
    """Let one transaction at a time number its row, so that numbers are the order of commits."""
    if session.get_bind().dialect.name != "sqlite":  # whose writers take turns anyway
        session.connection().execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": JOURNAL_LOCK})


def _next_number(session: Session, table: Any) -> int:
    take_turns(session)
    last = session.exec(select(func.max(table.number))).one()
    return (last or 0) + 1


def rows_of(waiting: Sequence[Waiting]) -> list[dict[str, Any]]:
    """Return the outbox for programs, without bodies."""
    names = ("number", "destination", "control_id", "subject", "state", "attempts", "note")
    return [{name: getattr(one, name) for name in names} for one in waiting]
