"""Accounts: one answer to every wrong try, tokens that end, stolen ones noticed."""

from __future__ import annotations

import pytest

from cardioalert.care import accounts
from cardioalert.care.desk import OPERATOR, Actor
from cardioalert.errors import InvalidDataError, SignInError
from cardioalert.security import passwords
from cardioalert.security.sealing import Place
from cardioalert.store.people_tables import Account

PHONE, PASSWORD = "+998901234567", "otliq qoʻshin 7"


@pytest.fixture
def account(sqlite_desk):
    return accounts.add_account(
        sqlite_desk, OPERATOR, login=PHONE, role="patient", password=PASSWORD
    )


def sign_in(desk, **more):
    return accounts.sign_in(desk, **({"login": PHONE, "password": PASSWORD} | more))


def test_sign_in_and_who(sqlite_desk, account, clock):
    tokens = sign_in(sqlite_desk, login="90 123 45 67")
    actor = accounts.who(sqlite_desk, tokens.access)
    assert (actor.id, actor.role, actor.patient_id) == (account.id, "patient", account.patient_id)
    clock.forward(minutes=16)
    with pytest.raises(SignInError):
        accounts.who(sqlite_desk, tokens.access)
    again = accounts.refresh(sqlite_desk, tokens.refresh)
    assert accounts.who(sqlite_desk, again.access).id == account.id


def test_every_wrong_try_gets_one_answer(sqlite_desk, account):
    texts = set()
    for wrong in (
        {"password": "x"},
        {"login": "+998901234568"},
        {"login": "nonsense"},
        {"login": ""},
    ):
        with pytest.raises(SignInError) as caught:
            sign_in(sqlite_desk, **wrong)
        texts.add((caught.value.message, caught.value.hint))
    assert len(texts) == 1


def test_tries_lock_the_account_for_longer_and_longer(sqlite_desk, account, clock):
    for _ in range(5):
        with pytest.raises(SignInError):
            sign_in(sqlite_desk, password="wrong")
    with pytest.raises(SignInError):
        sign_in(sqlite_desk)
    clock.forward(seconds=31)
    with pytest.raises(SignInError):
        sign_in(sqlite_desk, password="wrong")
    clock.forward(seconds=31)
    with pytest.raises(SignInError):
        sign_in(sqlite_desk)
    clock.forward(seconds=31)
    assert sign_in(sqlite_desk)


def test_an_old_refresh_token_ends_the_whole_session(sqlite_desk, account):
    first = sign_in(sqlite_desk)
    second = accounts.refresh(sqlite_desk, first.refresh)
    with pytest.raises(SignInError):
        accounts.who(sqlite_desk, first.access)
    with pytest.raises(SignInError):
        accounts.refresh(sqlite_desk, first.refresh)
    for token in (first.access, second.access):
        with pytest.raises(SignInError):
            accounts.who(sqlite_desk, token)
    with pytest.raises(SignInError):
        accounts.refresh(sqlite_desk, second.refresh)


def test_sign_out_password_and_closing_end_sessions_at_once(sqlite_desk, account):
    actor = Actor(id=account.id, role="patient")
    for end in (
        lambda: accounts.sign_out(sqlite_desk, actor),
        lambda: accounts.set_password(sqlite_desk, actor, account.id, PASSWORD),
        lambda: accounts.deactivate(sqlite_desk, OPERATOR, account.id),
    ):
        tokens = sign_in(sqlite_desk)
        end()
        with pytest.raises(SignInError):
            accounts.who(sqlite_desk, tokens.access)
    with pytest.raises(SignInError):
        sign_in(sqlite_desk)


def test_a_code_by_phone_signs_in_once_and_makes_a_patient(sqlite_desk, clock):
    code = accounts.ask_code(sqlite_desk, PHONE)
    tokens = accounts.sign_in_with_code(sqlite_desk, login=PHONE, code=code)
    assert accounts.who(sqlite_desk, tokens.access).role == "patient"
    with pytest.raises(SignInError):
        accounts.sign_in_with_code(sqlite_desk, login=PHONE, code=code)
    late = accounts.ask_code(sqlite_desk, PHONE)
    clock.forward(minutes=11)
    with pytest.raises(SignInError):
        accounts.sign_in_with_code(sqlite_desk, login=PHONE, code=late)
    assert accounts.ask_code(sqlite_desk, "nobody") is None


def test_a_code_cannot_be_guessed(sqlite_desk):
    code = accounts.ask_code(sqlite_desk, PHONE)
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(5):
        with pytest.raises(SignInError):
            accounts.sign_in_with_code(sqlite_desk, login=PHONE, code=wrong)
    with pytest.raises(SignInError):
        accounts.sign_in_with_code(sqlite_desk, login=PHONE, code=code)


def test_staff_need_their_second_factor(sqlite_desk, clock):
    login = {"login": "doctor@clinic.uz", "password": "a long pass phrase"}
    made = accounts.add_account(
        sqlite_desk, OPERATOR, role="doctor", clinic_id="demo-nukus-1", **login
    )
    address, codes = accounts.enable_second_factor(sqlite_desk, OPERATOR, made.id)
    assert address.startswith("otpauth://totp/")
    with pytest.raises(SignInError):
        accounts.sign_in(sqlite_desk, **login)
    with sqlite_desk.store.reading() as session:
        sealed = session.get(Account, made.id).totp_secret
    secret = sqlite_desk.vault.unseal(sealed, Place("account", "totp_secret", made.id))
    code = passwords.totp(secret, clock().timestamp())
    assert accounts.sign_in(sqlite_desk, **login, code=code)
    assert accounts.sign_in(sqlite_desk, **login, code=codes[0])
    with pytest.raises(SignInError):
        accounts.sign_in(sqlite_desk, **login, code=codes[0])
    by_code = accounts.ask_code(sqlite_desk, login["login"])
    with pytest.raises(SignInError):
        accounts.sign_in_with_code(sqlite_desk, login=login["login"], code=by_code)


def test_accounts_that_cannot_be(sqlite_desk, account):
    for more in ({"login": PHONE, "role": "patient"}, {"login": "+998901112233", "role": "king"},
                 {"login": "a@b.uz", "role": "doctor", "password": "short"}):  # fmt: skip
        with pytest.raises(InvalidDataError):
            accounts.add_account(sqlite_desk, OPERATOR, **more)
