"""A request that is sent again gets the answer it got: Idempotency-Key on what changes something.

The first request with a key writes a row before it begins and its answer when it is done; the row
lives for a day. The same key with another request is refused, and so is one whose first request is
still running. Bookings do not need this: their key stands in the booking itself, in the same
transaction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from cardioalert.care import accounts, repeating
from cardioalert.care.desk import Actor
from cardioalert.errors import CardioAlertError, SignInError

KEPT_HEADERS = ("location", "etag")


def key_of(
    key: Annotated[str | None, Header(alias="Idempotency-Key", max_length=100)] = None,
) -> str | None:
    """Return the key of a request: here so that it stands in the documentation."""
    return key


REPEATABLE = Depends(key_of)
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class RepeatableRoute(APIRoute):
    """A route that answers a repeated request as before, where it depends on `REPEATABLE`."""

    def get_route_handler(self) -> Handler:
        """Return the handler, with the repetition looked for around it."""
        plain = super().get_route_handler()
        if REPEATABLE not in self.dependencies:
            return plain

        async def handler(request: Request) -> Response:
            key = request.headers.get("idempotency-key", "")[:100]
            actor = await run_in_threadpool(_actor, request) if key else None
            if actor is None:  # no key; or nobody, which the route itself answers
                return await plain(request)
            asked = repeating.Asked(
                key=f"{request.method} {request.url.path} {key}", body=await _hash_of(request)
            )
            return await _once(request, plain, actor, asked)

        return handler


async def _once(request: Request, plain: Handler, actor: Actor, asked: repeating.Asked) -> Response:
    """Return the stored answer, or make and store it."""
    desk = request.app.state.desk
    try:
        known = await run_in_threadpool(repeating.begin, desk, actor, asked)
    except CardioAlertError:
        await request.close()  # nobody else will: the upload in it is a file
        raise
    if known is not None:
        await request.close()
        headers = {**known.headers, "Idempotent-Replay": "1"}
        return Response(known.body, status_code=known.status, headers=headers)
    done = False
    try:
        response = await plain(request)
        if response.status_code < 300:
            headers = {
                name: value
                for name, value in response.headers.items()
                if name in (*KEPT_HEADERS, "content-type")
            }
            made = repeating.Made(response.status_code, headers, bytes(response.body))
            await run_in_threadpool(repeating.end, desk, actor, asked, made)
            done = True
        return response
    finally:
        if not done:  # a refused or failed request may be tried again
            await run_in_threadpool(repeating.forget, desk, actor, asked)


def _actor(request: Request) -> Actor | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    try:
        return accounts.who(request.app.state.desk, token)
    except SignInError:
        return None


async def _hash_of(request: Request) -> str:
    """Return what tells two requests apart; the boundary of a multipart body is not part of it."""
    digest = hashlib.sha256(request.url.query.encode())
    if request.headers.get("content-type", "").startswith("multipart/"):
        for name, value in sorted((await request.form()).multi_items(), key=lambda item: item[0]):
            digest.update(name.encode())
            if isinstance(value, UploadFile):
                while part := await value.read(1 << 20):
                    digest.update(part)
                await value.seek(0)
            else:
                digest.update(value.encode())
    else:
        digest.update(await request.body())
    return digest.hexdigest()
