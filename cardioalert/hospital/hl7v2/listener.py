"""Listen for HL7 v2 over MLLP: persistent connections, an allow-list, TLS, idle time, limits."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import ssl
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cardioalert.errors import FileTooLargeError, PeerError
from cardioalert.hospital.hl7v2.answering import Answerer
from cardioalert.hospital.hl7v2.framing import MAX_BYTES, FrameReader, frame
from cardioalert.i18n import translate as _

log = logging.getLogger(__name__)

IDLE_S: Final = 600.0
CHUNK: Final = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where and for whom to listen.

    Attributes
    ----------
    host : str
    port : int
        0: any free one.
    allowed : tuple of str
        Addresses or networks that may connect; empty: all.
    max_bytes : int
    idle : float, s
        After which a silent connection is closed.
    certificate, key, client_authority : path, optional
        TLS, and whose clients are known.
    """

    host: str = "127.0.0.1"
    port: int = 2575
    allowed: tuple[str, ...] = ()
    max_bytes: int = MAX_BYTES
    idle: float = IDLE_S
    certificate: Path | None = None
    key: Path | None = None
    client_authority: Path | None = None

    def tls(self) -> ssl.SSLContext | None:
        """Return the TLS settings, None for plain MLLP."""
        if self.certificate is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.certificate, self.key)
        if self.client_authority is not None:
            context.load_verify_locations(self.client_authority)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


class Listener:
    """One MLLP server. `kept` is called (in the loop) after each frame that was answered."""

    def __init__(
        self, endpoint: Endpoint, answerer: Answerer, *, kept: Callable[[], None] = lambda: None
    ) -> None:
        self.endpoint, self.answerer, self.kept = endpoint, answerer, kept
        self.counts: Counter[str] = Counter()
        self._networks = parse_networks(endpoint.allowed)
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port that was opened."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self) -> None:
        """Open the port.

        Raises
        ------
        PeerError
            It is taken.
        """
        try:
            self._server = await asyncio.start_server(
                self._serve, self.endpoint.host, self.endpoint.port, ssl=self.endpoint.tls()
            )
        except OSError as error:
            raise PeerError(
                _(
                    "port {port} of {host} cannot be opened: {error}",
                    port=str(self.endpoint.port),
                    host=self.endpoint.host,
                    error=error,
                )
            ) from error

    async def run(self) -> None:
        """Serve until cancelled."""
        assert self._server is not None
        async with self._server:
            await self._server.serve_forever()

    async def stop(self) -> None:
        """Close the port."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the messages of one connection, one after the other."""
        peer = str((writer.get_extra_info("peername") or ("",))[0])
        try:
            if not self._may_connect(peer):
                self.counts["refused-peer"] += 1
                log.warning("a peer that is not on the list was refused")
                return
            self.counts["connections"] += 1
            frames = FrameReader(max_bytes=self.endpoint.max_bytes)
            while data := await asyncio.wait_for(reader.read(CHUNK), self.endpoint.idle):
                for message in frames.feed(data):
                    answer = await asyncio.to_thread(self.answerer.answer, message, peer=peer)
                    self.counts["messages"] += 1
                    if answer is not None:
                        writer.write(frame(answer))
                        await writer.drain()
                    self.kept()
        except FileTooLargeError as error:
            self.counts["too-large"] += 1
            log.warning("%s", error.message)
        except (TimeoutError, ConnectionError, ssl.SSLError):
            self.counts["dropped"] += 1
        finally:
            writer.close()

    def _may_connect(self, peer: str) -> bool:
        """Tell whether a peer is on the list."""
        if not self._networks:
            return True
        address = ipaddress.ip_address(peer.partition("%")[0])
        return any(address in network for network in self._networks)


def parse_networks(
    allowed: Sequence[str],
) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """Read an allow-list of addresses and networks."""
    return tuple(ipaddress.ip_network(one, strict=False) for one in allowed)
