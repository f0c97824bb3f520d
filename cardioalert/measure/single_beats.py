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
    alike: dict[tuple[int, bool], list[int]] = {}
    for beat, number in enumerate(shapes.shape.tolist()):
        found = waves[number] if number < len(waves) else None
        if found is not None:
            with_p = _shows_p(found, averages[number], beat)
            alike.setdefault((number, with_p), []).append(beat)
    seen: dict[int, tuple[tuple[str, ...], list[list[float | None]]]] = {}
    for (number, with_p), beats in alike.items():
        found, average = waves[number], averages[number]
        assert found is not None
        names, places = _bounds(found, average, with_p=with_p)
        late = shapes.r[beats] - average.r_index
        instants = _instants(places + late[:, None, None], prepared)
        seen |= {beat: (names, here) for beat, here in zip(beats, instants, strict=True)}
    return tuple(
        WaveTimes(lead=lead, beat=beat, **dict(zip(names, here, strict=True)))
        for beat, (names, instants_of_beat) in sorted(seen.items())
        for lead, here in zip(prepared.leads, instants_of_beat, strict=True)
        if here.count(None) < len(here)
    )


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


def _instants(samples: Floats, prepared: Prepared) -> list[list[list[float | None]]]:
    """Return samples, (beats, leads, bounds), as seconds; None where the lead shows nothing."""
    shown = (samples >= 0) & (samples <= prepared.samples - 1)
    nearest = np.where(shown, np.round(samples), 0).astype(np.intp)
    shown &= prepared.present[np.arange(len(prepared.leads))[:, None], nearest]
    seconds = (samples / WORKING_RATE).astype(np.object_)
    seconds[~shown] = None
    instants: list[list[list[float | None]]] = seconds.tolist()
    return instants
