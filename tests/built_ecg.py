"""Built ECGs: the answer is known because the beat was drawn from it.

Every beat is a sum of humps. A hump is a Gaussian cut at two standard deviations and lowered to
zero there, so that it has an exact first and last instant and a visible corner at both::

    P        qrs_on - pr                  ... + p_duration
    q        qrs_on                       ... + 0.25 * qrs
    r        qrs_on + 0.25 * qrs          ... + 0.70 * qrs    (peak at 0.475 * qrs)
    s        qrs_on + 0.70 * qrs          ... + 1.00 * qrs
    ST       reaches its level at the J point (qrs_on + qrs), keeps it until T, ends with T
    T        qrs_on + qrs + 0.35 * (qt - qrs) ... qrs_on + qt (peak at 0.55 of its length)

q, r and s do not overlap, so the voltages asked for are the voltages drawn (an ST level shifts the
peak of s by about half of it, because the level is reached while s ends). The limb leads are
projections of one frontal vector and obey Einthoven's law exactly, noise included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.record import LIMB_LEADS, STANDARD_LEADS, ECGRecord, parse_lead

Floats = NDArray[np.float64]

CUT: Final = 2.0  # standard deviations at which a hump ends
Q_END, R_PEAK, R_END = 0.25, 0.475, 0.70  # shares of the QRS duration
T_START: Final = 0.35  # share of the time from J to the end of T
T_PEAK: Final = 0.55  # share of the length of T
P_AXIS: Final = 55.0  # deg
T_AXIS: Final = 45.0  # deg

LIMB_DIRECTIONS: Final = np.array(
    [
        (1.0, 0.0),
        (0.5, np.sqrt(0.75)),
        (-0.5, np.sqrt(0.75)),
        (-0.75, -np.sqrt(0.1875)),
        (0.75, -np.sqrt(0.1875)),
        (0.0, np.sqrt(0.75)),
    ]
)
"""Each limb lead as a projection of the frontal vector (x to the left, y to the feet)."""

CHEST_QRS: Final = {
    "V1": (0.0, 0.25, -0.90),
    "V2": (0.0, 0.50, -1.20),
    "V3": (0.0, 0.80, -0.80),
    "V4": (-0.06, 1.30, -0.45),
    "V5": (-0.10, 1.20, -0.25),
    "V6": (-0.10, 1.00, -0.12),
}
CHEST_P: Final = {"V1": 0.06, "V2": 0.08, "V3": 0.08, "V4": 0.08, "V5": 0.08, "V6": 0.08}
CHEST_T: Final = {"V1": 0.10, "V2": 0.40, "V3": 0.45, "V4": 0.40, "V5": 0.35, "V6": 0.30}
FRONTAL_QRS: Final = (-0.10, 1.00, -0.22)  # lengths of the q, r and s vectors, mV
FRONTAL_P: Final = 0.15
FRONTAL_T: Final = 0.30


def built_record(
    *,
    heart_rate: float = 60.0,
    pr: float = 0.16,
    qrs: float = 0.09,
    qt: float = 0.38,
    sampling_rate: float = 500.0,
    duration: float = 10.0,
    leads: Sequence[str] = STANDARD_LEADS,
    axis_deg: float = 50.0,
    st: Mapping[str, float] | None = None,
    p: bool = True,
    noise: float = 0.0,
    voltages: Mapping[str, tuple[float, float, float]] | None = None,
    t: Mapping[str, float] | None = None,
    p_duration: float = 0.10,
    p_voltages: Mapping[str, float] | None = None,
    qrs_onsets: Sequence[float] | None = None,
    ectopic: Sequence[int] = (),
    seed: int = 0,
) -> ECGRecord:
    """Return a record whose every bound and voltage is known.

    Parameters
    ----------
    heart_rate : beats per minute; ignored with `qrs_onsets`
    pr, qrs, qt, p_duration : seconds, from first to last instant of the drawn humps
    sampling_rate : Hz
    duration : seconds
    leads : names, in the order of the rows
    axis_deg : frontal QRS axis
    st : mV at the J point by lead; 0 elsewhere
    p : whether the beats have P waves
    noise : mV, standard deviation of white noise in I, II and V1-V6 (the others are derived)
    voltages : (q, r, s) by lead, mV, signed as drawn
    t, p_voltages : peak of T and P by lead, mV, signed as drawn
    qrs_onsets : seconds of each QRS onset, for irregular rhythms (see `regular_onsets`)
    ectopic : numbers of the beats drawn as ventricular extrasystoles: no P, wide, T opposite
    seed : of the noise

    Values named for limb leads move the frontal vector as little as possible; naming more than two
    limb leads inconsistently is a ValueError.
    """
    if qrs_onsets is None:
        qrs_onsets = regular_onsets(heart_rate, pr=pr, duration=duration)
    clock = np.arange(round(duration * sampling_rate)) / sampling_rate
    q_mv, r_mv, s_mv = (
        _by_lead(length, axis_deg, {n: v[k] for n, v in CHEST_QRS.items()},
                 {n: v[k] for n, v in (voltages or {}).items()})
        for k, length in enumerate(FRONTAL_QRS)
    )  # fmt: skip
    t_mv = _by_lead(FRONTAL_T, T_AXIS, CHEST_T, t or {})
    p_mv = _by_lead(FRONTAL_P if p else 0.0, P_AXIS, CHEST_P, p_voltages or {}) * p
    st_mv = _by_lead(0.0, 0.0, dict.fromkeys(CHEST_T, 0.0), st or {})
    signal = np.zeros((len(STANDARD_LEADS), len(clock)))
    for number, onset in enumerate(qrs_onsets):
        now = clock - onset
        if number in ectopic:
            signal += _ectopic_beat(now, r_mv, s_mv)
            continue
        t_on = qrs + T_START * (qt - qrs)
        signal += np.outer(p_mv, hump(now, -pr, -pr + p_duration))
        signal += np.outer(q_mv, hump(now, 0.0, Q_END * qrs))
        signal += np.outer(r_mv, hump(now, Q_END * qrs, R_END * qrs))
        signal += np.outer(s_mv, hump(now, R_END * qrs, qrs))
        signal += np.outer(st_mv, _plateau(now, R_END * qrs, qrs, t_on, qt))
        signal += np.outer(t_mv, hump(now, t_on, qt, peak=T_PEAK))
    signal += noise * _einthoven_noise(len(clock), seed)
    rows = [STANDARD_LEADS.index(parse_lead(name)) for name in leads]
    return ECGRecord(
        signal=signal[rows].astype(np.float32),
        sampling_rate=sampling_rate,
        leads=tuple(parse_lead(name) for name in leads),
    )


def regular_onsets(heart_rate: float, *, pr: float = 0.16, duration: float = 10.0) -> list[float]:
    """Return the QRS onsets of a regular rhythm, seconds; the first P is whole."""
    first = max(pr + 0.1, 0.3)
    return list(np.arange(first, duration, 60.0 / heart_rate))


def as_page(record: ECGRecord, *, rhythm: str | None = "II", delay: float = 0.0) -> ECGRecord:
    """Return what a 3x4 page shows of a 10-s record: NaN outside each lead's column.

    Parameters
    ----------
    record : 12-lead ECGRecord of 10 s
    rhythm : lead printed over the whole width, or None
    delay : seconds lost at each column border, as some printers do
    """
    signal = np.full_like(record.signal, np.nan)
    quarter = record.signal.shape[1] / 4
    gap = delay * record.sampling_rate
    for row, lead in enumerate(record.leads):
        column = STANDARD_LEADS.index(lead) // 3
        first, last = round(column * quarter + gap), round((column + 1) * quarter)
        if lead == rhythm:
            first, last = 0, record.signal.shape[1]
        signal[row, first:last] = record.signal[row, first:last]
    return ECGRecord(signal=signal, sampling_rate=record.sampling_rate, leads=record.leads)


def hump(clock: Floats, start: float, end: float, *, peak: float = 0.5) -> Floats:
    """Return a hump of height 1 that is zero outside `start` to `end`; `peak` as a share."""
    top = start + peak * (end - start)
    side = np.where(clock < top, (top - start) / CUT, (end - top) / CUT)
    floor = np.exp(-(CUT**2) / 2)
    height = (np.exp(-(((clock - top) / side) ** 2) / 2) - floor) / (1 - floor)
    return np.where((clock > start) & (clock < end), height, 0.0)


def _plateau(clock: Floats, rise: float, full: float, fall: float, end: float) -> Floats:
    """Return a level of 1 from `full` to `fall` with half-cosine flanks."""
    up = np.clip((clock - rise) / (full - rise), 0.0, 1.0)
    down = np.clip((end - clock) / (end - fall), 0.0, 1.0)
    flanks: Floats = (1 - np.cos(np.pi * up)) / 2 * (1 - np.cos(np.pi * down)) / 2
    return flanks


def _ectopic_beat(clock: Floats, r_mv: Floats, s_mv: Floats) -> Floats:
    """Return a wide beat (160 ms) opposite to the usual one in most leads, with an opposite T."""
    size = -1.3 * (r_mv + s_mv)
    wide = np.outer(size, hump(clock, 0.0, 0.16, peak=0.6))
    opposite: Floats = np.outer(-0.35 * size, hump(clock, 0.20, 0.42))
    return wide + opposite


def _by_lead(
    length: float, axis_deg: float, chest: Mapping[str, float], named: Mapping[str, float]
) -> Floats:
    """Return one voltage per standard lead from a frontal vector, chest values and exceptions."""
    wanted = {parse_lead(name): value for name, value in named.items()}
    angle = np.deg2rad(axis_deg)
    vector = length * np.array([np.cos(angle), np.sin(angle)])
    rows = [row for row, lead in enumerate(LIMB_LEADS) if lead in wanted]
    if rows:
        asked = np.array([wanted[LIMB_LEADS[row]] for row in rows])
        vector = vector + np.linalg.pinv(LIMB_DIRECTIONS[rows]) @ (
            asked - LIMB_DIRECTIONS[rows] @ vector
        )
        if not np.allclose(LIMB_DIRECTIONS[rows] @ vector, asked, atol=1e-6):
            raise ValueError(f"no frontal vector gives {dict(named)}")
    voltage = {lead: float(v) for lead, v in zip(LIMB_LEADS, LIMB_DIRECTIONS @ vector, strict=True)}
    voltage |= {parse_lead(name): value for name, value in chest.items()}
    voltage |= {lead: value for lead, value in wanted.items() if lead not in LIMB_LEADS}
    return np.array([voltage[lead] for lead in STANDARD_LEADS])


def _einthoven_noise(samples: int, seed: int) -> Floats:
    """Return white noise of deviation 1 in I, II and V1-V6, and what follows from it elsewhere."""
    white = np.random.default_rng(seed).standard_normal((8, samples))
    one, two = white[0], white[1]
    limb = np.stack([one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2])
    return np.concatenate([limb, white[2:]])
