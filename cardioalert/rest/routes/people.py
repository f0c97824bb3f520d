"""A patient's own things: profile, consent, phones, messages, export, history, erasure."""

from __future__ import annotations

import hashlib
import secrets
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Path, Response

from cardioalert.care import patients, privacy, reaching
from cardioalert.care.inbox import inbox
from cardioalert.errors import ChangedMeanwhileError
from cardioalert.i18n import language
from cardioalert.i18n import translate as _
from cardioalert.rest import answers
from cardioalert.rest.guards import ActorOf, DeskOf, check_patient, own_patient
from cardioalert.rest.problems import documented
from cardioalert.rest.repeating import REPEATABLE, RepeatableRoute
from cardioalert.rest.schemas import ConsentChange, DeviceAdd, Glass, ProfileChange

router = APIRouter(prefix="/v1", tags=["people"], route_class=RepeatableRoute)
_SALT: Final = secrets.token_hex(16)  # of this process: an ETag cannot be guessed from a name
Match = Annotated[str | None, Header(alias="If-Match", max_length=40)]


def policy(name: str) -> dict[str, str]:
    """Name the row of the policy table."""
    return {"x-policy": name}


@router.get("/patients/{patient_id}", openapi_extra=policy("patient.read"),
            responses=documented(401, 403, 404))  # fmt: skip
def show_patient(
    patient_id: Annotated[str, Path(max_length=64)],
    response: Response,
    desk: DeskOf,
    actor: ActorOf,
) -> answers.Patient:
    """Show a patient; `me` is one's own."""
    whose = own_patient(actor) if patient_id == "me" else patient_id
    check_patient(desk, actor, "patient.read", whose)
    return profile(patients.show(desk, actor, whose), response)


@router.patch(
    "/me", openapi_extra=policy("patient.change"), responses=documented(401, 403, 404, 409)
)
def change_me(
    *, body: ProfileChange, response: Response, desk: DeskOf, actor: ActorOf, match: Match = None
) -> answers.Patient:
    """Change one's own profile, in the version one saw (If-Match)."""
    whose = own_patient(actor)
    check_patient(desk, actor, "patient.change", whose)
    if match is not None and match.strip('"') != tag_of(patients.show(desk, actor, whose)):
        raise ChangedMeanwhileError(_("the profile was changed meanwhile"))
    patients.change_profile(desk, actor, whose, body.model_dump(exclude_none=True))
    return profile(patients.show(desk, actor, whose), response)


def profile(document: dict[str, Any], response: Response) -> answers.Patient:
    """Return a patient with an ETag, which is what a change must match."""
    response.headers["ETag"] = f'"{tag_of(document)}"'
    return answers.Patient.model_validate(document)


def tag_of(document: dict[str, Any]) -> str:
    """Return what names this version of a document, and tells nothing of it."""
    return hashlib.sha256(f"{_SALT}{sorted(document.items())}".encode()).hexdigest()[:20]


@router.get(
    "/me/consents", openapi_extra=policy("consent.read"), responses=documented(401, 403, 404)
)
def list_consents(desk: DeskOf, actor: ActorOf) -> dict[str, bool]:
    """Tell what one allows."""
    whose = own_patient(actor)
    check_patient(desk, actor, "consent.read", whose)
    with desk.store.reading() as session:
        return reaching.consents(session, whose)


@router.put(
    "/me/consents", openapi_extra=policy("consent.change"), responses=documented(401, 403, 404)
)
def change_consent(body: ConsentChange, desk: DeskOf, actor: ActorOf) -> dict[str, bool]:
    """Allow something, or take it back."""
    whose = own_patient(actor)
    check_patient(desk, actor, "consent.change", whose)
    reaching.set_consent(desk, actor, whose, body.scope, granted=body.granted, language=language())
    with desk.store.reading() as session:
        return reaching.consents(session, whose)


@router.post("/me/devices", status_code=201, openapi_extra=policy("device.change"),
             dependencies=[REPEATABLE], responses=documented(401, 403, 404, 409))  # fmt: skip
def add_device(body: DeviceAdd, desk: DeskOf, actor: ActorOf) -> answers.Identifier:
    """Send push messages to this phone."""
    whose = own_patient(actor)
    check_patient(desk, actor, "device.change", whose)
    return answers.Identifier(id=reaching.add_device(desk, actor, whose, body.token))


@router.get(
    "/me/messages", openapi_extra=policy("message.read"), responses=documented(401, 403, 404)
)
def list_messages(desk: DeskOf, actor: ActorOf) -> answers.Inbox:
    """Read the inbox, the latest first."""
    whose = own_patient(actor)
    check_patient(desk, actor, "message.read", whose)
    return answers.Inbox.model_validate({"messages": inbox(desk, whose, language())})


@router.get("/me/export", openapi_extra=policy("export.read"), responses=documented(401, 403, 404))
def export_me(desk: DeskOf, actor: ActorOf) -> dict[str, Any]:
    """Take everything that is held of oneself."""
    whose = own_patient(actor)
    check_patient(desk, actor, "export.read", whose)
    return privacy.export(desk, actor, whose)


@router.get(
    "/me/access", openapi_extra=policy("access.history"), responses=documented(401, 403, 404)
)
def list_access(desk: DeskOf, actor: ActorOf) -> answers.AccessHistory:
    """Tell who used one's data."""
    whose = own_patient(actor)
    check_patient(desk, actor, "access.history", whose)
    with desk.store.reading() as session:
        rows = privacy.access_history(session, whose)
    return answers.AccessHistory.model_validate({"rows": rows})


@router.delete("/me", status_code=204, openapi_extra=policy("patient.erase"),
               responses=documented(401, 403, 404))  # fmt: skip
def erase_me(desk: DeskOf, actor: ActorOf) -> None:
    """Be forgotten, for good."""
    whose = own_patient(actor)
    check_patient(desk, actor, "patient.erase", whose)
    privacy.erase(desk, actor, whose)


@router.post("/break-glass", status_code=201, openapi_extra=policy("glass.break"),
             dependencies=[REPEATABLE], responses=documented(401, 403, 404, 409))  # fmt: skip
def break_glass(body: Glass, desk: DeskOf, actor: ActorOf) -> answers.OpenGlass:
    """Open one patient's records in an emergency, for an hour; the reason is written down."""
    check_patient(desk, actor, "glass.break", body.patient)
    until = privacy.break_glass(desk, actor, body.patient, body.reason)
    return answers.OpenGlass(patient=body.patient, until=until or "")
