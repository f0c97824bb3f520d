"""DICOM over the network: answer C-ECHO, C-STORE and worklist queries; send and ask the same.

A stored object is answered with success only when it lies on disk; whoever works on it is told
afterwards, so that a slow analysis never holds up a cart.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Final

from pydicom.dataset import Dataset

from cardioalert.errors import PeerError, PeerRefusedError
from cardioalert.hospital.dicom import store, worklist
from cardioalert.hospital.dicom.worklist import Scheduled
from cardioalert.hospital.libraries import library
from cardioalert.hospital.result import Person
from cardioalert.i18n import translate as _

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

Keep = Callable[[str, str, bytes], int]
"""Calling AE title, SOP instance UID, bytes of the file -> DICOM status."""

LARGEST_PDU: Final = 16_382
MAX_BYTES: Final = 50_000_000  # of one object
TIMEOUT_S: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Another application entity."""

    host: str
    port: int
    title: str = "ANY-SCP"
    own_title: str = "CARDIOALERT"
    tls: ssl.SSLContext | None = None


def parse_peer(text: str, *, own_title: str = "CARDIOALERT") -> Peer:
    """Read `AETITLE@HOST:PORT`.

    Raises
    ------
    PeerError
    """
    title, _sign, address = text.rpartition("@")
    host, _sign, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise PeerError(_("{text} is no address", text=repr(text)), hint="Write AETITLE@HOST:PORT.")
    return Peer(host=host, port=int(port), title=title or "ANY-SCP", own_title=own_title)


class Server:
    """One application entity that listens; use it in a `with` statement.

    Parameters
    ----------
    keep : function of calling AE title, SOP instance UID and bytes of the whole file
        It returns a DICOM status, success only when the object lies on disk.
    host, port, title : str, int, str
        Port 0: any free one.
    allowed : sequence of str
        AE titles that may call; empty: all.
    scheduled : function that returns the bookings, asked for each query
    arrived : called after each object that was kept
    max_bytes : int
        The largest object that is taken.
    tls : SSLContext, optional
        Encrypts, and may ask callers for a certificate.
    """

    def __init__(
        self,
        keep: Keep,
        *,
        host: str = "127.0.0.1",
        port: int = 11112,
        title: str = "CARDIOALERT",
        allowed: Sequence[str] = (),
        scheduled: Callable[[], Iterable[Scheduled]] = tuple,
        arrived: Callable[[], None] = lambda: None,
        max_bytes: int = MAX_BYTES,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.host, self.max_bytes = host, max_bytes
        self.keep, self.scheduled, self.arrived = keep, scheduled, arrived
        net = library("pynetdicom")
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
            self._server = entity.start_server(
                (host, port), block=False, evt_handlers=handlers, ssl_context=tls
            )
        except OSError as error:
            raise PeerError(
                _(
                    "port {port} of {host} cannot be opened: {error}",
                    port=str(port),
                    host=host,
                    error=error,
                )
            ) from error

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
        """Take nothing more."""
        self._server.shutdown()
        self._server.server_close()

    def _store(self, event: Any) -> int:
        """Keep an object; success only when it lies on disk."""
        uid = str(event.request.AffectedSOPInstanceUID or "")
        try:
            data = bytes(event.encoded_dataset(include_meta=True))
        except Exception as error:  # whatever the library finds wrong with the object
            log.warning("an object cannot be understood: %s", type(error).__name__)
            return store.CANNOT_UNDERSTAND
        if len(data) > self.max_bytes:
            log.warning("an object of %d bytes is too large", len(data))
            return store.CANNOT_UNDERSTAND
        try:
            status = self.keep(str(event.assoc.requestor.ae_title), uid, data)
        except Exception as error:  # such as a database that is down: the cart sends it again
            log.warning("an object was not kept: %s", type(error).__name__)
            return store.PROCESSING_FAILED
        if status == store.SUCCESS:
            self.arrived()
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
        entity = library("pynetdicom").AE(ae_title=peer.own_title)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = TIMEOUT_S
        for sop_class in classes:
            entity.add_requested_context(sop_class)
        self._peer, self._entity = peer, entity
        tls = (peer.tls, peer.host) if peer.tls else None
        self._association = entity.associate(
            peer.host, peer.port, ae_title=peer.title, tls_args=tls
        )

    def __enter__(self) -> Any:
        if not self._association.is_established:
            peer = self._peer
            raise PeerError(
                _(
                    "{title} at {host}:{port} does not take the connection",
                    title=peer.title,
                    host=peer.host,
                    port=str(peer.port),
                )
            )
        return self._association

    def __exit__(self, *_error: object) -> None:
        if self._association.is_established:
            self._association.release()


def _check(status: Any, what: str, peer: Peer) -> None:
    """Raise when a status is no success."""
    code = getattr(status, "Status", None)
    if code is None or code & 0xFF00 == store.OUT_OF_SPACE:  # may pass
        told = _("no answer") if code is None else _("out of space")
        raise PeerError(_("{peer}: {what}: {told}", peer=peer.title, what=what, told=told))
    if code != store.SUCCESS:
        told = f"0x{code:04X}"
        raise PeerRefusedError(
            _("{peer} refused {what}: status {code}", peer=peer.title, what=what, code=told)
        )
