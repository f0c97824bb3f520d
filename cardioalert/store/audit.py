"""The audit: rows that are only ever added, each chained to the one before.

A link is HMAC(key, link before, canonical JSON of the row): whoever edits, deletes, inserts or
reorders rows without the key breaks the chain. Rows cut off at the end leave a whole chain,
so the head (number and link of the last row) is exported to another place from time to time.
No clinical value and no personal value is ever written here.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Final

from sqlalchemy import text
from sqlmodel import Session, col, select

from cardioalert.store.record_tables import AuditRow
from cardioalert.store.types import now_utc

AUDIT_LOCK: Final = 0xECAAD  # any number: an advisory lock of PostgreSQL
ORIGIN: Final = "0" * 64  # the link before the first row


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened."""

    actor: str
    role: str
    action: str
    object: str
    result: str = "done"
    tenant: str = ""
    patient_id: str = ""
    purpose: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain."""

    number: int
    link: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look at the whole chain has found; `broken_at` is the first bad row."""

    rows: int
    broken_at: int | None
    reason: str = ""


def append(session: Session, event: Event, *, key_id: str, key: bytes) -> AuditRow:
    """Add a row; call it last in a transaction: from here on others wait for its end."""
    if session.get_bind().dialect.name != "sqlite":
        session.connection().execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": AUDIT_LOCK})
    last = session.exec(select(AuditRow).order_by(col(AuditRow.number).desc()).limit(1)).first()
    row = AuditRow(
        number=1 + (last.number if last else 0),
        at=now_utc(),
        actor=event.actor, role=event.role, tenant=event.tenant, action=event.action,
        object=event.object, patient_id=event.patient_id, purpose=event.purpose,
        result=event.result, request_id=event.request_id, key_id=key_id, link="",
    )  # fmt: skip
    row.link = _link(key, last.link if last else ORIGIN, row)
    session.add(row)
    session.flush()
    return row


def _link(key: bytes, before: str, row: AuditRow) -> str:
    values = row.model_dump(exclude={"link"})
    values["at"] = row.at.astimezone(UTC).isoformat()
    body = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hmac.new(key, f"{before}|{body}".encode(), hashlib.sha256).hexdigest()


def head(session: Session) -> Head:
    """Return the end of the chain, to be kept in another place."""
    last = session.exec(select(AuditRow).order_by(col(AuditRow.number).desc()).limit(1)).first()
    return Head(last.number, last.link) if last else Head(0, ORIGIN)


def verify(session: Session, keys: Mapping[str, bytes], external: Head | None = None) -> Verdict:
    """Look at every row, and at a head that was exported earlier.

    Parameters
    ----------
    keys : key id -> key, also of rotated keys
    external : Head, optional
        Without it, rows cut off at the end cannot be noticed.
    """
    before, count = ORIGIN, 0
    seen_external = external is None or external.number == 0
    for row in session.exec(select(AuditRow).order_by(col(AuditRow.number))):
        count += 1
        if row.number != count:
            return Verdict(count, count, f"row {count} is missing")
        key = keys.get(row.key_id)
        if key is None:
            return Verdict(count, count, f"the key {row.key_id} is not in the key file")
        if not hmac.compare_digest(row.link, _link(key, before, row)):
            return Verdict(count, count, f"row {count} does not fit the row before it")
        if external and row.number == external.number:
            if row.link != external.link:
                return Verdict(count, count, f"row {count} is not the exported one")
            seen_external = True
        before = row.link
    if not seen_external and external:
        return Verdict(count, count + 1, f"rows {count + 1} to {external.number} were cut off")
    return Verdict(count, None)
