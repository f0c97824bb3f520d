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
            common = min(back.signal.shape[1], record.signal.shape[1])  # aECG drops an empty end
            difference = back.lead("II")[:common] - record.lead("II")[:common]
            error = 1000 * np.nanmax(np.abs(difference))
            print(f".{ending:5}{path.stat().st_size:9} bytes, II within {error:.2f} microvolts")


if __name__ == "__main__":
    main()
