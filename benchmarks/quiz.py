"""Time `cardioalert quiz` on ten thousand people, from the start of the process to its end.

    python -m benchmarks.quiz [--runs 3] [--lang uz]

Prints processor seconds, the least of several runs: the clock of a busy machine lies.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PEOPLE = 10_000
COMMAND = "from cardioalert_cli.app import main; raise SystemExit(main())"


def person(draw: random.Random) -> dict[str, Any]:
    """Draw one person: half with cholesterol, a third with diabetes known, some refused."""
    answers: dict[str, Any] = {
        "age": draw.randint(38, 80),
        "sex": draw.choice(["male", "female"]),
        "smoker": draw.random() < 0.4,
        "sbp": draw.randint(95, 195),
        "bmi": round(draw.uniform(18.0, 40.0), 1),
    }
    if draw.random() < 0.5:
        answers["total_cholesterol_mmol"] = round(draw.uniform(3.5, 7.5), 1)
        answers["hdl_mmol"] = round(draw.uniform(0.8, 2.0), 1)
    if draw.random() < 0.35:
        answers["diabetes"] = draw.random() < 0.3
    if draw.random() < 0.1:
        answers["known_cvd"] = True
    return answers


def seconds(answers: Path, language: str) -> float:
    """Run the command once and return its processor time, s."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    words = ["--lang", language, "quiz", "--answers", str(answers), "--json"]
    subprocess.run(
        [sys.executable, "-c", COMMAND, *words], stdout=subprocess.DEVNULL, check=True, timeout=300
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main() -> None:
    """Print the least processor time of several runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--lang", default="en")
    options = parser.parse_args()
    draw = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        answers = Path(folder) / "people.jsonl"
        answers.write_text("".join(json.dumps(person(draw)) + "\n" for _ in range(PEOPLE)))
        times = [seconds(answers, options.lang) for _ in range(options.runs)]
    print(f"{PEOPLE:,} answers: {min(times):.2f} s of processor (least of {options.runs} runs)")


if __name__ == "__main__":
    main()
