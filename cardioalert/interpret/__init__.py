"""Measurements to findings: criteria, gates, urgency and advice."""

from cardioalert.interpret.interpreter import interpret

__all__ = ["interpret"]
