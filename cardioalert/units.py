"""Conversions between the units the library uses and those of files and people.

Inside the library: seconds, millivolts, hertz, millimetres, degrees, years.
"""

from __future__ import annotations

from typing import Final

SECONDS_PER_MINUTE: Final = 60.0
MILLISECONDS_PER_SECOND: Final = 1000.0
MICROVOLTS_PER_MILLIVOLT: Final = 1000.0
MILLIMETERS_PER_INCH: Final = 25.4

MILLIVOLTS_PER_UNIT: Final[dict[str, float]] = {
    "V": 1000.0,
    "mV": 1.0,
    "uV": 1e-3,
    "µV": 1e-3,
    "μV": 1e-3,
    "nV": 1e-6,
}
"""Factor from a UCUM-like voltage unit to millivolts."""
