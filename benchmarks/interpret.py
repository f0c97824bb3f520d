"""Measure the interpretation: statements, verdicts, calibration, findings, pages.

    python -m benchmarks.interpret                       # PTB-XL fold 9 of ../shared/data
    python -m benchmarks.interpret --ptbxl DIR           # the whole PTB-XL: its test, fold 10
    python -m benchmarks.interpret --pages DIR           # also pages that round_trip.py read back

Everything goes through the code that ships: `measure`, `classify`, `interpret`. Prints markdown and
writes it to docs/accuracy/interpret.md (fold 10: docs/accuracy/interpret_fold10.md).
"""

from __future__ import annotations

import argparse
import ast
import csv
import runpy
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from cardioalert_models.zoo import read_card
from numpy.typing import NDArray
from scipy.stats import rankdata

from benchmarks.documents import older_sections
from benchmarks.other_devices import hospitals_section, ludb_section
from cardioalert.domain.opinion import Opinion
from cardioalert.domain.patient import Patient, Sex
from cardioalert.domain.record import STANDARD_LEADS, ECGRecord
from cardioalert.interpret import interpret
from cardioalert.measure import measure
from cardioalert.networks.calibration import calibration
from cardioalert.networks.classifier import classify, look_at, member_scores

ROOT = Path(__file__).resolve().parent.parent
HEADER = "<!-- Written by benchmarks/interpret.py; do not edit. -->"
FEWEST = 10  # positives
ROUNDS = 500  # of the bootstrap
BINS = 15
GROUPS = {
    "AF or flutter": ("AFIB", "AFLT"),
    "complete bundle branch block": ("CLBBB", "CRBBB"),
    "LVH": ("LVH",),
    "any infarction": ("IMI", "ASMI", "AMI", "ALMI", "ILMI", "LMI", "IPLMI", "IPMI", "PMI"),
    "PVC": ("PVC",),
    "any ischaemia (ISC*)": ("ISC_", "ISCAL", "ISCIN", "ISCIL", "ISCAS", "ISCLA", "ISCAN"),
    "normal (NORM)": ("NORM",),
}
TARGETS = {
    "AF or flutter": 0.985,
    "complete bundle branch block": 0.99,
    "LVH": 0.94,
    "any infarction": 0.93,
    "PVC": 0.98,
}


@dataclass(kw_only=True)
class Case:
    """One record, its labels and what the program says of it."""

    number: int
    codes: frozenset[str]
    age: float
    sex: str
    opinion: Opinion
    scores: NDArray[np.float64]  # blended, per statement; AUROC needs no calibration
    overall: str = ""
    urgency: str = ""
    findings: tuple[str, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)


sys.path.insert(0, str(ROOT / "models"))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--ptbxl", type=Path, help="folder of the whole PTB-XL 1.0.3")
    parser.add_argument("--fold", type=int, help="default: 9 of --data, 10 of --ptbxl")
    parser.add_argument("--pages", type=Path, help="folder of pages that were read back")
    parser.add_argument("--limit", type=int, default=100_000)
    parser.add_argument("--robustness", type=int, default=0, help="records to change")
    parser.add_argument("--devices", action="store_true", help="LUDB and other hospitals, too")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    fold = options.fold or (10 if options.ptbxl else 9)
    source = whole_ptbxl(options.ptbxl, fold) if options.ptbxl else shared_fold(options.data, fold)
    rows = [one for _, one in zip(range(options.limit), source, strict=False)]
    cases = [judge(*one) for one in rows]
    pages = list(read_pages(options.pages, cases)) if options.pages else []
    worse = dict(changed_cases(rows[: options.robustness]))
    parts = [HEADER, *sections(cases, pages, worse, fold)]
    if (options.data / "ludb").is_dir() and options.devices:
        parts += ["## Other devices", ludb_section(options.data / "ludb" / "data", auroc)]
        parts += [hospitals_section(options.data / "other_hospitals")]
    name = "interpret.md" if fold == 9 else f"interpret_fold{fold}.md"
    target = options.output or ROOT / "docs" / "accuracy" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    text = "\n\n".join(parts) + "\n"
    text += older_sections(target, text)
    print(text)
    target.write_text(text, encoding="utf-8")


