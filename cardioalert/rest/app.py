"""The application: its routes, and its description."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from cardioalert import __version__
from cardioalert.care.desk import Desk
from cardioalert.isolation import IsolatedCall
from cardioalert.notify.channel import Channel
from cardioalert.rest import problems
from cardioalert.rest.each_request import EachRequest
from cardioalert.rest.openapi30 import as_openapi_30
from cardioalert.rest.routes import bookings, clinics, fhir, page, people, records, sessions, system
from cardioalert.rest.schemas import Problem
from cardioalert.security.limits import Limiter
from cardioalert.security.uploads import CLEANING, CLEANING_LIMITS


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
    app.add_middleware(EachRequest)
    for module in (sessions, people, clinics, bookings, records, fhir, system, page):
        app.include_router(module.router)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def while_serving(app: FastAPI) -> AsyncIterator[None]:
    """End the process that cleans uploads with the server."""
    yield
    app.state.cleaner.close()


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
