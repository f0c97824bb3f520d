"""CSV: exactly the contract when written, tolerant of what people send when read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cardioalert.errors import CorruptFileError, InvalidRecordError, UnknownFormatError
from cardioalert.formats.csv_file import sampling_rate_of
from cardioalert.formats.registry import read_record, write_record
from tests.unit.formats.made_records import made_record, printed_3x4

HEADER = "time_s,I,II,III,aVR,aVL,aVF,V1,V2,V3,V4,V5,V6"


def rows(count: int = 400, step: float = 0.002, form: str = "{t:.3f},{v:.3f}\n") -> str:
    return "".join(form.format(t=i * step, v=i / 1000) for i in range(count))


def test_written_as_the_contract_says(tmp_path: Path) -> None:
    path = tmp_path / "ecg.csv"
    write_record(printed_3x4(), path)
    lines = path.read_text(encoding="ascii").splitlines()
    assert lines[0] == HEADER
    assert len(lines) == 1 + 5000
    first = lines[1].split(",")
    assert float(first[0]) == 0.0
    assert len(first) == 13
    assert first[7] == ""  # V1 is printed from 5 s on
    at_five_seconds = lines[1 + 2500].split(",")
    assert float(at_five_seconds[0]) == 5.0
    assert at_five_seconds[1] == ""
    assert at_five_seconds[7] != ""
    assert path.read_bytes().count(b"\r") == 0


def test_absent_leads_are_empty_columns(tmp_path: Path) -> None:
    path = tmp_path / "ecg.csv"
    full = made_record(seconds=1.0)
    write_record(type(full)(signal=full.signal[:1], sampling_rate=500.0, leads=("I",)), path)
    assert path.read_text().splitlines()[0] == HEADER
    assert path.read_text().splitlines()[1].endswith(",,,,,,,,,,,")


@pytest.mark.parametrize(
    ("text", "first_value"),
    [
        ("time_s,II\n" + rows(), 0.001),
        ("time_s;II\n" + rows().replace(",", ";").replace(".", ","), 0.001),
        ("time_s\tII\n" + rows().replace(",", "\t"), 0.001),
        ("Time (s),ii\n" + rows(), 0.001),
        ("t,Lead II\n" + rows(), 0.001),
        ("time_ms,II\n" + rows(step=2.0), 0.001),
        ("time_s,II (uV)\n" + rows(), 0.000001),
        ("time_s,II_mV\n" + rows(), 0.001),
        ('"time_s","II"\n' + rows(form='"{t:.3f}","{v:.3f}"\n'), 0.001),
        ("# made by hand\n\ntime_s,II\n" + rows(), 0.001),
        ("time_s,Pleth,II\n" + rows(form="{t:.3f},7,{v:.3f}\n"), 0.001),
        ("time_s,II\r\n" + rows().replace("\n", "\r\n"), 0.001),
    ],
)
def test_spellings_people_use(text: str, first_value: float) -> None:
    record = read_record(text.encode("utf-8"))
    assert record.sampling_rate == 500.0
    assert record.leads == ("II",)
    assert record.lead("II")[1] == pytest.approx(first_value, rel=1e-5)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(encoding: str) -> None:
    record = read_record(("time_s,II (µV)\n" + rows()).encode(encoding))
    assert record.lead("II")[1000 // 1000] == pytest.approx(1e-6)


def test_missing_cells_are_nan() -> None:
    text = "time_s,I,II\n" + rows(form="{t:.3f},,{v:.3f}\n").replace(",0.005\n", ",nan\n")
    record = read_record(text.encode())
    assert np.isnan(record.lead("I")).all()
    assert np.flatnonzero(np.isnan(record.lead("II"))).tolist() == [5]


def test_times_rounded_to_milliseconds() -> None:
    text = "time_s,II\n" + rows(count=3600, step=1 / 360)
    assert read_record(text.encode()).sampling_rate == pytest.approx(360.0, rel=1e-4)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("time_s,II\n0.0,0.1\n0.002,hello\n", CorruptFileError, "line 3"),
        ("time_s,II\n0.0,0.1\n0.002\n", CorruptFileError, "line 3"),
        ("II,V1\n0.1,0.2\n", InvalidRecordError, "sampling rate"),
        ("time_s,II\n0.0,0.1\n", InvalidRecordError, "time column"),
        ("time_s,II\n0.0,0.1\n0.0,0.1\n", InvalidRecordError, "increase"),
        ("time_s,II\n" + rows(300) + "9.0,0.1\n", InvalidRecordError, "evenly"),
        ("time_s,II\n" + rows(100), InvalidRecordError, "lasts"),
        ("time_s,II\n" + rows(form="{t:.3f},1e9\n"), InvalidRecordError, "heart"),
        ("time_s,II\n" + rows(form="{t:.3f},inf\n"), InvalidRecordError, "heart"),
    ],
)
def test_wrong_content_says_where(text: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        read_record(text.encode())


def test_words_in_a_file_called_csv(tmp_path: Path) -> None:
    path = tmp_path / "letter.csv"
    path.write_text("Dear colleague,\nplease find the ECG attached.\n")
    with pytest.raises(CorruptFileError, match="line 1"):
        read_record(path)


def test_words_in_a_stream() -> None:
    with pytest.raises(UnknownFormatError):
        read_record(b"Dear colleague,\nplease find the ECG attached.\n")


def test_rate_of_a_single_sample_is_unknown() -> None:
    with pytest.raises(InvalidRecordError):
        sampling_rate_of(np.array([0.0]))
