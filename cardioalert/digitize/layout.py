"""Decide which lead stands where: lead names, printed layouts and Einthoven's law together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from cardioalert.digitize.columns import Columns, find_columns, trace_extent
from cardioalert.domain.imaging import InkMaps, NamedBy, PrintedLabel, RowTrace
from cardioalert.domain.record import Lead, parse_lead
from cardioalert.errors import LayoutNotFoundError
from cardioalert.i18n import translate as _
from cardioalert.tables import read_toml

WRONG_NAME_COST: Final = 2.0  # a name in the wrong place against one in the right place
UNREAD_NAME_COST: Final = 0.25  # a place without the name that should stand there
NAMELESS_COLUMN_COST: Final = 3.0
LAW_WEIGHT: Final = 3.0
LAW_HOLDS: Final = 0.35  # relative residual of Einthoven's law below which it confirms a layout
LAW_BROKEN: Final = 0.8
IN_STEP: Final = 0.25  # correlation of the steepness of rows printed at the same time
SMOOTHED: Final = 5  # px
OUT_OF_STEP: Final = 4  # px
CLEAR_MARGIN: Final = 1.0
DROPPED_ROW_COST: Final = 2.5  # a row at the rim of the page that is none of the layout's
MOST_DROPPED: Final = 1  # at the top and at the bottom
STRIP_ROWS: Final = 3  # most rows of a page that is named by its labels alone
STRIP_NAME: Final = 0.6  # confidence of each name on such a page
ONLY_NAME: Final = 0.9  # the same where there is one: II and III differ by a stroke
SAME_LEAD: Final = 0.9  # correlation of a rhythm strip with the lead it repeats
LIKE: Final = 0.75  # the same, from which another lead contradicts a doubtful name beside a strip
SURE_NAME: Final = 0.85  # confidence from which a name is not: leads are alike by nature
UNLIKE: Final = 0.25  # less than with another lead: the name beside it was misread

LeadOrder = Literal["standard", "cabrera"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedLayout:
    """One row of `tables/layouts.toml`."""

    name: str
    order: LeadOrder
    grid: tuple[tuple[str, ...], ...]
    rhythm_rows: tuple[int, ...]

    @property
    def columns(self) -> int:
        """Number of columns."""
        return len(self.grid[0])


LIMB_STRIPS: Final = (Lead.I, Lead.II, Lead.III)
THREE_STRIPS: Final = PrintedLayout(
    name="3x1", order="standard", grid=tuple((str(lead),) for lead in LIMB_STRIPS), rhythm_rows=(0,)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One lead on the page.

    Attributes
    ----------
    row : int
    left, right : float, page pixels
    """

    lead: Lead
    inverted: bool
    named_by: NamedBy
    row: int
    left: float
    right: float
    is_rhythm: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedLayout:
    """The decision.

    Attributes
    ----------
    name : str
        Such as `3x4+1`.
    places : tuple of Place
    columns : Columns
    names_right, names_wrong : int
        Lead names read on the page that agree and disagree.
    law_residual : float
        Relative residual of Einthoven's law, NaN where it cannot be tested.
    unnamed_rhythm : tuple of int
        Rows of rhythm strips whose lead is unknown.
    """

    name: str
    order: LeadOrder
    places: tuple[Place, ...]
    columns: Columns
    names_right: int
    names_wrong: int
    law_residual: float
    unnamed_rhythm: tuple[int, ...]


@cache
def printed_layouts() -> tuple[PrintedLayout, ...]:
    """Return the known layouts."""
    rows = read_toml("cardioalert.digitize", "layouts.toml")["layout"]
    return tuple(
        PrintedLayout(
            name=row["name"],
            order=row["order"],
            grid=tuple(tuple(line) for line in row["grid"]),
            rhythm_rows=tuple(row["rhythm_rows"]),
        )
        for row in rows
    )


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
        named = [
            sum(cell[1] == column for cell in self.named_cells)
            for column in range(self.layout.columns)
        ]
        return named.count(0) if max(named) * 2 >= rows else 0


