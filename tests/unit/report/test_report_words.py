"""Signs and tables of a report that are easily misread."""

from __future__ import annotations

import pytest

from cardioalert.interpret.criteria import criteria
from cardioalert.report import text
from cardioalert.report.document import Explanation
from cardioalert.report.lead_tables import lead_table
from cardioalert.report.text import with_minus_signs


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("QRS axis 49 ° (normal -30 to 90)", "QRS axis 49 ° (normal −30 to 90)"),
        ("ST at J -0.12 mV in −aVR", "ST at J −0.12 mV in −aVR"),
        ("12-lead ECG of 2026-11-27", "12-lead ECG of 2026-11-27"),
        ("V1-V4, 3-4 beats", "V1-V4, 3-4 beats"),
    ],
)
def test_only_negative_numbers_get_a_minus_sign(typed, printed):
    assert with_minus_signs(typed) == printed


def test_a_complex_without_r_is_written_once():
    whole = {"q_mv": -0.89, "r_mv": 0.0, "s_mv": -0.89, "beats": 3.0}
    with_q = {"q_mv": -0.1, "r_mv": 0.9, "s_mv": -0.1, "beats": 3.0}
    table = lead_table(Explanation(leads={"aVR": whole, "V5": with_q}))
    assert table is not None
    cells = {row[0]: row[2:5] for row in table.rows}
    assert cells["aVR"] == ("QS", "0", "−0.89")
    assert cells["V5"] == ("−0.10", "+0.90", "−0.10")


def test_what_one_row_found_is_not_missing_because_another_row_could_not_look() -> None:
    first = criteria()[0]
    second = next(each for each in criteria() if each.title != first.title)
    missing = [(first.id, "too-few-beats"), (second.id, "too-few-beats"), ("lead:V1", "absent")]
    assert text.missing_by_reason(missing, [first.title]) == {
        "too-few-beats": [second.title],
        "absent": [""],
    }
    assert text.missing_by_reason(missing[:1], [first.title]) == {}
