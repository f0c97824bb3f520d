"""The settings are the CARDIOALERT_ variables and nothing else."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from cardioalert.settings import Settings


@pytest.mark.parametrize(
    ("text", "language"), [("ru", "ru"), ("uz_UZ.UTF-8", "uz"), ("EN", "en"), ("", None)]
)
def test_language(text: str, language: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARDIOALERT_LANG", text)
    assert Settings().lang == language


def test_nothing_set_is_nothing_chosen() -> None:
    assert Settings().lang is None


def test_unknown_language_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARDIOALERT_LANG", "xx")
    with pytest.raises(ValidationError):
        Settings()


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Settings().lang = "ru"
