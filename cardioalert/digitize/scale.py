"""Paper speed and gain: what a millimetre means, in one decision from all that the page shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks, peak_widths

from cardioalert.digitize.columns import Columns
from cardioalert.digitize.layouts import PlacedLayout
from cardioalert.digitize.page import PAGE_PIXELS_PER_MM
from cardioalert.digitize.printed_scale import PrintedScale
from cardioalert.digitize.pulse import USUAL_GAIN, Pulse
from cardioalert.domain.imaging import Notice, RowTrace
from cardioalert.errors import GridNotFoundError
from cardioalert.i18n import translate as _

# Everything below that is called a weight is a log likelihood ratio.
SPEEDS: Final = (25.0, 50.0, 12.5)  # mm/s
RARITY: Final = np.array([0.0, -0.7, -2.5])  # log of how often each is met
USUAL_RATE: Final = (75.0, 0.35)  # /min: median and spread of its logarithm
USUAL_QRS: Final = (0.055, 0.35)  # s: width of the steep part of a QRS, same
SMOOTHED_MM: Final = 0.5
SHORTEST_MM: Final = 30.0  # of trace in which a period can be seen
NEAREST_BEATS_MM: Final = 5.0
PERIODIC: Final = 0.12  # autocorrelation of a period that counts
FIRST_PEAK: Final = 0.5  # of the highest peak: multiples of the period are peaks, too
BORDER_MM: Final = 2.5  # on both sides of a border, where traces jump
BEATS_WEIGHT: Final = 2.0  # most that beats say against a speed: columns of 2.5 s outweigh them
CONTRADICTION: Final = 1.2  # of beats, from which columns alone do not confirm a speed
SHORTEST_COLUMN: Final = (1.15, 0.45)  # s: of 4 columns, of 6; less means a wrong grid
SHORTEST_ROW: Final = 2.4  # s
COLUMN_SECONDS: Final = {  # columns -> (seconds they usually hold, weight)
    1: ((10.0, 2.0), (5.0, 1.5)),
    2: ((5.0, 3.0), (2.5, 2.5)),
    4: ((2.5, 3.5), (1.25, 2.0)),
}
COLUMN_SLACK: Final = (0.03, 0.16)  # relative: full weight, half the weight
PRINTED_WEIGHT: Final = 12.0  # of a speed read without doubt
DOUBT: Final = 2.2  # margin below which the speed is an assumption
LIVING_RATE: Final = (22.0, 320.0)  # /min: beats at another rate contradict the speed
SURE_PRINT: Final = 0.85  # certainty from which the print goes before the pulse

QUARTER_SECONDS: Final = 2.5  # the column of a 3x4 page that may serve as a clock
CLOCK_REACH: Final = (0.005, 0.02)  # relative error of the grid that is corrected
CLOCK_NAMES: Final = 6  # lead names read, half of those printed
CLOCK_EVIDENCE: Final = 0.45  # at the borders of the columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """What a millimetre means on this page.

    Attributes
    ----------
    paper_speed : float, mm/s
    gain : float, mm/mV
    chest_gain : float or None, mm/mV
        Of V1-V6 where it differs.
    clock : float
        True seconds per nominal second (see `Grid`).
    speed_confirmed, gain_confirmed : bool
        Whether anything on the page (or the user) says so, and nothing contradicts it.
    """

    paper_speed: float
    gain: float
    speed_confirmed: bool
    gain_confirmed: bool
    notices: tuple[Notice, ...]
    chest_gain: float | None = None
    clock: float = 1.0

    @property
    def confirmed(self) -> bool:
        """Whether both are more than assumptions."""
        return self.speed_confirmed and self.gain_confirmed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """A value, whether it is confirmed, and what is to be said about it."""

    value: float
    confirmed: bool
    notice: Notice | None = None


def decide_scale(
    rows: tuple[RowTrace, ...],
    layout: PlacedLayout,
    pulse: Pulse | None,
    printed: PrintedScale,
    *,
    speed: float | None,
    gain: float | None,
) -> Scale:
    """Weigh the evidence for speed and gain.

    Parameters
    ----------
    pulse : the calibration pulse, or None
    printed : what was read on the page
    speed, gain : what the user says, or None

    Raises
    ------
    GridNotFoundError
        The page would be shorter than any recorder prints: the grid found is not one of mm.
    """
    chosen_speed = (
        _likely_speed(rows, layout.columns, printed)
        if speed is None
        else _told(speed, printed.speed, unit="mm/s", code="speed-contradicted")
    )
    chosen_gain = (
        _likely_gain(pulse, printed)
        if gain is None
        else _told(
            gain, pulse.gain if pulse else printed.gain, unit="mm/mV", code="gain-contradicted"
        )
    )
    _check_length(layout.columns, chosen_speed.value)
    clock = _column_clock(layout, chosen_speed)
    notices = [chosen_speed.notice, chosen_gain.notice]
    if clock != 1.0:
        message = _(
            "the columns are {share:+.1%} off the grid; the clock follows the columns",
            share=1.0 / clock - 1.0,
        )
        notices.append(Notice(code="clock-from-columns", message=message))
    return Scale(
        paper_speed=chosen_speed.value,
        gain=chosen_gain.value,
        chest_gain=printed.chest_gain if gain is None else None,
        clock=clock,
        speed_confirmed=chosen_speed.confirmed,
        gain_confirmed=chosen_gain.confirmed,
        notices=tuple(notice for notice in notices if notice is not None),
    )


def _check_length(columns: Columns, speed: float) -> None:
    """Refuse a grid that would make the columns shorter than any recorder prints."""
    row = (columns.border(columns.count) - columns.start) / PAGE_PIXELS_PER_MM / speed
    column = columns.width / PAGE_PIXELS_PER_MM / speed
    least = {4: SHORTEST_COLUMN[0], 6: SHORTEST_COLUMN[1]}.get(columns.count, 0.0)
    if row < SHORTEST_ROW or column < least:
        raise GridNotFoundError(
            _(
                "by the grid that was found, a row of the page lasts only {seconds:.1f} s: it is "
                "probably not the millimetre grid",
                seconds=row,
            )
        )


def _told(value: float, seen: float | None, *, unit: str, code: str) -> _Choice:
    """Take what the user says; say so when the page shows something else."""
    if seen is None or seen == value:
        return _Choice(value=value, confirmed=True)
    message = _(
        "the page shows {seen:g} {unit}, but {value:g} {unit} was asked for",
        seen=seen,
        value=value,
        unit=unit,
    )
    return _Choice(value=value, confirmed=True, notice=Notice(code=code, message=message))


def _likely_gain(pulse: Pulse | None, printed: PrintedScale) -> _Choice:
    """Return the gain that pulse and print agree on, or the more trusted one with a warning."""
    if pulse is not None and printed.gain is not None and pulse.gain != printed.gain:
        value = printed.gain if printed.gain_certainty >= SURE_PRINT else pulse.gain
        message = _(
            "the pulse shows {pulse:g} mm/mV, but {printed:g} mm/mV is printed; "
            "check it and give --gain",
            pulse=pulse.gain,
            printed=printed.gain,
        )
        notice = Notice(code="gain-contradicted", message=message)
        return _Choice(value=value, confirmed=False, notice=notice)
    if pulse is not None:
        return _Choice(value=pulse.gain, confirmed=True)
    if printed.gain is not None:
        return _Choice(value=printed.gain, confirmed=True)
    message = _(
        "neither a calibration pulse nor a printed gain was read; {gain:g} mm/mV was assumed: "
        "check it and give --gain",
        gain=USUAL_GAIN,
    )
    notice = Notice(code="gain-assumed", message=message)
    return _Choice(value=USUAL_GAIN, confirmed=False, notice=notice)


def _likely_speed(rows: tuple[RowTrace, ...], columns: Columns, printed: PrintedScale) -> _Choice:
    """Return the paper speed that the print, the columns and the beats make likeliest."""
    beats = _beat_weights(rows, columns)
    widths = _column_weights(columns)
    weight = RARITY + widths + beats
    if printed.speed is not None:
        is_printed = np.array(SPEEDS) == printed.speed
        weight = weight + PRINTED_WEIGHT * printed.speed_certainty * is_printed
    order = np.argsort(weight)
    best = int(order[-1])
    value, margin = SPEEDS[best], float(weight[best] - weight[order[-2]])
    by_columns = widths[best] > 0 and widths[best] == widths.max()
    confirmed = printed.speed == value or (
        by_columns and beats[best] > -CONTRADICTION and margin > DOUBT
    )
    if printed.speed not in (None, value):
        message = _(
            "{printed:g} mm/s is printed, but the traces look like {value:g} mm/s; "
            "check it and give --speed",
            printed=printed.speed,
            value=value,
        )
        notice = Notice(code="speed-contradicted", message=message)
        return _Choice(value=value, confirmed=False, notice=notice)
    if not confirmed:
        message = _(
            "nothing on the page confirms the paper speed; {speed:g} mm/s was assumed: "
            "check it and give --speed",
            speed=value,
        )
        notice = Notice(code="speed-assumed", message=message)
        return _Choice(value=value, confirmed=False, notice=notice)
    return _Choice(value=value, confirmed=True)


def _beat_weights(rows: tuple[RowTrace, ...], columns: Columns) -> NDArray[np.float64]:
    """Return how well rhythm and QRS width fit each speed, 0 for the best: weak evidence."""
    spacing, width = beat_geometry(rows, columns)
    if not np.isfinite(spacing):
        return np.zeros(len(SPEEDS))
    rates = 60.0 * np.array(SPEEDS) / spacing
    weights = np.array([_plausibility(spacing, width, speed) for speed in SPEEDS])
    weights -= 2.0 * ((rates < LIVING_RATE[0]) | (rates > LIVING_RATE[1]))
    bounded: NDArray[np.float64] = np.maximum(weights - weights.max(), -BEATS_WEIGHT)
    return bounded


def _column_weights(columns: Columns) -> NDArray[np.float64]:
    """Return how well the width of the columns fits each speed: carts print whole seconds."""
    millimeters = (columns.border(columns.count) - columns.start) / columns.count
    if columns.count > 1:
        millimeters = columns.width
    seconds = millimeters / PAGE_PIXELS_PER_MM / np.array(SPEEDS)
    weights = np.zeros(len(SPEEDS))
    for usual, weight in COLUMN_SECONDS.get(columns.count, ()):
        off = np.abs(seconds / usual - 1.0)
        fit = np.where(off < COLUMN_SLACK[0], 1.0, np.where(off < COLUMN_SLACK[1], 0.5, 0.0))
        weights = np.maximum(weights, weight * fit)
    return weights


def _column_clock(layout: PlacedLayout, speed: _Choice) -> float:
    """Return true seconds per nominal second, where four clear columns of 2.5 s tell it.

    The recorder cuts its columns by its own clock; the grid is printed, or was printed on the
    paper before, and may be a percent off.
    """
    columns = layout.columns
    nominal = QUARTER_SECONDS * speed.value * PAGE_PIXELS_PER_MM
    off = columns.width / nominal - 1.0
    clear = (
        columns.count == 4
        and columns.evidence >= CLOCK_EVIDENCE
        and layout.names_right >= CLOCK_NAMES
    )
    if not clear or not speed.confirmed or not CLOCK_REACH[0] < abs(off) < CLOCK_REACH[1]:
        return 1.0
    return 1.0 / (1.0 + off)


def _plausibility(spacing_mm: float, width_mm: float, speed: float) -> float:
    """Return the log likelihood of beats so far apart and so wide at a paper speed."""
    rate = 60.0 * speed / spacing_mm
    qrs = width_mm / speed
    return -0.5 * float(
        (np.log(rate / USUAL_RATE[0]) / USUAL_RATE[1]) ** 2
        + (np.log(qrs / USUAL_QRS[0]) / USUAL_QRS[1]) ** 2
    )


def beat_geometry(rows: tuple[RowTrace, ...], columns: Columns) -> tuple[float, float]:
    """Return the distance between beats and the width of their steep part, mm.

    All rows of a page are steep together where there is a QRS, and at a period: the first clear
    peak of the autocorrelation. NaN where there is none.
    """
    steepness = np.mean([_slope(row) for row in rows], axis=0)
    for border in range(1, columns.count):
        reach = BORDER_MM * PAGE_PIXELS_PER_MM
        left, right = (max(int(columns.border(border) + side * reach), 0) for side in (-1, 1))
        steepness[left:right] = np.median(steepness[steepness > 0]) if steepness.any() else 0.0
    smooth = cv2.GaussianBlur(steepness[None, :], (0, 0), SMOOTHED_MM * PAGE_PIXELS_PER_MM)[0]
    extent = np.flatnonzero(smooth > 0)
    if len(extent) < SHORTEST_MM * PAGE_PIXELS_PER_MM:
        return float("nan"), float("nan")
    part = smooth[extent[0] : extent[-1] + 1] - smooth[extent[0] : extent[-1] + 1].mean()
    power = np.abs(np.fft.rfft(part, 2 * len(part))) ** 2
    likeness = np.fft.irfft(power)[: len(part)] / np.arange(len(part), 0, -1)
    likeness = likeness[: len(part) // 2] / max(float(likeness[0]), 1e-12)
    least = int(NEAREST_BEATS_MM * PAGE_PIXELS_PER_MM)
    peaks, _about = find_peaks(likeness[least:], height=PERIODIC, prominence=PERIODIC / 2)
    turns = (least + peaks) / columns.width  # columns repeat, too
    peaks = peaks[(turns < 0.9) | (np.abs(turns - np.round(turns)) > COLUMN_SLACK[0])]
    if not len(peaks):
        return float("nan"), float("nan")
    best = likeness[least + peaks].max()
    period = least + int(next(p for p in peaks if likeness[least + p] > FIRST_PEAK * best))
    beats, _about = find_peaks(part, distance=max(int(0.6 * period), 1), height=float(part.std()))
    if not len(beats):
        return float("nan"), float("nan")
    width = float(np.median(peak_widths(part - part.min(), beats, rel_height=0.5)[0]))
    blur = 2.355 * SMOOTHED_MM * PAGE_PIXELS_PER_MM
    narrow = np.sqrt(max(width**2 - blur**2, 1.0))
    return period / PAGE_PIXELS_PER_MM, float(narrow / PAGE_PIXELS_PER_MM)


def _slope(row: RowTrace) -> NDArray[np.float64]:
    """Return |dy/dx| of a curve relative to its usual largest value."""
    y = row.y.astype(np.float64)
    known = np.isfinite(y)
    if known.sum() < 100:
        return np.zeros(len(y))
    slope = np.abs(np.gradient(y))
    slope = np.where(np.isfinite(slope), slope, 0.0)
    return np.asarray(np.clip(slope / max(float(np.quantile(slope, 0.98)), 0.5), 0.0, 2.0))
