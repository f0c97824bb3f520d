"""ECG files and what was found in them; the risk test."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Final

from fastapi import APIRouter, File, Form, Path, Query, Request, Response, UploadFile

from cardioalert.care import patients, records
from cardioalert.care.desk import Actor, Desk
from cardioalert.care.times import as_text
from cardioalert.domain.patient import Symptom
from cardioalert.errors import InvalidDataError, NotFoundError
from cardioalert.i18n import language
from cardioalert.i18n import translate as _
from cardioalert.rest import answers
from cardioalert.rest.guards import ActorOf, DeskOf, check_patient, limit, own_patient
from cardioalert.rest.problems import binary, documented
from cardioalert.rest.repeating import REPEATABLE, RepeatableRoute
from cardioalert.rest.schemas import QuizSoFar
from cardioalert.security.uploads import clean_apart

router = APIRouter(prefix="/v1", tags=["records"], route_class=RepeatableRoute)
READ = {"x-policy": "record.read"}
ADD = {"x-policy": "record.add"}
PatientQuery = Annotated[str, Query(max_length=64)]
AnalysisPath = Annotated[str, Path(max_length=64)]
Upload = Annotated[UploadFile, File(json_schema_extra={"minLength": 1})]
Symptoms = Annotated[
    list[Symptom],
    Form(
        default_factory=list,
        description="What is felt now or was today; repeated. It can make a result urgent.",
    ),
]
PreviousQuery = Annotated[str, Query(max_length=64, description="An earlier one to compare with")]
REPORT_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; sandbox"
)
"""A report is one file with all it needs in it, and no script."""


@router.post(
    "/ecg", status_code=202, openapi_extra=ADD, dependencies=[REPEATABLE],
    responses=documented(401, 403, 404, 409, 413, 415),
)  # fmt: skip
def add_ecg(
    *,
    request: Request, response: Response, desk: DeskOf, actor: ActorOf, file: Upload,
    symptoms: Symptoms, patient: PatientQuery = "",
) -> answers.Job:  # fmt: skip
    """Send a photo or a record, with what is felt; the answer names the job that reads it."""
    limit(request, "upload", actor.id)
    whose = patient or own_patient(actor)
    check_patient(desk, actor, "record.add", whose)
    cleaned = clean_apart(request.app.state.cleaner, file.file.read())
    job = records.add_file(desk, actor, whose, cleaned.data, kind=cleaned.kind, symptoms=symptoms)
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    return job_document(job)


@router.get("/jobs/{job_id}", openapi_extra=READ, responses=documented(401, 403, 404))
def show_job(
    job_id: Annotated[str, Path(max_length=64)], desk: DeskOf, actor: ActorOf
) -> answers.Job:
    """Tell how far a job is, and which analysis it made."""
    job = records.job(desk, job_id)
    check_patient(desk, actor, "record.read", job.patient_id)
    return job_document(job)


def job_document(job: Any) -> answers.Job:
    """Return a job for clients."""
    return answers.Job(
        id=job.id, status=job.status, analysis=job.result_id, error_code=job.error_code or None
    )


@router.get("/analyses", openapi_extra=READ, responses=documented(401, 403, 404))
def list_analyses(
    desk: DeskOf, actor: ActorOf, patient: PatientQuery = "",
    after: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> answers.AnalysisList:  # fmt: skip
    """List analyses, the latest first."""
    whose = patient or own_patient(actor)
    check_patient(desk, actor, "record.read", whose)
    found = records.summaries(desk, actor, whose, after=after, limit=limit)
    more = found[-1]["id"] if len(found) == limit else None
    return answers.AnalysisList.model_validate({"analyses": found, "after": more})


@router.get("/analyses/{analysis_id}", openapi_extra=READ, responses=documented(401, 403, 404))
def show_analysis(
    analysis_id: AnalysisPath,
    response: Response,
    desk: DeskOf,
    actor: ActorOf,
    explain: bool = False,
) -> answers.StoredAnalysis:
    """Return one analysis: the document `cardioalert.analysis/1`, in the language asked for.

    With `explain` it holds the curves and all that was measured lead by lead, too: 0.4 MB.
    """
    row, _patient = readable(desk, actor, analysis_id)
    document = records.read_analysis(desk, actor, row, language())
    if not explain:
        document.pop("explanation", None)
    # An analysis never changes; what is told of it depends on language and wish.
    response.headers["ETag"] = f'"{row.id}-{language()}{"-explained" if explain else ""}"'
    return answers.StoredAnalysis.model_validate(
        {"id": row.id, "at": as_text(row.created_at), "analysis": document}
    )


@router.get("/analyses/{analysis_id}/overlay.jpg", openapi_extra=READ,
            responses=documented(401, 403, 404) | binary("image/jpeg"),
            response_class=Response)  # fmt: skip
def show_overlay(analysis_id: AnalysisPath, desk: DeskOf, actor: ActorOf) -> Response:
    """Return the photo with the curves that were read back drawn on it."""
    row, patient = readable(desk, actor, analysis_id)
    picture = records.overlay_of(desk, patient, row)
    if picture is None:
        raise NotFoundError(_("this analysis has no picture"))
    return Response(picture, media_type="image/jpeg")


@router.get("/analyses/{analysis_id}/report.html", openapi_extra=READ,
            responses=documented(401, 403, 404) | binary("text/html"),
            response_class=Response)  # fmt: skip
def show_report(
    analysis_id: AnalysisPath, desk: DeskOf, actor: ActorOf, previous: PreviousQuery = ""
) -> Response:
    """Return the report for patient and clinician as one page, in the reader's language."""
    page = report(desk, actor, analysis_id, previous, ".html")
    headers = {"Content-Security-Policy": REPORT_POLICY}
    return Response(page, media_type="text/html; charset=utf-8", headers=headers)


