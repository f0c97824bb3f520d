"""A change counts only when it is larger than what measuring the same heart twice differs by."""

from __future__ import annotations

from typing import Any

import pytest

from cardioalert.report.comparison import compare
from cardioalert.report.document import read_document
from tests.made_report import built_content


def with_value(name: str, value: float | None, uncertainty: float | None = 5.0) -> dict[str, Any]:
    content = built_content()
    content["measurements"][name] = {
        "value": value,
        "uncertainty": uncertainty,
        "status": "measured" if value is not None else "not-measurable",
        "reason": None if value is not None else "no-p-wave",
    }
    return content


def row(now: dict[str, Any], before: dict[str, Any], label: str) -> tuple[str, ...]:
    table = compare(read_document(now), read_document(before)).values
    return next(cells for cells in table.rows if cells[0].startswith(label))


@pytest.mark.parametrize(
    ("before", "now", "change", "beyond"),
    [(180.0, 200.0, "+20", "yes"), (190.0, 200.0, "+10", "no"), (200.0, 180.0, "−20", "yes")],
)
def test_a_change_counts_beyond_the_error_of_both(before, now, change, beyond):
    """1.96 times the root of 5 and 5 squared is 13.9 ms."""
    cells = row(with_value("pr_ms", now), with_value("pr_ms", before), "PR interval")
    assert cells[3:] == (change, beyond)


def test_an_axis_changes_the_short_way_round():
    cells = row(with_value("qrs_axis_deg", -175.0), with_value("qrs_axis_deg", 170.0), "QRS axis")
    assert cells[3] == "+15"


@pytest.mark.parametrize(("value", "spread"), [(None, None), (180.0, None)])
def test_what_is_not_known_is_not_compared(value, spread):
    cells = row(with_value("pr_ms", 200.0), with_value("pr_ms", value, spread), "PR interval")
    assert cells[4] not in ("yes", "no")


def test_findings_that_came_and_went():
    before, now = built_content(), built_content()
    gone = dict(before["findings"][0], code="left-axis-deviation", title="Left axis deviation")
    before["findings"] = [gone, *before["findings"][1:]]
    table = compare(read_document(now), read_document(before)).findings
    words = {cells[0]: cells[3] for cells in table.rows}
    assert words["Left axis deviation"] == "not seen now"
    assert words[now["findings"][0]["title"]] == "new"
    assert "does not mean that it is gone" in table.note


def test_st_is_named_where_it_changed():
    before, now = built_content(), built_content()
    now["st_mv"]["V3"] = {"j": before["st_mv"]["V3"]["j"] + 0.2, "j60": None}
    table = compare(read_document(now), read_document(before)).values
    (changed,) = [cells for cells in table.rows if cells[0].startswith("ST at J")]
    assert "V3" in changed[0]
    assert changed[3] == "+0.20"


def test_two_people_are_noticed():
    before = built_content()
    before["patient"] = {"age": 60.0, "sex": "male", "symptoms": []}
    notes = compare(read_document(built_content()), read_document(before)).notes
    assert any("same person" in note for note in notes)
