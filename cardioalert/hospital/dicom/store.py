"""Keep received objects in a folder: whole on disk before the sender hears of it."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import Final

SUCCESS: Final = 0x0000
OUT_OF_SPACE: Final = 0xA700
CANNOT_UNDERSTAND: Final = 0xC000
PROCESSING_FAILED: Final = 0x0110

_UID: Final = re.compile(r"[0-9.]{1,64}")


def keep(folder: Path, uid: str, data: bytes) -> tuple[int, Path | None]:
    """Write an object and return the DICOM status and where it lies.

    The file appears under its name only when all of it is on disk. The same object sent twice stays
    one file; another object under a UID that is taken is kept beside it under its hash.

    Parameters
    ----------
    folder : path
    uid : str
        SOP instance UID, as sent; one that is not legal is replaced in the file's name.
    data : bytes
        The whole file.
    """
    legal = _UID.fullmatch(uid) and ".." not in uid
    digest = hashlib.sha256(data).hexdigest()
    target = folder / f"{uid if legal else digest}.dcm"
    try:
        if target.exists():
            if target.read_bytes() == data:
                return SUCCESS, target
            target = folder / f"{target.stem}-{digest[:16]}.dcm"
        write_whole(target, data)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        return (OUT_OF_SPACE if full else PROCESSING_FAILED), None
    return SUCCESS, target


def write_whole(target: Path, data: bytes) -> None:
    """Write a file so that it is there wholly or not at all, also after a power cut."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".incoming-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
