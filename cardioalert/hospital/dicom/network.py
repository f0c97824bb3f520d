"""DICOM over the network: answer C-ECHO, C-STORE and worklist queries; send and ask the same.

A stored object is answered with success only when it lies on disk. Objects are then handed to one
worker, in order, so that a slow analysis never holds up a cart.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from pydicom.dataset import Dataset

from cardioalert.errors import MissingLibraryError, PeerError
from cardioalert.hospital.dicom import store, worklist
from cardioalert.hospital.dicom.worklist import Scheduled
from cardioalert.hospital.result import Person

log = logging.getLogger(__name__)

STORED: Final = (
    "1.2.840.10008.5.1.4.1.1.9.1.1",  # 12-lead ECG
    "1.2.840.10008.5.1.4.1.1.9.1.2",  # general ECG
    "1.2.840.10008.5.1.4.1.1.9.1.3",  # ambulatory ECG
    "1.2.840.10008.5.1.4.1.1.9.1.4",  # general 32-bit ECG
    "1.2.840.10008.5.1.4.1.1.9.2.1",  # hemodynamic
    "1.2.840.10008.5.1.4.1.1.104.1",  # encapsulated PDF
    "1.2.840.10008.5.1.4.1.1.7",  # secondary capture
)
"""SOP classes that are taken."""

VERIFICATION: Final = "1.2.840.10008.1.1"
WORKLIST: Final = "1.2.840.10008.5.1.4.31"
PENDING: Final = 0xFF00
LARGEST_PDU: Final = 16_382
TIMEOUT_S: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Another application entity."""

    host: str
    port: int
    title: str = "ANY-SCP"
    own_title: str = "CARDIOALERT"


def parse_peer(text: str, *, own_title: str = "CARDIOALERT") -> Peer:
    """Read `AETITLE@HOST:PORT`.

    Raises
    ------
    PeerError
    """
    title, _, address = text.rpartition("@")
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise PeerError(f"{text!r} is no address", hint="Write AETITLE@HOST:PORT.")
    return Peer(host=host, port=int(port), title=title or "ANY-SCP", own_title=own_title)


