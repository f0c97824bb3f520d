"""Huffman coding and differences inside SCP-ECG (section 2, EN 1064 annex C)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.errors import CorruptFileError, UnknownFormatError
from cardioalert.i18n import translate as _

DEFAULT_TABLE: Final = 19999
MOST_CODES: Final = 4096
LONGEST_CODE: Final = 32  # bits

_ROW: Final = struct.Struct("<BBBhI")


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One row of a table.

    Attributes
    ----------
    prefix : int
        Bits that choose the row.
    total : int
        Bits with the plain number that may follow the prefix.
    is_value : bool
        Otherwise the row switches to the table `value`.
    value : int
    bits : int
        The prefix, its first bit lowest.
    """

    prefix: int
    total: int
    is_value: bool
    value: int
    bits: int


def _default_table() -> tuple[Code, ...]:
    """Return the table that needs not be written: 0, then 1, -1, 2, -2 ... 8, -8, and raw numbers.

    0 is `0`; n is n+1 ones less one, `0`, and a bit of sign: 1 is `100`, -1 `101`, 2 `1100`.
    """
    codes = [Code(prefix=1, total=1, is_value=True, value=0, bits=0)]
    for size in range(1, 9):
        ones = (1 << size) - 1
        for sign in (0, 1):
            bits = ones | sign << (size + 1)
            value = -size if sign else size
            codes.append(
                Code(prefix=size + 2, total=size + 2, is_value=True, value=value, bits=bits)
            )
    codes.append(Code(prefix=10, total=18, is_value=True, value=0, bits=0b0111111111))
    codes.append(Code(prefix=10, total=26, is_value=True, value=0, bits=0b1111111111))
    return tuple(codes)


class HuffmanTables:
    """Decode with one or more tables."""

    def __init__(self, tables: tuple[tuple[Code, ...], ...]) -> None:
        self._tables = [
            {(code.prefix, _reversed(code.bits, code.prefix)): code for code in table}
            for table in tables
        ]

    def decode(self, packed: bytes, samples: int) -> NDArray[np.int64]:
        """Return `samples` numbers.

        Raises
        ------
        CorruptFileError
            The bits end too early, or are no code.
        """
        if 8 * len(packed) < samples:  # every number takes a bit at least
            raise CorruptFileError(
                _(
                    "an SCP lead has {count} bytes for {samples} samples",
                    count=len(packed),
                    samples=samples,
                )
            )
        bits = np.unpackbits(np.frombuffer(packed, dtype=np.uint8)).tolist()
        values: list[int] = []
        table, at = self._tables[0], 0
        while len(values) < samples:
            code, at = _next_code(table, bits, at)
            if not code.is_value:
                if not 1 <= code.value <= len(self._tables):
                    raise CorruptFileError(
                        _("the SCP file switches to table {value}", value=code.value)
                    )
                table = self._tables[code.value - 1]
                continue
            extra = code.total - code.prefix
            values.append(_signed(bits[at : at + extra]) if extra else code.value)
            at += extra
            if at > len(bits):
                raise CorruptFileError(_("the bits of an SCP lead end within a number"))
        return np.array(values, dtype=np.int64)


def _next_code(table: dict[tuple[int, int], Code], bits: list[int], at: int) -> tuple[Code, int]:
    """Return the code that begins at `at`, and where it ends."""
    prefix = 0
    for length in range(1, min(LONGEST_CODE, len(bits) - at) + 1):
        prefix = prefix << 1 | bits[at + length - 1]
        code = table.get((length, prefix))
        if code is not None:
            return code, at + length
    raise CorruptFileError(_("the bits of an SCP lead are no Huffman code"))


def _reversed(bits: int, length: int) -> int:
    """Return the lowest `length` bits in the other order."""
    return int(f"{bits & ((1 << length) - 1):0{length}b}"[::-1], 2)


def _signed(bits: list[int]) -> int:
    """Return a number in two's complement, its first bit the sign."""
    value = 0
    for bit in bits:
        value = value << 1 | bit
    return value - (1 << len(bits)) if bits and bits[0] else value


def parse_tables(section: bytes) -> HuffmanTables | None:
    """Read section 2; None when there is none, and samples are plain numbers of 16 bits."""
    if not section:
        return None
    if len(section) < 2:
        raise CorruptFileError(_("the Huffman section of the SCP file is cut short"))
    (count,) = struct.unpack_from("<H", section)
    if count == DEFAULT_TABLE:
        return HuffmanTables((_default_table(),))
    if not count:
        return None
    at, tables, total = 2, [], 0
    for _table in range(count):
        if at + 2 > len(section):
            raise CorruptFileError(_("the SCP file announces {count} Huffman tables", count=count))
        (rows,) = struct.unpack_from("<H", section, at)
        total += rows
        if at + 2 + rows * _ROW.size > len(section) or total > MOST_CODES:
            raise CorruptFileError(_("an SCP Huffman table announces {rows} codes", rows=rows))
        tables.append(tuple(_parse_code(section, at + 2 + n * _ROW.size) for n in range(rows)))
        at += 2 + rows * _ROW.size
    return HuffmanTables(tuple(tables))


def _parse_code(section: bytes, at: int) -> Code:
    """Read one row."""
    prefix, total, mode, value, bits = _ROW.unpack_from(section, at)
    if not 0 < prefix <= total <= LONGEST_CODE + 32 or prefix > LONGEST_CODE:
        raise CorruptFileError(
            _("an SCP Huffman code has {prefix} of {total} bits", prefix=prefix, total=total)
        )
    return Code(prefix=prefix, total=total, is_value=mode == 1, value=value, bits=bits)


def undo_differences(numbers: NDArray[np.int64], *, order: int) -> NDArray[np.int64]:
    """Sum first or second differences; their first one or two numbers are plain values."""
    if order not in (0, 1, 2):
        raise UnknownFormatError(_("SCP samples encoded as {order} are not read", order=order))
    if order == 0 or len(numbers) < 2:
        return numbers
    if order == 1:
        return np.cumsum(numbers)
    slopes = np.concatenate([[numbers[1] - numbers[0]], numbers[2:]])
    return np.concatenate([numbers[:1], numbers[0] + np.cumsum(np.cumsum(slopes))])
