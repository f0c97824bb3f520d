"""The outbox: a message is a row written in the transaction of the event it tells about.

No event without its message, no message without its event. `notify` sends what stands here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session

from cardioalert.store.inserting import insert_unless_there
from cardioalert.store.record_tables import Delivery, Message
from cardioalert.store.types import now_utc


def enqueue(
    session: Session,
    *,
    patient_id: str,
    template: str,
    subject_id: str,
    not_before: datetime | None = None,
    critical: bool = False,
    occasion: str = "",
) -> bool:
    """Put a message in the outbox; return False when the same one is there already.

    Parameters
    ----------
    template : str
        A row of `notify/tables/templates.toml`.
    subject_id : str
        The booking, analysis or other thing the message is about.
    occasion : str
        What tells two messages of one template and subject apart, such as a version.
    """
    when = not_before or now_utc()
    message = Message(
        patient_id=patient_id,
        template=template,
        subject_id=subject_id,
        critical=critical,
        not_before=when,
        dedup_key=":".join((template, subject_id, patient_id, occasion, when.isoformat())),
    )
    if not insert_unless_there(session, message):
        return False
    return insert_unless_there(session, Delivery(message_id=message.id, next_attempt_at=when))


def withdraw(session: Session, subject_id: str, *templates: str, now: datetime) -> int:
    """Cancel messages about a subject that were not sent yet; return how many."""
    messages: Any = Message.__table__  # type: ignore[attr-defined]
    deliveries: Any = Delivery.__table__  # type: ignore[attr-defined]
    about = select(messages.c.id).where(
        messages.c.subject_id == subject_id, messages.c.template.in_(templates)
    )
    connection = session.connection()
    done = connection.execute(
        update(deliveries)
        .where(deliveries.c.status == "waiting", deliveries.c.message_id.in_(about))
        .values(status="cancelled")
    )
    unsent = select(deliveries.c.message_id).where(
        deliveries.c.status == "cancelled", deliveries.c.message_id.in_(about)
    )
    connection.execute(update(messages).where(messages.c.id.in_(unsent)).values(cancelled_at=now))
    return int(done.rowcount)
