"""Where results and bookings go: the hospital's own systems, as `peers.toml` names them.

    [[peer]]
    kind = "hl7"                      # results as ORU^R01, bookings as SIU
    address = "10.0.0.5:2575"
    receiver = "HIS"

    [[peer]]
    kind = "fhir"                     # results and bookings as transaction bundles
    url = "https://fhir.example.org/r4"

    [[peer]]
    kind = "dicom"                    # the ECG with its measurements, and the report as PDF
    address = "ORTHANC@10.0.0.7:4242"

Each peer has a queue of its own in the journal: one that is down holds up nobody else.
"""

from __future__ import annotations

import io
import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import pydicom

from cardioalert.care.booking import Ticket
from cardioalert.care.clinics import Found
from cardioalert.care.times import local
from cardioalert.errors import CorruptFileError, FileMissingError
from cardioalert.hospital.deliveries import deliver
from cardioalert.hospital.dicom import network, objects
from cardioalert.hospital.dicom.web import Web
from cardioalert.hospital.fhir import client
from cardioalert.hospital.fhir.client import Credentials
from cardioalert.hospital.fhir.export import bundle
from cardioalert.hospital.fhir.visits import visit_bundle
from cardioalert.hospital.hl7v2.building import Address, Appointment, oru, siu
from cardioalert.hospital.hl7v2.message import Message
from cardioalert.hospital.hl7v2.sending import Destination, Sender, parse_destination
from cardioalert.hospital.journal import Journal
from cardioalert.hospital.result import Person, Result
from cardioalert.i18n import translate as _
from cardioalert.store.clinic_tables import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What there is to tell of a booking.

    Attributes
    ----------
    kind : `booked`, `moved`, `cancelled` or `no-show`
    person : Person
        The patient as the hospital knows him.
    """

    kind: str
    ticket: Ticket
    place: Found
    room: Resource
    person: Person


class Peer(Protocol):
    """One system that wants results."""

    @property
    def name(self) -> str:
        """How the outbox calls it."""

    def letters(self, result: Result) -> Iterator[tuple[str, bytes]]:
        """Yield what a result is sent as: control id and body."""

    def booking_letter(self, news: News, *, control_id: str) -> bytes | None:
        """Return what tells of a booking; None for a peer that has no calendar."""

    def deliver(self, journal: Journal, *, until: float | None = None) -> int:
        """Send what is due, in order, and return how many were taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hl7Peer:
    """A receiver of HL7 v2 over MLLP."""

    destination: Destination
    address: Address = Address()  # noqa: RUF009 - frozen

    @property
    def name(self) -> str:
        """HOST:PORT."""
        return self.destination.name

    def letters(self, result: Result) -> Iterator[tuple[str, bytes]]:
        """Yield one ORU^R01."""
        text = oru(result, self.address)
        yield Message(text).get("MSH", 10), text.encode()

    def booking_letter(self, news: News, *, control_id: str) -> bytes | None:
        """Return an SIU."""
        booking = news.ticket.booking
        visit = Appointment(
            number=booking.code,
            status=news.kind,
            start=local(booking.slot_start),
            minutes=round((booking.slot_end - booking.slot_start).total_seconds() / 60),
            person=news.person,
            place=news.place.clinic.name,
        )
        return siu(visit, self.address, control_id=control_id).encode()

    def deliver(self, journal: Journal, *, until: float | None = None) -> int:
        """Send over one connection."""
        return Sender(self.destination, journal).deliver(until=until)


@dataclass(frozen=True, slots=True, kw_only=True)
class FhirPeer:
    """A FHIR server."""

    url: str
    version: str = "r4b"
    national: bool = False
    snomed: bool = True
    credentials: Credentials | None = None

    @property
    def name(self) -> str:
        """Its URL."""
        return self.url

    def letters(self, result: Result) -> Iterator[tuple[str, bytes]]:
        """Yield one transaction bundle."""
        made = bundle(
            result,
            version="r5" if self.version == "r5" else "r4b",
            national=self.national,
            snomed=self.snomed,
        )
        yield str(result.key(f"fhir-{result.status}")), json.dumps(made).encode()

    def booking_letter(self, news: News, *, control_id: str) -> bytes | None:
        """Return a bundle with the appointment."""
        made = visit_bundle(
            news.ticket,
            news.place,
            news.room,
            news.person,
            version="r5" if self.version == "r5" else "r4b",
            national=self.national,
        )
        return json.dumps(made).encode()

    def send(self, body: bytes) -> list[str]:
        """Post one bundle, and return where its resources are."""
        return client.send(json.loads(body), self.url, self.credentials)

    def deliver(self, journal: Journal, *, until: float | None = None) -> int:
        """Post each bundle."""
        return deliver(journal, self.name, self.send, until=until)


