"""CSV: a column of seconds and one column of millivolts per lead.

Written exactly as other programs rely on it: `time_s,I,II,...,V6`, one row per sample, an empty
cell where a lead was not printed or could not be read. Read more widely: comma, semicolon or tab,
decimal comma, seconds or milliseconds, millivolts or microvolts by the unit in the header.
"""

from __future__ import annotations

import csv
import math
import re
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic_core import from_json

from cardioalert.domain.record import STANDARD_LEADS, ECGRecord, Lead
from cardioalert.errors import CorruptFileError, InvalidRecordError
from cardioalert.files import FileContent
from cardioalert.formats.assembling import assemble, nearest_whole_rate
from cardioalert.formats.leads import lead_of_label
from cardioalert.formats.sniffing import decode_text
from cardioalert.i18n import translate as _
from cardioalert.units import MILLISECONDS_PER_SECOND, MILLIVOLTS_PER_UNIT

TIME_DECIMALS: Final = 6  # microseconds
VOLTAGE_DECIMALS: Final = 4  # a tenth of a microvolt

LINES_AT_ONCE: Final = 2000

_TIME: Final = re.compile(
    r"(?:time|t|seconds)(?:[\s_]*[(\[]?(?P<unit>s|sec|ms)[)\]]?)?", re.IGNORECASE
)
_UNIT: Final = re.compile(r"[\s_]*[(\[]?(?P<unit>mV|uV|µV|μV|V)[)\]]?\s*", re.IGNORECASE)
_MISSING: Final = frozenset({"", "nan", "na", "null", "-"})
_PLAIN: Final = b"0123456789.-"
_JITTER: Final = 0.75  # sample steps; more is a gap or a changed rate


# ---- Writing -----------------------------------------------------------------------------------


def write(record: ECGRecord, path: Path) -> None:
    """Write the twelve leads, whichever of them the record has."""
    columns = [_cells(record, lead) for lead in STANDARD_LEADS]
    samples = record.signal.shape[1]
    times = (f"{i / record.sampling_rate:.{TIME_DECIMALS}f}" for i in range(samples))
    with path.open("w", encoding="ascii", newline="") as stream:
        stream.write(",".join(("time_s", *STANDARD_LEADS)) + "\n")
        for row in zip(times, *columns, strict=True):
            stream.write(",".join(row) + "\n")


def _cells(record: ECGRecord, lead: Lead) -> list[str]:
    """Return the column of one lead as text."""
    if lead not in record.leads:
        return [""] * record.signal.shape[1]
    values = record.lead(lead).tolist()
    return ["" if math.isnan(v) else f"{v:.{VOLTAGE_DECIMALS}f}" for v in values]


# ---- Reading -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """What the header says."""

    time: int
    seconds_per_unit: float
    leads: dict[int, Lead]
    millivolts_per_unit: dict[int, float]


def read(content: FileContent) -> ECGRecord:
    """Read a record; lines that start with # are comments."""
    lines = decode_text(content.data).splitlines()
    header = next((place for place, line in enumerate(lines) if _counts(line)), None)
    if header is None:
        raise CorruptFileError(_("the CSV holds no line"))
    delimiter = _delimiter(lines[header])
    columns = _header((header + 1, lines[header]), delimiter)
    to_number = _decimal_comma if delimiter != "," else float
    values = _values(lines, header + 1, columns, delimiter=delimiter, to_number=to_number)
    times = values[columns.time] * columns.seconds_per_unit
    channels = {
        lead: values[index] * columns.millivolts_per_unit[index]
        for index, lead in columns.leads.items()
    }
    return assemble(channels, sampling_rate=sampling_rate_of(times), source=content.source("csv"))


def _counts(line: str) -> bool:
    """Tell whether a line is neither empty nor a comment."""
    return not line.startswith("#") and bool(line.strip())


def _delimiter(header: str) -> str:
    """Choose what separates the cells: the mark that the header has most of."""
    return max((",", ";", "\t"), key=header.count)


def _header(line: tuple[int, str], delimiter: str) -> _Columns:
    """Find the time column and the leads."""
    number, text = line
    names = [cell.strip() for cell in next(csv.reader([text], delimiter=delimiter))]
    times = [(i, match) for i, name in enumerate(names) if (match := _TIME.fullmatch(name))]
    leads: dict[int, Lead] = {}
    factors: dict[int, float] = {}
    for index, name in enumerate(names):
        lead, factor = _lead_and_unit(name)
        if lead is not None and lead not in leads.values():
            leads[index], factors[index] = lead, factor
    if not leads:
        raise CorruptFileError(
            _("line {number} names no ECG lead: {text!r}", number=number, text=text[:60])
        )
    if not times:
        raise InvalidRecordError(
            _("line {number} names no time column, so the sampling rate is unknown", number=number),
            hint="Add a first column time_s with the seconds of each sample.",
        )
    index, match = times[0]
    milliseconds = (match["unit"] or "s").lower() == "ms"
    return _Columns(
        time=index,
        seconds_per_unit=1 / MILLISECONDS_PER_SECOND if milliseconds else 1.0,
        leads=leads,
        millivolts_per_unit=factors,
    )


