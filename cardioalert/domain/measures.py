"""The named measurements: their units inside the library and in exports."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from cardioalert.i18n import N_


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One quantity.

    Attributes
    ----------
    name : str
        In the library, such as `pr`.
    export_name : str
        In JSON and CSV, with its unit, such as `pr_ms`.
    unit : str
        Inside the library.
    export_unit : str
        For people and exports.
    factor : float
        Export value = library value * factor.
    decimals : int
        Digits worth printing, in the export unit.
    label : str
        For people, English.
    """

    name: str
    export_name: str
    unit: str
    export_unit: str
    factor: float
    decimals: int
    label: str


_ROWS: Final = (
    ("heart_rate", "heart_rate_bpm", "/min", "/min", 1.0, 0, N_("Heart rate")),
    ("rr", "rr_ms", "s", "ms", 1000.0, 0, N_("RR interval")),
    ("p_duration", "p_duration_ms", "s", "ms", 1000.0, 0, N_("P duration")),
    ("pr", "pr_ms", "s", "ms", 1000.0, 0, N_("PR interval")),
    ("qrs", "qrs_ms", "s", "ms", 1000.0, 0, N_("QRS duration")),
    ("qt", "qt_ms", "s", "ms", 1000.0, 0, N_("QT interval")),
    ("qtc_bazett", "qtc_bazett_ms", "s", "ms", 1000.0, 0, N_("QTc (Bazett)")),
    ("qtc_fridericia", "qtc_fridericia_ms", "s", "ms", 1000.0, 0, N_("QTc (Fridericia)")),
    ("qtc_framingham", "qtc_framingham_ms", "s", "ms", 1000.0, 0, N_("QTc (Framingham)")),
    ("p_axis", "p_axis_deg", "deg", "deg", 1.0, 0, N_("P axis")),
    ("qrs_axis", "qrs_axis_deg", "deg", "deg", 1.0, 0, N_("QRS axis")),
    ("t_axis", "t_axis_deg", "deg", "deg", 1.0, 0, N_("T axis")),
    ("sv1", "sv1_mv", "mV", "mV", 1.0, 2, N_("S in V1")),
    ("rv5", "rv5_mv", "mV", "mV", 1.0, 2, N_("R in V5")),
)

MEASURES: Final = MappingProxyType(
    {
        name: Measure(
            name=name,
            export_name=export_name,
            unit=unit,
            export_unit=export_unit,
            factor=factor,
            decimals=decimals,
            label=label,
        )
        for name, export_name, unit, export_unit, factor, decimals, label in _ROWS
    }
)
"""Measure by name, in the order people read them."""
