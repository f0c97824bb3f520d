"""What every channel is: it takes a short text to one address, or says why it cannot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message, ready to go.

    Attributes
    ----------
    id : str
        The delivery: a provider that knows it does not deliver twice.
    address : str
        Phone, e-mail address, device token or chat.
    """

    id: str
    address: str
    title: str
    text: str
    critical: bool = False


class RefusedError(Exception):
    """The channel will never take this letter to this address."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class BusyError(Exception):
    """The channel may take it later."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Channel(Protocol):
    """A way to reach people."""

    @property
    def name(self) -> str:
        """Its row in the order of channels."""
        ...

    def send(self, letter: Letter) -> str:
        """Send and return the provider's own number of the message.

        Raises
        ------
        RefusedError, BusyError
        """
        ...


def judge(status: int) -> None:
    """Turn an HTTP status into a refusal or a later attempt.

    Raises
    ------
    RefusedError
        4xx but 408 and 429: the same letter would be refused again.
    BusyError
        Everything else that is not a success.
    """
    if 200 <= status < 300:
        return
    if 400 <= status < 500 and status not in (401, 403, 408, 429):
        raise RefusedError(f"http-{status}")
    raise BusyError(
        f"http-{status}"
    )  # wrong credentials are the operator's fault, not the letter's