@router.get("/analyses/{analysis_id}/report.pdf", openapi_extra=READ,
            responses=documented(401, 403, 404) | binary("application/pdf"),
            response_class=Response)  # fmt: skip
def show_report_pdf(
    analysis_id: AnalysisPath, desk: DeskOf, actor: ActorOf, previous: PreviousQuery = ""
) -> Response:
    """Return the report as a PDF file, in the reader's language."""
    return Response(
        report(desk, actor, analysis_id, previous, ".pdf"), media_type="application/pdf"
    )


def report(desk: Desk, actor: Actor, analysis_id: str, previous: str, ending: str) -> bytes:
    """Return the bytes of a report."""
    from cardioalert.report.make import render, report_of_document  # noqa: PLC0415 - heavy

    row, _patient = readable(desk, actor, analysis_id)
    earlier = earlier_row(desk, actor, row, previous) if previous else None
    content = report_of_document(
        opened(desk, actor, row), previous=opened(desk, actor, earlier) if earlier else None
    )
    return render(content, ending)


def opened(desk: Desk, actor: Actor, row: Any) -> Any:
    """Return an analysis as reports read it, in the reader's language."""
    from cardioalert.report.document import read_document  # noqa: PLC0415 - heavy

    return read_document(records.read_analysis(desk, actor, row, language()))


def earlier_row(desk: Desk, actor: Actor, row: Any, previous: str) -> Any:
    """Return an earlier analysis of the same patient."""
    earlier, _patient = readable(desk, actor, previous)
    if earlier.patient_id != row.patient_id:
        raise InvalidDataError(_("both analyses must be of the same person"))
    return earlier


@router.get("/analyses/{analysis_id}/comparison", openapi_extra=READ,
            responses=documented(401, 403, 404))  # fmt: skip
def compare_analyses(
    analysis_id: AnalysisPath,
    desk: DeskOf,
    actor: ActorOf,
    previous: Annotated[str, Query(min_length=1, max_length=64)],
) -> answers.Comparison:
    """Tell what changed since an earlier analysis, beyond what measurements differ by."""
    from cardioalert.report.comparison import compare  # noqa: PLC0415 - heavy

    row, _patient = readable(desk, actor, analysis_id)
    earlier = earlier_row(desk, actor, row, previous)
    found = compare(opened(desk, actor, row), opened(desk, actor, earlier))
    return answers.Comparison.model_validate(
        {"id": row.id, "previous": earlier.id, **asdict(found)}
    )


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


@router.post("/quiz", status_code=201, openapi_extra=ADD, dependencies=[REPEATABLE],
             responses=documented(401, 403, 404, 409))  # fmt: skip
def add_quiz(
    body: dict[str, Any], desk: DeskOf, actor: ActorOf, patient: PatientQuery = ""
) -> answers.QuizAnswer:
    """Take the risk test: answers as for `cardioalert quiz --answers`; returns the result."""
    from cardioalert.risk import assess, read_answers  # noqa: PLC0415 - heavy, needed here only

    whose = patient or own_patient(actor)
    check_patient(desk, actor, "record.add", whose)
    result = assess(read_answers(body)).to_dict()
    return answers.QuizAnswer(id=records.add_quiz(desk, actor, whose, result), result=result)
