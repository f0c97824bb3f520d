"""The PDF: true to the millimetre, readable by machines, the same every time."""

from __future__ import annotations

import numpy as np
import pypdfium2
import pytest
from pypdfium2 import raw

from cardioalert.i18n import use_language
from cardioalert.report.build import Wishes
from cardioalert.report.make import render, report_of_analysis, report_of_document
from tests.made_report import (
    DOTS_PER_MM,
    built_analysis,
    built_document,
    heavy_lines,
    pdf_page,
    pdf_text,
)

ECG_PAGE = 1


def written(language: str = "en", **wishes: str) -> bytes:
    with use_language(language):
        report = report_of_analysis(built_analysis(language), wishes=Wishes(**wishes))
    return render(report, ".pdf")


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return written()


def test_grid_of_the_printed_ecg_is_five_millimetres(pdf):
    picture = pdf_page(pdf, ECG_PAGE)
    for axis in (0, 1):
        lines = heavy_lines(picture, axis)
        assert len(lines) > 20
        assert (lines[-1] - lines[0]) / (len(lines) - 1) == pytest.approx(5 * DOTS_PER_MM, abs=0.1)


def test_beats_and_pulse_are_drawn_to_scale(pdf):
    """75/min at 25 mm/s is a beat every 20 mm; the pulse is 1 mV, 10 mm tall."""
    picture = pdf_page(pdf, ECG_PAGE)
    dark = picture.max(axis=2) < 70
    grid = heavy_lines(picture, 0)
    left, rhythm = int(grid[0]), slice(int(heavy_lines(picture, 1)[-7]), None)
    strip = dark[rhythm, left + 25 * DOTS_PER_MM :]
    top = np.array([np.flatnonzero(column)[0] if column.any() else 9999 for column in strip.T])
    peaks = np.flatnonzero(top < top.min() + 12)  # within 1.2 mm of the tallest R
    beats = np.array(
        [group.mean() for group in np.split(peaks, np.flatnonzero(np.diff(peaks) > 50) + 1)]
    )
    assert len(beats) >= 10
    assert np.diff(beats) == pytest.approx(20.0 * DOTS_PER_MM, abs=4)
    pulse = dark[:, left + 4 * DOTS_PER_MM - 3 : left + 4 * DOTS_PER_MM + 4].any(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], pulse, [False]]).astype(int)))
    heights = edges[1::2] - edges[::2]
    assert sorted(heights)[-4:] == pytest.approx([10 * DOTS_PER_MM] * 4, abs=5)


def test_pages_are_a4_and_the_ecg_lies_on_its_side(pdf):
    sizes = [np.round(np.array(page.get_size()) / 72 * 25.4) for page in pypdfium2.PdfDocument(pdf)]
    assert [tuple(size) for size in sizes[:3]] == [(210, 297), (297, 210), (210, 297)]


def test_it_is_tagged_and_has_a_title_and_a_language(pdf):
    document = pypdfium2.PdfDocument(pdf)
    assert raw.FPDFCatalog_IsTagged(document.raw)
    assert document.get_metadata_dict()["Title"].startswith("ECG report")
    assert b"/Lang(en)" in pdf
    assert b"pdfuaid" in pdf


def test_the_same_ecg_gives_the_same_bytes(pdf):
    assert written() == pdf


def test_a_stored_analysis_gives_the_same_report(pdf):
    """A digital record has no photo, so nothing is lost in the file."""
    stored = render(report_of_document(built_document()), ".pdf")
    assert stored == pdf


def test_uzbek_and_russian_letters_come_back_as_text():
    pages = pdf_text(written("uz", clinic="Oʻzbekiston, Gʻalaba koʻchasi", reference="Ғайрат ҳақ"))
    assert "Oʻzbekiston, Gʻalaba koʻchasi" in pages[0]
    assert "Ғайрат ҳақ" in pages[0]


def test_every_page_says_that_nobody_has_confirmed_it(pdf):
    assert all("UNCONFIRMED" in page for page in pdf_text(pdf))


def test_the_first_page_names_the_emergency_number_and_is_no_diagnosis(pdf):
    first = pdf_text(pdf)[0]
    assert "Call 103 at once" in first
    assert "no diagnosis" in first


def test_nothing_in_a_text_is_markup():
    hostile = '#panic("x") $a$ @b *c* _d_ <e> `f` \\ // "g"'
    assert hostile in " ".join(pdf_text(written(reference=hostile))[0].split())


def test_a_booking_code_is_shown_as_qr():
    with_code, without = written(booking="CA-7F3K-92"), written()
    assert "CA-7F3K-92" in pdf_text(with_code)[0]
    dark = [(pdf_page(each, 0).max(axis=2) < 60).sum() for each in (with_code, without)]
    assert dark[0] - dark[1] > 20_000  # some 30 mm of modules
