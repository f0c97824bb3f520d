"""From a photo of paper to measurements and findings.

python examples/1_photo_to_answer.py [PHOTO]
"""

from __future__ import annotations

import sys
from pathlib import Path

import cardioalert

PHOTO = Path(__file__).parent / "ecg_photo.jpg"


def main() -> None:
    """Analyze a photo and print what a person would ask first."""
    analysis = cardioalert.analyze(sys.argv[1] if len(sys.argv) > 1 else PHOTO)
    digitized = analysis.digitized
    assert digitized is not None, "the input was no picture"

    print(f"layout {digitized.layout}, {digitized.grid.paper_speed:g} mm/s", end=", ")
    print(f"{digitized.grid.gain:g} mm/mV, quality {digitized.quality.grade}")
    for name in ("heart_rate", "pr", "qrs", "qtc_fridericia"):
        measured = analysis.measurements.values[name]
        value = measured.reason if measured.value is None else f"{measured.value:.3g}"
        print(f"{name:15} {value} {measured.unit}")
    for finding in analysis.interpretation.findings:
        print(f"{finding.status}: {finding.code}")
    print("This is no diagnosis and CardioAlert is no medical device.")


if __name__ == "__main__":
    main()
