"""Open an installation: its database, its keys, and, where it is embedded, everything it needs."""

from __future__ import annotations

from pathlib import Path

from cardioalert.care.desk import OPERATOR, Desk
from cardioalert.care.directory import demo_drafts, store_clinics
from cardioalert.security import keys
from cardioalert.security.sealing import Vault
from cardioalert.store import upkeep
from cardioalert.store.engine import Store


def require_ready(desk: Desk) -> None:
    """Ask the database whether it answers, with the tables of this version.

    Raises
    ------
    StoreError, SchemaError
    """
    upkeep.require_current(desk.store)


def open_desk(
    database: str, key_file: Path, *, embedded: bool | None = None, files: Path | None = None
) -> Desk:
    """Open the database and the keys.

    Parameters
    ----------
    database : URL
    key_file : path
    files : folder of stored ECG files; beside the key file unless given
    embedded : make what is missing (tables, keys, demo clinics); by default only for SQLite

    Raises
    ------
    StoreError, SchemaError, KeyFileError
    """
    store = Store(database)
    if embedded is None:
        embedded = store.is_sqlite
    if not embedded:
        upkeep.require_current(store)
        return Desk(store, Vault(keys.load(key_file)), files=files or key_file.parent / "files")
    vault = Vault(keys.load_or_create(key_file))
    desk = Desk(store, vault, files=files or key_file.parent / "files")
    was_empty = upkeep.version(store) is None
    if upkeep.upgrade(store) and was_empty:
        store_clinics(desk, OPERATOR, demo_drafts())
    return desk
