"""XLI, the compression inside Philips Sierra XML.

Each lead is a chunk: a header of eight bytes (size of the compressed bytes, a code that is not
used, the start value of the predictor), then LZW with codes of ten bits, most significant bit
first. Unpacked, the first half holds the high bytes and the second half the low bytes of 16-bit
differences of second order, biased by 64.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.errors import CorruptFileError
from cardioalert.i18n import translate as _

CODE_BITS: Final = 10
LAST_CODE: Final = (1 << CODE_BITS) - 2  # the highest code is never a string
BIAS: Final = 64
MOST_EXTRA: Final = 64  # bytes that fill up the end of a chunk

_HEADER: Final = struct.Struct("<iHh")


def unpack_chunks(data: bytes, *, samples: int) -> Iterator[NDArray[np.int64]]:
    """Return the stored numbers of each lead.

    Parameters
    ----------
    data : bytes
    samples : int
        What each lead must hold; the unpacking never makes more.

    Raises
    ------
    CorruptFileError
        A chunk is cut short, or holds fewer samples.
    """
    at = 0
    while at + _HEADER.size <= len(data):
        size, _code, start = _HEADER.unpack_from(data, at)
        at += _HEADER.size
        if not 0 < size <= len(data) - at:
            raise CorruptFileError(
                _("an XLI chunk announces {size} of {most} bytes", size=size, most=len(data) - at)
            )
        unpacked = unpack_lzw(data[at : at + size], most=2 * samples + MOST_EXTRA)
        if not 2 * samples <= len(unpacked) < 2 * samples + MOST_EXTRA:
            raise CorruptFileError(
                _(
                    "an XLI chunk holds {most:g} samples, {samples} are announced",
                    most=len(unpacked) / 2,
                    samples=samples,
                )
            )
        unpacked += b"\0" * (len(unpacked) % 2)
        yield _undo_differences(unpacked, start=start)[:samples]
        at += size


def unpack_lzw(data: bytes, *, most: int) -> bytes:
    """Unpack LZW, at most `most` bytes of it.

    Raises
    ------
    CorruptFileError
        A code stands for nothing yet.
    """
    strings: list[bytes] = [bytes([byte]) for byte in range(256)]
    unpacked = bytearray()
    previous = b""
    for code in _codes(data):
        if code < len(strings):
            string = strings[code]
        elif code == len(strings) and previous:
            string = previous + previous[:1]
        else:
            raise CorruptFileError(_("the XLI code {code} stands for nothing", code=code))
        unpacked += string
        if len(unpacked) >= most:
            break
        if previous and len(strings) <= LAST_CODE:
            strings.append(previous + string[:1])
        previous = string
    return bytes(unpacked[:most])


def _codes(data: bytes) -> Iterator[int]:
    """Cut the bytes into codes; the highest one ends them."""
    buffer = bits = 0
    for byte in data:
        buffer = (buffer << 8 | byte) & 0xFFFFFF
        bits += 8
        if bits >= CODE_BITS:
            bits -= CODE_BITS
            code = buffer >> bits & ((1 << CODE_BITS) - 1)
            if code > LAST_CODE:
                return
            yield code


def _undo_differences(unpacked: bytes, *, start: int) -> NDArray[np.int64]:
    """Join high and low bytes, and undo the second differences."""
    half = len(unpacked) // 2
    halves = np.frombuffer(unpacked, dtype=np.uint8).reshape(2, half).astype(np.uint16)
    stored = (halves[0] << 8 | halves[1]).view(np.int16).astype(np.int64).tolist()
    values = stored[:2]
    last = start
    for index in range(2, half):
        values.append(2 * values[-1] - values[-2] - last)
        last = stored[index] - BIAS
    return np.array(values, dtype=np.int64)
