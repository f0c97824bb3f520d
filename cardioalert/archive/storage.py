"""Take the bytes of an entry, wherever it stands: a file, a ZIP or tar, an object store.

Lengths in an archive's directory are not believed: members are read up to the limit of a file and
no further. An opened archive is kept for the next entry, since reopening a compressed tar would
unpack it from its beginning each time.
"""

from __future__ import annotations

import os
import tarfile
import zipfile
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Final

from cardioalert.archive.entries import Entry, is_url
from cardioalert.archive.unpacking import PACKED, Unpacking, check_packing
from cardioalert.errors import (
    CardioAlertError,
    CorruptFileError,
    EncryptedFileError,
    FileMissingError,
    FileTooLargeError,
    InputError,
    MissingLibraryError,
)
from cardioalert.files import MAX_BYTES, FileContent, load
from cardioalert.i18n import translate as _

ZIP_ENDINGS: Final = (".zip",)
TAR_ENDINGS: Final = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
MAX_MEMBERS: Final = 2_000_000
KEPT_OPEN: Final = 2

_ENCRYPTED: Final = 0x1  # flag bit of a ZIP member


def is_container(name: str) -> bool:
    """Tell by its ending whether a file holds other files."""
    return name.lower().endswith(ZIP_ENDINGS + TAR_ENDINGS)


def read_entry(entry: Entry) -> FileContent:
    """Read all bytes of an entry; its path becomes the locator of the file, without the page.

    Raises
    ------
    InputError
        One of its kinds.
    """
    path = Entry(entry.path, entry.member).locator
    if entry.member:
        return FileContent(data=_read_member(entry), path=path)
    if is_url(entry.path):
        return FileContent(data=_read_url(entry.path), path=path)
    return FileContent(data=load(entry.path).data, path=path)


def exists(entry: Entry) -> bool:
    """Tell whether there is such a file or member."""
    if entry.member:
        with _trouble_of(entry.path):
            return entry.member in _archive(entry.path).names
    if is_url(entry.path):
        return bool(file_system(entry.path).exists(entry.path))
    return Path(entry.path).is_file()


def members(path: str) -> list[tuple[str, int]]:
    """Return name and announced size of every file in a ZIP or tar, in the order they are stored.

    Raises
    ------
    CorruptFileError, InputError
    """
    with _trouble_of(path):
        listed = _archive(path).listed
    if len(listed) > MAX_MEMBERS:
        raise FileTooLargeError(
            _(
                "{path} holds {count} files, at most {max_members} are read",
                path=path,
                count=len(listed),
                max_members=MAX_MEMBERS,
            )
        )
    return listed


