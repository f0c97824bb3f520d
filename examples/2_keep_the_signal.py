"""Turn a photo into a record, save it in every format and read it back.

python examples/2_keep_the_signal.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

import cardioalert

PHOTO = Path(__file__).parent / "ecg_photo.jpg"


def main() -> None:
    """Digitize once; the formats differ in what they keep."""
    record = cardioalert.digitize(PHOTO).record
    print(f"{len(record.leads)} leads, {record.duration:.1f} s, {record.sampling_rate:g} Hz")
    with tempfile.TemporaryDirectory() as folder:
        for ending in ("csv", "hea", "dcm", "edf", "xml", "json"):
            path = Path(folder) / f"ecg.{ending}"
            cardioalert.write_record(record, path)
            back = cardioalert.read_record(path)
            error = np.nanmax(np.abs(back.lead("II") - record.lead("II"))) * 1000
            print(f".{ending:5}{path.stat().st_size:9} bytes, II within {error:.2f} microvolts")


if __name__ == "__main__":
    main()
