"""Take the bytes of a file within limits, and tell by its content whether it is a picture.

A file's name is what somebody called it; its first bytes are what it is. Standard input can be read
only once, so what was read travels on as a `FileContent`, which every reader accepts.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

from cardioalert.domain.record import SourceFile
from cardioalert.errors import EmptyFileError, FileMissingError, FileTooLargeError, InputError
from cardioalert.i18n import translate as _

MAX_BYTES: Final = 100_000_000
STANDARD_INPUT: Final = "-"

_CHUNK: Final = 1 << 20
_PICTURES: Final = (
    ("JPEG", re.compile(rb"\xff\xd8\xff")),
    ("PNG", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("TIFF", re.compile(rb"II[*+]\0|MM\0[*+]")),
    ("WEBP", re.compile(rb"RIFF.{4}WEBP", re.DOTALL)),
    ("HEIF", re.compile(rb".{4}ftyp(?:hei[cxms]|hev[cx]|mif1|msf1)", re.DOTALL)),
    ("BMP", re.compile(rb"BM.{4}\0{4}", re.DOTALL)),
    ("PDF", re.compile(rb".{0,1023}?%PDF-", re.DOTALL)),  # readers accept rubbish before it
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FileContent:
    """The bytes of one file.

    Attributes
    ----------
    path : str
        As the caller gave it; `-` for standard input, empty for bytes.
    data : bytes
    wrapping : bytes
        The whole file, when `data` was taken out of it, as a PDF out of a DICOM object.
    sha256 : str
        Of the whole file, hexadecimal; empty until somebody has worked it out.
    """

    data: bytes
    path: str = ""
    wrapping: bytes = b""
    sha256: str = ""

    @property
    def name(self) -> str:
        """How to call the file in a message."""
        return {"": "the data", STANDARD_INPUT: "standard input"}.get(self.path, self.path)

    @property
    def suffix(self) -> str:
        """Ending of the name in small letters, with its dot; empty for streams."""
        return Path(self.path).suffix.lower()

    @property
    def folder(self) -> Path | None:
        """Folder of the file; None for streams."""
        return None if self.path in ("", STANDARD_INPUT) else Path(self.path).parent

    def source(self, kind: str, *, width_px: int = 0, height_px: int = 0) -> SourceFile:
        """Describe this file for a photo or record."""
        sha256 = self.sha256 or hashlib.sha256(self.wrapping or self.data).hexdigest()
        return SourceFile(
            path=self.path, sha256=sha256, kind=kind, width_px=width_px, height_px=height_px
        )


Source: TypeAlias = "str | os.PathLike[str] | bytes | FileContent"
"""What every reader accepts: a path, `-` for standard input, or the bytes themselves."""


def load(source: Source) -> FileContent:
    """Read all bytes of a file.

    Parameters
    ----------
    source : path, `-` for standard input, bytes, or a FileContent (returned as it is)

    Raises
    ------
    FileMissingError, EmptyFileError, FileTooLargeError, InputError
    """
    if isinstance(source, FileContent):
        return source
    if isinstance(source, bytes):
        content = FileContent(data=_read(io.BytesIO(source), "the data"))
    elif os.fspath(source) == STANDARD_INPUT:
        data = _read(sys.stdin.buffer, "standard input")
        content = FileContent(data=data, path=STANDARD_INPUT)
    else:
        path = os.fspath(source)
        content = FileContent(data=_read_path(path), path=path)
    if not content.data:
        raise EmptyFileError(_("{name} holds no bytes", name=content.name))
    return content


def _read_path(path: str) -> bytes:
    """Read a named file, refusing it by its size before it is read."""
    try:
        if Path(path).is_dir():
            raise InputError(_("{path} is a folder, expected a file", path=path))
        size = Path(path).stat().st_size
        if size > MAX_BYTES:
            raise _too_large(path, size)
        with Path(path).open("rb") as stream:
            return _read(stream, path)
    except FileNotFoundError:
        raise FileMissingError(_("there is no file {path}", path=path)) from None
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        raise InputError(_("{path!r} cannot be read: {error}", path=path, error=error)) from error


def _read(stream: BinaryIO, name: str) -> bytes:
    """Read a stream to its end; a stream has no size to ask for first."""
    chunks: list[bytes] = []
    size = 0
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        if size > MAX_BYTES:
            raise _too_large(name, size)
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large(name: str, size: int) -> FileTooLargeError:
    """Say how large the file is."""
    limit = MAX_BYTES // 1_000_000
    return FileTooLargeError(
        _(
            "{name} has {size:.0f} MB or more, at most {limit} MB are read",
            name=name,
            size=size / 1e6,
            limit=limit,
        )
    )


def picture_format(data: bytes) -> str | None:
    """Name the picture format that `data` begins like; None when it is no picture.

    Returns
    -------
    `JPEG`, `PNG`, `BMP`, `TIFF`, `WEBP`, `HEIF` or `PDF`

    Examples
    --------
    >>> picture_format(b"%PDF-1.7 ...")
    'PDF'
    """
    for name, beginning in _PICTURES:
        if beginning.match(data):
            return name
    return None
