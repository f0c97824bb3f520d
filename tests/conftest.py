"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from cardioalert.i18n import set_language
from tests.databases import (
    clock,
    database_kind,
    database_url,
    desk,
    empty_url,
    postgresql_server,
    postgresql_template,
    sqlite_desk,
    template,
)

__all__ = [
    "clock",
    "database_kind",
    "database_url",
    "desk",
    "empty_url",
    "postgresql_server",
    "postgresql_template",
    "sqlite_desk",
    "template",
]

settings.register_profile("project", derandomize=True, deadline=None)
settings.load_profile("project")

CHECKOUT = Path(__file__).resolve().parent.parent


def _shared_folder() -> Path:
    """Where the recordings and pictures are that do not ship with the project."""
    return Path(os.environ.get("CARDIOALERT_SHARED_DATA", CHECKOUT.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of shared recordings and pictures; a test that needs it skips without it."""
    folder = _shared_folder()
    if not folder.is_dir():
        pytest.skip(f"the shared data is not at {folder}; set CARDIOALERT_SHARED_DATA to find it")
    return folder


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The top folder of the repository."""
    return CHECKOUT


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what differs from one machine to the next: language, colours, the network."""
    for name in list(os.environ):
        if name.startswith("CARDIOALERT_") and name != "CARDIOALERT_SHARED_DATA":
            monkeypatch.delenv(name)
    set_language("en")  # a test may have left another one
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
