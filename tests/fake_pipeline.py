"""A command line whose library answers at once."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

import cardioalert
from cardioalert.errors import FileMissingError, GridNotFoundError, NotApplicableError
from tests.made_analysis import made_analysis, made_digitized


class FakePipeline(ModuleType):
    """Answers by the name of the input; remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__("cardioalert.pipeline")
        self.calls: list[tuple[object, dict[str, object]]] = []

    def analyze(self, source, *, patient=None, layout="auto", speed="auto", gain="auto"):
        self.calls.append((source, {"patient": patient}))
        self._refuse(str(source))
        return made_analysis(on_page=str(source).endswith(".jpg"))

    def digitize(self, source, **options):
        self.calls.append((source, options))
        self._refuse(str(source))
        return made_digitized()

    def _refuse(self, name: str) -> None:
        if "missing" in name:
            raise FileMissingError(f"there is no file {name}")
        if "holiday" in name:
            raise GridNotFoundError("no period between 4 and 40 px was found")
        if "child" in name:
            raise NotApplicableError("limits for children differ")
        if "broken" in name:
            raise RuntimeError("[bold]a fault[/bold]")
        if "stopped" in name:
            raise KeyboardInterrupt


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch) -> FakePipeline:
    """The library behind the commands, replaced."""
    fake = FakePipeline()
    monkeypatch.setitem(sys.modules, "cardioalert.pipeline", fake)
    monkeypatch.setattr(cardioalert, "pipeline", fake, raising=False)
    return fake
