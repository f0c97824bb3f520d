"""The tables of the last page: amplitudes lead by lead, how leads were read, the networks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from cardioalert.domain.imaging import NamedBy
from cardioalert.domain.record import STANDARD_LEADS, Lead
from cardioalert.i18n import number, percent, pgettext
from cardioalert.i18n import translate as _
from cardioalert.report import text
from cardioalert.report.clinician import DASH, signed
from cardioalert.report.content import Table
from cardioalert.report.document import Digitization, Document, Explanation
from cardioalert.tables import read_toml

MOST_STATEMENTS: Final = 12
TELLING: Final = 0.02  # of a probability: a lead that changes it less is not named


def printed_table(page: Digitization) -> Table | None:
    """Return when each lead was printed, how well it was read, and what named it."""
    if not page.leads:
        return None
    named: dict[str, NamedBy] = {"label": "label", "layout": "layout", "morphology": "morphology"}
    return Table(
        title=_("How each lead was read"),
        head=(_("Lead"), _("From, s"), _("To, s"), _("Quality"), _("Named by")),
        rows=tuple(
            (
                lead,
                number(printed.start_s, 2),
                number(printed.end_s, 2),
                DASH if printed.quality is None else percent(printed.quality),
                text.named_by_word(named[printed.named_by]) if printed.named_by in named else DASH,
            )
            for lead, printed in page.leads.items()
        ),
    )


def lead_table(explanation: Explanation) -> Table | None:
    """Return what was measured in each lead."""
    if not explanation.leads:
        return None
    columns = (
        ("P", "p_mv"),
        ("Q", "q_mv"),
        ("R", "r_mv"),
        ("S", "s_mv"),
        ("ST J", "st_j_mv"),
        ("ST J+60", "st_j60_mv"),
        ("T +", "t_positive_mv"),
        ("T −", "t_negative_mv"),
    )
    rows = []
    for lead in STANDARD_LEADS:
        if lead in explanation.leads:
            found = explanation.leads[lead]
            cells = (
                "QS" if key == "q_mv" and _is_qs(found) else _amplitude(found.get(key))
                for _name, key in columns
            )
            beats, noise = found.get("beats"), found.get("noise_mv")
            rows.append(
                (
                    lead.value,
                    *cells,
                    DASH if beats is None else f"{beats:g}",
                    DASH if noise is None else number(noise, 3),
                )
            )
    unused = [
        f"{lead}: {text.reason_text(reason)}" for lead, reason in explanation.unusable.items()
    ]
    note = _("Not used: {leads}.", leads="; ".join(unused)) if unused else ""
    return Table(
        title=_("Amplitudes lead by lead, mV"),
        head=(
            _("Lead"),
            *(name for name, _key in columns),
            pgettext("column", "Beats"),
            _("Noise"),
        ),
        rows=tuple(rows),
        note=note,
    )


def _is_qs(found: Mapping[str, float | None]) -> bool:
    """Tell whether the QRS has no R: the depth of the whole complex then stands under S."""
    q, s = found.get("q_mv"), found.get("s_mv")
    return found.get("r_mv") == 0.0 and q is not None and q == s and q < 0.0


def _amplitude(value: float | None) -> str:
    """Return an amplitude with its sign; plain zero for a wave that is absent."""
    return "0" if value == 0.0 else signed(value)


def network_table(document: Document) -> Table | None:
    """Return the most probable statements of the network, and the leads they hang on."""
    ranked = sorted(document.statements.items(), key=lambda item: -item[1])[:MOST_STATEMENTS]
    if not ranked:
        return None
    importance = document.explanation.importance if document.explanation else {}
    head = (_("Statement"), pgettext("column", "Meaning"), _("Probability"))
    rows: tuple[tuple[str, ...], ...] = tuple(
        (code, statement_title(code), percent(share))
        + (_leads_that_matter(importance.get(code)) if importance else ())
        for code, share in ranked
    )
    return Table(
        title=_("Statements of the network"),
        head=(*head, _("Change when a lead is left out")) if importance else head,
        rows=rows,
        numeric=False,
    )


def statement_title(code: str) -> str:
    """Return what a statement of PTB-XL means; a dash for one that this version does not know."""
    title = _titles().get(code)
    return DASH if title is None else _(title)


@cache
def _titles() -> Mapping[str, str]:
    """Return the English title of every statement."""
    rows = read_toml("cardioalert.report", "statements.toml")["statement"]
    return {row["code"]: row["title"] for row in rows}


def _leads_that_matter(changes: dict[Lead, float] | None) -> tuple[str]:
    """Return the leads whose absence changes a probability most."""
    ranked = sorted((changes or {}).items(), key=lambda item: -abs(item[1]))[:4]
    told = [f"{lead} {percent_points(change)}" for lead, change in ranked if abs(change) >= TELLING]
    return (", ".join(told) or DASH,)


def percent_points(change: float) -> str:
    """Return a change of a probability with its sign."""
    return f"+{percent(change)}" if change > 0 else percent(change).replace("-", "−")
