"""Names of files and contents, as they are or replaced by keyed hashes.

File names of hospitals hold names of people. A pseudonym is an HMAC-SHA256 under a key that stays
with the hospital: whoever has the key and the files can find back, nobody else can. The hash of a
file's bytes is replaced, too, since it would tell anyone who has the file. Ages above 89 become 90,
and of the time of recording only the year stays (as 45 CFR 164.514(b)(2) asks of data without
identifiers).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path
from typing import Any, Final

from cardioalert.errors import InputError
from cardioalert.i18n import translate as _

KEY_BYTES: Final = 32
OLDEST_AGE: Final = 90  # years, for everybody over 89

_SHOWN: Final = 32  # hexadecimal digits


class Naming:
    """How the tables name things."""

    def __init__(self, key: bytes | None) -> None:
        self._key = key

    def name(self, locator: str) -> str:
        """Return the name of a file."""
        return locator if self._key is None else self._pseudonym("file", locator)

    def content(self, sha256: str) -> str:
        """Return the name of what a file holds."""
        return sha256 if self._key is None else self._pseudonym("content", sha256)

    def message(self, message: str, locator: str) -> str:
        """Return why a file was refused; with pseudonyms nothing but the code is told."""
        return message if self._key is None else f"{self.name(locator)} was refused"

    def person(self, person: dict[str, Any]) -> dict[str, Any]:
        """Return what is told of a person."""
        if self._key is None:
            return person
        age, recorded_at = person["age"], person["recorded_at"]
        return person | {
            "age": None if age is None else min(age, OLDEST_AGE),
            "recorded_at": None if recorded_at is None else recorded_at[:4],
        }

    def _pseudonym(self, what: str, text: str) -> str:
        assert self._key is not None
        message = f"{what}:{text}".encode(errors="surrogateescape")
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()[:_SHOWN]


def read_key(path: Path) -> bytes:
    """Return the key in a file; a new one is made when there is none.

    Raises
    ------
    InputError
        The file holds no key of ours.
    """
    try:
        with path.open("x") as file:
            path.chmod(0o600)
            key = secrets.token_bytes(KEY_BYTES)
            file.write(key.hex() + "\n")
            return key
    except FileExistsError:
        pass
    except OSError as error:
        raise InputError(
            _("the key {path} cannot be written: {error}", path=path, error=error)
        ) from error
    try:
        key = bytes.fromhex(path.read_text().strip())
    except (OSError, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise InputError(
            _("{path} holds no key of {most} hexadecimal digits", path=path, most=2 * KEY_BYTES),
            hint="Name a file that does not exist yet, and keep it safe.",
        )
    return key
