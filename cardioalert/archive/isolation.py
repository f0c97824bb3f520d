"""A process of its own that scores: a file that breaks a decoder costs one process and no run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from cardioalert.archive.outcome import Job, Outcome
from cardioalert.errors import CardioAlertError, MemoryLimitError
from cardioalert.isolation import ATTEMPTS, IsolatedCall, Limits

TARGET = "cardioalert.archive.scoring:work"


class IsolatedScorer:
    """One process that scores batches of jobs one after the other."""

    def __init__(self, limits: Limits) -> None:
        self._call = IsolatedCall(TARGET, limits)

    def score_all(self, batch: Sequence[Job]) -> list[Outcome]:
        """Score a batch at once, within the limits of one ECG; else its jobs one by one."""
        if len(batch) > 1:
            try:
                outcomes = self._outcomes(batch, attempts=1)
            except CardioAlertError:
                pass  # one of them broke the process, or they took too long together
            else:
                return [self._again_if_short_of_memory(outcome) for outcome in outcomes]
        return [self.score(job) for job in batch]

    def _again_if_short_of_memory(self, outcome: Outcome) -> Outcome:
        """Give an ECG that found too little memory a process that holds nothing of others."""
        if outcome.code != MemoryLimitError.code:
            return outcome
        self.close()
        return self.score(outcome.job)

    def score(self, job: Job) -> Outcome:
        """Score a job; a process that hangs or dies is replaced, and the job gets a code."""
        try:
            return self._outcomes([job])[0]
        except CardioAlertError as error:
            return Outcome(job=job, code=error.code, message=error.message)

    def close(self) -> None:
        """End the process."""
        self._call.close()

    def _outcomes(self, batch: Sequence[Job], *, attempts: int = ATTEMPTS) -> list[Outcome]:
        """Ask the process."""
        jobs = [asdict(job) for job in batch]
        values, _ = self._call({"jobs": jobs}, name=batch[0].locator, attempts=attempts)
        return [
            Outcome(job=job, **outcome)
            for job, outcome in zip(batch, values["outcomes"], strict=True)
        ]
