"""Measurements, findings and the analysis they end in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:  # the risk test needs none of these, and must not wait for numpy
    import numpy as np
    from numpy.typing import NDArray

    from cardioalert.domain.imaging import Digitized
    from cardioalert.domain.opinion import Opinion
    from cardioalert.domain.patient import Patient
    from cardioalert.domain.record import ECGRecord, Lead, Stroke


class Status(StrEnum):
    """Whether a measurement can be relied on."""

    MEASURED = "measured"
    BORDERLINE = "borderline"  # measured, but with less evidence than usual
    NOT_MEASURABLE = "not-measurable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One measured value.

    Attributes
    ----------
    value : float, optional
        In `unit`; None when not measurable.
    uncertainty : float, optional
        One standard deviation, in `unit`.
    unit : str
        UCUM, the library's own: `s`, `mV`, `deg`, `/min`.
    status : Status
    reason : str
        Stable code of why it is not (fully) measurable, such as `no-p-wave`; empty otherwise.
    leads : tuple of Lead
        The leads it was measured in.
    beats : int
        Number of beats behind it.
    """

    value: float | None
    unit: str
    uncertainty: float | None = None
    status: Status = Status.MEASURED
    reason: str = ""
    leads: tuple[Lead, ...] = ()
    beats: int = 0

    def __post_init__(self) -> None:
        """Keep value and status in agreement."""
        if (self.value is None) != (self.status is Status.NOT_MEASURABLE):
            raise ValueError(f"value {self.value} does not fit status {self.status}")
        if self.status is Status.NOT_MEASURABLE and not self.reason:
            raise ValueError("a value that is not measurable needs a reason")


def not_measurable(unit: str, reason: str) -> Measured:
    """Return the absence of a value, with its reason."""
    return Measured(value=None, unit=unit, status=Status.NOT_MEASURABLE, reason=reason)


@dataclass(slots=True, kw_only=True, unsafe_hash=True)
class WaveTimes:
    """On- and offsets of one beat in one lead, seconds on the record's clock; None where absent.

    Never changed, but not declared frozen: there are 120 of them in ten seconds, and making a
    frozen one takes more than three times as long.
    """

    lead: Lead
    beat: int
    p_on: float | None = None
    p_off: float | None = None
    qrs_on: float | None = None
    qrs_off: float | None = None
    t_on: float | None = None
    t_off: float | None = None