def place_leads(
    rows: tuple[RowTrace, ...],
    labels: tuple[PrintedLabel, ...],
    maps: InkMaps,
    *,
    layout: str = "auto",
) -> PlacedLayout:
    """Find the layout of a page.

    Parameters
    ----------
    layout : `auto`, or a name such as `3x4+1` that the user gives

    Raises
    ------
    LayoutNotFoundError
        No known layout fits, or two fit equally well.
    """
    candidates = _candidates(rows, labels, maps, layout)
    if not candidates:
        strips = _strips(rows, labels) if layout in ("auto", f"{len(rows)}x1") else None
        if strips is not None:
            return strips
        if layout == "auto":
            raise LayoutNotFoundError(
                _("{rows} rows of traces fit no known layout", rows=len(rows))
            )
        raise LayoutNotFoundError(
            _("{rows} rows of traces do not fit layout {layout}", rows=len(rows), layout=layout)
        )
    candidates.sort(key=lambda candidate: candidate.score, reverse=True)
    best = candidates[0]
    if layout == "auto":
        try:
            _refuse_doubt(candidates)
        except LayoutNotFoundError:
            strips = _strips(rows, labels)
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
    rows: tuple[RowTrace, ...], labels: tuple[PrintedLabel, ...], maps: InkMaps, layout: str
) -> list[_Candidate]:
    """Try every known layout on all rows, and on all but the first or the last."""
    found = []

    @cache  # layouts of the same shape share their columns
    def columns_of(top: int, length: int, count: int) -> Columns:
        return find_columns(rows[top : top + length], labels, maps, count)

    for top in range(MOST_DROPPED + 1):
        for known in printed_layouts():
            fitting = [
                (bottom, rhythm)
                for bottom in range(MOST_DROPPED + 1)
                for rhythm in known.rhythm_rows
                if len(known.grid) + rhythm == len(rows) - top - bottom
                and layout in ("auto", _full_name(known.name, rhythm))
            ]
            if not fitting:
                continue
            columns = columns_of(top, len(known.grid), known.columns)
            law = law_residual(known, rows[top : top + len(known.grid)], columns)
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


def _strips(rows: tuple[RowTrace, ...], labels: tuple[PrintedLabel, ...]) -> PlacedLayout | None:
    """Name one to three long rows by the names that stand beside their beginnings.

    No layout helps here, so that every name must have been read without doubt, least of all the
    only one of a page. Of I, II and III one name is enough where Einthoven's law confirms them.
    """
    if not 1 <= len(rows) <= STRIP_ROWS:
        return None
    start, end = trace_extent(rows)
    columns = Columns(start=start, width=end - start, count=1, evidence=0.0, end=end)
    names = _names_beside(rows, labels, reach=start + 0.25 * (end - start))
    if names is None:
        return None
    read = {row: name.lead for row, name in names.items()}
    if len(set(read.values())) != len(read):
        return None
    limb = len(rows) == STRIP_ROWS and all(LIMB_STRIPS[row] == lead for row, lead in read.items())
    law = law_residual(THREE_STRIPS, rows, columns) if limb else float("nan")
    lawful = limb and law < LAW_HOLDS
    surest = max((name.confidence for name in names.values()), default=0.0)
    wanted = STRIP_NAME if len(rows) > 1 else ONLY_NAME
    if lawful and surest >= STRIP_NAME:
        leads = dict(enumerate(LIMB_STRIPS))
    elif len(names) == len(rows) and all(n.confidence >= wanted for n in names.values()):
        leads = read
    else:
        return None
    places = tuple(
        Place(
            lead=lead,
            inverted=row in names and names[row].inverted,
            named_by="label" if row in names else "layout",
            row=row,
            left=columns.start,
            right=columns.end,
            is_rhythm=False,
        )
        for row, lead in sorted(leads.items())
    )
    return PlacedLayout(
        name=f"{len(rows)}x1",
        order="standard",
        places=places,
        columns=columns,
        names_right=len(names),
        names_wrong=0,
        law_residual=law,
        unnamed_rhythm=(),
    )


def _names_beside(
    rows: tuple[RowTrace, ...], labels: tuple[PrintedLabel, ...], *, reach: float
) -> dict[int, PrintedLabel] | None:
    """Return the name that stands near each row, None where a row has two or one is misplaced.

    All names stand equally far above or below their rows; `reach` is the x before which they begin.
    """
    spacing = float(np.median(np.diff([row.baseline for row in rows]))) if len(rows) > 1 else 320.0
    near = [
        label
        for label in labels
        if min(abs(_middle(label) - row.baseline) for row in rows) < 0.6 * spacing
    ]
    if any(label.left > reach for label in near):
        return None
    for shift in label_shifts(rows):
        at = [label_row(label, rows, shift) for label in near]
        if len(set(at)) == len(near):
            return dict(zip(at, near, strict=True))
    return None


def _middle(label: PrintedLabel) -> float:
    """Return the height of the middle of a name."""
    return (label.top + label.bottom) / 2.0


def _full_name(name: str, rhythm_rows: int) -> str:
    """Return `3x4+1` for three rows of four columns and a rhythm strip."""
    return f"{name}+{rhythm_rows}" if rhythm_rows else name


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
    for shift in label_shifts(rows):
        right = wrong = 0.0
        below: dict[tuple[int, int], float] = {}
        for label in labels:
            row, column = label_row(label, rows, shift), columns.of(label.left)
            if row >= len(layout.grid):
                continue
            if _named(layout.grid[row][column]) == (label.lead, label.inverted):
                right += label.confidence
                below[row, column] = _middle(label) - rows[row].baseline
            else:
                wrong += label.confidence
        if right - WRONG_NAME_COST * wrong > best[0] - WRONG_NAME_COST * best[1] or not best[2]:
            usual = float(np.median(list(below.values()))) if below else 0.0
            best = (right, wrong, frozenset(below), usual)
    return best


