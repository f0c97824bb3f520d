"""Score one job: read, analyze, and write the answer as one line. Runs inside a worker."""

from __future__ import annotations

import gc
import hashlib
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, Final, TypeVar

from cardioalert import pipeline
from cardioalert.archive.entries import Entry, is_url
from cardioalert.archive.identify import content_name, fingerprint
from cardioalert.archive.outcome import Job, Outcome
from cardioalert.archive.storage import read_entry
from cardioalert.digitize.reading import count_pages, read_photo
from cardioalert.domain.clinical import Analysis
from cardioalert.domain.contract import software
from cardioalert.domain.opinion import Opinion
from cardioalert.errors import (
    CardioAlertError,
    FileChangedError,
    FileTooLargeError,
    MemoryLimitError,
)
from cardioalert.files import FileContent
from cardioalert.formats.registry import picture_of
from cardioalert.i18n import translate as _
from cardioalert.isolation import Message
from cardioalert.networks.classifier import classify_all
from cardioalert.pipeline import Examined

MAX_PAGES: Final = 1000  # each becomes a row of the manifest and a job
OBJECTS_UNTIL_A_LOOK: Final = 20_000

Seen = tuple[Examined, int]
"""An ECG before the networks are asked, and how many pages its file has."""
_Result = TypeVar("_Result")


def score(job: Job) -> Outcome:
    """Score one ECG; whatever goes wrong becomes a code, never an exception."""
    return score_all([job])[0]


def score_all(jobs: Sequence[Job]) -> list[Outcome]:
    """Score a batch: the networks are asked about all its ECGs at once.

    Parameters
    ----------
    jobs : sequence of Job

    Returns
    -------
    list of Outcome, one for each job, in their order
        The same as of `score`, but for the seconds.
    """
    seen: list[Seen | Outcome] = []
    seconds = [0.0] * len(jobs)
    for number, job in enumerate(jobs):
        began = time.process_time()
        seen.append(_or_outcome(job, partial(_examine, job)))
        seconds[number] = time.process_time() - began
    began = time.process_time()
    examined = [each[0] for each in seen if not isinstance(each, Outcome)]
    opinions = iter(classify_all([each.question for each in examined]))
    shared = (time.process_time() - began) / max(len(examined), 1)
    outcomes: list[Outcome] = []
    for number, (job, each) in enumerate(zip(jobs, seen, strict=True)):
        began = time.process_time()
        if isinstance(each, Outcome):
            outcome = each
        else:
            outcome = _or_outcome(job, partial(_line, job, each, next(opinions)))
            seconds[number] += shared
        seconds[number] += time.process_time() - began
        outcomes.append(replace(outcome, seconds=seconds[number]))
    return outcomes


def _or_outcome(job: Job, step: Callable[[], _Result]) -> _Result | Outcome:
    """Do a step for a job, or say why it cannot be done."""
    try:
        return step()
    except CardioAlertError as error:
        return Outcome(job=job, code=error.code, message=error.message)
    except MemoryError:
        message = f"{job.locator} needs more memory than one ECG may take"
        return Outcome(job=job, code=MemoryLimitError.code, message=message)
    except Exception as error:  # a fault of ours must not cost the other ECGs
        message = f"{type(error).__name__}: {error}"
        return Outcome(job=job, code="internal-error", message=message)


def prepare() -> None:
    """Set up the process that will score: one thread, however many cores there are.

    An ECG leaves thousands of small objects and hardly a cycle: looking for those after every few
    hundred takes a twentieth of the time, most of it on what was loaded at the start.
    """
    import cv2  # noqa: PLC0415 - its number of threads is that of the whole process
    from cardioalert_models import zoo  # noqa: PLC0415

    cv2.setNumThreads(1)
    zoo.use_threads(1)
    gc.freeze()
    gc.set_threshold(OBJECTS_UNTIL_A_LOOK)


def work(values: dict[str, Any], _data: bytes) -> Message:
    """Score the jobs that came as a message: see `cardioalert.isolation`."""
    outcomes = score_all([Job(**job) for job in values["jobs"]])
    names = [field.name for field in fields(Outcome) if field.name != "job"]
    return {"outcomes": [{name: getattr(one, name) for name in names} for one in outcomes]}, b""


@cache
def software_version() -> str:
    """Return what an archive's results depend on: the version, the networks, and the tables."""
    digest = hashlib.sha256(json.dumps(software(), sort_keys=True).encode())
    package = Path(pipeline.__file__).parent
    for table in sorted(package.rglob("tables/*")):
        digest.update(table.read_bytes())
    return f"{software()['version']}+{digest.hexdigest()[:12]}"


def _examine(job: Job) -> Seen:
    """Read and measure the ECG of a job."""
    entry = job.entry
    content = read_entry(entry)
    sha256, companions = fingerprint(content, entry, job.kind)
    if content_name(sha256, entry.page) != job.content:
        raise FileChangedError(_("{locator} was changed after the inventory", locator=job.locator))
    if not companions:  # else it is of all of them
        content = replace(content, sha256=sha256)
    pages = 1
    if job.is_picture:
        picture = picture_of(content)
        pages = count_pages(picture) if entry.page == 0 else 1
        if pages > MAX_PAGES:
            raise FileTooLargeError(
                _(
                    "{locator} has {pages} pages, at most {most} are read",
                    locator=job.locator,
                    pages=pages,
                    most=MAX_PAGES,
                )
            )
        return pipeline.examine(read_photo(picture, page=entry.page)), pages
    if companions and (entry.member or is_url(entry.path)):
        return _examine_together(content, entry, companions), pages
    return pipeline.examine(content), pages


def _line(job: Job, seen: Seen, opinion: Opinion) -> Outcome:
    """Interpret an ECG and write its line."""
    examined, pages = seen
    analysis = pipeline.conclude(examined, opinion)
    document = {
        "content": job.content,
        "kind": job.kind,
        "locator": job.locator,
        "version": software_version(),
        "pages": pages,
        "person": _person(analysis),
        "stated": list(analysis.record.statements),
        "analysis": _lasting(analysis.to_dict()),
    }
    line = json.dumps(document, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return Outcome(job=job, line=line, pages=pages)


def _examine_together(content: FileContent, entry: Entry, companions: list[Entry]) -> Examined:
    """Read a header and its signal files, which must stand side by side in a real folder."""
    with tempfile.TemporaryDirectory() as folder:
        for companion in companions:
            (Path(folder) / companion.name).write_bytes(read_entry(companion).data)
        return pipeline.examine(
            FileContent(data=content.data, path=str(Path(folder) / Path(entry.name).name))
        )


def _person(analysis: Analysis) -> dict[str, Any]:
    """Return what the file says about person and time."""
    recorded_at = analysis.record.recorded_at
    return {
        "age": analysis.patient.age,
        "sex": None if analysis.patient.sex is None else analysis.patient.sex.value,
        "recorded_at": None if recorded_at is None else recorded_at.isoformat(),
    }


def _lasting(document: dict[str, Any]) -> dict[str, Any]:
    """Leave out what differs from run to run: the time it took."""
    if document["digitization"] is not None:
        document["digitization"].pop("seconds", None)
    return document
