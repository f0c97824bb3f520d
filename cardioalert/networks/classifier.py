"""Say how probable each statement is: the ensemble of interpretation networks.

Members look at different things, which is why their average is better than any of them: windows of
2.5 s, the whole record, random convolutions of it, and what was measured in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.clinical import Measurements
from cardioalert.domain.opinion import InputKind, Opinion
from cardioalert.domain.record import STANDARD_LEADS, ECGRecord
from cardioalert.dsp import Floats, Mask, resample_to_each
from cardioalert.networks.calibration import Calibration, calibration
from cardioalert.networks.features import FEATURES, measured_features
from cardioalert.networks.quality import RATE, signal_quality
from cardioalert.networks.sessions import run_network
from cardioalert.networks.signals import RATE as SLOW_RATE
from cardioalert.networks.signals import prepare_signal, without_gaps_and_baseline
from cardioalert.networks.windows import (
    WINDOW,
    middle_stack,
    stacked_windows,
    strided_windows,
    whole_record,
)

FEWEST_LEADS: Final = 6
SHORTEST: Final = 180  # samples at 100 Hz of the longest lead; a printed column has about 240
LOWEST_QUALITY: Final = 0.2
"""Chance that a technician accepts the recording; lower ones are not read. None of 381 recordings
of hospital carts (PTB-XL fold 9) is below it: the lowest has 0.35."""
EXTRA_BEATS: Final = ("PVC", "PAC", "BIGU", "TRIGU", "PRC(S)", "SVARR")
"""Statements that one beat can decide: the strongest window counts as much as all together."""

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """One record as the members see it.

    Attributes
    ----------
    signal : float32 array, shape (12, samples at 100 Hz), mV
    present : bool array, same shape
    features : float32 array, shape (features,)
        What was measured; NaN where nothing was.
    kind : InputKind
    """

    signal: NDArray[np.float32]
    present: Mask
    features: NDArray[np.float32]
    kind: InputKind

    def windows(self) -> NDArray[np.float32]:
        """Return pieces of 2.5 s, shape (windows, 24, 250)."""
        cut = strided_windows if self.kind == "digital" else stacked_windows
        return cut(self.signal, self.present)


def look_at(
    record: ECGRecord,
    measurements: Measurements | None,
    *,
    kind: InputKind,
    slow: Floats | None = None,
) -> Look:
    """Bring a record into the form the members know.

    Parameters
    ----------
    record : ECGRecord
    measurements : Measurements, optional
        None: nothing was measured.
    kind : InputKind
    slow : float array, shape (12, samples at 100 Hz), mV, optional
        The record, where somebody has it already.
    """
    if slow is None:
        signal, present = prepare_signal(_standard_rows(record), record.sampling_rate)
    else:
        signal, present = without_gaps_and_baseline(slow)
    if measurements is None:
        features = np.full(len(FEATURES), np.nan, np.float32)
    else:
        features = measured_features(measurements)
    return Look(signal=signal, present=present, features=features, kind=kind)


def _standard_rows(record: ECGRecord) -> NDArray[np.float32]:
    """Return all standard leads in their order, (12, samples); NaN for those that are absent."""
    if record.leads == STANDARD_LEADS:
        return record.signal
    rows = np.full((len(STANDARD_LEADS), record.signal.shape[1]), np.nan, np.float32)
    for row, lead in enumerate(STANDARD_LEADS):
        if lead in record.leads:
            rows[row] = record.lead(lead)
    return rows


def classify(
    record: ECGRecord, measurements: Measurements, *, on_paper: bool, scale_confirmed: bool = True
) -> Opinion:
    """Return the networks' opinion of a record.

    Parameters
    ----------
    record : ECGRecord
        As read; missing leads are masked.
    measurements : Measurements
        Of the same record.
    on_paper : bool
        Whether it was read from a page; probabilities are calibrated for each kind of input.
    scale_confirmed : bool
        Whether gain and paper speed are certain: without them the networks are silent.

    Returns
    -------
    Opinion
        Silent, with the reason, where the networks were never trained for such a record.

    Raises
    ------
    ModelFileError
        A network's file is missing or damaged.
    """
    question = Question(
        record=record,
        measurements=measurements,
        on_paper=on_paper,
        scale_confirmed=scale_confirmed,
    )
    return classify_all([question])[0]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """What the networks are asked about one record; see `classify`."""

    record: ECGRecord
    measurements: Measurements
    on_paper: bool
    scale_confirmed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Heard:
    """What the networks that read the signal say of a record, whatever is measured in it.

    Attributes
    ----------
    kind : InputKind
    silence : Opinion, optional
        Why the networks are not asked.
    scores : dict from member to float array, shape (statements,)
    signal_quality : float, optional, 0-1
        Of digital records with twelve leads.
    """

    kind: InputKind
    silence: Opinion | None = None
    scores: Mapping[str, Scores] = field(default_factory=dict)
    signal_quality: float | None = None


def classify_all(questions: Sequence[Question]) -> list[Opinion]:
    """Return the networks' opinions of many records, the same as if each were asked for alone."""
    ready = [
        _made_ready(each.record, on_paper=each.on_paper, scale_confirmed=each.scale_confirmed)
        for each in questions
    ]  # first all of them: a network that runs again and again stays in the cache of its core
    return judge([_heard(each) for each in ready], [each.measurements for each in questions])