def label_shifts(rows: tuple[RowTrace, ...]) -> NDArray[np.float64]:
    """Return the distances (px) between names and base lines to try, above and below."""
    spacing = np.median(np.diff([row.baseline for row in rows])) if len(rows) > 1 else 200.0
    shifts: NDArray[np.float64] = np.linspace(-0.5, 0.5, 11) * spacing
    return shifts[np.argsort(np.abs(shifts))]


def label_row(label: PrintedLabel, rows: tuple[RowTrace, ...], shift: float) -> int:
    """Return the row a lead name belongs to when names stand `shift` below the base lines."""
    middle = _middle(label)
    return int(np.argmin([abs(middle - row.baseline - shift) for row in rows]))


def _named(cell: str) -> tuple[Lead, bool]:
    """Split `-aVR` into lead and inversion."""
    return parse_lead(cell.lstrip("-")), cell.startswith("-")


def law_residual(layout: PrintedLayout, rows: tuple[RowTrace, ...], columns: Columns) -> float:
    """Return the median relative residual of Einthoven's and Goldberger's laws.

    Only leads of the same column are simultaneous. I - II + III = 0; aVR + aVL + aVF = 0;
    aVL - aVR = 1.5 I (for the Cabrera columns).
    """
    residuals = []
    if not in_step(rows):
        return float("nan")
    for column in range(layout.columns):
        curves = {}
        for row, line in zip(rows, layout.grid, strict=True):
            lead, inverted = _named(line[column])
            curves[lead] = _curve(row, columns, column) * (-1.0 if inverted else 1.0)
        for terms in _LAWS:
            if all(lead in curves for lead in terms):
                residuals.append(_relative_residual([curves[k] * w for k, w in terms.items()]))
    return float(np.median(residuals)) if residuals else float("nan")


def in_step(rows: tuple[RowTrace, ...]) -> bool:
    """Tell whether the rows were recorded at the same time: their QRS stand below each other.

    Recorders with few channels print the leads one after the other, and no law holds then.
    """
    steep = [_steepness(row) for row in rows]
    likeness = [
        float(np.corrcoef(first, second)[0, 1])
        for first, second in pairwise(steep)
        if first.std() > 0 and second.std() > 0
    ]
    return not likeness or float(np.median(likeness)) > IN_STEP


def _steepness(row: RowTrace) -> NDArray[np.float64]:
    """Return how steep a row is around each x, over about two millimeters, clipped."""
    y = row.y.astype(np.float64)
    slope = np.abs(np.diff(y, prepend=y[:1]))
    slope = np.where(np.isfinite(slope), slope, 0.0)
    limit = max(float(np.quantile(slope, 0.98)), 0.5)
    wide = np.convolve(np.minimum(slope, limit), np.ones(17) / 17.0, mode="same")
    return np.asarray(wide, dtype=np.float64)


_LAWS: Final[tuple[dict[Lead, float], ...]] = (
    {Lead.I: 1.0, Lead.II: -1.0, Lead.III: 1.0},
    {Lead.AVR: 1.0, Lead.AVL: 1.0, Lead.AVF: 1.0},
    {Lead.AVL: 1.0, Lead.AVR: -1.0, Lead.I: -1.5},
    {Lead.II: 1.0, Lead.III: 1.0, Lead.AVF: -2.0},
)


def _curve(row: RowTrace, columns: Columns, column: int) -> NDArray[np.float64]:
    """Return the upward deflection (px) of a row within one column, median removed."""
    left, right = int(columns.border(column)) + 8, int(columns.border(column + 1)) - 8
    y = -row.y[max(0, left) : max(left + 1, right)].astype(np.float64)
    known = np.isfinite(y)
    return y - np.median(y[known]) if known.any() else y


def _relative_residual(terms: list[NDArray[np.float64]]) -> float:
    """Return the size of a sum that should be zero against the size of its terms.

    Rows of a bent sheet may be some pixels out of step; the best step within half a millimetre
    counts, and the curves are smoothed over as much.
    """
    smooth = [np.convolve(term, np.full(SMOOTHED, 1.0 / SMOOTHED), mode="same") for term in terms]
    shifts = range(-OUT_OF_STEP, OUT_OF_STEP + 1, 2)
    firsts, lasts = ([np.roll(smooth[term], shift) for shift in shifts] for term in (0, 2))
    return min(_misfit(np.stack([first, smooth[1], last])) for first in firsts for last in lasts)


