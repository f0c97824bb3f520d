"""Write the card of a member."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from cardioalert.networks.features import FEATURES
from training.interpretation.data import Recordings

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


def metrics_text(metrics: Mapping[str, object]) -> str:
    """Return the part of a card that holds figures."""
    lines = ["", "[metrics]"]
    for key, value in metrics.items():
        if isinstance(value, float | np.floating):
            lines.append(f"{key} = {float(value):.4f}")
        elif isinstance(value, str):
            lines.append(f'{key} = "{value}"')
        elif isinstance(value, list | tuple):
            lines.append(f"{key} = {[round(float(v), 4) for v in value]}")
        else:
            lines.append(f"{key} = {value}")
    return "\n".join(lines) + "\n"
