"""Measure the measuring: beats, bounds and intervals against LUDB, and PTB-XL against itself.

Prints markdown tables and writes them to docs/accuracy/measure.md. Truth and tolerances:

- A predicted bound is right when an annotated bound of the same kind in the same lead lies within
  40 ms (QRS), 50 ms (P, T onset) or 100 ms (T offset); each annotation counts once. Predictions
  before the first and after the last annotated bound of a lead do not count as wrong: LUDB leaves
  out its first and last beats, often cutting between P and QRS.
- A wave begins, over all leads, when three tenths of the twelve annotated leads have begun, and
  ends when three tenths have still to end; the true interval of a record is the median over its
  beats. The true QT ends with the median of the three latest leads.
- The network that refines the bounds was trained on the same hundred LUDB records. With `--folds`
  each record is measured with a network that has not seen it (five networks, each trained without a
  fifth of the records); the tables say whether this was done. The constants of the rules were
  chosen on the same records, so both halves (every other record) are shown as well. A clean test
  needs the even LUDB ids and PTB-XL fold 10.
"""

from __future__ import annotations

import argparse
import runpy
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import other_detector
from benchmarks.documents import older_sections
from benchmarks.interpret import shared_fold
from benchmarks.measure_pages import Page, kept_pages
from cardioalert.domain.clinical import BeatClass, Measurements
from cardioalert.domain.record import STANDARD_LEADS, ECGRecord, Lead
from cardioalert.measure import measure
from cardioalert.measure.detection import find_beats, find_beats_by_energy
from cardioalert.measure.preparation import WORKING_RATE, prepare
from cardioalert.networks import delineator

Doubles = NDArray[np.float64]

HEADER = "<!-- Written by benchmarks/measure.py; do not edit. -->"
TOLERANCES = {"P on": 50, "P off": 50, "QRS on": 40, "QRS off": 40, "T on": 50, "T off": 100}  # ms
FIELDS = ("p_on", "p_off", "qrs_on", "qrs_off", "t_on", "t_off")
NEAR_BEAT = 0.15  # s
FOLDS = 5  # of the LUDB records
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class Annotated:
    """A LUDB record with its annotations: lead -> list of (kind, on, peak, off), seconds."""

    name: str
    record: ECGRecord
    waves: dict[Lead, list[tuple[str, float, float, float]]]
    rhythm: str


