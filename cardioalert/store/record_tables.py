"""Tables of what is kept and sent: ECG files, analyses, quiz results, messages, jobs, audit."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from cardioalert.store.types import UtcDateTime, new_id, now_utc


class EcgFile(SQLModel, table=True):
    """An uploaded file; its bytes stand sealed in a file with a random name."""

    __tablename__ = "ecg_file"

    id: str = Field(default_factory=new_id, primary_key=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    kind: str  # picture or record
    size: int  # bytes, as uploaded
    content_index: str = Field(index=True)  # keyed hash of the content: the same file is known
    document: bytes | None = None  # what was said with it, sealed: {"symptoms": [...]}
    created_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)


class StoredAnalysis(SQLModel, table=True):
    """One `cardioalert.analysis/1` document, sealed."""

    __tablename__ = "stored_analysis"

    id: str = Field(default_factory=new_id, primary_key=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    file_id: str = Field(foreign_key="ecg_file.id", index=True)
    document: bytes
    overlay: bytes | None = None  # JPEG of the traces on the photo
    created_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)


class QuizResult(SQLModel, table=True):
    """One `cardioalert.risk/1` document, sealed."""

    __tablename__ = "quiz_result"

    id: str = Field(default_factory=new_id, primary_key=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    document: bytes
    created_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)


class Message(SQLModel, table=True):
    """Something a patient is told: the inbox of the app. What it says is made when it is read."""

    id: str = Field(default_factory=new_id, primary_key=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    template: str
    subject_id: str = ""  # the booking or analysis it is about
    critical: bool = False
    dedup_key: str = Field(unique=True)
    not_before: datetime = Field(sa_type=UtcDateTime)
    created_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)
    read_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    cancelled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Delivery(SQLModel, table=True):
    """The outbox: one message on its way, written in the transaction of the event."""

    id: str = Field(default_factory=new_id, primary_key=True)
    message_id: str = Field(foreign_key="message.id", unique=True)
    status: str = Field(default="waiting", index=True)  # waiting, sent, dead, cancelled, inbox
    channel: str = ""  # the one that took it, or the last tried
    refused: str = ""  # channels that said no for good, comma-separated
    next_attempt_at: datetime = Field(sa_type=UtcDateTime, index=True)
    attempts: int = 0
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    lease_owner: str = ""
    provider_id: str = ""
    last_error: str = ""  # a code, never a text of the provider
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Job(SQLModel, table=True):
    """Work that a worker does later, such as an analysis."""

    id: str = Field(default_factory=new_id, primary_key=True)
    kind: str = Field(index=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    subject_id: str  # the ECG file
    result_id: str | None = None
    status: str = Field(default="queued", index=True)  # queued, running, done, failed
    error_code: str = ""
    attempts: int = 0
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    lease_owner: str = ""
    created_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime, index=True)
    changed_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime)


class AuditRow(SQLModel, table=True):
    """One link of the audit chain. Triggers refuse every change and deletion."""

    __tablename__ = "audit"

    number: int = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    actor: str
    role: str
    tenant: str = ""
    action: str
    object: str
    patient_id: str = Field(default="", index=True)
    purpose: str = ""
    result: str
    request_id: str = ""
    key_id: str
    link: str  # HMAC over the link before and this row


class StoredAnswer(SQLModel, table=True):
    """The answer to a request with an idempotency key, sealed; kept for a day."""

    __tablename__ = "stored_answer"

    id: str = Field(default_factory=new_id, primary_key=True)
    request_key: str = Field(unique=True)  # hash of account, route and key
    request_hash: str
    status: int = 0  # 0: the first request is still running
    body: bytes | None = None
    created_at: datetime = Field(default_factory=now_utc, sa_type=UtcDateTime, index=True)
