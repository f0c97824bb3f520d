"""For every number of every row: how to put a value just on either side of it.

`test_limits.py` takes the numbers from the tables, so a changed limit is tested where it now is,
and fails when a row or a number has no case here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import numpy as np

from cardioalert.domain.clinical import BeatClass, WaveTimes
from cardioalert.domain.patient import Patient, Sex
from cardioalert.domain.record import STANDARD_LEADS, Lead, Stroke

MAN: Final = Patient(age=50, sex=Sex.MALE)
YOUNG_MAN: Final = Patient(age=30, sex=Sex.MALE)
WOMAN: Final = Patient(age=50, sex=Sex.FEMALE)
SOMEBODY: Final = Patient()

Overrides = Mapping[str, Any]
LIMB: Final = ("I", "II", "III", "aVR", "aVL", "aVF")
CHEST: Final = ("V1", "V2", "V3", "V4", "V5", "V6")
D, W, N = BeatClass.DOMINANT, BeatClass.ECTOPIC_WIDE, BeatClass.ECTOPIC_NARROW


def merged(*parts: Overrides) -> dict[str, Any]:
    """Join overrides of `built_measurements`, lead by lead."""
    result: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            if key == "leads":
                leads = result.setdefault("leads", {})
                for lead, changes in value.items():
                    leads[lead] = {**(leads.get(lead) or {}), **changes}
            elif isinstance(value, Mapping):
                result[key] = {**result.get(key, {}), **value}
            else:
                result[key] = value
    return result


def values(**changes: float | None) -> Overrides:
    """Global values in people's units: ms become seconds."""
    in_seconds = {"rr", "pr", "qrs", "qt", "qtc_fridericia", "qtc_bazett"}
    return {
        "values": {
            name: value / 1000 if name in in_seconds and value is not None else value
            for name, value in changes.items()
        }
    }


def rhythm(**changes: Any) -> Overrides:
    return {"rhythm": changes}


def on(leads: tuple[str, ...] | str, **changes: Any) -> Overrides:
    """The same changes on several leads."""
    names = (leads,) if isinstance(leads, str) else leads
    return {"leads": dict.fromkeys(names, changes)}


NO_P: Final = rhythm(p_before_every_qrs=False, p_repetition=0.1)
FAST_UNMEASURED: Final = values(heart_rate=156, qrs=None)
SLOW_UNMEASURED: Final = merged(NO_P, values(heart_rate=40, qrs=None))
V6_UNREAD: Final = on("V6", st_j=None)
SLOW_START: Final = ("I", "II", "aVL", "V4", "V5", "V6")
DELTA: Final = on(SLOW_START, initial_slope_ratio=0.05)


def alternating(share: float, beats: int = 12) -> Overrides:
    """RR intervals `share` longer and shorter than their mean, in turn."""
    rr = [0.8 * (1 + share * (-1) ** index) for index in range(beats - 1)]
    return {"r_peaks": tuple(0.4 + sum(rr[:index]) for index in range(beats)), **rhythm(rr_max=3.0)}


def slowing(step: float, beats: int = 13) -> Overrides:
    """RR intervals that grow by `step` of their mean each."""
    count = beats - 1
    rr = [0.8 * (1 + step * (index - (count - 1) / 2)) for index in range(count)]
    return {"r_peaks": tuple(0.4 + sum(rr[:index]) for index in range(beats)), **rhythm(rr_max=3.0)}


IRREGULAR: Final = merged(NO_P, alternating(0.2), rhythm(rr_variation=0.2, rr_successive=0.4))
RBBB_SHAPE: Final = merged(
    on("V1", r_prime=0.5, r_duration=0.03), on(("I", "V6"), s=-0.2, s_duration=0.06)
)
LBBB_SHAPE: Final = merged(
    values(qrs=150),
    on(("I", "V5", "V6"), q=0.0, q_duration=0.0, r_peak_time=0.08),
    on(("V1", "V2", "V3"), q=0.0, r=0.1, s=-2.0, qrs_peak_to_peak=2.1),
)
LAFB_SHAPE: Final = merged(
    values(qrs_axis=-60),
    on("aVL", q=-0.1, r=0.8, s=-0.05, r_peak_time=0.05),
    on(("II", "III", "aVF"), q=0.0, r=0.2, s=-0.8),
)
LPFB_SHAPE: Final = merged(
    values(qrs_axis=120),
    on(("I", "aVL"), q=0.0, r=0.2, s=-0.7),
    on(("III", "aVF"), q=-0.1, r=0.9, s=-0.05),
)
ILBBB_SHAPE: Final = merged(
    values(qrs=115),
    on("V1", s=-2.5),
    on(("I", "V5", "V6"), q=0.0),
    on(("V4", "V5", "V6"), r_peak_time=0.07, r=1.5),
)
LVH: Final = on("V1", s=-2.5)
TALL: Final = merged(
    values(qrs_axis=-40), on(("V1", "V3", "V4"), s=-3.2), on("aVL", r=1.5), on("V5", r=3.2)
)
RVH_SHAPE: Final = merged(
    values(qrs_axis=120), on("V1", r=1.2, s=-0.2), on(("V5", "V6"), r=0.5, s=-0.8)
)
RIGHT_WITH_LATERAL_S: Final = merged(values(qrs_axis=120), on("V6", r=0.2, s=-0.3))
S1Q3T3: Final = merged(
    on("I", s=-0.3), on("III", q=-0.3, q_duration=0.02, t_positive=0.0, t_negative=-0.2)
)


def run_of(length: int, *, rr: float, to_the_end: bool = False) -> Overrides:
    """Wide beats `rr` seconds apart, in the middle or at the end of dominant ones."""
    peaks = [0.4, 1.3, 2.2]
    peaks += [peaks[-1] + rr * (index + 1) for index in range(length)]
    classes = [D, D, D] + [W] * length
    if not to_the_end:
        peaks += [peaks[-1] + 1.0, peaks[-1] + 1.9]
        classes += [D, D]
    return {"r_peaks": tuple(peaks), "classes": tuple(classes)}


def with_classes(count: int, kind: BeatClass, beats: int = 12) -> Overrides:
    return {"classes": (kind,) * count + (D,) * (beats - count)}


def axis(deg: float) -> Overrides:
    return values(qrs_axis=deg)


def in_turn(*kinds: BeatClass, times: int) -> Overrides:
    """Beats that repeat a pattern of classes, and normal ones after it; wide ones come early."""
    classes = kinds * times + (D, D, D)
    return {"classes": classes, "r_peaks": premature(classes), **rhythm(rr_max=1.2)}


def premature(classes: tuple[BeatClass, ...]) -> tuple[float, ...]:
    """R peaks 0.8 s apart; 0.5 s before each wide beat and 1.1 s behind the last of a group."""
    rr = [0.5 if after is W else 1.1 if before is W else 0.8 for before, after in pairwise(classes)]
    return tuple(float(time) for time in 0.4 + np.cumsum([0.0, *rr]))


