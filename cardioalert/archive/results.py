"""The tables at the end: one row an ECG, in the order of the names, whatever order they came in.

Each file is written beside its place and then moved there, so that a reader never sees half of one.
Nothing in them depends on when, where or how often the run was interrupted.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TextIO

from cardioalert.archive.manifest import Manifest, Scored
from cardioalert.archive.overview import write_overview
from cardioalert.archive.pseudonyms import Naming
from cardioalert.archive.shards import Shards
from cardioalert.archive.stated import StatedTable, findings_stated
from cardioalert.archive.summary import Summary, Tally
from cardioalert.domain.measures import MEASURES
from cardioalert.errors import MissingLibraryError
from cardioalert.i18n import translate as _

PROBABILITY: Final = "p_"  # before the code of a statement of the network
PARQUET_ROWS: Final = 5000

_FIXED: Final = (
    "path", "sha256", "kind", "copies", "age", "sex", "recorded_at", "urgency", "overall",
    "present", "possible", "not_assessable", "layout", "quality", "warnings",
    "leads", "duration_s", "stated",
)  # fmt: skip
_MEASURED: Final = tuple(measure.export_name for measure in MEASURES.values())


class TableFormat(StrEnum):
    """Formats of the results; `fhir` is a folder of NDJSON files, one a type of resource."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"
    FHIR = "fhir"


def write_tables(
    manifest: Manifest,
    shards: Shards,
    out: Path,
    *,
    formats: Iterable[TableFormat],
    key: bytes | None = None,
    stated: StatedTable | None = None,
) -> Summary:
    """Write all tables from what is scored so far.

    Parameters
    ----------
    manifest, shards : of the run
    out : folder to write to
    formats : of the table of results
    key : bytes, optional
        Replace names by pseudonyms made with this key.
    stated : StatedTable, optional
        What is stated of the files beside what they state themselves.

    Raises
    ------
    MissingLibraryError
        Parquet was asked for and pyarrow is not installed.
    """
    naming = Naming(key)
    tally = Tally()
    for scored in manifest.scored():
        line = shards.read(scored.place)
        name = naming.name(scored.locator)
        tally.add(scored, line, name=name, stated=_stated(scored, line, stated))
    columns = (*_FIXED, *_MEASURED, *(PROBABILITY + code for code in tally.statements))
    with ExitStack() as stack:
        writers = [
            stack.enter_context(_WRITERS[form](_target(out, form), columns))
            for form in dict.fromkeys(formats)
        ]
        work = stack.enter_context(_table(out / "worklist.csv", WORKLIST))
        for scored, line in _documents(manifest, shards, naming):
            document = line["analysis"]
            row = row_of(scored, document)
            row["stated"] = " ".join(sorted(_stated(scored, line, stated)))
            for write in writers:
                write(row, document)
            if row["urgency"] in ("red", "orange"):
                work([row[column] for column in WORKLIST])
    _write_refused(manifest, out, naming, tally)
    with _table(out / "duplicates.csv", ("path", "same_as")) as write_copy:
        for locator, first in manifest.copies():
            write_copy((naming.name(locator), naming.name(first)))
    summary = tally.summary()
    with _written(out / "summary.json") as file:
        json.dump(summary.to_dict(), file, indent=1)
        file.write("\n")
    with _written(out / "overview.html") as file:
        write_overview(summary, file, with_links=key is None)
    return summary


def _stated(scored: Scored, line: dict[str, Any], table: StatedTable | None) -> frozenset[str]:
    """Return the findings that the archive states of an ECG, in its file or in a table."""
    beside = () if table is None else table.of(scored.locator)
    return findings_stated((*line.get("stated", ()), *beside))


def _target(out: Path, form: TableFormat) -> Path:
    return out / ("fhir" if form is TableFormat.FHIR else f"results.{form.value}")


WORKLIST: Final = ("urgency", "path", "age", "sex", "recorded_at", "present", "possible", "quality")