class Server:
    """One application entity that listens; use it in a `with` statement.

    Parameters
    ----------
    folder : path
        Where received objects are kept.
    host, port, title : str, int, str
        Port 0: any free one.
    allowed : sequence of str
        AE titles that may call; empty: all.
    scheduled : function that returns the bookings, asked for each query
    received : function of the path of an object that lies on disk; runs in a thread of its own
    """

    def __init__(
        self,
        folder: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 11112,
        title: str = "CARDIOALERT",
        allowed: Sequence[str] = (),
        scheduled: Callable[[], Iterable[Scheduled]] = tuple,
        received: Callable[[Path], None] = lambda path: None,
    ) -> None:
        self.folder, self.scheduled, self.received = folder, scheduled, received
        self._arrived: queue.Queue[Path | None] = queue.Queue()
        self._worker = threading.Thread(target=self._work, name="dicom-received")
        net = _library("pynetdicom")
        entity = net.AE(ae_title=title)
        entity.maximum_pdu_size = LARGEST_PDU
        entity.require_called_aet = False
        entity.require_calling_aet = list(allowed)
        for sop_class in (VERIFICATION, WORKLIST, *STORED):
            entity.add_supported_context(sop_class, net.ALL_TRANSFER_SYNTAXES)
        handlers = [
            (net.evt.EVT_C_ECHO, lambda event: store.SUCCESS),
            (net.evt.EVT_C_STORE, self._store),
            (net.evt.EVT_C_FIND, self._find),
        ]
        try:
            self._server = entity.start_server((host, port), block=False, evt_handlers=handlers)
        except OSError as error:
            raise PeerError(f"port {port} of {host} cannot be opened: {error}") from error
        self._worker.start()

    @property
    def port(self) -> int:
        """The port that was opened."""
        port: int = self._server.socket.getsockname()[1]
        return port

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Take nothing more, and finish what has arrived."""
        if not self._worker.is_alive():
            return
        self._server.shutdown()
        self._server.server_close()
        self._arrived.put(None)
        self._worker.join()

    def _store(self, event: Any) -> int:
        """Keep an object; success only when it lies on disk."""
        uid = str(event.request.AffectedSOPInstanceUID or "")
        try:
            data = bytes(event.encoded_dataset(include_meta=True))
        except Exception as error:  # whatever the library finds wrong with the object
            log.warning("an object cannot be understood: %s", type(error).__name__)
            return store.CANNOT_UNDERSTAND
        status, path = store.keep(self.folder, uid, data)
        if path is not None:
            self._arrived.put(path)
        return status

    def _find(self, event: Any) -> Iterator[tuple[int, Dataset | None]]:
        """Answer a worklist query."""
        try:
            found = list(worklist.answers(event.identifier, self.scheduled()))
        except Exception as error:  # a damaged query, or a database that is down
            log.warning("a worklist query failed: %s", type(error).__name__)
            yield store.CANNOT_UNDERSTAND, None
            return
        for entry in found:
            if event.is_cancelled:
                yield 0xFE00, None
                return
            yield PENDING, entry

    def _work(self) -> None:
        """Hand on what arrived, in order."""
        while (path := self._arrived.get()) is not None:
            try:
                self.received(path)
            except Exception as error:  # the next object may be fine
                log.warning("%s was kept, but not analysed: %s", path.name, type(error).__name__)


# ---- Asking others -------------------------------------------------------------------------------


def echo(peer: Peer) -> None:
    """Ask whether a peer is there.

    Raises
    ------
    PeerError
    """
    with _association(peer, [VERIFICATION]) as association:
        _check(association.send_c_echo(), "C-ECHO", peer)


def send(peer: Peer, objects: Sequence[Dataset]) -> None:
    """Store objects at a peer.

    Raises
    ------
    PeerError
        One was not taken; those before it were.
    """
    classes = sorted({str(one.SOPClassUID) for one in objects})
    with _association(peer, classes) as association:
        for one in objects:
            _check(association.send_c_store(one), f"C-STORE of {one.SOPInstanceUID}", peer)


def ask_worklist(peer: Peer, *, day: str = "", name: str = "", station: str = "") -> list[Dataset]:
    """Ask a peer for its worklist.

    Parameters
    ----------
    peer : Peer
    day : str
        `YYYYMMDD` or a range of them; empty: all.
    name : str
        Of the person, `*` stands for anything.
    station : str
        AE title of the cart.
    """
    nothing = Scheduled(
        number="", person=Person(), start=datetime(1900, 1, 1), station=station, description=""
    )
    query = worklist.entry_of(nothing)  # the same keys, all empty: whatever the peer has
    for keyword in ("PatientName", "PatientID", "StudyInstanceUID"):
        setattr(query, keyword, "")
    query.PatientName = name
    step = query.ScheduledProcedureStepSequence[0]
    step.ScheduledProcedureStepStartDate = day
    step.ScheduledProcedureStepStartTime = ""
    found = []
    with _association(peer, [WORKLIST]) as association:
        for status, identifier in association.send_c_find(query, WORKLIST):
            if status and status.Status in (0xFF00, 0xFF01):
                found.append(identifier)
            elif not status or status.Status != store.SUCCESS:
                _check(status, "C-FIND", peer)
    return found


class _association:  # noqa: N801 - used as a function
    """Open an association for the time of a `with` block."""

    def __init__(self, peer: Peer, classes: Sequence[str]) -> None:
        entity = _library("pynetdicom").AE(ae_title=peer.own_title)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = TIMEOUT_S
        for sop_class in classes:
            entity.add_requested_context(sop_class)
        self._peer, self._entity = peer, entity
        self._association = entity.associate(peer.host, peer.port, ae_title=peer.title)

    def __enter__(self) -> Any:
        if not self._association.is_established:
            peer = self._peer
            raise PeerError(f"{peer.title} at {peer.host}:{peer.port} does not take the connection")
        return self._association

    def __exit__(self, *_: object) -> None:
        if self._association.is_established:
            self._association.release()


def _check(status: Any, what: str, peer: Peer) -> None:
    """Raise when a status is no success."""
    code = getattr(status, "Status", None)
    if code != store.SUCCESS:
        told = "no answer" if code is None else f"status 0x{code:04X}"
        raise PeerError(f"{peer.title} refused {what}: {told}")


def _library(name: str) -> Any:
    """Import a library of the extra `hospital`."""
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingLibraryError(
            f"DICOM connections need the library {error.name}, which is not installed",
            hint="Install it with: pip install 'cardioalert[hospital]'",
        ) from error
