"""Text for people: English in the code, other languages through gettext catalogs.

    from cardioalert.i18n import translate as _

    _("No grid was found.")                             a sentence
    _("{count} of {all} leads", count=11, all=12)       with values: numbers follow the language
    ngettext("{count} beat", "{count} beats", beats)    with a number that changes the words
    pgettext("ECG axis", "left")                        one English word with several meanings
    N_("Heart rate")                                    only marked: translated where it is shown

Texts in tables (`text = ...`, `title = ...` in a TOML file) are marked by their key and translated
where they are shown. The language belongs to the thread or task: a server sets it for each request.
"""

from __future__ import annotations

from cardioalert.i18n.formats import date_text, datetime_text, number, percent, time_text
from cardioalert.i18n.language import (
    LANGUAGES,
    N_,
    PSEUDO,
    language,
    ngettext,
    pgettext,
    set_language,
    translate,
    use_language,
)
from cardioalert.i18n.letters import fold, straight_apostrophes
from cardioalert.i18n.units import unit_text

__all__ = [
    "LANGUAGES",
    "N_",
    "PSEUDO",
    "date_text",
    "datetime_text",
    "fold",
    "language",
    "ngettext",
    "number",
    "percent",
    "pgettext",
    "set_language",
    "straight_apostrophes",
    "time_text",
    "translate",
    "unit_text",
    "use_language",
]
