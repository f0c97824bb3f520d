"""Who asks, and what the answer needs: the database and the keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlmodel import Session

from cardioalert.security.sealing import Vault
from cardioalert.store import audit
from cardioalert.store.engine import Store
from cardioalert.store.types import now_utc


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who does something.

    Attributes
    ----------
    id : account, or `operator` at the command line
    role : a role of `security/tables/policy.toml`
    patient_id : the patient this account is
    clinic_id : the clinic this account works for
    """

    id: str
    role: str
    patient_id: str | None = None
    clinic_id: str | None = None
    request_id: str = ""


OPERATOR: Final = Actor(id="operator", role="operator")
"""Whoever may read the key file and the database may do everything, at the command line."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where care is organized: one database, one set of keys, one clock, one folder of files."""

    store: Store
    vault: Vault
    now: Callable[[], datetime] = field(default=now_utc)
    files: Path = Path("files")  # folder of stored ECG files

    def note(
        self, session: Session, actor: Actor, action: str, thing: str, *,
        patient_id: str = "", result: str = "done", purpose: str = "",
    ) -> None:  # fmt: skip
        """Write down who did what; the last step of a transaction."""
        keys = self.vault.ring.audit
        event = audit.Event(
            actor=actor.id, role=actor.role, tenant=actor.clinic_id or "", action=action,
            object=thing, patient_id=patient_id, result=result, purpose=purpose,
            request_id=actor.request_id,
        )  # fmt: skip
        audit.append(session, event, key_id=keys.current, key=keys.key)
