"""A library that answers at once."""

from tests.fake_pipeline import pipeline

__all__ = ["pipeline"]
