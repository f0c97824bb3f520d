"""Make DICOM objects of a result: the 12-lead ECG with its measurements, and the report as PDF.

Codes are MDC (CID 3001, 3227-3229), units UCUM. The same result gives the same UIDs, so sending it
again does not make a second study; UIDs are always legal, whatever the source file had.
"""

from __future__ import annotations

import io
from datetime import datetime
from typing import Final

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

from cardioalert.domain.patient import Sex
from cardioalert.errors import InvalidRecordError
from cardioalert.formats.dicom_file import build_dataset
from cardioalert.hospital.result import Result
from cardioalert.i18n import translate as _

ENCAPSULATED_PDF: Final = "1.2.840.10008.5.1.4.1.1.104.1"
MANUFACTURER: Final = "CardioAlert"
LONGEST_TEXT: Final = 1024

_UNIT_MEANINGS: Final = {"ms": "millisecond", "/min": "heart beats per minute", "deg": "degree"}


def ecg_object(result: Result) -> Dataset:
    """Return the waveform object with measurements and findings as annotations.

    Raises
    ------
    InvalidRecordError
        The samples are not at hand.
    """
    if result.record is None:
        raise InvalidRecordError(
            _("a DICOM ECG needs the samples, and there is only the analysis"),
            hint="Name the recording instead of its JSON.",
        )
    dataset = build_dataset(result.record)
    if result.recorded_at is not None:
        dataset.pop("SeriesDescription", None)
        _fill_moment(dataset, result.recorded_at)
        dataset.AcquisitionDateTime = f"{result.recorded_at:%Y%m%d%H%M%S%z}"
    _identify(dataset, result, part="ecg")
    dataset.SeriesNumber = 1
    annotations: list[Dataset] = []
    for one in result.measurements():
        if one.value is None:
            continue  # what could not be measured has no annotation, never a zero
        annotation = _annotation(len(annotations) + 1)
        annotation.ConceptNameCodeSequence = [_code(one.codes.dicom, "MDC", one.codes.mdc_display)]
        annotation.MeasurementUnitsCodeSequence = [
            _code(one.codes.ucum, "UCUM", _UNIT_MEANINGS[one.codes.ucum])
        ]
        annotation.NumericValue = f"{one.value:g}"
        annotations.append(annotation)
    for finding in result.findings():
        annotation = _annotation(len(annotations) + 1)
        sure = "" if finding.status == "present" else " (possible)"
        annotation.UnformattedTextValue = (finding.title + sure)[:LONGEST_TEXT]
        annotations.append(annotation)
    dataset.WaveformAnnotationSequence = annotations
    return dataset


def pdf_object(result: Result) -> Dataset:
    """Return the report as an encapsulated PDF in the study of the ECG.

    Raises
    ------
    InvalidRecordError
        There is no report.
    """
    if result.report is None:
        raise InvalidRecordError(_("there is no PDF report to send"))
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = ENCAPSULATED_PDF
    dataset.Modality = "DOC"
    dataset.Manufacturer = MANUFACTURER
    dataset.ConversionType = "WSD"
    for name in ("PatientBirthDate", "PatientSex", "ReferringPhysicianName", "StudyID"):
        setattr(dataset, name, "")
    _fill_moment(dataset, result.recorded_at or result.exported_at)
    at = result.exported_at
    dataset.ContentDate, dataset.ContentTime = f"{at:%Y%m%d}", f"{at:%H%M%S}"
    recorded = result.recorded_at
    dataset.AcquisitionDateTime = f"{recorded:%Y%m%d%H%M%S%z}" if recorded else ""
    _identify(dataset, result, part="pdf")
    dataset.SeriesNumber = 2
    dataset.InstanceNumber = 1
    dataset.BurnedInAnnotation = "YES"
    dataset.RecognizableVisualFeatures = "NO"
    dataset.DocumentTitle = result.report.title
    dataset.ConceptNameCodeSequence = [_code("11524-6", "LN", "EKG study")]
    dataset.MIMETypeOfEncapsulatedDocument = "application/pdf"
    data = result.report.data
    dataset.EncapsulatedDocument = data + b"\0" * (len(data) % 2)
    dataset.EncapsulatedDocumentLength = len(data)
    return dataset


def to_bytes(dataset: Dataset) -> bytes:
    """Return the object as a file."""
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def _identify(dataset: Dataset, result: Result, *, part: str) -> None:
    """Tell whose it is, by whom it was made, and what it is called."""
    person = result.person
    name = "^".join((person.family, person.given, person.patronymic)).rstrip("^")
    dataset.PatientName = name
    dataset.PatientID = person.identifier or f"file-{result.sha256[:32]}"
    dataset.IssuerOfPatientID = person.system[:64] if person.identifier else MANUFACTURER
    if person.birth_date is not None:
        dataset.PatientBirthDate = f"{person.birth_date:%Y%m%d}"
    if person.sex is not None:
        dataset.PatientSex = "M" if person.sex is Sex.MALE else "F"
    dataset.AccessionNumber = (result.accession or result.order)[:16]
    if result.facility:
        dataset.InstitutionName = result.facility[:64]
    dataset.SoftwareVersions = result.version[:64]
    dataset.ManufacturerModelName = MANUFACTURER
    dataset.DeviceSerialNumber = "1"
    dataset.StudyID = result.key("study").hex[:16]
    dataset.StudyInstanceUID = study_uid(result)
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=[str(result.key(f"{part}-series"))])
    instance = str(result.key(f"{part}-{result.status}-instance"))
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=[instance])


def study_uid(result: Result) -> str:
    """Return the UID of the study of ECG and report: that of the cart, if it is legal."""
    if result.study_uid and UID(result.study_uid).is_valid:
        return result.study_uid
    return str(generate_uid(entropy_srcs=[str(result.key("study"))]))


def _fill_moment(dataset: Dataset, at: datetime) -> None:
    """Tell when the study took place."""
    dataset.StudyDate = dataset.ContentDate = f"{at:%Y%m%d}"
    dataset.StudyTime = dataset.ContentTime = f"{at:%H%M%S}"
    dataset.TimezoneOffsetFromUTC = f"{at:%z}"


def _annotation(group: int) -> Dataset:
    """Begin an annotation of the whole recording."""
    item = Dataset()
    item.ReferencedWaveformChannels = [1, 0]
    item.AnnotationGroupNumber = group
    return item


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    """Write a coded concept."""
    code = Dataset()
    code.CodeValue = value
    code.CodingSchemeDesignator = scheme
    code.CodeMeaning = meaning
    return code
