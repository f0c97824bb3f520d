"""Files of strangers: judged by their bytes, cleaned, and only then kept.

Nothing here trusts a name: it is never part of a path, and decides nothing.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cardioalert.errors import (
    CorruptFileError,
    EmptyFileError,
    FileTooLargeError,
    PictureSizeError,
    UnknownFormatError,
)
from cardioalert.files import picture_format
from cardioalert.i18n import translate as _
from cardioalert.isolation import IsolatedCall, Limits, Message

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

MOST_PHOTO_BYTES: Final = 20_000_000
MOST_FILE_BYTES: Final = 50_000_000
MOST_PIXELS: Final = 40_000_000
JPEG_QUALITY: Final = 95
CLEANING: Final = "cardioalert.security.uploads:work"
CLEANING_LIMITS: Final = Limits(seconds=30.0, megabytes=1000)
_ARCHIVES: Final = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh")
_PROGRAMS: Final = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xd0\xcf\x11\xe0")


@dataclass(frozen=True, slots=True)
class CleanFile:
    """What may be kept: `kind` is `picture` or `record`."""

    data: bytes
    kind: str


def work(_values: dict[str, Any], data: bytes) -> Message:
    """Clean an upload that came as a message: see `cardioalert.isolation`."""
    cleaned = clean(data)
    return {"kind": cleaned.kind}, cleaned.data


def clean_apart(child: IsolatedCall, data: bytes) -> CleanFile:
    """Judge and clean an uploaded file in a limited process: `clean` says how.

    Raises
    ------
    LimitError
        And what `clean` raises.
    """
    if len(data) > MOST_FILE_BYTES:  # too much even to send over
        raise FileTooLargeError(
            _(
                "the upload has {count} bytes, the most is {most_file_bytes}",
                count=len(data),
                most_file_bytes=MOST_FILE_BYTES,
            )
        )
    values, cleaned = child({}, data, name="the upload")
    return CleanFile(cleaned, values["kind"])


def clean(data: bytes) -> CleanFile:
    """Judge and clean an uploaded file.

    A picture is turned upright and written anew: place, camera, thumbnails and whatever was hidden
    behind it are gone.

    Raises
    ------
    EmptyFileError, FileTooLargeError, UnknownFormatError, PictureSizeError, CorruptFileError
    """
    if not data:
        raise EmptyFileError(_("the upload holds no bytes"))
    if len(data) > MOST_FILE_BYTES:
        raise FileTooLargeError(
            _(
                "the upload has {count} bytes, the most is {most_file_bytes}",
                count=len(data),
                most_file_bytes=MOST_FILE_BYTES,
            )
        )
    if data.startswith((*_ARCHIVES, *_PROGRAMS)):
        raise UnknownFormatError(
            _("archives and programs are not taken"), hint="Send one ECG a file."
        )
    kind = picture_format(data)
    if kind is None or data.startswith(b"%PDF"):
        return CleanFile(data, "record" if kind is None else "picture")
    if len(data) > MOST_PHOTO_BYTES:
        raise FileTooLargeError(
            _(
                "the photo has {count} bytes, the most is {most_photo_bytes}",
                count=len(data),
                most_photo_bytes=MOST_PHOTO_BYTES,
            )
        )
    return CleanFile(_written_anew(data), "picture")


def _written_anew(data: bytes) -> bytes:
    """Return only the pixels of a picture, upright."""
    from PIL import Image, ImageOps  # noqa: PLC0415 - heavy

    try:
        import pillow_heif  # noqa: PLC0415

        pillow_heif.register_heif_opener()
    except ImportError:  # then photos of this kind are refused below
        pass
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # our own limit comes first and is lower
            picture = Image.open(io.BytesIO(data))
        if picture.width * picture.height > MOST_PIXELS:
            raise PictureSizeError(
                _(
                    "the photo has {width} x {height} pixels, more than 40 million",
                    width=picture.width,
                    height=picture.height,
                )
            )
        upright = ImageOps.exif_transpose(picture)
        lossless = picture.format in ("PNG", "BMP", "TIFF")
        plain = upright if upright.mode in ("RGB", "L") else _on_paper(upright)
        out = io.BytesIO()
        clean_pixels = Image.frombytes(plain.mode, plain.size, plain.tobytes())
        if lossless:
            clean_pixels.save(out, format="PNG", compress_level=1)
        else:
            clean_pixels.save(out, format="JPEG", quality=JPEG_QUALITY, subsampling=0)
    except (PictureSizeError, MemoryError):
        raise
    except Exception as error:  # a decoding library may raise anything for a damaged file
        raise CorruptFileError(
            _("the photo cannot be read: {kind}", kind=type(error).__name__)
        ) from None
    return out.getvalue()


def _on_paper(picture: Picture) -> Picture:
    """Return a picture in plain colours; what is transparent becomes white."""
    from PIL import Image  # noqa: PLC0415

    seen = picture.convert("RGBA")
    paper = Image.new("RGB", seen.size, "white")
    paper.paste(seen, mask=seen.getchannel("A"))
    return paper
