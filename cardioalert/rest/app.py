"""The application: what happens to every request, then the routes."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, Literal

from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi

from cardioalert import __version__
from cardioalert.care.desk import Desk
from cardioalert.i18n import LANGUAGES, set_language
from cardioalert.isolation import IsolatedCall
from cardioalert.notify.channel import Channel
from cardioalert.rest import problems
from cardioalert.rest.openapi30 import as_openapi_30
from cardioalert.rest.routes import bookings, clinics, fhir, page, people, records, sessions, system
from cardioalert.rest.schemas import Problem
from cardioalert.security.limits import Limiter
from cardioalert.security.uploads import CLEANING, CLEANING_LIMITS, MOST_FILE_BYTES

log = logging.getLogger(__name__)

MOST_BODY_BYTES: Final = 100_000  # of everything that is no upload
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Strict-Transport-Security": "max-age=31536000",
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; frame-ancestors 'none'"
    ),
    "Permissions-Policy": "camera=(self), geolocation=(self)",
    "Cache-Control": "no-store",
}


def create_app(desk: Desk | None, *, channels: tuple[Channel, ...] = ()) -> FastAPI:
    """Return the server of one installation.

    Parameters
    ----------
    desk : the installation; None makes an app that can only be described
    channels : where sign-in codes are sent
    """
    app = FastAPI(
        title="CardioAlert",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/openapi.json",
        generate_unique_id_function=lambda route: route.name,
        lifespan=while_serving,
    )
    app.state.desk = desk
    app.state.limiter = Limiter()
    app.state.channels = channels
    app.state.counts = {}
    app.state.cleaner = IsolatedCall(CLEANING, CLEANING_LIMITS)
    problems.install(app)
    app.middleware("http")(each_request)
    for module in (sessions, people, clinics, bookings, records, fhir, system, page):
        app.include_router(module.router)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def while_serving(app: FastAPI) -> AsyncIterator[None]:
    """End the process that cleans uploads with the server."""
    yield
    app.state.cleaner.close()


async def each_request(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Number a request, choose its language, limit it, and add the headers of safety."""
    began = time.perf_counter()
    request.state.request_id = uuid.uuid4().hex
    set_language(language_of(request.headers.get("accept-language", "")))
    response = refuse(request) or await call_next(request)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["X-Request-Id"] = request.state.request_id
    count(request, response.status_code, began)
    return response


def refuse(request: Request) -> Response | None:
    """Refuse what is too much before any of it is read."""
    host = request.client.host if request.client else ""
    wait = request.app.state.limiter.wait("page" if page.is_file(request.url.path) else "any", host)
    if wait:
        return problems.problem(request, 429, headers={"Retry-After": str(max(1, round(wait)))})
    most = MOST_FILE_BYTES + 10_000 if request.url.path == "/v1/ecg" else MOST_BODY_BYTES
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > most:
        return problems.problem(request, 413)
    if "transfer-encoding" in request.headers:
        return problems.problem(request, 413, detail="send a Content-Length")
    return None


def language_of(header: str) -> str:
    """Return the first language of Accept-Language that there is; English otherwise."""
    for part in header.split(","):
        code = part.strip()[:2].lower()
        if code in LANGUAGES:
            return code
    return "en"


def count(request: Request, status: int, began: float) -> None:
    """Count a request by its route, never by its address."""
    route = getattr(request.scope.get("route"), "path", "unknown")
    seconds = time.perf_counter() - began
    key = (request.method, route, status)
    number, total = request.app.state.counts.get(key, (0, 0.0))
    request.app.state.counts[key] = (number + 1, total + seconds)
    log.info(
        "request",
        extra={
            "request_id": request.state.request_id, "method": request.method, "route": route,
            "status": status, "ms": round(seconds * 1000),
        },
    )  # fmt: skip


def openapi(version: Literal["3.1", "3.0"] = "3.1") -> dict[str, Any]:
    """Return the description of the interface, in a version of OpenAPI."""
    document: dict[str, Any] = create_app(None).openapi()
    return document if version == "3.1" else as_openapi_30(document)


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, with the shape of errors."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, routes=app.routes,
            description="ECG analysis, clinics and booking. Emergency: 103.",
        )  # fmt: skip
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas["Problem"] = Problem.model_json_schema()
        schemas.pop("HTTPValidationError", None)
        schemas.pop("ValidationError", None)
        app.openapi_schema = document
    return app.openapi_schema
