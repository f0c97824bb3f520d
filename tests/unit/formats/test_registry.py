"""The registry: what a file is, and what is said when it is nothing we know."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from cardioalert.errors import (
    CardioAlertError,
    CorruptFileError,
    EmptyFileError,
    FileMissingError,
    FileTooLargeError,
    InvalidRecordError,
    MissingLibraryError,
    UnknownFormatError,
)
from cardioalert.formats.registry import (
    FORMATS,
    Format,
    is_picture,
    kind_of,
    read_record,
    writable_format,
    write_record,
)
from tests.unit.formats.made_records import made_record

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PNG, "image"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 100, "image"),
        (b"%PDF-1.4\n", "pdf"),
        (b"ecg 12 500 5000\necg.dat 16 1000/mV\n", "wfdb"),
        (b"# made by us\r\necg 12 500 5000\r\necg.dat 16 1000/mV\r\n", "wfdb"),
        (b"time_s,I,II\n0,0.1,0.2\n", "csv"),
        (b'{"schema": "cardioalert.record/1"}', "json"),
        (b'<?xml version="1.0"?><AnnotatedECG/>', "aecg"),
        (b'<a:AnnotatedECG xmlns:a="urn:hl7-org:v3"/>', "aecg"),
        (b"\0" * 128 + b"DICM", "dicom"),
        (b"0       X X X X", "edf"),
    ],
)
def test_kinds(data: bytes, kind: str) -> None:
    assert kind_of(data) == kind
    assert is_picture(data) == (kind in ("image", "pdf"))


@pytest.mark.parametrize(
    "data",
    [
        b"Hello",
        b"just 12 words of text that follow a number",
        b'{"schema": "something.else/1"}',
        b"<html><body>An ECG</body></html>",
        b"\0" * 1000,
        b"PK\x03\x04 a ZIP archive",
        b"name,age\nAnna,40\n",
        b"GIF89a......",
    ],
)
def test_unknown_content(data: bytes) -> None:
    with pytest.raises(UnknownFormatError):
        kind_of(data)


def test_every_row_is_complete() -> None:
    assert len({form.kind for form in FORMATS}) == len(FORMATS)
    for form in FORMATS:
        module = __import__(form.module, fromlist=["read"])
        assert callable(module.read)
        assert form.can_write == hasattr(module, "write")
        assert all(suffix.startswith(".") for suffix in form.suffixes)


def test_picture_is_no_record() -> None:
    with pytest.raises(UnknownFormatError) as caught:
        read_record(PNG)
    assert "digitize" in caught.value.hint


def test_writable_format_is_known_before_the_work() -> None:
    assert writable_format("a/b.HEA").kind == "wfdb"
    with pytest.raises(UnknownFormatError):
        writable_format("ecg")


def test_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    rare = Format(
        kind="rare",
        name="Rare",
        suffixes=(".rare",),
        looks_like=lambda content: content.data.startswith(b"RARE"),
        module="no_such_library.reader",
        extra="rare",
    )
    monkeypatch.setattr("cardioalert.formats.registry.FORMATS", (rare,))
    with pytest.raises(MissingLibraryError, match="no_such_library") as caught:
        read_record(b"RARE....")
    assert "cardioalert[rare]" in caught.value.hint


def test_format_modules_are_imported_when_needed(tmp_path: Path) -> None:
    write_record(made_record(seconds=1.0), tmp_path / "ecg.csv")
    code = (
        "import sys; from cardioalert.formats.registry import read_record; "
        f"read_record({str(tmp_path / 'ecg.csv')!r}); "
        "print([m for m in ('pydicom', 'wfdb', 'PIL', 'cv2', 'scipy') if m in sys.modules])"
    )
    import subprocess  # noqa: PLC0415

    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_json_is_lossless_and_versioned(tmp_path: Path) -> None:
    path = tmp_path / "ecg.json"
    record = made_record(seconds=1.0)
    write_record(record, path)
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document["schema"] == "cardioalert.record/1"
    assert document["unit"] == "mV"
    np.testing.assert_array_equal(read_record(path).signal, record.signal)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"schema": "cardioalert.record/2"}, CorruptFileError),
        ({"unit": "uV"}, CorruptFileError),
        ({"leads": {}}, InvalidRecordError),
        ({"leads": {"X": [0.0] * 500}}, InvalidRecordError),
        ({"leads": {"I": [0.0] * 500, "II": [0.0] * 400}}, InvalidRecordError),
        ({"leads": {"I": ["a"] * 500}}, CorruptFileError),
        ({"leads": [1, 2]}, CorruptFileError),
        ({"sampling_rate_hz": 0}, InvalidRecordError),
        ({"sampling_rate_hz": float("nan")}, InvalidRecordError),
        ({"sampling_rate_hz": None}, CorruptFileError),
        ({"patient": {"sex": "unknown"}}, CorruptFileError),
        ({"patient": {"age_years": 200}}, InvalidRecordError),
    ],
)
def test_json_refusals(
    change: dict[str, object], error: type[CardioAlertError], tmp_path: Path
) -> None:
    path = tmp_path / "ecg.json"
    write_record(made_record(seconds=1.0), path)
    document = json.loads(path.read_text(encoding="utf-8")) | change
    with pytest.raises(error):
        read_record(json.dumps(document).encode())


def test_deeply_nested_json_is_refused() -> None:
    with pytest.raises(CorruptFileError):
        read_record(b'{"schema": "cardioalert.record/1", "a": ' + b"[" * 200_000)


def test_text_that_would_fill_the_memory_is_refused() -> None:
    with pytest.raises(FileTooLargeError, match="text"):
        read_record(b"time_s,I\n" + b"0,0\n" * 6_000_000)


def test_empty_and_missing(tmp_path: Path) -> None:
    with pytest.raises(EmptyFileError):
        read_record(b"")
    with pytest.raises(FileMissingError):
        read_record(tmp_path / "nowhere.hea")
