"""Heart rate, PR, QRS, QT and QTc, each with its uncertainty or the reason it is absent."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np

from cardioalert.domain.clinical import Measured, Status, not_measurable
from cardioalert.domain.record import Lead
from cardioalert.dsp import Floats, quantile_of_sorted
from cardioalert.measure.limbs import WaveBounds
from cardioalert.measure.preparation import WORKING_RATE
from cardioalert.units import SECONDS_PER_MINUTE

ENOUGH_BEATS: Final = 3
ENOUGH_LEADS: Final = 3
LOW_RESOLUTION: Final = 150.0  # Hz
FEWEST_RR: Final = 2
SHORTEST_QRS, LONGEST_QRS = 0.05, 0.25  # s
RAGGED: Final = 0.15  # interquartile range over median RR: the mean describes the rate better
SHORT_STRAY, LONG_STRAY = 0.7, 1.5  # of the median RR: beyond, one beat may be false or missing
UNSTABLE: Final = 0.20  # deviation over mean RR: no rate correction can be relied on

QTC_FORMULAS: Final[MappingProxyType[str, Callable[[float, float], float]]] = MappingProxyType(
    {
        "qtc_bazett": lambda qt, rr: qt / rr**0.5,
        "qtc_fridericia": lambda qt, rr: qt / rr ** (1 / 3),
        "qtc_framingham": lambda qt, rr: qt + 0.154 * (1 - rr),
    }
)
"""QTc by QT and RR in seconds: Bazett 1920, Fridericia 1920, Sagie et al. 1992."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearable:
    """How large an error a value can bear before it is none, seconds.

    Attributes
    ----------
    error : float
        Half of the normal range: with a larger one, a value in the middle of the range is as close
        to a limit as its error.
    limits : tuple of float
        Ends of the normal range. What lies beyond or between them by more than its error is
        abnormal or normal for certain, however large the error.
    """

    error: float
    limits: tuple[float, ...]

    def is_exceeded_by(self, measured: Measured) -> bool:
        """Tell whether the error decides on which side of a limit the value lies.

        No value is better than one that looks like a value, as where a QRS runs into an elevated
        ST or the T wave into the next beat.
        """
        error = measured.uncertainty or 0.0
        return (
            measured.value is not None
            and error > self.error
            and any(abs(measured.value - limit) < error for limit in self.limits)
        )


