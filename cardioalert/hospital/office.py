"""The back room of the listeners: work on what arrived, tell of bookings, deliver what waits.

One thread for the inbox and one for each peer, so that a slow analysis holds up no delivery and a
peer that is down holds up no other. Several processes may run an office of one clinic: rows are
leased.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import TracebackType
from typing import Final

from cardioalert.errors import ChangedMeanwhileError, InvalidRecordError
from cardioalert.hospital import announcing
from cardioalert.hospital.appointments import Outcome, work_off
from cardioalert.hospital.dicom import store
from cardioalert.hospital.hl7v2.message import Charset
from cardioalert.hospital.journal import Journal, Kept
from cardioalert.hospital.peers import Hl7Peer, Peer, queue
from cardioalert.hospital.reception import Reception
from cardioalert.hospital.result import Result
from cardioalert.i18n import translate as _

log = logging.getLogger(__name__)

PAUSE_S: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class Office:
    """Everything that happens behind the listeners of one clinic; use it in a `with` statement.

    Attributes
    ----------
    reception : Reception
        Its results go to the peers.
    journal : Journal
    peers : sequence of Peer
    charset : Charset
    pause : float, s
        Between looks when nobody calls `wake`.
    """

    reception: Reception
    journal: Journal
    peers: Sequence[Peer] = ()
    charset: Charset = Charset()  # noqa: RUF009 - frozen
    pause: float = PAUSE_S
    _woken: threading.Event = field(default_factory=threading.Event)
    _closed: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Send the results of the reception to the peers."""
        results = [partial(self.send, peer) for peer in self.peers]
        object.__setattr__(self, "reception", replace(self.reception, results=results))

    # ---- One step at a time ----------------------------------------------------------------------

    def send(self, peer: Peer, result: Result) -> None:
        """Queue a result for one peer, and write down that it is exported.

        Raises
        ------
        InvalidRecordError
            It cannot be said in the peer's language.
        """
        try:
            new = queue(self.journal, peer, result)
        except InvalidRecordError as error:
            raise InvalidRecordError(
                _("not sent to {peer}: {why}", peer=peer.name, why=error.message)
            ) from error
        if new:
            desk, actor = self.reception.desk, self.reception.actor
            with desk.store.writing() as session:
                desk.note(
                    session, actor, "record.export", result.accession or result.order,
                    purpose=peer.name,
                )  # fmt: skip

    def work(self) -> int:
        """Work on what arrived."""
        return work_off(self.reception, self.journal, self.charset, done=self._heard)

    def announce(self) -> int:
        """Tell the hospital's calendars of bookings."""
        return sum(announcing.announce(self.reception, self.journal, peer) for peer in self.peers)

    def _heard(self, kept: Kept, outcome: Outcome) -> None:
        """Do not tell a hospital what it has just told us."""
        calendars = [peer for peer in self.peers if isinstance(peer, Hl7Peer)]
        if kept.kind != "hl7" or not outcome.booking:
            return
        sender = kept.sender.partition("|")[0]
        for peer in calendars:
            if len(calendars) == 1 or peer.address.receiver == sender:
                announcing.mark_told(self.reception, self.journal, peer, outcome.booking)

    def keep_dicom(self, title: str, uid: str, data: bytes) -> int:
        """Keep an object of a cart in the journal, and return a DICOM status."""
        known = self.journal.find(title, uid)
        if known is not None:
            if self.journal.is_same(known, data):
                return store.SUCCESS
            uid = f"{uid}#{self.journal.index_of(data)[:16]}"
            if self.journal.find(title, uid) is not None:
                return store.SUCCESS
        try:
            self.journal.keep(title, uid, data, b"", kind="dicom")
        except ChangedMeanwhileError:  # the same object over two connections
            return self.keep_dicom(title, uid, data)
        return store.SUCCESS

    # ---- All the time ----------------------------------------------------------------------------

    def wake(self) -> None:
        """Look now: something has arrived."""
        self._woken.set()

    def __enter__(self) -> Office:
        rounds: list[Callable[[], object]] = [self._inbox_round]
        rounds += [self._delivery_round(peer) for peer in self.peers]
        for number, one in enumerate(rounds):
            thread = threading.Thread(target=self._repeat, args=(one,), name=f"office-{number}")
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish what is being done, and stop."""
        self._closed.set()
        self._woken.set()
        for thread in self._threads:
            thread.join()

    def _inbox_round(self) -> None:
        self._woken.clear()
        self.work()
        self.announce()

    def _delivery_round(self, peer: Peer) -> Callable[[], object]:
        return lambda: peer.deliver(self.journal)

    def _repeat(self, one: Callable[[], object]) -> None:
        """Do one thing again and again; a fault, such as a database that is down, ends nothing."""
        while not self._closed.is_set():
            try:
                one()
            except Exception as error:  # whatever it is, the next round may go well
                log.warning("a round of the office failed: %s", type(error).__name__)
                self._closed.wait(self.pause)
            if one == self._inbox_round:
                self._woken.wait(self.pause)
            else:
                self._closed.wait(self.pause)
