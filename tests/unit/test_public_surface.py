"""The public names, what they cost, and who may import whom."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

import cardioalert

HEAVY = (
    "numpy",
    "scipy",
    "cv2",
    "PIL",
    "onnxruntime",
    "pydicom",
    "wfdb",
    "pandas",
    "babel",
    "rich",
    "typer",
)
ALL_HEAVY = (*HEAVY, "pydantic", "pypdfium2", "pillow_heif", "torch")


def modules_after(code: str) -> set[str]:
    """Run code in a fresh interpreter and return the names of all loaded modules."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys, json\nprint(json.dumps(list(sys.modules)))"],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_all_is_sorted() -> None:
    assert list(cardioalert.__all__) == sorted(cardioalert.__all__)


def test_all_names_exist_and_are_listed() -> None:
    for name in cardioalert.__all__:
        assert getattr(cardioalert, name) is not None
        assert name in dir(cardioalert)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        cardioalert.no_such_name  # noqa: B018


def test_docstring_shows_every_public_function() -> None:
    functions = [name for name in cardioalert.__all__ if name[0].islower() and name != "errors"]
    assert cardioalert.__doc__ is not None
    for name in functions:
        assert f"cardioalert.{name}(" in cardioalert.__doc__


def test_record_is_built_as_the_contract_says() -> None:
    record = cardioalert.ECGRecord(signal=np.zeros((1, 500)), sampling_rate=500.0, leads=("I",))
    assert record.duration == 1.0


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert not modules_after("import cardioalert").intersection(ALL_HEAVY)


def test_importing_the_errors_loads_nothing_heavy() -> None:
    assert not modules_after("from cardioalert import errors").intersection(ALL_HEAVY)


def test_help_loads_nothing_heavy_but_its_framework() -> None:
    code = (
        "import sys; sys.argv = ['cardioalert', '--help']\n"
        "from cardioalert_cli.app import main\n"
        "try: main()\nexcept SystemExit as done: assert not done.code, done.code"
    )
    loaded = modules_after(code)
    assert not loaded.intersection(set(ALL_HEAVY) - {"typer", "rich"})


def test_a_record_needs_numpy_only() -> None:
    loaded = modules_after("from cardioalert import ECGRecord")
    assert "numpy" in loaded
    assert not loaded.intersection(set(ALL_HEAVY) - {"numpy"})


def test_reading_a_photo_loads_no_network() -> None:
    loaded = modules_after("from cardioalert import read_photo")
    assert not loaded.intersection({"onnxruntime", "scipy", "pydicom", "wfdb", "pypdfium2"})


@pytest.mark.parametrize(
    "first",
    ["import cardioalert", "import cardioalert.digitize.reading", "import cardioalert.digitize"],
)
def test_digitize_can_be_called_whatever_was_imported(first: str) -> None:
    code = f"{first}\nimport cardioalert\nassert callable(cardioalert.digitize)\n"
    code += "from cardioalert import digitize\nassert callable(digitize)"
    modules_after(code)


def test_digitize_package_runs_the_pipeline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cardioalert.pipeline.digitize", lambda *args, **kwargs: (args, kwargs))
    assert cardioalert.digitize("a.jpg", layout="3x4") == (("a.jpg",), {"layout": "3x4"})
