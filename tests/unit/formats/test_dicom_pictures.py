"""PDF documents and pictures inside DICOM go to the digitizer."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, JPEGBaseline8Bit

from cardioalert.errors import CorruptFileError, UnknownFormatError
from cardioalert.files import FileContent
from cardioalert.formats.registry import is_picture, kind_of, picture_of, read_record

PIXELS = np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)
PDF = b"%PDF-1.7\n" + bytes(30) + b"\n"


def object_with(**values: object) -> bytes:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = values.pop("syntax", ExplicitVRLittleEndian)
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    dataset.SOPInstanceUID = "1.2.3.4"
    for name, value in values.items():
        setattr(dataset, name, value)
    if "PixelData" in values:
        dataset["PixelData"].VR = "OB"
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def picture(pixels: np.ndarray, color: str, **more: object) -> bytes:
    channels = 1 if pixels.ndim == 2 else 3
    size = {"Rows": 40, "Columns": 60, "BitsAllocated": 8, "SamplesPerPixel": channels}
    return object_with(
        **size | {"PhotometricInterpretation": color, "PixelData": pixels.tobytes()} | more
    )


def pixels_of(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture_of(data).data)))


def test_pdf_is_taken_out() -> None:
    data = object_with(EncapsulatedDocument=PDF, MIMETypeOfEncapsulatedDocument="application/pdf")
    assert kind_of(data) == "pdf"
    content = picture_of(data)
    assert content.data == PDF
    assert content.source("pdf").sha256 == FileContent(data=data).source("pdf").sha256
    with pytest.raises(UnknownFormatError, match="picture"):
        read_record(data)


def test_plain_pixels() -> None:
    assert (pixels_of(picture(PIXELS, "RGB")) == PIXELS).all()
    planes = np.moveaxis(PIXELS, 2, 0)
    data = picture(np.ascontiguousarray(planes), "RGB", PlanarConfiguration=1)
    assert (pixels_of(data) == PIXELS).all()
    grey = PIXELS[..., 0]
    assert (pixels_of(picture(grey, "MONOCHROME2")) == grey).all()
    assert (pixels_of(picture(grey, "MONOCHROME1")) == 255 - grey).all()


def test_jpeg_is_taken_as_it_stands() -> None:
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, format="JPEG")
    data = object_with(syntax=JPEGBaseline8Bit, PixelData=encapsulate([buffer.getvalue()]))
    assert is_picture(data)
    assert picture_of(data).data.rstrip(b"\0") == buffer.getvalue().rstrip(b"\0")


def test_refusals() -> None:
    with pytest.raises(CorruptFileError, match="bytes"):
        picture_of(picture(PIXELS, "RGB", Rows=4000))
    with pytest.raises(UnknownFormatError):
        picture_of(picture(PIXELS, "RGB", BitsAllocated=16))
    with pytest.raises(UnknownFormatError):
        picture_of(object_with(EncapsulatedDocument=b"<html></html>"))
    with pytest.raises(UnknownFormatError):
        picture_of(object_with(syntax="1.2.840.10008.1.2.4.90", PixelData=encapsulate([b"ab"])))


def test_waveforms_stay_records(shared_data: Path) -> None:
    path = shared_data / "interop/dicom/ecgtoolkit_Example.dcm"
    assert not is_picture(path)
    assert picture_of(path).wrapping == b""
