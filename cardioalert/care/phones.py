"""Telephone numbers, national identifiers and names as people type them."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime

from cardioalert.errors import InvalidDataError
from cardioalert.i18n import translate as _

PINFL_DIGITS = 14


def read_phone(text: str) -> str:
    """Return a number in E.164; without a country code it is one of Uzbekistan.

    Raises
    ------
    InvalidDataError
        No such number can exist.

    Examples
    --------
    >>> read_phone("90 123 45 67")
    '+998901234567'
    """
    import phonenumbers  # noqa: PLC0415 - a large library, needed by few commands

    try:
        number = phonenumbers.parse(text, "UZ")
        valid = phonenumbers.is_valid_number(number)
    except phonenumbers.NumberParseException:
        valid = False
    if not valid:
        soviet = re.fullmatch(r"\s*8[\s-]*\d.*", text)
        hint = _("Write +998 and nine digits, such as +998 90 123-45-67.")
        if soviet:
            hint = _("The old leading 8 is not used any more.") + " " + hint
        raise InvalidDataError(_("this is no valid telephone number"), hint=hint)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def show_phone(number: str) -> str:
    """Return a number as people write it; anything else unchanged."""
    import phonenumbers  # noqa: PLC0415

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def read_email(text: str) -> str:
    """Return an e-mail address in lower case; only its form is checked."""
    address = unicodedata.normalize("NFC", text.strip()).lower()
    if not re.fullmatch(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+", address) or len(address) > 254:
        raise InvalidDataError(_("this is no valid e-mail address"))
    return address


def read_pinfl(text: str) -> str:
    """Return the 14 digits of a personal number; its check digit is not held against anybody."""
    digits = re.sub(r"\s", "", text)
    if not (digits.isascii() and digits.isdigit() and len(digits) == PINFL_DIGITS):
        raise InvalidDataError(_("a PINFL has 14 digits"))
    return digits


def read_birth_date(text: str) -> date:
    """Read YYYY-MM-DD or DD.MM.YYYY, and nothing else: other forms can mean two days."""
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            day = datetime.strptime(text.strip(), form).date()
        except ValueError:
            continue
        if date(1900, 1, 1) <= day <= date.today():
            return day
    raise InvalidDataError(_("this is no date of birth"), hint=_("Write 1970-05-31 or 31.05.1970."))


def read_name(text: str) -> str:
    """Return a name as typed, in one Unicode form; one word is enough, any script is right."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name or len(name) > 200 or any(unicodedata.category(c)[0] == "C" for c in name):
        raise InvalidDataError(_("a name has 1 to 200 letters and no control characters"))
    return name
