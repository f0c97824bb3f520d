"""R peaks against a detector of another library: SleepECG, two of leads II, V2 and V5 agreeing.

    pip install -e ".[bench]"
    python -m benchmarks.other_detector --data ../shared/data     # the disagreements, one by one

`benchmarks.measure` puts the table into docs/accuracy/measure.md where SleepECG is installed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.record import ECGRecord, Lead
from cardioalert.measure.detection import find_beats, find_beats_by_energy
from cardioalert.measure.preparation import WORKING_RATE, prepare

NEAR = 0.15  # s
ASKED = (Lead.II, Lead.V2, Lead.V5)
AGREEING = 2  # of those leads
ROOT = Path(__file__).resolve().parent.parent

LOOKED_AT = {
    266: "a T wave",
    425: "a ventricular beat at the edge, missing there",
    445: "a T wave before the first beat",
    722: "T waves",
    823: "a T wave before the first beat",
    987: "a beat marked 160 ms early, on P",
    3268: "a T wave before the first beat",
    5616: "a P wave",
    14615: "a beat marked 150 ms early, on P",
    15892: "a P wave",
    20878: "beats marked 150 ms early, on P",
}
"""What was at fault in the records of fold 9 where the two disagree: in each of them, the other."""

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
    found = find_beats(prepared, find_beats_by_energy(prepared))
    ours = np.asarray(found, dtype=np.float64) / WORKING_RATE
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
        own = [beats[np.abs(beats - second) <= NEAR] for beats in found]
        if sum(len(beats) > 0 for beats in own) >= AGREEING:
            middle = float(np.median(np.concatenate(own)))
            if not agreed or middle - agreed[-1] > NEAR:
                agreed.append(middle)
    return np.array(agreed)


def _without(beats: Doubles, others: Doubles) -> Doubles:
    """Return the beats that the others do not hold."""
    apart = np.abs(beats[:, None] - others[None, :]).min(axis=1, initial=np.inf)
    return np.asarray(beats[apart > NEAR])


def totals(compared: Iterable[Compared]) -> tuple[int, int, int, int]:
    """Return beats of ours, of theirs, those of ours they lack, and theirs that ours lack."""
    every = list(compared)
    return (
        sum(each.ours for each in every),
        sum(each.theirs for each in every),
        sum(len(each.only_ours) for each in every),
        sum(len(each.only_theirs) for each in every),
    )


def report(rows: Iterable[tuple[ECGRecord, dict[str, str]]]) -> str:
    """Return how far the two agree on some records, and who is at fault where they do not."""
    compared = {int(float(row["ecg_id"])): compare_beats(record) for record, row in rows}
    ours, theirs, without, missed = totals(compared.values())
    apart = [number for number, each in compared.items() if each.only_ours or each.only_theirs]
    unseen = [number for number in apart if number not in LOOKED_AT]
    fault = "Each was looked at: the fault is SleepECG's (T or P waves, or marks on P)."
    if unseen:
        fault = f"Not looked at yet: {unseen}; in the others the fault is SleepECG's."
    return (
        f"{len(compared)} records, against SleepECG (two of leads II, V2, V5): it has "
        f"{ours - without} of our {ours} beats ({(ours - without) / ours:.2%}), we have "
        f"{theirs - missed} of its {theirs} ({(theirs - missed) / theirs:.2%}). They disagree in "
        f"{len(apart)} records. {fault}"
    )


def main() -> None:
    from benchmarks.interpret import shared_fold  # noqa: PLC0415 - needs the networks

    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    options = parser.parse_args()
    compared = []
    for record, row in shared_fold(options.data, 9):
        found = compare_beats(record)
        compared.append(found)
        if found.only_ours or found.only_theirs:
            ours, theirs = (
                ", ".join(f"{second:.2f}" for second in each) or "none"
                for each in (found.only_ours, found.only_theirs)
            )
            print(f"{row['ecg_id']} {row['scp_codes']}: only ours {ours}; only theirs {theirs}")
    ours, theirs, without, missed = totals(compared)
    print(f"{len(compared)} records, {ours} beats, {theirs} of SleepECG")
    print(f"{missed} of theirs not found, {without} of ours not theirs")


if __name__ == "__main__":
    main()
