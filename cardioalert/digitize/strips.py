"""Pages of one to three long strips, which no table of layouts lists."""

from __future__ import annotations

from typing import Final

import numpy as np

from cardioalert.digitize.columns import Columns, trace_extent
from cardioalert.digitize.labels import label_row, label_shifts, middle_of
from cardioalert.digitize.layouts import Place, PlacedLayout, PrintedLayout
from cardioalert.digitize.limb_law import LAW_HOLDS, in_step, law_residual
from cardioalert.domain.imaging import PrintedLabel, RowTrace
from cardioalert.domain.record import Lead
from cardioalert.i18n import percent
from cardioalert.i18n import translate as _

STRIP_ROWS: Final = 3  # most rows of a page that is named by its labels alone
STRIP_NAME: Final = 0.6  # confidence of each name on such a page
ONLY_NAME: Final = 0.9  # the same where there is one: II and III differ by a stroke
LIMB_STRIPS: Final = (Lead.I, Lead.II, Lead.III)
THREE_STRIPS: Final = PrintedLayout(
    name="3x1", order="standard", grid=tuple((str(lead),) for lead in LIMB_STRIPS), rhythm_rows=(0,)
)


def place_strips(
    rows: tuple[RowTrace, ...], labels: tuple[PrintedLabel, ...]
) -> PlacedLayout | None:
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
    law = law_residual(THREE_STRIPS, rows, columns) if limb and in_step(rows) else float("nan")
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


def why_unnamed(rows: tuple[RowTrace, ...], labels: tuple[PrintedLabel, ...]) -> str:
    """Say why strips were not named, empty for pages of more rows."""
    if len(rows) > STRIP_ROWS:
        return ""
    if not labels:
        return _("{rows} strips without a lead name that can be read", rows=len(rows))
    read = (f"{label.lead} ({percent(label.confidence)})" for label in labels)
    return _(
        "{rows} strips whose lead names were read too unsurely: {names}",
        rows=len(rows),
        names=", ".join(read),
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
        if min(abs(middle_of(label) - row.baseline) for row in rows) < 0.6 * spacing
    ]
    if any(label.left > reach for label in near):
        return None
    for shift in label_shifts(rows):
        at = [label_row(label, rows, shift) for label in near]
        if len(set(at)) == len(near):
            return dict(zip(at, near, strict=True))
    return None
