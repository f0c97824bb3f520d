"""Open the installation the settings name, for commands that need it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cardioalert.care.desk import Desk
    from cardioalert.store.engine import Store


def open_desk() -> Desk:
    """Open database and keys; an embedded database is made at its first use."""
    from cardioalert.care.opening import open_desk as open_it  # noqa: PLC0415 - `--help` is fast
    from cardioalert.settings import Settings  # noqa: PLC0415

    settings = Settings()
    return open_it(settings.database, settings.keys)


def open_store() -> Store:
    """Open the database only."""
    from cardioalert.settings import Settings  # noqa: PLC0415
    from cardioalert.store.engine import Store  # noqa: PLC0415 - `--help` is fast

    return Store(Settings().database)
