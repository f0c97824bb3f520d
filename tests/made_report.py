"""Reports of built ECGs, and ways to look into what was written."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pypdfium2
from numpy.typing import NDArray

import cardioalert
from cardioalert.domain.clinical import Analysis
from cardioalert.domain.patient import Patient, Sex
from cardioalert.i18n import use_language
from cardioalert.report.document import Document, read_document
from cardioalert.report.make import explained_document
from tests.built_ecg import built_record

DOTS_PER_MM = 10  # when a page is looked at


@cache
def built_analysis(language: str = "en") -> Analysis:
    """Return the analysis of an ECG whose values are known: 75/min, PR 220 ms."""
    record = built_record(heart_rate=75.0, pr=0.22, qrs=0.09, qt=0.38, noise=0.005)
    with use_language(language):
        return cardioalert.analyze(record, patient=Patient(age=58.0, sex=Sex.FEMALE))


def built_content(language: str = "en") -> dict[str, Any]:
    """Return its document as it would be read from a file."""
    with use_language(language):
        return explained_document(built_analysis(language))


def built_document(language: str = "en") -> Document:
    return read_document(built_content(language))


def pdf_text(pdf: bytes) -> list[str]:
    """Return the text of each page."""
    document = pypdfium2.PdfDocument(pdf)
    return [page.get_textpage().get_text_bounded() for page in document]


def pdf_page(pdf: bytes, number: int) -> NDArray[np.uint8]:
    """Return a page as a picture, RGB, 10 pixels a millimetre."""
    page = pypdfium2.PdfDocument(pdf)[number]
    picture = page.render(scale=DOTS_PER_MM * 25.4 / 72.0).to_numpy()
    return np.ascontiguousarray(picture[:, :, 2::-1])


def heavy_lines(picture: NDArray[np.uint8], axis: int) -> NDArray[np.float64]:
    """Return where the strong grid lines are along an axis, pixels."""
    red, green = picture[:, :, 0].astype(int), picture[:, :, 1].astype(int)
    pink = ((red - green > 45) & (red > 200)).sum(axis=axis)
    strong = pink > 0.6 * pink.max()
    edges = np.flatnonzero(np.diff(np.concatenate([[False], strong, [False]]).astype(int)))
    return np.array([(a + b - 1) / 2 for a, b in zip(edges[::2], edges[1::2], strict=True)])