def qrs_widths(narrow_ms: float = 80.0, narrow: int = 12, leads: int = 12) -> Overrides:
    """The width that each lead shows of the QRS: the first are narrow, the others 130 ms."""
    widths = [narrow_ms] * narrow + [130.0] * (12 - narrow)
    return {
        "waves": tuple(
            WaveTimes(lead=lead, beat=beat, qrs_on=1.0 + beat, qrs_off=1.0 + beat + width / 1000)
            for beat in range(4)
            for lead, width in zip(STANDARD_LEADS[:leads], widths, strict=False)
        )
    }


def ragged(middle: float) -> Overrides:
    """RR of which a third is far from the others, and those others differ by a share `middle`."""
    rr = [0.8 * each for each in (0.6, 1.4, *[1 - middle / 2, 1 + middle / 2] * 4, 0.6, 1.4)]
    return {"r_peaks": tuple(0.4 + sum(rr[:beat]) for beat in range(13)), **rhythm(rr_max=3.0)}


def ms(name: str) -> Callable[[float], Overrides]:
    return lambda x: values(**{name: x})


def rate(x: float) -> Overrides:
    return values(heart_rate=x)


PLAIN: Final[Mapping[str, Callable[[float], Overrides]]] = {
    "heart_rate": rate,
    "longest_pause": lambda x: rhythm(longest_pause=x / 1000),
    "pr": ms("pr"),
    "qrs_axis": axis,
    "sokolow_lyon": lambda x: on("V1", s=-(x - 1.2)),
    "cornell": lambda x: on("V3", s=-(x - 0.35)),
    "r_avl": lambda x: on("aVL", r=x),
    "largest_limb_qrs": lambda x: on(LIMB, qrs_peak_to_peak=x),
    "largest_chest_qrs": lambda x: on(CHEST, qrs_peak_to_peak=x),
    "ectopic_wide": lambda x: with_classes(round(x), W),
    "ectopic_narrow": lambda x: with_classes(round(x), N),
    "ectopic_share": lambda x: with_classes(round(x * 1000), N, beats=1000),
    "bigeminy": lambda x: in_turn(D, W, times=round(x)),
    "trigeminy": lambda x: in_turn(D, D, W, times=round(x)),
    "couplets": lambda x: in_turn(D, W, W, times=round(x)),
}
"""How to give a plain row's measure a value."""