BEARABLE_QRS: Final = Bearable(error=0.030, limits=(0.11,))  # no QRS is too narrow
BEARABLE_QTC: Final = Bearable(error=0.045, limits=(0.36, 0.45))


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the intervals of a median beat rest on.

    Attributes
    ----------
    beats : int
        Behind the median, in the lead that has most.
    leads : tuple of Lead
    sampling_rate : float, Hz
        Of the record, before it was brought to the working rate.
    usual_beats : int
        In the median lead, 0 when that has as many: most leads of a page show two or three beats.
    """

    beats: int
    leads: tuple[Lead, ...]
    sampling_rate: float
    usual_beats: int = 0

    def widen(self, error: float) -> float:
        """Return an error made larger by few beats and few leads."""
        beats = max(self.usual_beats or self.beats, 1)
        return error * math.sqrt(1 + 2 / beats + 2 / max(len(self.leads), 1))

    @property
    def weakness(self) -> str:
        """Reason code of why the evidence is less than usual, or an empty text."""
        if self.beats < ENOUGH_BEATS:
            return "few-beats"
        if len(self.leads) < ENOUGH_LEADS:
            return "few-leads"
        if self.sampling_rate < LOW_RESOLUTION:
            return "low-resolution"
        return ""

    def measured(self, value: float, *, unit: str, uncertainty: float) -> Measured:
        """Return a value with this evidence."""
        return Measured(
            value=value,
            unit=unit,
            uncertainty=uncertainty,
            status=Status.BORDERLINE if self.weakness else Status.MEASURED,
            reason=self.weakness,
            leads=self.leads,
            beats=self.beats,
        )


def usual_rr(rr: Floats) -> float:
    """Return the RR interval that stands for a record: the mean over the strip, as carts print it.

    One interval far from the others is as often a missed or a false beat as a pause or an early
    beat, and would move the mean: then the median stands for the rest. Where many intervals differ,
    as in fibrillation and bigeminy, the median is only the length of some interval, and the mean
    is the rate.

    Parameters
    ----------
    rr : float array, shape (intervals,), seconds, not empty
    """
    ordered = np.sort(rr)
    low, middle, high = (quantile_of_sorted(ordered, share) for share in (0.25, 0.5, 0.75))
    without_strays = ordered[0] >= SHORT_STRAY * middle and ordered[-1] <= LONG_STRAY * middle
    return float(np.mean(rr) if without_strays or high - low > RAGGED * middle else middle)


def rate_values(rr: Floats, *, sampling_rate: float, has_beats: bool) -> dict[str, Measured]:
    """Return `heart_rate` and `rr`.

    Parameters
    ----------
    rr : float array, shape (intervals,), seconds
        Between consecutive beats of one strip.
    sampling_rate : float, Hz
    has_beats : bool
    """
    if len(rr) < FEWEST_RR:
        reason = "too-few-beats" if has_beats else "no-beats"
        return {
            "heart_rate": not_measurable("/min", reason),
            "rr": not_measurable("s", reason),
        }
    usual = usual_rr(rr)
    spread = 1.25 * float(np.std(rr)) / np.sqrt(len(rr))
    error = math.hypot(spread, 0.3 / sampling_rate)
    length = Measured(value=usual, unit="s", uncertainty=error, beats=len(rr) + 1)
    rate = SECONDS_PER_MINUTE / usual
    per_minute = replace(length, value=rate, unit="/min", uncertainty=rate * error / usual)
    return {"heart_rate": per_minute, "rr": length}


def interval_values(
    *, p: WaveBounds | None, qrs: WaveBounds, t: WaveBounds | None, rr: float, evidence: Evidence
) -> dict[str, Measured]:
    """Return `p_duration`, `pr`, `qrs` and `qt` of a median beat.

    Parameters
    ----------
    p, qrs, t : WaveBounds, samples at the working rate
    rr : float, seconds
        Usual distance of beats; NaN when unknown.
    evidence : Evidence
    """
    no_p = "no-p-wave" if evidence.beats >= 2 else "too-few-beats"
    values = {
        "p_duration": not_measurable("s", no_p),
        "pr": not_measurable("s", no_p),
        "qrs": _duration(qrs.first, qrs.last, _error(qrs, qrs), evidence),
        "qt": not_measurable("s", "no-t-wave"),
    }
    if p is not None:
        values["p_duration"] = _duration(p.first, p.last, _error(p, p), evidence)
        values["pr"] = _duration(p.first, qrs.first, _from_onset(p, qrs), evidence)
    if t is not None:
        values["qt"] = _duration(qrs.first, t.last, _error(qrs, t), evidence)
    return _checked(values, rr)


def corrected_qt(qt: Measured, rr: Measured, *, rr_variation: float | None) -> dict[str, Measured]:
    """Return the three corrected QT intervals."""
    if qt.value is None:
        return {name: not_measurable("s", qt.reason) for name in QTC_FORMULAS}
    if rr.value is None:
        return {name: not_measurable("s", "no-heart-rate") for name in QTC_FORMULAS}
    unstable = rr_variation is not None and rr_variation > UNSTABLE
    return {
        name: _corrected(formula, qt, rr, unstable=unstable)
        for name, formula in QTC_FORMULAS.items()
    }


def _corrected(
    formula: Callable[[float, float], float], qt: Measured, rr: Measured, *, unstable: bool
) -> Measured:
    """Return one corrected QT; its uncertainty is that of QT and of RR through the formula."""
    assert qt.value is not None and rr.value is not None  # noqa: PT018 - the caller looked
    value = formula(qt.value, rr.value)
    by_qt = (formula(qt.value + 0.01, rr.value) - value) / 0.01 * (qt.uncertainty or 0.0)
    by_rr = (formula(qt.value, rr.value + 0.01) - value) / 0.01 * (rr.uncertainty or 0.0)
    corrected = replace(qt, value=value, uncertainty=math.hypot(by_qt, by_rr))
    if BEARABLE_QTC.is_exceeded_by(corrected):
        return not_measurable("s", "bounds-uncertain")
    if unstable and not qt.reason:
        return replace(corrected, status=Status.BORDERLINE, reason="unstable-rate")
    return corrected


def _duration(first: float, last: float, error: float, evidence: Evidence) -> Measured:
    """Return the time between two bounds in samples, with its evidence."""
    clock = 0.4 / evidence.sampling_rate  # two bounds, each somewhere within a sample
    uncertainty = math.hypot(evidence.widen(error), clock)
    return evidence.measured((last - first) / WORKING_RATE, unit="s", uncertainty=uncertainty)


def _error(begins: WaveBounds, ends: WaveBounds) -> float:
    """Return the error of the time from one wave's onset to another's end, seconds."""
    return math.hypot(begins.first_error, ends.last_error) / WORKING_RATE


def _from_onset(begins: WaveBounds, ends: WaveBounds) -> float:
    """Return the error of the time from one wave's onset to another's, seconds."""
    return math.hypot(begins.first_error, ends.first_error) / WORKING_RATE


def _checked(values: dict[str, Measured], rr: float) -> dict[str, Measured]:
    """Return the values with those that contradict each other or nature withdrawn."""
    qrs, pr, qt, p = (values[name].value for name in ("qrs", "pr", "qt", "p_duration"))
    checked = dict(values)
    if qrs is not None and not SHORTEST_QRS <= qrs <= LONGEST_QRS:
        checked["qrs"] = not_measurable("s", "qrs-out-of-range")
        if qt is not None:
            checked["qt"] = not_measurable("s", "qrs-out-of-range")
    elif BEARABLE_QRS.is_exceeded_by(values["qrs"]):
        checked["qrs"] = not_measurable("s", "bounds-uncertain")
    if qt is not None and qt > rr:
        checked["qt"] = not_measurable("s", "qt-exceeds-rr")
    if pr is not None and pr > rr:
        checked["pr"] = not_measurable("s", "pr-exceeds-rr")
    if p is not None and pr is not None and p > pr:
        checked["p_duration"] = not_measurable("s", "p-exceeds-pr")
    return checked
