"""Say how probable each statement is: the ensemble of interpretation networks.

Members look at different things, which is why their average is better than any of them: windows of
2.5 s, the whole record, random convolutions of it, and what was measured in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.clinical import Measurements
from cardioalert.domain.opinion import InputKind, Opinion
from cardioalert.domain.record import STANDARD_LEADS, ECGRecord
from cardioalert.dsp import Mask
from cardioalert.networks.calibration import Calibration, calibration
from cardioalert.networks.features import measured_features
from cardioalert.networks.quality import signal_quality
from cardioalert.networks.sessions import run_network
from cardioalert.networks.signals import prepare_signal
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
of hospital carts (PTB-XL fold 9) is below it: the lowest has 0.34."""
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
    signal_quality : float, optional, 0-1
        Of digital records with twelve leads.
    """

    signal: NDArray[np.float32]
    present: Mask
    features: NDArray[np.float32]
    kind: InputKind
    signal_quality: float | None = None

    def windows(self) -> NDArray[np.float32]:
        """Return pieces of 2.5 s, shape (windows, 24, 250)."""
        cut = strided_windows if self.kind == "digital" else stacked_windows
        return cut(self.signal, self.present)


def look_at(record: ECGRecord, measurements: Measurements, *, kind: InputKind) -> Look:
    """Bring a record into the form the members know."""
    rows = np.full((len(STANDARD_LEADS), record.signal.shape[1]), np.nan, np.float32)
    for row, lead in enumerate(STANDARD_LEADS):
        if lead in record.leads:
            rows[row] = record.lead(lead)
    signal, present = prepare_signal(rows, record.sampling_rate)
    return Look(signal=signal, present=present, features=measured_features(measurements), kind=kind)


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

    @property
    def kind(self) -> InputKind:
        """Which calibration holds."""
        return "page" if self.on_paper else "digital"


def classify_all(questions: Sequence[Question]) -> list[Opinion]:
    """Return the networks' opinions of many records, the same as if each were asked for alone.

    Networks that read a few hundred numbers see all records in one run. Those that read the signal
    see one record at a time: what they make of several at once does not fit the cache of a core,
    and takes half as long again.
    """
    looks = [_look_or_silence(question) for question in questions]
    heard = [look for look in looks if isinstance(look, Look)]
    scores = iter(_scores_of_all(heard))
    return [
        _opinion(question, look, next(scores)) if isinstance(look, Look) else look
        for question, look in zip(questions, looks, strict=True)
    ]


def _look_or_silence(question: Question) -> Look | Opinion:
    """Return what the members see, or the opinion that says why they are not asked."""
    record, kind = question.record, question.kind
    if not question.scale_confirmed:
        return Opinion(kind=kind, silence="scale-unconfirmed")
    look = look_at(record, question.measurements, kind=kind)
    usable = int((look.present.sum(axis=1) >= WINDOW // 2).sum())
    if usable < FEWEST_LEADS:
        return Opinion(kind=kind, silence="too-few-leads")
    if look.present.sum(axis=1).max() < SHORTEST:
        return Opinion(kind=kind, silence="too-short")
    if kind == "page" or not record.has(STANDARD_LEADS):
        return look
    quality = signal_quality(record)
    if quality < LOWEST_QUALITY:
        return Opinion(kind=kind, silence="poor-signal", signal_quality=quality)
    return replace(look, signal_quality=quality)


def _opinion(question: Question, look: Look, scores: Mapping[str, Scores]) -> Opinion:
    """Return the opinion that the members' scores add up to."""
    opinion = form_opinion(scores, calibration(question.kind), kind=question.kind)
    return replace(opinion, signal_quality=look.signal_quality)


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
    """Return the scores of every member that can read the record, shape (statements,) each.

    The ridge regressions on random convolutions learned from twelve leads and from nothing less.
    """
    return _scores_of_all([look])[0]


def _scores_of_all(looks: Sequence[Look]) -> list[dict[str, Scores]]:
    """Return the scores of every member for each record."""
    found: list[dict[str, Scores]] = [{} for _ in looks]
    for kind in {look.kind for look in looks}:
        rows = [row for row, look in enumerate(looks) if look.kind == kind]
        for name in (member.name for member in calibration(kind).members):
            if _looks_with(name) == "measured":
                many = np.stack([looks[row].features for row in rows])
                for row, scores in zip(rows, run_network(name, features=many), strict=True):
                    found[row][name] = scores
                continue
            for row in rows:
                complete = bool(looks[row].present.any(axis=1).all())
                if complete or _looks_with(name) != "random":
                    found[row][name] = reader_of(name)(looks[row], name)
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
