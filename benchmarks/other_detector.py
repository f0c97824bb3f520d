"""R peaks against a detector of another library: SleepECG, two of leads II, V2 and V5 agreeing.

    pip install -e ".[bench]"
    python -m benchmarks.other_detector --data ../shared/data     # the disagreements, one by one

`benchmarks.measure` puts the table into docs/accuracy/measure.md where SleepECG is installed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.record import ECGRecord, Lead
from cardioalert.measure.detection import find_beats
from cardioalert.measure.preparation import WORKING_RATE, prepare

NEAR = 0.15  # s
ASKED = (Lead.II, Lead.V2, Lead.V5)
AGREEING = 2  # of those leads
ROOT = Path(__file__).resolve().parent.parent

Doubles = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Compared:
    """The beats of one record, seconds, the first and last moments of it apart."""

    ours: int
    theirs: int
    only_ours: tuple[float, ...]
    only_theirs: tuple[float, ...]


def is_installed() -> bool:
    """Tell whether there is another detector to ask."""
    import importlib.util  # noqa: PLC0415 - only here

    return importlib.util.find_spec("sleepecg") is not None


def compare_beats(record: ECGRecord) -> Compared:
    """Compare the beats of a record with those of SleepECG."""
    prepared = prepare(record)
    ours = np.asarray(find_beats(prepared), dtype=np.float64) / WORKING_RATE
    theirs = their_beats(record)
    end = prepared.samples / WORKING_RATE - NEAR
    ours_inside, theirs_inside = (each[(each > NEAR) & (each < end)] for each in (ours, theirs))
    return Compared(
        ours=len(ours_inside),
        theirs=len(theirs_inside),
        only_ours=tuple(_without(ours_inside, theirs).tolist()),
        only_theirs=tuple(_without(theirs_inside, ours).tolist()),
    )


def their_beats(record: ECGRecord) -> Doubles:
    """Return the beats that two of three leads show, seconds."""
    import sleepecg  # noqa: PLC0415 - an extra

    found = []
    for lead in ASKED:
        signal = record.signal[record.leads.index(lead)].astype(np.float64)
        beats = sleepecg.detect_heartbeats(signal, record.sampling_rate)
        found.append(np.asarray(beats, dtype=np.float64) / record.sampling_rate)
    agreed: list[float] = []
    for second in np.sort(np.concatenate(found)).tolist():
        near = sum(bool((np.abs(beats - second) <= NEAR).any()) for beats in found)
        if near >= AGREEING and (not agreed or second - agreed[-1] > NEAR):
            agreed.append(second)
    return np.array(agreed)


def _without(beats: Doubles, others: Doubles) -> Doubles:
    """Return the beats that the others do not hold."""
    apart = np.abs(beats[:, None] - others[None, :]).min(axis=1, initial=np.inf)
    return np.asarray(beats[apart > NEAR])


def totals(records: Iterable[ECGRecord]) -> tuple[int, int, int, int]:
    """Return beats of ours, of theirs, those of ours they lack, and theirs that ours lack."""
    every = [compare_beats(record) for record in records]
    return (
        sum(each.ours for each in every),
        sum(each.theirs for each in every),
        sum(len(each.only_ours) for each in every),
        sum(len(each.only_theirs) for each in every),
    )


def disagreements(rows: Iterable[tuple[ECGRecord, dict[str, str]]]) -> Iterator[str]:
    """Yield one line for each record in which the two do not agree."""
    for record, row in rows:
        found = compare_beats(record)
        if found.only_ours or found.only_theirs:
            seconds = (
                ", ".join(f"{second:.2f}" for second in each)
                for each in (found.only_ours, found.only_theirs)
            )
            yield f"{row['ecg_id']} {row['scp_codes']}: only ours {{}}; only theirs {{}}".format(
                *seconds
            )


def main() -> None:
    from benchmarks.interpret import shared_fold  # noqa: PLC0415 - needs the networks

    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    options = parser.parse_args()
    rows = list(shared_fold(options.data, 9))
    ours, theirs, without, missed = totals(record for record, _ in rows)
    print(f"{len(rows)} records, {ours} beats, {theirs} of SleepECG")
    print(f"{missed} of theirs not found, {without} of ours not theirs")
    for line in disagreements(rows):
        print(line)


if __name__ == "__main__":
    main()
