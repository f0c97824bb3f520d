"""What clients send; a field that is not named here is refused."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StringConstraints

from cardioalert.care.directory import services

Short = Annotated[str, StringConstraints(min_length=1, max_length=254)]
Text = Annotated[str, StringConstraints(max_length=254)]
Day = Annotated[
    str,
    StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$"),
    Field(json_schema_extra={"format": "date"}),
]
Service = Annotated[str, Field(json_schema_extra={"enum": list(services())})]
SCOPE: Final = (
    r"^(records|channel:(push|telegram|sms|email)|share:(clinic|account):[A-Za-z0-9._-]{1,64})$"
)
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

    scope: Annotated[str, StringConstraints(pattern=SCOPE)]
    granted: StrictBool


class DeviceAdd(Body):
    """A phone that takes push messages."""

    token: Secret


class BookingWish(Body):
    """Book or hold a slot."""

    slot: Short
    hold: StrictBool = False
    patient: Text = ""


class Move(Body):
    """Another time for a visit."""

    slot: Short


class Wait(Body):
    """Wait for a time of a day."""

    clinic: Short
    day: Day
    service: Service = "ecg"


class QuizReply(Body):
    """One reply of the risk test, as it was typed; empty skips the question."""

    key: Short
    text: Text


class QuizSoFar(Body):
    """All replies so far, in the order of the questions."""

    replies: Annotated[list[QuizReply], Field(max_length=100)] = []


class FhirPart(BaseModel):
    """Base of what comes as FHIR: elements that are not looked at may be there."""

    model_config = ConfigDict(extra="ignore")


class FhirReference(FhirPart):
    """A reference such as `Appointment/demo-tashkent-1-ecg.20261202T0400Z`."""

    reference: Short


class FhirParameter(FhirPart):
    """One parameter of an operation."""

    name: Short
    valueReference: FhirReference | None = None  # noqa: N815 - FHIR's own names
    valueString: Text | None = None  # noqa: N815
    valueDateTime: Text | None = None  # noqa: N815
    valueInteger: StrictInt | None = None  # noqa: N815

    @property
    def text(self) -> str:
        """Return the value, whatever its type."""
        if self.valueReference is not None:
            return self.valueReference.reference
        if self.valueInteger is not None:
            return str(self.valueInteger)
        return self.valueString or self.valueDateTime or ""


class FhirParameters(FhirPart):
    """The parameters of an operation."""

    resourceType: Literal["Parameters"]  # noqa: N815
    parameter: Annotated[list[FhirParameter], Field(max_length=50)]

    def all(self, name: str) -> list[str]:
        """Return the values of a parameter, in the order of preference."""
        return [one.text for one in self.parameter if one.name == name and one.text]

    def first(self, name: str) -> str:
        """Return the first value of a parameter; empty without one."""
        return next(iter(self.all(name)), "")


class Glass(Body):
    """Emergency access."""

    patient: Short
    reason: Annotated[str, StringConstraints(min_length=10, max_length=1000)]
