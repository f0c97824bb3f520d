"""The interpretation on recordings of other countries and devices: sections of interpret.md."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cardioalert
from cardioalert.domain.opinion import Opinion
from cardioalert.domain.patient import Patient
from cardioalert.domain.record import ECGRecord
from cardioalert.interpret import interpret
from cardioalert.measure import measure
from cardioalert.networks.classifier import classify

LUDB = {
    "AFIB": "Rhythm: Atrial fibrillation",
    "LVH": "Left ventricular hypertrophy",
    "IRBBB": "Incomplete right bundle branch block",
    "LAFB": "Left anterior hemiblock",
    "1AVB": "I degree AV block",
    "PVC": "Ventricular extrasystole",
    "SBRAD": "Rhythm: Sinus bradycardia",
}
"""Statement, and what stands in the header of a LUDB record with it."""
SNOMED = {
    "426783006": "sinus rhythm",
    "426177001": "sinus bradycardia",
    "427084000": "sinus tachycardia",
    "427393009": "sinus arrhythmia",
    "284470004": "premature atrial",
    "427172004": "premature ventricular",
    "59118001": "RBBB",
    "164873001": "LVH",
    "164934002": "T wave abnormal",
    "59931005": "T wave inversion",
    "55930002": "ST interval abnormal",
    "698252002": "unspecific intraventricular block",
    "251187003": "atrial escape",
    "713422000": "atrial tachycardia",
    "111975006": "long QT",
    "67741000119109": "left atrial enlargement",
    "253352002": "left atrial abnormality",
    "426434006": "anterior ischaemia",
    "55827005": "LVH",
}


@dataclass(frozen=True, kw_only=True)
class Heard:
    """One recording: its header and what the program says."""

    name: str
    header: str
    opinion: Opinion
    urgency: str
    overall: str


def hear(path: Path) -> Heard:
    record: ECGRecord = cardioalert.read_record(path)
    measured = measure(record)
    opinion = classify(record, measured, on_paper=False)
    result = interpret(measured, record, record.patient or Patient(), opinion=opinion)
    return Heard(
        name=path.stem,
        header=path.read_text(encoding="utf-8", errors="replace"),
        opinion=opinion,
        urgency=result.urgency.label,
        overall=result.overall.value,
    )


def ludb_section(folder: Path, auroc: Callable[..., float]) -> str:
    """Return how statements fit the diagnoses in the headers of LUDB."""
    import numpy as np  # noqa: PLC0415

    heard = [hear(path) for path in sorted(folder.glob("*.hea"), key=lambda one: int(one.stem))]
    speaking = [one for one in heard if not one.opinion.silence]
    lines = [
        f"{len(heard)} records of LUDB (Russia); the networks speak on {len(speaking)}.\n",
        "| statement | in the header | AUROC | called present: right, wrong |",
        "| --- | --- | --- | --- |",
    ]
    for code, text in LUDB.items():
        truth = np.array([text in one.header for one in speaking])
        score = np.array([one.opinion.statements[code] for one in speaking])
        calls = [one.opinion.calls.get(code) for one in speaking]
        yes = np.array([call is not None and call.verdict == "present" for call in calls])
        lines.append(
            f"| {code} | {int(truth.sum())} | {auroc(truth, score):.3f} | "
            f"{int((yes & truth).sum())}, {int((yes & ~truth).sum())} |"
        )
    return "\n".join(lines)


def hospitals_section(folder: Path) -> str:
    """Return record by record what was labelled and what was called."""
    lines = [
        "Chapman/Ningbo, Georgia and CPSC records, for a look only:\n",
        "| record | labelled | called present by the networks | NORM | result |",
        "| --- | --- | --- | --- | --- |",
    ]
    for path in sorted(folder.rglob("*.hea")):
        lines.append("| " + " | ".join(_cells(hear(path))) + " |")
    return "\n".join(lines)


def _cells(one: Heard) -> Iterator[str]:
    codes: Sequence[str] = re.findall(r"\d{6,}", "".join(re.findall(r"#\s*Dx:.*", one.header)))
    yield one.name
    yield ", ".join(dict.fromkeys(SNOMED.get(code, code) for code in codes))
    if one.opinion.silence:
        yield f"silent: {one.opinion.silence}"
        yield "-"
    else:
        called = [k for k, call in one.opinion.calls.items() if call.verdict == "present"]
        yield ", ".join(called) or "-"
        yield f"{one.opinion.statements['NORM']:.2f}"
    yield f"{one.overall}, {one.urgency}"
