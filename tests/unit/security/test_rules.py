"""Passwords, codes, the policy table, limits and logs."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from cardioalert.errors import InvalidDataError
from cardioalert.security import passwords
from cardioalert.security.limits import Limiter, Rule
from cardioalert.security.logs import JsonLines
from cardioalert.security.policy import RELATIONS, ROLES, actions, may


def test_passwords():
    kept = passwords.hash_password("correct horse battery")
    assert kept.startswith("$argon2id$")
    assert passwords.fits("correct horse battery", kept)
    assert not passwords.fits("correct horse", kept)
    assert not passwords.fits("anything", None)
    assert not passwords.is_old(kept)


@pytest.mark.parametrize(
    ("password", "staff"),
    [("short", False), ("password123", False), ("aaaaaaaaaaaa", False), ("Eleven char", True),
     ("x" * 300, False)],
)  # fmt: skip
def test_weak_passwords_are_refused_without_being_repeated(password, staff):
    with pytest.raises(InvalidDataError) as caught:
        passwords.check_strength(password, staff=staff)
    assert password not in caught.value.message


def test_codes_of_an_authenticator_app():
    secret = b"12345678901234567890"  # RFC 6238, appendix B, last six digits
    for at, code in ((59, "287082"), (1111111109, "081804"), (1234567890, "005924")):
        assert passwords.totp(secret, at) == code
        assert passwords.totp_fits(secret, code, at + 29)
        assert not passwords.totp_fits(secret, code, at + 90)


@pytest.mark.parametrize("action", sorted(actions()))
def test_policy_rows_name_known_relations(action):
    for role in ROLES:
        assert set(actions()[action].relations(role)) <= set(RELATIONS)
        for relation in RELATIONS:
            allowed = may(action, role, {relation})
            row = actions()[action]
            expected = row.public or relation in row.relations(role) or "any" in row.relations(role)
            assert allowed is expected


def test_what_is_not_in_the_policy_is_forbidden():
    assert not may("no.such.action", "doctor", set(RELATIONS))
    assert not may("record.read", "no-such-role", set(RELATIONS))
    assert not may("record.read", "doctor", set())
    assert not may("record.read", "auditor", set(RELATIONS))
    assert not may("audit.read", "clinic_admin", set(RELATIONS))


def test_too_many_tries_wait():
    now = [0.0]
    limiter = Limiter({"x": Rule(3, 60)}, clock=lambda: now[0])
    assert [limiter.wait("x", "a") for _ in range(3)] == [0, 0, 0]
    assert 0 < limiter.wait("x", "a") <= 20
    assert limiter.wait("x", "b") == 0
    now[0] = 20.1
    assert limiter.wait("x", "a") == 0
    assert limiter.wait("x", "a") > 0


def log_line(message, *values, **extra):
    record = logging.LogRecord("cardioalert.x", logging.INFO, "f.py", 1, message, values, None)
    for name, value in extra.items():
        setattr(record, name, value)
    return JsonLines().format(record)


def test_logs_hold_known_fields_only():
    line = json.loads(
        log_line("request done", route="/v1/x", person="Aziza", phone="+998901234567")
    )
    assert line["route"] == "/v1/x"
    assert "Aziza" not in json.dumps(line)
    assert "998" not in json.dumps(line)


@pytest.mark.parametrize(
    "text",
    ["call +998 90 123-45-67", "pinfl 30101700000000", "mail a.b@example.org", "x\r\nfake: y"],
)
def test_what_looks_personal_is_blotted_out(text):
    line = log_line(text)
    for part in ("123-45", "30101700000000", "example.org", "\r", "\n"):
        assert part not in line
    assert "\\n" not in line


def test_values_and_exception_texts_are_not_written():
    assert "Aziza" not in log_line("hello %s", "Aziza")
    try:
        raise ValueError("Aziza, +998901234567")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "failed", (), sys.exc_info())
    line = JsonLines().format(record)
    assert "Aziza" not in line
    assert json.loads(line)["error"] == "ValueError"
