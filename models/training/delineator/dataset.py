"""Beats of LUDB with the bounds that were annotated in each lead, varied anew each time."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import FOLDS, Annotated, bounds_of_beat, read_ludb
from cardioalert.domain.record import STANDARD_LEADS
from cardioalert.dsp import band_pass, smooth
from cardioalert.measure.beats import cut_out
from cardioalert.measure.measuring import find_beating
from cardioalert.measure.preparation import WORKING_RATE, prepare
from cardioalert.networks.delineator import BEFORE, RATE, beat_view

Doubles = NDArray[np.float64]
ROOM_BEFORE, ROOM_AFTER = 0.62, 1.0  # s cut out around R
BEGUN = 0.3  # of the leads, as in the benchmark
FEWEST_LEADS = 6


@dataclass(frozen=True, kw_only=True, eq=False)
class Heart:
    """The annotated beats of one record.

    Attributes
    ----------
    name : str
    single : float32 array, shape (beats, 12, samples), mV, levelled; R is at `r_index`
    bounds : float array, shape (beats, 12, 6), samples after R; NaN where not annotated
    shape : int array, shape (beats,)
    rr : float, samples
    """

    name: str
    single: NDArray[np.float32]
    bounds: Doubles
    shape: NDArray[np.intp]
    rr: float

    @property
    def fold(self) -> int:
        """Which fifth of the records it belongs to."""
        return fold_of(int(self.name))


def fold_of(number: int) -> int:
    """Return the fold of a record; LUDB's odd ids take turns."""
    return number // 2 % FOLDS


R_INDEX = round(ROOM_BEFORE * WORKING_RATE)


def read_hearts(folder: Path) -> list[Heart]:
    """Read all records of a LUDB folder."""
    stems = sorted(path.with_suffix("") for path in folder.glob("*.hea"))
    return [heart_of(stem.name, read_ludb(stem)) for stem in stems]


