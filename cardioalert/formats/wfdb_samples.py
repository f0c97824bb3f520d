"""The ways in which WFDB packs samples into bytes, one row each.

https://physionet.org/physiotools/wag/signal-5.htm
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFormat:
    """How samples are packed.

    Attributes
    ----------
    decode : function of bytes
        Returns an int32 array, shape (samples,); bytes left over at the end are ignored.
    missing : int
        The number that means "no value".
    """

    decode: Callable[[bytes], Samples]
    missing: int


def _decode_212(data: bytes) -> Samples:
    """Unpack pairs of 12-bit numbers from three bytes each."""
    triples = np.frombuffer(data[: len(data) // 3 * 3], dtype=np.uint8).reshape(-1, 3)
    low, middle, high = triples.T.astype(np.int32)
    pairs = np.stack([low | (middle & 0x0F) << 8, high | (middle & 0xF0) << 4], axis=1)
    return cast(Samples, np.where(pairs > 0x7FF, pairs - 0x1000, pairs).ravel())


def _decode_24(data: bytes) -> Samples:
    """Unpack 24-bit numbers, least significant byte first."""
    triples = np.frombuffer(data[: len(data) // 3 * 3], dtype=np.uint8).reshape(-1, 3)
    low, middle, high = triples.T.astype(np.int32)
    return cast(Samples, low | middle << 8 | (high ^ 0x80) - 0x80 << 16)


def _plain(dtype: str, offset: int = 0) -> Callable[[bytes], Samples]:
    """Return a decoder of numbers that numpy knows, shifted by `offset`."""
    size = np.dtype(dtype).itemsize

    def decode(data: bytes) -> Samples:
        numbers = np.frombuffer(data[: len(data) // size * size], dtype=dtype)
        return numbers.astype(np.int32) + offset

    return decode


SAMPLE_FORMATS: Final = {
    "16": SampleFormat(decode=_plain("<i2"), missing=-(2**15)),
    "24": SampleFormat(decode=_decode_24, missing=-(2**23)),
    "32": SampleFormat(decode=_plain("<i4"), missing=-(2**31)),
    "61": SampleFormat(decode=_plain(">i2"), missing=-(2**15)),
    "80": SampleFormat(decode=_plain("u1", -(2**7)), missing=-(2**7)),
    "160": SampleFormat(decode=_plain("<u2", -(2**15)), missing=-(2**15)),
    "212": SampleFormat(decode=_decode_212, missing=-(2**11)),
}
LIBRARY_FORMATS: Final = frozenset({"8", "310", "311", "508", "516", "524"})
"""Formats that need the library `wfdb`: differences, bits across words, FLAC."""
