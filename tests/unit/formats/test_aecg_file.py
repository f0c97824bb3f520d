"""HL7 aECG: sequence sets on one time axis, and no tricks of XML."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from lxml import etree

from cardioalert.domain.record import ECGRecord
from cardioalert.errors import CorruptFileError, InvalidRecordError
from cardioalert.formats.registry import read_record, write_record
from tests.unit.formats.made_records import made_record, printed_3x4

SET = """<component><sequenceSet>
<component><sequence><code code="{axis}"/><value>{head}<increment value="{step}" unit="{unit}"/>
</value></sequence></component>
<component><sequence><code code="MDC_ECG_LEAD_{lead}"/><value><origin value="{origin}" unit="uV"/>
<scale value="{scale}" unit="uV"/><digits>{digits}</digits></value></sequence></component>
</sequenceSet></component>"""


def one_set(**changes: str) -> str:
    values = {
        "axis": "TIME_RELATIVE",
        "head": '<head value="0" unit="s"/>',
        "step": "0.002",
        "unit": "s",
        "lead": "II",
        "origin": "0",
        "scale": "2.5",
        "digits": " ".join(["4"] * 500),
    }
    return SET.format(**values | changes)


def document(*sets: str, before: str = "", code: str = "RHYTHM") -> bytes:
    return (
        f'<?xml version="1.0"?>{before}<AnnotatedECG xmlns="urn:hl7-org:v3"><component><series>'
        f'<code code="{code}"/>{"".join(sets)}</series></component></AnnotatedECG>'
    ).encode()


def test_smallest_document() -> None:
    record = read_record(document(one_set()))
    assert record.leads == ("II",)
    assert record.sampling_rate == 500.0
    np.testing.assert_allclose(record.signal, 0.010)


def test_origin_is_added() -> None:
    np.testing.assert_allclose(read_record(document(one_set(origin="-100"))).signal, -0.090)


def test_milliseconds() -> None:
    assert read_record(document(one_set(step="2", unit="ms"))).sampling_rate == 500.0


def test_sets_are_laid_on_one_axis() -> None:
    later = one_set(lead="V1", head='<head value="1000" unit="ms"/>')
    record = read_record(document(one_set(), later))
    assert record.duration == 2.0
    assert np.isfinite(record.lead("II")).nonzero()[0].max() == 499
    assert np.isfinite(record.lead("V1")).nonzero()[0].min() == 500


def test_absolute_times_give_the_date() -> None:
    first = one_set(axis="TIME_ABSOLUTE", head='<head value="20260304050607.000+0500"/>')
    later = one_set(axis="TIME_ABSOLUTE", head='<head value="20260304050608.000"/>', lead="V1")
    record = read_record(document(later, first))
    assert record.duration == 2.0
    assert record.recorded_at is not None
    assert record.recorded_at.isoformat() == "2026-03-04T05:06:07"


def test_printed_page_is_written_as_stretches_of_time(tmp_path: Path) -> None:
    path = tmp_path / "ecg.xml"
    write_record(printed_3x4(), path)
    text = path.read_text(encoding="utf-8")
    # four columns of 2.5 s, the rhythm strip, and V3 before and after its hole
    assert text.count("<sequenceSet>") == 7
    assert "NaN" not in text


def test_full_record_is_one_stretch(tmp_path: Path) -> None:
    write_record(made_record(), tmp_path / "ecg.xml")
    assert (tmp_path / "ecg.xml").read_text(encoding="utf-8").count("<sequenceSet>") == 1


BOMB = '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;">]>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("before", [BOMB, OUTSIDE, "<!DOCTYPE a>"])
def test_document_types_are_refused(before: str) -> None:
    with pytest.raises(CorruptFileError, match="document type"):
        read_record(document(one_set(), before=before))


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (document(), InvalidRecordError),
        (document(one_set(), code="REPRESENTATIVE_BEAT"), InvalidRecordError),
        (document(one_set(lead="PACE")), InvalidRecordError),
        (document(one_set(scale="0")), InvalidRecordError),
        (document(one_set(step="0")), InvalidRecordError),
        (document(one_set(step="")), InvalidRecordError),
        (document(one_set(unit="weeks")), InvalidRecordError),
        (document(one_set(digits="")), InvalidRecordError),
        (document(one_set(digits="4 five")), CorruptFileError),
        (document(one_set(), one_set(head='<head value="9e9" unit="s"/>')), InvalidRecordError),
        (document(one_set(), one_set(step="0.004", lead="V1")), InvalidRecordError),
        (document(one_set())[:-40], CorruptFileError),
        (b"<AnnotatedECG>" * 100_000, CorruptFileError),
    ],
)
def test_refusals(data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        read_record(data)


@pytest.mark.data
@pytest.mark.parametrize("record", [printed_3x4(), made_record(seconds=1.0)])
def test_written_file_is_valid(record: ECGRecord, shared_data: Path, tmp_path: Path) -> None:
    schemas = shared_data / "interop" / "aecg" / "schema"
    schema = etree.XMLSchema(etree.parse(next(schemas.rglob("PORT_MT020001.xsd"))))
    write_record(record, tmp_path / "ecg.xml")
    schema.assertValid(etree.parse(tmp_path / "ecg.xml"))


@pytest.mark.data
def test_published_examples(shared_data: Path) -> None:
    folder = shared_data / "interop" / "aecg"
    assert read_record(folder / "hl7_Example_aECG.xml").signal.shape == (12, 5000)
    assert read_record(folder / "fda_subject1_0.xml").signal.shape[0] == 12
    with pytest.raises(InvalidRecordError):
        read_record(folder / "empty.xml")
