"""What is offered is kept in memory, and must never be older than the last commit.

Whoever changes something here has a database connection of their own, as another process has.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest

from cardioalert.care import booking, directory
from cardioalert.care.booking import Request
from cardioalert.care.desk import OPERATOR, Desk
from cardioalert.care.offers import Offer, offer_of
from cardioalert.care.slots import next_free
from cardioalert.errors import NotFoundError, SlotTakenError
from cardioalert.store.clinic_tables import Clinic, HoursException, Resource
from cardioalert.store.engine import Store

MONDAY = date(2026, 11, 30)
CLINIC = "demo-samarkand-1"
SLOT = "demo-samarkand-1-ecg.20261130T0400Z"  # 09:00, one seat


@pytest.fixture
def other(desk):
    """The same installation in another process."""
    store = Store(desk.store.url)
    yield Desk(store, desk.vault, desk.now)
    store.close()


def offered(desk: Desk, last: date = MONDAY) -> Offer:
    with desk.store.reading() as session:
        return offer_of(session, CLINIC, service="ecg", first=MONDAY, last=last, now=desk.now())


def free(desk: Desk, slot_id: str = SLOT) -> int | None:
    return next((slot.free for slot in offered(desk).slots if slot.id == slot_id), None)


def ask(number: int = 1, slot: str = SLOT) -> Request:
    return Request(slot_id=slot, patient_id=f"p{number}", register_patient=True)


def change(desk: Desk, kind, key, **values) -> None:
    with desk.store.writing() as session:
        row = session.get(kind, key)
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)


def test_what_did_not_change_is_the_same_object_and_every_change_is_seen_at_once(
    desk, other, clock
):
    assert free(desk) == 1
    assert offered(desk) is offered(desk)
    made = booking.make(other, OPERATOR, ask()).booking
    assert free(desk) == 0
    booking.cancel(other, OPERATOR, made.code)
    assert free(desk) == 1
    booking.hold(other, OPERATOR, ask())
    assert free(desk) == 0
    clock.forward(minutes=10, seconds=1)
    assert free(desk) == 1  # the hold ran out, though nobody wrote anything
    later = booking.make(other, OPERATOR, ask(2, SLOT.replace("0400Z", "0440Z"))).booking
    booking.move(other, OPERATOR, later.code, SLOT)
    assert free(desk) == 0
    assert free(desk, SLOT.replace("0400Z", "0440Z")) == 1


def test_hours_rooms_and_the_clinic_itself_are_read_each_time(desk, other, clock):
    assert free(desk) == 1
    change(other, Resource, f"{CLINIC}-ecg", capacity=2)
    assert free(desk) == 2
    change(other, Clinic, CLINIC, hours="Mo-Fr 10:00-18:00")
    assert free(desk) is None
    with other.store.writing() as session:
        session.add(HoursException(clinic_id=CLINIC, day=MONDAY, hours="09:00-10:00"))
    assert [slot.start.hour for slot in offered(desk).slots] == [4, 4, 4]
    clock.forward(seconds=(90 * 60))  # 08:30, and half an hour is the notice
    assert free(desk) == 2
    clock.forward(seconds=1)
    assert free(desk) is None
    change(other, Clinic, CLINIC, active=False)
    with pytest.raises(NotFoundError):
        offered(desk)


@pytest.mark.parametrize(
    ("first", "last"), [(date.min, date.max), (date.max, date.max), (date.min, date.min)]
)
def test_no_day_is_too_far(sqlite_desk, first, last):
    with sqlite_desk.store.reading() as session:
        found = offer_of(
            session, CLINIC, service="ecg", first=first, last=last, now=sqlite_desk.now()
        )
        week = offer_of(
            session, CLINIC, service="ecg", first=MONDAY, last=MONDAY + timedelta(days=60),
            now=sqlite_desk.now(),
        )  # fmt: skip
    assert found.slots == (week.slots if (first, last) == (date.min, date.max) else ())


def test_readers_beside_a_writer_never_see_a_taken_time_as_free(desk, other):
    """A time is booked and answered; whoever asks after that must see it as taken."""
    slots = [slot.id for slot in offered(desk).slots][:16]

    def book_then_ask(number: int) -> tuple[int | None, bool]:
        booking.make(other, OPERATOR, ask(number, slots[number]))
        seen = free(desk, slots[number])
        with desk.store.reading() as session:
            clinic = session.get(directory.Clinic, CLINIC)
            following = next_free(session, clinic, service="ecg", now=desk.now())
        return seen, following is not None and following.id == slots[number]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(book_then_ask, range(len(slots))))
    assert answers == [(0, False)] * len(slots)
    with pytest.raises(SlotTakenError):
        booking.make(desk, OPERATOR, ask(99, slots[0]))
