"""Errors as application/problem+json (RFC 9457), whoever raised them."""

from __future__ import annotations

import logging
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from cardioalert import errors
from cardioalert.hospital.fhir import scheduling
from cardioalert.i18n import translate as _

log = logging.getLogger(__name__)

STATUSES: Final = (
    (errors.SignInError, 401),
    (errors.NotAllowedError, 403),
    (errors.NotFoundError, 404),
    (errors.SlotTakenError, 409),
    (errors.HoldExpiredError, 409),
    (errors.ChangedMeanwhileError, 409),
    (errors.TooManyHoldsError, 409),
    (errors.AlreadyBookedError, 409),
    (errors.SlotNotOfferedError, 409),
    (errors.FileTooLargeError, 413),
    (errors.PictureSizeError, 413),
    (errors.UnknownFormatError, 415),
    (errors.KeyReusedError, 422),
    (errors.InputError, 422),
    (errors.CareError, 422),
    (errors.LimitError, 422),
    (errors.StoreError, 503),
)
"""The first class that fits decides; what is not here is the server's own fault, 500."""
CODES: Final = {
    400: "bad-request", 401: "sign-in", 403: "not-allowed", 404: "not-found",
    405: "method-not-allowed", 409: "conflict", 413: "too-large", 415: "unsupported-type",
    422: "invalid", 429: "too-many-requests", 500: "internal-error", 503: "unavailable",
}  # fmt: skip


ISSUES: Final = {
    400: "invalid", 401: "login", 403: "forbidden", 404: "not-found", 405: "not-supported",
    409: "not-found", 413: "too-long", 422: "invalid", 429: "throttled", 503: "transient",
}  # fmt: skip
"""FHIR's issue types. A time that is taken is `not-found`: IHE ITI-116 asks for it."""
FHIR_JSON: Final = "application/fhir+json"


class TooManyRequestsError(errors.CardioAlertError):
    """Somebody asks more often than one person does."""

    code = "too-many-requests"

    def __init__(self, seconds: float) -> None:
        super().__init__(_("too many requests"))
        self.seconds = max(1, round(seconds))


def problem(
    request: Request, status: int, *, code: str = "", detail: str = "", hint: str = "",
    headers: dict[str, str] | None = None,
) -> JSONResponse:  # fmt: skip
    """Return one problem; `instance` is the request's number, never its address.

    Who speaks FHIR gets an OperationOutcome.
    """
    if request.url.path.startswith("/fhir/"):
        kind = ISSUES.get(status, "processing")
        text = " ".join(filter(None, (detail, hint))) or CODES.get(status, "error")
        return JSONResponse(
            scheduling.outcome("fatal", kind, text, code=code or CODES.get(status, "error")),
            status_code=status, media_type=FHIR_JSON, headers=headers,
        )  # fmt: skip
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": CODES.get(status, "error").replace("-", " "),
        "status": status,
        "detail": detail,
        "code": code or CODES.get(status, "error"),
        "hint": hint,
        "instance": f"urn:request:{getattr(request.state, 'request_id', '')}",
    }
    return JSONResponse(
        body, status_code=status, media_type="application/problem+json", headers=headers
    )


def install(app: FastAPI) -> None:
    """Let every error of the application leave as a problem."""

    @app.exception_handler(errors.CardioAlertError)
    def expected(request: Request, error: errors.CardioAlertError) -> JSONResponse:
        status = next((code for kind, code in STATUSES if isinstance(error, kind)), 500)
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
        if isinstance(error, TooManyRequestsError):
            status, headers = 429, {"Retry-After": str(error.seconds)}
        if status >= 500:
            log.error("request failed", extra={"code": error.code})
            return problem(request, status)
        return problem(
            request, status, code=error.code, detail=error.message, hint=_(error.hint),
            headers=headers,
        )  # fmt: skip

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        # The place and the rule, never the value: it may be personal.
        found = error.errors()[0]
        place = ".".join(str(part) for part in found["loc"])
        return problem(request, 422, detail=f"{place}: {found['type']}")

    @app.exception_handler(HTTPException)
    def plain(request: Request, error: HTTPException) -> JSONResponse:
        headers = dict(error.headers or {})
        if error.status_code == 405:  # a path is several routes: name the methods of all
            headers["Allow"] = ", ".join(sorted(_methods(request)))
        return problem(request, error.status_code, headers=headers)

    @app.exception_handler(Exception)
    def unexpected(request: Request, error: Exception) -> JSONResponse:
        log.error("request crashed", exc_info=error)
        return problem(request, 500)


def _methods(request: Request) -> set[str]:
    """Return what may be done with the path of a request; one written out wins over a pattern."""
    paths = request.app.openapi()["paths"]
    fitting = [path for path in paths if compile_path(path)[0].match(request.url.path)]
    named = [request.url.path] if request.url.path in paths else fitting
    return {method.upper() for path in named for method in paths[path]}


def binary(media_type: str) -> dict[int | str, dict[str, Any]]:
    """Return what a route's documentation says of an answer that is a file."""
    shape = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"description": "A file", "content": {media_type: shape}}}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what a route's documentation says of its errors."""
    return _documented("application/problem+json", "Problem", statuses)


def documented_fhir(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what the documentation says of errors for those who speak FHIR."""
    return _documented(FHIR_JSON, "FhirResource", statuses)


def _documented(
    media_type: str, name: str, statuses: tuple[int, ...]
) -> dict[int | str, dict[str, Any]]:
    shape = {media_type: {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    every = sorted({400, 413, 422, 429, 500, *statuses})
    return {status: {"description": CODES[status], "content": shape} for status in every}