def listen(record: ECGRecord, *, on_paper: bool, scale_confirmed: bool = True) -> Heard:
    """Ask the networks that read the signal; the first half of `classify`.

    It needs no measurements, so that it can run beside the measuring. They see one record at a
    time: what they make of several at once does not fit the cache of a core, and takes half as
    long again.
    """
    return _heard(_made_ready(record, on_paper=on_paper, scale_confirmed=scale_confirmed))


def _heard(ready: Heard | tuple[Look, float | None]) -> Heard:
    """Ask the networks that read the signal, unless it is known already that they are silent."""
    if isinstance(ready, Heard):
        return ready
    look, quality = ready
    return Heard(kind=look.kind, scores=signal_scores(look), signal_quality=quality)


def _made_ready(
    record: ECGRecord, *, on_paper: bool, scale_confirmed: bool
) -> Heard | tuple[Look, float | None]:
    """Return a record as the networks see it with its signal quality, or why they are silent."""
    kind: InputKind = "page" if on_paper else "digital"
    if not scale_confirmed:
        return Heard(kind=kind, silence=Opinion(kind=kind, silence="scale-unconfirmed"))
    slow = thinned = None
    rows = _standard_rows(record)
    if kind == "digital" and not np.isnan(rows).any():
        slow, thinned = resample_to_each(
            rows.astype(np.float64), from_rate=record.sampling_rate, to_rates=(SLOW_RATE, RATE)
        )
    look = look_at(record, None, kind=kind, slow=slow)
    usable = int((look.present.sum(axis=1) >= WINDOW // 2).sum())
    if usable < FEWEST_LEADS:
        return Heard(kind=kind, silence=Opinion(kind=kind, silence="too-few-leads"))
    if look.present.sum(axis=1).max() < SHORTEST:
        return Heard(kind=kind, silence=Opinion(kind=kind, silence="too-short"))
    quality = None
    if kind == "digital" and record.has(STANDARD_LEADS):
        quality = signal_quality(record, thinned)
        if quality < LOWEST_QUALITY:
            silence = Opinion(kind=kind, silence="poor-signal", signal_quality=quality)
            return Heard(kind=kind, silence=silence)
    return look, quality


def judge(heard: Sequence[Heard], measured: Sequence[Measurements]) -> list[Opinion]:
    """Ask the networks that read measurements, and form the opinions: the second half.

    They read a few hundred numbers, and see all records in one run.
    """
    features = [measured_features(each) for each in measured]
    scores = _with_measured_scores(heard, features)
    return [
        each.silence
        or replace(
            form_opinion(found, calibration(each.kind), kind=each.kind),
            signal_quality=each.signal_quality,
        )
        for each, found in zip(heard, scores, strict=True)
    ]


def form_opinion(scores: Mapping[str, Scores], known: Calibration, *, kind: InputKind) -> Opinion:
    """Blend and calibrate the members' scores; stay silent where they are too far apart."""
    disagreement = known.disagreement(scores)
    if not disagreement <= 1.0:
        return Opinion(kind=kind, silence="unlike-training", disagreement=disagreement)
    probabilities = known.probabilities(known.blend(scores))
    listed = {outcome.code for outcome in known.outcomes if outcome.listed}
    statements = set(known.statements)
    return Opinion(
        kind=kind,
        statements={
            code: value
            for code, value in probabilities.items()
            if code in listed and code in statements
        },
        calls=known.calls(probabilities),
        disagreement=disagreement,
    )


def member_scores(look: Look) -> dict[str, Scores]:
    """Return the scores of every member that can read the record, shape (statements,) each."""
    heard = Heard(kind=look.kind, scores=signal_scores(look))
    return _with_measured_scores([heard], [look.features])[0]


def signal_scores(look: Look) -> dict[str, Scores]:
    """Return the scores of the members that read the signal.

    The ridge regressions on random convolutions learned from twelve leads and from nothing less.
    """
    complete = bool(look.present.any(axis=1).all())
    return {
        member.name: reader_of(member.name)(look, member.name)
        for member in calibration(look.kind).members
        if _looks_with(member.name) not in ({"measured"} if complete else {"measured", "random"})
    }


def _with_measured_scores(
    heard: Sequence[Heard], features: Sequence[NDArray[np.float32]]
) -> list[dict[str, Scores]]:
    """Return the scores of all members for each record; none for those that are not asked."""
    found = [dict(each.scores) for each in heard]
    for kind in ("digital", "page"):
        rows = [row for row, each in enumerate(heard) if each.kind == kind and not each.silence]
        for member in calibration(kind).members if rows else ():
            if _looks_with(member.name) == "measured":
                many = np.stack([features[row] for row in rows])
                for row, scores in zip(rows, run_network(member.name, features=many), strict=True):
                    found[row][member.name] = scores
    return found


def window_scores(look: Look, network: str) -> Scores:
    """Average the logits of windows; what one beat decides takes half of the strongest window."""
    return gather(run_network(network, record=look.windows()), extra_beat_columns())


def whole_scores(look: Look, network: str) -> Scores:
    """Return the logits of the first 10 s."""
    scores: Scores = run_network(network, record=whole_record(look.signal, look.present))[0]
    return scores


def random_scores(look: Look, network: str) -> Scores:
    """Return the scores of random convolutions: of the whole record, or of the stacked columns."""
    if look.kind == "digital":
        signal = (look.signal * look.present)[None]
    else:
        signal = middle_stack(look.signal, look.present)[:, : len(STANDARD_LEADS)]
    scores: Scores = run_network(network, record=np.ascontiguousarray(signal, np.float32))[0]
    return scores


def measured_scores(look: Look, network: str) -> Scores:
    """Return the scores of the model that sees only measurements."""
    scores: Scores = run_network(network, features=look.features[None])[0]
    return scores


def gather(logits: NDArray[Any], strongest: NDArray[np.intp]) -> Scores:
    """Join the logits of windows, shape (windows, statements), to one row.

    `strongest`: columns in which the highest window counts as much as all together.
    """
    mean = logits.mean(axis=0)
    mean[strongest] = 0.5 * (mean[strongest] + logits[:, strongest].max(axis=0))
    scores: Scores = mean.astype(np.float32)
    return scores


@cache
def extra_beat_columns() -> NDArray[np.intp]:
    """Return the columns of statements that one beat can decide."""
    statements = calibration("digital").statements
    return np.array([statements.index(code) for code in EXTRA_BEATS if code in statements])


Reader = Callable[[Look, str], Scores]
_READERS: Final[Mapping[str, Reader]] = {
    "windows": window_scores,
    "whole": whole_scores,
    "random": random_scores,
    "measured": measured_scores,
}


def reader_of(name: str) -> Reader:
    """Return how a member of this name looks at a record: the second word of its name."""
    return _READERS[_looks_with(name)]


def _looks_with(name: str) -> str:
    """Return what a member looks at."""
    return name.split("_")[1]
