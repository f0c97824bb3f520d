"""When each wave of each beat begins and ends in each lead."""

from __future__ import annotations

import numpy as np

from cardioalert.domain.clinical import WaveTimes
from cardioalert.dsp import Floats
from cardioalert.measure.averaging import Average
from cardioalert.measure.beats import Shapes
from cardioalert.measure.preparation import WORKING_RATE, Prepared
from cardioalert.measure.waves import P_ABSENT, Delineation


def wave_times(
    shapes: Shapes,
    averages: list[Average],
    waves: list[Delineation | None],
    prepared: Prepared,
) -> tuple[WaveTimes, ...]:
    """Return the bounds of every beat in every lead that shows it, from those of its shape."""
    times = []
    known: dict[tuple[int, bool], tuple[tuple[str, ...], Floats]] = {}
    for beat, (r, number) in enumerate(zip(shapes.r.tolist(), shapes.shape.tolist(), strict=True)):
        found = waves[number] if number < len(waves) else None
        if found is None:
            continue
        average = averages[number]
        with_p = _shows_p(found, average, beat)
        if (number, with_p) not in known:
            known[number, with_p] = _bounds(found, average, with_p=with_p)
        names, places = known[number, with_p]
        instants = _instants(places + (r - average.r_index), prepared)
        for lead, here in zip(prepared.leads, instants, strict=True):
            if here.count(None) < len(here):
                times.append(WaveTimes(lead=lead, beat=beat, **dict(zip(names, here, strict=True))))
    return tuple(times)


def _bounds(
    found: Delineation, average: Average, *, with_p: bool
) -> tuple[tuple[str, ...], Floats]:
    """Return the names of a shape's bounds and where they are, (leads, bounds), samples."""
    waves = (("p", found.p if with_p else None), ("qrs", found.qrs), ("t", found.t))
    bounds = {
        f"{name}_{side}": values
        for name, wave in waves
        if wave is not None
        for side, values in (("on", wave.on), ("off", wave.off))
    }
    return tuple(bounds), np.stack(list(bounds.values()), axis=1) - average.moved[:, None]


def _shows_p(found: Delineation, average: Average, beat: int) -> bool:
    """Tell whether a single beat has the P wave of its median; beats not averaged are trusted."""
    place = np.flatnonzero(average.beats == beat)
    if found.p_candidate is None or len(place) == 0:
        return True
    return not found.p_candidate.likeness[place[0]] < P_ABSENT


def _instants(samples: Floats, prepared: Prepared) -> list[list[float | None]]:
    """Return samples, (leads, bounds), as seconds; None where the lead shows nothing there."""
    shown = (samples >= 0) & (samples <= prepared.samples - 1)
    nearest = np.where(shown, np.round(samples), 0).astype(np.intp)
    shown &= np.take_along_axis(prepared.present, nearest, axis=1)
    seconds = (samples / WORKING_RATE).astype(np.object_)
    seconds[~shown] = None
    instants: list[list[float | None]] = seconds.tolist()
    return instants
