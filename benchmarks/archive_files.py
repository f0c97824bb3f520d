"""Write archives to measure with: shared recordings in six formats, and pictures of pages."""

from __future__ import annotations

import io
import re
import runpy
import shutil
from itertools import cycle
from pathlib import Path

import numpy as np
import pydicom

from cardioalert.domain.record import STANDARD_LEADS, ECGRecord
from cardioalert.formats.registry import write_record

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
ENDINGS = (".hea", ".dcm", ".edf", ".csv", ".xml", ".json")
PICTURES = (".jpg", ".jpeg", ".png")
PICTURES_IN = 40  # one picture in so many files, unless told


def make(out: Path, records: int, data: Path, *, pictures_in: int = PICTURES_IN) -> None:
    """Write an archive of mixed files, a thousand to a folder."""
    load = runpy.run_path(str(data / "load.py"))
    shards = sorted((data / "ptbxl").glob("fold0?_0.json"))
    pictures = sorted((data / "images").glob("*/*.jp*g")) + sorted(
        (data / "images").glob("*/*.png")
    )
    signals: list[np.ndarray] = []
    rng = np.random.default_rng(1)
    for number in range(records):
        folder = out / f"{number // 1000:03d}"
        folder.mkdir(parents=True, exist_ok=True)
        if number % pictures_in == 0:
            picture = pictures[number // pictures_in * 7 % len(pictures)]
            target = folder / f"{number:06d}{picture.suffix}"
            target.write_bytes(picture.read_bytes() + number.to_bytes(4, "big"))
            continue
        if not signals:
            _, raw = load["read_shard"](shards[number // 300 % len(shards)].with_suffix(""))
            signals = list(load["to_12_leads"](raw))
        signal_mv = signals.pop().astype(np.float32) / 1000
        signal_mv += np.float32(0.001) * rng.integers(0, 5, size=(1, signal_mv.shape[1]))
        record = ECGRecord(signal=signal_mv, sampling_rate=500.0, leads=STANDARD_LEADS)
        write_record(record, folder / f"{number:06d}{ENDINGS[number % len(ENDINGS)]}")


def grow(small: Path, records: int, pictures: int, out: Path) -> None:
    """Copy the files of an archive until there are enough, each copy with other bytes.

    Parameters
    ----------
    small : archive to copy from, again and again
    records, pictures : how many digital ECGs and pictures; the pictures stand evenly between
    out : where to
    """
    files = sorted(path for path in small.rglob("*") if path.suffix in (*ENDINGS, *PICTURES))
    digital = cycle(path for path in files if path.suffix in ENDINGS)
    pages = cycle(path for path in files if path.suffix in PICTURES)
    total = records + pictures
    for number in range(total):
        is_page = number * pictures // total != (number + 1) * pictures // total
        source = next(pages if is_page else digital)
        folder = out / f"{number // 1000:03d}"
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{number:06d}{source.suffix}"
        data = source.read_bytes()
        if source.suffix == ".hea":
            signal = folder / f"{source.stem}.dat"
            if not signal.exists():
                shutil.copyfile(source.with_suffix(".dat"), signal)
            target.write_bytes(data + b"# copy %d\n" % number)
        else:
            target.write_bytes(CHANGES[source.suffix](data, number))


def _change_number(data: bytes, number: int) -> bytes:
    """Add decimals that nobody sees to the last number of a text."""
    found = list(re.finditer(rb"[0-9]\.[0-9]+", data[-200:]))[-1]
    place = len(data) - len(data[-200:]) + found.end()
    return data[:place] + b"%06d" % number + data[place:]


def _change_uid(data: bytes, number: int) -> bytes:
    """Give a DICOM object another number of the same length."""
    uid = str(pydicom.dcmread(io.BytesIO(data)).SOPInstanceUID).encode()
    return data.replace(uid, uid[:-8] + b"%08d" % number)


CHANGES = {
    ".csv": _change_number,
    ".json": _change_number,
    ".dcm": _change_uid,
    ".edf": lambda data, number: data[:160] + b"%08d" % number + data[168:],
    ".xml": lambda data, number: data + b"<!-- %d -->" % number,
    **dict.fromkeys(PICTURES, lambda data, number: data + b"%d" % number),
}
"""How to change bytes of a file without changing its ECG."""
