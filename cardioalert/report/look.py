"""How the answer looks in a terminal: widths, signs, colours and the frame of a section."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cardioalert.domain.clinical import Urgency
from cardioalert.domain.imaging import Grade
from cardioalert.report.limits import Side

NARROW: Final = 60  # columns; below this, tables have two columns
WIDEST: Final = 100  # columns; longer lines are hard to read

URGENCY_STYLE: Final = {
    Urgency.RED: ("bold white on red", "red"),
    Urgency.ORANGE: ("bold black on dark_orange", "dark_orange"),
    Urgency.YELLOW: ("bold black on yellow", "yellow"),
    Urgency.GREEN: ("bold black on green", "green"),
    Urgency.GREY: ("bold white on bright_black", "bright_black"),
}
"""Style of the word, and of what stands around it."""

GRADE_STYLE: Final = {Grade.GOOD: "green", Grade.FAIR: "yellow", Grade.POOR: "red"}
SIDE_STYLE: Final[dict[Side, str]] = {"within": "green", "below": "yellow", "above": "yellow"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the terminal can show.

    Attributes
    ----------
    width : int, characters
    unicode : bool
        Whether braille, boxes and signs such as ± can be shown.
    """

    width: int = 80
    unicode: bool = True

    @property
    def narrow(self) -> bool:
        """Whether there is room for two columns only."""
        return self.width < NARROW

    @property
    def label_width(self) -> int:
        """Width of the first column of all sections."""
        return 12 if self.narrow else 16

    def sign(self, unicode: str, plain: str) -> str:
        """Return the one of two spellings that the terminal can show."""
        return unicode if self.unicode else plain


def rows(look: Look) -> Table:
    """Return an empty two-column table: a dim label and a text."""
    table = Table.grid(padding=(0, 1))
    table.add_column(width=look.label_width, style="dim")
    table.add_column(overflow="fold")
    return table


def listed(sign: str | Text, line: RenderableType) -> RenderableType:
    """Return an item of a list: a sign, and a text that keeps its indent when it wraps."""
    table = Table.grid(padding=(0, 1))
    table.add_column()
    table.add_column(overflow="fold")
    table.add_row(Text(sign, style="dim") if isinstance(sign, str) else sign, line)
    return table


def section(title: str, *parts: RenderableType) -> RenderableType:
    """Return a titled part of the answer, with an empty line before it."""
    return Group(Text(), Text(f" {title}", style="bold"), *(indented(part) for part in parts))


def indented(part: RenderableType, columns: int = 1) -> RenderableType:
    """Return a part moved right."""
    return Padding(part, (0, 1, 0, columns))
