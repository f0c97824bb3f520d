"""How long one page may take, and what happens when its memory does not suffice.

After ten seconds of work no picture is worked on any further.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import cv2

from cardioalert.errors import TimeLimitError
from cardioalert.i18n import translate as _

NO_MEMORY: Final = "Insufficient memory"  # in what OpenCV says
MOST_SECONDS: Final = 10.0  # of this thread's work; a busy computer may take longer


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """The end of the time for one page.

    Each stage is bounded by the size of its input, which is bounded too (`reading.KEPT_PIXELS`,
    `page.LARGEST_MM`, `layout.refuse_too_many`), so it is enough to look at the clock between
    stages. The longest, following the rows of the largest page, takes three to four seconds.

    Attributes
    ----------
    seconds : float
        Work allowed.
    began : float, seconds
        On the clock of this thread.
    """

    seconds: float = MOST_SECONDS
    began: float = field(default_factory=time.thread_time)

    def check(self, stage: str) -> None:
        """Raise when the time is up before a stage.

        Raises
        ------
        TimeLimitError
        """
        spent = time.thread_time() - self.began
        if spent > self.seconds:
            raise TimeLimitError(
                _(
                    "the page took {spent:.1f} s before its {stage} could be read; at most "
                    "{limit:g} s are allowed",
                    spent=spent,
                    stage=stage,
                    limit=self.seconds,
                )
            )


@contextmanager
def memory_of_opencv() -> Iterator[None]:
    """Let a lack of memory be Python's error for it: OpenCV has one of its own.

    Raises
    ------
    MemoryError
    """
    try:
        yield
    except cv2.error as error:
        if NO_MEMORY in str(error):
            raise MemoryError(str(error)) from error
        raise
