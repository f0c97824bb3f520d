"""One person is at one place at a time: a second visit for the same service is a mistake.

A form sent twice, or a phone and a call center that both book, would else take a seat from somebody
who needs it. Times that are only held do not count: they are how a person chooses.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlmodel import Session, col, select

from cardioalert.care.times import local
from cardioalert.errors import AlreadyBookedError
from cardioalert.i18n import translate as _
from cardioalert.store.people_tables import Patient
from cardioalert.store.visit_tables import Booking, Status

FIRM: Final = (Status.PENDING, Status.BOOKED, Status.ARRIVED)


def refuse_second(
    session: Session, patient_id: str, service: str, start: datetime, end: datetime, *,
    but: str = "",
) -> None:  # fmt: skip
    """Refuse a visit of a patient that overlaps another one for the same service.

    The patient's row is locked until the transaction ends, so that of two requests at once the
    second sees what the first has done (SQLite has one writer anyway).

    Parameters
    ----------
    but : the visit itself, which is confirmed or moved

    Raises
    ------
    AlreadyBookedError
    """
    session.exec(select(Patient.id).where(Patient.id == patient_id).with_for_update()).first()
    found = session.exec(
        select(Booking).where(
            Booking.patient_id == patient_id, Booking.service == service,
            col(Booking.status).in_(FIRM), col(Booking.slot_start) < end,
            col(Booking.slot_end) > start, Booking.id != but,
        )
    ).first()  # fmt: skip
    if found:
        raise AlreadyBookedError(
            _(
                "there is a visit at {time:%Y-%m-%d %H:%M} already: {code}",
                time=local(found.slot_start),
                code=found.code,
            )
        )
