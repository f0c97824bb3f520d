"""All results as FHIR in bulk: one file of lines for each type of resource, as servers import them.

Format: FHIR Bulk Data Access (https://hl7.org/fhir/uv/bulkdata/), R4B resources. The analyses of
files name no person, so each Patient here stands for one recording until the hospital links them.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from cardioalert.domain.patient import Sex
from cardioalert.hospital.fhir.export import bundle
from cardioalert.hospital.result import Person, Result


@contextmanager
def bulk_writer(folder: Path) -> Iterator[Any]:
    """Write the resources of one ECG after the other; the folder appears whole or not at all."""
    temporary = folder.with_name(folder.name + ".part")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    files: dict[str, TextIO] = {}
    devices: set[str] = set()
    with ExitStack() as stack:

        def write(_row: object, document: Mapping[str, Any]) -> None:
            for resource in resources_of(document):
                kind, key = resource["resourceType"], resource["id"]
                if kind == "Device":
                    if key in devices:
                        continue
                    devices.add(key)
                if kind not in files:
                    path = temporary / f"{kind}.ndjson"
                    files[kind] = stack.enter_context(path.open("w", encoding="utf-8"))
                files[kind].write(json.dumps(resource, ensure_ascii=False) + "\n")

        yield write
    shutil.rmtree(folder, ignore_errors=True)
    temporary.replace(folder)


def resources_of(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the resources of one analysis, with references from one to the other.

    Parameters
    ----------
    document : mapping
        The document of `analyze --json`, and under `person` what the file says of the person.
    """
    about = document["person"]
    result = Result(
        analysis=document,
        person=Person(sex=None if about["sex"] is None else Sex(about["sex"])),
        recorded_at=_moment(about["recorded_at"]),
        exported_at=datetime.now(UTC),
    )
    entries = bundle(result)["entry"]
    names = {
        entry["fullUrl"]: f"{entry['resource']['resourceType']}/{entry['fullUrl'].split(':')[-1]}"
        for entry in entries
    }
    return [
        {"id": entry["fullUrl"].split(":")[-1]} | _renamed(entry["resource"], names)
        for entry in entries
    ]


def _moment(text: str | None) -> datetime | None:
    """Return when it was recorded; a year alone, as pseudonyms leave it, is no moment."""
    if text is None or len(text) <= len("2019"):
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else None


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    """Replace the temporary names of a bundle by those of resources."""
    if isinstance(value, dict):
        return {key: _renamed(inside, names) for key, inside in value.items()}
    if isinstance(value, list):
        return [_renamed(inside, names) for inside in value]
    return names.get(value, value) if isinstance(value, str) else value
