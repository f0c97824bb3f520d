"""HL7 v2: text, answers, the listener against raw sockets and clients of others, the sender."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from cardioalert.care.desk import Desk
from cardioalert.errors import (
    CorruptFileError,
    FileTooLargeError,
    InvalidRecordError,
    SealedDataError,
)
from cardioalert.hospital.hl7v2.answering import Answerer
from cardioalert.hospital.hl7v2.attachments import attachments
from cardioalert.hospital.hl7v2.framing import FrameReader, frame
from cardioalert.hospital.hl7v2.listener import Endpoint, Listener
from cardioalert.hospital.hl7v2.message import Charset, Message, decode, escape, split_batch
from cardioalert.hospital.hl7v2.sending import Destination, Sender
from cardioalert.hospital.journal import Journal
from cardioalert.hospital.result import Document, Person
from cardioalert.security.keys import new_keyring
from cardioalert.security.sealing import Vault
from cardioalert.store.engine import Store
from cardioalert.store.types import now_utc
from tests.peers.running import free_port, node
from tests.unit.hospital.made_result import NODIRA, made_analysis, made_result

NAME = "Каримова"


def adt(control_id: str = "M1", *, event: str = "A04", charset: str = "", name: str = NAME) -> str:
    msh = f"MSH|^~\\&|HIS|KLINIKA|CARDIOALERT|ECG|20261126||ADT^{event}|{control_id}|P|2.5.1"
    return f"{msh}||||||{charset}\rPID|1||4711^^^HIS||{name}^Нодира\r"


def answer_of(text: str | bytes, journal: Journal, **charset: str) -> Message:
    raw = text.encode() if isinstance(text, str) else text
    answer = Answerer(journal, Charset(**charset)).answer(raw)
    assert answer is not None
    return Message(answer.decode("utf-8", errors="replace"))


# ---- Frames and text -----------------------------------------------------------------------------


def test_frames_survive_any_cut() -> None:
    stream = frame(b"MSH|one") + b"\r\n" + frame(b"MSH|two\x1c|x") + frame(b"") + frame(b"MSH|3")
    for size in (1, 2, 3, 7, 100):
        reader = FrameReader()
        found = [
            message
            for at in range(0, len(stream), size)
            for message in reader.feed(stream[at : at + size])
        ]
        assert found == [b"MSH|one", b"MSH|two\x1c|x", b"MSH|3"]


def test_frame_without_end_is_refused() -> None:
    reader = FrameReader(max_bytes=100)
    with pytest.raises(FileTooLargeError):
        list(reader.feed(b"\x0b" + b"x" * 200))


@pytest.mark.parametrize(
    ("raw", "charset", "codec"),
    [
        (adt().encode("utf-8"), Charset(), "utf-8"),
        (b"\xef\xbb\xbf" + adt().encode("utf-8"), Charset(), "utf-8"),
        (adt(charset="UNICODE UTF-8").encode("utf-8"), Charset(), "utf-8"),
        (adt(charset="8859/5").encode("iso-8859-5"), Charset(), "iso-8859-5"),
        (adt().encode("windows-1251"), Charset(), "windows-1251"),
        (
            adt(charset="8859/1").encode("windows-1251"),
            Charset(override="windows-1251"),
            "windows-1251",
        ),
        (adt(charset="8859/5~8859/1").encode("iso-8859-5"), Charset(), "iso-8859-5"),
    ],
)
def test_charsets(raw: bytes, charset: Charset, codec: str) -> None:
    text, used = decode(raw, charset)
    assert used == codec
    assert Message(text).get("PID", 5) == NAME


def test_undecodable_bytes_are_never_replaced() -> None:
    with pytest.raises(CorruptFileError):
        decode(adt(charset="ASCII").encode(), Charset())
    with pytest.raises(CorruptFileError):
        decode(adt(charset="UNICODE UTF-8").encode("windows-1251"), Charset())


def test_escapes_and_other_delimiters() -> None:
    text = f"MSH|^~\\&|A\rNTE|1||{escape('a|b^c&d~e' + chr(92) + 'f')}\r"
    assert Message(text).get("NTE", 3) == "a|b^c&d~e\\f"
    other = Message("MSH#*~!$#HIS#X\rPID#1##5*x$y~6\r")
    assert (other.get("MSH", 3), other.get("PID", 3), other.get("PID", 3, 2)) == ("HIS", "5", "x")
    for bad in ("", "PID|1", "MSH", "MSH||||"):
        with pytest.raises(CorruptFileError):
            Message(bad)


def test_batches_are_taken_apart() -> None:
    batch = f"FHS|^~\\&\rBHS|^~\\&\r{adt('1')}{adt('2')}BTS|2\rFTS|1\r"
    assert [Message(one).get("MSH", 10) for one in split_batch(batch)] == ["1", "2"]


# ---- Answers -------------------------------------------------------------------------------------


def test_good_message_is_kept_before_it_is_accepted(journal: Journal) -> None:
    answer = answer_of(adt(charset="UNICODE UTF-8"), journal)
    assert [answer.get("MSA", n) for n in (1, 2)] == ["AA", "M1"]
    assert [answer.get("MSH", n) for n in (3, 4, 5, 6)] == ["CARDIOALERT", "ECG", "HIS", "KLINIKA"]
    assert answer.get("MSH", 18) == "UNICODE UTF-8"
    kept = journal.unworked()
    assert [Message(one.body.decode()).get("PID", 5) for one in kept] == [NAME]


@pytest.mark.parametrize(
    ("text", "code", "error"),
    [
        (adt().replace("ADT^A04", "XYZ^A04"), "AR", "200"),
        (adt(event="A99"), "AR", "201"),
        (adt().replace("2.5.1", "3.0"), "AR", "203"),
        (adt().replace("|M1|", "||"), "AR", "101"),
        (adt().replace("4711^^^HIS", ""), "AE", "101"),
        (adt().partition("PID")[0], "AE", "100"),
        (adt(charset="ASCII"), "AE", "102"),
        ("nonsense", "AE", "102"),
    ],
)
def test_refusals(text: str, code: str, error: str, journal: Journal) -> None:
    answer = answer_of(text, journal)
    assert (answer.get("MSA", 1), answer.get("ERR", 3)) == (code, error)
    assert journal.received() == []


def test_duplicates(journal: Journal) -> None:
    answerer = Answerer(journal, Charset())
    first = answerer.answer(adt().encode())
    assert answerer.answer(adt().encode()) == first
    other = answerer.answer(adt(name="Иванова").encode())
    assert other is not None
    answer = Message(other.decode())
    assert (answer.get("MSA", 1), answer.get("ERR", 3)) == ("AE", "205")
    assert [one.state for one in answerer.journal.received()] == ["kept", "quarantined"]


def test_enhanced_mode(journal: Journal) -> None:
    answerer = Answerer(journal, Charset())

    def answer(control_id: str, accept: str, event: str = "A04") -> str | None:
        text = adt(control_id, event=event).replace("|2.5.1|||", f"|2.5.1|||{accept}", 1)
        raw = answerer.answer(text.encode())
        return None if raw is None else Message(raw.decode()).get("MSA", 1)

    assert answer("1", "AL") == "CA"
    assert answer("2", "NE") is None
    assert answer("3", "ER") is None
    assert answer("4", "ER", "A99") == "CR"
    assert answer("5", "SU", "A99") is None
    assert len(answerer.journal.received()) == 3


def test_batch_gets_a_batch_of_answers(journal: Journal) -> None:
    answerer = Answerer(journal, Charset())
    raw = answerer.answer(f"BHS|^~\\&\r{adt('1')}{adt('2', event='A99')}BTS|2\r".encode())
    assert raw is not None
    codes = re.findall(r"MSA\|(..)\|(.)", raw.decode())
    assert codes == [("AA", "1"), ("AR", "2")]


def test_an_unwritable_database_is_told_and_the_message_comes_again(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program holds the file: nothing is answered AA until the message lies on disk."""
    answerer = Answerer(journal, Charset())
    assert journal.store.is_sqlite
    with sqlite3.connect(str(journal.store.engine.url.database), isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        impatient = Store(f"{journal.store.url}")
        sqlalchemy.event.listen(
            impatient.engine, "connect", lambda c, _r: c.execute("PRAGMA busy_timeout = 50")
        )
        refused = Answerer(Journal(impatient, journal.vault), Charset()).answer(adt().encode())
        impatient.close()
        other.execute("ROLLBACK")
    other.close()
    assert refused is not None
    answer = Message(refused.decode())
    assert (answer.get("MSA", 1), answer.get("ERR", 3)) == ("AE", "207")
    accepted = answerer.answer(adt().encode())
    assert accepted is not None
    assert Message(accepted.decode()).get("MSA", 1) == "AA"
    assert len(journal.received()) == 1


def test_bodies_are_sealed_on_disk(journal: Journal) -> None:
    Answerer(journal, Charset()).answer(adt(charset="UNICODE UTF-8").encode())
    journal.enqueue("his:1", "7", adt().encode())
    with journal.store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    folder = Path(str(journal.store.engine.url.database)).parent
    for path in folder.glob("journal-0.db*"):
        assert NAME.encode() not in path.read_bytes()
        assert b"4711" not in path.read_bytes()
    assert NAME in journal.unworked()[0].body.decode()
    assert NAME in journal.outbox()[0].body.decode()
    stranger = Journal(journal.store, Vault(new_keyring()))
    with pytest.raises(SealedDataError):
        stranger.outbox()


def test_what_was_worked_on_can_be_forgotten_and_is_still_known(journal: Journal) -> None:
    answerer = Answerer(journal, Charset())
    for control_id in ("1", "2"):
        answerer.answer(adt(control_id).encode())
    journal.settle(journal.received()[0].number, state="done", note="booked")
    assert journal.forget(before=now_utc() + timedelta(seconds=1)) == 1
    assert [bool(one.body) for one in journal.received()] == [False, True]
    again = answerer.answer(adt("1").encode())
    assert again is not None
    assert Message(again.decode()).get("MSA", 1) == "AA"
    assert len(journal.received()) == 2


def test_two_workers_share_no_message(desk: Desk) -> None:
    """On each database: one works on a message, the other waits; a dead worker's comes back."""
    journals = [Journal(desk.store, desk.vault, clinic_id="c") for _worker in range(2)]
    for control_id in ("1", "2"):
        Answerer(journals[0], Charset()).answer(adt(control_id).encode())
    first = journals[0].claim()
    assert first is not None
    assert first.control_id == "1"
    assert journals[1].claim() is None  # in order: the second waits for the first
    journals[0].settle(first.number, state="done")
    second = journals[1].claim()
    assert second is not None
    assert second.control_id == "2"
    journals[1].settle(second.number, state="working")  # it died: its lease is over
    again = journals[0].claim()
    assert again is not None
    assert (again.control_id, again.attempts) == ("2", 2)
    for control_id in ("1", "2"):
        assert journals[0].enqueue("his:1", control_id, b"x")
        assert not journals[1].enqueue("his:1", control_id, b"x")
    assert journals[1].enqueue("ris:1", "1", b"x")
    waiting = journals[0].next_waiting("his:1")
    assert waiting is not None
    assert journals[1].next_waiting("his:1") is None
    journals[0].mark_sent(waiting.number)
    after = journals[1].next_waiting("his:1")
    assert after is not None
    assert after.control_id == "2"


def test_many_senders_at_once_on_each_database(desk: Desk) -> None:
    """Eight connections, the same forty messages: each is kept once and answered AA each time."""
    answerer = Answerer(Journal(desk.store, desk.vault), Charset())
    messages = [adt(str(number)).encode() for number in range(10)] * 4
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(answerer.answer, messages))
    codes = [Message(one.decode()).get("MSA", 1) for one in answers if one]
    assert codes == ["AA"] * 40
    assert len(answerer.journal.received()) == 10


