"""Score one job: read, analyze, and write the answer as one line. Runs inside a worker."""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import Any

from cardioalert import pipeline
from cardioalert.archive.entries import Entry, is_url
from cardioalert.archive.identify import content_name, fingerprint
from cardioalert.archive.outcome import Job, Outcome
from cardioalert.archive.storage import read_entry
from cardioalert.digitize.reading import count_pages, read_photo
from cardioalert.domain.clinical import Analysis
from cardioalert.domain.contract import software
from cardioalert.errors import CardioAlertError, FileChangedError, MemoryLimitError
from cardioalert.files import FileContent
from cardioalert.formats.registry import picture_of
from cardioalert.isolation import Message


def score(job: Job) -> Outcome:
    """Score one ECG; whatever goes wrong becomes a code, never an exception."""
    began = time.process_time()
    try:
        outcome = _score(job)
    except CardioAlertError as error:
        outcome = Outcome(job=job, code=error.code, message=error.message)
    except MemoryError:
        message = f"{job.locator} needs more memory than one ECG may take"
        outcome = Outcome(job=job, code=MemoryLimitError.code, message=message)
    except Exception as error:  # a fault of ours must not cost the other ECGs
        message = f"{type(error).__name__}: {error}"
        outcome = Outcome(job=job, code="internal-error", message=message)
    return replace(outcome, seconds=time.process_time() - began)


def prepare() -> None:
    """Set up the process that will score: one thread, however many cores there are."""
    import cv2  # noqa: PLC0415 - its number of threads is that of the whole process
    from cardioalert_models import zoo  # noqa: PLC0415

    cv2.setNumThreads(1)
    zoo.use_threads(1)


def work(values: dict[str, Any], _data: bytes) -> Message:
    """Score a job that came as a message: see `cardioalert.isolation`."""
    outcome = score(Job(**values))
    return {f.name: getattr(outcome, f.name) for f in fields(outcome) if f.name != "job"}, b""


@cache
def software_version() -> str:
    """Return what an archive's results depend on: the version, the networks, and the tables."""
    digest = hashlib.sha256(json.dumps(software(), sort_keys=True).encode())
    package = Path(pipeline.__file__).parent
    for table in sorted(package.rglob("tables/*")):
        digest.update(table.read_bytes())
    return f"{software()['version']}+{digest.hexdigest()[:12]}"


def _score(job: Job) -> Outcome:
    entry = job.entry
    content = read_entry(entry)
    sha256, companions = fingerprint(content, entry, job.kind)
    if content_name(sha256, entry.page) != job.content:
        raise FileChangedError(f"{job.locator} was changed after the inventory")
    pages = 1
    if job.is_picture:
        picture = picture_of(content)
        pages = count_pages(picture) if entry.page == 0 else 1
        analysis = pipeline.analyze(read_photo(picture, page=entry.page))
    elif companions and (entry.member or is_url(entry.path)):
        analysis = _analyze_together(content, entry, companions)
    else:
        analysis = pipeline.analyze(content)
    document = {
        "content": job.content,
        "kind": job.kind,
        "locator": job.locator,
        "version": software_version(),
        "pages": pages,
        "person": _person(analysis),
        "analysis": _lasting(analysis.to_dict()),
    }
    line = json.dumps(document, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return Outcome(job=job, line=line, pages=pages)


def _analyze_together(content: FileContent, entry: Entry, companions: list[Entry]) -> Analysis:
    """Analyze a header and its signal files, which must stand side by side in a real folder."""
    with tempfile.TemporaryDirectory() as folder:
        for companion in companions:
            (Path(folder) / companion.name).write_bytes(read_entry(companion).data)
        return pipeline.analyze(
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
