"""Decide which lead stands where: lead names, printed layouts and Einthoven's law together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Final

import numpy as np

from cardioalert.digitize.columns import NO_EDGES, Columns, Edges, find_columns
from cardioalert.digitize.labels import label_rows, label_shifts, middle_of
from cardioalert.digitize.layouts import (
    Place,
    PlacedLayout,
    PrintedLayout,
    full_name,
    named,
    printed_layouts,
)
from cardioalert.digitize.limb_law import LAW_HOLDS, in_step, law_residual
from cardioalert.digitize.rhythm_names import keeps_name, name_rhythm
from cardioalert.digitize.strips import place_strips, why_unnamed
from cardioalert.domain.imaging import InkMaps, NamedBy, PrintedLabel, RowTrace
from cardioalert.errors import LayoutNotFoundError
from cardioalert.i18n import translate as _

WRONG_NAME_COST: Final = 2.0  # a name in the wrong place against one in the right place
UNREAD_NAME_COST: Final = 0.25  # a place without the name that should stand there
NAMELESS_COLUMN_COST: Final = 3.0
LAW_WEIGHT: Final = 3.0
LAW_BROKEN: Final = 0.8
CLEAR_MARGIN: Final = 1.0
DROPPED_ROW_COST: Final = 2.5  # a row at the rim of the page that is none of the layout's
MOST_DROPPED: Final = 1  # at the top and at the bottom


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """A layout tried on a page."""

    layout: PrintedLayout
    rhythm_rows: int
    first_row: int  # rows above it are none of the layout's
    rows: tuple[RowTrace, ...]
    dropped: int
    columns: Columns
    names_right: float
    names_wrong: float
    law_residual: float
    named_cells: frozenset[tuple[int, int]]
    shift: float  # px that names stand below their base lines

    @property
    def score(self) -> float:
        """More is better: names in place, a law that holds, borders where they should be."""
        law = 0.0
        if np.isfinite(self.law_residual):
            law = LAW_WEIGHT * float(np.clip(1.0 - self.law_residual / LAW_HOLDS / 1.5, -1.0, 1.0))
        border = self.columns.evidence if self.columns.count > 1 else 0.0
        unread = len(self.layout.grid) * self.layout.columns - len(self.named_cells)
        names = self.names_right - WRONG_NAME_COST * self.names_wrong - UNREAD_NAME_COST * unread
        missing = NAMELESS_COLUMN_COST * self.nameless_columns + DROPPED_ROW_COST * self.dropped
        return names + law + border - missing

    @property
    def nameless_columns(self) -> int:
        """Count the columns without any name on a page that names most leads of another column."""
        rows = len(self.layout.grid)
        counts = [
            sum(cell[1] == column for cell in self.named_cells)
            for column in range(self.layout.columns)
        ]
        return counts.count(0) if max(counts) * 2 >= rows else 0


def place_leads(
    rows: tuple[RowTrace, ...],
    labels: tuple[PrintedLabel, ...],
    maps: InkMaps,
    *,
    layout: str = "auto",
    edges: Edges = NO_EDGES,
) -> PlacedLayout:
    """Find the layout of a page.

    Parameters
    ----------
    layout : `auto`, or a name such as `3x4+1` that the user gives
    edges : Edges

    Raises
    ------
    LayoutNotFoundError
        No known layout fits, or two fit equally well.
    """
    candidates = _candidates(rows, labels, maps, layout, edges)
    if not candidates:
        strips = place_strips(rows, labels) if layout in ("auto", f"{len(rows)}x1") else None
        if strips is not None:
            return strips
        if layout == "auto":
            unknown = _("{rows} rows of traces fit no known layout", rows=len(rows))
            raise LayoutNotFoundError(why_unnamed(rows, labels) or unknown)
        raise LayoutNotFoundError(
            _("{rows} rows of traces do not fit layout {layout}", rows=len(rows), layout=layout)
        )
    candidates.sort(key=lambda candidate: candidate.score, reverse=True)
    best = candidates[0]
    if layout == "auto":
        try:
            _refuse_doubt(candidates)
        except LayoutNotFoundError:
            strips = place_strips(rows, labels)
            if strips is None:
                raise
            return strips
    return _place(best, labels)


def refuse_too_many(*, rows: int) -> None:
    """Refuse more rows than any layout has before they are traced, which takes time and memory.

    Raises
    ------
    LayoutNotFoundError
    """
    most = max(len(known.grid) + max(known.rhythm_rows) for known in printed_layouts())
    if rows > most + 2 * MOST_DROPPED:
        raise LayoutNotFoundError(_("{rows} rows of traces fit no known layout", rows=rows))


def _candidates(
    rows: tuple[RowTrace, ...],
    labels: tuple[PrintedLabel, ...],
    maps: InkMaps,
    layout: str,
    edges: Edges,
) -> list[_Candidate]:
    """Try every known layout on all rows, and on all but the first or the last."""
    found = []

    @cache  # layouts of the same shape share their columns
    def columns_of(top: int, length: int, count: int) -> Columns:
        return find_columns(rows[top : top + length], labels, maps, count, edges)

    @cache
    def simultaneous(top: int, length: int) -> bool:
        return in_step(rows[top : top + length])

    for top in range(MOST_DROPPED + 1):
        for known in printed_layouts():
            fitting = [
                (bottom, rhythm)
                for bottom in range(MOST_DROPPED + 1)
                for rhythm in known.rhythm_rows
                if len(known.grid) + rhythm == len(rows) - top - bottom
                and layout in ("auto", full_name(known.name, rhythm))
            ]
            if not fitting:
                continue
            length = len(known.grid)
            columns = columns_of(top, length, known.columns)
            law = float("nan")
            if simultaneous(top, length):
                law = law_residual(known, rows[top : top + length], columns)
            found += [
                _try_layout(
                    known,
                    rhythm,
                    rows[top : len(rows) - bottom],
                    labels,
                    columns=columns,
                    law=law,
                    first_row=top,
                    dropped=top + bottom,
                )
                for bottom, rhythm in fitting
            ]
    return found


def _refuse_doubt(candidates: list[_Candidate]) -> None:
    """Raise when the best layout has too little evidence: a plausible wrong signal is worst."""
    best = candidates[0]
    law_holds = best.law_residual < LAW_HOLDS  # False for NaN
    if best.names_wrong > best.names_right or (best.names_right < 2 and not law_holds):
        raise LayoutNotFoundError(
            _(
                "layout {name} would fit, but {confirm:.0f} lead names confirm and "
                "{contradict:.0f} contradict it",
                name=best.layout.name,
                confirm=best.names_right,
                contradict=best.names_wrong,
            )
        )
    if best.law_residual > LAW_BROKEN and best.names_right < 6:
        raise LayoutNotFoundError(
            _(
                "layout {name} would fit, but its limb leads break Einthoven's law (residual "
                "{residual:.0%})",
                name=best.layout.name,
                residual=best.law_residual,
            )
        )
    if len(candidates) > 1 and best.score - candidates[1].score < CLEAR_MARGIN:
        names = " and ".join(f"{c.layout.name} ({c.layout.order})" for c in candidates[:2])
        raise LayoutNotFoundError(_("the layouts {names} fit the page equally well", names=names))


def _try_layout(
    layout: PrintedLayout,
    rhythm_rows: int,
    rows: tuple[RowTrace, ...],
    labels: tuple[PrintedLabel, ...],
    *,
    columns: Columns,
    law: float,
    first_row: int,
    dropped: int,
) -> _Candidate:
    """Score one layout on the rows kept of a page."""
    right, wrong, cells, shift = _judge_names(layout, rows, labels, columns)
    return _Candidate(
        layout=layout,
        rhythm_rows=rhythm_rows,
        first_row=first_row,
        rows=rows,
        dropped=dropped,
        columns=columns,
        names_right=right,
        names_wrong=wrong,
        law_residual=law,
        named_cells=cells,
        shift=shift,
    )


def _judge_names(
    layout: PrintedLayout,
    rows: tuple[RowTrace, ...],
    labels: tuple[PrintedLabel, ...],
    columns: Columns,
) -> tuple[float, float, frozenset[tuple[int, int]], float]:
    """Return the weight of names in the right and in the wrong cell, and the cells confirmed.

    Names stand above or below their trace, the same way on the whole page; the way that explains
    most names is taken and comes last in the answer.
    """
    best: tuple[float, float, frozenset[tuple[int, int]], float] = (0.0, 0.0, frozenset(), 0.0)
    if not labels:
        return best
    printed_in = [columns.of(label.left) for label in labels]
    for printed_on in label_rows(labels, rows, label_shifts(rows)).tolist():
        right = wrong = 0.0
        below: dict[tuple[int, int], float] = {}
        for label, row, column in zip(labels, printed_on, printed_in, strict=True):
            if row >= len(layout.grid):
                continue
            if named(layout.grid[row][column]) == (label.lead, label.inverted):
                right += label.confidence
                below[row, column] = middle_of(label) - rows[row].baseline
            else:
                wrong += label.confidence
        if right - WRONG_NAME_COST * wrong > best[0] - WRONG_NAME_COST * best[1] or not best[2]:
            usual = float(np.median(list(below.values()))) if below else 0.0
            best = (right, wrong, frozenset(below), usual)
    return best


def _place(best: _Candidate, labels: tuple[PrintedLabel, ...]) -> PlacedLayout:
    """Write the decision down, and name the rhythm strips."""
    columns, rows = best.columns, best.rows
    places = []
    for row, line in enumerate(best.layout.grid):
        for column, cell in enumerate(line):
            lead, inverted = named(cell)
            named_by: NamedBy = "label" if (row, column) in best.named_cells else "layout"
            places.append(
                Place(
                    lead=lead,
                    inverted=inverted,
                    named_by=named_by,
                    row=row,
                    left=columns.border(column),
                    right=columns.border(column + 1),
                    is_rhythm=False,
                )
            )
    unnamed = []
    strips = range(len(best.layout.grid), len(rows))
    names = {row: name_rhythm(rows, row, labels, tuple(places), best.shift) for row in strips}
    for row, strip in names.items():
        rivals = [other for other in names.values() if other and strip and other.lead == strip.lead]
        if strip is None or not keeps_name(strip, rivals):
            unnamed.append(row)
            continue
        places.append(
            Place(
                lead=strip.lead,
                inverted=False,
                named_by=strip.named_by,
                row=row,
                left=columns.start,
                right=columns.border(columns.count),
                is_rhythm=True,
            )
        )
    shifted = tuple(replace(place, row=place.row + best.first_row) for place in places)
    return PlacedLayout(
        name=full_name(best.layout.name, best.rhythm_rows),
        order=best.layout.order,
        places=shifted,
        columns=columns,
        names_right=len(best.named_cells),
        names_wrong=round(best.names_wrong),
        law_residual=best.law_residual,
        unnamed_rhythm=tuple(row + best.first_row for row in unnamed),
    )
