"""What to do next: sentences from a table, chosen by urgency, symptoms, findings and gates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from cardioalert.domain.clinical import Advice, Urgency
from cardioalert.i18n import N_
from cardioalert.i18n import translate as _
from cardioalert.interpret.criteria import PACKAGE
from cardioalert.tables import read_toml

DISCLAIMER: Final = N_(
    "Research and education software, not a medical device. Advisory only, together with the "
    "clinical history, the symptoms and the physician's knowledge; not the sole means of diagnosis."
)


def disclaimer() -> str:
    """Return the line that stands under every result, in the chosen language."""
    return _(DISCLAIMER)


@cache
def _rows() -> Mapping[str, Mapping[str, str]]:
    """Return the rows of the advice table by code, in order."""
    return {row["code"]: row for row in read_toml(PACKAGE, "advice.toml")["advice"]}


def advice_for(urgency: Urgency, codes: Iterable[str]) -> tuple[Advice, ...]:
    """Return the advice of an urgency and of the codes asked for, in the order of the table.

    Raises
    ------
    KeyError
        A code is not in the table.
    """
    rows = _rows()
    wanted = {rows[code]["code"] for code in codes}
    wanted.update(
        code for code, row in rows.items() if urgency.label in row.get("level", "").split()
    )
    return tuple(
        Advice(code=code, text=_(row["text"])) for code, row in rows.items() if code in wanted
    )
