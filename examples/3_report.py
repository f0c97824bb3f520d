"""Write a report of the example photo, as HTML and as PDF, and compare it with itself."""

from __future__ import annotations

import tempfile
from pathlib import Path

import cardioalert
from cardioalert.domain.patient import Patient, Sex
from cardioalert.report.build import Wishes
from cardioalert.report.document import read_document
from cardioalert.report.make import explained_document, report_of_analysis, write_report

photo = Path(__file__).with_name("ecg_photo.jpg")
analysis = cardioalert.analyze(photo, patient=Patient(age=58.0, sex=Sex.FEMALE))

# What `--previous` takes: the document of an earlier analysis. Here it is the same one.
previous = read_document(explained_document(analysis))
report = report_of_analysis(
    analysis,
    previous=previous,
    wishes=Wishes(reference="case 42", clinic="City clinic 5", booking="CA-7F3K-92"),
)

folder = Path(tempfile.mkdtemp())
for name in ("report.html", "report.pdf"):
    write_report(report, folder / name)
    print(f"{name}: {(folder / name).stat().st_size / 1000:.0f} kB")
print(f"{report.urgency.word}: {report.urgency.meaning}")