AR_SAMPLES = {"ADT-A02", "ADT-A03", "ADT-A05", "ADT-A06", "ADT-A07", "ADT-A41", "ADT-A45",
              "ADT-A47", "MDM-T02", "SIU-S16"}  # fmt: skip
SPECIAL = {
    "ADT-A40-01": None,  # MSH-15 says NE: never
    "ORU-R01-01": "CA",  # MSH-15 says AL: enhanced mode
}


def test_all_samples_are_answered_as_the_reference_says(
    shared_data: Path, new_journal: Callable[[], Journal]
) -> None:
    paths = sorted((shared_data / "interop/hl7v2").glob("*.hl7"))
    assert len(paths) == 30
    for path in paths:
        journal = new_journal()
        answer = Answerer(journal, Charset()).answer(path.read_bytes())
        code = None if answer is None else Message(answer.decode()).get("MSA", 1)
        if path.stem in SPECIAL:
            assert code == SPECIAL[path.stem], path.stem
        else:
            assert code == ("AR" if path.stem[:7] in AR_SAMPLES else "AA"), path.stem
        assert len(journal.received()) == (code != "AR"), path.stem
        if code == "AR":
            error = Message(answer.decode()).get("ERR", 3) if answer else ""
            assert error == ("200" if path.stem.startswith("MDM") else "201")


