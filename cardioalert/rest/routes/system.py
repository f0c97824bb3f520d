"""Is it alive, is it ready, how is it doing."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from cardioalert import __version__
from cardioalert.care.opening import require_ready
from cardioalert.rest import answers
from cardioalert.rest.guards import DeskOf
from cardioalert.rest.problems import documented

router = APIRouter(tags=["system"])
OPEN = {"x-policy": "clinic.read"}


@router.get("/health/live", openapi_extra=OPEN, responses=documented())
def health_live() -> answers.Alive:
    """Tell that the process answers."""
    return answers.Alive(status="alive", version=__version__)


@router.get("/health/ready", openapi_extra=OPEN, responses=documented(503))
def health_ready(desk: DeskOf) -> answers.Status:
    """Tell that the database answers and has the right tables."""
    require_ready(desk)
    return answers.Status(status="ready")


@router.get("/metrics", openapi_extra=OPEN, responses=documented(), response_class=Response)
def metrics(request: Request) -> Response:
    """Count requests for Prometheus: routes and statuses, nothing of anybody."""
    counts: dict[tuple[str, str, int], tuple[int, float]] = request.app.state.counts
    lines = ["# TYPE cardioalert_requests_total counter"]
    seconds = ["# TYPE cardioalert_request_seconds_total counter"]
    for (method, route, status), (number, total) in sorted(counts.items()):
        labels: Any = f'{{method="{method}",route="{route}",status="{status}"}}'
        lines.append(f"cardioalert_requests_total{labels} {number}")
        seconds.append(f"cardioalert_request_seconds_total{labels} {total:.3f}")
    return Response("\n".join([*lines, *seconds, ""]), media_type="text/plain; version=0.0.4")
