"""Streams, colours, letters and languages."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import time

import pytest
from cardioalert_cli import output
from cardioalert_cli.app import COMMANDS, main
from cardioalert_cli.language import choose_language

from cardioalert import i18n

ESCAPE = "\x1b"


class Terminal(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding, write_through=True)

    def isatty(self) -> bool:
        return True

    @property
    def text(self) -> str:
        return self.buffer.getvalue().decode(self.encoding)


@pytest.fixture
def terminal(monkeypatch):
    def make(encoding: str = "utf-8", **environment: str) -> Terminal:
        monkeypatch.delenv("NO_COLOR", raising=False)
        monkeypatch.setenv("TERM", "xterm-256color")
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        stream = Terminal(encoding)
        monkeypatch.setattr(sys, "stdout", stream)
        return stream

    return make


def run(*words: str, **options) -> subprocess.CompletedProcess[str]:
    code = "import sys; from cardioalert_cli.app import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
        **options,
    )


def test_a_terminal_gets_colour(pipeline, terminal):
    stream = terminal()
    main(["analyze", "ecg.hea"])
    assert ESCAPE in stream.text


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colour_can_be_refused(pipeline, terminal, environment):
    stream = terminal(**environment)
    main(["analyze", "ecg.hea"])
    assert ESCAPE not in stream.text


def test_a_dumb_terminal_gets_ascii(pipeline, terminal):
    stream = terminal(TERM="dumb")
    main(["analyze", "ecg.hea", "--explain"])
    assert stream.text.isascii()


def test_letters_the_terminal_does_not_know_do_no_harm(pipeline, terminal):
    stream = terminal(encoding="ascii", NO_COLOR="1")
    assert main(["analyze", "ecg.hea"]) == 0
    assert "Heart rate" in stream.text


def test_a_pipe_gets_plain_text(pipeline, capsys):
    main(["analyze", "ecg.hea"])
    out = capsys.readouterr().out
    assert ESCAPE not in out
    assert all(line == line.rstrip() for line in out.splitlines())


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("name", ["ecg.hea", "ecg.jpg"])
def test_no_line_is_wider_than_the_terminal(pipeline, capsys, monkeypatch, width, name):
    monkeypatch.setenv("COLUMNS", str(width))
    main(["analyze", name, "--explain"])
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines) <= width
    assert "Heart rate" in "\n".join(lines)


def test_the_urgency_is_a_word(pipeline, capsys):
    main(["analyze", "ecg.hea"])
    assert re.search(r"YELLOW\W+Make an appointment", capsys.readouterr().out)


def test_markup_in_names_is_not_obeyed(pipeline, capsys):
    main(["analyze", "[red]broken[/red].hea"])
    err = capsys.readouterr().err
    assert "[red]broken[/red].hea" in err or "[bold]a fault[/bold]" in err


def test_progress_says_nothing_to_a_pipe(capsys):
    with output.progress("Reading"):
        pass
    assert capsys.readouterr() == ("", "")


def test_progress_speaks_after_a_while(monkeypatch):
    stream = Terminal()
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(output, "PROGRESS_AFTER", 0.01)
    with output.progress("Reading [x]"):
        time.sleep(0.2)
    assert "Reading [x]" in stream.text


def test_quick_work_shows_no_progress(monkeypatch):
    stream = Terminal()
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", stream)
    with output.progress("Reading"):
        pass
    assert "Reading" not in stream.text


def test_a_closed_pipe_is_no_error():
    code = "import sys; from cardioalert_cli.app import main; sys.exit(main())"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "doctor", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    error = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) == 0
    assert error == b""


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from cardioalert_cli.app import main; main(['--help']);"
        "print(*(name for name in ('numpy', 'scipy', 'cv2', 'onnxruntime', 'pydicom')"
        " if name in sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    assert done.stderr.strip() == ""


WORDS = tuple(name.replace("_", "-") for name in COMMANDS)


@pytest.mark.parametrize("command", WORDS)
def test_every_command_has_help_with_examples(command):
    done = run(command, "--help")
    assert done.returncode == 0
    assert "Examples:" in done.stdout
    assert f"cardioalert {command}" in done.stdout.split("Examples:")[1]
    assert "--lang" in done.stdout or "Commands" in done.stdout


def test_help_names_every_command():
    out = run("--help").stdout
    for command in WORDS:
        assert re.search(rf"^  {command} +\S", out, re.MULTILINE)


@pytest.mark.parametrize(
    ("words", "environment", "language"),
    [
        (["--lang", "ru"], {"CARDIOALERT_LANG": "uz"}, "ru"),
        (["--lang=uz"], {}, "uz"),
        (["analyze", "x", "--lang", "ru"], {}, "ru"),
        ([], {"CARDIOALERT_LANG": "uz", "LANG": "ru_RU.UTF-8"}, "uz"),
        ([], {"LC_ALL": "ru_RU.UTF-8", "LANG": "uz_UZ"}, "ru"),
        ([], {"LC_ALL": "C.UTF-8", "LANG": "ru_RU.UTF-8"}, "en"),
        ([], {"LANG": "de_DE.UTF-8"}, "en"),
        ([], {}, "en"),
        (["--", "--lang", "ru"], {}, "en"),
    ],
)
def test_the_language_is_chosen_in_order(words, environment, language):
    try:
        assert choose_language(words, environment) == language
    finally:
        i18n.set_language("en")


def test_an_unknown_language_is_wrong_usage(capsys):
    assert main(["analyze", "x", "--lang", "fr"]) == 2
    assert "--lang" in capsys.readouterr().err
