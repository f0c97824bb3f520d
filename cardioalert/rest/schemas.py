"""What clients send; a field that is not named here is refused."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Short = Annotated[str, StringConstraints(min_length=1, max_length=254)]
Text = Annotated[str, StringConstraints(max_length=254)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=20)]
Secret = Annotated[str, StringConstraints(min_length=1, max_length=256)]
Language = Literal["en", "ru", "uz"]


class Body(BaseModel):
    """Base of all bodies: no unknown field is taken."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """An error, as RFC 9457 has it."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str
    instance: str


class SignIn(Body):
    """Sign in with a password."""

    login: Short
    password: Secret
    second_factor: Annotated[str, StringConstraints(max_length=20)] = ""


class CodeWish(Body):
    """Ask for a code."""

    login: Short


class CodeSignIn(Body):
    """Sign in with a code."""

    login: Short
    code: Code
    language: Language = "uz"


class Refresh(Body):
    """Go on with a session."""

    refresh_token: Secret


class TokenPair(BaseModel):
    """A session."""

    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int


class ProfileChange(Body):
    """What a patient may change; what is left out stays."""

    name: Text | None = None
    email: Text | None = None
    pinfl: Text | None = None
    birth_date: Text | None = None
    sex: Literal["male", "female", ""] | None = None
    language: Language | None = None


class ConsentChange(Body):
    """Allow something, or take it back."""

    scope: Short
    granted: bool


class DeviceAdd(Body):
    """A phone that takes push messages."""

    token: Secret


class BookingWish(Body):
    """Book or hold a slot."""

    slot: Short
    hold: bool = False
    patient: Text = ""


class Move(Body):
    """Another time for a visit."""

    slot: Short


class Wait(Body):
    """Wait for a time of a day."""

    clinic: Short
    day: Short
    service: Short = "ecg"


class QuizReply(Body):
    """One reply of the risk test, as it was typed; empty skips the question."""

    key: Short
    text: Text


class QuizSoFar(Body):
    """All replies so far, in the order of the questions."""

    replies: Annotated[list[QuizReply], Field(max_length=100)] = []


class Glass(Body):
    """Emergency access."""

    patient: Short
    reason: Annotated[str, StringConstraints(min_length=10, max_length=1000)]