@dataclass(frozen=True, slots=True, kw_only=True)
class DicomPeer:
    """An archive: by C-STORE (`AE@HOST:PORT`) or by STOW-RS (a URL)."""

    address: str
    own_title: str = "CARDIOALERT"
    token: str = ""

    @property
    def name(self) -> str:
        """Its address."""
        return self.address

    def letters(self, result: Result) -> Iterator[tuple[str, bytes]]:
        """Yield the ECG with its measurements, when there are samples, and the report."""
        made = []
        if result.record is not None:
            made.append(objects.ecg_object(result))
        if result.report is not None:
            made.append(objects.pdf_object(result))
        for one in made:
            yield str(one.SOPInstanceUID), objects.to_bytes(one)

    def booking_letter(self, news: News, *, control_id: str) -> bytes | None:
        """Return nothing: archives keep no calendar, and carts ask for their worklist."""

    def send(self, body: bytes) -> None:
        """Store one object."""
        dataset = pydicom.dcmread(io.BytesIO(body))
        if self.address.startswith(("http://", "https://")):
            Web(self.address, token=self.token).store([dataset])
        else:
            peer = network.parse_peer(self.address, own_title=self.own_title)
            network.send(peer, [dataset])

    def deliver(self, journal: Journal, *, until: float | None = None) -> int:
        """Store each object."""
        return deliver(journal, self.name, self.send, until=until)


def queue(journal: Journal, peer: Peer, result: Result) -> int:
    """Queue a result for a peer, once; return how many letters are new."""
    return sum(
        journal.enqueue(peer.name, control_id, body, subject=result.accession)
        for control_id, body in peer.letters(result)
    )


# ---- The file of peers ---------------------------------------------------------------------------

_KEYS: Final = {
    "hl7": {"address", "receiver", "receiver-facility", "facility", "tls", "ca", "cert", "key"},
    "fhir": {"url", "version", "profile", "snomed", "token-url", "client-id", "key", "key-id"},
    "dicom": {"address", "title", "token-file"},
}


def read_peers(path: Path) -> list[Peer]:
    """Read the file of peers.

    Raises
    ------
    FileMissingError, CorruptFileError
        The message names the peer and the key that is wrong.
    """
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8")).get("peer", [])
    except FileNotFoundError:
        raise FileMissingError(_("there is no file {path}", path=path)) from None
    except (OSError, ValueError) as error:
        raise CorruptFileError(
            _("{path} is no list of peers: {error}", path=path, error=error)
        ) from error
    found: list[Peer] = []
    for number, row in enumerate(rows, start=1):
        try:
            found.append(_peer(dict(row), folder=path.parent))
        except (KeyError, TypeError, ValueError) as error:
            raise CorruptFileError(
                _("{path}: peer {number}: {error}", path=path, number=number, error=error)
            ) from error
    return found


def _peer(row: dict[str, Any], *, folder: Path) -> Peer:
    """Make one peer; a key that is not known is an error, not a wish."""
    kind = row.pop("kind", None)
    if kind not in _KEYS:
        raise ValueError(
            _("kind = {kind}, expected one of {known}", kind=repr(kind), known=", ".join(_KEYS))
        )
    if unknown := set(row) - _KEYS[kind]:
        raise ValueError(_("unknown key {name}", name=repr(sorted(unknown)[0])))
    files = {
        name: folder / row[name] for name in ("ca", "cert", "key", "token-file") if name in row
    }
    if kind == "hl7":
        parsed = parse_destination(row["address"], tls=bool(row.get("tls", "ca" in row)))
        destination = Destination(
            host=parsed.host, port=parsed.port, tls=parsed.tls, authority=files.get("ca"),
            certificate=files.get("cert"), key=files.get("key"),
        )  # fmt: skip
        address = Address(
            sender_facility=row.get("facility", ""), receiver=row.get("receiver", ""),
            receiver_facility=row.get("receiver-facility", ""),
        )  # fmt: skip
        return Hl7Peer(destination=destination, address=address)
    if kind == "fhir":
        credentials = None
        if "token-url" in row:
            credentials = Credentials(
                token_url=row["token-url"], client_id=row["client-id"], key_file=files["key"],
                key_id=row.get("key-id", ""),
            )  # fmt: skip
        national = row.get("profile") == "uz-core"
        version = "r5" if national or row.get("version") == "r5" else "r4b"
        return FhirPeer(
            url=row["url"], version=version, national=national, credentials=credentials,
            snomed=bool(row.get("snomed", True)),
        )  # fmt: skip
    token = files["token-file"].read_text(encoding="ascii").strip() if "token-file" in files else ""
    return DicomPeer(address=row["address"], own_title=row.get("title", "CARDIOALERT"), token=token)