COUNTS: Final = ("ectopic_wide", "ectopic_narrow", "bigeminy", "trigeminy", "couplets")
"""Measures that move in whole steps."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """How to meet and how to miss one number of a row.

    `at` gives the overrides for a value; the value is the number plus `met` or plus `missed`. With
    `possible`, meeting the number makes the row possible only.
    """

    rule: str
    number: str
    at: Callable[[float], Overrides]
    met: float
    missed: float
    base: Overrides = field(default_factory=dict)
    patient: Patient = MAN
    seconds: Callable[[float], float] = lambda _x: 10.0
    possible: bool = False


ABOVE: Final = {"met": 0.001, "missed": 0.0}
AT_LEAST: Final = {"met": 0.0, "missed": -0.001}
BELOW: Final = {"met": -0.001, "missed": 0.0}
AT_MOST: Final = {"met": 0.0, "missed": 0.001}
COUNT: Final = {"met": 0, "missed": -1}


def case(rule: str, number: str, at: Callable[[float], Overrides], **more: Any) -> Case:
    return Case(rule=rule, number=number, at=at, **more)


def _rr_range(rr: float, percent: bool) -> Callable[[float], Overrides]:
    def at(x: float) -> Overrides:
        span = rr * x / 100 if percent else x / 1000
        return merged(values(rr=rr * 1000), rhythm(rr_min=0.7, rr_max=round(0.7 + span, 6)))

    return at


def _slope(leads: tuple[str, ...], st_j: float) -> Callable[[float], Overrides]:
    return lambda x: on(leads, st_j=st_j, st_j80=st_j + x)


def _narrow_leads(rule: str, base: Overrides) -> list[Case]:
    """What makes a QRS of unknown duration surely narrow: then the row does not fire."""
    return [
        case(rule, "narrow_ms", lambda x: qrs_widths(narrow_ms=x), base=base, met=0, missed=-1),
        case(
            rule,
            "share",
            lambda x: qrs_widths(narrow=round(12 * x)),
            base=base,
            met=-1 / 12,
            missed=0.0,
        ),
        case(rule, "leads", lambda x: qrs_widths(leads=round(x)), base=base, met=-1, missed=0),
    ]


def _regular_without_p(rule: str, **base: float) -> list[Case]:
    shape = merged(NO_P, values(**base))
    return [
        case(rule, "rate_from", rate, base=shape, **AT_LEAST),
        case(rule, "rate_below", rate, base=shape, **BELOW),
        case(rule, "qrs_from_ms", ms("qrs"), base=shape, **AT_LEAST),
        case(rule, "qrs_below_ms", ms("qrs"), base=shape, **BELOW),
        case(rule, "rr_variation", lambda x: rhythm(rr_variation=x), base=shape, **BELOW),
        case(rule, "p_repetition", lambda x: rhythm(p_repetition=x), base=shape, **BELOW),
    ]


def _rbbb(rule: str, qrs: float) -> list[Case]:
    shape = merged(RBBB_SHAPE, values(qrs=qrs))
    notched = merged(shape, on("V1", r_prime=0.0, notched_r=True))
    pure = merged(shape, on("V1", r_prime=0.0, q=0.0, s=0.0))
    long_r = merged(shape, on(("I", "V6"), r_duration=0.1))
    after_q = merged(shape, on("V1", r_prime=0.0, q=-0.5, r=1.2, s=0.0, r_peak_time=0.09))
    late_v5 = on("V5", r_peak_time=0.09)  # counts against it, but not behind a Q
    return [
        case(rule, "qrs_from_ms", ms("qrs"), base=RBBB_SHAPE, **AT_LEAST),
        case(rule, "qrs_below_ms", ms("qrs"), base=RBBB_SHAPE, **BELOW),
        case(rule, "r_prime_mv", lambda x: on("V1", r_prime=x), base=shape, **AT_LEAST),
        case(
            rule, "notched_r_ms", lambda x: on("V1", r_duration=x / 1000), base=notched, **AT_LEAST
        ),
        case(rule, "r_peak_time_ms", lambda x: on("V1", r_peak_time=x / 1000), base=pure, **ABOVE),
        case(
            rule, "r_peak_time_ms", lambda x: on("V1", r_peak_time=x / 1000), base=after_q, **ABOVE
        ),
        case(rule, "s_share", lambda x: on("V1", s=-1.2 * x), base=after_q, **AT_MOST),
        case(
            rule,
            "q_ms",
            lambda x: on("V5", q_duration=x / 1000),
            base=merged(after_q, late_v5),
            **AT_LEAST,
        ),
        case(rule, "s_ms", lambda x: on("V6", s_duration=x / 1000), base=long_r, **ABOVE),
    ]


def _scored(*signs: str) -> Overrides:
    """Romhilt-Estes signs that are present; the others are surely absent."""
    parts = {
        "voltage": on("V5", r=3.1),
        "strain": on("V6", st_j=-0.06, t_positive=0.0, t_negative=-0.2),
        "atrial": on("V1", p_terminal=-0.2, p_terminal_duration=0.06),
        "axis": axis(-40),
        "qrs": values(qrs=95),
        "peak": on("V5", r_peak_time=0.06),
    }
    absent = {"axis": axis(45), "qrs": values(qrs=85), "peak": on("V5", r_peak_time=0.036)}
    return merged(*absent.values(), *(parts[sign] for sign in signs))


def _limits_of_points() -> list[Case]:
    rule = "LVH-RE"
    four = _scored("voltage", "qrs")  # one more point decides
    three = _scored("strain")
    return [
        case(rule, "limb_mv", lambda x: on("I", r=x), base=three, **AT_LEAST),
        case(rule, "chest_mv", lambda x: on("V5", r=x), base=three, **AT_LEAST),
        case(
            rule,
            "strain_t_mv",
            lambda x: on("V6", st_j=-0.06, t_positive=0.0, t_negative=-x),
            base=_scored("voltage"),
            **ABOVE,
        ),
        case(rule, "axis_deg", axis, base=_scored("voltage"), **AT_MOST),
        case(rule, "qrs_ms", ms("qrs"), base=_scored("voltage", "peak"), **AT_LEAST),
        case(rule, "peak_ms", lambda x: on("V5", r_peak_time=x / 1000), base=four, **AT_LEAST),
    ]


def _st_elevation(rule: str, number: str, leads: tuple[str, ...], patient: Patient) -> Case:
    """Two leads that just reach their limit: possible, as both are within their error of it."""
    return case(
        rule, number, lambda x: on(leads, st_j=x), patient=patient, possible=True, **AT_LEAST
    )


STE_LVH: Final = merged(
    on("V1", s=-2.5),
    on(("V1", "V2", "V3"), st_j=0.6, qrs_peak_to_peak=1.0),
)
STE_LVH_ONE: Final = merged(
    on("V1", s=-2.5, st_j=0.0),
    on("V2", st_j=0.6, qrs_peak_to_peak=1.0),
    on("V4", t_positive=0.0, t_negative=-0.3),
)
POSTERIOR: Final = on(("V1", "V2"), st_j=-0.1, st_j80=-0.1, t_positive=0.3, t_negative=0.0)
DE_WINTER: Final = on(("V2", "V3"), st_j=-0.2, st_j80=0.0, t_positive=0.9)
DEPRESSED: Final = on(("I", "II", "aVF", "V3", "V4", "V5", "V6"), st_j=-0.2, st_j80=-0.2)
DIFFUSE: Final = merged(DEPRESSED, on("aVR", st_j=0.2))
INFERIOR: Final = on(("II", "III", "aVF"), st_j=0.2)
ANTERIOR: Final = merged(on(("V2", "V3", "V4"), st_j=0.3), values(qtc_bazett=470))
TALL_R: Final = on(("V1", "V2"), r=0.6, s=-0.2, r_duration=0.05, t_positive=0.3, t_negative=0.0)
WELLENS: Final = on(("V2", "V3"), t_positive=0.0, t_negative=-0.7)
BIPHASIC: Final = on(("V2", "V3"), t_positive=0.2, t_negative=-0.2)
Q_LATERAL: Final = on(("I", "aVL"), q=-0.2, q_duration=0.04)
COVED: Final = on("V1", st_j=0.3, st_j60=0.2, st_j80=0.15, t_positive=0.0, t_negative=-0.3)
REVERSED: Final = merged(
    on("I", r=0.1, s=-0.7, p=-0.08, t_positive=0.0, t_negative=-0.2),
    on("aVR", r=0.9, s=-0.1, q=0.0, p=0.08),
)


SADDLE: Final = on("V2", saddle_takeoff=0.35, saddle_trough=0.2, saddle_base=0.2)
BULKY_T: Final = on(("V3", "V4"), t_positive=0.7, t_width=0.14, qrs_peak_to_peak=0.3)
LEFT_EXCHANGED: Final = merged(
    on("II", p=0.02), on("III", r=0.1, s=-0.5, t_positive=0.0, t_negative=-0.1)
)
CHEST_EXCHANGED: Final = merged(
    on(("V2", "V4"), r=0.5, s=-0.5, t_positive=0.4, t_negative=0.0),
    on("V3", r=0.2, s=-0.8, t_positive=0.1, t_negative=0.0),
)


def _wellens(rule: str, *, st_j: float) -> tuple[Case, ...]:
    deep, both = (merged(shape, on(("V2", "V3"), st_j=st_j)) for shape in (WELLENS, BIPHASIC))
    return (
        case(rule, "t_mv", lambda x: on(("V2", "V3"), t_negative=-x), base=deep, **ABOVE),
        case(rule, "biphasic_mv", lambda x: on(("V2", "V3"), t_positive=x), base=both, **AT_LEAST),
        case(rule, "q_ms", lambda x: on("V2", q=-0.05, q_duration=x / 1000), base=deep, **BELOW),
        case(
            rule,
            "qs_mv",
            lambda x: on("V2", r=0.0, q=0.0, q_duration=0.0, s=-x),
            base=deep,
            **BELOW,
        ),
    )


def _qt(rule: str, number: str, patient: Patient) -> Case:
    return case(rule, number, ms("qtc_fridericia"), patient=patient, **AT_LEAST)


def _short_qt(rule: str) -> list[Case]:
    base = values(qtc_fridericia=330)
    wide = values(qtc_fridericia=375, qrs=150)  # 320 when the QRS is replaced
    return [
        case(rule, "qtc_ms", ms("qtc_fridericia"), **AT_MOST),
        case(rule, "rate", rate, base=base, **BELOW),
        case(
            rule,
            "wide_qrs_ms",
            ms("qrs"),
            base=merged(wide, values(qtc_fridericia=362 if rule == "QTS" else 342)),
            met=0.0,
            missed=-0.001,
        ),
    ]


def _tall_t(rule: str, base: Overrides) -> list[Case]:
    return [
        case(rule, "chest_mv", lambda x: on(("V3", "V4"), t_positive=x), base=base, **ABOVE),
        case(rule, "limb_mv", lambda x: on(("II", "aVF"), t_positive=x), base=base, **ABOVE),
    ]


CASES: tuple[Case, ...] = (
    case(
        "LAE",
        "p_ms",
        lambda x: on("II", p_duration=x / 1000),
        base=on("II", p_peaks_apart=0.05),
        **AT_LEAST,
    ),
    case(
        "LAE",
        "peaks_ms",
        lambda x: on("II", p_peaks_apart=x / 1000),
        base=on("II", p_duration=0.13),
        **AT_LEAST,
    ),
    case("STE-NEAR", "other_mv", lambda x: on(("II", "aVF"), st_j=x), met=-0.005, missed=0.0),
    *(
        case(
            "STE-NEAR",
            "v2_v3_mv",
            lambda x: on(("V2", "V3"), st_j=x),
            patient=patient,
            met=-0.005,
            missed=0.0,
        )
        for patient in (MAN, YOUNG_MAN, WOMAN, SOMEBODY)
    ),
    case("RH2", "range_ms", _rr_range(2.0, percent=False), **AT_LEAST),
    case("RH2", "range_percent", _rr_range(0.8, percent=True), met=0.1, missed=0.0),
    case("RH3", "rr_variation", lambda x: alternating(x, beats=13), base=IRREGULAR, **ABOVE),
    case("RH3", "rr_successive", slowing, base=IRREGULAR, **ABOVE),
    case("RH3", "rr_middle", ragged, base=IRREGULAR, **ABOVE),
    case("RH3", "p_repetition", lambda x: rhythm(p_repetition=x), base=IRREGULAR, **BELOW),
    case("RH3", "beats", lambda x: alternating(0.3, round(x)), base=IRREGULAR, **COUNT),
    case("RH4", "rate_from", rate, **AT_LEAST),
    case("RH4", "rate_to", rate, **BELOW),
    case("RH4", "rr_variation", lambda x: rhythm(rr_variation=x), base=rate(150), **BELOW),
    case("RH5", "rate", rate, base=NO_P, **AT_LEAST),
    case("RH5", "qrs_ms", ms("qrs"), base=merged(NO_P, rate(170)), **BELOW),
    case(
        "RH5",
        "rr_variation",
        lambda x: rhythm(rr_variation=x),
        base=merged(NO_P, rate(170)),
        **BELOW,
    ),
    case("RH6", "qrs_ms", ms("qrs"), base=rate(150), **AT_LEAST),
    case("RH6", "rate", rate, base=values(qrs=150), **ABOVE),
    case(
        "RH6",
        "beats",
        lambda x: {"beats": round(x)},
        base=values(qrs=150, heart_rate=150),
        **COUNT,
    ),
    case("RH6-U", "rate", rate, base=values(qrs=None), **ABOVE),
    case("RH6-U", "beats", lambda x: {"beats": round(x)}, base=FAST_UNMEASURED, **COUNT),
    *_narrow_leads("RH6-U", FAST_UNMEASURED),
    case("RH6-RUN", "rate", lambda x: run_of(4, rr=60 / x), met=0.1, missed=-0.1),
    case("RH6-RUN", "beats", lambda x: run_of(round(x), rr=0.4), **COUNT),
    case("RH6-END", "rate", lambda x: run_of(4, rr=60 / x, to_the_end=True), met=0.1, missed=-0.1),
    case("RH6-END", "beats", lambda x: run_of(round(x), rr=0.4, to_the_end=True), **COUNT),
    *_regular_without_p("RH9-J", heart_rate=50),
    *_regular_without_p("RH9-V", heart_rate=35, qrs=150),
    *_regular_without_p("RH9-A", heart_rate=80, qrs=150),
    case("RH9-U", "rate_below", rate, base=SLOW_UNMEASURED, **BELOW),
    case("RH9-U", "rr_variation", lambda x: rhythm(rr_variation=x), base=SLOW_UNMEASURED, **BELOW),
    case("RH9-U", "p_repetition", lambda x: rhythm(p_repetition=x), base=SLOW_UNMEASURED, **BELOW),
    *_narrow_leads("RH9-U", SLOW_UNMEASURED),
    case(
        "HR1-U", "rr_ms", lambda x: rhythm(rr_max=x / 1000), base=values(heart_rate=None), **ABOVE
    ),
    case("STE-U", "other_mv", lambda x: merged(on("V5", st_j=x), V6_UNREAD), met=0.03, missed=0.0),
    *(
        case(
            "STE-U",
            "v2_v3_mv",
            lambda x: merged(on("V3", st_j=x), on("V4", st_j=None)),
            patient=patient,
            met=0.03,
            missed=0.0,
        )
        for patient in (MAN, YOUNG_MAN, WOMAN, SOMEBODY)
    ),
    case("RH10", "beats", lambda x: {"r_peaks": (1.0, 2.0, 3.0)[: round(x)]}, met=-1, missed=0),
    case("RH10", "agreement", lambda x: {"agreement": x}, base=values(heart_rate=None), **BELOW),
    case(
        "RH10",
        "seconds_without",
        lambda _x: {"r_peaks": ()},
        seconds=lambda x: x,
        met=0.0,
        missed=-0.1,
    ),
    case("RH10", "seconds", lambda _x: {"r_peaks": (1.0,)}, seconds=lambda x: x, met=0, missed=-1),
    case("WPW", "pr_ms", ms("pr"), base=merged(DELTA, values(qrs=130)), **BELOW),
    case("WPW", "qrs_ms", ms("qrs"), base=merged(DELTA, values(pr=90)), **AT_LEAST),
    case(
        "WPW",
        "slope_ratio",
        lambda x: on(SLOW_START, initial_slope_ratio=x),
        base=values(pr=90, qrs=130),
        **BELOW,
    ),
    case(
        "WPW",
        "leads",
        lambda x: on(LIMB[: round(x)], initial_slope_ratio=0.05),
        base=values(pr=90, qrs=130),
        **COUNT,
    ),
    case("WPW-P", "pr_ms", ms("pr"), base=values(qrs=115), **BELOW),
    case("WPW-P", "qrs_ms", ms("qrs"), base=values(pr=90), **ABOVE),
    case(
        "WPW-P",
        "slope_ratio",
        lambda x: on(SLOW_START, initial_slope_ratio=x),
        base=values(pr=90),
        **BELOW,
    ),
    case(
        "WPW-P",
        "leads",
        lambda x: on(LIMB[: round(x)], initial_slope_ratio=0.05),
        base=values(pr=90),
        **COUNT,
    ),
    case(
        "WPW-AF",
        "rr_variation",
        lambda x: rhythm(rr_variation=x),
        base=merged(values(qrs=150), rhythm(rr_min=0.24)),
        **ABOVE,
    ),
    case("WPW-AF", "qrs_ms", ms("qrs"), base=rhythm(rr_variation=0.2, rr_min=0.24), **AT_LEAST),
    case(
        "WPW-AF",
        "rr_min_ms",
        lambda x: rhythm(rr_min=x / 1000),
        base=merged(values(qrs=150), rhythm(rr_variation=0.2)),
        **AT_MOST,
    ),
    *_rbbb("RBBB", 140),
    *_rbbb("IRBBB", 115),
    case("LBBB", "qrs_ms", ms("qrs"), base=LBBB_SHAPE, **AT_LEAST),
    case(
        "LBBB",
        "r_peak_time_ms",
        lambda x: on(("V5", "V6"), r_peak_time=x / 1000),
        base=LBBB_SHAPE,
        **ABOVE,
    ),
    case(
        "LBBB",
        "r_ms",
        lambda x: on(("I", "aVL"), r_duration=x / 1000),
        base=merged(LBBB_SHAPE, on(("V5", "V6"), r_peak_time=0.05)),
        **AT_LEAST,
    ),
    case(
        "LBBB",
        "leads",
        lambda x: on(("I", "aVL")[: round(x)], r_duration=0.12),
        base=merged(LBBB_SHAPE, on(("V5", "V6"), r_peak_time=0.05)),
        **COUNT,
    ),
    case("LBBB", "q_mv", lambda x: on("I", q=-x), base=LBBB_SHAPE, **BELOW),
    case("LAFB", "axis_from_deg", axis, base=LAFB_SHAPE, **AT_LEAST),
    case("LAFB", "axis_below_deg", axis, base=LAFB_SHAPE, **BELOW),
    case(
        "LAFB",
        "r_peak_time_ms",
        lambda x: on("aVL", r_peak_time=x / 1000),
        base=LAFB_SHAPE,
        **AT_LEAST,
    ),
    case("LAFB", "qrs_ms", ms("qrs"), base=LAFB_SHAPE, **BELOW),
    case("LPFB", "axis_from_deg", axis, base=LPFB_SHAPE, **AT_LEAST),
    case("LPFB", "axis_below_deg", axis, base=LPFB_SHAPE, **BELOW),
    case("LPFB", "qrs_ms", ms("qrs"), base=LPFB_SHAPE, **BELOW),
    *(
        case(
            "LVH-P",
            "sum_mv",
            lambda x: merged(on("V4", s=-0.4), on("V2", s=-(x - 0.4))),
            base=on("aVL", r=1.5),  # a second voltage row
            patient=patient,
            **AT_LEAST,
        )
        for patient in (MAN, WOMAN, SOMEBODY)
    ),
    *(
        case(
            "LVH-CP",
            "at_least",
            lambda x, added=added: on("V3", s=-(x / 1000 - 0.35 - added)),  # QRS 100 ms
            base=values(qrs=100),
            patient=patient,
            met=0.5,
            missed=-0.5,
        )
        for patient, added in ((MAN, 0.0), (WOMAN, 0.8), (SOMEBODY, 0.8))
    ),
    case(
        "LAE",
        "depth_mv",
        lambda x: on("V1", p_terminal=-x),
        base=on("V1", p_terminal_duration=0.06),
        **AT_LEAST,
    ),
    case(
        "LAE",
        "duration_ms",
        lambda x: on("V1", p_terminal_duration=x / 1000),
        base=on("V1", p_terminal=-0.2),
        **AT_LEAST,
    ),
    case("RAE", "inferior_mv", lambda x: on("II", p=x), **ABOVE),
    case("RAE", "v1_mv", lambda x: on("V1", p=x), **ABOVE),
    *_limits_of_points(),
    case(
        "RVH",
        "rv1_mv",
        lambda x: on("V1", r=x, s=-1.0),
        base=RIGHT_WITH_LATERAL_S,
        **AT_LEAST,
    ),
    case(
        "RVH",
        "rs_v1",
        lambda x: on("V1", r=0.6, s=round(-0.6 / x, 6)),
        base=RIGHT_WITH_LATERAL_S,
        met=0.02,
        missed=-0.02,
    ),
    case(
        "RVH",
        "rv1_for_ratio_mv",
        lambda x: on("V1", r=x, s=-0.1),
        base=RIGHT_WITH_LATERAL_S,
        **AT_LEAST,
    ),
    case(
        "RVH",
        "rv1_plus_s_mv",
        lambda x: on("V1", r=round(x - 0.3, 6), s=-1.0),
        base=merged(axis(120), on(("V5", "V6"), r=0.4, s=-0.3)),
        **ABOVE,
    ),
    case(
        "RVH",
        "s_lateral_mv",
        lambda x: on("V5", r=1.5, s=-x),
        base=merged(axis(120), on("V1", r=0.36, s=-0.9)),
        **AT_LEAST,
    ),
    case(
        "RVH",
        "rs_lateral",
        lambda x: on("V5", r=round(0.3 * x, 6), s=-0.3),
        base=merged(axis(120), on("V1", r=0.6, s=-0.1)),
        met=0.0,
        missed=0.02,
    ),
    case("RVH", "supporting_axis_deg", axis, base=RVH_SHAPE, possible=True, **ABOVE),
    case("RVH", "axis_deg", axis, base=RVH_SHAPE, **AT_LEAST),
    case(
        "RVH",
        "signs",
        lambda x: (on("V1", r=0.75, s=-1.0), RVH_SHAPE)[round(x) - 1],
        base=axis(120),
        **COUNT,
    ),
    case("ILBBB", "qrs_from_ms", ms("qrs"), base=ILBBB_SHAPE, **AT_LEAST),
    case("ILBBB", "qrs_below_ms", ms("qrs"), base=ILBBB_SHAPE, **BELOW),
    case(
        "ILBBB",
        "r_peak_time_ms",
        lambda x: on(("V4", "V5", "V6"), r_peak_time=x / 1000),
        base=ILBBB_SHAPE,
        **ABOVE,
    ),
    case("ILBBB", "q_mv", lambda x: on("V6", q=-x), base=ILBBB_SHAPE, **BELOW),
    case("IVCD", "qrs_ms", ms("qrs"), **ABOVE),
    *(
        _st_elevation("STE", "v2_v3_mv", ("V2", "V3"), patient)
        for patient in (MAN, YOUNG_MAN, WOMAN, SOMEBODY)
    ),
    _st_elevation("STE", "other_mv", ("II", "aVF"), MAN),
    _st_elevation("STE", "other_mv", ("V4", "V5"), WOMAN),
    case(
        "STE",
        "other_mv",
        lambda x: {"leads": {"aVR": {"st_j": -x, "st_j60": -x}, "I": {"st_j": x + 0.1}}},
        **AT_LEAST,
    ),
    case(
        "STE-LVH",
        "percent",
        lambda x: on(("V1", "V2", "V3"), qrs_peak_to_peak=60 / x),
        base=STE_LVH,
        met=0.1,
        missed=-0.1,
    ),
    case(
        "STE-LVH",
        "leads",
        lambda x: on(("V1", "V2", "V3")[round(3 - x) :], st_j=0.6),
        base=merged(STE_LVH, on(("V1", "V2", "V3"), st_j=0.0)),
        **COUNT,
    ),
    case(
        "STE-LVH",
        "t_mv",
        lambda x: on("V4", t_positive=0.0, t_negative=-x),
        base=STE_LVH_ONE,
        **ABOVE,
    ),
    *(
        case(
            "STE-LVH",
            "v2_v3_mv",
            lambda x: on("V2", st_j=x, qrs_peak_to_peak=0.5),
            base=STE_LVH_ONE,
            patient=patient,
            **AT_LEAST,
        )
        for patient in (MAN, YOUNG_MAN, WOMAN, SOMEBODY)
    ),
    case(
        "STE-LVH",
        "other_mv",
        lambda x: on("V1", st_j=x, qrs_peak_to_peak=0.3),
        base=merged(STE_LVH_ONE, on("V2", st_j=0.0)),
        **AT_LEAST,
    ),
    case(
        "STE-RV",
        "st_mv",
        lambda x: on(("II", "III"), st_j=x),
        base=on(("V4", "V5"), st_j=0.3),
        **AT_LEAST,
    ),
    case("TERR", "st_mv", lambda x: on("aVL", st_j=x), base=INFERIOR, **AT_MOST),
    case(
        "LAD4",
        "st_mv",
        lambda x: on(("V2", "V3", "V4"), st_j=x),
        base=merged(ANTERIOR, INFERIOR),
        **AT_LEAST,
    ),
    case(
        "LAD4",
        "score",
        lambda x: values(qtc_bazett=(x + 0.151 * 15.5 + 0.268 * 12.0 - 1.062 * 3.0) / 0.052),
        base=ANTERIOR,
        met=0.1,
        missed=-0.1,
    ),
    case("STE-P", "st_mv", lambda x: on(("V1", "V2"), st_j=x, st_j80=x), base=POSTERIOR, **AT_MOST),
    case(
        "STE-P",
        "slope_mv",
        _slope(("V1", "V2"), -0.1),
        base=merged(POSTERIOR, on("V6", st_j=-0.11)),
        **AT_MOST,
    ),
    case("SGA", "concordant_mv", lambda x: on("V5", st_j=x), base=LBBB_SHAPE, **AT_LEAST),
    case("SGA", "concordant_mv", lambda x: on("V2", st_j=-x), base=LBBB_SHAPE, **AT_LEAST),
    case("SGA", "discordant_mv", lambda x: on("V1", st_j=x, s=-0.3), base=LBBB_SHAPE, **AT_LEAST),
    case(
        "SGA",
        "st_over_s",
        lambda x: on("V1", st_j=0.5, s=round(0.5 / x, 6)),
        base=LBBB_SHAPE,
        met=-0.001,
        missed=0.001,
    ),
    case("DW", "st_mv", lambda x: on(("V2", "V3"), st_j=x), base=DE_WINTER, **AT_MOST),
    case("DW", "slope_mv", _slope(("V2", "V3"), -0.2), base=DE_WINTER, **AT_LEAST),
    case("DW", "t_mv", lambda x: on(("V2", "V3"), t_positive=x), base=DE_WINTER, **AT_LEAST),
    case("DW", "rate", rate, base=DE_WINTER, **AT_MOST),
    case(
        "LM",
        "depressed_mv",
        lambda x: on(("I", "II", "aVF", "V3", "V4", "V5"), st_j=x, st_j80=x),
        base=on("aVR", st_j=0.2),
        **AT_MOST,
    ),
    case(
        "LM",
        "leads",
        lambda x: on(("I", "II", "aVF", "V3", "V4", "V5")[: round(x)], st_j=-0.2, st_j80=-0.2),
        base=on("aVR", st_j=0.2),
        **COUNT,
    ),
    case("LM", "elevated_mv", lambda x: on("aVR", st_j=x), base=DIFFUSE, **AT_LEAST),
    case("LM", "elevated_mv", lambda x: on("V1", st_j=x), base=DEPRESSED, **AT_LEAST),
    case("STD", "st_mv", lambda x: on(("V5", "V6"), st_j=x, st_j80=x - 0.05), **AT_MOST),
    case("STD", "slope_mv", _slope(("V5", "V6"), -0.1), **AT_MOST),
    case("TWI", "t_mv", lambda x: on(("V5", "V6"), t_positive=0.0, t_negative=-x), **ABOVE),
    case("TWI", "t_mv", lambda x: on(("II", "aVF"), t_positive=0.0, t_negative=-x), **ABOVE),
    case(
        "TWI",
        "r_over_s",
        lambda x: on(("V5", "V6"), r=x, s=-1.0),
        base=on(("V5", "V6"), t_positive=0.0, t_negative=-0.3),
        met=0.01,
        missed=0.0,
    ),
    case("QW", "v2_v3_ms", lambda x: on("V3", q=-0.05, q_duration=x / 1000), **AT_LEAST),
    case("QW", "duration_ms", lambda x: on(("I", "aVL"), q=-0.2, q_duration=x / 1000), **AT_LEAST),
    case("QW", "depth_mv", lambda x: on(("I", "aVL"), q=-x, q_duration=0.04), **AT_LEAST),
    case("QW", "depth_mv", lambda x: on(("V3", "V4"), r=0.0, q=0.0, s=-x), **AT_LEAST),
    case("QW", "avl_axis_from_deg", axis, base=Q_LATERAL, met=-1.0, missed=0.0),
    case("QW", "avl_axis_to_deg", axis, base=Q_LATERAL, met=1.0, missed=0.0),
    *(
        case(
            "QW",
            number,
            axis,
            met=met,
            missed=0.0,
            base=on(("III", "aVF"), q=-0.15, q_duration=0.035, r=0.9),
        )
        for number, met in (("iii_axis_from_deg", -1.0), ("iii_axis_to_deg", 1.0))
    ),
    case(
        "QW",
        "iii_q_share",
        lambda x: on("III", q=-0.8 * x),
        base=merged(axis(15), on(("III", "aVF"), q=-0.15, q_duration=0.035, r=0.8)),
        **AT_LEAST,
    ),
    case(
        "QW-P",
        "r_ms",
        lambda x: on("V1", r_duration=x / 1000),
        base=TALL_R,
        **AT_LEAST,
    ),
    case(
        "QW-P",
        "r_over_s",
        lambda x: on("V2", r=0.5 * x, s=-0.5),
        base=TALL_R,
        met=0.0,
        missed=-0.01,
    ),
    case("WEL", "st_mv", lambda x: on("V2", st_j=x), base=WELLENS, **BELOW),
    case("WEL-ST", "st_mv", lambda x: on("V2", st_j=x), base=WELLENS, **AT_LEAST),
    *_wellens("WEL", st_j=0.0),
    *_wellens("WEL-ST", st_j=0.15),
    case("EREP", "notch_mv", lambda x: on(("V4", "V5"), end_qrs_notch=x), **AT_LEAST),
    case("EREP", "qrs_ms", ms("qrs"), base=on(("V4", "V5"), end_qrs_notch=0.2), **BELOW),
    *(_qt("QTL", "qtc_ms", patient) for patient in (MAN, WOMAN, SOMEBODY)),
    *(_qt(rule, "qtc_ms", MAN) for rule in ("QTL-480", "QTL-500")),
    *(
        one
        for rule in ("QTL", "QTL-480", "QTL-500")
        for one in (
            case(rule, "rate_from", rate, base=values(qtc_fridericia=530), met=0.0, missed=-0.1),
            case(rule, "rate_to", rate, base=values(qtc_fridericia=530), met=0.0, missed=0.1),
            case(
                rule,
                "beats",
                lambda x: {"beats": round(x)},
                base=values(qtc_fridericia=530),
                **COUNT,
            ),
            case(
                rule,
                "beats_in_fibrillation",
                lambda x: alternating(0.2, round(x)),
                base=merged(IRREGULAR, values(qtc_fridericia=530)),
                **COUNT,
            ),
        )
    ),
    *(
        case(
            rule, "wide_qrs_ms", ms("qrs"), base=values(qtc_fridericia=limit), met=-0.001, missed=0
        )
        for rule, limit in (("QTL", 455), ("QTL-480", 485), ("QTL-500", 505))
    ),
    *_short_qt("QTS"),
    *_short_qt("QTS-340"),
    case("BRU", "st_mv", lambda x: on("V1", st_j=x, st_j80=0.1), base=COVED, **AT_LEAST),
    case(
        "BRU",
        "st_ratio",
        lambda x: on("V1", st_j=round(0.25 * x, 6), st_j80=0.25),
        base=COVED,
        met=0.01,
        missed=0.0,
    ),
    case("BRU", "t_mv", lambda x: on("V1", t_negative=-x), base=COVED, **ABOVE),
    case("BRU2", "takeoff_mv", lambda x: on("V2", saddle_takeoff=x), base=SADDLE, **AT_LEAST),
    case("BRU2", "trough_mv", lambda x: on("V2", saddle_trough=x), base=SADDLE, **AT_LEAST),
    case("BRU2", "base_ms", lambda x: on("V2", saddle_base=x / 1000), base=SADDLE, **AT_LEAST),
    case("BRU2", "most_ms", lambda x: on("V2", saddle_base=x / 1000), base=SADDLE, **AT_MOST),
    case("HAT", "t_mv", lambda x: on(("V3", "V4"), t_positive=x), base=BULKY_T, **AT_LEAST),
    case(
        "HAT",
        "percent",
        lambda x: on(("V3", "V4"), qrs_peak_to_peak=0.6, t_positive=round(0.006 * x, 6)),
        base=BULKY_T,
        met=0.01,
        missed=-0.01,
    ),
    case("HAT", "width_ms", lambda x: on(("V3", "V4"), t_width=x / 1000), base=BULKY_T, **AT_LEAST),
    *_tall_t("K", {}),
    *_tall_t("K-RED", rate(45)),
    case("K-RED", "rate", rate, base=on(("V3", "V4"), t_positive=1.3), **BELOW),
    case("K-RED", "qrs_ms", ms("qrs"), base=on(("V3", "V4"), t_positive=1.3), **ABOVE),
    case("PE", "s1q3_mv", lambda x: on("I", s=-x), base=merged(S1Q3T3, rate(120)), **AT_LEAST),
    case("PE", "s1q3_mv", lambda x: on("III", q=-x), base=merged(S1Q3T3, rate(120)), **AT_LEAST),
    case(
        "PE",
        "t_mv",
        lambda x: on(("V1", "V2", "V3"), t_positive=0.0, t_negative=-x),
        base=rate(120),
        **ABOVE,
    ),
    case("PE", "rate", rate, base=S1Q3T3, **ABOVE),
    case("PE", "signs", lambda x: (S1Q3T3, merged(S1Q3T3, rate(120)))[round(x) - 1], **COUNT),
    case("LR-LEG", "flat_mv", lambda x: on("II", qrs_peak_to_peak=x), **BELOW),
    case(
        "LR-LEG",
        "others_mv",
        lambda x: on("III", qrs_peak_to_peak=x),
        base=on("I", qrs_peak_to_peak=0.05),
        **AT_LEAST,
    ),
    case("LR-LL", "p_mv", lambda x: on("I", p=x), base=LEFT_EXCHANGED, **AT_LEAST),
    case(
        "LR-LL",
        "difference_mv",
        lambda x: on("II", p=round(0.2 - x, 6)),
        base=merged(LEFT_EXCHANGED, on("I", p=0.2)),
        **AT_LEAST,
    ),
    case(
        "LR-CHEST",
        "qrs_percent",
        lambda x: on("V3", r=0.5 - x / 200, s=-0.5 - x / 200),
        base=CHEST_EXCHANGED,
        met=0.01,
        missed=-0.01,
    ),
    case(
        "LR-CHEST",
        "t_mv",
        lambda x: on("V3", t_positive=round(0.4 - x, 6)),
        base=CHEST_EXCHANGED,
        **AT_LEAST,
    ),
    case("EIN", "residual_mv", lambda x: {"einthoven_residual": x}, **ABOVE),
)

BEATS: Final = tuple(1.0 + 0.8 * index for index in range(12))
"""R peaks of a regular strip, for what lies between them."""


def beats_with_drops(*per_pause: int) -> tuple[float, ...]:
    """R peaks 0.8 s apart, and 0.8 s more for each QRS dropped between them."""
    dropped_qrs = [*per_pause, *[0] * (len(BEATS) - 1 - len(per_pause))]
    gaps = [0.0, *(0.8 * (1 + count) for count in dropped_qrs)]
    return tuple(float(time) for time in 1.0 + np.cumsum(gaps))


def dropped(*per_pause: int) -> Overrides:
    """P waves without QRS: so many in each pause between beats, each where its QRS is missing."""
    beats = beats_with_drops(*per_pause)
    extra = [
        beats[pause] + 0.6 + 0.8 * number
        for pause, count in enumerate(per_pause)
        for number in range(count)
    ]
    return {"r_peaks": beats, **rhythm(extra_p=tuple(extra))}


def _short(pauses: int) -> Overrides:
    """A strip of so many pauses, each with one P wave without QRS."""
    beats = BEATS[: pauses + 1]
    return {"r_peaks": beats, **rhythm(extra_p=tuple(r + 0.3 for r in beats[:-1]))}


def pr_around_a_drop(longer_by_ms: float) -> Overrides:
    """One missing QRS after the third beat; PR before it longer than after it."""
    pr = [0.16 + longer_by_ms / 1000 if beat == 2 else 0.16 for beat in range(len(BEATS))]
    waves = tuple(
        WaveTimes(lead=Lead.II, beat=beat, p_on=r - pr[beat], qrs_on=r)
        for beat, r in enumerate(beats_with_drops(0, 0, 1))
    )
    return {**dropped(0, 0, 1), "waves": waves}


def pulses(count: int, spread_ms: float = 0.0) -> Overrides:
    """Pacing pulses 80 ms before the first beats, the last of them earlier by `spread_ms`."""
    times = [r - 0.08 for r in BEATS[:count]]
    times[-1] -= spread_ms / 1000
    return {"r_peaks": BEATS, **rhythm(pacing_pulses=tuple(times))}


def strokes(
    beats: int = 12, leads: int = 12, lag_ms: float = 90.0, spread_ms: float = 0.0
) -> Overrides:
    """Strokes of ink before the first beats in the first leads, the last beat's off by so much."""
    late = [0.0] * (beats - 1) + [spread_ms / 1000]
    found = [
        Stroke(lead=lead, time=r - lag_ms / 1000 - more, height=0.8)
        for r, more in zip(BEATS, late, strict=False)
        for lead in STANDARD_LEADS[:leads]
    ]
    return {"r_peaks": BEATS, **rhythm(strokes=tuple(found))}


