"""ECG files and what was found in them; the risk test."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response, UploadFile

from cardioalert.care import patients, records
from cardioalert.care.desk import Actor, Desk
from cardioalert.care.times import as_text
from cardioalert.errors import NotFoundError
from cardioalert.i18n import language
from cardioalert.rest.guards import ActorOf, DeskOf, check_patient, limit, own_patient
from cardioalert.rest.problems import documented
from cardioalert.rest.schemas import QuizSoFar
from cardioalert.security.uploads import clean

router = APIRouter(prefix="/v1", tags=["records"])
READ = {"x-policy": "record.read"}
ADD = {"x-policy": "record.add"}
PatientQuery = Annotated[str, Query(max_length=64)]


@router.post(
    "/ecg", status_code=202, openapi_extra=ADD, responses=documented(401, 403, 404, 413, 415)
)
def add_ecg(
    *,
    request: Request, response: Response, desk: DeskOf, actor: ActorOf, file: UploadFile,
    patient: PatientQuery = "",
) -> dict[str, Any]:  # fmt: skip
    """Send a photo or a record; the answer names the job that reads it."""
    limit(request, "upload", actor.id)
    whose = patient or own_patient(actor)
    check_patient(desk, actor, "record.add", whose)
    cleaned = clean(file.file.read())
    job = records.add_file(desk, actor, whose, cleaned.data, kind=cleaned.kind)
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    return job_document(job)


@router.get("/jobs/{job_id}", openapi_extra=READ, responses=documented(401, 403, 404))
def show_job(job_id: str, desk: DeskOf, actor: ActorOf) -> dict[str, Any]:
    """Tell how far a job is, and which analysis it made."""
    job = records.job(desk, job_id)
    check_patient(desk, actor, "record.read", job.patient_id)
    return job_document(job)


def job_document(job: Any) -> dict[str, Any]:
    """Return a job for clients."""
    return {
        "id": job.id, "status": job.status, "analysis": job.result_id,
        "error_code": job.error_code or None,
    }  # fmt: skip


@router.get("/analyses", openapi_extra=READ, responses=documented(401, 403, 404))
def list_analyses(
    desk: DeskOf, actor: ActorOf, patient: PatientQuery = "",
    after: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> dict[str, Any]:  # fmt: skip
    """List analyses, the latest first."""
    whose = patient or own_patient(actor)
    check_patient(desk, actor, "record.read", whose)
    found = records.summaries(desk, actor, whose, after=after, limit=limit)
    return {"analyses": found, "after": found[-1]["id"] if len(found) == limit else None}


@router.get("/analyses/{analysis_id}", openapi_extra=READ, responses=documented(401, 403, 404))
def show_analysis(
    analysis_id: str, desk: DeskOf, actor: ActorOf, explain: bool = False
) -> dict[str, Any]:
    """Return one analysis: the document `cardioalert.analysis/1`, in the language asked for.

    With `explain` it holds the curves and all that was measured lead by lead, too: 0.4 MB.
    """
    row, _patient = readable(desk, actor, analysis_id)
    document = records.read_analysis(desk, actor, row, language())
    if not explain:
        document.pop("explanation", None)
    return {"id": row.id, "at": as_text(row.created_at), "analysis": document}


@router.get("/analyses/{analysis_id}/overlay.jpg", openapi_extra=READ,
            responses=documented(401, 403, 404), response_class=Response)  # fmt: skip
def show_overlay(analysis_id: str, desk: DeskOf, actor: ActorOf) -> Response:
    """Return the photo with the curves that were read back drawn on it."""
    row, patient = readable(desk, actor, analysis_id)
    picture = records.overlay_of(desk, patient, row)
    if picture is None:
        raise NotFoundError("this analysis has no picture")
    return Response(picture, media_type="image/jpeg")


def readable(desk: Desk, actor: Actor, analysis_id: str) -> tuple[Any, Any]:
    """Return an analysis the caller may read, and its patient."""
    row = records.analysis_row(desk, analysis_id)
    check_patient(desk, actor, "record.read", row.patient_id)
    with desk.store.reading() as session:
        return row, patients.get(session, row.patient_id)


@router.post("/quiz/next", openapi_extra={"x-policy": "quiz.ask"}, responses=documented())
def ask_quiz(body: QuizSoFar) -> dict[str, Any]:
    """Tell what to ask next; nothing is kept, and no session is needed."""
    from cardioalert.risk.dialogue import Reply, replay  # noqa: PLC0415 - heavy, needed here only

    return replay([Reply(key=reply.key, text=reply.text) for reply in body.replies]).to_dict()


@router.post("/quiz/result", openapi_extra={"x-policy": "quiz.ask"}, responses=documented())
def show_quiz_result(body: dict[str, Any]) -> dict[str, Any]:
    """Return the result of the risk test without keeping it."""
    from cardioalert.risk import assess, read_answers  # noqa: PLC0415 - heavy, needed here only

    return {"result": assess(read_answers(body)).to_dict()}


@router.post("/quiz", status_code=201, openapi_extra=ADD, responses=documented(401, 403, 404))
def add_quiz(
    body: dict[str, Any], desk: DeskOf, actor: ActorOf, patient: PatientQuery = ""
) -> dict[str, Any]:
    """Take the risk test: answers as for `cardioalert quiz --answers`; returns the result."""
    from cardioalert.risk import assess, read_answers  # noqa: PLC0415 - heavy, needed here only

    whose = patient or own_patient(actor)
    check_patient(desk, actor, "record.add", whose)
    result = assess(read_answers(body)).to_dict()
    return {"id": records.add_quiz(desk, actor, whose, result), "result": result}
