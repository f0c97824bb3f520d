"""Passwords (argon2id), one-time codes (TOTP, RFC 6238) and random tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from cardioalert.errors import InvalidDataError
from cardioalert.i18n import translate as _

MEMORY_KIB: Final = 19 * 1024  # OWASP's least for argon2id with t = 2, p = 1
SHORTEST: Final = 8  # letters
SHORTEST_OF_STAFF: Final = 12
LONGEST: Final = 256  # hashing a novel would take the server's time
COMMON: Final = frozenset(
    [
        "password",
        "password1",
        "password123",
        "passw0rd",
        "12345678",
        "123456789",
        "1234567890",
        "12345678910",
        "qwertyuiop",
        "qwerty123",
        "qwerty12",
        "1q2w3e4r",
        "1q2w3e4r5t",
        "iloveyou",
        "sunshine",
        "princess",
        "football",
        "baseball",
        "welcome1",
        "admin123",
        "administrator",
        "abc12345",
        "abcd1234",
        "11111111",
        "00000000",
        "88888888",
        "87654321",
        "987654321",
        "0123456789",
        "123123123",
        "123321123",
        "asdfghjkl",
        "zxcvbnm1",
        "letmein1",
        "trustno1",
        "superman",
        "starwars",
        "uzbekistan",
        "toshkent",
        "tashkent",
        "samarqand",
        "cardioalert",
        "kardiolog",
        "doctor123",
        "parol123",
        "qwertyuiop123",
        "password1234",
        "passwordpassword",
        "123456789012",
        "administrator1",
    ]
)
"""The commonest ones; NIST SP 800-63B asks for such a list instead of rules on characters."""
STEP: Final = 30  # s
DIGITS: Final = 6


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=2, memory_cost=MEMORY_KIB, parallelism=1)


@cache
def _nobody() -> str:
    """Return a hash nothing fits: an unknown account takes as long as a known one."""
    return _hasher().hash(secrets.token_hex(16))


def check_strength(password: str, *, staff: bool) -> None:
    """Refuse a password that is guessed first.

    Raises
    ------
    InvalidDataError
        Without the password in its text.
    """
    least = SHORTEST_OF_STAFF if staff else SHORTEST
    if not least <= len(password) <= LONGEST:
        raise InvalidDataError(
            _("a password has {least} to {most} letters", least=least, most=LONGEST)
        )
    if password.lower() in COMMON or len(set(password)) < 4:
        raise InvalidDataError(_("this password is among the first that anybody would try"))


def hash_password(password: str) -> str:
    """Return what is kept of a password."""
    return _hasher().hash(password)


def fits(password: str, kept: str | None) -> bool:
    """Whether a password is the right one; takes the same time when there is none."""
    try:
        _hasher().verify(kept or _nobody(), password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def is_old(kept: str) -> bool:
    """Whether a hash was made with weaker parameters and should be made again."""
    return _hasher().check_needs_rehash(kept)


def new_token() -> str:
    """Return a token nobody can guess: 256 bits."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_code() -> str:
    """Return a six-digit code to be sent to a phone."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"


def new_totp_secret() -> bytes:
    """Return a secret for an authenticator app."""
    return secrets.token_bytes(20)


def totp_address(secret: bytes, name: str) -> str:
    """Return the address an authenticator app reads from a QR."""
    text = base64.b32encode(secret).decode().rstrip("=")
    return f"otpauth://totp/CardioAlert:{name}?secret={text}&issuer=CardioAlert"


def totp(secret: bytes, at: float) -> str:
    """Return the code of a moment (seconds since 1970).

    Examples
    --------
    >>> totp(b"12345678901234567890", 59)  # RFC 6238, appendix B
    '287082'
    """
    digest = hmac.new(secret, struct.pack(">Q", int(at) // STEP), hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def totp_fits(secret: bytes, code: str, at: float) -> bool:
    """Whether a code is of this moment, or of the one before or after: clocks differ."""
    return any(
        hmac.compare_digest(totp(secret, at + STEP * shift), code.strip()) for shift in (-1, 0, 1)
    )
