"""MATLAB of the PhysioNet challenges: a matrix `.mat` whose header `.hea` stands beside it.

Read only. The matrix alone tells neither rate nor gain nor leads, so the header is what is read;
it is a WFDB header that points 24 bytes into the matrix.
"""

from __future__ import annotations

from pathlib import Path

from cardioalert.domain.record import ECGRecord
from cardioalert.errors import FileMissingError
from cardioalert.files import FileContent, load
from cardioalert.formats import wfdb_files
from cardioalert.i18n import translate as _


def read(content: FileContent) -> ECGRecord:
    """Read the record by its header."""
    header = None if content.folder is None else Path(content.path).with_suffix(".hea")
    if header is None or not header.is_file():
        raise FileMissingError(
            _(
                "{name} is a MATLAB matrix without its header, so rate and gain are unknown",
                name=content.name,
            ),
            hint="Put the .hea file of the same name beside it.",
        )
    return wfdb_files.read(load(header))
