"""Turn what the user named, files and folders, into the files to read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from cardioalert.errors import InputError
from cardioalert.i18n import translate as _

PICTURE_ENDINGS: Final = frozenset(
    (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".heic", ".heif", ".pdf")
)


def find_inputs(names: Iterable[str]) -> list[str]:
    """Return every file, those of folders in the order of their names.

    Files are taken as they were named. In a folder, only files that look like pictures or records
    by their ending are taken, and hidden ones are not: the signal file beside a WFDB header is part
    of it, and a README is no broken ECG.

    Raises
    ------
    InputError
        A folder holds nothing to read.
    """
    found: list[str] = []
    for name in names:
        if name != "-" and Path(name).is_dir():
            found.extend(files_in(Path(name)))
        else:
            found.append(name)
    return found


def files_in(folder: Path) -> list[str]:
    """Return the pictures and records in a folder and the folders in it."""
    endings = PICTURE_ENDINGS | record_endings()
    files = [
        str(path)
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in endings and path.is_file() and not _is_hidden(path, folder)
    ]
    if not files:
        raise InputError(
            _("the folder {folder} holds no picture and no record", folder=folder),
            hint=_("Name the files, or a folder that holds them."),
        )
    return files


def record_endings() -> frozenset[str]:
    """Return the endings of all digital formats."""
    from cardioalert.formats.registry import FORMATS  # noqa: PLC0415 - heavy

    return frozenset(ending for form in FORMATS for ending in form.suffixes)


def _is_hidden(path: Path, folder: Path) -> bool:
    """Whether a file, or a folder on the way to it, begins with a dot."""
    return any(part.startswith(".") for part in path.relative_to(folder).parts)
