"""Tables of the traffic with hospitals: what came, what has to go out, and how they call people.

Bodies are sealed with the key of the installation: they hold names and results. What a row is
found by (sender, control id, hashes) holds neither.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from cardioalert.store.types import UtcDateTime, new_id, now_utc

_GOOD = text("state != 'quarantined'")


class Inbound(SQLModel, table=True):
    """A message or object that arrived. It is answered only when this row is committed."""

    __tablename__ = "hospital_inbound"
    __table_args__ = (
        Index(
            "one_inbound_per_control_id", "clinic_id", "sender", "control_id",
            unique=True, sqlite_where=_GOOD, postgresql_where=_GOOD,
        ),
    )  # fmt: skip

    number: int | None = Field(default=None, primary_key=True)
    id: str = Field(default_factory=new_id, unique=True)
    clinic_id: str = Field(default="", index=True)
    kind: str  # hl7, dicom
    sender: str  # application and facility, or AE title
    control_id: str  # MSH-10, or SOP instance UID
    content_index: str  # keyed hash of the body: the same message is known
    peer: str = ""
    received_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)
    body: bytes
    answer: bytes
    state: str = Field(index=True)  # kept, working, done, failed, quarantined
    note: str = ""  # a code and a sentence without personal data
    attempts: int = 0
    lease_until: float = 0.0  # s since 1970: until then nobody else may work on it


class Outbound(SQLModel, table=True):
    """Something that has to reach a peer, once and in its order."""

    __tablename__ = "hospital_outbound"
    __table_args__ = (
        Index("one_outbound_per_control_id", "destination", "control_id", unique=True),
    )

    number: int | None = Field(default=None, primary_key=True)
    id: str = Field(default_factory=new_id, unique=True)
    destination: str = Field(index=True)
    control_id: str
    subject: str = Field(default="", index=True)  # the booking it is about
    body: bytes
    created_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)
    attempts: int = 0
    next_at: float = 0.0  # s since 1970
    lease_until: float = 0.0  # s since 1970: until then nobody else may send it
    state: str = Field(default="pending", index=True)  # pending, sent, dead, purged
    note: str = ""


class HospitalNumber(SQLModel, table=True):
    """What a hospital calls one of our patients or bookings."""

    __tablename__ = "hospital_number"

    number_index: str = Field(primary_key=True)  # keyed hash of clinic, kind, sender and number
    clinic_id: str = Field(index=True)
    kind: str  # patient, order
    patient_id: str = Field(foreign_key="patient.id", index=True)
    booking_code: str = Field(default="", index=True)
    number: bytes  # sealed with the patient's data key
    made_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)
