"""The digital formats, one row each, and the two calls that use them.

A new format is a new module with `read` (and `write` where it makes sense) and a row here. Modules
are imported when a file first needs them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol, cast

from cardioalert.domain.record import ECGRecord
from cardioalert.errors import (
    CardioAlertError,
    CorruptFileError,
    FileTooLargeError,
    InputError,
    MissingLibraryError,
    UnknownFormatError,
)
from cardioalert.files import FileContent, Source, load, picture_format
from cardioalert.formats import sniffing
from cardioalert.i18n import translate as _


class FormatModule(Protocol):
    """What a module in `cardioalert.formats` offers."""

    def read(self, content: FileContent) -> ECGRecord:
        """Read a record."""

    def write(self, record: ECGRecord, path: Path) -> None:
        """Write a record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One file format.

    Attributes
    ----------
    kind : str
        What `kind_of` and `SourceFile.kind` call it.
    name : str
        For people.
    suffixes : tuple of str
        Endings that choose it for writing, the usual one first.
    looks_like : function of FileContent
        Whether a file is of this format, decided by its first bytes.
    module : str
    extra : str
        The extra of the package that installs its library; empty when it always is.
    can_write : bool
        Whether its module writes too.
    """

    kind: str
    name: str
    suffixes: tuple[str, ...]
    looks_like: Callable[[FileContent], bool]
    module: str
    extra: str = ""
    can_write: bool = True


FORMATS: Final = (
    Format(
        kind="dicom",
        name="DICOM",
        suffixes=(".dcm",),
        looks_like=sniffing.is_dicom,
        module="cardioalert.formats.dicom_file",
    ),
    Format(
        kind="edf",
        name="EDF",
        suffixes=(".edf", ".bdf"),
        looks_like=sniffing.is_edf,
        module="cardioalert.formats.edf_file",
    ),
    Format(
        kind="aecg",
        name="HL7 aECG",
        suffixes=(".xml",),
        looks_like=sniffing.is_aecg,
        module="cardioalert.formats.aecg_file",
    ),
    Format(
        kind="scp",
        name="SCP-ECG",
        suffixes=(".scp",),
        looks_like=sniffing.is_scp,
        module="cardioalert.formats.scp_file",
        can_write=False,
    ),
    Format(
        kind="muse",
        name="GE MUSE XML",
        suffixes=(".xml",),
        looks_like=sniffing.is_muse,
        module="cardioalert.formats.muse_file",
        can_write=False,
    ),
    Format(
        kind="sierra",
        name="Philips Sierra XML",
        suffixes=(".xml",),
        looks_like=sniffing.is_sierra,
        module="cardioalert.formats.sierra_file",
        can_write=False,
    ),
    Format(
        kind="ishne",
        name="ISHNE Holter",
        suffixes=(".ecg",),
        looks_like=sniffing.is_ishne,
        module="cardioalert.formats.ishne_file",
        can_write=False,
    ),
    Format(
        kind="matlab",
        name="MATLAB of PhysioNet",
        suffixes=(".mat",),
        looks_like=sniffing.is_matlab,
        module="cardioalert.formats.matlab_file",
        can_write=False,
    ),
    Format(
        kind="json",
        name="CardioAlert JSON",
        suffixes=(".json",),
        looks_like=sniffing.is_json,
        module="cardioalert.formats.json_file",
    ),
    Format(
        kind="fhir",
        name="FHIR Observation",
        suffixes=(".json",),
        looks_like=sniffing.is_fhir,
        module="cardioalert.formats.fhir_file",
        can_write=False,
    ),
    Format(
        kind="wfdb",
        name="WFDB",
        suffixes=(".hea",),
        looks_like=sniffing.is_wfdb,
        module="cardioalert.formats.wfdb_files",
    ),
    Format(
        kind="csv",
        name="CSV",
        suffixes=(".csv",),
        looks_like=sniffing.is_csv,
        module="cardioalert.formats.csv_file",
    ),
)
"""From the surest sign to the vaguest: the first that fits is taken."""


def kind_of(source: Source) -> str:
    """Tell by its content what a file is: `image`, `pdf`, or the kind of a digital format.

    Raises
    ------
    InputError
        The file cannot be read, or is nothing CardioAlert reads.
    """
    content = load(source)
    picture = picture_format(picture_of(content).data)
    if picture is not None:
        return "pdf" if picture == "PDF" else "image"
    return _format_of(content).kind


def picture_of(source: Source) -> FileContent:
    """Take the picture or PDF out of a DICOM object; anything else comes back as it is.

    Raises
    ------
    InputError
    """
    content = load(source)
    if not sniffing.is_dicom(content) or sniffing.is_dicom_waveform(content):
        return content
    unwrap = import_module("cardioalert.formats.dicom_pictures").unwrap
    return cast(FileContent, unwrap(content) or content)


def is_picture(source: Source) -> bool:
    """Tell whether a file is a picture or PDF, which must be digitized first."""
    return picture_format(picture_of(source).data) is not None


def read_record(source: Source) -> ECGRecord:
    """Read a digital ECG of any known format.

    Parameters
    ----------
    source : path, `-` for standard input, bytes, or FileContent

    Raises
    ------
    InputError
        One of its kinds, such as CorruptFileError or InvalidRecordError.
    """
    content = load(source)
    if is_picture(content):
        raise UnknownFormatError(
            _("{name} is a picture, not a digital record", name=content.name),
            hint="Use cardioalert.digitize to turn a picture into a record.",
        )
    form = _format_of(content)
    module = _module(form)
    try:
        return module.read(content)
    except CardioAlertError:
        raise
    except MemoryError as error:
        raise FileTooLargeError(
            _("{name} needs more memory than there is", name=content.name)
        ) from error
    except Exception as error:  # a damaged file may break a reader's library anywhere
        raise CorruptFileError(
            _(
                "{name} is a damaged {library} file: {error}",
                name=content.name,
                library=form.name,
                error=error,
            )
        ) from error


def write_record(record: ECGRecord, path: str | os.PathLike[str]) -> None:
    """Write a record in the format that the ending of `path` names.

    Raises
    ------
    UnknownFormatError
        The ending names no format that can be written.
    InputError
        The file cannot be written.
    """
    target = Path(path)
    form = writable_format(target)
    try:
        _module(form).write(record, target)
    except OSError as error:
        raise InputError(
            _("{target} cannot be written: {error}", target=target, error=error),
            hint="Name a folder that exists and that you may write to.",
        ) from error


def writable_format(path: str | os.PathLike[str]) -> Format:
    """Return the format that the ending of a file to be written names.

    Raises
    ------
    UnknownFormatError
        There is none; worth asking before a long computation.
    """
    suffix = Path(path).suffix.lower()
    for form in FORMATS:
        if form.can_write and suffix == form.suffixes[0]:
            return form
    endings = " ".join(sorted(form.suffixes[0] for form in FORMATS if form.can_write))
    raise UnknownFormatError(
        _(
            "the ending {suffix!r} of {path} names no format that can be written",
            suffix=suffix,
            path=os.fspath(path),
        ),
        hint=_("Use one of these endings: {endings}", endings=endings),
    )


def _format_of(content: FileContent) -> Format:
    """Find the format of a file by its content."""
    for form in FORMATS:
        if form.looks_like(content):
            return form
    raise UnknownFormatError(
        _("{name} is of no format that CardioAlert reads", name=content.name),
        hint=_hint_of_header(content),
    )


def _hint_of_header(content: FileContent) -> str | None:
    """Point to the header of a signal file that was given in its place."""
    if content.folder is None:
        return None
    header = Path(content.path).with_suffix(".hea")
    return f"Name its header instead: {header}" if header.is_file() else None


def _module(form: Format) -> FormatModule:
    """Import the module of a format; say how to install what it needs."""
    try:
        return cast(FormatModule, import_module(form.module))
    except ImportError as error:
        if error.name is None or error.name.startswith("cardioalert"):
            raise  # a mistake of ours
        extra = f"[{form.extra}]" if form.extra else ""
        raise MissingLibraryError(
            _(
                "{name} files need the library {library}, which is not installed",
                name=form.name,
                library=error.name,
            ),
            hint=_("Install it with: pip install 'cardioalert{extra}'", extra=extra),
        ) from error
