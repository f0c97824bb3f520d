"""Write the card of a member."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cardioalert.networks.features import FEATURES
from training.interpretation.data import Recordings
from training.interpretation.scores import FEWEST, auroc, macro_auroc

TASKS = {
    "windows": "Statements from 2.5 s of twelve leads: a trained network.",
    "whole": "Statements from 10 s of twelve leads: a trained convolutional network.",
    "random": "Statements from random convolutions with one ridge regression.",
    "measured": "Statements from what was measured: intervals, amplitudes, median beats.",
}
SHAPES = {
    "windows": '["windows", "24", "250"]',
    "whole": '["1", "24", "1000"]',
    "random": '["1", "12", "samples"]',
    "measured": f'["records", "{len(FEATURES)}"]',
}
MEANING = {
    "windows": "12 leads, then 12 masks: 1 where a lead is shown",
    "whole": "12 leads, then 12 masks: 1 where a lead is shown",
    "random": "12 leads, zero where nothing is shown",
    "measured": "columns of cardioalert.networks.features.FEATURES, NaN where not measured",
}
UNITS = {
    "windows": "mV at 100 Hz, high-passed at 0.5 Hz both ways (cardioalert.networks.signals)",
    "measured": "seconds, mV, degrees, beats per minute",
}
FAILURES = (
    "Trained on one country and few devices (Germany, 1989-1996): expect it to be worse elsewhere.",
    "No ventricular tachycardia or fibrillation, no children, hardly any acute infarction seen.",
    "Second- and third-degree block, pre-excitation, long QT, ST elevation: too few examples, "
    "their scores are never handed on.",
    "Rate statements (SBRAD, STACH, SARRH) follow the labels of PTB-XL, which are not consistent; "
    "findings of rate are measured.",
)


def write_card(
    folder: Path, name: str, file: str, *, sha256: str, recordings: Recordings, extra: str = ""
) -> None:
    """Write `cards/<name>.toml`."""
    kind = name.split("_")[1]
    learn = recordings.folds < 9
    check = (recordings.folds == 9) & recordings.has_voltage
    uses_z = kind in ("windows", "whole")
    taught = learn if uses_z else learn & recordings.has_voltage
    positives = {
        code: [int(recordings.present[taught, k].sum()), int(recordings.present[check, k].sum())]
        for k, code in enumerate(recordings.statements)
    }
    lines = [
        f'name = "{name}"',
        f'file = "{file}"',
        f'sha256 = "{sha256}"',
        f'task = "{TASKS[kind]}"',
        'licence = "MIT"',
        'date = "2026-11-26"',
        'part_of = "the ensemble blended and calibrated by tables/interpretation.toml"',
        "",
        "[input]",
        f'name = "{"features" if kind == "measured" else "record"}"',
        f"shape = {SHAPES[kind]}",
        'type = "float32"',
        f'meaning = "{MEANING[kind]}"',
        f'unit = "{UNITS.get(kind, UNITS["windows"])}"',
        "",
        "[output]",
        'name = "scores"',
        f'shape = ["records", "{len(recordings.statements)}"]',
        'meaning = "a score, not a probability, per statement of tables/interpretation.toml"',
        "",
        "[training]",
        'code = "models/training/interpretation"',
        f"records = {int(taught.sum())}  # folds 1-8"
        + (f", {int((taught & ~recordings.has_voltage).sum())} of them z-scored" if uses_z else ""),
        "",
        "[[training.data]]",
        'name = "PTB-XL, folds 1-8"',
        'licence = "CC BY 4.0"',
        'source = "Wagner et al., PTB-XL, a large publicly available electrocardiography dataset, '
        'Sci Data 2020;7:154, doi:10.1038/s41597-020-0495-6"',
        "",
        "[use]",
        'intended = "a witness beside published criteria, for adults; never a diagnosis"',
        'not_for = "children, acute infarction, ruling out, statements not listed in the table"',
        "known_failures = [",
        *(f'  "{text}",' for text in FAILURES),
        "]",
        "",
        "# Positives in training and in fold 9 (raw records).",
        "[positives]",
        *(f'"{code}" = {counts}' for code, counts in positives.items() if sum(counts)),
    ]
    (folder / f"{name}.toml").write_text("\n".join(lines) + "\n" + extra, encoding="utf-8")


def member_figures(scores: Mapping[str, NDArray], chosen: Recordings) -> str:
    """Return the figures of a member on fold 9, for its card.

    Parameters
    ----------
    scores : by kind of input, shape (records, statements)
    chosen : the records of fold 9
    """
    lines = [
        "",
        "[metrics]",
        'date = "2026-11-27"',
        f'on = "PTB-XL fold 9, {len(chosen.ids)} raw records; it also chose between members"',
        f"statements = {int((chosen.present.sum(axis=0) >= FEWEST).sum())}  # with 10 positives",
        'page = "a 3x4 page: read back by the digitizer where there is one, else an ideal page"',
        'note = "the ensemble, its calibration and its subgroups: docs/accuracy/interpret.md"',
    ]
    for kind, found in scores.items():
        value, low, high = interval(chosen.present, found)
        lines.append(f"macro_auroc_{kind} = {value:.4f}")
        lines.append(f"macro_auroc_{kind}_interval = [{low:.4f}, {high:.4f}]  # 95 %, bootstrap")
    for kind, found in scores.items():
        lines += ["", f"[metrics.auroc_{kind}]"]
        for column in np.flatnonzero(chosen.present.sum(axis=0) >= FEWEST):
            value = auroc(chosen.present[:, column], found[:, column])
            lines.append(f'"{chosen.statements[column]}" = {value:.4f}')
    return "\n".join(lines) + "\n"


def interval(present: NDArray, scores: NDArray, rounds: int = 200) -> tuple[float, float, float]:
    """Return the macro-AUROC and its 95 % interval over records drawn again."""
    rng = np.random.default_rng(0)
    enough = present[:, present.sum(axis=0) >= FEWEST]
    own = scores[:, present.sum(axis=0) >= FEWEST]
    drawn = [rng.integers(0, len(present), len(present)) for _ in range(rounds)]
    values = [
        np.nanmean([auroc(enough[rows, k], own[rows, k]) for k in range(enough.shape[1])])
        for rows in drawn
    ]
    low, high = np.quantile(values, [0.025, 0.975])
    return macro_auroc(present, scores), float(low), float(high)
