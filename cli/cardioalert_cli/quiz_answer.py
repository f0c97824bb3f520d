"""The result of the risk test as people read it on a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cardioalert.i18n import ngettext, number
from cardioalert.i18n import translate as _
from cardioalert.risk import texts
from cardioalert.risk.numbers import round_half_up
from cardioalert.risk.result import Estimate, RiskResult
from cardioalert.risk.what_if import Change, RiskAge

STYLES = {"low": "green", "moderate": "yellow", "medium": "yellow", "high": "red"}
"""Colour by level of advice; points have the same levels behind a prefix."""


def answer(result: RiskResult) -> RenderableType:
    """Return the whole answer, the most important first."""
    parts: list[RenderableType] = []
    if result.estimate is None:
        parts += [Text(result.refusal, style="bold red")]
    else:
        parts += _headline(result.estimate)
        parts += _risk_age(result.risk_age)
    parts += [Text(), Text.assemble(_("Next step: "), (result.steps.next_step.text, "bold"))]
    if result.steps.next_step.code in {"book-ecg", "see-cardiologist"}:
        parts.append(Text("  cardioalert clinics --service ecg", style="dim"))
    if result.estimate is not None and result.changes:
        parts += [Text(), Text(_("What would change it most"), style="bold")]
        parts.append(_changes(result.estimate, result.changes))
    parts += _list(_("Advice"), [advice.text for advice in result.steps.advice])
    parts += _list(_("Other scores"), [_line(estimate) for estimate in result.secondary])
    parts += _list(_("Good to know"), [note.text for note in result.notes])
    return Group(*parts, Text(), Text(_(texts.DISCLAIMER), style="dim"))


def _headline(estimate: Estimate) -> list[RenderableType]:
    """Return the number with its category, and the exact one when the chart leads."""
    style = STYLES[estimate.category.advice.removeprefix("points-")]
    category = _(texts.CATEGORIES[estimate.category.category])
    lines: list[RenderableType] = [
        Text(_(texts.SCORES[estimate.score.id]), style="dim"),
        Text.assemble((_number(estimate), f"bold {style}"), "   ", (category, style)),
    ]
    if estimate.cell is not None:
        exact = _(texts.CATEGORIES[estimate.category_exact.category])
        percent = number(round_half_up(estimate.exact, 1))
        lines.append(
            Text(
                _("By the exact equation: {percent} %, {category}", percent=percent, category=exact)
            )
        )
    return lines


def _number(estimate: Estimate) -> str:
    """Return the headline with its unit."""
    if not estimate.score.points:
        return ngettext(
            "{percent} % in {count} year",
            "{percent} % in {count} years",
            estimate.score.horizon,
            percent=number(round_half_up(estimate.headline, 1)),
        )
    if estimate.highest is not None and estimate.highest > estimate.exact:
        low = int(estimate.exact)
        return _("{low} to {high} points of 48", low=low, high=estimate.highest)
    return _("{points} points of 48", points=int(estimate.exact))


def _line(estimate: Estimate) -> str:
    """Return one other score in a line."""
    category = _(texts.CATEGORIES[estimate.category.category])
    return f"{_(texts.SCORES[estimate.score.id])}: {_number(estimate)}, {category}"


def _risk_age(age: RiskAge | None) -> list[RenderableType]:
    """Return the age the risk is like."""
    if age is None:
        return []
    years = int(round_half_up(age.years))
    text = {
        "": _("The risk is like that of a healthy person of {years} years.", years=years),
        "at-least": _(
            "The risk is like that of a healthy person of {years} years or more.", years=years
        ),
        "at-most": _(
            "The risk is like that of a healthy person of {years} years or less.", years=years
        ),
    }[age.bound]
    return [Text(text)]


def _changes(estimate: Estimate, changes: tuple[Change, ...]) -> Table:
    """Return the effect of each change."""
    table = Table.grid(padding=(0, 2))
    for change in changes:
        if estimate.score.points:
            text = ngettext("{count} point", "{count} points", int(change.exact))
        elif change.cell is not None:
            exact = number(round_half_up(change.exact, 1))
            text = _("{chart} % (exact {exact} %)", chart=change.cell, exact=exact)
        else:
            text = f"{number(round_half_up(change.exact, estimate.score.decimals))} %"
        table.add_row(Text("  " + _(texts.CHANGES[change.code])), Text(text))
    return table


def _list(title: str, lines: list[str]) -> list[RenderableType]:
    """Return a titled list, or nothing."""
    if not lines:
        return []
    return [Text(), Text(title, style="bold"), *(Text(f"  - {line}") for line in lines)]
