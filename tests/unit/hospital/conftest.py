"""Journals in databases of their own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cardioalert.hospital.journal import Journal
from cardioalert.security.sealing import Vault
from cardioalert.store.engine import Store


@pytest.fixture
def new_journal(tmp_path: Path, template: tuple[Path, Vault]) -> Iterator[Callable[[], Journal]]:
    """Make a new journal each time it is called."""
    stores: list[Store] = []

    def make() -> Journal:
        file = tmp_path / f"journal-{len(stores)}.db"
        shutil.copy(template[0], file)
        stores.append(Store(f"sqlite:///{file}"))
        return Journal(stores[-1], template[1])

    yield make
    for store in stores:
        store.close()


@pytest.fixture
def journal(new_journal: Callable[[], Journal]) -> Journal:
    """An empty journal."""
    return new_journal()
