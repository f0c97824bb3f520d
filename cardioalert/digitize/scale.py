"""Paper speed and gain: what a millimetre means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cardioalert.digitize.columns import Columns
from cardioalert.digitize.page import PAGE_PIXELS_PER_MM
from cardioalert.digitize.pulse import USUAL_GAIN, Pulse
from cardioalert.digitize.tracing import runs
from cardioalert.domain.imaging import Notice, RowTrace
from cardioalert.i18n import translate as _

SPEEDS: Final = (25.0, 50.0)  # mm/s
QUARTER_SECONDS: Final = 2.5  # length of a column of a 3x4 page
QUARTER_SLACK: Final = 0.16
USUAL_RATE: Final = (75.0, 0.35)  # /min: median and spread of its logarithm
USUAL_QRS: Final = (0.055, 0.35)  # s: width of the steep part of a QRS, same
QUARTER_WEIGHT: Final = 5.0  # log likelihood of columns of the usual width
DOUBT: Final = 2.0  # log likelihood ratio below which the speed is an assumption


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """What a millimetre means on this page.

    Attributes
    ----------
    paper_speed : float, mm/s
    gain : float, mm/mV
    speed_confirmed, gain_confirmed : bool
        Whether anything on the page (or the user) says so.
    """

    paper_speed: float
    gain: float
    speed_confirmed: bool
    gain_confirmed: bool
    notices: tuple[Notice, ...]

    @property
    def confirmed(self) -> bool:
        """Whether both are more than assumptions."""
        return self.speed_confirmed and self.gain_confirmed


def decide_scale(
    rows: tuple[RowTrace, ...],
    columns: Columns,
    pulse: Pulse | None,
    *,
    speed: float | None,
    gain: float | None,
) -> Scale:
    """Weigh the evidence for speed and gain.

    Parameters
    ----------
    pulse : the calibration pulse, or None
    speed, gain : what the user says, or None
    """
    notices: list[Notice] = []
    if speed is None:
        chosen_speed, speed_confirmed = _likely_speed(rows, columns)
        if not speed_confirmed:
            message = _(
                "nothing on the page confirms the paper speed; {speed:g} mm/s was assumed",
                speed=chosen_speed,
            )
            notices.append(Notice(code="speed-assumed", message=message))
    else:
        chosen_speed, speed_confirmed = speed, True
    if gain is None:
        chosen_gain, gain_confirmed = USUAL_GAIN if pulse is None else pulse.gain, pulse is not None
        if not gain_confirmed:
            message = _(
                "no calibration pulse was read; {gain:g} mm/mV was assumed", gain=chosen_gain
            )
            notices.append(Notice(code="gain-assumed", message=message))
    else:
        chosen_gain, gain_confirmed = gain, True
        if pulse is not None and pulse.gain != gain:
            message = _(
                "the pulse shows {pulse:g} mm/mV, but {gain:g} mm/mV was asked for",
                pulse=pulse.gain,
                gain=gain,
            )
            notices.append(Notice(code="gain-contradicted", message=message))
    return Scale(
        paper_speed=chosen_speed,
        gain=chosen_gain,
        speed_confirmed=speed_confirmed,
        gain_confirmed=gain_confirmed,
        notices=tuple(notices),
    )


def _likely_speed(rows: tuple[RowTrace, ...], columns: Columns) -> tuple[float, bool]:
    """Return the paper speed, and whether it is more than an assumption.

    Four columns usually hold 2.5 s each; the width of the QRS and the rhythm must not contradict
    it. Otherwise they alone say which speed is plausible.
    """
    spacing, width = beat_geometry(rows)
    likelihood = np.zeros(len(SPEEDS))
    if np.isfinite(spacing) and np.isfinite(width):
        likelihood += [_plausibility(spacing, width, speed) for speed in SPEEDS]
    if columns.count == 4:
        usual = QUARTER_SECONDS * np.array(SPEEDS) * PAGE_PIXELS_PER_MM
        likelihood += QUARTER_WEIGHT * (np.abs(columns.width / usual - 1.0) < QUARTER_SLACK)
    best = int(np.argmax(likelihood))
    return SPEEDS[best], bool(np.ptp(likelihood) > DOUBT)


def _plausibility(spacing_mm: float, width_mm: float, speed: float) -> float:
    """Return the log likelihood of beats so far apart and so wide at a paper speed."""
    rate = 60.0 * speed / spacing_mm
    qrs = width_mm / speed
    return -0.5 * float(
        (np.log(rate / USUAL_RATE[0]) / USUAL_RATE[1]) ** 2
        + (np.log(qrs / USUAL_QRS[0]) / USUAL_QRS[1]) ** 2
    )


def beat_geometry(rows: tuple[RowTrace, ...]) -> tuple[float, float]:
    """Return the median distance between beats and the median width of their steep part, mm."""
    slopes = [_slope(row) for row in rows]
    steepness = np.mean(slopes, axis=0)
    smooth = cv2.blur(steepness[None, :], (9, 1))[0]
    peak = np.quantile(smooth, 0.985)
    beats = runs(smooth > 0.4 * peak)
    centers = beats.mean(axis=1)
    mm = PAGE_PIXELS_PER_MM
    if len(centers) < 3:
        return float("nan"), float("nan")
    apart = np.diff(centers)
    apart = apart[apart > 4.0 * mm]
    widths = (beats[:, 1] - beats[:, 0]) / mm - 9 / mm / 2
    if len(apart) < 2:
        return float("nan"), float("nan")
    return float(np.median(apart) / mm), float(max(0.2, np.median(widths)))


def _slope(row: RowTrace) -> NDArray[np.float64]:
    """Return |dy/dx| of a curve relative to its usual largest value."""
    y = row.y.astype(np.float64)
    known = np.isfinite(y)
    if known.sum() < 100:
        return np.zeros(len(y))
    slope = np.abs(np.gradient(y))
    slope = np.where(np.isfinite(slope), slope, 0.0)
    return np.asarray(np.clip(slope / max(float(np.quantile(slope, 0.98)), 0.5), 0.0, 2.0))
