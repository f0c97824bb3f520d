"""The documents inside an ORU: ECG files, PDF prints and pictures that stand in OBX segments."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from cardioalert.errors import CorruptFileError
from cardioalert.hospital.hl7v2.message import Message, field_of
from cardioalert.i18n import translate as _


def attachments(message: Message) -> Iterator[bytes]:
    """Yield what is encapsulated in the message, decoded.

    Raises
    ------
    CorruptFileError
        One is neither the base64 nor the hexadecimal text it says it is.
    """
    for segment in message.all("OBX"):
        if field_of(segment, 2) != "ED":
            continue
        for repetition in message.repetitions(field_of(segment, 5)):
            parts = repetition.split(message.delimiters.component)
            if len(parts) >= 5 and parts[4]:
                yield _decoded(message.unescape(parts[4]), parts[3].strip().casefold())


def _decoded(text: str, encoding: str) -> bytes:
    """Decode the data of an ED (table 0299: A, Hex or Base64)."""
    plain = "".join(text.split())
    try:
        if encoding == "base64":
            return base64.b64decode(plain, validate=True)
        if encoding == "hex":
            return bytes.fromhex(plain)
    except (binascii.Error, ValueError) as error:
        raise CorruptFileError(
            _("a document in the message is damaged: {error}", error=error)
        ) from error
    return text.encode()
