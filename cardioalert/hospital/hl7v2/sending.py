"""Send the outbox over MLLP: in order per destination, matched by MSA-2, again after pauses.

AE is tried again, AR never; after the last attempt a message is dead until somebody retries it. A
socket on which an answer did not come in time is dropped, so that a late answer is never taken for
that of the next message.
"""

from __future__ import annotations

import socket
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cardioalert.errors import CorruptFileError, FileTooLargeError, PeerError
from cardioalert.hospital.deliveries import put_off
from cardioalert.hospital.hl7v2.framing import FrameReader, frame
from cardioalert.hospital.hl7v2.message import Charset, Message, decode
from cardioalert.hospital.journal import Journal, Waiting
from cardioalert.i18n import translate as _

ACCEPTED: Final = ("AA", "CA")
REJECTED: Final = ("AR", "CR")


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """One peer.

    Attributes
    ----------
    host, port : str, int
    timeout : float, s
        For connecting and for each answer.
    most_attempts : int
    first_pause : float, s
        Doubled after each failure, up to five minutes.
    tls : bool
    authority : path, optional
        Whose certificates are trusted; None: those of the system.
    certificate, key : path, optional
        How this program proves itself to the peer.
    """

    host: str
    port: int
    timeout: float = 30.0
    most_attempts: int = 10
    first_pause: float = 1.0
    tls: bool = False
    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    @property
    def name(self) -> str:
        """How the outbox calls it."""
        return f"{self.host}:{self.port}"


def parse_destination(text: str, *, tls: bool = False) -> Destination:
    """Read `HOST:PORT`.

    Raises
    ------
    PeerError
    """
    host, _sign, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise PeerError(
            _("{text} is no address", text=repr(text)),
            hint="Write HOST:PORT, such as 10.0.0.5:2575.",
        )
    return Destination(host=host, port=int(port), tls=tls)


class Sender:
    """Deliver the messages of one destination."""

    def __init__(self, destination: Destination, journal: Journal) -> None:
        self.destination, self.journal = destination, journal
        self._socket: socket.socket | None = None
        self._frames = FrameReader()

    def deliver(self, *, until: float | None = None) -> int:
        """Send what is due, in order, and return how many were accepted.

        Parameters
        ----------
        until : float, s, optional
            Wait for pauses to end up to this time (`time.monotonic`); otherwise return at the
            first message whose pause is not over.
        """
        sent = 0
        try:
            while (waiting := self.journal.next_waiting(self.destination.name)) is not None:
                pause = waiting.next_at - time.time()
                if pause > 0:
                    if until is None or time.monotonic() + pause > until:
                        break
                    time.sleep(pause)
                    continue  # and take it again: somebody else may have sent it meanwhile
                sent += self._try(waiting)
        finally:
            self._drop()
        return sent

    def _try(self, waiting: Waiting) -> bool:
        """Send one message once."""
        try:
            code, text = self._exchange(waiting)
        except (OSError, CorruptFileError, FileTooLargeError) as error:
            self._drop()
            self._fail(waiting, f"{type(error).__name__}: {error}")
            return False
        if code in ACCEPTED:
            self.journal.mark_sent(waiting.number)
            return True
        if code in REJECTED:
            self.journal.mark_dead(waiting.number, f"{code} {text}")
        else:
            self._fail(waiting, f"{code} {text}")
        return False

    def _fail(self, waiting: Waiting, note: str) -> None:
        """Try again later, or give up."""
        put_off(
            self.journal,
            waiting,
            note,
            first_pause=self.destination.first_pause,
            most_attempts=self.destination.most_attempts,
        )

    def _exchange(self, waiting: Waiting) -> tuple[str, str]:
        """Send a message and return code and text of its answer."""
        connection = self._connect()
        connection.sendall(frame(waiting.body))
        end = time.monotonic() + self.destination.timeout
        while (left := end - time.monotonic()) > 0:
            connection.settimeout(left)
            data = connection.recv(1 << 16)
            if not data:
                raise ConnectionError(_("the peer closed the connection without an answer"))
            for answer in self._frames.feed(data):
                message = Message(decode(answer, Charset())[0])
                if message.get("MSA", 2) == waiting.control_id:
                    return message.get("MSA", 1), message.get("MSA", 3)
        raise TimeoutError(_("no answer within {seconds:g} s", seconds=self.destination.timeout))

    def _connect(self) -> socket.socket:
        """Return the connection, a new one when there is none."""
        if self._socket is None:
            address = (self.destination.host, self.destination.port)
            plain = socket.create_connection(address, timeout=self.destination.timeout)
            if self.destination.tls:
                plain = self._context().wrap_socket(plain, server_hostname=self.destination.host)
            self._socket = plain
            self._frames = FrameReader()
        return self._socket

    def _context(self) -> ssl.SSLContext:
        """Return the TLS settings: the peer always has to prove who it is."""
        peer = self.destination
        context = ssl.create_default_context(cafile=peer.authority)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if peer.certificate is not None:
            context.load_cert_chain(peer.certificate, peer.key)
        return context

    def _drop(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
