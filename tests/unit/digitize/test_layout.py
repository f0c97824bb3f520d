"""Layouts are decided by names and by Einthoven's law, or refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cardioalert.digitize.layout import place_leads, refuse_too_many
from cardioalert.digitize.layouts import printed_layouts
from cardioalert.domain.imaging import InkMaps, PrintedLabel, RowTrace
from cardioalert.domain.record import Lead, parse_lead
from cardioalert.errors import LayoutNotFoundError
from tests.unit.digitize.drawn import heart_curve, label, row_trace

COLUMN = 500
START = 60
SIZES = {
    "I": 60.0,
    "II": 90.0,
    "V1": -70.0,
    "V2": -60.0,
    "V3": 40.0,
    "V4": 100.0,
    "V5": 90.0,
    "V6": 70.0,
}
SIZES |= {"III": 30.0, "aVR": -75.0, "aVL": 15.0, "aVF": 60.0}  # by Einthoven and Goldberger


def built_page(
    grid: list[list[str]], *, rhythm: str | None = None, named: bool = True
) -> tuple[tuple[RowTrace, ...], tuple[PrintedLabel, ...], InkMaps]:
    """Draw rows of leads whose sizes obey the laws of the limb leads."""
    width = START + COLUMN * len(grid[0])
    rows, labels = [], []
    lines = [*grid, *([[rhythm] * len(grid[0])] if rhythm else [])]
    for number, line in enumerate(lines):
        base = 150.0 + 240.0 * number
        y = np.full(width, np.nan)
        for column, cell in enumerate(line):
            left = START + COLUMN * column
            size = SIZES[cell.lstrip("-")] * (-1 if cell.startswith("-") else 1)
            y[left : left + COLUMN] = heart_curve(width, base, size_px=size)[left : left + COLUMN]
            first = column == 0 or lines.index(line) < len(grid)
            if named and first and not (number >= len(grid) and column):
                lead = parse_lead(cell.lstrip("-"))
                labels.append(label(lead, left + 8, base - 40, inverted=cell.startswith("-")))
        rows.append(row_trace(y))
    blank = np.zeros((int(rows[-1].baseline) + 150, width), np.float32)
    return tuple(rows), tuple(labels), InkMaps(centre=blank, trace=blank, marks=blank)


def layout_grid(name: str, order: str = "standard") -> list[list[str]]:
    """Return the cells of a known layout."""
    known = next(known for known in printed_layouts() if (known.name, known.order) == (name, order))
    return [list(line) for line in known.grid]


@pytest.mark.parametrize(
    "known", printed_layouts(), ids=lambda known: f"{known.name}-{known.order}"
)
def test_every_layout_with_names_is_recognized(known) -> None:  # type: ignore[no-untyped-def]
    rows, labels, maps = built_page([list(line) for line in known.grid])
    placed = place_leads(rows, labels, maps)
    assert (placed.name, placed.order) == (known.name, known.order)
    printed = [cell.lstrip("-") for line in known.grid for cell in line]
    assert [place.lead for place in placed.places] == [parse_lead(cell) for cell in printed]
    assert placed.columns.start == pytest.approx(START, abs=4)
    if known.columns > 1:
        assert placed.columns.width == pytest.approx(COLUMN, abs=4)


def test_rhythm_strip_is_named_by_the_lead_it_repeats() -> None:
    rows, labels, maps = built_page(layout_grid("3x4"), rhythm="V1")
    without_its_name = tuple(one for one in labels if one.top < 800)
    placed = place_leads(rows, without_its_name, maps)
    assert placed.name == "3x4+1"
    strip = placed.places[-1]
    assert (strip.lead, strip.named_by, strip.is_rhythm) == (Lead.V1, "morphology", True)


@pytest.mark.parametrize(
    ("confidence", "name"), [(0.5, Lead.V1), (0.95, None)], ids=["doubtful", "sure"]
)
def test_strip_is_compared_with_columns_of_the_same_seconds(
    confidence: float, name: Lead | None
) -> None:
    """All columns show the seconds of the first one; V1 is read as V3 beside the strip."""
    rows, labels, maps = built_page(layout_grid("3x4"), rhythm="V1")
    rng = np.random.default_rng(3)
    course = 4.0 * rng.normal(0.0, 1.5, COLUMN).cumsum()
    first, third = (slice(START + COLUMN * k, START + COLUMN * (k + 1)) for k in (0, 2))
    top, strip = rows[0].y.copy(), rows[3].y.copy()
    top[third] = rows[0].baseline + course
    strip[first] = rows[3].baseline + course
    rows = (row_trace(top), *rows[1:3], row_trace(strip))
    names = [one for one in labels if one.top < 800]
    misread = replace(label(Lead.V3, START + 8, rows[3].baseline - 40), confidence=confidence)
    placed = place_leads(rows, (*names, misread), maps)
    assert [place.lead for place in placed.places if place.is_rhythm] == ([name] if name else [])


@pytest.mark.parametrize(("second", "kept"), [("V5", 4), (None, None)])
def test_a_name_that_two_strips_claim_goes_to_the_one_that_looks_like_it(
    second: str | None, kept: int | None
) -> None:
    """Both are called V5 by the print; what looks like no lead cannot prove its name."""
    rows, labels, maps = built_page([*layout_grid("3x4"), ["V2"] * 4, [second or "V2"] * 4])
    wander = np.random.default_rng(5).normal(0.0, 1.5, len(rows[0].y)).cumsum()
    unlike = [row_trace(rows[row].baseline + (wander if row == 3 else -wander)) for row in (3, 4)]
    rows = (*rows[:3], unlike[0], rows[4] if second else unlike[1])
    names = [one for one in labels if one.top < 150 + 240 * 2.5]
    names += [label(Lead.V5, START + 8, row.baseline - 40) for row in rows[3:]]
    placed = place_leads(rows, tuple(names), maps)
    assert placed.name == "3x4+2"
    strips = [place.row for place in placed.places if place.is_rhythm]
    assert strips == ([] if kept is None else [kept])
    assert set(placed.unnamed_rhythm) == {3, 4} - set(strips)


def test_page_without_names_is_read_when_the_law_confirms_it() -> None:
    rows, _, maps = built_page(layout_grid("3x4"))
    placed = place_leads(rows, (), maps)
    assert (placed.name, placed.order) == ("3x4", "standard")
    assert {place.named_by for place in placed.places} == {"layout"}


def test_names_that_contradict_the_layout_are_refused() -> None:
    rows, labels, maps = built_page(layout_grid("3x4"))
    shuffled = tuple(
        label(labels[-1 - number].lead, one.left, (one.top + one.bottom) / 2)
        for number, one in enumerate(labels)
    )
    with pytest.raises(LayoutNotFoundError):
        place_leads(rows, shuffled, maps)


@pytest.mark.parametrize(("sure", "reason"), [(0.69, r"II \(69%\)"), (None, "without a lead name")])
def test_a_strip_whose_name_is_in_doubt_is_refused_with_what_was_read(
    sure: float | None, reason: str
) -> None:
    rows, labels, maps = built_page([["II"]])
    read = () if sure is None else tuple(replace(one, confidence=sure) for one in labels)
    with pytest.raises(LayoutNotFoundError, match=reason):
        place_leads(rows, read, maps)


def test_chest_strips_without_names_are_refused() -> None:
    rows, _, maps = built_page(layout_grid("6x1-chest"))
    with pytest.raises(LayoutNotFoundError):
        place_leads(rows, (), maps)


def test_seven_rows_fit_nothing_unless_a_strip_follows() -> None:
    rows, labels, maps = built_page([["I"]] * 7)
    with pytest.raises(LayoutNotFoundError, match="layout"):
        place_leads(rows, labels, maps)


def test_layout_given_by_the_user_must_fit_the_rows() -> None:
    rows, labels, maps = built_page(layout_grid("3x4"))
    with pytest.raises(LayoutNotFoundError, match="6x2"):
        place_leads(rows, labels, maps, layout="6x2")


def test_more_rows_than_any_layout_has_are_refused_before_they_are_traced():
    refuse_too_many(rows=14)
    with pytest.raises(LayoutNotFoundError, match="40 rows"):
        refuse_too_many(rows=40)
