"""Unpack a compressed tar no further than an honest one could go: a bomb is found while it bursts.

A list of the files in a `.tar.gz` takes unpacking all of it. What 10 MB of it unpack to may be
10 GB of zeros, or with other compressions a hundred times as much.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections.abc import Callable
from typing import IO, Any, Final

from cardioalert.errors import FileTooLargeError
from cardioalert.i18n import translate as _

UNPACKED_FREELY: Final = 200_000_000  # bytes of an archive that may be packed however tightly
MOST_TIMES: Final = 200  # beyond: bytes unpacked for one packed; ECGs as text reach 20
_CHUNK: Final = 1 << 20

PACKED: Final[dict[bytes, Callable[[IO[bytes]], Any]]] = {
    b"\x1f\x8b": lambda stream: gzip.GzipFile(fileobj=stream),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
}
"""How to unpack what begins with these bytes."""


def check_packing(unpacked: int, packed: int) -> None:
    """Refuse what unpacks to far more than ECGs do.

    Parameters
    ----------
    unpacked, packed : bytes, announced or seen so far

    Raises
    ------
    FileTooLargeError
    """
    if unpacked > max(UNPACKED_FREELY, MOST_TIMES * packed):
        raise FileTooLargeError(
            _(
                "{packed:.3f} MB unpack to {unpacked:.0f} MB or more, at most {times} times as much"
                " is read",
                packed=packed / 1e6,
                unpacked=unpacked / 1e6,
                times=MOST_TIMES,
            )
        )


class Unpacking(io.RawIOBase):
    """A compressed stream that counts what it unpacks.

    Parameters
    ----------
    unpacked : file that unpacks
    packed : file it takes its bytes from
    """

    def __init__(self, unpacked: Any, packed: IO[bytes]) -> None:
        self._unpacked, self._packed = unpacked, packed

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        data: bytes = self._unpacked.read(size)
        check_packing(self._unpacked.tell(), self._packed.tell())
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place from the beginning: forward by unpacking, backward by beginning anew."""
        if whence != io.SEEK_SET:
            raise io.UnsupportedOperation
        if offset < self._unpacked.tell():
            self._unpacked.seek(offset)
        while (left := offset - self._unpacked.tell()) > 0 and self.read(min(left, _CHUNK)):
            pass
        return self.tell()

    def tell(self) -> int:
        """Return the place in what is unpacked."""
        return int(self._unpacked.tell())

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that it can be asked to go somewhere."""
        return True
