"""Every reason has a text, and every code in the measuring code is in the table."""

from __future__ import annotations

import re
from pathlib import Path

import cardioalert.measure
from cardioalert.measure import reasons

SOURCE = Path(cardioalert.measure.__file__).parent


def test_every_reason_is_a_clause_with_a_stable_code() -> None:
    for code, reason in reasons().items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
        assert reason.of in {"lead", "value", "both"}
        assert len(reason.text.split()) >= 3
        assert not reason.text.endswith(".")


def test_every_code_used_is_in_the_table_and_the_other_way_round() -> None:
    text = "\n".join(path.read_text() for path in SOURCE.glob("*.py"))
    written = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', text))
    assert written <= set(reasons())
    for code in reasons():
        assert f'"{code}"' in text, code
