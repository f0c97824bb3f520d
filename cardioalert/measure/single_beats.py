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
    seen: dict[int, list[list[float | None]]] = {}
    for (number, with_p), beats in alike.items():
        found, average = waves[number], averages[number]
        assert found is not None
        places = _bounds(found, average, with_p=with_p)
        late = shapes.r[beats] - average.r_index
        instants = _instants(places + late[:, None, None], prepared)
        seen |= zip(beats, instants, strict=True)
    return tuple(
        WaveTimes(
            lead=lead,
            beat=beat,
            p_on=here[0],
            p_off=here[1],
            qrs_on=here[2],
            qrs_off=here[3],
            t_on=here[4],
            t_off=here[5],
        )
        for beat, instants_of_beat in sorted(seen.items())
        for lead, here in zip(prepared.leads, instants_of_beat, strict=True)
        if here.count(None) < len(here)
    )


def _bounds(found: Delineation, average: Average, *, with_p: bool) -> Floats:
    """Return where P, QRS and T of a shape begin and end, (leads, 6), samples; NaN where absent."""
    places = np.full((len(average.leads), 6), np.nan)
    for column, wave in ((0, found.p if with_p else None), (2, found.qrs), (4, found.t)):
        if wave is not None:
            places[:, column], places[:, column + 1] = wave.on, wave.off
    places -= average.moved[:, None]
    return places


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