@dataclass
class Tally:
    """Right, wrong and missed bounds, and the errors of the right ones in ms."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    errors: list[float] = field(default_factory=list)

    @property
    def f1(self) -> float:
        return 2 * self.right / max(2 * self.right + self.wrong + self.missed, 1)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    arguments.add_argument("--output", type=Path, default=ROOT / "docs/accuracy/measure.md")
    arguments.add_argument("--folds", type=Path, help="foldN.onnx that have not seen fold N")
    arguments.add_argument("--records", type=int, help="so many of fold 9 only")
    arguments.add_argument("--pages", type=Path, help="kept by benchmarks.measure_pages")
    arguments.add_argument("--ludb-only", action="store_true", help="keep what else is written")
    data = arguments.parse_args()
    parts = sections(data.data, data.folds, data.records, data.pages)
    if data.ludb_only:
        parts = takewhile(lambda part: not part.startswith("## PTB-XL"), parts)
    text = "\n\n".join([HEADER, "# Accuracy of the measurements", *parts]) + "\n"
    text += older_sections(data.output, text)
    print(text)
    data.output.parent.mkdir(parents=True, exist_ok=True)
    data.output.write_text(text, encoding="utf-8")


def sections(
    data: Path, folds: Path | None, records_used: int | None, pages: Path | None
) -> Iterator[str]:
    """Yield the parts of the report."""
    ludb = [read_ludb(path.with_suffix("")) for path in sorted((data / "ludb/data").glob("*.hea"))]
    measured = [measured_unseen(one.name, one.record, folds) for one in ludb]
    yield (__doc__ or "").split("\n\n", 1)[1].strip()
    yield (
        "LUDB below: each record measured by a network that has not seen it."
        if folds
        else "**LUDB below: measured by the shipped network, which was trained on these records.**"
    )
    yield "## LUDB, odd ids: beats\n\n" + beats_table(ludb, measured)
    yield "## LUDB: bounds of single beats in single leads\n\n" + bounds_table(ludb, measured)
    yield "## LUDB: intervals of the record, measured minus true\n\n" + interval_table(
        ludb, measured
    )
    yield "## LUDB: the same under other definitions of the truth, ms\n\n" + definitions_table(
        ludb, measured
    )
    yield "## LUDB: what is refused, and honesty of the uncertainty\n\n" + honesty_table(
        ludb, measured
    )
    yield "## LUDB: the same records as 3x4 + II pages\n\n" + page_table(ludb, measured, folds)
    if pages is not None:
        yield "## LUDB: read from medium phone pictures of drawn pages\n\n" + phone_table(
            ludb, measured, list(kept_pages(pages)), folds
        )
    if other_detector.is_installed():
        yield "## R peaks: another library, PTB-XL fold 9\n\n" + other_detector.report(
            shared_fold(data, 9)
        )
    ptbxl = list(read_ptbxl(data / "ptbxl", fold=9))[:records_used]
    results = [timed(record) for record, _ in ptbxl]
    found = [result for result, _ in results]
    labels = [label for _, label in ptbxl]
    yield "## PTB-XL fold 9: two detectors\n\n" + detectors_table([record for record, _ in ptbxl])
    yield "## PTB-XL fold 9: rate, P waves, axis\n\n" + ptbxl_table(found, labels)
    records = [record for record, _ in ptbxl if record.sampling_rate == 500]
    whole = [result for result, (record, _) in zip(found, ptbxl, strict=True)
             if record.sampling_rate == 500]  # fmt: skip
    yield (
        "## PTB-XL fold 9: other forms of the same record, minus the 10-s record\n\n"
        + forms_table(records, whole)
    )
    yield "## Pages that print their own measurements\n\n" + printed_table(data / "images")
    yield "## Speed\n\n" + speed_text([seconds for _, seconds in results])


def measured_unseen(name: str, record: ECGRecord, folds: Path | None) -> Measurements:
    """Measure a LUDB record with the network of its fold, the shipped one without `folds`."""
    if folds is None:
        return measure(record)
    session = fold_network(folds / f"fold{int(name) // 2 % FOLDS}.onnx")
    shipped = delineator.run_network
    try:
        delineator.run_network = lambda _name, *, beat: session.run(None, {"beat": beat})[0]
        return measure(record)
    finally:
        delineator.run_network = shipped


@cache
def fold_network(path: Path) -> Any:
    """Open the network of one fold."""
    import onnxruntime  # noqa: PLC0415 - only here

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def page_table(ludb: list[Annotated], whole: list[Measurements], folds: Path | None) -> str:
    """Return the errors of the intervals read from pages beside those of the digital record."""
    pages = [measured_unseen(one.name, _page(one.record, rhythm=True), folds) for one in ludb]
    digital, paper = interval_errors(ludb, whole), interval_errors(ludb, pages)
    rows = []
    for name, pairs in paper.items():
        both = ~np.isnan(pairs[:, 0]) & ~np.isnan(digital[name][:, 0])
        ratio = np.std(pairs[both, 0]) / np.std(digital[name][both, 0])
        rows.append((name, int(both.sum()), _mean_sd(digital[name][both, 0]),
                     _mean_sd(pairs[both, 0]), f"{ratio:.2f}", *_within(pairs)))  # fmt: skip
    head = ("interval, ms", "n", "digital", "page", "SD page / digital", "within 1 SD", "within 2")
    return _table(head, rows)


WANTED_ON_PAGES = {"pr": 20, "qrs": 20, "qt": 60}  # ms, SD: twice the limits of a digital record


def phone_table(
    ludb: list[Annotated], whole: list[Measurements], pages: list[Page], folds: Path | None
) -> str:
    """Return the errors of the intervals of pages that were drawn, photographed and read back."""
    place = {one.name: row for row, one in enumerate(ludb)}
    drawn = [(place[page.name], page.record) for page in pages]
    read = [(row, record) for row, record in drawn if record is not None]
    chosen = [ludb[row] for row, _ in read]
    digital = [whole[row] for row, _ in read]
    paper = [measured_unseen(ludb[row].name, record, folds) for row, record in read]
    before, after = interval_errors(chosen, digital), interval_errors(chosen, paper)
    own = interval_differences(digital, paper)
    rows = []
    for name, wanted in WANTED_ON_PAGES.items():
        errors, known = after[name][:, 0], ~np.isnan(after[name][:, 0])
        spread = np.std(errors[known])
        low, high = _interval_of_sd(errors[known])
        both = known & ~np.isnan(before[name][:, 0])
        lost = int((np.isnan(errors) & ~np.isnan(before[name][:, 0])).sum())
        rows.append((name, int(known.sum()), lost, _mean_sd(before[name][both, 0]),
                     _mean_sd(errors), f"{low:.0f} to {high:.0f}", wanted,
                     f"{np.median(np.abs(errors[known])):.0f}", _mean_sd(own[name]),
                     *_within(after[name]), f"{spread / np.std(before[name][both, 0]):.1f}",
                     ))  # fmt: skip
    head = ("interval, ms", "n", "lost on paper", "digital less true", "page less true",
            "SD, 95 % interval", "SD wanted", "median size of the error", "page less digital",
            "within 1 SD", "within 2", "SD page / digital")  # fmt: skip
    refused = len(drawn) - len(read)
    return (
        f"{len(drawn)} pages ({refused} refused by the digitizer), `benchmarks.measure_pages`. "
        "True is LUDB's annotation of the ten seconds; the page shows 2.5 s of each lead, and a "
        f"rhythm strip on most.\n\n" + _table(head, rows)
    )


def interval_differences(
    whole: list[Measurements], parts: list[Measurements]
) -> dict[str, Doubles]:
    """Return what was measured on pages less what was in the digital records, ms."""
    return {
        name: np.array([1000 * (two.value(name) - one.value(name))
                        for one, two in zip(whole, parts, strict=True)])
        for name in WANTED_ON_PAGES
    }  # fmt: skip


def _interval_of_sd(errors: Doubles) -> tuple[float, float]:
    """Return the 95 % interval of a standard deviation, by bootstrap over records."""
    rng = np.random.default_rng(0)
    drawn = [np.std(rng.choice(errors, len(errors))) for _round in range(1000)]
    low, high = np.percentile(drawn, (2.5, 97.5))
    return float(low), float(high)


def _within(pairs: Doubles) -> tuple[str, str]:
    """Return the share of the errors within one and two of their uncertainties."""
    ratio = np.abs(pairs[:, 0] / pairs[:, 1])
    known = ratio[~np.isnan(ratio)]
    return (f"{100 * np.mean(known <= 1):.0f} %", f"{100 * np.mean(known <= 2):.0f} %")


def detectors_table(records: list[ECGRecord]) -> str:
    """Return how many beats of each detector the other finds, the ends of the record apart."""
    near = round(NEAR_BEAT * WORKING_RATE)
    found = shared = others_found = others_shared = 0
    for record in records:
        prepared = prepare(record)
        others = find_beats_by_energy(prepared)
        beats = find_beats(prepared, others)
        for one, two, mine in ((beats, others, True), (others, beats, False)):
            inner = one[(one > near) & (one < prepared.samples - near)]
            apart = np.abs(inner[:, None] - two[None, :])
            right = int((apart.min(axis=1, initial=near + 1) <= near).sum())
            found += mine * len(inner)
            shared += mine * right
            others_found += (not mine) * len(inner)
            others_shared += (not mine) * right
    rows = []
    for name, n, right in (
        ("beats of the second detector that the first has", others_found, others_shared),
        ("beats of the first detector that the second has", found, shared),
    ):
        share, low, high = _wilson(right, n)
        rows.append((name, n, f"{100 * share:.2f}", f"{100 * low:.2f} to {100 * high:.2f}"))
    return _table(("within 150 ms", "n", "%", "95 % interval"), rows)


PRINTED: dict[str, dict[str, float]] = {
    "prints/ecg00025.jpg": {"heart_rate": 82, "pr": 160, "qrs": 92, "qt": 392, "qrs_axis": -41},
    "prints/ecg00053.png": {"heart_rate": 61, "pr": 146, "qrs": 128, "qt": 490, "qrs_axis": 44},
    "paper_ecg/fullScan.png": {"heart_rate": 44, "pr": 166, "qrs": 100, "qt": 432},
}
"""What the carts printed on the pages that show it, read by eye; ms, /min, degrees."""


def printed_table(images: Path) -> str:
    """Return what a page prints beside what is measured on it."""
    from cardioalert.pipeline import digitize  # noqa: PLC0415 - only here

    rows = []
    for name, values in PRINTED.items():
        result = measure(digitize(images / name).record)
        cells = []
        for measure_name in ("heart_rate", "pr", "qrs", "qt", "qrs_axis"):
            factor = 1.0 if measure_name in ("heart_rate", "qrs_axis") else 1000.0
            own = factor * result.value(measure_name)
            sigma = factor * (result.values[measure_name].uncertainty or np.nan)
            printed = f"{values[measure_name]:.0f}" if measure_name in values else "-"
            cells.append(f"{printed} / {own:.0f} ± {sigma:.0f}")
        rows.append((name, *cells))
    head = ("page: printed / measured", "rate, /min", "PR, ms", "QRS, ms", "QT, ms", "axis, deg")
    note = "ecg00053 is paced: its pulse is drawn into the QRS on paper."
    return _table(head, rows) + f"\n\n{note}"


def read_ludb(stem: Path) -> Annotated:
    """Read one LUDB record with the annotations of all leads."""
    import wfdb  # noqa: PLC0415 - only here

    recorded = wfdb.rdrecord(str(stem))
    record = ECGRecord(
        signal=recorded.p_signal.T, sampling_rate=recorded.fs, leads=tuple(recorded.sig_name)
    )
    waves = {}
    for lead in record.leads:
        marks = wfdb.rdann(str(stem), lead.lower())
        waves[lead] = _waves(list(marks.symbol), marks.sample / recorded.fs)
    rhythm = next((line for line in recorded.comments if line.startswith("Rhythm")), "")
    return Annotated(name=stem.name, record=record, waves=waves, rhythm=rhythm)


def _waves(symbols: list[str], seconds: Doubles) -> list[tuple[str, float, float, float]]:
    """Return (kind, on, peak, off) of each annotated wave; NaN where a bracket is missing."""
    waves = []
    for k, symbol in enumerate(symbols):
        if symbol in "pNt":
            on = seconds[k - 1] if k and symbols[k - 1] == "(" else np.nan
            off = seconds[k + 1] if k + 1 < len(symbols) and symbols[k + 1] == ")" else np.nan
            waves.append((symbol, float(on), float(seconds[k]), float(off)))
    return waves


def read_ptbxl(folder: Path, *, fold: int) -> Iterator[tuple[ECGRecord, dict[str, Any]]]:
    """Yield the raw records of a fold with their rows of labels.csv."""
    load = runpy.run_path(str(folder.parent / "load.py"))
    labels = load["read_labels"]()
    for stem, rate in ((f"fold{fold:02}_0", 500.0), ("raw100", 100.0)):
        ids, shard = load["read_shard"](folder / stem)
        for ecg_id, counts in zip(ids, shard, strict=True):
            if int(labels[ecg_id]["strat_fold"]) != fold:
                continue
            twelve = (
                load["to_12_leads"](counts[None].astype(float))[0] if len(counts) == 8 else counts
            )
            yield (
                ECGRecord(signal=twelve / 1000, sampling_rate=rate, leads=STANDARD_LEADS),
                labels[ecg_id],
            )


def timed(record: ECGRecord) -> tuple[Measurements, float]:
    """Return the measurements and the CPU seconds they took."""
    start = time.process_time()
    result = measure(record)
    return result, time.process_time() - start


def beats_table(ludb: list[Annotated], measured: list[Measurements]) -> str:
    """Return sensitivity and precision of the R peaks against lead II."""
    right = missed = wrong = 0
    for one, result in zip(ludb, measured, strict=True):
        true = np.array([peak for kind, _, peak, _ in one.waves[Lead.II] if kind == "N"])
        found = result.beats.r_peaks
        found = found[(found >= true[0] - NEAR_BEAT) & (found <= true[-1] + NEAR_BEAT)]
        apart = np.abs(true[:, None] - found[None, :])
        right += int((apart.min(axis=1) <= NEAR_BEAT).sum())
        missed += int((apart.min(axis=1) > NEAR_BEAT).sum())
        wrong += int((apart.min(axis=0) > NEAR_BEAT).sum())
    rows = [
        ("sensitivity", right + missed, *_wilson(right, right + missed)),
        ("precision", right + wrong, *_wilson(right, right + wrong)),
    ]
    return _table(
        ("R peaks within 150 ms", "n", "%", "95 % interval"),
        [
            (name, n, f"{100 * p:.2f}", f"{100 * a:.2f} to {100 * b:.2f}")
            for name, n, p, a, b in rows
        ],
    )


def bounds_table(ludb: list[Annotated], measured: list[Measurements]) -> str:
    """Return F1 and error of each bound over all leads, and the macro-F1 by half and in II."""
    tallies = _tallies(ludb, measured, STANDARD_LEADS)
    rows = []
    for name, tally in tallies.items():
        n = tally.right + tally.missed
        rows.append((name, TOLERANCES[name], n, f"{tally.right / n:.3f}",
                     f"{tally.right / (tally.right + tally.wrong):.3f}", f"{tally.f1:.3f}",
                     f"{np.mean(tally.errors):+.1f}", f"{np.std(tally.errors):.1f}"))  # fmt: skip
    macros = {
        "all leads": tallies,
        "first half": _tallies(ludb[::2], measured[::2], STANDARD_LEADS),
        "second half": _tallies(ludb[1::2], measured[1::2], STANDARD_LEADS),
        "lead II": _tallies(ludb, measured, (Lead.II,)),
    }
    summary = ", ".join(
        f"{name} {np.mean([tally.f1 for tally in kinds.values()]):.3f}"
        for name, kinds in macros.items()
    )
    head = ("bound", "tolerance, ms", "n", "Se", "P+", "F1", "mean error, ms", "SD, ms")
    return _table(head, rows) + f"\n\nMacro-F1: {summary}."


def _tallies(
    ludb: list[Annotated], measured: list[Measurements], leads: tuple[Lead, ...]
) -> dict[str, Tally]:
    """Return the tally of each bound over some leads."""
    tallies = {name: Tally() for name in TOLERANCES}
    for one, result in zip(ludb, measured, strict=True):
        for lead in leads:
            times = [wave for wave in result.waves if wave.lead == lead]
            waves = one.waves[lead]
            marked = [second for _, *three in waves for second in three if not np.isnan(second)]
            for name, attribute in zip(TOLERANCES, FIELDS, strict=True):
                kind, side = "pNt"["PQT".index(name[0])], 1 if name.endswith("on") else 3
                true = np.array([wave[side] for wave in waves if wave[0] == kind])
                values = [getattr(wave, attribute) for wave in times]
                found = np.array([value for value in values if value is not None])
                _count(tallies[name], true[~np.isnan(true)], found, TOLERANCES[name] / 1000,
                       (min(marked), max(marked)))  # fmt: skip
    return tallies


def _count(
    tally: Tally, true: Doubles, found: Doubles, tolerance: float, span: tuple[float, float]
) -> None:
    """Match bounds one to one, nearest first, and add them to the tally."""
    found = found[(found >= span[0] - tolerance) & (found <= span[1] + tolerance)]
    free = np.ones(len(found), dtype=bool)
    for second in true:
        apart = np.where(free, np.abs(found - second), np.inf)
        if len(found) and apart.min() <= tolerance:
            best = int(np.argmin(apart))
            free[best] = False
            tally.right += 1
            tally.errors.append(1000 * (found[best] - second))
        else:
            tally.missed += 1
    tally.wrong += int((free & (found >= span[0]) & (found <= span[1])).sum())


def true_intervals(
    one: Annotated, r_peaks: Doubles, onset: Onset | None = None
) -> dict[str, float]:
    """Return the true p_duration, pr, qrs and qt of a record in ms, NaN where not annotated."""
    rows: list[tuple[float, ...]] = []
    begun = onset or three_tenths
    for r in r_peaks:
        bounds = np.full((len(STANDARD_LEADS), 6), np.nan)
        for row, lead in enumerate(STANDARD_LEADS):
            bounds[row] = bounds_of_beat(one.waves[lead], float(r))
        if np.isnan(bounds[:, 2]).sum() > 3:
            continue
        p_on, qrs_on = _first(bounds[:, 0], begun), _first(bounds[:, 2], begun)
        p_off, qrs_off = -_first(-bounds[:, 1], begun), -_first(-bounds[:, 3], begun)
        ends = np.sort(bounds[:, 5][~np.isnan(bounds[:, 5])])
        t_off = float(np.median(ends[-3:])) if len(ends) >= 6 else np.nan
        rows.append((p_off - p_on, qrs_on - p_on, qrs_off - qrs_on, t_off - qrs_on))
    table = 1000 * np.array(rows).reshape(-1, 4)
    known = [column[~np.isnan(column)] for column in table.T]
    medians = [float(np.median(column)) if len(column) else np.nan for column in known]
    return dict(zip(("p_duration", "pr", "qrs", "qt"), medians, strict=True))


def bounds_of_beat(waves: list[tuple[str, float, float, float]], r: float) -> list[float]:
    """Return p on and off, QRS on and off, T on and off of the beat at `r` in one lead."""
    near = [k for k, wave in enumerate(waves) if wave[0] == "N" and abs(wave[2] - r) < NEAR_BEAT]
    if not near:
        return [np.nan] * 6
    k = near[0]
    nothing = ("", np.nan, np.nan, np.nan)
    p = waves[k - 1] if k and waves[k - 1][0] == "p" else nothing
    t = waves[k + 1] if k + 1 < len(waves) and waves[k + 1][0] == "t" else nothing
    return [p[1], p[3], waves[k][1], waves[k][3], t[1], t[3]]


def three_tenths(bounds: Doubles) -> float:
    """Return the time by which three tenths of the leads have begun."""
    return float(np.quantile(bounds, 0.3))


Onset = Callable[[Doubles], float]
DEFINITIONS: dict[str, Onset] = {
    "three tenths of the leads (used above)": three_tenths,
    "median lead": lambda bounds: float(np.median(bounds)),
    "mean of second to fourth": lambda bounds: float(np.sort(bounds)[1:4].mean()),
    "second lead": lambda bounds: float(np.sort(bounds)[1]),
    "very first and very last lead": lambda bounds: float(bounds.min()),
}


def _first(bounds: Doubles, onset: Onset) -> float:
    """Return the onset over all leads, NaN where fewer than six are annotated."""
    known = bounds[~np.isnan(bounds)]
    return onset(known) if len(known) >= 6 else np.nan


def interval_errors(
    ludb: list[Annotated], measured: list[Measurements], onset: Onset | None = None
) -> dict[str, Doubles]:
    """Return error and uncertainty of each interval, ms, shape (records, 2); NaN where absent."""
    errors: dict[str, list[tuple[float, float]]] = {}
    for one, result in zip(ludb, measured, strict=True):
        dominant = [kind is BeatClass.DOMINANT for kind in result.beats.classes]
        true = true_intervals(one, result.beats.r_peaks[dominant], onset)
        for name, value in true.items():
            sigma = result.values[name].uncertainty
            error = 1000 * result.value(name) - value
            errors.setdefault(name, []).append((error, 1000 * sigma if sigma else np.nan))
    return {name: np.array(rows) for name, rows in errors.items()}


def interval_table(ludb: list[Annotated], measured: list[Measurements]) -> str:
    """Return mean and SD of the error of each interval, for all records and both halves."""
    rows = []
    for name, pairs in interval_errors(ludb, measured).items():
        rows.append((name, *_error_columns(pairs[:, 0]), *(
            _mean_sd(half) for half in (pairs[::2, 0], pairs[1::2, 0])
        )))  # fmt: skip
    head = (*ERROR_HEAD, "first half", "second half")
    return _table(("interval, ms", *head), rows)


def definitions_table(ludb: list[Annotated], measured: list[Measurements]) -> str:
    """Return the same errors against other readings of "earliest onset to latest end"."""
    rows = []
    for name, onset in DEFINITIONS.items():
        errors = interval_errors(ludb, measured, onset)
        rows.append((name, *(_mean_sd(pairs[:, 0]) for pairs in errors.values())))
    return _table(("the true wave begins and ends with", "p_duration", "pr", "qrs", "qt"), rows)


def honesty_table(ludb: list[Annotated], measured: list[Measurements]) -> str:
    """Return how many values are refused, invented, and within 1, 2 and 3 uncertainties."""
    rows = []
    for name, pairs in interval_errors(ludb, measured).items():
        ratio = np.abs(pairs[:, 0] / pairs[:, 1])
        known = ratio[~np.isnan(ratio)]
        given = np.array([result.values[name].value is not None for result in measured])
        annotated = np.array([not np.isnan(true_intervals(one, result.beats.r_peaks)[name])
                              for one, result in zip(ludb, measured, strict=True)])  # fmt: skip
        rows.append((name, int((annotated & ~given).sum()), int((given & ~annotated).sum()),
                     *(f"{100 * np.mean(known <= k):.0f} %" for k in (1, 2, 3))))  # fmt: skip
    head = ("interval", "annotated but refused", "given but not annotated",
            "within 1 SD", "within 2", "within 3")  # fmt: skip
    return _table(head, rows)


def ptbxl_table(found: list[Measurements], labels: list[dict[str, Any]]) -> str:
    """Return agreement of the detectors, P waves by rhythm label, PR and axis by label."""
    agreement = np.array([result.beats.agreement for result in found])
    lines = [
        f"- {len(found)} records measured, none failed; two detectors agree (F1 >= 0.9) in "
        f"{100 * np.mean(agreement >= 0.9):.1f} %, median {np.median(agreement):.3f}."
    ]
    lines.append(f"- Heart rate absent in {sum(np.isnan(r.value('heart_rate')) for r in found)}.")
    for code, text in (("SR", "sinus rhythm"), ("AFIB", "fibrillation"), ("AFLT", "flutter")):
        chosen = [
            r for r, row in zip(found, labels, strict=True) if f"'{code}'" in row["scp_codes"]
        ]
        given = [r for r in chosen if r.values["p_duration"].value is not None]
        lines.append(f"- P wave reported in {len(given)} of {len(chosen)} labelled {text}.")
    for code in ("1AVB", "NORM"):
        pr = np.array([1000 * r.value("pr") for r, row in zip(found, labels, strict=True)
                       if f"'{code}'" in row["scp_codes"]])  # fmt: skip
        pr = pr[~np.isnan(pr)]
        lines.append(f"- PR over 200 ms in {(pr > 200).sum()} of {len(pr)} labelled {code}.")
    for label, text in (("MID", "normal"), ("LAD", "left"), ("ALAD", "far left"), ("RAD", "right")):
        axes = np.array([r.value("qrs_axis") for r, row in zip(found, labels, strict=True)
                         if row["heart_axis"] == label])  # fmt: skip
        axes = axes[~np.isnan(axes)]
        if len(axes) >= 5:
            low, middle, high = np.percentile(axes, (5, 50, 95))
            lines.append(f"- QRS axis labelled {text} ({label}): median {middle:.0f} degrees, "
                         f"90 % within {low:.0f} to {high:.0f}, n = {len(axes)}.")  # fmt: skip
    normal = [r for r, row in zip(found, labels, strict=True) if "'NORM'" in row["scp_codes"]]
    for name in ("p_duration", "pr", "qrs", "qt", "qtc_fridericia"):
        values = np.array([1000 * r.value(name) for r in normal])
        low, middle, high = np.nanpercentile(values, (2.5, 50, 97.5))
        lines.append(f"- {name} of those labelled NORM: median {middle:.0f} ms, "
                     f"95 % within {low:.0f} to {high:.0f}.")  # fmt: skip
    return "\n".join(lines)


def forms_table(records: list[ECGRecord], whole: list[Measurements]) -> str:
    """Return what changes when a record is printed, cut down or slowed down."""
    forms: dict[str, Callable[[ECGRecord], ECGRecord]] = {
        "100 Hz": lambda record: _slower(record, 100.0),
        "3x4 + II page, 8 px per mm, 0.02 mV noise": lambda record: _page(record, rhythm=True),
        "3x4 page, 8 px per mm, 0.02 mV noise": lambda record: _page(record, rhythm=False),
        "lead II only": lambda record: ECGRecord(
            signal=record.signal[1:2], sampling_rate=record.sampling_rate, leads=(Lead.II,)
        ),
    }
    parts = []
    for form, change in forms.items():
        changed = [measure(change(record)) for record in records]
        rows = []
        for label, unit, value in _compared():
            before = np.array([value(result) for result in whole])
            after = np.array([value(result) for result in changed])
            lost = int((~np.isnan(before) & np.isnan(after)).sum())
            rows.append((label, unit, *_error_columns(after - before), lost))
        parts.append(f"**{form}**\n\n" + _table(("value", "unit", *ERROR_HEAD, "lost"), rows))
    return "\n\n".join(parts)


def _compared() -> list[tuple[str, str, Callable[[Measurements], float]]]:
    """Return what is compared between forms: label, unit, and how it is read."""

    def named(name: str, factor: float) -> Callable[[Measurements], float]:
        return lambda result: factor * result.value(name)

    def of_lead(lead: Lead, name: str) -> Callable[[Measurements], float]:
        def read(result: Measurements) -> float:
            value = getattr(result.leads[lead], name) if lead in result.leads else None
            return np.nan if value is None else float(value)

        return read

    return [
        ("heart rate", "/min", named("heart_rate", 1)),
        ("PR", "ms", named("pr", 1000)),
        ("QRS", "ms", named("qrs", 1000)),
        ("QT", "ms", named("qt", 1000)),
        ("QRS axis", "deg", named("qrs_axis", 1)),
        ("ST at J, V2", "mV", of_lead(Lead.V2, "st_j")),
        ("ST at J, II", "mV", of_lead(Lead.II, "st_j")),
        ("S in V1", "mV", named("sv1", 1)),
        ("R in V5", "mV", named("rv5", 1)),
    ]


def _slower(record: ECGRecord, rate: float) -> ECGRecord:
    """Return a record at a lower sampling rate."""
    from cardioalert.dsp import resample  # noqa: PLC0415 - only here

    signal = resample(record.signal, from_rate=record.sampling_rate, to_rate=rate)
    return ECGRecord(signal=signal, sampling_rate=rate, leads=record.leads)


def _page(record: ECGRecord, *, rhythm: bool) -> ECGRecord:
    """Return a 3x4 page of a record: 8 px per mm, noise, NaN outside each lead's column."""
    slow = _slower(record, 200.0)
    noise = np.random.default_rng(0).normal(0.0, 0.02, slow.signal.shape)
    pixel = 0.0125  # mV, at 8 px per mm
    drawn = np.round((slow.signal + noise) / pixel) * pixel
    signal = np.full(slow.signal.shape, np.nan)
    quarter = slow.signal.shape[1] // 4
    for row in range(len(slow.leads)):
        shown = slice(row // 3 * quarter, (row // 3 + 1) * quarter)
        if rhythm and slow.leads[row] == Lead.II:
            shown = slice(None)
        signal[row, shown] = drawn[row, shown]
    return ECGRecord(signal=signal, sampling_rate=200.0, leads=slow.leads)


def speed_text(seconds: list[float]) -> str:
    """Return the time per record."""
    low, middle, high = 1000 * np.percentile(seconds[5:], (5, 50, 95))
    return (
        f"One 12-lead record of 10 s: median {middle:.0f} ms of one core "
        f"(90 % within {low:.0f} to {high:.0f})."
    )


ERROR_HEAD = ("n", "mean", "95 % interval of the mean", "SD", "median", "95 % of errors within")


def _error_columns(errors: Doubles) -> tuple[str, ...]:
    """Return n, mean, its interval, SD, median and the central 95 % of errors."""
    known = errors[~np.isnan(errors)]
    if len(known) < 2:
        return (str(len(known)), *["-"] * 5)
    digits = 1 if np.std(known) > 0.5 else 3
    half = 1.96 * np.std(known, ddof=1) / np.sqrt(len(known))
    mean = float(np.mean(known))
    low, high = np.percentile(known, (2.5, 97.5))
    return (
        str(len(known)),
        f"{mean:+.{digits}f}",
        f"{mean - half:+.{digits}f} to {mean + half:+.{digits}f}",
        f"{np.std(known):.{digits}f}",
        f"{np.median(known):+.{digits}f}",
        f"{low:+.{digits}f} to {high:+.{digits}f}",
    )


def _mean_sd(errors: Doubles) -> str:
    """Return mean and SD as one text."""
    known = errors[~np.isnan(errors)]
    return f"{np.mean(known):+.1f} ± {np.std(known):.1f}"


def _wilson(right: int, total: int) -> tuple[float, float, float]:
    """Return a share with its 95 % interval (Wilson)."""
    z = 1.96
    share = right / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * np.sqrt(share * (1 - share) / total + z * z / (4 * total**2)) / (1 + z * z / total)
    return share, middle - half, middle + half


def _table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    """Return a markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