def _stroke_cases(rule: str) -> tuple[Case, ...]:
    """The numbers of a row on strokes: three of twelve beats are no half, so six are tried."""
    few = {"r_peaks": BEATS[:4]}
    return (
        case(rule, "beats", lambda x: {**strokes(round(x)), **few}, **COUNT),
        case(rule, "share", lambda x: strokes(round(x * 12)), met=0.0, missed=-1 / 12),
        case(rule, "leads", lambda x: strokes(leads=round(x)), **COUNT),
        case(rule, "spread_ms", lambda x: strokes(6, spread_ms=x), met=-0.1, missed=0.1),
        case(rule, "lag_ms", lambda x: strokes(lag_ms=x), met=-1.0, missed=1.0),
    )


def dissociated(pr_range_ms: float = 300.0, waves: int = 12) -> Overrides:
    """P waves 0.8 s apart and beats 1.6 s apart; PR of every other beat longer by so much."""
    beats = tuple(1.0 + 1.6 * index for index in range(6))
    late = [pr_range_ms / 1000 if index % 2 else 0.0 for index in range(6)]
    last = [r - 0.15 - more for r, more in zip(beats, late, strict=True)]
    own = sorted([*last, *(time - 0.8 for time in last)])
    return {
        "r_peaks": beats,
        **values(heart_rate=37.5),
        **rhythm(p_before_every_qrs=False, p_repetition=0.1, own_p=tuple(own[:waves])),
    }


