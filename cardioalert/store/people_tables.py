"""Tables of people: every personal value is sealed (bytes) or a blind index (hex text)."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from cardioalert.store.types import UtcDateTime, new_id, now_utc


class Patient(SQLModel, table=True):
    """One patient. Without `data_key` the sealed values can never be opened again: erased."""

    id: str = Field(default_factory=new_id, primary_key=True)
    data_key: bytes | None = None  # wrapped by the key-encryption key
    name: bytes | None = None
    phone: bytes | None = None
    email: bytes | None = None
    pinfl: bytes | None = None
    birth_date: bytes | None = None
    telegram: bytes | None = None  # chat id
    phone_index: str | None = Field(default=None, index=True)
    email_index: str | None = Field(default=None, index=True)
    pinfl_index: str | None = Field(default=None, index=True)
    sex: str | None = None
    language: str = "uz"
    no_shows: int = 0
    created_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)
    erased_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class PatientNameToken(SQLModel, table=True):
    """Blind index of one folded word of a name: found without opening any name."""

    __tablename__ = "patient_name_token"

    id: str = Field(default_factory=new_id, primary_key=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    token_index: str = Field(index=True)


class Consent(SQLModel, table=True):
    """What a patient allowed or refused; the latest row of a scope counts, rows never change."""

    id: str = Field(default_factory=new_id, primary_key=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    scope: str = Field(index=True)  # channel:sms, share:clinic:ID, share:user:ID
    granted: bool
    purpose: str = ""
    text_version: str = ""
    language: str = ""
    asked_by: str = ""
    at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime, index=True)
    until: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Account(SQLModel, table=True):
    """Somebody who signs in."""

    id: str = Field(default_factory=new_id, primary_key=True)
    role: str
    login_index: str = Field(unique=True)  # blind index of the phone or e-mail
    password_hash: str | None = None
    totp_secret: bytes | None = None
    patient_id: str | None = Field(default=None, foreign_key="patient.id", index=True)
    clinic_id: str | None = Field(default=None, foreign_key="clinic.id", index=True)
    language: str = "uz"
    failures: int = 0
    locked_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    active: bool = True
    created_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)


class RecoveryCode(SQLModel, table=True):
    """A one-time code that replaces the second factor; hashed."""

    __tablename__ = "recovery_code"

    id: str = Field(default_factory=new_id, primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    code_hash: str
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Token(SQLModel, table=True):
    """An access or refresh token: only its SHA-256 is kept."""

    id: str = Field(default_factory=new_id, primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    family: str = Field(index=True)
    kind: str
    token_hash: str = Field(unique=True)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class LoginCode(SQLModel, table=True):
    """A code sent to a phone or an e-mail address; hashed."""

    __tablename__ = "login_code"

    id: str = Field(default_factory=new_id, primary_key=True)
    login_index: str = Field(index=True)
    code_hash: str
    expires_at: datetime = Field(sa_type=UtcDateTime)
    attempts: int = 0
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Device(SQLModel, table=True):
    """A phone that takes push messages."""

    id: str = Field(default_factory=new_id, primary_key=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    platform: str = "ios"
    token: bytes
    token_index: str = Field(index=True)
    created_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)


class BreakGlass(SQLModel, table=True):
    """Emergency access to one patient, with a reason, for a short time."""

    __tablename__ = "break_glass"

    id: str = Field(default_factory=new_id, primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    reason: bytes
    until: datetime = Field(sa_type=UtcDateTime)
    at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)
