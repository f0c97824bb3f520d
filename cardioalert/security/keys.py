"""The key file: made once, readable by its owner only, rotated without downtime.

Four subjects have keys of their own, so that a leak of one opens nothing else: `encryption` (wraps
the data keys of patients), `index` (blind indexes), `audit` (the chain), `token`.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cardioalert.errors import KeyFileError
from cardioalert.i18n import translate as _

KEY_BYTES: Final = 32
SUBJECTS: Final = ("encryption", "index", "audit", "token")
ROTATING: Final = ("encryption", "audit")  # the others find by value: changing them loses the way


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectKeys:
    """The keys of one subject: the current one seals, all of them open."""

    current: str
    keys: dict[str, bytes]

    @property
    def key(self) -> bytes:
        """The current key."""
        return self.keys[self.current]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """The keys of an installation."""

    encryption: SubjectKeys
    index: SubjectKeys
    audit: SubjectKeys
    token: SubjectKeys


def new_keyring() -> Keyring:
    """Return fresh random keys, kept nowhere yet."""
    return Keyring(**{subject: _fresh(subject) for subject in SUBJECTS})


def _fresh(subject: str) -> SubjectKeys:
    name = f"{subject}-1"
    return SubjectKeys(current=name, keys={name: secrets.token_bytes(KEY_BYTES)})


def create(path: Path) -> Keyring:
    """Make a key file; a file that is there already is never overwritten.

    Raises
    ------
    KeyFileError
        The file exists.
    """
    ring = new_keyring()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    write(part, ring)
    try:
        os.link(part, path)  # fails when another process was first, unlike a rename
    except FileExistsError:
        raise KeyFileError(
            _("{path} exists already", path=path), hint="Use keys rotate to change keys."
        ) from None
    finally:
        part.unlink()
    return ring


def load(path: Path) -> Keyring:
    """Read a key file.

    Raises
    ------
    KeyFileError
        It is missing, readable by others, damaged, or a key is short or guessable.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        document = json.loads(path.read_text(encoding="ascii"))
    except FileNotFoundError:
        raise KeyFileError(_("{path} is missing", path=path)) from None
    except (OSError, ValueError) as error:
        raise KeyFileError(
            _("{path} cannot be read: {kind}", path=path, kind=type(error).__name__)
        ) from None
    if os.name == "posix" and mode & 0o077:
        raise KeyFileError(
            _("{path} can be read by others (mode {mode:o})", path=path, mode=mode),
            hint=f"chmod 600 {path}",
        )
    try:
        return Keyring(**{subject: _read(document[subject]) for subject in SUBJECTS})
    except (KeyError, TypeError, ValueError) as error:
        raise KeyFileError(_("{path} is damaged: {error}", path=path, error=error)) from None


def load_or_create(path: Path) -> Keyring:
    """Read the key file of an embedded installation, made at its first use."""
    if not path.exists():
        try:
            return create(path)
        except KeyFileError:
            if not path.exists():
                raise
    return load(path)


def rotate(path: Path, subject: str) -> Keyring:
    """Add a new current key to a subject; the old ones still open what they sealed."""
    if subject not in ROTATING:
        raise KeyFileError(
            _(
                "keys of {subject!r} cannot rotate, only {names}",
                subject=subject,
                names=", ".join(ROTATING),
            )
        )
    ring = load(path)
    old: SubjectKeys = getattr(ring, subject)
    number = 1 + max(int(name.rsplit("-", 1)[1]) for name in old.keys)
    name = f"{subject}-{number}"
    new = SubjectKeys(current=name, keys={**old.keys, name: secrets.token_bytes(KEY_BYTES)})
    ring = Keyring(**{**{s: getattr(ring, s) for s in SUBJECTS}, subject: new})
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    write(part, ring)
    part.replace(path)
    return ring


def write(path: Path, ring: Keyring) -> None:
    """Write all keys to a new file that only its owner may read."""
    document = {
        subject: {
            "current": getattr(ring, subject).current,
            "keys": {
                name: base64.b64encode(key).decode()
                for name, key in getattr(ring, subject).keys.items()
            },
        }
        for subject in SUBJECTS
    }
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        json.dump(document, file, indent=1)
        file.flush()
        os.fsync(file.fileno())


def _read(part: dict[str, Any]) -> SubjectKeys:
    """Read and judge the keys of one subject."""
    keys = {str(n): base64.b64decode(text, validate=True) for n, text in part["keys"].items()}
    for name, key in keys.items():
        if len(key) != KEY_BYTES or len(set(key)) < KEY_BYTES // 4:
            raise ValueError(f"key {name} is short or not random")
    if part["current"] not in keys:
        raise ValueError(f"there is no key {part['current']}")
    return SubjectKeys(current=part["current"], keys=keys)