def _av_block(rule: str, fires: Overrides) -> Case:
    def at(share: float) -> Overrides:
        return merged(fires, rhythm(p_repetition=share))

    return case(rule, "p_repetition", at, **AT_LEAST)


ATRIAL_CASES: Final[tuple[Case, ...]] = (
    case("RH4-F", "rate_from", lambda x: rhythm(flutter_cycle=60 / x), met=0.1, missed=-0.1),
    case("RH4-F", "rate_to", lambda x: rhythm(flutter_cycle=60 / x), met=-0.1, missed=0.1),
    case("AV2", "waves", lambda x: dropped(round(x)), **COUNT),
    case("AV2-2TO1", "waves", lambda x: {**dropped(1, 1, 1, 1), **_short(round(x))}, **COUNT),
    case(
        "AV2-2TO1",
        "share",
        lambda x: dropped(*[1] * round(x * 11 + 0.5), *[0] * (11 - round(x * 11 + 0.5))),
        met=0.0,
        missed=-0.1,
    ),
    case("AV2-M1", "pr_change_ms", pr_around_a_drop, met=0.1, missed=-0.1),
    case("AV2-M2", "pr_change_ms", pr_around_a_drop, met=-0.1, missed=0.1),
    case("AV2-HIGH", "in_a_row", lambda x: dropped(0, round(x)), **COUNT),
    _av_block("AV2", dropped(1)),
    _av_block("AV2-2TO1", dropped(*[1] * 11)),
    _av_block("AV2-M1", pr_around_a_drop(60)),
    _av_block("AV2-M2", pr_around_a_drop(0)),
    _av_block("AV2-HIGH", dropped(2)),
    case("AV3", "waves", lambda x: dissociated(waves=round(x)), **COUNT),
    case("AV3", "pr_range_ms", dissociated, met=0.1, missed=-0.1),
    case("AV3", "rr_variation", lambda x: rhythm(rr_variation=x), base=dissociated(), **BELOW),
    case("PACE", "pulses", lambda x: pulses(round(x)), **COUNT),
    case("PACE", "spread_ms", lambda x: pulses(3, x), met=-0.1, missed=0.1),
    case("PACE-V", "pulses", lambda x: pulses(round(x)), base=values(qrs=150), **COUNT),
    case(
        "PACE-V",
        "spread_ms",
        lambda x: pulses(3, x),
        base=values(qrs=150),
        met=-0.1,
        missed=0.1,
    ),
    case("PACE-V", "qrs_ms", ms("qrs"), base=pulses(5), **AT_LEAST),
    *_stroke_cases("PACE-P"),
    *_stroke_cases("PACE-PV"),
)
CASES = (*CASES, *ATRIAL_CASES)

