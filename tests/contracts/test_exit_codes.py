"""The exit codes other programs rely on, and the error object of `--json`."""

from __future__ import annotations

import json

import pytest
from cardioalert_cli.app import main
from cardioalert_cli.problems import exit_code_of, problem_of

from cardioalert import errors


def all_errors(kind=errors.CardioAlertError):
    """Every error class the library defines."""
    found = [kind]
    for child in kind.__subclasses__():
        if child.__module__ == "cardioalert.errors":
            found.extend(all_errors(child))
    return found


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["analyze", "ecg.hea"], 0),
        (["analyze", "ecg.hea", "--fail-on", "yellow"], 1),
        (["analyze", "ecg.hea", "--fail-on", "red"], 0),
        (["analyze"], 2),
        (["analyze", "ecg.hea", "--no-such-option"], 2),
        (["analyze", "ecg.hea", "--sex", "other"], 2),
        (["analyze", "ecg.hea", "--age", "999"], 2),
        (["analyze", "ecg.hea", "--symptom", "hiccup"], 2),
        (["analyze", "ecg.hea", "--fail-on", "purple"], 2),
        (["digitize", "ecg.jpg", "--json", "--speed", "17"], 2),
        (["no-such-command"], 2),
        (["analyze", "missing.jpg"], 3),
        (["analyze", "holiday.jpg"], 3),
        (["digitize", "holiday.jpg", "--json"], 3),
        (["analyze", "broken.jpg"], 3),
        (["analyze", "child.hea"], 4),
        (["analyze", "stopped.hea"], 130),
        (["analyze", "missing.jpg", "ecg.hea", "--fail-on", "yellow"], 3),
    ],
)
def test_exit_codes(pipeline, capsys, words, code):
    assert main(words) == code
    out, err = capsys.readouterr()
    if code in (2, 3, 4):
        assert err.startswith("Error") or out.startswith('{"error"')


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["analyze", "missing.jpg"], "file-not-found"),
        (["analyze", "holiday.jpg"], "grid-not-found"),
        (["digitize", "holiday.jpg"], "grid-not-found"),
        (["analyze", "child.hea"], "not-applicable"),
        (["analyze", "broken.jpg"], "internal-error"),
        (["analyze", "ecg.hea", "--sex", "other"], "usage"),
        (["no-such-command"], "usage"),
    ],
)
def test_errors_as_json(pipeline, capsys, words, code):
    main([*words, "--json"])
    out, err = capsys.readouterr()
    assert err == ""
    error = json.loads(out)["error"]
    assert set(error) == {"code", "message", "hint"}
    assert error["code"] == code
    assert all(isinstance(text, str) for text in error.values())
    assert error["message"]


def test_an_error_is_three_kinds_of_lines(pipeline, capsys):
    main(["analyze", "missing.jpg"])
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[0] for line in lines] == ["Error", "Why", "Fix", "Try"]
    assert lines[-1].endswith("cardioalert demo")


def test_no_traceback_without_debug(pipeline, capsys):
    main(["analyze", "broken.jpg"])
    assert "Traceback" not in capsys.readouterr().err


def test_debug_lets_the_error_through(pipeline):
    with pytest.raises(RuntimeError):
        main(["analyze", "broken.jpg", "--debug"])
    with pytest.raises(errors.GridNotFoundError):
        main(["analyze", "holiday.jpg", "--debug"])


@pytest.mark.parametrize("kind", all_errors(), ids=lambda kind: kind.__name__)
def test_every_error_has_an_exit_code_and_words(kind):
    error = kind("what was wrong")
    expected = {
        errors.NotApplicableError: 4,
        errors.NotAllowedError: 5,
        errors.SignInError: 5,
        errors.PeerError: 6,
        errors.PeerRefusedError: 6,
    }
    assert exit_code_of(error) == expected.get(kind, 3)
    problem = problem_of(error)
    assert problem.code == kind.code
    assert problem.title
    assert problem.message == "what was wrong"


def test_codes_are_told_apart():
    kinds = all_errors()
    assert len({kind.code for kind in kinds}) == len(kinds)
