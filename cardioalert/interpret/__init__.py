"""Measurements to findings: criteria, gates, urgency and advice."""

from cardioalert.interpret.advice import disclaimer
from cardioalert.interpret.interpreter import interpret

__all__ = ["disclaimer", "interpret"]
