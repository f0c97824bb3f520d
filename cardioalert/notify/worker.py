"""Send what stands in the outbox.

A worker leases deliveries, so that two workers never send one at the same time, and a crashed one
gives its deliveries back when the lease ends: at least once, never lost. Providers that know our
number of a message drop the second copy.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, timezone
from typing import Any, Final

from sqlalchemy import delete, update
from sqlmodel import Session, col, or_, select

from cardioalert.notify.channel import BusyError, Channel, Letter, RefusedError
from cardioalert.notify.texts import render
from cardioalert.store.engine import Store
from cardioalert.store.people_tables import Device, Patient
from cardioalert.store.record_tables import Delivery, Message
from cardioalert.store.types import new_id

log = logging.getLogger(__name__)

LEASE: Final = timedelta(minutes=2)
FIRST_WAIT: Final = 30.0  # s, doubled with each attempt
LONGEST_WAIT: Final = 6 * 3600.0  # s
MOST_ATTEMPTS: Final = 8
ORDER: Final = ("push", "telegram", "sms", "email", "other")
QUIET: Final = (time(22), time(8))  # local
TASHKENT: Final = timezone(timedelta(hours=5))
BATCH: Final = 20

Addresses = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Readers:
    """What the worker must ask about people; given by `care`, which has the keys.

    Attributes
    ----------
    addresses : channel -> addresses of a patient
    consents : channel -> whether the patient allows it
    values : what a template says about its subject
    """

    addresses: Callable[[Session, Patient], Addresses]
    consents: Callable[[Session, str], dict[str, bool]]
    values: Callable[[Session, Message, str], dict[str, str]]


@dataclass(slots=True, kw_only=True)
class Worker:
    """One sender; several may run at once."""

    store: Store
    channels: Sequence[Channel]
    readers: Readers
    now: Callable[[], datetime]
    name: str = field(default_factory=new_id)

    def run_once(self) -> int:
        """Send what is due; return how many deliveries were tried."""
        leased = self._lease()
        for delivery_id in leased:
            self._deliver(delivery_id)
        return len(leased)

    def _lease(self) -> list[str]:
        """Take due deliveries that nobody else has."""
        now = self.now()
        table: Any = Delivery.__table__  # type: ignore[attr-defined]
        with self.store.writing() as session:
            due = (
                select(Delivery.id)
                .where(
                    Delivery.status == "waiting",
                    col(Delivery.next_attempt_at) <= now,
                    or_(col(Delivery.lease_until).is_(None), col(Delivery.lease_until) < now),
                )
                .order_by(col(Delivery.next_attempt_at))
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            )
            ids = list(session.exec(due))
            session.connection().execute(
                update(table)
                .where(table.c.id.in_(ids))
                .values(
                    lease_until=now + LEASE, lease_owner=self.name, attempts=table.c.attempts + 1
                )
            )
        return ids

    def _deliver(self, delivery_id: str) -> None:
        """Send one delivery by the first channel that takes it, and write down what happened."""
        now = self.now()
        with self.store.reading() as session:
            delivery = session.get_one(Delivery, delivery_id)
            message = session.get_one(Message, delivery.message_id)
            patient = session.get(Patient, message.patient_id)
            if patient is None or patient.erased_at is not None:
                self._write(delivery, status="cancelled", error="patient-erased")
                return
            if not message.critical and (later := after_quiet(now)) > now:
                self._write(delivery, wait_until=later, counts=False)
                return
            ways = self._ways(session, message, patient, delivery)
            values = self.readers.values(session, message, patient.language)
        title, text = render(message.template, values, language=patient.language)
        if not ways:  # nobody may or can be told: it stays in the inbox of the app
            self._write(delivery, status="inbox")
            return
        self._send(delivery, message, ways, (title, text))

    def _send(
        self,
        delivery: Delivery,
        message: Message,
        ways: list[tuple[Channel, str]],
        words: tuple[str, str],
    ) -> None:
        """Try the ways in their order."""
        refused = [name for name in delivery.refused.split(",") if name]
        busy = ""
        for channel, address in ways:
            letter = Letter(
                id=delivery.id, address=address, title=words[0], text=words[1],
                critical=message.critical,
            )  # fmt: skip
            try:
                number = channel.send(letter)
            except RefusedError as error:
                refused.append(channel.name)
                log.warning("delivery refused", extra={"channel": channel.name, "code": error.code})
                self._forget(message.patient_id, channel.name, error.code)
            except BusyError as error:
                busy = busy or error.code
                if message.critical:
                    continue  # a red flag tries the next way now
                break
            else:
                self._write(delivery, status="sent", channel=channel.name, provider_id=number)
                return
        if busy and delivery.attempts < MOST_ATTEMPTS:
            wait = self.now() + timedelta(seconds=backoff(delivery.attempts))
            self._write(delivery, wait_until=wait, error=busy, refused=refused)
        else:
            self._write(delivery, status="dead", error=busy or "refused", refused=refused)

    def _ways(
        self, session: Session, message: Message, patient: Patient, delivery: Delivery
    ) -> list[tuple[Channel, str]]:
        """Return the channels that are configured, allowed and not refused yet, in their order."""
        allowed = self.readers.consents(session, patient.id)
        addresses = self.readers.addresses(session, patient)
        by_name = {channel.name: channel for channel in self.channels}
        refused = delivery.refused.split(",")
        return [
            (by_name[name], address)
            for name in ORDER
            if name in by_name
            and name not in refused
            and (allowed.get(name, False) or message.critical)
            for address in addresses.get(name, ())
        ]

    def _forget(self, patient_id: str, channel: str, code: str) -> None:
        """Drop devices whose app is gone."""
        if channel == "push" and code == "device-gone":
            with self.store.writing() as session:
                session.exec(delete(Device).where(col(Device.patient_id) == patient_id))

    def _write(
        self,
        delivery: Delivery,
        *,
        status: str = "waiting",
        channel: str = "",
        provider_id: str = "",
        error: str = "",
        refused: Sequence[str] = (),
        wait_until: datetime | None = None,
        counts: bool = True,
    ) -> None:
        """Write down the outcome, if the lease is still ours."""
        table: Any = Delivery.__table__  # type: ignore[attr-defined]
        attempts = delivery.attempts if counts else delivery.attempts - 1
        with self.store.writing() as session:
            session.connection().execute(
                update(table)
                .where(table.c.id == delivery.id, table.c.lease_owner == self.name)
                .where(table.c.status == "waiting")
                .values(
                    status=status, channel=channel, provider_id=provider_id, last_error=error,
                    refused=",".join(dict.fromkeys(refused)) or delivery.refused,
                    next_attempt_at=wait_until or delivery.next_attempt_at, lease_until=None,
                    attempts=attempts, sent_at=self.now() if status == "sent" else None,
                )
            )  # fmt: skip


def backoff(attempts: int) -> float:
    """Return how long to wait after so many attempts, seconds, with jitter."""
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (attempts - 1))
    return wait * random.uniform(0.8, 1.2)


def after_quiet(now: datetime) -> datetime:
    """Return the moment itself, or the end of the quiet hours it lies in."""
    here = now.astimezone(TASHKENT)
    begin, end = QUIET
    if end <= here.time() < begin:
        return now
    day = here.date() + timedelta(days=here.time() >= begin)
    return datetime.combine(day, end, TASHKENT)


def dead_letters(session: Session) -> list[tuple[Delivery, Message]]:
    """Return what could not be sent."""
    query = select(Delivery, Message).join(Message, col(Delivery.message_id) == Message.id)
    return [(d, m) for d, m in session.exec(query.where(Delivery.status == "dead"))]


def retry_dead(session: Session, now: datetime) -> int:
    """Put dead letters back in the outbox; return how many."""
    table: Any = Delivery.__table__  # type: ignore[attr-defined]
    done = session.connection().execute(
        update(table)
        .where(table.c.status == "dead")
        .values(status="waiting", attempts=0, refused="", next_attempt_at=now, lease_until=None)
    )
    return int(done.rowcount)
