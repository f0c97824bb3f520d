"""Sealed values: AES-256-GCM, each bound to the table, column and row it stands in.

A value moved to another patient's row does not open. Each patient has a data key, wrapped by the
key-encryption key: rotation wraps small keys again, and deleting a data key erases the patient's
data also from every backup that is restored later.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import struct
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cardioalert.errors import SealedDataError
from cardioalert.i18n import translate as _
from cardioalert.security.keys import Keyring

FORMAT: Final = b"\x01"
SCHEMA: Final = "1"  # bound into every value: a column that changes is sealed anew on purpose
NONCE_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands."""

    table: str
    column: str
    row: str

    def binding(self) -> bytes:
        """Return the place as bytes, each part with its length: (ab, c) is not (a, bc)."""
        parts = (SCHEMA, self.table, self.column, self.row)
        return b"".join(struct.pack(">I", len(p.encode())) + p.encode() for p in parts)


def seal(key: bytes, value: bytes, place: Place) -> bytes:
    """Encrypt a value for its place.

    Returns
    -------
    bytes: format, nonce, ciphertext with tag
    """
    nonce = secrets.token_bytes(NONCE_BYTES)
    return FORMAT + nonce + AESGCM(key).encrypt(nonce, value, place.binding())


def unseal(key: bytes, sealed: bytes, place: Place) -> bytes:
    """Decrypt a value in its place.

    Raises
    ------
    SealedDataError
        It was sealed with another key or for another place, or is damaged.
    """
    if sealed[:1] != FORMAT or len(sealed) < 1 + NONCE_BYTES + 16:
        raise SealedDataError(
            _("{table}.{column}: not a sealed value", table=place.table, column=place.column)
        )
    try:
        body = sealed[1:]
        return AESGCM(key).decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], place.binding())
    except InvalidTag:
        raise SealedDataError(
            _("{table}.{column}: the value does not open", table=place.table, column=place.column)
        ) from None


@dataclass(frozen=True, slots=True)
class Vault:
    """What needs the keys of the installation."""

    ring: Keyring

    def new_data_key(self, patient_id: str) -> bytes:
        """Return a fresh data key, wrapped."""
        return self._wrap(secrets.token_bytes(32), patient_id)

    def data_key(self, wrapped: bytes | None, patient_id: str) -> bytes:
        """Unwrap a patient's data key."""
        return self.unseal(wrapped, Place("patient", "data_key", patient_id))

    def rewrap(self, wrapped: bytes, patient_id: str) -> bytes:
        """Wrap a data key with the current key-encryption key."""
        return self._wrap(self.data_key(wrapped, patient_id), patient_id)

    def is_current(self, wrapped: bytes) -> bool:
        """Whether a value was sealed with the current key-encryption key."""
        return self._name_of_key(wrapped) == self.ring.encryption.current

    def _wrap(self, key: bytes, patient_id: str) -> bytes:
        return self.seal(key, Place("patient", "data_key", patient_id))

    def seal(self, value: bytes, place: Place) -> bytes:
        """Seal a value of the installation itself; the name of the key stands before it."""
        keys = self.ring.encryption
        name = keys.current.encode()
        return bytes([len(name)]) + name + seal(keys.key, value, place)

    def unseal(self, sealed: bytes | None, place: Place) -> bytes:
        """Open a value of the installation itself."""
        if not sealed:
            raise SealedDataError(
                _("{table}.{column}: erased", table=place.table, column=place.column)
            )
        name = self._name_of_key(sealed)
        key = self.ring.encryption.keys.get(name)
        if key is None:
            raise SealedDataError(_("the key {name!r} is not in the key file", name=name))
        return unseal(key, sealed[1 + sealed[0] :], place)

    @staticmethod
    def _name_of_key(sealed: bytes) -> str:
        return sealed[1 : 1 + sealed[0]].decode(errors="replace")

    def index(self, kind: str, value: str) -> str:
        """Return the blind index of a normalized value: equal values, equal indexes."""
        message = Place("index", kind, value).binding()
        return hmac.new(self.ring.index.key, message, hashlib.sha256).hexdigest()
