"""The outbox is emptied: at least once, one at a time, by day, by the chosen channel."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlmodel import select

from cardioalert.care import booking, patients, reaching
from cardioalert.care.desk import OPERATOR
from cardioalert.notify.channel import BusyError, RefusedError
from cardioalert.notify.texts import render, sms_segments, sms_text, templates
from cardioalert.notify.worker import (
    LEASE,
    MOST_ATTEMPTS,
    Readers,
    Worker,
    after_quiet,
    backoff,
    dead_letters,
    retry_dead,
)
from cardioalert.store import outbox
from cardioalert.store.record_tables import Delivery

SLOT = "demo-samarkand-1-ecg.20261202T0400Z"


@dataclass
class Post:
    """A channel that remembers, and first gives some errors."""

    name: str
    errors: list = field(default_factory=list)
    sent: list = field(default_factory=list)

    def send(self, letter):
        if self.errors:
            raise self.errors.pop(0)
        self.sent.append(letter)
        return "n1"


@pytest.fixture
def reached(desk, clock):
    """A patient with a phone and an e-mail address who allows SMS and e-mail; 10:00."""
    clock.forward(hours=3)
    with desk.store.writing() as session:
        values = {
            "phone": "+998901234567",
            "email": "a@example.org",
            "name": "Aziza",
            "language": "en",
        }
        patients.register(desk, session, values, patient_id="p1")
    for channel in ("sms", "email"):
        reaching.set_consent(desk, OPERATOR, "p1", f"channel:{channel}", granted=True)
    return desk


def worker(desk, *channels, clock=None):
    readers = Readers(
        addresses=partial(reaching.addresses, desk),
        consents=reaching.allowed_channels,
        values=reaching.values,
    )
    return Worker(store=desk.store, channels=channels, readers=readers, now=desk.now)


def make(desk, slot=SLOT):
    return booking.make(desk, OPERATOR, booking.Request(slot_id=slot, patient_id="p1")).booking


def deliveries(desk):
    with desk.store.reading() as session:
        return session.exec(select(Delivery)).all()


def test_a_booking_is_told_and_reminded_at_the_right_time(reached, clock):
    code = make(reached).code
    sms = Post("sms")
    clerk = worker(reached, sms)
    assert clerk.run_once() == 1
    assert clerk.run_once() == 0
    assert sms.sent[0].address == "+998901234567"
    assert "02.12. 09:00" in sms.sent[0].text
    assert code in sms.sent[0].text
    clock.now = datetime(2026, 12, 1, 4, 0, tzinfo=UTC)
    clerk.run_once()
    clock.now = datetime(
        2026, 12, 2, 3, 0, tzinfo=UTC
    )  # 08:00: the 2 h reminder waited for the day
    clerk.run_once()
    assert [letter.title for letter in sms.sent] == [
        "Visit booked",
        "Visit tomorrow",
        "Visit in two hours",
    ]


def test_a_temporary_failure_is_tried_again_and_a_permanent_one_falls_back(reached, clock):
    make(reached)
    sms, mail = Post("sms", [BusyError("http-500"), RefusedError("http-400")]), Post("email")
    clerk = worker(reached, sms, mail)
    clerk.run_once()
    assert deliveries(reached)[0].last_error in ("http-500", "")
    assert mail.sent == []
    clock.forward(minutes=1)
    clerk.run_once()
    assert (len(sms.sent), len(mail.sent)) == (0, 1)


def test_what_never_goes_becomes_a_dead_letter_that_can_be_sent_again(reached, clock):
    make(reached)
    sms = Post("sms", [BusyError("http-500")] * MOST_ATTEMPTS)
    clerk = worker(reached, sms)
    clock.now = datetime(2026, 11, 30, 5, 0, tzinfo=UTC)
    for _ in range(MOST_ATTEMPTS):
        clerk.run_once()
        with reached.store.writing() as session:
            for delivery in session.exec(select(Delivery).where(Delivery.last_error != "")):
                delivery.next_attempt_at = clock()
                session.add(delivery)
    with reached.store.writing() as session:
        assert [d.last_error for d, _ in dead_letters(session)] == ["http-500"]
        assert retry_dead(session, clock()) == 1
    clerk.run_once()
    assert len(sms.sent) == 1


def test_two_workers_never_send_one_message_twice(reached):
    make(reached)
    posts = [Post("sms") for _ in range(4)]
    threads = [threading.Thread(target=worker(reached, post).run_once) for post in posts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(len(post.sent) for post in posts) == 1


def test_a_crash_between_sending_and_writing_loses_nothing(reached, clock):
    make(reached)
    sms = Post("sms", [KeyboardInterrupt()])
    with pytest.raises(KeyboardInterrupt):
        worker(reached, sms).run_once()
    assert worker(reached, sms).run_once() == 0  # still leased
    clock.forward(seconds=LEASE.total_seconds() + 1)
    assert worker(reached, sms).run_once() == 1
    assert len(sms.sent) == 1
    ids = {letter.id for letter in sms.sent}
    assert ids <= {delivery.id for delivery in deliveries(reached)}


def test_the_same_event_is_told_once(reached):
    for _ in range(3):
        with reached.store.writing() as session:
            outbox.enqueue(
                session, patient_id="p1", template="result-ready", subject_id="a1",
                not_before=reached.now(),
            )  # fmt: skip
    assert len(deliveries(reached)) == 1


def test_nothing_is_sent_without_consent_except_a_red_flag(reached):
    for channel in ("sms", "email"):
        reaching.set_consent(reached, OPERATOR, "p1", f"channel:{channel}", granted=False)
    with reached.store.writing() as session:
        for template, critical in (("result-ready", False), ("result-urgent", True)):
            outbox.enqueue(
                session, patient_id="p1", template=template, subject_id="a1", critical=critical,
                not_before=reached.now(),
            )  # fmt: skip
    sms = Post("sms")
    worker(reached, sms).run_once()
    assert [letter.title for letter in sms.sent] == ["Please read your result now"]
    assert sorted(delivery.status for delivery in deliveries(reached)) == ["inbox", "sent"]


def test_nights_are_quiet_except_for_a_red_flag(reached, clock):
    clock.now = datetime(2026, 11, 30, 18, 0, tzinfo=UTC)  # 23:00
    with reached.store.writing() as session:
        for template, critical in (("result-ready", False), ("result-urgent", True)):
            outbox.enqueue(
                session, patient_id="p1", template=template, subject_id="a1", critical=critical,
                not_before=clock(),
            )  # fmt: skip
    sms = Post("sms")
    worker(reached, sms).run_once()
    assert [letter.critical for letter in sms.sent] == [True]
    clock.now = datetime(2026, 12, 1, 3, 0, tzinfo=UTC)
    worker(reached, sms).run_once()
    assert len(sms.sent) == 2


@pytest.mark.parametrize(
    ("utc", "later"),
    [((30, 10), 0), ((30, 17), 10), ((30, 23), 4), ((30, 2, 59), 1 / 60), ((30, 3), 0)],
)
def test_quiet_hours(utc, later):
    now = datetime(2026, 11, *utc, tzinfo=UTC)
    assert after_quiet(now) - now == timedelta(hours=later)


def test_waits_grow_and_stop_growing():
    assert 24 <= backoff(1) <= 36
    assert 96 <= backoff(3) <= 144
    assert backoff(30) <= 6 * 3600 * 1.2


@pytest.mark.parametrize("language", ["en", "ru", "uz"])
@pytest.mark.parametrize("code", sorted(templates()))
def test_every_text_is_short_and_safe_on_a_locked_screen(code, language):
    values = {
        "time": "02.12. 09:00",
        "clinic": "Respublika kardiologiya markazi",
        "code": "7K3M-Q9TX-2",
    }
    title, text = render(code, values, language=language)
    assert "{" not in title + text
    words = (title + text).lower()
    for word in (
        "infar",
        "инфаркт",
        "fibril",
        "фибрил",
        "diagnos",
        "диагноз",
        "ekg",
        "экг",
        "heart",
    ):
        assert word not in words
    assert len(title) <= 40
    assert sms_segments(sms_text(text)) <= (3 if language == "ru" else 2)
