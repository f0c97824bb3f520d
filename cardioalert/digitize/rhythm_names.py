"""Name the rhythm strips below a layout: by the lead they repeat, else by the name beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.digitize.labels import label_row, middle_of
from cardioalert.digitize.layouts import Place
from cardioalert.digitize.limb_law import OUT_OF_STEP
from cardioalert.domain.imaging import NamedBy, PrintedLabel, RowTrace
from cardioalert.domain.record import Lead

SAME_LEAD: Final = 0.9  # correlation of a rhythm strip with the lead it repeats
LIKE: Final = 0.75  # the same, from which another lead contradicts the name beside a strip
SURE_NAME: Final = 0.85  # confidence from which a name is not: leads are alike by nature
UNLIKE: Final = 0.1  # less than with another lead: a doubtful name beside it was misread
FAR_UNLIKE: Final = 0.4  # the same of a name that was read surely


@dataclass(frozen=True, slots=True, kw_only=True)
class StripName:
    """What a rhythm strip is called, and how like the printed lead of that name it is."""

    lead: Lead
    named_by: NamedBy
    likeness: float


def keeps_name(named: StripName, rivals: list[StripName]) -> bool:
    """Tell whether a strip keeps a name that several claim: it must look like it, and most so."""
    most = max(rival.likeness for rival in rivals)
    return len(rivals) == 1 or SAME_LEAD <= named.likeness == most


def name_rhythm(
    rows: tuple[RowTrace, ...],
    row: int,
    labels: tuple[PrintedLabel, ...],
    places: tuple[Place, ...],
    shift: float,
) -> StripName | None:
    """Name a rhythm strip by the lead it repeats, else by the name beside it.

    The name stands as far from the strip as the other names from their rows (`shift`, px).
    """
    begin = min(place.left for place in places)
    likeness = {
        place.lead: max(
            _likeness(rows[row], rows[place.row], place, at=at) for at in {place.left, begin}
        )
        for place in places
        if not place.inverted  # a strip of aVR does not look like a printed -aVR
    }
    beside = [
        label
        for label in labels
        if label_row(label, rows, shift) == row
        and abs(middle_of(label) - rows[row].baseline)
        < 0.6 * abs(rows[row].baseline - rows[row - 1].baseline)
    ]
    read = max(beside, key=lambda label: label.confidence, default=None)
    printed = read.lead if read else None
    best = max(likeness, key=lambda lead: likeness[lead])
    alike = likeness.get(printed, 1.0) if printed is not None else 0.0
    if printed is not None and alike >= min(SAME_LEAD, likeness[best] - 0.05):
        return StripName(lead=printed, named_by="label", likeness=alike)
    sure = read is not None and read.confidence >= SURE_NAME
    if likeness[best] >= SAME_LEAD:  # against a name that was read surely nobody can tell
        return (
            None if sure else StripName(lead=best, named_by="morphology", likeness=likeness[best])
        )
    unlike = likeness[best] - (FAR_UNLIKE if sure else UNLIKE)
    contradicted = likeness[best] >= LIKE and alike < unlike
    if printed is None or contradicted:
        return None
    return StripName(lead=printed, named_by="label", likeness=alike)


def _likeness(rhythm: RowTrace, row: RowTrace, place: Place, *, at: float) -> float:
    """Return the correlation of a rhythm strip, from a place on, with a lead.

    That place is where the lead stands, or the first column: recorders print columns one after
    the other, or all of the same seconds, those of the first one. Rows of a bent sheet may be some
    pixels out of step; curves of different size are unlike.
    """
    width = max(1, int(place.right) - int(place.left) - 16)
    first, second = int(at) + 8, int(place.left) + 8
    a = rhythm.y[first : first + width].astype(np.float64)
    b = row.y[second : second + width].astype(np.float64)
    shortest = min(len(a), len(b))
    a, b = a[:shortest], b[:shortest]
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
