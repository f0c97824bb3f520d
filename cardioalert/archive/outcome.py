"""What travels between the manifest and whoever scores: a job one way, an outcome the other."""

from __future__ import annotations

from dataclasses import dataclass

from cardioalert.archive.entries import Entry, entry_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One ECG to score.

    Attributes
    ----------
    content : str
        The name of its content, as `identify.content_name` makes it.
    kind : str
        `image`, `pdf`, `dicom`, ...
    locator : str
        Where to read it.
    """

    content: str
    kind: str
    locator: str

    @property
    def entry(self) -> Entry:
        """Where to read it, taken apart."""
        return entry_of(self.locator)

    @property
    def is_picture(self) -> bool:
        """Whether it must be digitized, which costs twenty times as much."""
        return self.kind in ("image", "pdf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a job: a line of results, or a code that says why there is none.

    Attributes
    ----------
    job : Job
    line : str
        One line of JSON; empty when the ECG could not be scored.
    code, message : str
        Why not.
    pages : int
        Pages of the file, which become jobs of their own.
    seconds : float
        Processor time.
    """

    job: Job
    line: str = ""
    code: str = ""
    message: str = ""
    pages: int = 1
    seconds: float = 0.0
