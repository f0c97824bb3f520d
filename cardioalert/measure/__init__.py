"""From a record to its measurements: beats, waves, intervals, axes, voltages, rhythm.

The order of the steps stands in `measuring`. Every value that cannot be measured carries one of
the codes of `reasons`.
"""

from cardioalert.measure.measuring import measure
from cardioalert.measure.reasons import Reason, reasons

__all__ = ["Reason", "measure", "reasons"]
