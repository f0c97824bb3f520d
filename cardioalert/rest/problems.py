"""Errors as application/problem+json (RFC 9457), whoever raised them."""

from __future__ import annotations

import logging
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from cardioalert import errors
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
    (errors.SlotNotOfferedError, 409),
    (errors.FileTooLargeError, 413),
    (errors.PictureSizeError, 413),
    (errors.UnknownFormatError, 415),
    (errors.KeyReusedError, 422),
    (errors.InputError, 422),
    (errors.CareError, 422),
    (errors.StoreError, 503),
)
"""The first class that fits decides; what is not here is the server's own fault, 500."""
CODES: Final = {
    400: "bad-request", 401: "sign-in", 403: "not-allowed", 404: "not-found",
    405: "method-not-allowed", 409: "conflict", 413: "too-large", 415: "unsupported-type",
    422: "invalid", 429: "too-many-requests", 500: "internal-error", 503: "unavailable",
}  # fmt: skip


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
    """Return one problem; `instance` is the request's number, never its address."""
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
        return problem(request, error.status_code, headers=dict(error.headers or {}))

    @app.exception_handler(Exception)
    def unexpected(request: Request, error: Exception) -> JSONResponse:
        log.error("request crashed", exc_info=error)
        return problem(request, 500)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what a route's documentation says of its errors."""
    shape = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    every = sorted({400, 422, 429, 500, *statuses})
    return {status: {"description": CODES[status], "content": shape} for status in every}
