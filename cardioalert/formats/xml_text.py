"""Parse the XML of strangers: known encodings only, and no entity is ever declared or expanded.

MUSE files name a document type (`<!DOCTYPE RestingECG SYSTEM "restecg.dtd">`), so a name alone is
allowed where the format asks for it; what is inside a document type never is.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Final

from cardioalert.errors import CorruptFileError
from cardioalert.formats.sniffing import check_text_size
from cardioalert.i18n import translate as _

ENCODINGS: Final = (
    "utf-8", "utf-16", "iso-8859-1", "us-ascii", "ascii", "windows-1251", "windows-1252",
    "iso-8859-5", "latin-1",
)  # fmt: skip

_DECLARATION: Final = re.compile(r"\s*<\?xml\b[^>]*\?>")
_ENCODING: Final = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([\w.-]{1,40})[\"']")
_DOCTYPE: Final = re.compile(r"<!DOCTYPE\s+([\w:.-]{1,80})([^>\[]*)(\[?)")


def parse_xml(data: bytes, *, doctype: str = "") -> ET.Element:
    """Return the root element.

    Parameters
    ----------
    data : bytes
    doctype : str
        The one document type that may be named; empty: none.

    Raises
    ------
    FileTooLargeError
    CorruptFileError
        It is no well-formed XML, or declares what a file from outside must not.
    """
    check_text_size(data)
    text = _DECLARATION.sub("", _decode(data), count=1)
    found = _DOCTYPE.search(text)
    if "<!ENTITY" in text or (found and (found[1] != doctype or found[3])):
        raise CorruptFileError(
            _(
                "the XML declares a document type {value!r} or entities, "
                "which ECG files never need",
                value=found[1] if found else "",
            )
        )
    if found is not None:
        text = text[: found.start()] + text[text.index(">", found.start()) + 1 :]
    if "<!DOCTYPE" in text:
        raise CorruptFileError(_("the XML declares several document types"))
    try:
        return ET.fromstring(text)
    except ET.ParseError as error:
        raise CorruptFileError(_("the file is no well-formed XML: {error}", error=error)) from error


def _decode(data: bytes) -> str:
    """Decode by the byte order mark, else by the declaration, else as UTF-8."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    else:
        declared = _ENCODING.search(data[:400])
        encoding = declared[1].decode("ascii").lower() if declared else "utf-8"
        if encoding not in ENCODINGS:
            raise CorruptFileError(
                _("the XML is in the unknown encoding {encoding!r}", encoding=encoding)
            )
        if encoding == "utf-16":  # declared, but no mark: such files are UTF-8 saved again
            encoding = "utf-8"
        encoding = "utf-8-sig" if encoding == "utf-8" else encoding
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise CorruptFileError(
            _(
                "the XML is not the {encoding} it claims to be: {error}",
                encoding=encoding,
                error=error,
            )
        ) from error


def text_of(element: ET.Element | None) -> str:
    """Return the stripped text of an element, empty when there is none."""
    return (element.text or "").strip() if element is not None else ""
