"""Decide what a message is answered: AA only when it lies on disk.

ERR-3 of table 0357: 101 required field missing, 102 data type error, 200 unsupported message type,
201 unsupported event, 203 unsupported version, 205 duplicate key, 207 internal error.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from sqlalchemy.exc import SQLAlchemyError

from cardioalert.errors import ChangedMeanwhileError, CorruptFileError, StoreError
from cardioalert.hospital.hl7v2.message import Charset, Message, decode, escape, split_batch
from cardioalert.hospital.journal import Journal
from cardioalert.i18n import translate as _
from cardioalert.i18n import use_language

log = logging.getLogger(__name__)

EVENTS: Final = {
    "ADT": ("A01", "A04", "A08", "A31", "A40"),
    "SIU": ("S12", "S13", "S14", "S15", "S17", "S26"),
    "ORM": ("O01",),
    "OMG": ("O19",),
    "ORU": ("R01",),
}
"""What is worked on, by message type."""

VERSIONS: Final = (
    "2.1",
    "2.2",
    "2.3",
    "2.3.1",
    "2.4",
    "2.5",
    "2.5.1",
    "2.6",
    "2.7",
    "2.7.1",
    "2.8",
)
VERSIONS_MORE: Final = ("2.8.1", "2.8.2", "2.9")
REQUIRED: Final = {
    "ADT": (("PID", 3),),
    "SIU": (("SCH", 1),),
    "ORM": (("PID", 3), ("ORC", 1)),
    "OMG": (("PID", 3), ("ORC", 1)),
    "ORU": (("PID", 3), ("OBR", 4)),
}
"""Fields without which a message cannot be worked on."""

_ALTERNATIVES: Final = {("SCH", 1): ("SCH", 2), ("PID", 3): ("PID", 2)}
_TEXTS: Final = {
    "100": "Segment sequence error",
    "101": "Required field missing",
    "102": "Data type error",
    "200": "Unsupported message type",
    "201": "Unsupported event code",
    "203": "Unsupported version id",
    "205": "Duplicate key identifier",
    "207": "Application internal error",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """AA, AE or AR, and why."""

    code: str
    error: str = ""
    text: str = ""


class Answerer:
    """Answer the messages of one endpoint."""

    def __init__(self, journal: Journal, charset: Charset) -> None:
        self.journal = journal
        self.charset = charset

    def answer(self, raw: bytes, *, peer: str = "") -> bytes | None:
        """Return the answer to a message or batch; None when its sender wants none."""
        with use_language("en"):  # peers are programs, and the answer may have to be ASCII
            return self._answer(raw, peer=peer)

    def _answer(self, raw: bytes, *, peer: str) -> bytes | None:
        """Do it."""
        try:
            text, codec = decode(raw, self.charset)
            parts = split_batch(text)
            if not parts:
                raise CorruptFileError(_("the frame holds no message"))
        except CorruptFileError as error:
            return self._unreadable(raw, error)
        is_batch = text.lstrip()[:3] in ("FHS", "BHS")
        answers = [one for part in parts if (one := self._answer_one(part, codec, peer=peer))]
        if not is_batch:
            return answers[0] if answers else None
        wrapped = [b"BHS|^~\\&\r", *answers, f"BTS|{len(answers)}\r".encode()]
        return b"".join(wrapped)

    def _unreadable(self, raw: bytes, error: CorruptFileError) -> bytes:
        """Answer bytes that are no text, or text that is no message."""
        header = raw.split(b"\r", 1)[0].decode("latin-1").lstrip("ï»¿")
        try:
            message = Message(header)
        except CorruptFileError:
            message = Message("MSH|^~\\&|||||||ACK|" + uuid4().hex[:20] + "|P|2.5.1\r")
        verdict = Verdict(code="AE", error="102", text=error.message[:200])
        return acknowledge(message, verdict).encode("ascii", errors="backslashreplace")

    def _answer_one(self, text: str, codec: str, *, peer: str) -> bytes | None:
        """Answer one message of a frame."""
        body = text.encode(codec)
        try:
            message = Message(text)
        except CorruptFileError as error:
            return self._unreadable(body, error)
        verdict = check(message)
        if verdict.code != "AA":
            log.info("refused %s with %s", message.raw("MSH", 9), verdict.error)
            return encode(message, verdict, codec)
        for _attempt in range(2):
            try:
                return self._settle(message, body, codec, peer=peer)
            except ChangedMeanwhileError:  # another process has just kept the same control id
                continue
            except (StoreError, SQLAlchemyError) as error:
                log.warning("the journal cannot be written: %s", type(error).__name__)
                break
        verdict = Verdict(code="AE", error="207", text="not stored, send it again")
        return encode(message, verdict, codec)

    def _settle(self, message: Message, body: bytes, codec: str, *, peer: str) -> bytes | None:
        """Keep a good message, unless it came before, and return its answer."""
        sender = f"{message.get('MSH', 3)}|{message.get('MSH', 4)}"
        control_id = message.get("MSH", 10)
        known = self.journal.find(sender, control_id)
        if known is not None and self.journal.is_same(known, body):
            return known.answer or encode(message, Verdict(code="AA"), codec)
        if known is None:
            accepted = encode(message, Verdict(code="AA"), codec)
            self.journal.keep(sender, control_id, body, accepted or b"", peer=peer)
            return accepted
        verdict = Verdict(
            code="AE", error="205", text="this control id was used for another message"
        )
        refused = encode(message, verdict, codec)
        self.journal.keep(sender, control_id, body, refused or b"", peer=peer, state="quarantined")
        return refused


def check(message: Message) -> Verdict:
    """Tell whether a message can be worked on."""
    kind, event = message.get("MSH", 9), message.get("MSH", 9, 2)
    version = message.get("MSH", 12)
    for number, name in ((9, "MSH-9"), (10, "MSH-10")):
        if not message.raw("MSH", number):
            return Verdict(code="AR", error="101", text=f"{name} is empty")
    if version and version not in VERSIONS + VERSIONS_MORE:
        return Verdict(code="AR", error="203", text=f"version {version}")
    if event not in EVENTS.get(kind, ()):
        error = "201" if kind in EVENTS else "200"
        return Verdict(code="AR", error=error, text=f"{kind}^{event}")
    return _check_fields(message, kind)


def _check_fields(message: Message, kind: str) -> Verdict:
    """Tell whether the fields are there without which it cannot be worked on."""
    for segment, field in REQUIRED[kind]:
        other = _ALTERNATIVES.get((segment, field), (segment, field))
        if not message.all(segment):
            return Verdict(code="AE", error="100", text=f"segment {segment} is missing")
        if not (message.get(segment, field) or message.get(*other)):
            return Verdict(code="AE", error="101", text=f"{segment}-{field} is empty")
    return Verdict(code="AA")


def encode(message: Message, verdict: Verdict, codec: str) -> bytes | None:
    """Return the answer in the charset of the message; None when its sender wants none."""
    wanted = message.get("MSH", 15)
    if wanted:  # enhanced mode
        good = verdict.code == "AA"
        if wanted == "NE" or (wanted == "ER" and good) or (wanted == "SU" and not good):
            return None
        verdict = Verdict(
            code=verdict.code.replace("A", "C", 1), error=verdict.error, text=verdict.text
        )
    return acknowledge(message, verdict).encode(codec, errors="backslashreplace")


def acknowledge(message: Message, verdict: Verdict) -> str:
    """Write the ACK: sender and receiver exchanged, the charset repeated."""
    header = message.raw
    event = message.get("MSH", 9, 2)
    now = datetime.now(tz=UTC).strftime("%Y%m%d%H%M%S+0000")
    kind = f"ACK^{event}^ACK" if event else "ACK"
    version = message.get("MSH", 12) or "2.5.1"
    mine = [
        "MSH", "^~\\&", header("MSH", 5), header("MSH", 6), header("MSH", 3), header("MSH", 4), now,
        "", kind, uuid4().hex[:20], header("MSH", 11) or "P", version, "", "", "", "", "",
        header("MSH", 18),
    ]  # fmt: skip
    lines = ["|".join(mine).rstrip("|")]
    control_id = header("MSH", 10)
    lines.append("|".join(("MSA", verdict.code, control_id, escape(verdict.text))).rstrip("|"))
    if verdict.error:
        detail = f"{verdict.error}^{_TEXTS[verdict.error]}^HL70357"
        lines.append(f"ERR|||{detail}|E||||{escape(verdict.text)}".rstrip("|"))
    return "\r".join(lines) + "\r"
