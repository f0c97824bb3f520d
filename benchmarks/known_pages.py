"""Pages whose recording is known, and the curves that a PDF draws."""

from __future__ import annotations

from collections.abc import Iterator
from ctypes import byref, c_float
from pathlib import Path

import numpy as np
import pypdfium2.raw as pdfium
import wfdb
from numpy.typing import NDArray
from pypdfium2 import PdfDocument

import cardioalert
from cardioalert.units import MILLIMETERS_PER_INCH

RATE = 500.0  # Hz
COLUMNS_3X4 = (("I", "II", "III"), ("aVR", "aVL", "aVF"), ("V1", "V2", "V3"), ("V4", "V5", "V6"))
POINTS_PER_INCH = 72.0  # of PDF
FEWEST_POINTS = 400  # of a line that is a curve

Truth = dict[str, NDArray[np.float64]]


def columns_of(signal: Truth, rate: float, rhythm: str) -> Truth:
    """Keep what a 3x4 page with a rhythm strip prints of a 10-s record, at 500 Hz."""
    times = np.arange(int(10 * RATE)) / RATE
    printed: Truth = {}
    for number, leads in enumerate(COLUMNS_3X4):
        inside = (times >= 2.5 * number) & (times < 2.5 * (number + 1))
        for lead in leads:
            values = signal[lead.lower()]
            full = np.interp(times, np.arange(len(values)) / rate, values)
            printed[lead] = full if lead == rhythm else np.where(inside, full, np.nan)
    return printed


def pages_with_truth(data: Path) -> Iterator[tuple[Path, Truth]]:
    """Yield pictures with the recording they were printed from."""
    for path in sorted((data / "images" / "ludb_3x4").glob("*.png")):
        record = wfdb.rdrecord(str(data / "ludb" / "data" / str(int(path.stem))))
        signal = dict(zip((n.lower() for n in record.sig_name), record.p_signal.T, strict=True))
        yield path, columns_of(signal, record.fs, "II")
    print_folder = data / "interop" / "print"
    digital = cardioalert.read_record(data / "interop" / "dicom" / "marcodebe_anonymous_ecg.dcm")
    signal = {
        lead.lower(): row.astype(float)
        for lead, row in zip(digital.leads, digital.signal, strict=True)
    }
    for path in sorted(print_folder.iterdir()):
        yield path, columns_of(signal, digital.sampling_rate, "II")


def drawn_curves(path: Path) -> Truth:
    """Return what a PDF of a 3x4 page with a rhythm strip draws, at 500 Hz, 25 mm/s and 10 mm/mV.

    The program that wrote it filtered the recording first: the best of readers finds on paper the
    filtered curve and not the recording.
    """
    rows = []
    with PdfDocument(path) as document:
        for line in document[0].get_objects(filter=[pdfium.FPDF_PAGEOBJ_PATH]):
            if pdfium.FPDFPath_CountSegments(line.raw) >= FEWEST_POINTS:
                rows.append(_points(line.raw) * MILLIMETERS_PER_INCH / POINTS_PER_INCH)
    rows.sort(key=lambda at: -np.median(at[:, 1]))  # PDF counts from the bottom
    times = np.arange(int(10 * RATE)) / RATE
    curves = [
        np.interp(times, (at[:, 0] - at[0, 0]) / 25.0, (at[:, 1] - np.median(at[:, 1])) / 10.0)
        for at in rows
    ]
    printed: Truth = {}
    for number, leads in enumerate(COLUMNS_3X4):
        inside = (times >= 2.5 * number) & (times < 2.5 * (number + 1))
        for lead, curve in zip(leads, curves[:3], strict=True):
            printed[lead] = np.where(inside, curve, np.nan)
    return printed | {"II": curves[3]}


def _points(line: object) -> NDArray[np.float64]:
    """Return the corners of a line, shape (points, 2), in points from the lower left."""
    x, y = c_float(), c_float()
    corners = []
    for number in range(pdfium.FPDFPath_CountSegments(line)):
        segment = pdfium.FPDFPath_GetPathSegment(line, number)
        pdfium.FPDFPathSegment_GetPoint(segment, byref(x), byref(y))
        corners.append((x.value, y.value))
    return np.array(corners)
