"""Who asks, and whether they may: the one way from a route to the policy table."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from cardioalert.care import accounts, privacy
from cardioalert.care.desk import Actor, Desk
from cardioalert.errors import NotAllowedError, NotFoundError, SignInError
from cardioalert.i18n import translate as _
from cardioalert.rest.problems import TooManyRequestsError
from cardioalert.security.limits import Limiter
from cardioalert.security.policy import STAFF, actions, may

bearer = HTTPBearer(auto_error=False, scheme_name="token")


async def desk_of(request: Request) -> Desk:
    """Return the installation this server works for; `async`, or it would cost a thread."""
    desk: Desk = request.app.state.desk
    return desk


def actor_of(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
) -> Actor:
    """Return who asks.

    Raises
    ------
    SignInError
    """
    if credentials is None:
        raise SignInError(_("this needs a session"))
    actor = accounts.who(request.app.state.desk, credentials.credentials)
    return replace(actor, request_id=request.state.request_id)


DeskOf = Annotated[Desk, Depends(desk_of)]
ActorOf = Annotated[Actor, Depends(actor_of)]


def limit(request: Request, rule: str, key: str = "") -> None:
    """Count a try of an address, or of whatever else is named.

    Raises
    ------
    TooManyRequestsError
    """
    limiter: Limiter = request.app.state.limiter
    host = request.client.host if request.client else ""
    wait = limiter.wait(rule, key or host)
    if wait:
        raise TooManyRequestsError(wait)


def check_patient(desk: Desk, actor: Actor, action: str, patient_id: str) -> None:
    """Refuse an action on a patient that the policy does not allow.

    Whoever has nothing to do with a patient is told that there is none: identifiers tell nothing.
    """
    with desk.store.reading() as session:
        relations = privacy.may_see(session, actor, patient_id, desk.now())
    if may(action, actor.role, relations):
        return
    if relations or any(relation == "any" for relation in actions()[action].relations(actor.role)):
        raise NotAllowedError(_("your role may not do this"))
    raise NotFoundError(_("there is no such patient"))


def check_booking(desk: Desk, actor: Actor, action: str, booking: Any) -> None:
    """Refuse an action on a booking that the policy does not allow."""
    with desk.store.reading() as session:
        relations = privacy.may_see(session, actor, booking.patient_id, desk.now())
    if actor.clinic_id and actor.clinic_id == booking.clinic_id:
        relations.add("clinic")
    if not may(action, actor.role, relations):
        raise NotFoundError(_("there is no booking {code}", code=booking.code))


def own_patient(actor: Actor) -> str:
    """Return the patient an account is."""
    if actor.patient_id is None:
        raise NotAllowedError(_("this account is no patient's"))
    return actor.patient_id


def is_staff(actor: Actor) -> bool:
    """Whether an account works for a clinic."""
    return actor.role in STAFF