# ---- The listener --------------------------------------------------------------------------------


@contextmanager
def listening(journal: Journal, **settings: Any) -> Iterator[Listener]:
    """Run a listener in a thread of its own."""
    listener = Listener(Endpoint(port=0, **settings), Answerer(journal, Charset()))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(listener.start(), loop).result(30)
        yield listener
    finally:

        async def finish() -> None:
            await listener.stop()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(finish(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class Peer:
    """A raw socket."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.frames = FrameReader(max_bytes=30_000_000)

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def answers(self, count: int) -> list[Message]:
        found: list[Message] = []
        while len(found) < count:
            data = self.socket.recv(1 << 16)
            assert data, "the connection was closed"
            found += [Message(decode(one, Charset())[0]) for one in self.frames.feed(data)]
        return found


def test_one_connection_many_messages(journal: Journal) -> None:
    with listening(journal) as listener, Peer(listener.port) as peer:
        for number in range(3):
            peer.socket.sendall(frame(adt(str(number)).encode()))
            assert peer.answers(1)[0].get("MSA", 2) == str(number)
        two = frame(adt("a").encode()) + frame(adt("b").encode())
        peer.socket.sendall(two)
        assert [one.get("MSA", 2) for one in peer.answers(2)] == ["a", "b"]
        for byte in frame(b"\xef\xbb\xbf" + adt("c").encode()):
            peer.socket.sendall(bytes([byte]))
        assert peer.answers(1)[0].get("MSA", 2) == "c"
        peer.socket.sendall(frame(adt("d", charset="8859/5").encode("iso-8859-5")))
        assert peer.answers(1)[0].get("MSH", 18) == "8859/5"
        peer.socket.sendall(frame(adt("e").encode("windows-1251")))
        assert peer.answers(1)[0].get("MSA", 1) == "AA"
    bodies = [decode(one.body, Charset())[0] for one in journal.received()]
    assert [Message(one).get("PID", 5) for one in bodies] == [NAME] * 8


def test_twenty_megabytes_in_one_field(journal: Journal) -> None:
    head = adt("big").replace("ADT^A04", "ORU^R01") + "OBR|1|||11524-6^EKG study^LN\r"
    text = head + "OBX|1|ED|x||^application^pdf^Base64^" + "QUJD" * 4_990_000 + "\r"
    with listening(journal) as listener, Peer(listener.port) as peer:
        peer.socket.sendall(frame(text.encode()))
        assert peer.answers(1)[0].get("MSA", 1) == "AA"
        peer.socket.sendall(b"\x0b" + b"x" * 20_100_000)
        with pytest.raises((AssertionError, ConnectionError)):
            peer.answers(1)
        assert listener.counts["too-large"] == 1
    assert len(journal.received()[0].body) == len(text.encode())


def test_only_peers_on_the_list(journal: Journal) -> None:
    with listening(journal, allowed=("10.0.0.0/8",)) as listener:
        with Peer(listener.port) as peer, pytest.raises((AssertionError, ConnectionError)):
            peer.answers(1)
        assert listener.counts["refused-peer"] == 1
    with listening(journal, allowed=("127.0.0.1",)) as listener, Peer(listener.port) as peer:
        peer.socket.sendall(frame(adt().encode()))
        assert peer.answers(1)[0].get("MSA", 1) == "AA"


@pytest.mark.parametrize("library", ["medplum", "simple"])
def test_clients_of_others(library: str, journal: Journal) -> None:
    messages = [adt("1", charset="UNICODE UTF-8"), adt("2"), adt("1", charset="UNICODE UTF-8")]
    with (
        listening(journal) as listener,
        node("hl7_client.mjs", library, str(listener.port)) as process,
    ):
        out, _ = process.communicate(json.dumps(messages), timeout=60)
    answers = [Message(one) for one in json.loads(out)]
    assert [(one.get("MSA", 1), one.get("MSA", 2)) for one in answers] == [
        ("AA", "1"), ("AA", "2"), ("AA", "1"),
    ]  # fmt: skip
    assert len(journal.received()) == 2


# ---- What we send --------------------------------------------------------------------------------


def test_result_as_oru() -> None:
    building = pytest.importorskip("cardioalert.hospital.hl7v2.building")
    pytest.importorskip("hl7apy", reason="hl7apy is not installed")
    message = Message(building.oru(made_result(), building.Address(receiver="HIS")))
    by_code = {message.part(one[3]): one for one in message.all("OBX")}
    assert (by_code["8634-8"][5], by_code["8634-8"][11]) == ("402", "P")
    assert message.part(by_code["8634-8"][3], 4) == "147232"
    assert (by_code["8638-9"][5], by_code["8638-9"][11]) == ("", "X")
    assert message.get("PID", 5) == NODIRA.family
    assert message.get("OBR", 25) == "P"
    assert any("JVBER" in one[5] for one in message.all("OBX"))
    signed = building.oru(made_result(signed_by=Person(family="Усманов")), building.Address())
    assert Message(signed).get("OBR", 25) == "F"
    with pytest.raises(InvalidRecordError):
        building.check("MSH|^~\\&|A||B||20261126||ORU^R01^ORU_R01|1|P|2.5.1\rPID|1\r")


def test_a_report_of_a_usual_size_goes_along() -> None:
    building = pytest.importorskip("cardioalert.hospital.hl7v2.building")
    pytest.importorskip("hl7apy", reason="hl7apy is not installed")
    pdf = Document(data=b"%PDF-" + b"x" * 300_000, media_type="application/pdf", title="t")
    message = Message(building.oru(made_result(report=pdf), building.Address()))
    assert list(attachments(message)) == [pdf.data]


def test_long_impression_is_not_too_long() -> None:
    building = pytest.importorskip("cardioalert.hospital.hl7v2.building")
    pytest.importorskip("hl7apy", reason="hl7apy is not installed")
    words = "Decision support, not a diagnosis. " * 30
    analysis = made_analysis() | {"disclaimer": words}
    message = Message(building.oru(made_result(analysis=analysis), building.Address()))
    texts = [one[5] for one in message.all("OBX") if one[2] == "TX"]
    assert words.strip() in " ".join(texts)
    assert max(map(len, texts)) < 199


def test_booking_as_siu() -> None:
    building = pytest.importorskip("cardioalert.hospital.hl7v2.building")
    pytest.importorskip("hl7apy", reason="hl7apy is not installed")
    for status, event in (("booked", "S12"), ("moved", "S13"), ("cancelled", "S15")):
        visit = building.Appointment(
            number="B-7", status=status, start=made_result().exported_at, minutes=15,
            person=NODIRA, place="EKG | 1",
        )  # fmt: skip
        message = Message(building.siu(visit, building.Address(), control_id="7"))
        assert message.get("MSH", 9, 2) == event
        assert message.get("AIL", 3, 4) == message.get("AIL", 3, 9) == "EKG | 1"
    long = replace(visit, place="1-shahar oilaviy poliklinikasi")
    message = Message(building.siu(long, building.Address(), control_id="8"))
    assert (message.get("AIL", 3, 4), message.get("AIL", 3, 9)) == ("", long.place)


def test_our_own_messages_are_accepted_by_our_listener(journal: Journal) -> None:
    building = pytest.importorskip("cardioalert.hospital.hl7v2.building")
    pytest.importorskip("hl7apy", reason="hl7apy is not installed")
    text = building.oru(made_result(), building.Address())
    assert answer_of(text, journal).get("MSA", 1) == "AA"


# ---- The sender ----------------------------------------------------------------------------------


class Hospital:
    """A receiver that answers by a script, one entry a message; keeps what it got."""

    def __init__(self, script: list[str]) -> None:
        self.script, self.got = script, list[str]()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                frames = FrameReader()
                try:
                    while data := connection.recv(1 << 16):
                        for one in frames.feed(data):
                            self.answer(connection, Message(one.decode()))
                except OSError:
                    continue

    def answer(self, connection: socket.socket, message: Message) -> None:
        control_id = message.get("MSH", 10)
        self.got.append(control_id)
        action = self.script.pop(0) if self.script else "AA"
        if action == "silence":
            return
        about = "other" if action == "wrong-id" else control_id
        code = "AA" if action == "wrong-id" else action
        connection.sendall(frame(f"MSH|^~\\&|\rMSA|{code}|{about}|text\r".encode()))


def sent_by(script: list[str], journal: Journal, **settings: Any) -> Hospital:
    hospital = Hospital(script)
    destination = Destination(
        host="127.0.0.1", port=hospital.port, timeout=0.5, first_pause=0.02, **settings
    )
    for control_id in ("1", "2", "3"):
        assert journal.enqueue(destination.name, control_id, adt(control_id).encode())
    assert not journal.enqueue(destination.name, "1", b"again")
    Sender(destination, journal).deliver(until=time.monotonic() + 30)
    hospital.socket.close()
    return hospital


@pytest.mark.parametrize(
    ("script", "got", "states"),
    [
        ([], ["1", "2", "3"], ["sent", "sent", "sent"]),
        (["AE", "AE"], ["1", "1", "1", "2", "3"], ["sent", "sent", "sent"]),
        (["AR"], ["1", "2", "3"], ["dead", "sent", "sent"]),
        (["silence"], ["1", "1", "2", "3"], ["sent", "sent", "sent"]),
        (["wrong-id"], ["1", "1", "2", "3"], ["sent", "sent", "sent"]),
        (["CA", "CE", "CR"], ["1", "2", "2", "3"], ["sent", "dead", "sent"]),
    ],
)
def test_order_is_kept_and_answers_are_matched(
    script: list[str], got: list[str], states: list[str], journal: Journal
) -> None:
    hospital = sent_by(script, journal)
    assert hospital.got == got
    assert [one.state for one in journal.outbox()] == states


def test_giving_up_and_trying_again(journal: Journal) -> None:
    hospital = sent_by(["AE", "AE"], journal, most_attempts=2)
    assert hospital.got == ["1", "1", "2", "3"]
    assert [one.state for one in journal.outbox()] == ["dead", "sent", "sent"]
    assert journal.retry_dead() == 1
    assert [one.state for one in journal.outbox()] == ["pending", "sent", "sent"]
    assert journal.purge() == 2
    assert [one.body for one in journal.outbox()][1:] == [b"", b""]
    assert not journal.enqueue("anywhere", "1", b"new") or journal.purge() == 0


def test_nobody_listens(journal: Journal) -> None:
    destination = Destination(host="127.0.0.1", port=free_port(), timeout=0.5, first_pause=60)
    journal.enqueue(destination.name, "1", adt("1").encode())
    assert Sender(destination, journal).deliver() == 0
    (row,) = journal.outbox()
    assert (row.state, row.attempts) == ("pending", 1)
    assert "refused" in row.note.lower()


def test_a_receiver_of_others_gets_a_result_with_a_large_document(journal: Journal) -> None:
    building = pytest.importorskip("cardioalert.hospital.hl7v2.building")
    pytest.importorskip("hl7apy", reason="hl7apy is not installed")
    text = building.oru(made_result(), building.Address())
    text = text.replace("JVBER", "JVBER" + "QUJD" * 750_000)
    with node("hl7_server.mjs") as process:
        assert process.stdout
        port = int(process.stdout.readline())
        destination = Destination(host="127.0.0.1", port=port)
        for control_id, body in (("7", text), ("8", adt("8"))):
            raw = body.replace(Message(body).get("MSH", 10), control_id, 1).encode()
            journal.enqueue(destination.name, control_id, raw)
        assert Sender(destination, journal).deliver(until=time.monotonic() + 30) == 2
        got = [json.loads(process.stdout.readline()) for _ in range(2)]
    assert [one["id"] for one in got] == ["7", "8"]
    assert got[0]["size"] > 3_000_000
    assert NODIRA.family in got[0]["name"]
