"""Sign in, go on, sign out."""

from __future__ import annotations

import logging

from fastapi import APIRouter, BackgroundTasks, Request

from cardioalert.care import accounts
from cardioalert.care.accounts import Tokens
from cardioalert.i18n import translate as _
from cardioalert.notify.channel import BusyError, Channel, Letter, RefusedError
from cardioalert.rest import answers
from cardioalert.rest.guards import ActorOf, DeskOf, limit
from cardioalert.rest.problems import documented
from cardioalert.rest.schemas import CodeSignIn, CodeWish, Refresh, SignIn, TokenPair
from cardioalert.store.types import new_id

log = logging.getLogger(__name__)
router = APIRouter(prefix="/v1/session", tags=["session"])
OPEN = {"x-policy": "session.open"}
CLOSE = {"x-policy": "session.close"}


def pair(tokens: Tokens) -> TokenPair:
    """Return tokens for a client."""
    return TokenPair(
        access_token=tokens.access, refresh_token=tokens.refresh, expires_in=tokens.expires_in
    )


@router.post("/password", openapi_extra=OPEN, responses=documented(401))
def open_session(body: SignIn, request: Request, desk: DeskOf) -> TokenPair:
    """Sign in with a password."""
    limit(request, "sign-in")
    return pair(
        accounts.sign_in(desk, login=body.login, password=body.password, code=body.second_factor)
    )


@router.post("/code", status_code=202, openapi_extra=OPEN, responses=documented())
def send_code(
    body: CodeWish, request: Request, desk: DeskOf, later: BackgroundTasks
) -> answers.Status:
    """Send a code by SMS or e-mail; the answer is the same whether or not it is a login."""
    limit(request, "code")
    code = accounts.ask_code(desk, body.login)
    if code:
        limit(request, "code", desk.vault.index("limit", body.login))
        later.add_task(deliver, request.app.state.channels, body.login, code)
    return answers.Status(status="sent")


def deliver(channels: tuple[Channel, ...], login: str, code: str) -> None:
    """Send a code by the channel its login belongs to."""
    kind, address = accounts.read_login(login)
    wanted = "email" if kind == "email" else "sms"
    text = _("Your CardioAlert code is {code}. Tell it to nobody.", code=code)
    for channel in channels:
        if channel.name == wanted:
            letter = Letter(id=new_id(), address=address, title="CardioAlert", text=text)
            try:
                channel.send(letter)
            except (RefusedError, BusyError) as error:
                log.warning("code not sent", extra={"channel": wanted, "code": error.code})


@router.post("/code/confirm", openapi_extra=OPEN, responses=documented(401))
def open_session_with_code(body: CodeSignIn, request: Request, desk: DeskOf) -> TokenPair:
    """Sign in with a code; a new login becomes a patient's account."""
    limit(request, "sign-in")
    return pair(
        accounts.sign_in_with_code(desk, login=body.login, code=body.code, language=body.language)
    )


@router.post("/guest", status_code=201, openapi_extra=OPEN, responses=documented())
def open_guest_session(request: Request, desk: DeskOf) -> TokenPair:
    """Begin without a name: a patient nothing is known of, who can be told apart by tokens only."""
    limit(request, "guest")
    return pair(accounts.guest(desk))


@router.post("/refresh", openapi_extra=OPEN, responses=documented(401))
def refresh_session(body: Refresh, request: Request, desk: DeskOf) -> TokenPair:
    """Go on with a session."""
    limit(request, "sign-in")
    return pair(accounts.refresh(desk, body.refresh_token))


@router.delete("", status_code=204, openapi_extra=CLOSE, responses=documented(401))
def close_session(desk: DeskOf, actor: ActorOf) -> None:
    """Sign out everywhere."""
    accounts.sign_out(desk, actor)