def heart_of(name: str, one: Annotated) -> Heart:
    """Cut the annotated beats out of a record."""
    beating = find_beating(prepare(one.record))
    r = beating.shapes.r
    bounds = np.array(
        [
            [bounds_of_beat(one.waves[lead], peak / WORKING_RATE) for lead in STANDARD_LEADS]
            for peak in r
        ]
    )
    bounds = bounds * WORKING_RATE - r[:, None, None]
    annotated = (~np.isnan(bounds[:, :, 2])).sum(axis=1) >= FEWEST_LEADS
    after = round(ROOM_AFTER * WORKING_RATE)
    single = cut_out(beating.levelled, np.round(r).astype(np.intp), R_INDEX, after)
    return Heart(
        name=name,
        single=single[annotated].astype(np.float32),
        bounds=bounds[annotated],
        shape=beating.shapes.shape[annotated],
        rr=float(np.median(beating.rr)) * WORKING_RATE if len(beating.rr) else 400.0,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Example:
    """One beat as the network reads it, with its bounds in samples of the network."""

    view: NDArray[np.float32]  # (12, 5, samples)
    bounds: Doubles  # (12, 6)
    of_all: Doubles  # (6,)
    weight: NDArray[np.float32]  # (12,), 0 for leads left out


def of_all_leads(bounds: Doubles) -> Doubles:
    """Return the bounds over all leads as the benchmark defines them, shape (6,)."""
    found = np.full(6, np.nan)
    for bound, column in enumerate(bounds.T):
        known = column[~np.isnan(column)]
        if len(known) < FEWEST_LEADS:
            continue
        if bound == 5:
            found[bound] = np.median(np.sort(known)[-3:])
        else:
            found[bound] = np.quantile(known, 1 - BEGUN if bound % 2 else BEGUN)
    return found


def plain_example(heart: Heart, members: NDArray[np.intp]) -> Example:
    """Return the median of some beats, unchanged."""
    signal, bounds = median_of(heart.single[members], heart.bounds[members])
    return example_of(_cut_to_rr(signal, heart.rr), bounds, np.ones(12, dtype=np.float32))


def example_of(signal: Doubles, bounds: Doubles, weight: NDArray[np.float32]) -> Example:
    """Return what the network reads of a beat at 500 Hz, with its bounds."""
    view = beat_view(signal, r_index=R_INDEX, step=round(WORKING_RATE / RATE))
    scale, first = RATE / WORKING_RATE, BEFORE * RATE
    return Example(
        view=view,
        bounds=bounds * scale + first,
        of_all=of_all_leads(bounds) * scale + first,
        weight=weight,
    )


def varied_example(heart: Heart, rng: np.random.Generator) -> Example:
    """Return a beat of a record, changed as recorders, papers and hearts differ."""
    number = heart.shape[rng.integers(len(heart.shape))]
    members = np.flatnonzero(heart.shape == number)
    signal, bounds = _some_beats(heart, members, rng)
    signal = _with_noise(signal, rng)
    if rng.random() < 0.35:
        signal = _as_on_paper(signal, rng)
    if rng.random() < 0.6:
        signal, bounds = _stretched(signal, bounds, float(rng.uniform(0.85, 1.2)))
    signal = _cut_to_rr(signal, heart.rr * float(rng.uniform(0.9, 1.1)))
    late = int(rng.integers(-8, 9))  # the R peak is not always found at the same place
    signal, bounds = np.roll(signal, late, axis=1), bounds + late
    weight = np.ones(12, dtype=np.float32)
    if rng.random() < 0.3:
        kept = rng.permutation(12)[: rng.integers(1, 12)]
        weight[:] = 0.0
        weight[kept] = 1.0
        signal[weight == 0] = np.nan
    return example_of(signal, bounds, weight)


def median_of(single: NDArray[np.float32], bounds: Doubles) -> tuple[Doubles, Doubles]:
    """Return the median beat and the median of its bounds, NaN where there are none."""
    signal = np.median(single, axis=0) if len(single) > 1 else single[0]
    known = ~np.isnan(bounds)
    middle = np.full(bounds.shape[1:], np.nan)
    enough = known.any(axis=0)
    middle[enough] = np.nanmedian(bounds[:, enough], axis=0)
    return signal.astype(np.float64), middle


def _some_beats(
    heart: Heart, members: NDArray[np.intp], rng: np.random.Generator
) -> tuple[Doubles, Doubles]:
    """Return the median of one to all beats; as in the columns of a page, not the same for all."""
    if rng.random() < 0.3 and len(members) > 1:
        signal = np.empty(heart.single.shape[1:])
        bounds = np.empty(heart.bounds.shape[1:])
        for rows in np.split(np.arange(12), 4):
            chosen = rng.choice(members, min(len(members), int(rng.integers(1, 4))), replace=False)
            part, own = median_of(heart.single[chosen][:, rows], heart.bounds[chosen][:, rows])
            late = int(rng.integers(-2, 3))
            signal[rows], bounds[rows] = np.roll(part, late, axis=1), own + late
        return signal, bounds
    count = int(rng.choice([1, 1, 2, 3, 5, len(members)]))
    chosen = rng.choice(members, min(len(members), count), replace=False)
    return median_of(heart.single[chosen], heart.bounds[chosen])


def _with_noise(signal: Doubles, rng: np.random.Generator) -> Doubles:
    """Add noise of the muscles, of the mains and of a moving baseline, and change the size."""
    leads, samples = signal.shape
    strength = rng.exponential(0.012, (leads, 1)) * (rng.random() < 0.8)
    noisy = signal + strength * rng.standard_normal((leads, samples))
    if rng.random() < 0.3:
        slow = smooth(rng.standard_normal((leads, samples)), width=int(rng.integers(5, 25)))
        noisy += rng.exponential(0.02, (leads, 1)) * slow / slow.std()
    clock = (np.arange(samples) - R_INDEX) / WORKING_RATE
    turn = np.sin(2 * np.pi * (rng.uniform(0.1, 0.6) * clock + rng.random((leads, 1))))
    noisy += rng.exponential(0.03, (leads, 1)) * (turn - turn[:, R_INDEX : R_INDEX + 1])
    if rng.random() < 0.15:
        noisy += rng.exponential(0.01, (leads, 1)) * np.sin(2 * np.pi * 50 * clock)
    return noisy * rng.uniform(0.6, 1.6, (leads, 1)) * rng.choice([1.0, -1.0], p=[0.9, 0.1])


def _as_on_paper(signal: Doubles, rng: np.random.Generator) -> Doubles:
    """Return a beat as it comes from a page: less sharp, in steps of a pixel."""
    known = np.nan_to_num(signal)
    cut = float(rng.uniform(30.0, 90.0))
    calm = band_pass(known, sampling_rate=WORKING_RATE, low=0.05, high=cut)
    calm += np.median(known - calm, axis=1, keepdims=True)
    pixel = float(rng.choice([0.0125, 0.0167, 0.025]))
    stepped = np.round(calm / pixel + rng.normal(0.0, 0.3, calm.shape)) * pixel
    return np.where(np.isnan(signal), np.nan, smooth(stepped, width=3))


def _stretched(signal: Doubles, bounds: Doubles, factor: float) -> tuple[Doubles, Doubles]:
    """Return a beat that takes `factor` times as long."""
    clock = np.arange(signal.shape[1])
    source = R_INDEX + (clock - R_INDEX) / factor
    longer = np.array([np.interp(source, clock, row, np.nan, np.nan) for row in signal])
    return longer, bounds * factor


def _cut_to_rr(signal: Doubles, rr: float) -> Doubles:
    """Return a beat without what a median beat does not show."""
    cut = signal.copy()
    cut[:, : max(0, R_INDEX - round(min(0.55 * WORKING_RATE, 0.75 * rr)))] = np.nan
    cut[:, R_INDEX + round(min(0.80 * WORKING_RATE, 0.95 * rr)) + 1 :] = np.nan
    return cut
