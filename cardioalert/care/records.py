"""ECG files, analyses and quiz results: kept sealed, worked on by a worker.

A file's bytes stand in `files/` under a random name, sealed with the patient's data key.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import or_
from sqlmodel import Session, col, select

from cardioalert.care.desk import Actor, Desk
from cardioalert.care.patients import Person, get, open_person
from cardioalert.care.times import as_text
from cardioalert.domain.patient import Symptom
from cardioalert.errors import CardioAlertError, NotFoundError
from cardioalert.i18n import translate as _
from cardioalert.security.sealing import Place, seal, unseal
from cardioalert.store import outbox
from cardioalert.store.inserting import compare_and_swap
from cardioalert.store.people_tables import Patient
from cardioalert.store.record_tables import EcgFile, Job, QuizResult, StoredAnalysis
from cardioalert.store.types import new_id

LEASE: Final = timedelta(minutes=5)
MOST_ATTEMPTS: Final = 3
URGENT: Final = ("red",)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an analysis gave: the document, and a picture of what was read back."""

    document: dict[str, Any]
    overlay: bytes | None = None


Analyze = Callable[[bytes, Person], Answer]


def ecg_files(desk: Desk) -> Path:
    """Return the folder of stored files."""
    desk.files.mkdir(parents=True, exist_ok=True, mode=0o700)
    return desk.files


def add_file(
    desk: Desk, actor: Actor, patient_id: str, data: bytes, *,
    kind: str, symptoms: Iterable[Symptom] = (),
) -> Job:  # fmt: skip
    """Keep a checked file and queue its analysis, in one step.

    The same file of the same patient is analyzed once, unless the last try failed or other
    symptoms are said with it: they change how urgent it is.
    """
    felt = sorted(set(symptoms))
    with desk.store.writing() as session:
        patient = get(session, patient_id)
        content = desk.vault.index("file", ":".join((patient_id, data.hex(), *felt)))
        known = session.exec(
            select(Job)
            .join(EcgFile, col(Job.subject_id) == EcgFile.id)
            .where(EcgFile.content_index == content, Job.status != "failed")
        ).first()
        if known:
            return known
        file = EcgFile(patient_id=patient_id, kind=kind, size=len(data), content_index=content)
        if felt:
            file.document = seal_document(desk, patient, "ecg_file", file.id, {"symptoms": felt})
        _write_sealed(desk, patient, file.id, data)
        job = Job(kind="analysis", patient_id=patient_id, subject_id=file.id)
        session.add(file)
        session.flush()
        session.add(job)
        session.flush()
        desk.note(session, actor, "record.add", file.id, patient_id=patient_id)
        return job


def _write_sealed(desk: Desk, patient: Patient, identifier: str, data: bytes) -> None:
    key = desk.vault.data_key(patient.data_key, patient.id)
    path = ecg_files(desk) / identifier
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(seal(key, data, Place("ecg_file", "content", identifier)))
        out.flush()
        os.fsync(out.fileno())


def read_file(desk: Desk, patient: Patient, identifier: str) -> bytes:
    """Return the bytes of a stored file."""
    path = ecg_files(desk) / identifier
    if not path.is_file():
        raise NotFoundError(_("the file is gone"))
    key = desk.vault.data_key(patient.data_key, patient.id)
    return unseal(key, path.read_bytes(), Place("ecg_file", "content", identifier))


def seal_document(desk: Desk, patient: Patient, table: str, row: str, value: Any) -> bytes:
    """Seal a JSON document for its row."""
    key = desk.vault.data_key(patient.data_key, patient.id)
    return seal(key, json.dumps(value).encode(), Place(table, "document", row))


def open_document(desk: Desk, patient: Patient, table: str, row: str, sealed: bytes) -> Any:
    """Open a JSON document in its row."""
    key = desk.vault.data_key(patient.data_key, patient.id)
    return json.loads(unseal(key, sealed, Place(table, "document", row)))


def add_quiz(desk: Desk, actor: Actor, patient_id: str, document: dict[str, Any]) -> str:
    """Keep a result of the risk test."""
    with desk.store.writing() as session:
        patient, identifier = get(session, patient_id), new_id()
        sealed = seal_document(desk, patient, "quiz_result", identifier, document)
        session.add(QuizResult(id=identifier, patient_id=patient_id, document=sealed))
        desk.note(session, actor, "quiz.add", identifier, patient_id=patient_id)
    return identifier


def run_job(desk: Desk, analyze: Analyze, *, owner: str) -> bool:
    """Do one waiting analysis; a crashed worker's job is done again."""
    job = _lease(desk, owner)
    if job is None:
        return False
    with desk.store.reading() as session:
        patient = session.get(Patient, job.patient_id)
    actor = Actor(id=f"worker-{owner}"[:40], role="worker")
    if patient is None or patient.erased_at:
        _finish(desk, actor, job, error="patient-erased")
        return True
    try:
        person = replace(open_person(desk, patient), symptoms=_symptoms(desk, patient, job))
        answer = analyze(read_file(desk, patient, job.subject_id), person)
    except CardioAlertError as error:
        _finish(desk, actor, job, error=error.code)
    else:
        _finish(desk, actor, job, answer=answer)
    return True


def _symptoms(desk: Desk, patient: Patient, job: Job) -> tuple[Symptom, ...]:
    """Return what was said with a file."""
    with desk.store.reading() as session:
        file = session.get(EcgFile, job.subject_id)
    if file is None or file.document is None:
        return ()
    said = open_document(desk, patient, "ecg_file", file.id, file.document)
    return tuple(Symptom(code) for code in said["symptoms"])


