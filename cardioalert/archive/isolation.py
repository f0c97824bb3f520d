"""A process of its own that scores: a file that breaks a decoder costs one process and no run."""

from __future__ import annotations

from dataclasses import asdict

from cardioalert.archive.outcome import Job, Outcome
from cardioalert.errors import CardioAlertError
from cardioalert.isolation import IsolatedCall, Limits

TARGET = "cardioalert.archive.scoring:work"


class IsolatedScorer:
    """One process that scores jobs one after the other."""

    def __init__(self, limits: Limits) -> None:
        self._call = IsolatedCall(TARGET, limits)

    def score(self, job: Job) -> Outcome:
        """Score a job; a process that hangs or dies is replaced, and the job gets a code."""
        try:
            values, _ = self._call(asdict(job), name=job.locator)
        except CardioAlertError as error:
            return Outcome(job=job, code=error.code, message=error.message)
        return Outcome(job=job, **values)

    def close(self) -> None:
        """End the process."""
        self._call.close()
