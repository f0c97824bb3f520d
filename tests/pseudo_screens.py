"""Show every kind of screen in the pseudo-locale; prints JSON: name of the screen and its text.

    python -m tests.pseudo_screens FOLDER

Run in a process of its own, because commands take their texts when they are imported. Only what the
extraction finds is disguised: a text that is translated in the code but missing from the catalogs
stays English, as it would for a reader of Russian.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ |= {"CARDIOALERT_LANG": "en-XA", "COLUMNS": "240", "NO_COLOR": "1", "TERM": "xterm"}
sys.argv[0] = "cardioalert"

from cardioalert.i18n import language, set_language  # noqa: E402
from cardioalert.i18n.pseudo import disguise  # noqa: E402
from catalogs.extract import all_texts  # noqa: E402


def known_texts() -> set[str]:
    """Return every message of the catalogs, singular and plural."""
    found: set[str] = set()
    for text in all_texts():
        found.update([text.message] if isinstance(text.message, str) else text.message)
    return found


def only_known(known: set[str]) -> Callable[[str], str]:
    """Return a disguise that leaves unknown texts as they are."""
    return lambda text: disguise(text) if text in known else text


def run(*words: str) -> str:
    """Run a command in this process and return what it wrote, results and errors."""
    from cardioalert_cli.app import main  # noqa: PLC0415

    told = io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
        main(list(words))
    return told.getvalue()


def helps(
    command: Any, context: Any = None, path: str = "cardioalert"
) -> Iterator[tuple[str, str]]:
    """Yield the help of a command and of all below it."""
    own = command.context_class(command, parent=context, info_name=path.rsplit(maxsplit=1)[-1])
    yield path, command.get_help(own)
    for name, child in getattr(command, "commands", {}).items():
        yield from helps(child, own, f"{path} {name}")


def interview() -> str:
    """Return every question of the risk test with its options and help."""
    from cardioalert_cli import quiz_dialogue as dialogue  # noqa: PLC0415

    from cardioalert.i18n import translate as _  # noqa: PLC0415
    from cardioalert.risk.questions import QUESTIONS  # noqa: PLC0415

    lines = []
    for question in QUESTIONS:
        lines += [_(question.text), *(_(text) for _value, text in question.options)]
        lines += [dialogue._expected(question), dialogue._help(question)]
    return "\n".join(lines)


def messages() -> str:
    """Return every notification."""
    from cardioalert.i18n import translate as _  # noqa: PLC0415
    from cardioalert.notify.texts import templates  # noqa: PLC0415

    values = {"time": "12:30", "clinic": "№ 5", "code": "A-1", "link": "-", "text": "-"}
    rows = templates().values()
    return "\n".join(f"{_(row.title)}\n{_(row.text, **values)}" for row in rows)


def error_texts() -> str:
    """Return title and hint of every error."""
    from cardioalert_cli.problems import title_of  # noqa: PLC0415

    from cardioalert import errors  # noqa: PLC0415
    from cardioalert.i18n import translate as _  # noqa: PLC0415

    classes = [errors.CardioAlertError]
    for kind in classes:
        classes += kind.__subclasses__()
    return "\n".join(f"{title_of(kind(''))}\n{_(kind.hint)}" for kind in dict.fromkeys(classes))


PEOPLE: tuple[dict[str, Any], ...] = (
    {"age": 55, "sex": "male", "smoker": True, "sbp": 145, "bmi": 26.8},
    {"age": 60, "sex": "female", "smoker": False, "sbp": 190, "bmi": 36.0, "known_cvd": False},
    {"age": 47, "sex": "male", "smoker": True, "cigarettes_per_day": 22, "stress": True},
    {"age": 45, "sex": "female", "smoker": False, "sbp": 128, "pregnant": True},
    {"age": 52, "sex": "male", "symptoms": ["chest-pain"]},
    {"age": 30, "sex": "other", "sbp": 900, "unheard_of": 3},
    {"age": 50, "sex": "female", "smoker": False, "sbp": 160, "bmi": 35.0, "diabetes": True}
    | {"total_cholesterol_mmol": 5.2, "hdl_mmol": 1.2, "egfr": 90, "on_bp_treatment": True}
    | {"on_statin": False, "score": "prevent"},
)


def screens(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield every screen."""
    from cardioalert_cli.app import build_command  # noqa: PLC0415

    from cardioalert.formats.registry import write_record  # noqa: PLC0415
    from tests.built_ecg import built_record  # noqa: PLC0415

    yield from helps(build_command())
    yield "interview", interview()
    yield "messages", messages()
    yield "errors", error_texts()
    for number, person in enumerate(PEOPLE):
        (folder / "person.json").write_text(json.dumps(person), encoding="utf-8")
        yield f"quiz {number}", run("quiz", "--answers", str(folder / "person.json"))
    record = built_record(heart_rate=44.0, pr=0.24, qrs=0.13, qt=0.52, noise=0.01)
    ecg = folder / "ecg.csv"
    write_record(record, ecg)
    yield "analyze", run("analyze", str(ecg), "--age", "70", "--symptom", "syncope")
    words = ["--explain", "--report", str(folder / "r.html")]
    yield "explain", run("analyze", str(ecg), *words)
    words = ["--previous", str(ecg), "--clinic", "№ 5", "--booking", "A-1"]
    yield "report", run("report", str(ecg), "-o", str(folder / "p.html"), *words)
    yield "page 1", (folder / "r.html").read_text(encoding="utf-8")
    yield "page 2", (folder / "p.html").read_text(encoding="utf-8")
    yield "convert", run("convert", str(ecg), str(folder / "ecg.json"))
    yield "doctor", run("doctor")
    wrong: tuple[str, ...] = (
        "analyze no.jpg",
        "analyze",
        "analyze x.csv --lnag",
        "quiz --score none",
        "qiuz",
        "book",
        "book mak",
        "report x.json",
        "analyze x.csv --age old",
        f"report {ecg} -o r.txt",
        f"convert {ecg} x.unknown",
        "export-fhir no.json",
        "fhir validate no.json",
        f"batch no --out {folder / 'out'}",
        "quiz --resume",
    )
    for line in wrong:
        yield f"error of {line}", run(*line.split())


def main() -> None:
    """Print all screens."""
    language_module = sys.modules[language.__module__]
    vars(language_module)["disguise"] = only_known(known_texts())
    set_language("en-XA")
    folder = Path(sys.argv[1])
    os.environ |= {"XDG_STATE_HOME": str(folder), "CARDIOALERT_DATA_DIR": str(folder / "data")}
    print(json.dumps(dict(screens(folder)), ensure_ascii=False))  # noqa: T201


if __name__ == "__main__":
    main()
