"""EDF: field by field, since every field is text of a fixed width."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cardioalert.domain.patient import Patient, Sex
from cardioalert.errors import CorruptFileError, InvalidRecordError, UnknownFormatError
from cardioalert.formats.registry import read_record, write_record
from tests.unit.formats.made_records import made_record, printed_3x4

SIGNALS = 12
FIELD = {  # position of the first signal's field
    "label": 256,
    "unit": 256 + SIGNALS * 96,
    "physical_min": 256 + SIGNALS * 104,
    "physical_max": 256 + SIGNALS * 112,
    "digital_min": 256 + SIGNALS * 120,
    "digital_max": 256 + SIGNALS * 128,
    "samples": 256 + SIGNALS * 216,
    "reserved": 256 + SIGNALS * 224,
}
NUMBER_OF_RECORDS, DURATION, NUMBER_OF_SIGNALS = 236, 244, 252


def written(tmp_path: Path) -> bytearray:
    path = tmp_path / "ecg.edf"
    write_record(made_record(), path)
    return bytearray(path.read_bytes())


def put(data: bytearray, position: int, text: str, width: int = 8) -> bytes:
    data[position : position + width] = text.ljust(width).encode("latin-1")
    return bytes(data)


def test_header_is_as_the_specification_says(tmp_path: Path) -> None:
    path = tmp_path / "ecg.edf"
    write_record(printed_3x4(), path)
    data = path.read_bytes()
    assert data[:8] == b"0       "
    assert data[8:88].rstrip() == b"X F X X age=63"
    assert data[88:168].rstrip() == b"Startdate 04-MAR-2026 X X CardioAlert"
    assert data[168:184] == b"04.03.2605.06.07"
    assert int(data[184:192]) == 256 * 13
    records, duration = int(data[236:244]), float(data[244:252])
    assert records * duration == 10.0
    samples = int(data[FIELD["samples"] : FIELD["samples"] + 8])
    assert samples / duration == 500.0
    assert samples * 12 * 2 <= 61_440
    assert len(data) == 256 * 13 + records * samples * 12 * 2


def test_unit_changes_the_scale(tmp_path: Path) -> None:
    data = written(tmp_path)
    first = read_record(bytes(data)).lead("I").copy()
    put(data, FIELD["physical_min"], "-3.2768")
    put(data, FIELD["physical_max"], "3.2767")
    back = read_record(put(data, FIELD["unit"], "mV"))
    np.testing.assert_allclose(back.lead("I"), first / 10, atol=1e-6)


def test_missing_value_needs_its_mark(tmp_path: Path) -> None:
    path = tmp_path / "ecg.edf"
    write_record(printed_3x4(), path)
    data = bytearray(path.read_bytes())
    foreign = read_record(put(data, FIELD["reserved"], "", width=32))
    assert np.isfinite(foreign.lead("I")).all()  # in other files -32768 is a number like others
    assert np.isnan(foreign.lead("V1")).any()


def test_edf_plus_birth_date_gives_the_age(tmp_path: Path) -> None:
    data = written(tmp_path)
    put(data, 8, "MCH-0234567 F 02-MAY-1951 Haagse_Harry", width=80)
    put(data, 88, "Startdate 02-MAR-2002 EMG561 BK/JOP Sony.", width=80)
    record = read_record(put(data, 168, "02.03.0216.05.56", width=16))
    assert record.patient == Patient(age=50.0, sex=Sex.FEMALE)
    assert record.recorded_at is not None
    assert record.recorded_at.isoformat() == "2002-03-02T16:05:56"


def test_unknown_number_of_records_is_counted(tmp_path: Path) -> None:
    assert read_record(put(written(tmp_path), NUMBER_OF_RECORDS, "-1")).duration == 10.0


def test_bdf_of_24_bits() -> None:
    header = b"\xffBIOSEMI" + b" " * 80 + b" " * 80 + b"04.03.2605.06.07"
    header += b"512     " + b"24BIT".ljust(44) + b"2       1       1   "
    signal = b"II".ljust(16) + b" " * 80 + b"uV      -83886088388607 -83886088388607 "
    signal += b" " * 80 + b"300     " + b" " * 32
    assert len(header) == len(signal) == 256
    samples = np.array([[1, 0, 0], [255, 255, 255]] * 300, dtype=np.uint8).tobytes()
    record = read_record(header + signal + samples)
    assert record.sampling_rate == 300.0
    assert record.lead("II")[1] < record.lead("II")[0]


def test_other_channels_are_left_out(tmp_path: Path) -> None:
    record = read_record(put(written(tmp_path), FIELD["label"], "EEG Fpz-Cz", width=16))
    assert "I" not in record.leads
    assert len(record.leads) == 11


@pytest.mark.parametrize(
    ("position", "text", "width", "error"),
    [
        (NUMBER_OF_SIGNALS, "0", 4, CorruptFileError),
        (NUMBER_OF_SIGNALS, "999", 4, CorruptFileError),
        (NUMBER_OF_SIGNALS, "many", 4, CorruptFileError),
        (NUMBER_OF_RECORDS, "99999999", 8, CorruptFileError),
        (DURATION, "0", 8, InvalidRecordError),
        (DURATION, "nan", 8, CorruptFileError),
        (DURATION, "1e-300", 8, InvalidRecordError),
        (FIELD["samples"], "99999999", 8, CorruptFileError),
        (FIELD["samples"], "-5", 8, CorruptFileError),
        (FIELD["physical_max"], "-32768", 8, InvalidRecordError),
        (FIELD["digital_max"], "-32768", 8, InvalidRecordError),
        (FIELD["samples"], "1", 8, InvalidRecordError),
        (192, "EDF+D", 5, UnknownFormatError),
    ],
)
def test_refusals(
    position: int, text: str, width: int, error: type[Exception], tmp_path: Path
) -> None:
    with pytest.raises(error):
        read_record(put(written(tmp_path), position, text, width))


def test_truncated_file(tmp_path: Path) -> None:
    with pytest.raises(CorruptFileError, match="data records"):
        read_record(bytes(written(tmp_path)[:-100]))
