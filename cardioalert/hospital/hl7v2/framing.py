"""MLLP: one message between 0x0B and 0x1C 0x0D, however the network cuts it into packets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cardioalert.errors import FileTooLargeError
from cardioalert.i18n import translate as _

START: Final = b"\x0b"
END: Final = b"\x1c\x0d"
MAX_BYTES: Final = 20_000_000


def frame(message: bytes) -> bytes:
    r"""Put a message between the marks.

    Examples
    --------
    >>> frame(b"MSH|")
    b'\x0bMSH|\x1c\r'
    """
    return START + message + END


class FrameReader:
    """Collect bytes until whole messages are there.

    Parameters
    ----------
    max_bytes : int
        The largest message that is taken.
    """

    def __init__(self, *, max_bytes: int = MAX_BYTES) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._max_bytes = max_bytes

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take what arrived, and yield each message that is now whole, without its marks.

        Raises
        ------
        FileTooLargeError
            A message has no end within the limit; the connection is of no more use.
        """
        self._buffer += data
        while True:
            end = self._buffer.find(END, self._searched)
            if end < 0:
                self._searched = max(0, len(self._buffer) - 1)
                if len(self._buffer) > self._max_bytes + len(START):
                    raise FileTooLargeError(
                        _("an HL7 message has more than {count} bytes", count=self._max_bytes),
                        hint="Send large documents by reference, or raise the limit.",
                    )
                return
            start = self._buffer.find(START, 0, end)
            message = bytes(self._buffer[start + 1 : end]) if start >= 0 else b""
            del self._buffer[: end + len(END)]
            self._searched = 0
            if len(message) > self._max_bytes:
                raise FileTooLargeError(_("an HL7 message has {count} bytes", count=len(message)))
            if message:
                yield message