def _lead_and_unit(name: str) -> tuple[Lead | None, float]:
    """Split `V1 (uV)` into the lead and its factor to millivolts; mV without a unit."""
    lead = lead_of_label(re.split(r"[\s_(\[]", name, maxsplit=1)[0]) or lead_of_label(name)
    if lead is None:
        return None, 1.0
    match = _UNIT.search(name, pos=name.upper().find(lead.upper()) + len(lead))
    unit = match["unit"] if match else "mV"
    known = {spelling.lower(): factor for spelling, factor in MILLIVOLTS_PER_UNIT.items()}
    return lead, known[unit.lower()]


def _decimal_comma(text: str) -> float:
    """Read a number with a decimal comma or point."""
    return float(text.replace(",", "."))


def _values(
    lines: Sequence[str],
    first: int,
    columns: _Columns,
    *,
    delimiter: str,
    to_number: Callable[[str], float],
) -> dict[int, NDArray[np.float64]]:
    """Read the needed columns from a line on; an empty cell is NaN.

    Returns
    -------
    mapping from column index to float array, shape (rows,)
    """
    needed = [columns.time, *columns.leads]
    parts = [np.zeros((0, len(needed)))]
    for start in range(first, len(lines), LINES_AT_ONCE):
        some = lines[start : start + LINES_AT_ONCE]
        table = _plain_table(some, delimiter)
        if table is not None and table.shape[1] > max(needed):
            parts.append(table[:, needed])
        else:
            counted = [(n, line) for n, line in enumerate(some, start + 1) if _counts(line)]
            parts.append(_cell_by_cell(counted, needed, delimiter=delimiter, to_number=to_number))
    return dict(zip(needed, np.concatenate(parts).T, strict=True))


def _plain_table(lines: Sequence[str], delimiter: str) -> NDArray[np.float64] | None:
    """Read lines of nothing but numbers, all of one width; None for all others.

    They are read as one list of JSON, by the reader that pydantic brings along: exactly as `float`
    reads them, in a fifth of the time.

    Returns
    -------
    float array, shape (lines, cells)
    """
    text = "\n".join(lines)
    if delimiter != ",":
        text = text.replace(",", ".").replace(delimiter, ",")
    numbers = text.encode()
    apart = numbers.translate(None, _PLAIN) + b"\n"
    cells = apart.index(b"\n") + 1
    if apart != (b"," * (cells - 1) + b"\n") * len(lines):  # another width, or words
        return None
    try:
        found = from_json(b"[" + numbers.replace(b"\n", b",") + b"]")
        table = np.fromiter(found, np.float64, len(found))
    except (ValueError, OverflowError):  # an empty cell, or no number, as 1.2.3
        return None
    return table.reshape(len(lines), cells) if len(table) else None


def _cell_by_cell(
    lines: list[tuple[int, str]],
    needed: list[int],
    *,
    delimiter: str,
    to_number: Callable[[str], float],
) -> NDArray[np.float64]:
    """Read the needed cells of lines, shape (lines, needed); an error names its line."""
    found = array("d")
    for number, text in lines:
        cells = text.split(delimiter)
        if len(cells) <= max(needed):
            raise CorruptFileError(
                _(
                    "line {number} has {cells} cells, expected at least {needed}",
                    number=number,
                    cells=len(cells),
                    needed=max(needed) + 1,
                )
            )
        for index in needed:
            cell = cells[index].strip().strip('"')
            try:
                found.append(math.nan if cell.lower() in _MISSING else to_number(cell))
            except ValueError:
                raise CorruptFileError(
                    _("line {number} holds {cell!r}, no number", number=number, cell=cell[:40])
                ) from None
    return np.array(found, dtype=np.float64).reshape(-1, len(needed))


def sampling_rate_of(times: NDArray[np.float64]) -> float:
    """Infer the sampling rate from the times of the samples.

    Parameters
    ----------
    times : float array, shape (samples,), seconds

    Returns
    -------
    float, Hz

    Raises
    ------
    InvalidRecordError
        The times are missing, do not increase, or are not evenly spaced.

    Examples
    --------
    >>> sampling_rate_of(np.array([0.0, 0.002, 0.004]))
    500.0
    """
    if len(times) < 2 or not np.isfinite(times).all():
        raise InvalidRecordError(
            _("the time column is incomplete, so the sampling rate is unknown")
        )
    length = float(times[-1] - times[0])
    if length <= 0:
        raise InvalidRecordError(_("the time column does not increase"))
    step = length / (len(times) - 1)
    deviation = np.abs(times - times[0] - step * np.arange(len(times)))
    if deviation.max() > _JITTER * step:
        line = int(deviation.argmax())
        raise InvalidRecordError(
            _(
                "the samples are not evenly spaced in time: sample {line} is {deviation:.1f} "
                "samples off",
                line=line,
                deviation=deviation[line] / step,
            )
        )
    return nearest_whole_rate(1 / step)
