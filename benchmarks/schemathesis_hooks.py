"""What schemathesis is told beside the description: see `benchmarks.schemathesis_run`."""

from __future__ import annotations

import os
import uuid
from typing import Any

import schemathesis

TOKEN = "CARDIOALERT_SCHEMATHESIS_TOKEN"


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """Give each request a key of its own: with another body an old key is refused, rightly."""
    if "Idempotency-Key" in (case.headers or {}):
        case.headers["Idempotency-Key"] = uuid.uuid4().hex


if TOKEN in os.environ:

    @schemathesis.auth()
    class Session:
        """Somebody who is signed in; schemathesis leaves it out where it tries without."""

        def get(self, _case: Any, _context: Any) -> str:
            """Return the token of the session."""
            return os.environ[TOKEN]

        def set(self, case: Any, data: str, _context: Any) -> None:
            """Sign in one request."""
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}
