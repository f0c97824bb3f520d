"""Bookings: one seat, one visit, whatever happens at the same time."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
from sqlmodel import col, select

from cardioalert.care import booking, directory, patients, slots, tickets, waitlist
from cardioalert.care.booking import Request
from cardioalert.care.desk import OPERATOR, Actor
from cardioalert.errors import (
    AlreadyBookedError,
    CareError,
    ChangedMeanwhileError,
    HoldExpiredError,
    KeyReusedError,
    NotAllowedError,
    NotFoundError,
    SlotNotOfferedError,
    SlotTakenError,
    TooManyHoldsError,
)
from cardioalert.store.clinic_tables import Resource
from cardioalert.store.record_tables import Delivery, Message
from cardioalert.store.visit_tables import OCCUPYING, Booking, Status, WaitlistEntry

THREE = "demo-tashkent-1-ecg.20261130T0400Z"  # 09:00, three seats
ONE = "demo-samarkand-1-ecg.20261130T0400Z"
OTHER = "demo-nukus-1-ecg.20261130T0400Z"
LATER = "demo-samarkand-1-ecg.20261202T0400Z"
PATIENT = Actor(id="account", role="patient")


def ask(slot, patient="p1", **more):
    return Request(slot_id=slot, patient_id=patient, register_patient=True, **more)


def make(desk, slot, patient="p1", **more):
    return booking.make(desk, OPERATOR, ask(slot, patient, **more))


def messages(desk, status="waiting"):
    with desk.store.reading() as session:
        query = select(Message.template).join(Delivery, col(Delivery.message_id) == Message.id)
        return sorted(session.exec(query.where(Delivery.status == status)).all())


def change_room(desk, room, **values):
    with desk.store.writing() as session:
        resource = session.get(Resource, room)
        for name, value in values.items():
            setattr(resource, name, value)
        session.add(resource)


def test_slots_are_cut_from_the_hours(sqlite_desk):
    day = date(2026, 11, 30)
    with sqlite_desk.store.reading() as session:
        clinic = session.get(directory.Clinic, "demo-fergana-1")
        found = slots.slots_of(
            session, clinic, service="ecg", first=day, last=day, now=sqlite_desk.now()
        )
    times = [slot.to_dict()["local_start"][11:] for slot in found]
    assert times[0] == "08:00"
    assert "11:40" in times
    assert "12:00" not in times
    assert times[-1] == "16:40"
    assert len(times) == 24


def test_notice_horizon_and_buffer(sqlite_desk, clock):
    change_room(sqlite_desk, "demo-fergana-1-ecg", notice_min=90, horizon_days=1, buffer_min=10)
    with sqlite_desk.store.reading() as session:
        clinic = session.get(directory.Clinic, "demo-fergana-1")
        found = slots.slots_of(
            session, clinic, service="ecg", first=date(2026, 11, 1), last=date(2027, 1, 1),
            now=clock(),
        )  # fmt: skip
    assert found[0].to_dict()["local_start"] == "2026-11-30T08:30"
    assert found[1].start - found[0].start == timedelta(minutes=30)
    assert found[-1].start <= clock() + timedelta(days=1)


def test_a_time_of_the_list_of_a_week_is_offered_when_it_is_asked_for_alone(sqlite_desk):
    """25 minutes divide neither a day nor an hour: the grid must not hang on who asks."""
    change_room(sqlite_desk, "demo-tashkent-2-ecg", buffer_min=5)
    monday, now = date(2026, 11, 30), sqlite_desk.now()
    with sqlite_desk.store.reading() as session:
        clinic = session.get(directory.Clinic, "demo-tashkent-2")
        week = slots.slots_of(
            session, clinic, service="ecg", first=monday, last=monday + timedelta(days=6), now=now
        )
        assert len(week) > 300
        for slot in week[::40]:
            assert slots.find_slot(session, slot.id, now=now)[0] == slot
    assert make(sqlite_desk, week[300].id).booking.slot_start == week[300].start


def test_a_visit_of_another_length_takes_every_time_it_covers(sqlite_desk):
    made = make(sqlite_desk, ONE).booking  # 09:00 to 09:20
    change_room(sqlite_desk, made.resource_id, duration_min=15)
    with sqlite_desk.store.reading() as session:
        clinic = session.get(directory.Clinic, made.clinic_id)
        found = slots.slots_of(
            session, clinic, service="ecg", first=date(2026, 11, 30), last=date(2026, 11, 30),
            now=sqlite_desk.now(),
        )  # fmt: skip
    full = [slot.to_dict()["local_start"][11:] for slot in found if not slot.free]
    assert full == ["09:00", "09:15"]


def test_nobody_gets_two_seats_at_one_time(sqlite_desk):
    """Sent twice without a key, booked elsewhere, held and confirmed, or moved onto it."""
    held = booking.hold(sqlite_desk, PATIENT, ask(ONE))
    first = make(sqlite_desk, THREE).booking
    for slot in (THREE, OTHER):  # the same room, and a clinic of another town
        with pytest.raises(AlreadyBookedError, match=first.code):
            make(sqlite_desk, slot)
    with pytest.raises(AlreadyBookedError):
        booking.confirm(sqlite_desk, PATIENT, held.booking.code)
    later = make(sqlite_desk, LATER).booking
    with pytest.raises(AlreadyBookedError):
        booking.move(sqlite_desk, PATIENT, later.code, OTHER)
    make(sqlite_desk, THREE, "p2")
    booking.cancel(sqlite_desk, PATIENT, first.code)
    assert booking.confirm(sqlite_desk, PATIENT, held.booking.code).booking.status == "booked"


def test_two_requests_of_one_person_at_once_take_one_seat(desk):
    """On both databases: three seats are free, and the person gets one."""
    make(desk, LATER)  # the patient is known
    outcomes, start = [], threading.Barrier(4)

    def book():
        start.wait()
        try:
            make(desk, THREE)
            outcomes.append("booked")
        except AlreadyBookedError:
            outcomes.append("refused")

    threads = [threading.Thread(target=book) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["booked", "refused", "refused", "refused"]


@pytest.mark.parametrize(
    ("slot", "error"),
    [
        ("demo-samarkand-1-ecg.20261130T0405Z", SlotNotOfferedError),  # off the grid
        ("demo-samarkand-1-ecg.20261129T0400Z", SlotNotOfferedError),  # past
        ("demo-samarkand-1-ecg.20261206T0400Z", SlotNotOfferedError),  # Sunday
        ("demo-samarkand-1-ecg.20261208T0400Z", SlotNotOfferedError),  # Constitution Day
        ("demo-samarkand-1-ecg.20270301T0400Z", SlotNotOfferedError),  # beyond the horizon
        ("demo-samarkand-1-ecg.20261399T0400Z", NotFoundError),
        ("nowhere-ecg.20261130T0400Z", NotFoundError),
        ("x", NotFoundError),
    ],
)
def test_only_offered_times_can_be_booked(sqlite_desk, slot, error):
    with pytest.raises(error):
        make(sqlite_desk, slot)


def test_three_seats_and_not_one_more(desk):
    codes = {make(desk, THREE, f"p{n}").booking.code for n in range(3)}
    assert len(codes) == 3
    with pytest.raises(SlotTakenError, match="3 places"):
        make(desk, THREE, "p4")


def race(desk, action, clients=32):
    results = []

    def run(number):
        try:
            results.append(action(number))
        except CareError as error:
            results.append(error.code)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == clients
    return results


def test_thirty_two_threads_race_for_three_seats(desk):
    results = race(desk, lambda n: make(desk, THREE, f"p{n}").booking.seat)
    assert sorted(r for r in results if r != "slot-taken") == [0, 1, 2]


def test_one_idempotency_key_books_once_even_at_the_same_moment(desk):
    codes = race(desk, lambda n: make(desk, THREE, idempotency_key="k1").booking.code, clients=12)
    assert len(set(codes)) == 1
    assert messages(desk).count("booking-confirmed") == 1
    with pytest.raises(KeyReusedError):
        make(desk, ONE, idempotency_key="k1")


def test_pending_counts_as_occupied(desk):
    change_room(desk, "demo-samarkand-1-ecg", confirm=True)
    first = make(desk, ONE)
    assert first.booking.status == Status.PENDING
    with pytest.raises(SlotTakenError):
        make(desk, ONE, "p2")
    assert booking.confirm(desk, OPERATOR, first.booking.code).booking.status == Status.BOOKED


def test_every_state_that_may_become_a_visit_occupies():
    assert set(Status) - set(OCCUPYING) == {Status.CANCELLED, Status.EXPIRED}


def test_a_hold_that_ran_out_is_free_at_once_and_the_late_one_is_told(desk, clock):
    held = booking.hold(desk, PATIENT, ask(ONE))
    with pytest.raises(SlotTakenError):
        booking.hold(desk, PATIENT, ask(ONE, "p2"))
    clock.forward(minutes=10, seconds=1)
    second = booking.hold(desk, PATIENT, ask(ONE, "p2"))
    with pytest.raises(HoldExpiredError):
        booking.confirm(desk, PATIENT, held.booking.code)
    assert booking.confirm(desk, PATIENT, second.booking.code).booking.status == Status.BOOKED


def test_slots_cannot_be_hoarded(sqlite_desk, clock):
    for hour in (4, 5, 6):
        booking.hold(sqlite_desk, PATIENT, ask(f"demo-tashkent-1-ecg.20261130T0{hour}00Z"))
    with pytest.raises(TooManyHoldsError):
        booking.hold(sqlite_desk, PATIENT, ask("demo-tashkent-1-ecg.20261130T0700Z"))
    clock.forward(minutes=11)
    booking.hold(sqlite_desk, PATIENT, ask("demo-tashkent-1-ecg.20261130T0700Z"))


def test_the_same_phone_cannot_hoard_with_several_names(sqlite_desk):
    for number in range(4):
        with sqlite_desk.store.writing() as session:
            values = {"phone": "+998901234567"}
            patients.register(sqlite_desk, session, values, patient_id=f"f{number}")
    for number in range(3):
        booking.hold(sqlite_desk, PATIENT, ask(THREE, f"f{number}"))
    with pytest.raises(TooManyHoldsError):
        booking.hold(sqlite_desk, PATIENT, ask(ONE, "f3"))


def test_a_visit_moves_in_one_step_and_keeps_its_code(desk):
    first = make(desk, ONE)
    make(desk, LATER, "p2")
    with pytest.raises(SlotTakenError):
        booking.move(desk, OPERATOR, first.booking.code, LATER)
    with desk.store.reading() as session:
        assert booking.show(session, first.booking.code).booking.slot_start.hour == 4
    target = "demo-samarkand-1-ecg.20261202T0420Z"
    moved = booking.move(desk, OPERATOR, first.booking.code, target)
    assert moved.booking.code == first.booking.code
    assert moved.booking.version > first.booking.version
    assert make(desk, ONE, "p3").booking.status == Status.BOOKED


def test_a_moved_visit_sends_no_old_reminder(desk):
    first = make(desk, ONE)
    assert messages(desk) == ["booking-confirmed"]  # it is in two hours: no reminder ahead
    moved = booking.move(desk, OPERATOR, first.booking.code, LATER)
    assert messages(desk) == ["booking-moved", "reminder-24h", "reminder-2h"]
    assert messages(desk, "cancelled") == ["booking-confirmed"]
    booking.cancel(desk, OPERATOR, moved.booking.code)
    assert messages(desk) == ["booking-cancelled", "booking-moved"]


def test_threads_that_move_to_one_seat(desk):
    codes = [
        make(desk, f"demo-samarkand-1-ecg.20261201T0{time}Z", f"p{time}").booking.code
        for time in (400, 420, 440, 500, 520, 540)
    ]  # fmt: skip
    results = race(
        desk, lambda n: booking.move(desk, OPERATOR, codes[n], LATER).booking.code, clients=6
    )
    assert sorted(r == "slot-taken" for r in results) == [False] + 5 * [True]


def test_two_changes_of_one_version(desk):
    made = make(desk, LATER).booking
    booking.move(desk, OPERATOR, made.code, "demo-samarkand-1-ecg.20261202T0420Z", version=1)
    with pytest.raises(ChangedMeanwhileError):
        booking.cancel(desk, OPERATOR, made.code, version=1)
    booking.cancel(desk, OPERATOR, made.code)
    assert booking.cancel(desk, OPERATOR, made.code).booking.status == Status.CANCELLED
    with pytest.raises(ChangedMeanwhileError):
        booking.confirm(desk, OPERATOR, made.code)


def test_too_late_to_cancel_but_not_for_the_clinic(sqlite_desk, clock):
    made = make(sqlite_desk, ONE).booking
    clock.forward(minutes=61)
    with pytest.raises(NotAllowedError):
        booking.cancel(sqlite_desk, PATIENT, made.code)
    booking.cancel(sqlite_desk, PATIENT, made.code, by_clinic=True)


def test_a_freed_seat_is_offered_to_the_waiting_list_in_order(desk, clock):
    made = make(desk, LATER).booking
    for patient in ("w1", "w2"):
        with desk.store.writing() as session:
            patients.register(desk, session, {}, patient_id=patient)
        waitlist.join(
            desk, PATIENT, clinic_id="demo-samarkand-1", service="ecg", day=date(2026, 12, 2),
            patient_id=patient,
        )  # fmt: skip
        clock.forward(seconds=1)
    with desk.store.writing() as session:
        for entry in session.exec(select(WaitlistEntry)):
            entry.created_at += timedelta(seconds=int(entry.patient_id[1]))
            session.add(entry)
    booking.cancel(desk, OPERATOR, made.code)
    with pytest.raises(SlotTakenError):
        make(desk, LATER, "stranger")
    clock.forward(minutes=16)
    assert waitlist.sweep(desk) == 1
    with desk.store.reading() as session:
        entries = {entry.patient_id: entry for entry in session.exec(select(WaitlistEntry))}
    assert entries["w1"].status == "lapsed"
    assert entries["w2"].status == "offered"
    booking.confirm(desk, PATIENT, entries["w2"].offered_code)
    assert messages(desk).count("waitlist-offer") == 2
    with desk.store.reading() as session:
        assert session.get(WaitlistEntry, entries["w2"].id).status == "taken"


def test_walk_in_arrival_and_no_show(sqlite_desk, clock):
    clock.forward(hours=2, minutes=5)  # 09:05: the slot of 09:00 is running
    seated = booking.walk_in(sqlite_desk, OPERATOR, ask(ONE))
    assert seated.booking.status == Status.ARRIVED
    assert (
        booking.complete(sqlite_desk, OPERATOR, seated.booking.code).booking.status == "completed"
    )
    made = make(sqlite_desk, LATER, "p2").booking
    with pytest.raises(ChangedMeanwhileError):
        booking.no_show(sqlite_desk, OPERATOR, made.code)
    clock.forward(days=3)
    booking.no_show(sqlite_desk, OPERATOR, made.code)
    with sqlite_desk.store.reading() as session:
        assert patients.get(session, "p2").no_shows == 1


def test_tickets(sqlite_desk):
    icalendar = pytest.importorskip("icalendar")
    made = make(sqlite_desk, LATER)
    moved = booking.move(
        sqlite_desk, OPERATOR, made.booking.code, "demo-samarkand-1-ecg.20261202T0420Z"
    )
    cancelled = booking.cancel(sqlite_desk, OPERATOR, made.booking.code)
    events = []
    for ticket, method in ((made, "REQUEST"), (moved, "REQUEST"), (cancelled, "CANCEL")):
        data = tickets.ics(ticket.visit(), alarm_text="soon")
        assert b"VTIMEZONE" not in data
        assert b"\r\nDTSTART:20261202T04" in data
        calendar = icalendar.Calendar.from_ical(data)
        assert calendar["METHOD"] == method
        events += calendar.walk("VEVENT")
    assert len({event["UID"] for event in events}) == 1
    numbers = [int(event["SEQUENCE"]) for event in events]
    assert numbers == sorted(set(numbers))
    assert len(events[0].walk("VALARM")) == 2
    assert tickets.qr_png(made.booking.code)[:4] == b"\x89PNG"


def test_lists_go_on_after_the_last_one_seen(sqlite_desk):
    for hour in (3, 4, 5, 6):
        make(sqlite_desk, f"demo-samarkand-1-ecg.20261202T0{hour}00Z")
    seen, after = [], ""
    with sqlite_desk.store.reading() as session:
        while page := booking.list_bookings(session, patient_id="p1", after=after, limit=2):
            seen += [ticket.booking.slot_start.hour for ticket in page]
            after = page[-1].booking.code
    assert seen == [6, 5, 4, 3]


def test_a_number_is_no_pseudonym(sqlite_desk):
    for identifier in ("901234567", "30101700000000", "Anvar Karimov", ""):
        with pytest.raises(CareError):
            make(sqlite_desk, ONE, identifier)
    with sqlite_desk.store.reading() as session:
        assert session.exec(select(Booking)).all() == []
