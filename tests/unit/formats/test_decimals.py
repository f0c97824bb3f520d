"""Decimals are read at once exactly as `float` reads them, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardioalert.formats.decimals import decimal_numbers

NUMBERS = st.lists(
    st.tuples(st.integers(-(10**15) + 1, 10**15 - 1), st.integers(0, 9)), min_size=1, max_size=30
)


@given(NUMBERS, st.sampled_from(", \t;"))
def test_every_decimal_is_what_float_makes_of_it(numbers, separator):
    words = [f"{whole:016d}"[:-9].lstrip("0") + "0." + str(abs(whole))[:places]
             for whole, places in numbers]  # fmt: skip
    words = [word for word in words if sum(map(str.isdigit, word)) <= 15] or ["0"]
    found = decimal_numbers(separator.join(words), separator)
    assert found is not None
    assert found.tolist() == [float(word) for word in words]


@pytest.mark.parametrize(
    "text", ["", ",", "1,", ",1", "1,,2", "-", "--1", "1-2", "1.2.3", ".", "1e5", "1 ,2", "nan"]
)
def test_what_is_no_plain_decimal_is_left_to_others(text):
    assert decimal_numbers(text, ",") is None


@given(st.lists(st.integers(-(10**15) + 1, 10**15 - 1), min_size=1, max_size=30))
def test_whole_numbers_are_read_as_such(numbers):
    found = decimal_numbers(" ".join(map(str, numbers)), " ")
    assert found is not None
    assert found.tolist() == numbers


@given(st.text("0123456789 -", max_size=8))
def test_whole_numbers_are_never_guessed(text):
    found = decimal_numbers(text, " ")
    words = text.split(" ")
    if found is not None:
        assert found.tolist() == [float(word) for word in words]
    else:
        assert not all(word.removeprefix("-").isdecimal() for word in words)


def test_more_digits_than_a_float_holds_are_left_to_others():
    assert decimal_numbers("0.123456789012345678", ",") is None
