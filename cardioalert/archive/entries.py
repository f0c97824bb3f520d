"""How one ECG in an archive is named: a file, a member of a ZIP or tar, a page of a PDF."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

MEMBER_MARK: Final = "!/"
PAGE_MARK: Final = "#page="
BYTES_MARK: Final = "bytes:"  # before names that are no Unicode text or look like a mark

_URL: Final = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_PAGE: Final = re.compile(rf"{re.escape(PAGE_MARK)}(\d+)$")


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One thing to read.

    Attributes
    ----------
    path : str
        Absolute path of a file, or its URL.
    member : str
        Name inside the ZIP or tar file at `path`; empty for the file itself.
    page : int
        Page of a PDF or TIFF, from 0.
    """

    path: str
    member: str = ""
    page: int = 0

    @property
    def locator(self) -> str:
        """The name of this entry in manifests and tables: unique, printable, and reversible.

        Examples
        --------
        >>> Entry("/ecgs/2019.zip", "a/1.dcm").locator
        '/ecgs/2019.zip!/a/1.dcm'
        >>> Entry("/ecgs/report.pdf", page=1).locator
        '/ecgs/report.pdf#page=2'
        """
        path, member, mark = self.path, self.member, ""
        if not (_is_plain(path) and _is_plain(member)):
            path, member, mark = _quoted(path), _quoted(member), BYTES_MARK
        name = mark + path + (MEMBER_MARK + member if member else "")
        return f"{name}{PAGE_MARK}{self.page + 1}" if self.page else name

    @property
    def name(self) -> str:
        """The last part of the name, by whose ending a format may be recognized."""
        return (self.member or self.path).rsplit("/", 1)[-1]

    @property
    def folder(self) -> str:
        """The locator of the folder that the entry stands in."""
        return Entry(self.path, self.member).locator.rsplit("/", 1)[0]


def entry_of(locator: str) -> Entry:
    """Return the entry that a locator names.

    Examples
    --------
    >>> entry_of("/ecgs/2019.zip!/a/1.dcm")
    Entry(path='/ecgs/2019.zip', member='a/1.dcm', page=0)
    """
    is_quoted = locator.startswith(BYTES_MARK)
    locator = locator.removeprefix(BYTES_MARK)
    page = 0
    if (match := _PAGE.search(locator)) is not None:
        locator, page = locator[: match.start()], int(match.group(1)) - 1
    path, _, member = locator.partition(MEMBER_MARK)
    if is_quoted:
        path, member = (os.fsdecode(unquote_to_bytes(part)) for part in (path, member))
    return Entry(path, member, page)


def _is_plain(name: str) -> bool:
    """Tell whether a name is Unicode text that nobody takes for a locator with marks."""
    try:
        name.encode()
    except UnicodeEncodeError:  # arbitrary bytes
        return False
    return "\0" not in name and MEMBER_MARK not in f"{name}/" and _PAGE.search(name) is None


def _quoted(name: str) -> str:
    """Return a name with every unusual byte as %XX."""
    return quote_from_bytes(os.fsencode(name), safe="/")


def is_url(path: str) -> bool:
    """Tell whether a path names something on a server, such as `s3://bucket/ecgs`."""
    return _URL.match(path) is not None
