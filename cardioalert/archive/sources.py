"""Turn what the user named into entries: files, folders, patterns, archives, lists.

Order is that of the names, so that two runs see the same. Nothing is passed over in silence: what
cannot be read becomes a `Trouble` with a code. Only hidden files and the files that operating
systems leave behind are left out.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from cardioalert.archive.entries import Entry, is_url
from cardioalert.archive.storage import file_system, is_container, members
from cardioalert.errors import (
    CardioAlertError,
    EmptyFileError,
    FileMissingError,
    FileTooLargeError,
    InputError,
    LinkCycleError,
)
from cardioalert.files import MAX_BYTES
from cardioalert.i18n import translate as _

LIST_ENDINGS: Final = (".txt", ".lst")
LEFT_BEHIND: Final = frozenset(("thumbs.db", "desktop.ini", "dicomdir"))
MAX_LIST_BYTES: Final = 1_000_000_000
_GLOB: Final = frozenset("*?[")
_Place = tuple[int, int]  # device and number of a folder
_CHUNK: Final = 2000  # files; a folder may hold millions


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One file of an archive, as its folder describes it.

    Attributes
    ----------
    entry : Entry
    size : int, bytes
        As announced; for a member of a ZIP or tar not to be believed.
    modified : int, nanoseconds since 1970
        Of the file, or of the archive that holds it.
    trouble : CardioAlertError, optional
        Why it cannot be read.
    """

    entry: Entry
    size: int = 0
    modified: int = 0
    trouble: CardioAlertError | None = None


Folder = list[Found]
"""Files that stand together: a WFDB header and its signals are one ECG."""


def find_folders(sources: Iterable[str]) -> Iterator[Folder]:
    """Walk through all sources, one folder (or one archive's folder) at a time."""
    walk = _Walk()
    for source in sources:
        yield from walk.source(source)


class _Walk:
    """One walk: it remembers where it has been, so that links cannot lead it in circles."""

    def __init__(self) -> None:
        self._been: set[_Place] = set()
        self._opened: set[str] = set()

    def source(self, source: str) -> Iterator[Folder]:
        """Walk through one source."""
        if is_url(source):
            yield from self._url(source)
            return
        path = os.path.abspath(source)  # noqa: PTH100 - `resolve` would follow links
        if os.path.isdir(path):  # noqa: PTH112
            yield from self._folder(path)
        elif not os.path.lexists(path) and _GLOB & set(source):
            matches = sorted(glob.glob(source, recursive=True))  # noqa: PTH207
            if not matches:
                raise FileMissingError(_("no file matches {source}", source=source))
            for match in matches:
                yield from self.source(match)
        elif not os.path.lexists(path):
            raise FileMissingError(_("there is no file {source}", source=source))
        elif path.lower().endswith(LIST_ENDINGS):
            yield from self._list(path)
        else:
            yield from self._files([_file(path)])

    def _list(self, path: str) -> Iterator[Folder]:
        """Read a text list: a source a line, relative to the list; `#` begins a remark."""
        if os.stat(path).st_size > MAX_LIST_BYTES:  # noqa: PTH116
            raise FileTooLargeError(
                _(
                    "the list {path} is larger than {most} MB",
                    path=path,
                    most=MAX_LIST_BYTES // 10**6,
                )
            )
        folder = Path(path).parent
        gathered: Folder = []
        with Path(path).open(encoding="utf-8", errors="surrogateescape") as lines:
            for line in lines:
                name = line.strip()
                if not name or name.startswith("#"):
                    continue
                if is_url(name) or (folder / name).is_dir():
                    yield from self.source(name if is_url(name) else str(folder / name))
                    continue
                gathered.append(_file(os.path.abspath(folder / name)))  # noqa: PTH100
                if len(gathered) >= 1000:
                    yield from self._files(gathered)
                    gathered = []
        yield from self._files(gathered)

    def _folder(self, top: str) -> Iterator[Folder]:
        """Walk through a folder and those in it, following links but not in circles."""
        waiting: list[tuple[str, frozenset[_Place]]] = [(top, frozenset())]
        while waiting:
            path, above = waiting.pop()
            try:
                about = os.stat(path)  # noqa: PTH116
                place = (about.st_dev, about.st_ino)
                if place in above:
                    error = LinkCycleError(
                        _("the link {path} goes back to a folder above it", path=path)
                    )
                    yield [Found(entry=Entry(path), trouble=error)]
                    continue
                if place in self._been:  # a second way to files that were read already
                    continue
                self._been.add(place)
                names = sorted(os.listdir(path))  # noqa: PTH208
            except OSError as error:
                yield [Found(entry=Entry(path), trouble=_unreadable(path, error))]
                continue
            paths = [
                os.path.join(path, name)  # noqa: PTH118
                for name in names
                if not name.startswith(".") and name.lower() not in LEFT_BEHIND
            ]
            folders = [inside for inside in paths if os.path.isdir(inside)]  # noqa: PTH112
            inside_folders = set(folders)
            for chunk in _chunks([p for p in paths if p not in inside_folders]):
                yield from self._files([_file(inside) for inside in chunk])
            waiting.extend((inside, above | {place}) for inside in reversed(folders))

    def _files(self, files: Folder) -> Iterator[Folder]:
        """Return plain files together, and the content of archives among them."""
        containers = [f for f in files if f.trouble is None and is_container(f.entry.name)]
        plain = [f for f in files if f.trouble is not None or not is_container(f.entry.name)]
        if plain:
            yield plain
        for container in containers:
            if container.entry.path not in self._opened:
                self._opened.add(container.entry.path)
                yield from _container(container)

    def _url(self, url: str) -> Iterator[Folder]:
        """Walk through an object store."""
        store = file_system(url)
        try:
            listed: dict[str, dict[str, Any]] = store.find(url, detail=True)
        except OSError as error:
            raise InputError(_("{url} cannot be read: {error}", url=url, error=error)) from error
        if not listed:
            raise FileMissingError(_("there is nothing at {url}", url=url))
        folders: dict[str, Folder] = {}
        for name, about in sorted(listed.items()):
            found = Found(
                entry=Entry(store.unstrip_protocol(name)),
                size=int(about.get("size") or 0),
                modified=_stamp(about),
            )
            folders.setdefault(found.entry.folder, []).append(_within_limit(found))
        for files in folders.values():
            yield from self._files(files)


