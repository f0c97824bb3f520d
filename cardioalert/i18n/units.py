"""Units as the chosen language writes them: mV is мВ in Russian. Never used in JSON or CSV."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from cardioalert.i18n.language import language, pgettext


def unit_text(unit: str) -> str:
    """Return a unit for people; one that is not known is returned as it is.

    Examples
    --------
    >>> unit_text("deg"), unit_text("mV")
    ('°', 'mV')
    """
    return _units(language()).get(unit, unit)


@cache
def _units(_code: str) -> Mapping[str, str]:
    """Return all units in the chosen language, written once for each language."""
    return {
        "/min": pgettext("unit", "/min"),
        "Hz": pgettext("unit", "Hz"),
        "MB": pgettext("unit", "MB"),
        "cm": pgettext("unit", "cm"),
        "a day": pgettext("unit", "a day"),
        "deg": "°",
        "g/L": pgettext("unit", "g/L"),
        "kPa": pgettext("unit", "kPa"),
        "kg": pgettext("unit", "kg"),
        "kg/m2": pgettext("unit", "kg/m²"),
        "m": pgettext("unit", "m"),
        "mL/min/1.73m2": pgettext("unit", "mL/min/1.73 m²"),
        "mV": pgettext("unit", "mV"),
        "mg/dL": pgettext("unit", "mg/dL"),
        "mg/g": pgettext("unit", "mg/g"),
        "mm": pgettext("unit", "mm"),
        "mm*ms": pgettext("unit", "mm·ms"),
        "mm/mV": pgettext("unit", "mm/mV"),
        "mm/s": pgettext("unit", "mm/s"),
        "mmHg": pgettext("unit", "mmHg"),
        "mmol/L": pgettext("unit", "mmol/L"),
        "mmol/mol": pgettext("unit", "mmol/mol"),
        "ms": pgettext("unit", "ms"),
        "px": pgettext("unit", "px"),
        "px/mm": pgettext("unit", "px/mm"),
        "s": pgettext("unit", "s"),
        "years": pgettext("unit", "years"),
    }
