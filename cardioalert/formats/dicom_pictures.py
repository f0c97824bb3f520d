"""Pictures inside DICOM: an encapsulated PDF, or pixels of a secondary capture.

They go to the digitizer as the PDF, the JPEG, or a PNG made of the plain pixels. Counts of the
object are compared with the bytes it holds before anything is unpacked.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames

from cardioalert.errors import CardioAlertError, CorruptFileError, UnknownFormatError
from cardioalert.files import FileContent, picture_format
from cardioalert.formats.sniffing import is_deflated_dicom
from cardioalert.i18n import translate as _

ENCAPSULATED_PDF: Final = "1.2.840.10008.5.1.4.1.1.104.1"
JPEG_SYNTAXES: Final = ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51")
_NEEDED: Final = (  # anything else may be a million elements
    "WaveformSequence", "EncapsulatedDocument", "MIMETypeOfEncapsulatedDocument", "PixelData",
    "Rows", "Columns", "SamplesPerPixel", "BitsAllocated", "PhotometricInterpretation",
    "PlanarConfiguration",
)  # fmt: skip
PLAIN_SYNTAXES: Final = ("", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1")


def unwrap(content: FileContent) -> FileContent | None:
    """Return the picture or PDF of a DICOM object, None when it holds neither.

    Raises
    ------
    CorruptFileError, UnknownFormatError
    """
    if is_deflated_dicom(content):
        raise UnknownFormatError(
            _("deflated DICOM is not read"), hint="Export the ECG in Explicit VR Little Endian."
        )
    with _damage_is_an_error(content):
        dataset = pydicom.dcmread(io.BytesIO(content.data), force=True, specific_tags=[*_NEEDED])
        if "WaveformSequence" in dataset:
            return None
        if "EncapsulatedDocument" in dataset:
            picture = bytes(dataset.EncapsulatedDocument)
            if picture_format(picture) != "PDF":
                raise UnknownFormatError(
                    _(
                        "{name} encapsulates {value!r}, only PDF is read",
                        name=content.name,
                        value=dataset.get("MIMETypeOfEncapsulatedDocument"),
                    )
                )
        elif "PixelData" in dataset:
            picture = _pixels(dataset)
        else:
            return None
    return replace(content, data=picture, wrapping=content.data)


@contextmanager
def _damage_is_an_error(content: FileContent) -> Iterator[None]:
    """Turn whatever pydicom raises on damaged objects into one error; silence its warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except CardioAlertError:
            raise
        except Exception as error:  # pydicom raises nearly everything
            raise CorruptFileError(
                _("{name} is a damaged DICOM file: {error}", name=content.name, error=error)
            ) from error


def _pixels(dataset: Dataset) -> bytes:
    """Return the first frame as JPEG (as it stands) or PNG."""
    syntax = (
        str(dataset.file_meta.get("TransferSyntaxUID", "")) if "file_meta" in dir(dataset) else ""
    )
    if syntax in JPEG_SYNTAXES:
        return next(generate_frames(dataset.PixelData, number_of_frames=1))
    if syntax not in PLAIN_SYNTAXES:
        raise UnknownFormatError(
            _("DICOM pictures in the transfer syntax {syntax} are not read", syntax=syntax),
            hint="Export the picture uncompressed or as baseline JPEG.",
        )
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    channels, bits = int(dataset.get("SamplesPerPixel", 1)), int(dataset.BitsAllocated)
    color = str(dataset.get("PhotometricInterpretation", "MONOCHROME2"))
    if bits != 8 or (channels, color) not in (
        (1, "MONOCHROME1"),
        (1, "MONOCHROME2"),
        (3, "RGB"),
    ):
        raise UnknownFormatError(
            _(
                "DICOM pictures of {channels} x {bits} bits {color} are not read",
                channels=channels,
                bits=bits,
                color=color,
            )
        )
    data = bytes(dataset.PixelData)
    need = rows * columns * channels
    if not 0 < need <= len(data):
        raise CorruptFileError(
            _(
                "a DICOM picture of {columns} x {rows} has {count} bytes",
                columns=columns,
                rows=rows,
                count=len(data),
            )
        )
    pixels = np.frombuffer(data[:need], dtype=np.uint8)
    if channels == 3 and int(dataset.get("PlanarConfiguration", 0)) == 1:
        pixels = np.moveaxis(pixels.reshape(3, rows, columns), 0, 2)
    pixels = pixels.reshape(rows, columns, channels)
    return write_png(255 - pixels if color == "MONOCHROME1" else pixels)


def write_png(pixels: NDArray[np.uint8]) -> bytes:
    """Write a PNG.

    Parameters
    ----------
    pixels : uint8 array, shape (height, width, 1 or 3)
    """
    height, width, channels = pixels.shape
    lines = np.zeros((height, 1 + width * channels), dtype=np.uint8)  # 0: no filter
    lines[:, 1:] = pixels.reshape(height, width * channels)
    header = struct.pack(">IIBBBBB", width, height, 8, 2 if channels == 3 else 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