def _chunks(paths: list[str]) -> Iterator[list[str]]:
    """Cut a sorted list of files, but not between files of the same stem: they are one record."""
    begin = 0
    while begin < len(paths):
        end = begin + _CHUNK
        while 0 < end < len(paths) and _stem(paths[end]) == _stem(paths[end - 1]):
            end += 1
        yield paths[begin:end]
        begin = end


def _stem(path: str) -> str:
    return os.path.splitext(path)[0]  # noqa: PTH122


def _stamp(about: dict[str, Any]) -> int:
    """Return when an object changed, as far as its store tells; its tag serves as well."""
    changed = about.get("LastModified") or about.get("mtime") or about.get("ETag") or 0
    if hasattr(changed, "timestamp"):
        changed = changed.timestamp()
    if isinstance(changed, str):
        return int.from_bytes(changed.encode()[:7], "big")
    return int(float(changed) * 1e9)


def _file(path: str) -> Found:
    """Describe one file; a broken link, a pipe and a huge file are troubles."""
    try:
        about = os.stat(path)  # noqa: PTH116
    except OSError as error:
        return Found(entry=Entry(path), trouble=_unreadable(path, error))
    found = Found(entry=Entry(path), size=about.st_size, modified=about.st_mtime_ns)
    if not os.path.isfile(path):  # noqa: PTH113
        return replace(found, trouble=InputError(_("{path} is no ordinary file", path=path)))
    if about.st_size == 0:  # not opened: files of the kernel have no size and may never end
        return replace(found, trouble=EmptyFileError(_("{name} holds no bytes", name=path)))
    return found if is_container(path) else _within_limit(found)


def _within_limit(found: Found) -> Found:
    """Refuse by its size what would be refused by its bytes."""
    if found.size <= MAX_BYTES:
        return found
    limit = MAX_BYTES // 10**6
    message = f"{found.entry.locator} has {found.size / 1e6:.0f} MB, at most {limit} MB are read"
    return replace(found, trouble=FileTooLargeError(message))


def _unreadable(path: str, error: OSError) -> CardioAlertError:
    """Say why the operating system does not let us read."""
    if isinstance(error, FileNotFoundError):
        return FileMissingError(_("the link {path} goes nowhere", path=path))
    return InputError(
        _("{path} cannot be read: {strerror}", path=path, strerror=error.strerror or error)
    )


def _container(container: Found) -> Iterator[Folder]:
    """Return the files in a ZIP or tar, folder by folder; archives in archives are not opened."""
    path = container.entry.path
    try:
        listed = members(path)
    except CardioAlertError as error:
        yield [replace(container, trouble=error)]
        return
    folders: dict[str, Folder] = {}
    for name, size in listed:
        last = name.rsplit("/", 1)[-1]
        if not last or last.startswith(".") or last.lower() in LEFT_BEHIND or "__MACOSX/" in name:
            continue
        found = Found(entry=Entry(path, name), size=size, modified=container.modified)
        folders.setdefault(found.entry.folder, []).append(_within_limit(found))
    yield from folders.values()