# ---- records ------------------------------------------------------------------------------------

Row = tuple[ECGRecord, dict[str, str]]


def shared_fold(data: Path, fold: int) -> Iterator[Row]:
    """Yield the raw records of one fold of the shared recordings."""
    reader = runpy.run_path(str(data / "load.py"))
    labels = reader["read_labels"]()
    seen = set()
    for stem in sorted((data / "ptbxl").glob("*.json")):
        if stem.name.startswith("z_") or (
            stem.name.startswith("fold") and stem.name[4:6] != f"{fold:02d}"
        ):
            continue
        numbers, counts = reader["read_shard"](stem.with_suffix(""))
        if counts.shape[1] == 8:
            counts = reader["to_12_leads"](counts)
        for number, signal in zip(numbers, counts, strict=True):
            if int(labels[number]["strat_fold"]) == fold and number not in seen:
                seen.add(number)
                yield as_record(signal * 1e-3, counts.shape[2] / 10.0), labels[number]


def whole_ptbxl(folder: Path, fold: int) -> Iterator[Row]:
    """Yield the 500 Hz records of one fold of the whole PTB-XL."""
    import wfdb  # noqa: PLC0415 - needed for this only

    with (folder / "ptbxl_database.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if int(row["strat_fold"]) == fold:
                record = wfdb.rdrecord(str(folder / row["filename_hr"]))
                yield as_record(record.p_signal.T, float(record.fs)), row


def as_record(signal: NDArray[np.floating], rate: float) -> ECGRecord:
    return ECGRecord(signal=signal.astype(np.float32), sampling_rate=rate, leads=STANDARD_LEADS)


def without(record: ECGRecord, names: str) -> ECGRecord:
    signal = record.signal.copy()
    signal[[STANDARD_LEADS.index(name) for name in names.split()]] = np.nan
    return replace(record, signal=signal)


def as_page(record: ECGRecord) -> ECGRecord:
    """Keep a quarter of each lead, and the whole of lead II, as a 3x4 page does."""
    signal = record.signal.copy()
    quarter = signal.shape[1] // 4
    for row in (0, *range(2, 12)):
        first = quarter * (row // 3)
        signal[row, :first] = np.nan
        signal[row, first + quarter :] = np.nan
    return replace(record, signal=signal)


def noisy(record: ECGRecord, size: float) -> ECGRecord:
    rng = np.random.default_rng(record.signal.size)
    clock = np.arange(record.signal.shape[1]) / record.sampling_rate
    mains = size * np.sin(2 * np.pi * 50.0 * clock)
    noise = rng.normal(0.0, size, record.signal.shape) + mains
    return replace(record, signal=record.signal + noise.astype(np.float32))


CHANGES: dict[str, Callable[[ECGRecord], ECGRecord]] = {
    "none": lambda record: record,
    "3x4 page, ideal": as_page,
    "V3 missing": lambda record: without(record, "V3"),
    "V4 V5 V6 missing": lambda record: without(record, "V4 V5 V6"),
    "gain 10 % high": lambda record: replace(record, signal=1.1 * record.signal),
    "gain 10 % low": lambda record: replace(record, signal=0.9 * record.signal),
    "speed read 5 % fast": lambda record: replace(
        record, sampling_rate=1.05 * record.sampling_rate
    ),
    "50 mm/s read as 25": lambda record: replace(record, sampling_rate=0.5 * record.sampling_rate),
    "noise and mains, 0.03 mV": lambda record: noisy(record, 0.03),
    "noise and mains, 0.1 mV": lambda record: noisy(record, 0.1),
}


def changed_cases(rows: Sequence[Row]) -> Iterator[tuple[str, list[Case]]]:
    """Yield what the program says of records that were made worse."""
    for name, change in CHANGES.items():
        on_paper = "page" in name
        yield name, [judge(change(record), row, on_paper=on_paper) for record, row in rows]


def judge(record: ECGRecord, row: dict[str, str], *, on_paper: bool = False) -> Case:
    """Measure, classify and interpret one record."""
    clock = [time.process_time()]
    measured = measure(record)
    clock.append(time.process_time())
    opinion = classify(record, measured, on_paper=on_paper)
    clock.append(time.process_time())
    age = float(row["age"] or "nan")
    sex = {"0": Sex.MALE, "1": Sex.FEMALE}.get(row["sex"].split(".", maxsplit=1)[0])
    adult = age >= 18 and age < 120
    person = Patient(age=age if adult else None, sex=sex)
    result = interpret(measured, record, person, opinion=opinion, on_paper=on_paper)
    clock.append(time.process_time())
    look = look_at(record, measured, kind="page" if on_paper else "digital")
    return Case(
        number=int(float(row["ecg_id"])),
        codes=frozenset(ast.literal_eval(row["scp_codes"])),
        age=age,
        sex="" if sex is None else sex.value,
        opinion=opinion,
        scores=calibration(look.kind).blend(member_scores(look)),
        overall=result.overall.value,
        urgency=result.urgency.label,
        findings=tuple(each.code for each in result.findings),
        seconds=dict(zip(("measure", "classify", "interpret"), np.diff(clock), strict=True)),
    )


def read_pages(folder: Path, cases: Sequence[Case]) -> Iterator[Case]:
    """Yield the records that were drawn, photographed and read back."""
    from training.interpretation.round_trip import read_page  # noqa: PLC0415 - needs the path

    for case in cases:
        path = folder / f"{case.number}.npz"
        record = read_page(path) if path.exists() else None
        if record is not None:
            codes = str(dict.fromkeys(case.codes, 100.0))
            sex = {"male": "0", "female": "1"}.get(case.sex, "")
            row = {"ecg_id": str(case.number), "scp_codes": codes, "sex": sex}
            yield judge(record, {**row, "age": str(case.age)}, on_paper=True)


# ---- figures ------------------------------------------------------------------------------------


def auroc(present: NDArray[np.bool_], score: NDArray[np.floating]) -> float:
    count = int(present.sum())
    if count in (0, len(present)):
        return float("nan")
    ranks = rankdata(score)
    return float((ranks[present].sum() - count * (count + 1) / 2) / (count * (~present).sum()))


def average_precision(present: NDArray[np.bool_], score: NDArray[np.floating]) -> float:
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(present[order])
    precision = hits / np.arange(1, len(order) + 1)
    return float(precision[present[order]].mean()) if present.any() else float("nan")


def table_of(cases: Sequence[Case]) -> tuple[list[str], NDArray[np.bool_], NDArray[np.float64]]:
    """Return statements, labels and blended scores, each (records, statements)."""
    kind = cases[0].opinion.kind
    statements = list(calibration(kind).statements)
    present = np.array([[code in case.codes for code in statements] for case in cases])
    return statements, present, np.stack([case.scores for case in cases])


def macro(present: NDArray[np.bool_], scores: NDArray, columns: Sequence[int]) -> float:
    return float(np.nanmean([auroc(present[:, k], scores[:, k]) for k in columns]))


def drawn_again(count: int) -> Iterator[NDArray[np.intp]]:
    rng = np.random.default_rng(0)
    for _round in range(ROUNDS):
        yield rng.integers(0, count, count)


def with_interval(value: float, drawn: Sequence[float]) -> str:
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return f"{value:.3f} ({low:.3f}-{high:.3f})"


def calibration_error(probability: NDArray, present: NDArray) -> float:
    parts = np.array_split(np.argsort(probability, kind="stable"), BINS)
    gaps = [abs(probability[p].mean() - present[p].mean()) * len(p) for p in parts if len(p)]
    return float(np.sum(gaps) / len(probability))


# ---- the report ---------------------------------------------------------------------------------


def sections(
    cases: Sequence[Case], pages: Sequence[Case], worse: Mapping[str, Sequence[Case]], fold: int
) -> Iterator[str]:
    yield f"# Accuracy of the interpretation, PTB-XL fold {fold}"
    yield intro(fold, len(cases))
    yield "## Digital records, ten seconds\n\n" + summary(cases)
    yield statements_table(cases)
    if fold == 9:
        yield "## Calibration\n\n" + crossfitted(cases)
    yield "## Groups\n\n" + groups_table(cases)
    yield "## Age and sex\n\n" + subgroups(cases)
    yield "## How sure, and how often it stays silent\n\n" + coverage(cases)
    if any(worse.values()):
        yield "## Fewer leads, other gain, other speed, noise\n\n" + robustness(worse)
    yield "## What the whole interpretation says\n\n" + outcomes(cases)
    yield "## Whether a recording can be read\n\n" + quality_text()
    if pages:
        yield "## The same records as pages, photographed and read back\n\n" + page_section(
            pages, cases
        )
    yield "## Processor time\n\n" + timing(cases)


def intro(fold: int, count: int) -> str:
    kept = (
        "Fold 9 also chose the weights of the members and fitted calibration and verdicts, so its "
        "calibration is shown cross-fitted by `models/training/interpretation`, and the figures "
        "here are a little optimistic; nothing was trained on it. "
        if fold == 9
        else "Nothing was trained, chosen or calibrated on this fold. "
    )
    return (
        f"{count} raw records. {kept}Intervals: 95 %, bootstrap over records, {ROUNDS} rounds. "
        "Labels are those of PTB-XL, any likelihood. Published networks with 6.5 times as many "
        "training records reach 0.925 to 0.949 over all 71 statements of fold 10; figures over "
        "statements with ten positives in a smaller fold are not the same quantity."
    )


def noise_floor(probability: NDArray, rounds: int = 50) -> float:
    """Return the calibration error that perfect probabilities would show in so few records."""
    rng = np.random.default_rng(0)
    drawn = (rng.random(len(probability)) < probability for _round in range(rounds))
    return float(np.mean([calibration_error(probability, truth) for truth in drawn]))


def crossfitted(cases: Sequence[Case]) -> str:
    """Return the calibration error of probabilities fitted on other records."""
    from training.interpretation import publish  # noqa: PLC0415 - training code, beside the package

    _, present, scores = table_of(cases)
    found = publish.cross_fitted(scores, present.astype(float))
    enough = np.flatnonzero(present.sum(axis=0) >= FEWEST)
    errors = [calibration_error(found[:, k], present[:, k]) for k in enough]
    floor = [noise_floor(found[:, k]) for k in enough]
    bias = [abs(found[:, k].mean() - present[:, k].mean()) for k in enough]
    brier = [np.mean((found[:, k] - present[:, k]) ** 2) for k in enough]
    return (
        f"Calibrated on nine tenths and scored on the tenth: expected calibration error "
        f"{np.mean(errors):.4f} on average over {len(enough)} statements ({BINS} equally filled "
        f"bins). Perfect probabilities would show {np.mean(floor):.4f} in so few records, so what "
        f"can be seen of an error is {np.mean(errors) - np.mean(floor):+.4f}. Mean probability "
        f"minus prevalence {np.mean(bias):.4f}; Brier score {np.mean(brier):.4f}."
    )


def summary(cases: Sequence[Case]) -> str:
    _, present, scores = table_of(cases)
    enough = np.flatnonzero(present.sum(axis=0) >= FEWEST)
    some = np.flatnonzero(present.sum(axis=0) >= 1)
    drawn = [macro(present[rows], scores[rows], enough) for rows in drawn_again(len(cases))]
    return (
        f"Macro-AUROC over {len(enough)} statements with at least {FEWEST} positives: "
        f"**{with_interval(macro(present, scores, enough), drawn)}**. "
        f"Over all {len(some)} statements present: {macro(present, scores, some):.3f}."
    )


def statements_table(cases: Sequence[Case]) -> str:
    statements, present, scores = table_of(cases)
    heard = [case for case in cases if not case.opinion.silence]
    speaking = np.array([not case.opinion.silence for case in cases])
    lines = [
        "| statement | positives | AUROC | AP | present from | Se | Sp | PPV | "
        "called absent: missed | ECE |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for column in np.argsort(-present.sum(axis=0), kind="stable"):
        truth = present[:, column]
        if truth.sum() < FEWEST:
            continue
        code = statements[column]
        rows = list(drawn_again(len(cases)))[:200]
        area = with_interval(
            auroc(truth, scores[:, column]), [auroc(truth[r], scores[r, column]) for r in rows]
        )
        cells = [code, str(int(truth.sum())), area]
        cells.append(f"{average_precision(truth, scores[:, column]):.3f}")
        cells += verdict_cells(code, truth[speaking], heard)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def verdict_cells(code: str, truth: NDArray[np.bool_], heard: Sequence[Case]) -> list[str]:
    if code not in heard[0].opinion.statements:
        return ["-"] * 6
    probability = np.array([case.opinion.statements[code] for case in heard])
    error = f"{calibration_error(probability, truth):.3f}"
    if code not in heard[0].opinion.calls:
        return ["-"] * 5 + [error]
    calls = [case.opinion.calls[code] for case in heard]
    yes = np.array([call.verdict == "present" for call in calls])
    no = np.array([call.verdict == "absent" for call in calls])
    return [
        f"{calls[0].present_from:.2f}",
        f"{yes[truth].mean():.2f}",
        f"{1 - yes[~truth].mean():.3f}",
        f"{truth[yes].mean():.2f}" if yes.any() else "-",
        f"{no[truth].sum()} of {no.sum()}",
        error,
    ]


def groups_table(cases: Sequence[Case]) -> str:
    statements, present, _ = table_of(cases)
    lines = ["| group | positives | AUROC | wanted |", "| --- | --- | --- | --- |"]
    outcomes = calibration(cases[0].opinion.kind)
    for name, codes in GROUPS.items():
        columns = [statements.index(code) for code in codes]
        truth = present[:, columns].any(axis=1)
        if truth.sum() < 3:
            continue
        probabilities = [outcomes.probabilities(case.scores) for case in cases]
        score = np.array([1 - np.prod([1 - p[code] for code in codes]) for p in probabilities])
        drawn = [auroc(truth[rows], score[rows]) for rows in drawn_again(len(cases))]
        area = with_interval(auroc(truth, score), drawn)
        lines.append(f"| {name} | {int(truth.sum())} | {area} | {TARGETS.get(name, '')} |")
    return "\n".join(lines)


def subgroups(cases: Sequence[Case]) -> str:
    statements, present, scores = table_of(cases)
    age = np.array([case.age for case in cases])
    sex = np.array([case.sex for case in cases])
    parts = {
        "men": sex == "male",
        "women": sex == "female",
        "under 50 years": age < 50,
        "50 to 69": (age >= 50) & (age < 70),
        "70 and older": age >= 70,
    }
    lines = [
        "Statements with at least 5 positives inside and 5 outside the group, so that rows cover "
        "different statements.\n",
        "| group | records | statements | macro-AUROC | NORM | silent |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    normal = statements.index("NORM")
    for name, chosen in parts.items():
        inside = present[chosen]
        columns = np.flatnonzero((inside.sum(axis=0) >= 5) & ((~inside).sum(axis=0) >= 5))
        silent = np.mean([bool(c.opinion.silence) for c, w in zip(cases, chosen, strict=True) if w])
        area = auroc(inside[:, normal], scores[chosen][:, normal])
        lines.append(
            f"| {name} | {int(chosen.sum())} | {len(columns)} | "
            f"{macro(inside, scores[chosen], columns):.3f} | {area:.3f} | {silent:.1%} |"
        )
    return "\n".join(lines)


def coverage(cases: Sequence[Case]) -> str:
    _, present, scores = table_of(cases)
    enough = np.flatnonzero(present.sum(axis=0) >= FEWEST)
    apart = np.array([case.opinion.disagreement for case in cases])
    reasons = Counter(case.opinion.silence or "speaks" for case in cases)
    order = np.argsort(apart)
    lines = [
        "Silent: " + ", ".join(f"{name} {count}" for name, count in reasons.most_common()) + ".\n",
        "| share kept, members most agreed | macro-AUROC |",
        "| --- | --- |",
    ]
    for share in (1.0, 0.95, 0.9, 0.8):
        kept = order[: int(share * len(order))]
        columns = [k for k in enough if 5 <= present[kept, k].sum() < len(kept)]
        lines.append(f"| {share:.0%} | {macro(present[kept], scores[kept], columns):.3f} |")
    return "\n".join(lines)


def robustness(worse: Mapping[str, Sequence[Case]]) -> str:
    first = next(iter(worse.values()))
    _, present, _ = table_of(first)
    columns = np.flatnonzero((present.sum(axis=0) >= 5) & ((~present).sum(axis=0) >= 5))
    lines = [
        f"The first {len(first)} records, {len(columns)} statements with 5 positives; every row "
        "changes the record before it is measured.\n",
        "| change | macro-AUROC | silent |",
        "| --- | --- | --- |",
    ]
    for name, cases in worse.items():
        _, _, scores = table_of(cases)
        silent = np.mean([bool(case.opinion.silence) for case in cases])
        lines.append(f"| {name} | {macro(present, scores, columns):.3f} | {silent:.1%} |")
    return "\n".join(lines)


def outcomes(cases: Sequence[Case]) -> str:
    truly = [case for case in cases if case.codes <= {"NORM", "SR"}]
    other = [case for case in cases if "NORM" not in case.codes]
    lines = [
        "| labelled | records | normal | borderline | abnormal | not interpretable | red | "
        "orange |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, chosen in (("normal, sinus rhythm, nothing else", truly), ("not normal", other)):
        words = Counter(case.overall for case in chosen)
        colors = Counter(case.urgency for case in chosen)
        lines.append(
            f"| {name} | {len(chosen)} | {words['normal']} | {words['borderline']} | "
            f"{words['abnormal']} | {words['not-interpretable']} | {colors['red']} | "
            f"{colors['orange']} |"
        )
    return "\n".join(lines)


def quality_text() -> str:
    """Return what the card of the network of signal quality says."""
    card = read_card("signal_quality").content
    found, learned = card["metrics"], card["training"]
    how = found["on"].partition(", ")[2]
    half = found["accuracy_half_width_95"]
    return (
        f"{learned['records']} recordings of mobile devices (PhysioNet/CinC Challenge 2011), "
        f"{learned['accepted']} of them accepted by technicians; {how}: accuracy "
        f"**{found['accuracy']:.3f}** ± {half:.3f} (wanted: 0.93), AUROC **{found['auroc']:.3f}** "
        "(wanted: 0.97). Printed by `python -m training.signal_quality.train` (PYTHONPATH=models), "
        "which trains it again. What was tried stands in models/training/signal_quality/README.md."
    )


def page_section(pages: Sequence[Case], digital: Sequence[Case]) -> str:
    _, present, scores = table_of(pages)
    numbers = [case.number for case in pages]
    place = {case.number: row for row, case in enumerate(digital)}
    same = table_of(digital)[2][[place[number] for number in numbers]]
    enough = np.flatnonzero(present.sum(axis=0) >= FEWEST)
    five = np.flatnonzero((present.sum(axis=0) >= 5) & ((~present).sum(axis=0) >= 5))
    drawn, often = (
        [macro(present[rows], scores[rows], few) for rows in drawn_again(len(pages))]
        for few in (five, enough)
    )
    reasons = Counter(case.opinion.silence or "speaks" for case in pages)
    head = (
        f"{len(pages)} pages that the digitizer read (3x4, with and without strips, scans and "
        f"phone pictures). Macro-AUROC over {len(enough)} statements with {FEWEST} positives "
        f"**{with_interval(macro(present, scores, enough), often)}**; "
        f"over {len(five)} with 5 positives "
        f"{with_interval(macro(present, scores, five), drawn)} "
        f"(the same records, digital: {macro(present, same, five):.3f}). "
        f"Networks: {', '.join(f'{name} {count}' for name, count in reasons.most_common())}.\n\n"
    )
    return head + groups_table(pages) + "\n\n" + outcomes(pages)


def timing(cases: Sequence[Case]) -> str:
    lines = ["| step | median ms | 95th percentile ms |", "| --- | --- | --- |"]
    steps = {name: [1e3 * case.seconds[name] for case in cases[5:]] for name in cases[0].seconds}
    steps["all"] = [1e3 * sum(case.seconds.values()) for case in cases[5:]]
    for name, values in steps.items():
        lines.append(f"| {name} | {np.median(values):.0f} | {np.quantile(values, 0.95):.0f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
