"""What goes wrong between machines: strangers, wiretaps, a database that is down and comes back."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from cardioalert.hospital.dicom import network
from cardioalert.hospital.hl7v2.answering import Answerer
from cardioalert.hospital.hl7v2.framing import frame
from cardioalert.hospital.hl7v2.listener import Endpoint
from cardioalert.hospital.hl7v2.message import Charset, Message
from cardioalert.hospital.hl7v2.sending import Destination, Sender
from cardioalert.hospital.journal import Journal
from cardioalert.security.keys import new_keyring
from cardioalert.security.sealing import Vault
from cardioalert.store import upkeep
from cardioalert.store.engine import Store
from tests import databases
from tests.peers.certificates import new_authority
from tests.peers.running import free_port, node
from tests.peers.running import program as peer_program
from tests.unit.hospital.test_hl7 import Peer, adt, listening

pytest.importorskip("pynetdicom", reason="the extra hospital is not installed")


@pytest.fixture
def journal(sqlite_desk: Any) -> Journal:
    return Journal(sqlite_desk.store, sqlite_desk.vault)


def test_mllp_over_tls_knows_both_sides(journal: Journal, tmp_path: Path) -> None:
    """The listener asks for a certificate of its hospital, the sender for one of the listener."""
    ours, other = new_authority(tmp_path / "ours"), new_authority(tmp_path / "other")
    certificate, key = ours.sign("listener")
    client, stranger = ours.sign("his"), other.sign("stranger")
    settings = {"certificate": certificate, "key": key, "client_authority": ours.file}
    with listening(journal, **settings) as listener:
        good = Destination(
            host="127.0.0.1", port=listener.port, tls=True, authority=ours.file,
            certificate=client[0], key=client[1], timeout=10, first_pause=60,
        )  # fmt: skip
        for control_id in ("1", "2"):
            journal.enqueue(good.name, control_id, adt(control_id).encode())
        assert Sender(good, journal).deliver() == 2
        bad = {
            "no certificate": {"certificate": None, "key": None},
            "a stranger's": {"certificate": stranger[0], "key": stranger[1]},
            "another authority": {"authority": other.file},
            "the system's authorities": {"authority": None},
        }
        for number, (name, change) in enumerate(bad.items(), start=3):
            values = {field: getattr(good, field) for field in good.__slots__} | change
            journal.enqueue(good.name, str(number), adt(str(number)).encode())
            assert Sender(Destination(**values), journal).deliver() == 0, name
            last = journal.outbox()[-1]
            assert last.state == "pending", name
            journal.mark_dead(last.number, "test")
        with Peer(listener.port) as plain:
            plain.socket.sendall(frame(adt("9").encode()))
            with pytest.raises((AssertionError, ConnectionError)):
                plain.answers(1)
    assert [one.control_id for one in journal.received()] == ["1", "2"]


def test_dicom_over_tls_with_dcmtk(tmp_path: Path) -> None:
    ours, other = new_authority(tmp_path / "ours"), new_authority(tmp_path / "other")
    certificate, key = ours.sign("archive")
    endpoint = Endpoint(certificate=certificate, key=key, client_authority=ours.file)
    with network.Server(lambda *_object: 0, port=0, tls=endpoint.tls()) as server:
        for authority, expected in ((ours, True), (other, False)):
            mine, my_key = authority.sign("cart")
            words = ["+tls", str(my_key), str(mine), "+cf", str(ours.file), "+ps"]
            done = subprocess.run(
                [peer_program("echoscu"), *words, "127.0.0.1", str(server.port)],
                capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip
            if "unknown option" in done.stderr.lower():
                pytest.skip("this dcmtk was built without TLS")
            assert (done.returncode == 0) is expected, done.stderr
        plain = subprocess.run(
            [peer_program("echoscu"), "-to", "3", "-ta", "3", "127.0.0.1", str(server.port)],
            capture_output=True, timeout=60, check=False,
        )  # fmt: skip
        assert plain.returncode != 0


@contextmanager
def own_postgresql() -> Iterator[tuple[str, Any]]:
    """Run a server that the test may stop; yield its URL and a function to start or stop it."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    initdb, control = databases.program("initdb"), databases.program("pg_ctl")
    if initdb is None or control is None:
        pytest.skip("PostgreSQL's initdb and pg_ctl are not installed")
    user = None
    if os.geteuid() == 0:
        names = [entry.pw_name for entry in pwd.getpwall()]
        user = next((name for name in ("postgres", "nobody") if name in names), None)
    folder = Path(databases.tempfile.mkdtemp(prefix="cardioalert-pg-"))
    if user:
        shutil.chown(folder, user)
    run: dict[str, Any] = {"user": user, "cwd": folder, "stdout": subprocess.DEVNULL}
    port, data = free_port(), folder / "data"
    words = ["-U", "care", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run([initdb, *words, "-D", str(data)], check=True, **run)

    def switch(action: str) -> None:
        options = f"-p {port} -k {folder} -h 127.0.0.1"
        more = ["-o", options, "-l", str(folder / "log")] if action == "start" else ["-m", "fast"]
        command = [control, "-D", str(data), "-w", *more, action]
        subprocess.run(command, check=True, **run)

    switch("start")
    try:
        yield f"postgresql://care@127.0.0.1:{port}/postgres", switch
    finally:
        subprocess.run([control, "-D", str(data), "-m", "immediate", "stop"], check=False, **run)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.filterwarnings("ignore")  # connections that the server has cut
def test_database_down_then_up_loses_nothing_and_doubles_nothing() -> None:
    """A real PostgreSQL is stopped under a persistent connection, and started again."""
    with own_postgresql() as (url, switch), closing(Store(url)) as store:
        upkeep.upgrade(store)
        journal = Journal(store, Vault(new_keyring()))

        def send(peer: Peer, control_id: str) -> tuple[str, str]:
            peer.socket.sendall(frame(adt(control_id).encode()))
            answer = peer.answers(1)[0]
            assert answer.get("MSA", 2) == control_id
            return answer.get("MSA", 1), answer.get("ERR", 3)

        with listening(journal) as listener, Peer(listener.port) as peer:
            assert send(peer, "1") == ("AA", "")
            switch("stop")
            assert send(peer, "2") == ("AE", "207")
            assert send(peer, "1") == ("AE", "207")  # even what it has: it cannot look
            switch("start")
            end = time.monotonic() + 30
            while send(peer, "2")[0] != "AA":  # as a sender does after AE
                assert time.monotonic() < end
                time.sleep(0.2)
            assert send(peer, "1") == ("AA", "")
            assert send(peer, "3") == ("AA", "")
            with node("hl7_client.mjs", "medplum", str(listener.port)) as process:
                out, _errors = process.communicate(
                    json.dumps([adt(one) for one in ("3", "4")]), timeout=60
                )
            assert [Message(one).get("MSA", 1) for one in json.loads(out)] == ["AA", "AA"]
        assert [one.control_id for one in journal.received()] == ["1", "2", "3", "4"]


def test_the_outbox_outlives_a_database_that_goes_down() -> None:
    """What was queued before the stop is sent after it, once."""
    with own_postgresql() as (url, switch), closing(Store(url)) as store:
        upkeep.upgrade(store)
        journal, receiver = Journal(store, Vault(new_keyring())), Answerer
        journal.enqueue("his:1", "1", adt("1").encode())
        store.close()
        switch("stop")
        switch("start")
        waiting = journal.next_waiting("his:1")
        assert waiting is not None
        answer = receiver(journal, Charset()).answer(waiting.body)
        assert answer is not None
        assert Message(answer.decode()).get("MSA", 1) == "AA"
        journal.mark_sent(waiting.number)
        assert journal.next_waiting("his:1") is None
