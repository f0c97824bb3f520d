"""Tables of what is public: clinics, their services, their rooms and devices, their hours."""

from __future__ import annotations

from datetime import date, datetime

from sqlmodel import Field, SQLModel

from cardioalert.store.types import UtcDateTime, new_id, now_utc


class Clinic(SQLModel, table=True):
    """One place. `source`, `as_of` and `verified_by` say how far its facts can be trusted."""

    id: str = Field(primary_key=True)
    name: str
    names: str = "{}"  # JSON: language -> name
    search_key: str = Field(index=True)  # folded: care/folding.py
    region: str = Field(index=True)  # ISO 3166-2, UZ-TK
    address: str = ""
    latitude: float | None = Field(default=None, index=True)  # degrees
    longitude: float | None = Field(default=None, index=True)
    hours: str | None = None  # OSM opening_hours, local time; None: not known
    languages: str = ""  # comma-separated codes
    website: str = ""
    walk_in: bool = False
    demo: bool = Field(default=False, index=True)
    source: str
    source_id: str = Field(default="", index=True)
    licence: str = ""  # the attribution that must be shown with the data
    as_of: date
    verified_by: str = ""
    active: bool = True


class ClinicPhone(SQLModel, table=True):
    """One telephone number; an unverified one is shown with a mark."""

    __tablename__ = "clinic_phone"

    id: str = Field(default_factory=new_id, primary_key=True)
    clinic_id: str = Field(foreign_key="clinic.id", index=True)
    number: str  # E.164; of demo clinics: text that cannot ring
    verified: bool = False


class Service(SQLModel, table=True):
    """What a clinic offers: `ecg`, `holter`, `cardiologist` ..."""

    id: str = Field(default_factory=new_id, primary_key=True)
    clinic_id: str = Field(foreign_key="clinic.id", index=True)
    code: str = Field(index=True)
    price_uzs: int | None = None  # soum


class Resource(SQLModel, table=True):
    """A room or device that is booked, in slots of one length on a fixed grid."""

    id: str = Field(primary_key=True)
    clinic_id: str = Field(foreign_key="clinic.id", index=True)
    service: str
    name: str = ""
    capacity: int = 1  # people at once
    duration_min: int = 20
    buffer_min: int = 0  # after each visit
    notice_min: int = 30  # how long before it a slot can no longer be booked
    horizon_days: int = 30  # how far ahead slots are offered
    cutoff_min: int = 120  # how long before it a visit can no longer be moved or cancelled online
    confirm: bool = False  # bookings wait until the clinic's own system has confirmed


class HoursException(SQLModel, table=True):
    """A day unlike the others; it wins over weekly hours and holidays."""

    __tablename__ = "hours_exception"

    id: str = Field(default_factory=new_id, primary_key=True)
    clinic_id: str = Field(foreign_key="clinic.id", index=True)
    day: date = Field(index=True)
    hours: str = ""  # "10:00-14:00,15:00-17:00"; empty: closed
    reason: str = ""
    made_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)