def row_of(scored: Scored, document: dict[str, Any]) -> dict[str, Any]:
    """Return one row of the table of results; the document is that of `analyze --json`."""
    digitization = document["digitization"] or {}
    by_status: dict[str, list[str]] = {"present": [], "possible": []}
    for finding in document["findings"]:
        by_status.setdefault(finding["status"], []).append(finding["code"])
    row = {
        "path": document["input"]["path"],
        "sha256": document["input"]["sha256"],
        "kind": scored.kind,
        "copies": scored.copies,
        "age": document["person"]["age"],
        "sex": document["person"]["sex"],
        "recorded_at": document["person"]["recorded_at"],
        "urgency": document["urgency"],
        "overall": document["overall"],
        "present": " ".join(by_status["present"]),
        "possible": " ".join(by_status["possible"]),
        "not_assessable": " ".join(missing["code"] for missing in document["not_assessed"]),
        "layout": digitization.get("layout"),
        "quality": digitization.get("quality", {}).get("grade"),
        "warnings": " ".join(warning["code"] for warning in digitization.get("warnings", ())),
        "leads": " ".join(document["record"]["leads"]),
        "duration_s": document["record"]["duration_s"],
    }
    row |= {name: document["measurements"][name]["value"] for name in _MEASURED}
    return row | {PROBABILITY + code: value for code, value in document["statements"].items()}


def _documents(
    manifest: Manifest, shards: Shards, naming: Naming
) -> Iterator[tuple[Scored, dict[str, Any]]]:
    """Return each ECG of the scan with its line, under the name that the tables give it."""
    for scored in manifest.scored():
        line = shards.read(scored.place)
        document = line["analysis"]
        document["person"] = naming.person(line["person"])
        for about in filter(None, (document, document["digitization"])):
            about["input"]["path"] = naming.name(scored.locator)
            about["input"]["sha256"] = naming.content(about["input"]["sha256"])
        yield scored, line


def _write_refused(manifest: Manifest, out: Path, naming: Naming, tally: Tally) -> None:
    """Write what could not be scored, and why."""
    with _table(out / "quarantine.csv", ("path", "code", "message")) as write:
        for refused in manifest.refused():
            name = naming.name(refused.locator)
            message = naming.message(refused.message, refused.locator)
            write((name, refused.code, message))
            tally.add_refused(refused.code)


# ---- Files ---------------------------------------------------------------------------------------


@contextmanager
def _written(path: Path) -> Iterator[TextIO]:
    """Write a text file that appears whole or not at all."""
    temporary = path.with_name(path.name + ".part")
    with temporary.open("w", encoding="utf-8", newline="") as file:
        yield file
    temporary.replace(path)


@contextmanager
def _table(path: Path, header: Iterable[str]) -> Iterator[Any]:
    """Write a CSV file row by row."""
    with _written(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        yield lambda row: writer.writerow([_inert(value) for value in row])


def _inert(value: Any) -> Any:
    """Keep a spreadsheet from taking a file's name for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "@", "\t") else value


@contextmanager
def _csv_writer(path: Path, columns: tuple[str, ...]) -> Iterator[Any]:
    with _table(path, columns) as write:
        yield lambda row, _: write([row.get(column) for column in columns])


@contextmanager
def _jsonl_writer(path: Path, _: tuple[str, ...]) -> Iterator[Any]:
    with _written(path) as file:
        yield lambda _, document: file.write(json.dumps(document, ensure_ascii=False) + "\n")


@contextmanager
def _parquet_writer(path: Path, columns: tuple[str, ...]) -> Iterator[Any]:
    """Write the table of results as Parquet, some thousand rows at a time."""
    try:
        import pyarrow as pa  # noqa: PLC0415 - only this format needs it
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        raise MissingLibraryError(
            _("Parquet needs the library {name}, which is not installed", name=error.name),
            hint="Install it with: pip install 'cardioalert[parquet]'",
        ) from error
    numbers = {"age", "duration_s", *_MEASURED}
    schema = pa.schema(
        (name, _arrow_type(pa, name, name in numbers or name.startswith(PROBABILITY)))
        for name in columns
    )
    temporary = path.with_name(path.name + ".part")
    rows: list[dict[str, Any]] = []
    with parquet.ParquetWriter(temporary, schema) as writer:

        def flush() -> None:
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
            rows.clear()

        def write(row: dict[str, Any], _: object) -> None:
            rows.append(row)
            if len(rows) == PARQUET_ROWS:
                flush()

        yield write
        flush()
    temporary.replace(path)


def _arrow_type(pa: Any, name: str, is_number: bool) -> Any:
    if name == "copies":
        return pa.int32()
    return pa.float64() if is_number else pa.string()


@contextmanager
def _fhir_writer(path: Path, _: tuple[str, ...]) -> Iterator[Any]:
    """Write FHIR resources; their code is loaded only for this format."""
    from cardioalert.archive.bulk import bulk_writer  # noqa: PLC0415

    with bulk_writer(path) as write:
        yield write


_WRITERS: Final = {
    TableFormat.CSV: _csv_writer,
    TableFormat.JSONL: _jsonl_writer,
    TableFormat.PARQUET: _parquet_writer,
    TableFormat.FHIR: _fhir_writer,
}
