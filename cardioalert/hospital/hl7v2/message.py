"""Read and write the text of HL7 v2: charsets, delimiters, escapes, and nothing of its meaning."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Final

from cardioalert.errors import CorruptFileError
from cardioalert.i18n import translate as _

CHARSETS: Final = {
    "UNICODE UTF-8": "utf-8",
    "UNICODE": "utf-8",
    "UTF-8": "utf-8",
    "ASCII": "ascii",
    "8859/1": "iso-8859-1",
    "8859/2": "iso-8859-2",
    "8859/5": "iso-8859-5",
    "8859/9": "iso-8859-9",
    "8859/15": "iso-8859-15",
    "WINDOWS-1251": "windows-1251",  # not in table 0211; some senders write it all the same
    "CP1251": "windows-1251",
}
"""MSH-18 (table 0211) to Python's codecs."""

BOMS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"))

_ESCAPE: Final = re.compile(r"\\([^\\]*)\\")


@dataclass(frozen=True, slots=True, kw_only=True)
class Charset:
    """How an endpoint writes.

    Attributes
    ----------
    override : str
        Goes before everything the message says; empty: none.
    default : str
        When the message says nothing and is no UTF-8.
    """

    override: str = ""
    default: str = "windows-1251"


def decode(raw: bytes, charset: Charset) -> tuple[str, str]:
    """Return the text and the codec that was used; never with a replaced letter.

    The order: override of the endpoint, MSH-18, byte order mark, strict UTF-8, the default of the
    endpoint.

    Raises
    ------
    CorruptFileError
        The bytes are not in that charset.
    """
    bom = next(((mark, codec) for mark, codec in BOMS if raw.startswith(mark)), (b"", ""))
    body = raw[len(bom[0]) :]
    codec = charset.override or CHARSETS.get(_declared(body), "") or bom[1]
    try:
        if codec:
            return body.decode(codec), codec
        try:
            return body.decode("utf-8"), "utf-8"
        except UnicodeDecodeError:
            return body.decode(charset.default), charset.default
    except (UnicodeDecodeError, LookupError) as error:
        raise CorruptFileError(
            _("the message is not in {codec}: {error}", codec=codec or charset.default, error=error)
        ) from error


def _declared(body: bytes) -> str:
    """Return MSH-18, its first repetition."""
    header = body.split(b"\r", 1)[0].decode("latin-1")
    if len(header) < 8 or not header.startswith("MSH"):
        return ""
    fields = header.split(header[3])
    return fields[17].partition(header[5])[0].strip().upper() if len(fields) > 17 else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delimiters:
    """What parts fields, components, repetitions, escapes and subcomponents."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"


class Message:
    """One message as lists of fields; MSH-1 is the separator itself, as the standard counts."""

    def __init__(self, text: str) -> None:
        lines = [line for line in re.split(r"\r\n|\r|\n", text) if line.strip()]
        if not lines or not lines[0].startswith("MSH") or len(lines[0]) < 8:
            raise CorruptFileError(
                _("an HL7 message begins with MSH, not with {text}", text=repr(text[:20]))
            )
        separator = lines[0][3]
        marks = lines[0].split(separator)[1]
        if len(marks) < 4 or len(set(separator + marks[:4])) < 5:
            raise CorruptFileError(
                _("MSH-2 is {marks}, expected four different signs", marks=repr(marks))
            )
        self.delimiters = Delimiters(
            field=separator,
            component=marks[0],
            repetition=marks[1],
            escape=marks[2],
            subcomponent=marks[3],
        )
        self.segments: list[list[str]] = []
        for line in lines:
            fields = line.split(separator)
            if fields[0] == "MSH":
                fields.insert(1, separator)
            self.segments.append(fields)

    def all(self, name: str) -> list[list[str]]:
        """Return all segments of a name."""
        return [segment for segment in self.segments if segment[0] == name]

    def raw(self, name: str, field: int) -> str:
        """Return a whole field of the first segment of a name, empty when there is none."""
        segments = self.all(name)
        return field_of(segments[0], field) if segments else ""

    def get(self, name: str, field: int, component: int = 1) -> str:
        """Return one component of the first repetition, without escapes."""
        return self.part(self.raw(name, field), component)

    def part(self, text: str, component: int = 1) -> str:
        """Return one component of a field's first repetition, its first subcomponent, plain."""
        first = text.partition(self.delimiters.repetition)[0]
        parts = first.split(self.delimiters.component)
        if len(parts) < component:
            return ""
        return self.unescape(parts[component - 1].split(self.delimiters.subcomponent)[0]).strip()

    def repetitions(self, text: str) -> list[str]:
        """Return the repetitions of a field."""
        return [one for one in text.split(self.delimiters.repetition) if one]

    def unescape(self, text: str) -> str:
        """Turn escape sequences into what they stand for."""
        marks = self.delimiters
        if marks.escape not in text:
            return text
        plain = {
            "F": marks.field,
            "S": marks.component,
            "R": marks.repetition,
            "E": marks.escape,
            "T": marks.subcomponent,
            ".br": "\n",
        }
        pattern = (
            _ESCAPE
            if marks.escape == "\\"
            else re.compile(
                re.escape(marks.escape)
                + r"([^"
                + re.escape(marks.escape)
                + r"]*)"
                + re.escape(marks.escape)
            )
        )
        return pattern.sub(lambda found: plain.get(found[1], ""), text)


def field_of(segment: list[str], number: int) -> str:
    """Return a field of a segment, empty when there is none."""
    return segment[number] if number < len(segment) else ""


def escape(text: str) -> str:
    r"""Write text so that it cannot be taken for a delimiter.

    Examples
    --------
    >>> escape("a|b^c")
    'a\\F\\b\\S\\c'
    """
    signs = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "~": "\\R\\", "&": "\\T\\"}
    escaped = "".join(signs.get(sign, sign) for sign in text)
    return re.sub(r"\r\n|\r|\n", r"\\.br\\", escaped)


def split_batch(text: str) -> list[str]:
    """Return the messages of a batch or file (FHS, BHS ... BTS, FTS); one message stays one."""
    messages: list[list[str]] = []
    for line in re.split(r"\r\n|\r|\n", text):
        name = line[:3]
        if name == "MSH":
            messages.append([line])
        elif name in ("FHS", "BHS", "BTS", "FTS") or not line.strip():
            continue
        elif messages:
            messages[-1].append(line)
        else:
            raise CorruptFileError(
                _("an HL7 message begins with MSH, not with {text}", text=repr(line[:20]))
            )
    return ["\r".join(lines) + "\r" for lines in messages]