def _lease(desk: Desk, owner: str) -> Job | None:
    now = desk.now()
    with desk.store.writing() as session:
        job = session.exec(
            select(Job)
            .where(
                or_(
                    col(Job.status) == "queued",
                    (col(Job.status) == "running") & (col(Job.lease_until) < now),
                )
            )
            .order_by(col(Job.created_at), col(Job.id))
            .limit(1)
            .with_for_update(skip_locked=True)
        ).first()
        if job is None:
            return None
        job.attempts += 1
        if job.attempts > MOST_ATTEMPTS:  # it kills its worker each time
            job.status, job.error_code = "failed", "worker-died"
        else:
            job.status, job.lease_until, job.lease_owner = "running", now + LEASE, owner
        job.changed_at = now
        session.add(job)
        return job if job.status == "running" else None


def _finish(
    desk: Desk, actor: Actor, job: Job, *, answer: Answer | None = None, error: str = ""
) -> None:
    """Write the result and its message in one step, if the job is still ours."""
    now, identifier = desk.now(), new_id()
    change = {
        "status": "done" if answer else "failed", "error_code": error, "changed_at": now,
        "result_id": identifier if answer else None, "lease_until": None,
    }  # fmt: skip
    seen = {"id": job.id, "status": "running", "lease_owner": job.lease_owner}
    with desk.store.writing() as session:
        if not compare_and_swap(session, Job, seen, change):
            return
        if answer:
            patient = get(session, job.patient_id)
            key = desk.vault.data_key(patient.data_key, patient.id)
            place = Place("stored_analysis", "overlay", identifier)
            session.add(
                StoredAnalysis(
                    id=identifier, patient_id=job.patient_id, file_id=job.subject_id,
                    document=seal_document(
                        desk, patient, "stored_analysis", identifier, answer.document
                    ),
                    overlay=seal(key, answer.overlay, place) if answer.overlay else None,
                )
            )  # fmt: skip
            urgent = answer.document.get("urgency") in URGENT
            outbox.enqueue(
                session, patient_id=job.patient_id, subject_id=identifier, critical=urgent,
                template="result-urgent" if urgent else "result-ready", not_before=now,
            )  # fmt: skip
        desk.note(session, actor, f"analysis.{change['status']}", job.id, patient_id=job.patient_id)


def analyses(
    session: Session, patient_id: str, *, after: str = "", limit: int = 50
) -> list[StoredAnalysis]:
    """Return a patient's analyses, the latest first."""
    query = select(StoredAnalysis).where(StoredAnalysis.patient_id == patient_id)
    if after:
        last = session.get(StoredAnalysis, after)
        if last is None or last.patient_id != patient_id:
            raise NotFoundError(_("there is no such analysis"))
        query = query.where(
            (col(StoredAnalysis.created_at) < last.created_at)
            | (
                (col(StoredAnalysis.created_at) == last.created_at)
                & (col(StoredAnalysis.id) > last.id)
            )
        )
    ordered = query.order_by(col(StoredAnalysis.created_at).desc(), col(StoredAnalysis.id))
    return list(session.exec(ordered.limit(limit)))


def overlay_of(desk: Desk, patient: Patient, row: StoredAnalysis) -> bytes | None:
    """Return the picture of what was read back."""
    if row.overlay is None:
        return None
    key = desk.vault.data_key(patient.data_key, patient.id)
    return unseal(key, row.overlay, Place("stored_analysis", "overlay", row.id))


def job(desk: Desk, job_id: str) -> Job:
    """Return a job; who may see it is for the caller to check."""
    with desk.store.reading() as session:
        found = session.get(Job, job_id)
    if found is None:
        raise NotFoundError(_("there is no such job"))
    return found


def analysis_row(desk: Desk, analysis_id: str) -> StoredAnalysis:
    """Return an analysis, still sealed."""
    with desk.store.reading() as session:
        found = session.get(StoredAnalysis, analysis_id)
    if found is None:
        raise NotFoundError(_("there is no such analysis"))
    return found


def read_analysis(
    desk: Desk, actor: Actor, row: StoredAnalysis, language: str = ""
) -> dict[str, Any]:
    """Open an analysis for somebody who may read it, and write down that it was read.

    Parameters
    ----------
    language : the reader's; where the analysis has no texts in it, they stay as they were made
    """
    with desk.store.writing() as session:
        patient = get(session, row.patient_id)
        document = open_document(desk, patient, "stored_analysis", row.id, row.document)
        desk.note(session, actor, "record.read", row.id, patient_id=row.patient_id)
    in_others: dict[str, dict[str, Any]] = document.pop("languages", {})
    return {**document, **in_others.get(language, {})}


def summaries(
    desk: Desk, actor: Actor, patient_id: str, *, after: str, limit: int
) -> list[dict[str, Any]]:
    """Return a patient's analyses in short, the latest first."""
    with desk.store.writing() as session:
        patient = get(session, patient_id)
        found = []
        for row in analyses(session, patient_id, after=after, limit=limit):
            document = open_document(desk, patient, "stored_analysis", row.id, row.document)
            short = {name: document.get(name) for name in ("overall", "urgency")}
            found.append({"id": row.id, "at": as_text(row.created_at), **short})
        desk.note(session, actor, "record.list", patient_id, patient_id=patient_id)
    return found