SHAPES: Final[Mapping[str, tuple[tuple[Overrides, ...], tuple[Overrides, ...]]]] = {
    "RH1": (({},), (NO_P, on("I", p=-0.05), on("II", p=-0.05), on("aVR", p=0.05))),
    "LR-LL": (
        (merged(LEFT_EXCHANGED, on("I", p=0.2)),),
        (
            merged(LEFT_EXCHANGED, on("I", p=0.2), on("III", t_positive=0.3, t_negative=0.0)),
            merged(LEFT_EXCHANGED, on("I", p=0.2), on("III", r=0.9, s=-0.1)),
        ),
    ),
    "AV3": ((dissociated(),), ({}, dissociated(pr_range_ms=0.0))),
    "LR-ARM": (
        (REVERSED,),
        (
            {},
            merged(REVERSED, on("I", p=0.05)),
            merged(REVERSED, on("I", t_positive=0.3, t_negative=0.0)),
            merged(REVERSED, on("aVR", r=0.1, s=-0.9)),
            merged(REVERSED, on("V6", r=0.1, s=-0.9)),
        ),
    ),
    "RBBB": (
        (merged(RBBB_SHAPE, values(qrs=140)),),
        (
            values(qrs=140),
            merged(RBBB_SHAPE, values(qrs=140), on(("I", "V6"), s_duration=0.02)),
            merged(RBBB_SHAPE, values(qrs=140), on("V1", r_prime=0.0)),
        ),
    ),
    "LBBB": (
        (LBBB_SHAPE,),
        (
            merged(LBBB_SHAPE, on("V1", r=1.5, s=-0.2)),
            merged(LBBB_SHAPE, on("V6", q=-0.2)),
        ),
    ),
    "LAFB": (
        (LAFB_SHAPE,),
        (merged(LAFB_SHAPE, on("aVL", q=0.0)), merged(LAFB_SHAPE, on("III", q=-0.2))),
    ),
    "LPFB": (
        (LPFB_SHAPE,),
        (merged(LPFB_SHAPE, on("I", s=-0.1)), merged(LPFB_SHAPE, on("III", q=0.0))),
    ),
    "IVCD": (
        (values(qrs=140),),
        (LBBB_SHAPE, merged(RBBB_SHAPE, values(qrs=140))),
    ),
    "STE-P": (
        (POSTERIOR,),
        (
            merged(
                POSTERIOR,
                on(("V1", "V2"), t_positive=0.0, t_negative=-0.4),
                on("V6", st_j=-0.11),  # the deepest depression lies elsewhere
            ),
        ),
    ),
    "SGA": ((merged(LBBB_SHAPE, on("V5", st_j=0.2)),), (on("V5", st_j=0.2), LBBB_SHAPE)),
    "QW": (
        (on(("V3",), r=0.0, q=0.0, s=-0.9),),
        (on(("V1",), r=0.0, q=0.0, s=-0.9), on("aVL", q=-0.2, q_duration=0.04)),
    ),
    "TWI": (
        (on(("V5", "V6"), t_positive=0.0, t_negative=-0.3),),
        (
            on("III", t_positive=0.0, t_negative=-0.3),
            on(("V1", "V2"), t_positive=0.0, t_negative=-0.3),  # R is smaller than S there
        ),
    ),
    "EREP": (
        (on(("II", "aVF"), end_qrs_notch=0.2),),
        (on(("V1", "V2", "V3"), end_qrs_notch=0.2), on("V5", end_qrs_notch=0.2)),
    ),
}
"""Rows judged by shape as well: overrides that fire, and overrides that do not."""

COEFFICIENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "LVH-CP": ("added_mv",),
    "LVH-RE": (
        "definite",
        "probable",
        "voltage_points",
        "strain_points",
        "atrial_points",
        "axis_points",
        "qrs_points",
        "peak_points",
    ),
    "LAD4": (
        "qtc_factor",
        "qrs_v2_factor",
        "r_v4_factor",
        "st60_v3_factor",
        "mm_per_mv",
    ),
    "QTL": ("normal_qrs_ms",),
    "QTL-480": ("normal_qrs_ms",),
    "QTL-500": ("normal_qrs_ms",),
    "QTS": ("normal_qrs_ms",),
    "QTS-340": ("normal_qrs_ms",),
}
"""Numbers that are factors or points, not limits: tested by the value they lead to."""

OPEN_ENDS: Final[Mapping[str, tuple[str, ...]]] = {
    "RH9-J": ("qrs_from_ms",),
    "RH9-V": ("rate_from", "qrs_below_ms"),
    "RH9-A": ("qrs_below_ms",),
    "RBBB": ("qrs_below_ms",),
}
"""Ends of a range that stand for "no limit": no real value lies beyond."""