def _misfit(terms: NDArray[np.float64]) -> float:
    """Return RMS of the sum over the RMS of the largest term, NaN with too few samples."""
    known = np.isfinite(terms).all(axis=0)
    if known.sum() < 100:
        return float("nan")
    seen = terms[:, known]
    seen -= np.median(seen, axis=1, keepdims=True)
    largest = max(float(term @ term) for term in seen)
    both = seen.sum(axis=0)
    return float(np.sqrt(both @ both / len(both)) / max(np.sqrt(largest / len(both)), 1.0))


def _place(best: _Candidate, labels: tuple[PrintedLabel, ...]) -> PlacedLayout:
    """Write the decision down, and name the rhythm strips."""
    columns, rows = best.columns, best.rows
    places = []
    for row, line in enumerate(best.layout.grid):
        for column, cell in enumerate(line):
            lead, inverted = _named(cell)
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
    names = {row: _name_rhythm(rows, row, labels, tuple(places), best.shift) for row in strips}
    for row, named in names.items():
        rivals = [other for other in names.values() if other and named and other.lead == named.lead]
        if named is None or not _wins(named, rivals):
            unnamed.append(row)
            continue
        places.append(
            Place(
                lead=named.lead,
                inverted=False,
                named_by=named.named_by,
                row=row,
                left=columns.start,
                right=columns.border(columns.count),
                is_rhythm=True,
            )
        )
    shifted = tuple(replace(place, row=place.row + best.first_row) for place in places)
    return PlacedLayout(
        name=_full_name(best.layout.name, best.rhythm_rows),
        order=best.layout.order,
        places=shifted,
        columns=columns,
        names_right=len(best.named_cells),
        names_wrong=round(best.names_wrong),
        law_residual=best.law_residual,
        unnamed_rhythm=tuple(row + best.first_row for row in unnamed),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _StripName:
    """What a rhythm strip is called, and how like the printed lead of that name it is."""

    lead: Lead
    named_by: NamedBy
    likeness: float


def _wins(named: _StripName, rivals: list[_StripName]) -> bool:
    """Tell whether a strip keeps a name that several claim: it must look like it, and most so."""
    most = max(rival.likeness for rival in rivals)
    return len(rivals) == 1 or SAME_LEAD <= named.likeness == most


def _name_rhythm(
    rows: tuple[RowTrace, ...],
    row: int,
    labels: tuple[PrintedLabel, ...],
    places: tuple[Place, ...],
    shift: float,
) -> _StripName | None:
    """Name a rhythm strip by the lead it repeats, else by the name beside it.

    The name stands as far from the strip as the other names from their rows (`shift`, px).
    """
    likeness = {
        place.lead: _likeness(rows[row], rows[place.row], place)
        for place in places
        if not place.inverted  # a strip of aVR does not look like a printed -aVR
    }
    beside = [
        label
        for label in labels
        if label_row(label, rows, shift) == row
        and abs(_middle(label) - rows[row].baseline)
        < 0.6 * abs(rows[row].baseline - rows[row - 1].baseline)
    ]
    read = max(beside, key=lambda label: label.confidence, default=None)
    printed = read.lead if read else None
    best = max(likeness, key=lambda lead: likeness[lead])
    alike = likeness.get(printed, 1.0) if printed is not None else 0.0
    if printed is not None and alike >= min(SAME_LEAD, likeness[best] - 0.05):
        return _StripName(lead=printed, named_by="label", likeness=alike)
    sure = read is not None and read.confidence >= SURE_NAME
    if likeness[best] >= SAME_LEAD:  # against a name that was read surely nobody can tell
        return (
            None if sure else _StripName(lead=best, named_by="morphology", likeness=likeness[best])
        )
    contradicted = likeness[best] >= LIKE and alike < likeness[best] - UNLIKE and not sure
    if printed is None or contradicted:
        return None
    return _StripName(lead=printed, named_by="label", likeness=alike)


def _likeness(rhythm: RowTrace, row: RowTrace, place: Place) -> float:
    """Return the correlation of a rhythm strip with a lead, where both were printed.

    Rows of a bent sheet may be some pixels out of step; curves of different size are unlike.
    """
    part = slice(int(place.left) + 8, max(int(place.left) + 9, int(place.right) - 8))
    a, b = rhythm.y[part].astype(np.float64), row.y[part].astype(np.float64)
    return max(
        _correlation(a, np.roll(b, shift)) for shift in range(-OUT_OF_STEP, OUT_OF_STEP + 1, 2)
    )


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the correlation of two curves times the ratio of their sizes, 0 when too short."""
    known = np.isfinite(a) & np.isfinite(b)
    if known.sum() < 100 or a[known].std() < 0.3 or b[known].std() < 0.3:
        return 0.0
    ratio = float(a[known].std() / b[known].std())
    return float(np.corrcoef(a[known], b[known])[0, 1]) * min(ratio, 1.0 / ratio)
