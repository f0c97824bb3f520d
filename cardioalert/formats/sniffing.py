"""Tell record formats apart by the first bytes of a file."""

from __future__ import annotations

import re
from typing import Final

from cardioalert.errors import FileTooLargeError
from cardioalert.files import FileContent
from cardioalert.i18n import translate as _

MAX_TEXT_BYTES: Final = 20_000_000  # five minutes of twelve leads; unpacked it takes far more

_HEAD: Final = 4096  # bytes that decide

_WFDB_RECORD_LINE: Final = re.compile(rb"[\w.-]+(?:/\d+)?[ \t]+\d+(?:[ \t]+[\d.+-]\S*.*)?\r?")
_CSV_LEAD: Final = re.compile(r"(?:^|[,;\t\s\"])(?:I|II|III|AV[RLF]|V[1-6])(?:$|[,;\t\s\"(\[_])")
_DICOM_MAGIC_AT: Final = 128
_SCP_MAGIC_AT: Final = 16
_BARE_DICOM: Final = re.compile(rb"\x08\x00[\x00-\x20]\x00(?:[A-Z]{2}..|.{4})", re.DOTALL)


_META_LENGTH: Final = 400  # bytes, in which the class of a DICOM object is told
_SOP_CLASS: Final = b"\x02\x00\x02\x00UI"  # tag and type, before two bytes of length
_DEFLATED: Final = b"1.2.840.10008.1.2.1.99"
_TRANSFER_SYNTAX_WITHIN: Final = 2048  # bytes
_WAVEFORMS: Final = b"1.2.840.10008.5.1.4.1.1.9."


def check_text_size(data: bytes) -> None:
    """Refuse text that would fill the memory once it is taken apart."""
    if len(data) > MAX_TEXT_BYTES:
        raise FileTooLargeError(
            _(
                "the text has {size:.0f} MB, at most {limit} MB are read",
                size=len(data) / 1e6,
                limit=MAX_TEXT_BYTES // 10**6,
            ),
            hint="Send long recordings as WFDB, EDF or DICOM.",
        )


def decode_text(data: bytes) -> str:
    """Decode text as people save it: UTF-8 or UTF-16 with their marks, else Latin-1."""
    check_text_size(data)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _head_text(content: FileContent) -> str:
    """Return the beginning of the file as text."""
    return decode_text(content.data[:_HEAD])


def is_wfdb(content: FileContent) -> bool:
    """Tell whether the file is called a header, or begins with a WFDB record line."""
    if b"\0" in content.data[:_HEAD]:
        return False
    if content.suffix == ".hea":
        return True
    lines = (line for line in content.data[:_HEAD].split(b"\n") if line.strip())
    first = next((line for line in lines if not line.startswith(b"#")), b"")
    return _WFDB_RECORD_LINE.fullmatch(first) is not None


def is_csv(content: FileContent) -> bool:
    """Tell whether the file is called CSV, or begins with a row of lead names."""
    if content.suffix in (".csv", ".tsv"):
        return True
    lines = (line for line in _head_text(content).splitlines() if line.strip())
    first = next((line for line in lines if not line.startswith("#")), "")
    delimited = any(mark in first for mark in ",;\t")
    return delimited and _CSV_LEAD.search(first.upper()) is not None


def is_json(content: FileContent) -> bool:
    """Tell whether the file begins like a JSON object that names our schema."""
    head = _head_text(content)
    return head.lstrip().startswith("{") and "cardioalert.record/" in head


def is_fhir(content: FileContent) -> bool:
    """Tell whether the file begins like a FHIR resource or bundle."""
    head = _head_text(content)
    return head.lstrip().startswith("{") and '"resourceType"' in head


def is_dicom(content: FileContent) -> bool:
    """Tell whether the file is DICOM, with its preamble or bare."""
    if content.data[_DICOM_MAGIC_AT : _DICOM_MAGIC_AT + 4] == b"DICM":
        return True
    return content.suffix in (".dcm", "") and _BARE_DICOM.match(content.data) is not None


def is_dicom_waveform(content: FileContent) -> bool:
    """Tell by the first lines of a DICOM file whether it is a waveform object.

    Parsing the whole object would tell it too, but takes as long as reading the ECG.
    """
    at = content.data.find(_SOP_CLASS, 0, _META_LENGTH)
    begin = at + len(_SOP_CLASS) + 2
    return at >= 0 and content.data[begin : begin + len(_WAVEFORMS)] == _WAVEFORMS


def is_deflated_dicom(content: FileContent) -> bool:
    """Tell whether a DICOM object is compressed as a whole: it may unpack to a thousand times."""
    return _DEFLATED in content.data[:_TRANSFER_SYNTAX_WITHIN]


def is_edf(content: FileContent) -> bool:
    """Tell whether the file is EDF (16 bits) or BDF (24 bits)."""
    return content.data[:8] in (b"0       ", b"\xffBIOSEMI")


def is_scp(content: FileContent) -> bool:
    """Tell whether the file begins with the pointer section of SCP-ECG."""
    return content.data[_SCP_MAGIC_AT : _SCP_MAGIC_AT + 6] == b"SCPECG"


def is_ishne(content: FileContent) -> bool:
    """Tell whether the file is an ISHNE Holter."""
    return content.data[:8] == b"ISHNE1.0"


def is_matlab(content: FileContent) -> bool:
    """Tell whether the file is a MATLAB matrix, of level 4 called `val`, or of level 5."""
    return content.data[20:24] == b"val\0" or content.data[:10] == b"MATLAB 5.0"


def is_muse(content: FileContent) -> bool:
    """Tell whether the file is GE MUSE XML."""
    return re.search(r"<RestingECG\b", _head_text(content)) is not None


def is_sierra(content: FileContent) -> bool:
    """Tell whether the file is Philips Sierra XML."""
    return re.search(r"<(?:\w+:)?restingecgdata\b", _head_text(content)) is not None


def is_aecg(content: FileContent) -> bool:
    """Tell whether the file is an HL7 annotated ECG."""
    return re.search(r"<(?:\w+:)?AnnotatedECG\b", _head_text(content)) is not None
