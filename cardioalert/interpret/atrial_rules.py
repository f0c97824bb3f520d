"""Patterns of P waves without QRS, of flutter waves and of pacing pulses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import median
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.record import STANDARD_LEADS, Lead
from cardioalert.interpret.case import Case, Pattern
from cardioalert.interpret.checks import Check, Outcome, Quantity, all_of, compare, negate
from cardioalert.interpret.criteria import Numbers, kinds
from cardioalert.units import MILLISECONDS_PER_SECOND, SECONDS_PER_MINUTE

PAUSE: Final = 1.3  # of the usual interval between beats: longer ones may hold a dropped beat
HALF: Final = 0.5
NEAREST_STROKE: Final = 0.02  # s before the R peak: nearer ones are the R wave itself
FURTHEST_STROKE: Final = 0.35  # s before the R peak: a pulse to the atria and a long PR
DOUBLE: Final = 1.5  # of a distance: a longer one hides a wave


def flutter_waves(case: Case, n: Numbers) -> Check:
    """Atrial waves that follow each other at the rate of flutter."""
    cycle = case.measurements.rhythm.flutter_cycle
    if not cycle:
        return Check(outcome=Outcome.NOT_MET)
    rate = Quantity(kind=kinds()["atrial_rate"], value=round(SECONDS_PER_MINUTE / cycle, 1))
    return all_of(compare(rate, "at_least", n["rate_from"]), compare(rate, "at_most", n["rate_to"]))


def blocked_p(case: Case, n: Numbers) -> Check:
    """A P wave that no QRS follows, whatever its type."""
    return _with_p(case, n) or compare(_blocked(case), "at_least", n["waves"])


def high_grade_block(case: Case, n: Numbers) -> Check:
    """Several P waves in a row without a QRS."""
    most = Quantity(
        kind=kinds()["blocked_in_a_row"], value=float(max(_blocked_per_pause(case), default=0))
    )
    return _with_p(case, n) or compare(most, "at_least", n["in_a_row"])


def two_to_one_block(case: Case, n: Numbers) -> Check:
    """One P wave without a QRS in nearly every pause between beats."""
    counts = _blocked_per_pause(case)
    single = sum(count == 1 for count in counts)
    share = Quantity(
        kind=kinds()["pauses_with_one_p"], value=round(single / len(counts), 3) if counts else 0.0
    )
    return _with_p(case, n) or all_of(
        compare(_blocked(case), "at_least", n["waves"]), compare(share, "at_least", n["share"])
    )


def lengthening_block(case: Case, n: Numbers) -> Check:
    """PR is longer before a dropped QRS than after it (Mobitz I)."""
    return _typed_block(case, n, longer=True)


def sudden_block(case: Case, n: Numbers) -> Check:
    """PR is the same before and after a dropped QRS (Mobitz II)."""
    return _typed_block(case, n, longer=False)


def third_degree_block(case: Case, n: Numbers) -> Check:
    """P waves and QRS complexes that are regular each and have nothing to do with each other."""
    before = case.measurements.rhythm.p_before_every_qrs
    if before:
        return Check(outcome=Outcome.NOT_MET)
    own = np.unique(np.array(case.measurements.rhythm.own_p, dtype=np.float64))
    if before is None or len(own) < n["waves"]:
        return Check(outcome=Outcome.UNKNOWN, reasons=("no-p-wave",))
    rate = case.value("heart_rate")
    atrial = Quantity(
        kind=kinds()["atrial_rate"],
        value=round(SECONDS_PER_MINUTE / _own_distance(own), 1),
    )
    spread = Quantity(kind=kinds()["pr_range"], value=round(_pr_range(case, own), 1))
    return all_of(
        compare(spread, "above", n["pr_range_ms"]),
        compare(case.rhythm("rr_variation"), "below", n["rr_variation"]),
        compare(atrial, "above", rate.value) if rate.value else Check(outcome=Outcome.UNKNOWN),
    )


def _own_distance(own: NDArray[np.float64]) -> float:
    """Return the distance of P waves, seconds; one hidden by a QRS leaves a double distance."""
    apart = np.diff(own)
    return float(np.median(apart[apart <= DOUBLE * np.min(apart)]))


def _pr_range(case: Case, own: NDArray[np.float64]) -> float:
    """Return how far the time from the last P wave to the R peak varies, ms.

    Only P waves within one P distance of the beat count: before others one may be hidden.
    """
    peaks = case.measurements.beats.r_peaks
    distance = _own_distance(own)
    before = np.array([peak - own[own < peak][-1] for peak in peaks if (own < peak).any()])
    before = before[before <= DOUBLE * distance]
    return float(np.ptp(before)) * MILLISECONDS_PER_SECOND if len(before) else 0.0


def pacing(case: Case, n: Numbers) -> Check:
    """Pulses at a fixed time before the R peak.

    Pulses are mostly too short to be seen, so their absence leaves the question open.
    """
    lags = _pulse_lags(case)
    if lags:
        usual = median(lags)
        fixed = sum(abs(lag - usual) * MILLISECONDS_PER_SECOND <= n["spread_ms"] for lag in lags)
        check = compare(
            Quantity(kind=kinds()["fixed_pulses"], value=float(fixed)), "at_least", n["pulses"]
        )
        if check.outcome is Outcome.MET:
            return check
    return Check(outcome=Outcome.UNKNOWN, reasons=("pulses-not-reliable",))


def ventricular_pacing(case: Case, n: Numbers) -> Check:
    """Pulses and a wide QRS."""
    return all_of(pacing(case, n), compare(case.value("qrs"), "at_least", n["qrs_ms"]))


def stroke_pacing(case: Case, n: Numbers) -> Check:
    """Strokes of ink at a fixed time before the QRS, in several leads of a printed ECG."""
    if not len(case.measurements.beats.r_peaks):
        return Check(outcome=Outcome.UNKNOWN, reasons=("too-few-beats",))
    lag, beats, leads = _struck(case, n["spread_ms"] / MILLISECONDS_PER_SECOND)
    if not beats:
        return Check(outcome=Outcome.NOT_MET)
    count = len(case.measurements.beats.r_peaks)
    struck = Quantity(kind=kinds()["struck_beats"], value=float(beats), beats=count)
    share = Quantity(kind=kinds()["struck_share"], value=round(beats / count, 3))
    wide = Quantity(
        kind=kinds()["struck_leads"], value=float(len(leads)), place=", ".join(leads), leads=leads
    )
    return all_of(
        compare(struck, "at_least", n["beats"]),
        compare(share, "at_least", n["share"]),
        compare(wide, "at_least", n["leads"]),
        compare(
            Quantity(kind=kinds()["stroke_lag"], value=round(lag * MILLISECONDS_PER_SECOND)),
            "at_most",
            n["lag_ms"],
        ),
    )


def _struck(case: Case, spread: float) -> tuple[float, int, tuple[Lead, ...]]:
    """Find the time before the R peak at which most beats have a stroke.

    Parameters
    ----------
    spread : float, seconds

    Returns
    -------
    lag : float, seconds
    beats : int
        With a stroke at that time in any lead.
    leads : tuple of Lead
        With a stroke at that time before any beat.
    """
    pairs = [
        (float(peak - stroke.time), beat, stroke.lead)
        for beat, peak in enumerate(case.measurements.beats.r_peaks)
        for stroke in case.measurements.rhythm.strokes
        if NEAREST_STROKE < peak - stroke.time < FURTHEST_STROKE
    ]
    groups = ([each for each in pairs if abs(each[0] - lag) <= spread] for lag, *_rest in pairs)
    best = max(groups, key=lambda group: len({beat for _lag, beat, _lead in group}), default=[])
    if not best:
        return 0.0, 0, ()
    leads = {lead for _lag, _beat, lead in best}
    return (
        median(lag for lag, *_rest in best),
        len({beat for _lag, beat, _lead in best}),
        tuple(lead for lead in STANDARD_LEADS if lead in leads),
    )


def _with_p(case: Case, n: Numbers) -> Check | None:
    """Return why nothing can be said where no P wave repeats, None where one does."""
    share = case.measurements.rhythm.p_repetition
    found = share is not None and share >= n["p_repetition"]
    if found and not case.measurements.rhythm.flutter_cycle:
        return None
    return Check(outcome=Outcome.UNKNOWN, reasons=("no-p-wave",))


def _blocked(case: Case) -> Quantity:
    """Count the P waves that no QRS follows."""
    return Quantity(kind=kinds()["blocked_p"], value=float(sum(_blocked_per_pause(case))))


def _blocked_per_pause(case: Case) -> list[int]:
    """Count the blocked P waves in each interval between beats.

    A beat that is dropped leaves a pause. A wave like P in an interval no longer than the others is
    believed only where most intervals show one, as in 2:1 block.
    """
    peaks = case.measurements.beats.r_peaks
    extra = np.array(case.measurements.rhythm.extra_p, dtype=np.float64)
    if len(peaks) < 2:
        return []
    if len(extra) == 0:  # as in most ECGs
        return [0] * (len(peaks) - 1)
    counts, _edges = np.histogram(extra, bins=peaks)
    intervals = np.diff(peaks)
    if np.mean(counts > 0) < HALF:
        counts = np.where(intervals >= PAUSE * np.median(intervals), counts, 0)
    return [int(count) for count in counts]


def _typed_block(case: Case, n: Numbers, *, longer: bool) -> Check:
    """Compare PR before and after single dropped QRS complexes."""
    without_p = _with_p(case, n)
    if without_p or not sum(_blocked_per_pause(case)):
        return without_p or Check(outcome=Outcome.NOT_MET)
    changes = list(_pr_changes(case))
    if not changes:
        return Check(outcome=Outcome.UNKNOWN, reasons=("no-p-wave",))
    largest = max(changes, key=lambda change: change**2)
    change = Quantity(kind=kinds()["pr_change"], value=round(largest, 1))
    two_to_one = negate(case.rule("AV2-2TO1"))
    if longer:
        return all_of(two_to_one, compare(change, "at_least", n["pr_change_ms"]))
    return all_of(
        two_to_one,
        compare(change, "below", n["pr_change_ms"]),
        compare(change, "above", -n["pr_change_ms"]),
    )


def _pr_changes(case: Case) -> Iterator[float]:
    """Yield PR before less PR after each single dropped QRS, ms."""
    pr = _pr_by_beat(case)
    for before, count in enumerate(_blocked_per_pause(case)):
        if count == 1 and before in pr and before + 1 in pr:
            yield (pr[before] - pr[before + 1]) * MILLISECONDS_PER_SECOND


def _pr_by_beat(case: Case) -> dict[int, float]:
    """Return the PR interval of each beat that has a P wave, seconds."""
    intervals: dict[int, list[float]] = {}
    for wave in case.measurements.waves:
        if wave.p_on is not None and wave.qrs_on is not None:
            intervals.setdefault(wave.beat, []).append(wave.qrs_on - wave.p_on)
    return {beat: median(values) for beat, values in intervals.items()}


def _pulse_lags(case: Case) -> list[float]:
    """Return the time from each pacing pulse to the R peak after it, seconds."""
    peaks = case.measurements.beats.r_peaks
    lags = []
    for pulse in case.measurements.rhythm.pacing_pulses:
        later = peaks[peaks >= pulse]
        if len(later):
            lags.append(float(later[0] - pulse))
    return lags


PATTERNS: Final[Mapping[str, Pattern]] = MappingProxyType(
    {
        "flutter_waves": flutter_waves,
        "blocked_p": blocked_p,
        "high_grade_block": high_grade_block,
        "two_to_one_block": two_to_one_block,
        "lengthening_block": lengthening_block,
        "sudden_block": sudden_block,
        "third_degree_block": third_degree_block,
        "pacing": pacing,
        "ventricular_pacing": ventricular_pacing,
        "stroke_pacing": stroke_pacing,
    }
)