class _Opened:
    """An archive that was opened, its stream, and once it was asked for, its list of files."""

    def __init__(self, path: str) -> None:
        is_remote = is_url(path)
        self.stream: IO[bytes] = (
            file_system(path).open(path) if is_remote else Path(path).open("rb")  # noqa: SIM115
        )
        try:
            self.archive = _open(path, self.stream)
        except BaseException:
            self.stream.close()
            raise
        self._listed: list[tuple[str, int]] | None = None

    @property
    def listed(self) -> list[tuple[str, int]]:
        """Name and announced size of every file."""
        if self._listed is None:
            if isinstance(self.archive, zipfile.ZipFile):
                infos = (info for info in self.archive.infolist() if not info.is_dir())
                self._listed = [(info.filename, info.file_size) for info in infos]
            else:
                self._listed = list(_members_of_tar(self.archive))
            here = self.stream.tell()
            packed = self.stream.seek(0, os.SEEK_END)
            self.stream.seek(here)  # whatever unpacks it goes on from there
            check_packing(sum(size for _, size in self._listed), packed)
        return self._listed

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of its files, to be asked about many times."""
        return frozenset(name for name, _ in self.listed)

    def close(self) -> None:
        """Close archive and stream."""
        self.archive.close()
        self.stream.close()


_opened: OrderedDict[str, _Opened] = OrderedDict()


def forget_open_archives() -> None:
    """Close the archives that were kept open."""
    while _opened:
        _opened.popitem()[1].close()


def _archive(path: str) -> _Opened:
    """Open an archive, or return the one that was kept open; the oldest of several is closed."""
    if path not in _opened:
        if len(_opened) >= KEPT_OPEN:
            _opened.popitem(last=False)[1].close()
        _opened[path] = _Opened(path)
    return _opened[path]


def _open(path: str, stream: IO[bytes]) -> zipfile.ZipFile | tarfile.TarFile:
    if path.lower().endswith(ZIP_ENDINGS):
        return zipfile.ZipFile(stream)
    magic = stream.read(6)
    stream.seek(0)
    for beginning, unpack in PACKED.items():
        if magic.startswith(beginning):
            return tarfile.TarFile(fileobj=Unpacking(unpack(stream), stream))
    return tarfile.TarFile(fileobj=stream)


def _members_of_tar(archive: tarfile.TarFile) -> Iterator[tuple[str, int]]:
    """Return name and announced size of every file, once: sizes below zero lead in circles."""
    last = -1
    for info in archive:
        if info.offset <= last:
            raise tarfile.ReadError("its files do not follow each other")
        last = info.offset
        if info.isfile():
            yield info.name, info.size


def _read_member(entry: Entry) -> bytes:
    """Read one member of an archive, up to the limit of a file."""
    with _trouble_of(entry.locator):
        archive = _archive(entry.path).archive
        stream: IO[bytes] | None
        if isinstance(archive, zipfile.ZipFile):
            info = archive.getinfo(entry.member)
            if info.flag_bits & _ENCRYPTED:
                raise EncryptedFileError(
                    _("{locator} is protected by a password", locator=entry.locator)
                )
            stream = archive.open(info)
        else:
            stream = archive.extractfile(entry.member)
        if stream is None:
            raise CorruptFileError(_("{locator} is no ordinary file", locator=entry.locator))
        with stream:
            data = stream.read(MAX_BYTES + 1)
    return _checked(data, entry.locator)


def _checked(data: bytes, name: str) -> bytes:
    """Refuse what is larger than a file may be."""
    if len(data) > MAX_BYTES:
        raise FileTooLargeError(
            _("{name} has more than {most} MB", name=name, most=MAX_BYTES // 10**6)
        )
    return data


@contextmanager
def _trouble_of(name: str) -> Iterator[None]:
    """Turn what the libraries of archives throw into errors of ours."""
    try:
        yield
    except CardioAlertError:
        raise
    except FileNotFoundError:
        raise FileMissingError(_("there is no file {name}", name=name)) from None
    except KeyError:
        raise FileMissingError(_("there is no {name}", name=name)) from None
    except (NotImplementedError, RuntimeError) as error:  # an unknown compression, a bad password
        raise CorruptFileError(
            _("{name} cannot be unpacked: {error}", name=name, error=error)
        ) from error
    except OSError as error:
        if error.errno is None:  # of a decompressor
            raise CorruptFileError(
                _("{name} is damaged: {error}", name=name, error=error)
            ) from error
        raise InputError(_("{name} cannot be read: {error}", name=name, error=error)) from error
    except Exception as error:  # zlib.error, LZMAError, struct.error, TarError, RecursionError...
        raise CorruptFileError(_("{name} is damaged: {error}", name=name, error=error)) from error


# ---- Object stores -----------------------------------------------------------------------------


def file_system(url: str) -> Any:
    """Return the file system of a URL such as `s3://bucket/folder`.

    Raises
    ------
    MissingLibraryError
        fsspec, or its part for this kind of URL, is not installed.
    """
    try:
        import fsspec  # noqa: PLC0415 - only object stores need it

        return fsspec.core.url_to_fs(url)[0]
    except ImportError as error:
        raise MissingLibraryError(
            _(
                "{url} needs the library {name}, which is not installed",
                url=url,
                name=error.name or "fsspec",
            ),
            hint="Install it with: pip install 'cardioalert[cloud]'",
        ) from error
    except ValueError as error:
        raise InputError(_("{url} cannot be read: {error}", url=url, error=error)) from error


def _read_url(url: str) -> bytes:
    """Read one object, up to the limit of a file."""
    with _trouble_of(url), file_system(url).open(url) as stream:
        data: bytes = stream.read(MAX_BYTES + 1)
    return _checked(data, url)
