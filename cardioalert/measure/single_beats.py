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
    for beat, (r, number) in enumerate(zip(shapes.r.tolist(), shapes.shape.tolist(), strict=True)):
        if number >= len(waves):
            continue
        found = waves[number]
        if found is None:
            continue
        average = averages[number]
        p = found.p if _shows_p(found, average, beat) else None
        bounds = {
            f"{name}_{side}": values
            for name, wave in (("p", p), ("qrs", found.qrs), ("t", found.t))
            if wave is not None
            for side, values in (("on", wave.on), ("off", wave.off))
        }
        places = np.stack(list(bounds.values()), axis=1) - average.moved[:, None]
        instants = _instants(places + (r - average.r_index), prepared)
        for lead, here in zip(prepared.leads, instants, strict=True):
            if any(value is not None for value in here):
                times.append(
                    WaveTimes(lead=lead, beat=beat, **dict(zip(bounds, here, strict=True)))
                )
    return tuple(times)


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
