"""Write a record in every format, read it back, and print the largest difference.

python -m benchmarks.round_trips [--write]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

from cardioalert.formats.registry import FORMATS, read_record, write_record
from tests.unit.formats.made_records import made_record, printed_3x4

PAGE = Path(__file__).parents[1] / "docs/how-to/convert.md"
BEGIN = "<!-- round trips: written by benchmarks/round_trips.py -->"
END = "<!-- end of round trips -->"


def main() -> None:
    rows = ["| format | ten seconds, µV | page of 3x4, µV | missing stays missing |"]
    rows.append("| --- | ---: | ---: | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for form in FORMATS:
            if not form.can_write:
                continue
            cells = []
            same = True
            for record in (made_record(), printed_3x4()):
                path = Path(folder) / f"ecg{form.suffixes[0]}"
                write_record(record, path)
                back = read_record(path).signal
                same &= bool((np.isnan(back) == np.isnan(record.signal)).all())
                cells.append(f"{1000 * np.nanmax(np.abs(back - record.signal)):.2f}")
            rows.append(f"| {form.name} | {' | '.join(cells)} | {'yes' if same else 'no'} |")
    text = "\n".join(rows)
    print(text)
    if "--write" in sys.argv:
        page = PAGE.read_text(encoding="utf-8")
        before, _begin, rest = page.partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
