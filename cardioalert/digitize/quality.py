"""Say how far a digitized page can be trusted, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from cardioalert.digitize.layouts import PlacedLayout
from cardioalert.digitize.scale import Scale
from cardioalert.domain.imaging import Grade, Grid, LeadTrace, Notice, PageQuality
from cardioalert.i18n import ngettext
from cardioalert.i18n import translate as _

COARSE: Final = (3.5, 2.2)  # photo px/mm below which a page is fair, poor
LAW: Final = (0.45, 0.7)  # relative residual of Einthoven's law above which a page is fair, poor
LAW_NAMED: Final = 1.0  # the same for poor, where nearly all lead names were read
ALL_NAMES: Final = 0.9  # share of names that are nearly all
WEAK_LEAD: Final = 0.75  # quality below which a lead is named as unreliable
WEAK_SHARE: Final = 0.25  # share of weak leads that makes a page poor
TANGLED_SHARE: Final = 0.5  # share of leads with waves in doubt that makes a page poor
NAMES_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Doubt:
    """One reason for a lower grade."""

    grade: Grade
    code: str
    message: str


def judge_page(
    traces: tuple[LeadTrace, ...], layout: PlacedLayout, grid: Grid, scale: Scale
) -> PageQuality:
    """Grade a page: the worst reason decides."""
    doubts = [
        *_resolution(grid),
        *_law(layout, traces, grid),
        *_weak_leads(traces),
        *_tangled(traces),
        *_names(layout, traces),
        *_unconfirmed(grid, scale),
    ]
    order = list(Grade)
    grade = max((doubt.grade for doubt in doubts), key=order.index, default=Grade.GOOD)
    return PageQuality(
        grade=grade,
        reasons=tuple(Notice(code=doubt.code, message=doubt.message) for doubt in doubts),
    )


def _resolution(grid: Grid) -> list[_Doubt]:
    """Judge the sharpness the photo can have."""
    detail = min(grid.photo_pixels_per_mm)
    if detail >= COARSE[0]:
        return []
    message = _(
        "the picture has only {detail:.1f} pixels per mm; send the original, not a copy",
        detail=detail,
    )
    grade = Grade.FAIR if detail >= COARSE[1] else Grade.POOR
    return [_Doubt(grade=grade, code="low-resolution", message=message)]


def _law(layout: PlacedLayout, traces: tuple[LeadTrace, ...], grid: Grid) -> list[_Doubt]:
    """Judge the agreement of the limb leads with each other.

    Where nearly all names of a sharp picture were read the law is not needed to know which lead is
    which: what it then doubts is the size of the waves.
    """
    residual = layout.law_residual
    if not np.isfinite(residual) or residual <= LAW[0]:
        return []
    message = _("the limb leads disagree with Einthoven's law by {share:.0%}", share=residual)
    sharp = min(grid.photo_pixels_per_mm) >= COARSE[0]
    named = sharp and layout.names_right >= ALL_NAMES * len(traces)
    grade = Grade.FAIR if residual <= (LAW_NAMED if named else LAW[1]) else Grade.POOR
    return [_Doubt(grade=grade, code="einthoven-mismatch", message=message)]


def _weak_leads(traces: tuple[LeadTrace, ...]) -> list[_Doubt]:
    """Name the leads that could not be read well."""
    weak = [trace.lead for trace in traces if trace.quality < WEAK_LEAD]
    if not weak:
        return []
    grade = Grade.POOR if len(weak) > WEAK_SHARE * len(traces) else Grade.FAIR
    names = ", ".join(dict.fromkeys(weak))
    message = _("do not rely on these leads, they were read only in part: {leads}", leads=names)
    return [_Doubt(grade=grade, code="weak-leads", message=message)]


def _tangled(traces: tuple[LeadTrace, ...]) -> list[_Doubt]:
    """Name the leads whose waves may be another row's."""
    tangled = dict.fromkeys(trace.lead for trace in traces if trace.waves_in_doubt)
    if not tangled:
        return []
    printed = {trace.lead for trace in traces}
    grade = Grade.POOR if len(tangled) > TANGLED_SHARE * len(printed) else Grade.FAIR
    message = _(
        "the waves of these leads were not read surely, because their curves run into other rows "
        "or other ink: tall waves may be cut or belong to a neighbor: {leads}; print them again at "
        "half the gain",
        leads=", ".join(tangled),
    )
    return [_Doubt(grade=grade, code="tangled-curves", message=message)]


def _names(layout: PlacedLayout, traces: tuple[LeadTrace, ...]) -> list[_Doubt]:
    """Say when the names come from the usual layout rather than from the page."""
    doubts = []
    if layout.names_right < NAMES_SHARE * len(traces):
        message = ngettext(
            "only {count} lead name could be read; the others follow the usual layout",
            "only {count} lead names could be read; the others follow the usual layout",
            layout.names_right,
        )
        doubts.append(_Doubt(grade=Grade.FAIR, code="names-from-layout", message=message))
    if layout.unnamed_rhythm:
        message = _("a rhythm strip has no readable name and was left out")
        doubts.append(_Doubt(grade=Grade.FAIR, code="unnamed-rhythm", message=message))
    return doubts


def _unconfirmed(grid: Grid, scale: Scale) -> list[_Doubt]:
    """Say when nothing confirms the pitch of the grid, the speed or the gain."""
    if grid.scale_confirmed:
        return []
    message = _("nothing on the page confirms its scale; give --speed and --gain as printed")
    return [_Doubt(grade=Grade.FAIR, code="scale-unconfirmed", message=message)]
