"""Tables of visits: bookings and the waiting list."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from cardioalert.store.types import UtcDateTime, new_id, now_utc


class Status(StrEnum):
    """The states of a booking."""

    HELD = "held"  # chosen, until `held_until`
    PENDING = "pending"  # asked for, the clinic's own system has not confirmed yet
    BOOKED = "booked"
    ARRIVED = "arrived"
    COMPLETED = "completed"
    NO_SHOW = "no-show"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


OCCUPYING: Final = (
    Status.HELD, Status.PENDING, Status.BOOKED, Status.ARRIVED, Status.COMPLETED, Status.NO_SHOW,
)  # fmt: skip
"""Every state that is or may still become a visit takes its seat. Leaving one out is how other
systems book twice: two pending requests for one seat, both confirmed later."""

OCCUPIES: Final = text("status IN (" + ", ".join(f"'{status}'" for status in OCCUPYING) + ")")
"""The same in the words of the index: a query that does not use them does not use the index."""


class Booking(SQLModel, table=True):
    """One seat of one slot. The partial unique index is what makes double booking impossible."""

    __table_args__ = (
        Index(
            "one_booking_per_seat", "resource_id", "slot_start", "seat",
            unique=True, sqlite_where=OCCUPIES, postgresql_where=OCCUPIES,
        ),
        Index(
            "one_booking_per_key", "actor", "idempotency_key", unique=True,
            sqlite_where=text("idempotency_key IS NOT NULL"),
            postgresql_where=text("idempotency_key IS NOT NULL"),
        ),
    )  # fmt: skip

    id: str = Field(default_factory=new_id, primary_key=True)
    code: str = Field(unique=True)  # the ticket
    clinic_id: str = Field(foreign_key="clinic.id", index=True)
    resource_id: str = Field(foreign_key="resource.id")
    service: str
    slot_start: datetime = Field(sa_type=UtcDateTime, index=True)
    slot_end: datetime = Field(sa_type=UtcDateTime)
    seat: int
    status: str = Field(index=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    held_until: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    version: int = 1  # counts changes, also the SEQUENCE of the calendar file
    uid: str = Field(default_factory=new_id)  # of the calendar file
    actor: str = ""
    idempotency_key: str | None = None
    request_hash: str = ""
    origin: str = "app"  # app, cli, walk-in, waitlist, hl7 ...
    created_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)
    changed_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)


class WaitlistEntry(SQLModel, table=True):
    """Somebody who wants a time of a day that is full."""

    __tablename__ = "waitlist_entry"

    id: str = Field(default_factory=new_id, primary_key=True)
    clinic_id: str = Field(foreign_key="clinic.id", index=True)
    service: str
    day: date = Field(index=True)  # local
    patient_id: str = Field(foreign_key="patient.id", index=True)
    status: str = Field(default="waiting", index=True)  # waiting, offered, taken, lapsed, left
    offered_code: str | None = Field(default=None, index=True)  # booking held for this person
    created_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)
