"""Names, phones, numbers and dates as people type them."""

from __future__ import annotations

import pytest

from cardioalert.care.folding import fold
from cardioalert.care.phones import read_birth_date, read_name, read_phone, read_pinfl
from cardioalert.care.tickets import new_code, read_code
from cardioalert.errors import InvalidDataError


@pytest.mark.parametrize(
    "spellings",
    [
        ["Oʻzbekiston", "O'zbekiston", "O‘zbekiston", "O`zbekiston", "Özbekiston", "Ўзбекистон"],
        ["Gʻulomov", "G'ulomov", "Ğulomov", "Ғуломов"],
        ["Toshkent shahri", "Тошкент шаҳри", "TOSHKENT  Shahri", "Toshkent şahri"],
        ["Qodirov", "Кодиров", "Қодиров", "Kodirov"],
        ["Xasanov", "Hasanov", "Хасанов", "Ҳасанов", "Khasanov"],
        ["Chori", "Чори", "Çori"],
        ["Ташкент", "Tashkent"],
    ],
)
def test_every_spelling_has_one_key(spellings):
    assert len({fold(word) for word in spellings}) == 1, [fold(word) for word in spellings]


@pytest.mark.parametrize(("one", "other"), [("Samarqand", "Surxondaryo"), ("Ali", "Olim")])
def test_different_names_stay_different(one, other):
    assert fold(one) != fold(other)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("901234567", "+998901234567"),
        ("+998 71 221-74-63", "+998712217463"),
        ("998 20 123 45 67", "+998201234567"),
        ("+998 77 123 45 67", "+998771234567"),
        ("+7 912 345-67-89", "+79123456789"),
    ],
)
def test_phones(typed, read):
    assert read_phone(typed) == read


@pytest.mark.parametrize("typed", ["8 90 123 45 67", "123", "call me", "", "+998 90 123"])
def test_a_phone_that_cannot_exist(typed):
    with pytest.raises(InvalidDataError) as caught:
        read_phone(typed)
    assert ("leading 8" in caught.value.hint) == typed.startswith("8 ")


def test_dates_have_two_forms_only():
    assert read_birth_date("1970-05-31") == read_birth_date("31.05.1970")
    for text in ("31/05/1970", "05/31/70", "1970-5", "31.02.1970", "2090-01-01"):
        with pytest.raises(InvalidDataError):
            read_birth_date(text)


def test_names_in_any_script_and_of_one_word():
    assert read_name("  Гули  ") == "Гули"
    assert read_name("O‘tkir") == "O‘tkir"
    for text in ("", " ", "a\r\nb: c\x00", "x" * 201):
        if text == "a\r\nb: c\x00" or not text.strip() or len(text) > 200:
            with pytest.raises(InvalidDataError):
                read_name(text)


def test_pinfl_is_digits():
    assert read_pinfl("3010170 0000000") == "30101700000000"
    with pytest.raises(InvalidDataError):
        read_pinfl("3010170")


def test_ticket_codes_survive_typing_and_show_errors():
    for _ in range(200):
        code = new_code()
        assert read_code(code.lower().replace("-", " ")) == code
        assert read_code(code.replace("0", "O").replace("1", "l")) == code
        wrong = ("1" if code[0] != "1" else "2") + code[1:]
        with pytest.raises(InvalidDataError):
            read_code(wrong)
        if code[0] != code[1]:
            with pytest.raises(InvalidDataError):
                read_code(code[1] + code[0] + code[2:])
