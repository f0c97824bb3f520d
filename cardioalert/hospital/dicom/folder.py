"""Keep received objects in a folder, and hand each on to a worker, in order."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from cardioalert.hospital.dicom import store

log = logging.getLogger(__name__)


class Folder:
    """A folder of objects; use it in a `with` statement.

    Parameters
    ----------
    folder : path
    received : function of the path of an object that lies on disk; runs in a thread of its own
    """

    def __init__(self, folder: Path, received: Callable[[Path], object]) -> None:
        self.folder, self.received = folder, received
        self._arrived: queue.Queue[Path | None] = queue.Queue()
        self._worker = threading.Thread(target=self._work, name="dicom-received")

    def keep(self, _title: str, uid: str, data: bytes) -> int:
        """Keep an object and return a DICOM status."""
        status, path = store.keep(self.folder, uid, data)
        if path is not None:
            self._arrived.put(path)
        return status

    def __enter__(self) -> Folder:
        self._worker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish what has arrived."""
        self._arrived.put(None)
        self._worker.join()

    def _work(self) -> None:
        while (path := self._arrived.get()) is not None:
            try:
                self.received(path)
            except Exception as error:  # the next object may be fine
                log.warning("%s was kept, but not analysed: %s", path.name, type(error).__name__)