class BeatClass(StrEnum):
    """What a beat looks like beside the others."""

    DOMINANT = "dominant"
    ECTOPIC_WIDE = "ectopic-wide"  # early, different, wide: a ventricular extrasystole
    ECTOPIC_NARROW = "ectopic-narrow"  # early, of the dominant shape
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Beats:
    """The beats of a record.

    Attributes
    ----------
    r_peaks : float array, shape (beats,), seconds on the record's clock, increasing
    classes : tuple of BeatClass, one per beat
    agreement : float, 0-1
        F1 between two detectors of different kinds (bSQI).
    """

    r_peaks: NDArray[np.float64]
    classes: tuple[BeatClass, ...]
    agreement: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MedianBeat:
    """The dominant beat, averaged (median) over its repetitions.

    Attributes
    ----------
    signal : float32 array, shape (leads, samples), mV, baseline at the QRS onset
        NaN in leads without a clean beat.
    sampling_rate : float, Hz
    leads : tuple of Lead
    r_index : int
        Sample of the R peak.
    p_on, p_off, qrs_on, qrs_off, t_on, t_off : int, optional
        Global bounds as samples of `signal`; None where the wave is absent.
    """

    signal: NDArray[np.float32]
    sampling_rate: float
    leads: tuple[Lead, ...]
    r_index: int
    p_on: int | None = None
    p_off: int | None = None
    qrs_on: int | None = None
    qrs_off: int | None = None
    t_on: int | None = None
    t_off: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadMeasurements:
    """Amplitudes and durations of the median beat in one lead.

    Amplitudes in mV against the QRS onset, signed as drawn (Q and S negative); durations in
    seconds; 0.0 where a wave was looked for and is absent, None where it could not be measured.

    Attributes
    ----------
    beats : int
        Clean beats behind the median beat.
    noise : float, mV
        Standard deviation of the beats around the median.
    qs : whether the complex has no R at all: `q` and `s` then both hold its depth.
    r_peak_time : seconds from QRS onset to the last R peak (intrinsicoid deflection).
    initial_slope_ratio : mean |slope| of the first 30 ms of the QRS over its largest |slope|.
    r_prime, s_prime : second positive and second negative deflection after an R and S.
    p_terminal : most negative part of P in its second half, with p_terminal_duration.
    p_peaks_apart : seconds between the two peaks of a notched P; 0.0 with one peak.
    st_spread : standard deviation of `st_j` from beat to beat; None with one beat.
    t_positive, t_negative : largest positive and negative T deflection.
    t_width : seconds for which T is above half of its height, whichever deflection is larger.
    saddle_takeoff, saddle_trough, saddle_base : of an ST segment that falls from a late r' to a
        trough and rises again to an upright T: height of r' and of the trough, and the base of
        the triangle of r' half a millivolt below its top, seconds. 0.0 without such a shape.
    notched_r : whether R has a notch or slur near its top.
    end_qrs_notch : amplitude of a notch on the downslope at the end of the QRS (Jp), mV.
    """

    lead: Lead
    beats: int
    noise: float
    qrs_peak_to_peak: float | None = None
    q: float | None = None
    q_duration: float | None = None
    r: float | None = None
    r_duration: float | None = None
    s: float | None = None
    s_duration: float | None = None
    qs: bool | None = None
    r_prime: float | None = None
    s_prime: float | None = None
    r_peak_time: float | None = None
    initial_slope_ratio: float | None = None
    notched_r: bool | None = None
    end_qrs_notch: float | None = None
    p: float | None = None
    p_duration: float | None = None
    p_terminal: float | None = None
    p_terminal_duration: float | None = None
    p_peaks_apart: float | None = None
    st_j: float | None = None
    st_j60: float | None = None
    st_j80: float | None = None
    st_spread: float | None = None
    t_positive: float | None = None
    t_negative: float | None = None
    t_width: float | None = None
    saddle_takeoff: float | None = None
    saddle_trough: float | None = None
    saddle_base: float | None = None

    @property
    def r_height(self) -> float | None:
        """The tallest positive deflection of the QRS, mV; R' counts."""
        return None if self.r is None else max(self.r, self.r_prime or 0.0)

    @property
    def s_depth(self) -> float | None:
        """The deepest deflection after R, mV, positive; that of the whole of a QS complex."""
        if self.r is None or self.s is None:
            return None
        before = -(self.q or 0.0) if self.r <= 0 else 0.0
        return max(-self.s, -(self.s_prime or 0.0), before, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """Regularity of the beats; None where there are too few.

    Attributes
    ----------
    rr_min, rr_max : seconds, over all consecutive beats (never across a column border)
    rr_variation : standard deviation over mean of the RR intervals between dominant beats
    rr_successive : RMS of successive differences over mean RR (nRMSSD)
    p_repetition : share of dominant beats preceded by the repeating P wave
    p_before_every_qrs : whether a P wave of constant PR precedes each dominant QRS
    longest_pause : seconds
    extra_p : seconds at which a wave like P begins that no QRS follows
    flutter_cycle : seconds from such a wave to the next, if like that of flutter (then no P)
    own_p : seconds at which P waves begin that keep a rhythm of their own, beside that of the QRS
    pacing_pulses : seconds at which a pacemaker was seen to fire; none seen is not "not paced"
    strokes : thin vertical strokes of ink beside the curves of a printed ECG
    """

    rr_min: float | None = None
    rr_max: float | None = None
    rr_variation: float | None = None
    rr_successive: float | None = None
    p_repetition: float | None = None
    p_before_every_qrs: bool | None = None
    longest_pause: float | None = None
    extra_p: tuple[float, ...] = ()
    flutter_cycle: float | None = None
    own_p: tuple[float, ...] = ()
    pacing_pulses: tuple[float, ...] = ()
    strokes: tuple[Stroke, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measurements:
    """Everything that was measured in one record.

    Attributes
    ----------
    values : mapping from measure name to Measured
        Names are those of `domain.measures.MEASURES`: `heart_rate`, `rr`, `p_duration`,
        `pr`, `qrs`, `qt`, `qtc_bazett`, `qtc_fridericia`, `qtc_framingham`, `p_axis`, `qrs_axis`,
        `t_axis`, `sv1`, `rv5`. All are always present.
    leads : mapping from Lead to LeadMeasurements
        Only leads that could be used.
    unusable : mapping from Lead to a stable reason code
        Leads that are absent or were excluded: `absent`, `flat`, `noisy`, `too-few-beats`, ...
    """

    values: Mapping[str, Measured]
    leads: Mapping[Lead, LeadMeasurements]
    unusable: Mapping[Lead, str]
    beats: Beats
    rhythm: Rhythm
    median_beat: MedianBeat | None
    waves: tuple[WaveTimes, ...] = ()
    einthoven_residual: float | None = None  # mV, RMS of I + III - II where simultaneous

    def value(self, name: str) -> float:
        """Return a value in the library's unit, NaN when not measurable."""
        value = self.values[name].value
        return float("nan") if value is None else value


class Urgency(IntEnum):
    """How soon somebody must act; the higher wins. GREY means: cannot interpret."""

    GREY = 0
    GREEN = 1
    YELLOW = 2
    ORANGE = 3
    RED = 4

    @property
    def label(self) -> str:
        """The name in exports: `red`, `orange`, ..."""
        return self.name.lower()


class Overall(StrEnum):
    """The one-word result."""

    NORMAL = "normal"
    BORDERLINE = "borderline"
    ABNORMAL = "abnormal"
    NOT_INTERPRETABLE = "not-interpretable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One checkable reason for a finding.

    Attributes
    ----------
    text : str
        For people, such as `ST at J 0.24 mV in V2 (limit 0.15 mV)`.
    measure : str
        Name of the measured quantity.
    value, limit : float
        In `unit`, the unit people read (ms, mV, deg, /min).
    leads : tuple of Lead
    """

    text: str
    measure: str
    value: float
    limit: float
    unit: str
    leads: tuple[Lead, ...] = ()


FindingStatus = Literal["present", "possible", "not-assessable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something the ECG shows, with the evidence for and against.

    Attributes
    ----------
    code : str
        Stable name, such as `first-degree-av-block`.
    title : str
        For people.
    status : `present`, `possible` or `not-assessable`
    urgency : Urgency
        What this finding alone asks for.
    decided_by : tuple of str
        `rule:AV1`, `network:rhythm`, ...
    evidence : tuple of Evidence
        Never empty for a finding that is present or possible.
    against : tuple of str
        What speaks against it, for people.
    probability : float, optional
        Of a network; None where only rules decide.
    """

    code: str
    title: str
    status: FindingStatus
    urgency: Urgency
    decided_by: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    against: tuple[str, ...] = ()
    probability: float | None = None

    def __post_init__(self) -> None:
        """Refuse a finding nobody can check."""
        if self.status != "not-assessable" and not self.evidence:
            raise ValueError(f"finding {self.code} has no evidence")


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What to do next; `code` is stable, `text` is for people."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAssessed:
    """A rule that could not be judged, and why."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpretation:
    """What follows from the measurements.

    Attributes
    ----------
    findings : tuple of Finding, most urgent first
    not_assessed : tuple of NotAssessed
    overall : Overall
    urgency : Urgency
    advice : tuple of Advice, first things first
    disclaimer : str
        What this is not: the line that stands under every result.
    opinion : Opinion, optional
        What the networks said; None where they were not asked.
    """

    findings: tuple[Finding, ...]
    not_assessed: tuple[NotAssessed, ...]
    overall: Overall
    urgency: Urgency
    advice: tuple[Advice, ...]
    disclaimer: str
    opinion: Opinion | None = None

    @property
    def statements(self) -> Mapping[str, float]:
        """Calibrated probability of each PTB-XL statement; empty while the networks are silent."""
        return {} if self.opinion is None else self.opinion.statements


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Analysis:
    """A record, what was measured in it, and what follows."""

    record: ECGRecord
    patient: Patient
    measurements: Measurements
    interpretation: Interpretation
    digitized: Digitized | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document `cardioalert.analysis/1`."""
        from cardioalert.domain.contract import analysis_to_dict  # noqa: PLC0415 - avoids a cycle

        return analysis_to_dict(self)
