"""The inbox of the app: what a patient was told, whatever channel took it."""

from __future__ import annotations

from typing import Any

from sqlmodel import col, select

from cardioalert.care.desk import Desk
from cardioalert.care.reaching import values
from cardioalert.care.times import as_text
from cardioalert.store.record_tables import Message

LISTED = 100


def inbox(desk: Desk, patient_id: str, language: str) -> list[dict[str, Any]]:
    """Return messages that are due, the latest first: a template's code and its values."""
    with desk.store.reading() as session:
        rows = session.exec(
            select(Message)
            .where(
                Message.patient_id == patient_id, col(Message.cancelled_at).is_(None),
                col(Message.not_before) <= desk.now(),
            )
            .order_by(col(Message.not_before).desc(), col(Message.id)).limit(LISTED)
        ).all()  # fmt: skip
        return [
            {"id": row.id, "template": row.template, "at": as_text(row.not_before),
             "critical": row.critical, "values": values(session, row, language)}
            for row in rows
        ]  # fmt: skip
