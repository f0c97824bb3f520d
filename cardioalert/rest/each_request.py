"""What happens to every request before and after its route.

Plain ASGI: the middleware of the framework that takes functions runs each request in tasks of its
own and hands every part of an answer through queues, which costs as much as the route.
"""

from __future__ import annotations

import logging
import time
import uuid
from typing import Final

from fastapi import Request, Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cardioalert.i18n import LANGUAGES, set_language
from cardioalert.rest import problems
from cardioalert.rest.routes import page
from cardioalert.security.uploads import MOST_FILE_BYTES

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


class EachRequest:
    """Number a request, choose its language, limit it, and add the headers of safety."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500
        request = Request(scope)
        request.state.request_id = uuid.uuid4().hex
        set_language(language_of(request.headers.get("accept-language", "")))

        async def send_safely(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                add_headers(message, request.state.request_id)
            await send(message)

        try:
            await (refuse(request) or self.app)(scope, receive, send_safely)
        finally:
            count(request, status, began)


def add_headers(message: Message, request_id: str) -> None:
    """Add the headers of safety to the start of an answer, unless the route has set them."""
    headers = MutableHeaders(scope=message)
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    headers["X-Request-Id"] = request_id


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
