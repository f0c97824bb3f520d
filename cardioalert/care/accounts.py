"""Accounts: sign in by password or by a code, stay signed in, sign out everywhere.

Wrong password, unknown account, locked account: one answer, one duration. An old refresh token that
is used again is stolen or was: its whole family is revoked.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import update
from sqlmodel import Session, col, select

from cardioalert.care.desk import Actor, Desk
from cardioalert.care.patients import get, register
from cardioalert.care.phones import read_email, read_phone
from cardioalert.errors import InvalidDataError, SignInError
from cardioalert.i18n import translate as _
from cardioalert.security import passwords
from cardioalert.security.policy import ROLES, STAFF
from cardioalert.security.sealing import Place
from cardioalert.store import outbox
from cardioalert.store.inserting import compare_and_swap
from cardioalert.store.people_tables import Account, LoginCode, RecoveryCode, Token
from cardioalert.store.types import new_id

ACCESS_LIFE: Final = timedelta(minutes=15)
REFRESH_LIFE: Final = timedelta(days=30)
CODE_LIFE: Final = timedelta(minutes=10)
MOST_CODE_TRIES: Final = 5
FREE_FAILURES: Final = 5
LOCK: Final = timedelta(seconds=30)  # doubled with each failure after the free ones
LONGEST_LOCK: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a client keeps: the only time it sees them."""

    access: str
    refresh: str
    expires_in: int  # s, of the access token


def read_login(text: str) -> tuple[str, str]:
    """Return kind and normalized form of what somebody signs in with."""
    if "@" in text:
        return "email", read_email(text)
    return "phone", read_phone(text)


def login_index(desk: Desk, text: str) -> str:
    """Return the blind index of a login."""
    kind, value = read_login(text)
    return desk.vault.index(f"login-{kind}", value)


def add_account(
    desk: Desk, actor: Actor, *, login: str, role: str, password: str | None = None,
    clinic_id: str | None = None, values: dict[str, Any] | None = None,
) -> Account:  # fmt: skip
    """Add an account; a patient's one comes with its patient.

    Raises
    ------
    InvalidDataError
        The role is unknown, the password is weak, or the login is taken.
    """
    if role not in ROLES:
        raise InvalidDataError(
            _("there is no role {role!r}", role=role), hint=f"Use {', '.join(ROLES)}."
        )
    if password is not None:
        passwords.check_strength(password, staff=role in STAFF)
    kind, value = read_login(login)
    index = login_index(desk, login)
    with desk.store.writing() as session:
        if session.exec(select(Account.id).where(Account.login_index == index)).first():
            raise InvalidDataError(_("this login has an account already"))
        patient_id = None
        if role == "patient":
            patient_id = register(desk, session, {kind: value, **(values or {})}).id
        account = Account(
            role=role, login_index=index, patient_id=patient_id, clinic_id=clinic_id,
            password_hash=passwords.hash_password(password) if password else None,
        )  # fmt: skip
        session.add(account)
        session.flush()
        desk.note(session, actor, "account.add", account.id, patient_id=patient_id or "")
    return account


def find_account(desk: Desk, login: str) -> Account | None:
    """Return the account that signs in with this; None where there is none."""
    with desk.store.reading() as session:
        index = login_index(desk, login)
        return session.exec(select(Account).where(Account.login_index == index)).first()


def guest(desk: Desk) -> Tokens:
    """Open a session for somebody who gives no name: a new patient nothing is known of."""
    with desk.store.writing() as session:
        patient = register(desk, session, {})
        account = Account(role="patient", login_index=f"guest-{patient.id}", patient_id=patient.id)
        session.add(account)
        session.flush()
        return _open(desk, session, account)


def sign_in(desk: Desk, *, login: str, password: str, code: str = "") -> Tokens:
    """Sign in with a password, and with a second factor where the account has one.

    Raises
    ------
    SignInError
        Always the same, whatever was wrong.
    """
    now = desk.now()
    index = _index_or_nobody(desk, login)
    with desk.store.reading() as session:
        account = session.exec(select(Account).where(Account.login_index == index)).first()
    known = account is not None and account.active
    locked = account is not None and account.locked_until is not None and account.locked_until > now
    right = passwords.fits(password, account.password_hash if account and known else None)
    if account is None or not right or locked or not _second_factor(desk, account, code, now):
        if account is not None and not locked:
            _count_failure(desk, account, now)
        raise SignInError(_("login, password or code is wrong"))
    with desk.store.writing() as session:
        account = session.get_one(Account, account.id)
        account.failures, account.locked_until = 0, None
        if account.password_hash and passwords.is_old(account.password_hash):
            account.password_hash = passwords.hash_password(password)
        session.add(account)
        return _open(desk, session, account)


def _index_or_nobody(desk: Desk, login: str) -> str:
    """Return the index of a login; of nobody for what is none."""
    try:
        return login_index(desk, login)
    except InvalidDataError:
        return ""


def _second_factor(desk: Desk, account: Account, code: str, now: datetime) -> bool:
    """Whether the second factor fits, or none is asked for."""
    if account.totp_secret is None:
        return True
    secret = desk.vault.unseal(account.totp_secret, Place("account", "totp_secret", account.id))
    if passwords.totp_fits(secret, code, now.timestamp()):
        return True
    with desk.store.writing() as session:
        seen = {
            "account_id": account.id, "code_hash": passwords.token_hash(code), "used_at": None,
        }  # fmt: skip
        return compare_and_swap(session, RecoveryCode, seen, {"used_at": now})


def _count_failure(desk: Desk, account: Account, now: datetime) -> None:
    """Count a wrong try; after five, each one locks the account for twice as long."""
    with desk.store.writing() as session:
        row = session.get_one(Account, account.id)
        row.failures += 1
        over = row.failures - FREE_FAILURES
        if over >= 0:
            row.locked_until = now + min(LONGEST_LOCK, LOCK * 2 ** min(over, 20))
        session.add(row)
        actor = Actor(id=row.id, role=row.role)
        desk.note(session, actor, "session.open", row.id, result="refused")


def _open(desk: Desk, session: Session, account: Account, family: str | None = None) -> Tokens:
    """Make a pair of tokens."""
    now = desk.now()
    made = Tokens(
        access=passwords.new_token(), refresh=passwords.new_token(),
        expires_in=int(ACCESS_LIFE.total_seconds()),
    )  # fmt: skip
    family = family or new_id()
    lives = (("access", made.access, ACCESS_LIFE), ("refresh", made.refresh, REFRESH_LIFE))
    for kind, token, life in lives:
        session.add(
            Token(
                account_id=account.id, family=family, kind=kind, expires_at=now + life,
                token_hash=passwords.token_hash(token),
            )
        )  # fmt: skip
    desk.note(session, _actor(account), "session.open", account.id)
    return made


def _actor(account: Account) -> Actor:
    return Actor(
        id=account.id, role=account.role, patient_id=account.patient_id,
        clinic_id=account.clinic_id,
    )  # fmt: skip


def who(desk: Desk, access_token: str) -> Actor:
    """Return who an access token belongs to, as of this moment: a revoked one is nobody's.

    Raises
    ------
    SignInError
    """
    with desk.store.reading() as session:
        row = session.exec(
            select(Token, Account)
            .join(Account, col(Token.account_id) == Account.id)
            .where(
                Token.token_hash == passwords.token_hash(access_token), Token.kind == "access",
                col(Token.revoked_at).is_(None), col(Token.expires_at) > desk.now(),
                col(Account.active),
            )
        ).first()  # fmt: skip
    if row is None:
        raise SignInError(_("the session has ended"))
    return _actor(row[1])


def refresh(desk: Desk, refresh_token: str) -> Tokens:
    """Change a refresh token for a new pair; one that was used before ends the whole session.

    Raises
    ------
    SignInError
    """
    now = desk.now()
    with desk.store.writing() as session:
        token = session.exec(
            select(Token).where(
                Token.token_hash == passwords.token_hash(refresh_token), Token.kind == "refresh"
            )
        ).first()
        account = session.get(Account, token.account_id) if token else None
        fresh = (
            token is not None
            and token.revoked_at is None
            and token.expires_at > now
            and compare_and_swap(
                session, Token, {"id": token.id, "used_at": None}, {"used_at": now}
            )
        )
        if token and account and fresh and account.active:
            _revoke(session, now, family=token.family, kind="access")
            return _open(desk, session, account, token.family)
        if token and account:
            _revoke(session, now, family=token.family)
            desk.note(session, _actor(account), "session.reuse", account.id, result="refused")
    raise SignInError(_("the session has ended"))


def _revoke(session: Session, now: datetime, **wanted: str) -> None:
    """Revoke the tokens that fit."""
    table: Any = Token.__table__  # type: ignore[attr-defined]
    statement = update(table).where(table.c.revoked_at.is_(None)).values(revoked_at=now)
    for name, value in wanted.items():
        statement = statement.where(table.c[name] == value)
    session.connection().execute(statement)


def sign_out(desk: Desk, actor: Actor) -> None:
    """End every session of an account."""
    with desk.store.writing() as session:
        _revoke(session, desk.now(), account_id=actor.id)
        desk.note(session, actor, "session.close", actor.id)


def ask_code(desk: Desk, login: str) -> str | None:
    """Make a code for a phone or address; the caller sends it, and answers the same either way.

    Returns
    -------
    str, or None for what is no login
    """
    index = _index_or_nobody(desk, login)
    if not index:
        return None
    code = passwords.new_code()
    with desk.store.writing() as session:
        for old in session.exec(
            select(LoginCode).where(
                LoginCode.login_index == index, col(LoginCode.used_at).is_(None)
            )
        ):
            old.used_at = desk.now()
            session.add(old)
        identifier = new_id()
        kept = _code_hash(desk, identifier, code)
        session.add(
            LoginCode(
                id=identifier, login_index=index, code_hash=kept, expires_at=desk.now() + CODE_LIFE
            )
        )
    return code


def _code_hash(desk: Desk, identifier: str, code: str) -> str:
    """Return what is kept of a short code: keyed, since a million codes are tried in no time."""
    return hmac.new(
        desk.vault.ring.token.key, f"{identifier}|{code}".encode(), "sha256"
    ).hexdigest()


def sign_in_with_code(desk: Desk, *, login: str, code: str, language: str = "uz") -> Tokens:
    """Sign in with a code that was sent; a new login becomes a patient's account.

    Raises
    ------
    SignInError
    """
    now, index = desk.now(), _index_or_nobody(desk, login)
    with desk.store.writing() as session:
        row = session.exec(
            select(LoginCode)
            .where(LoginCode.login_index == index, col(LoginCode.used_at).is_(None))
            .with_for_update()
        ).first()
        right = (
            row is not None
            and row.expires_at > now
            and row.attempts < MOST_CODE_TRIES
            and hmac.compare_digest(row.code_hash, _code_hash(desk, row.id, code.strip()))
        )
        if row is not None:
            row.attempts += 1
            row.used_at = now if right else row.used_at
            session.add(row)
        account = session.exec(select(Account).where(Account.login_index == index)).first()
        if right and account is None:
            kind, value = read_login(login)
            patient = register(desk, session, {kind: value, "language": language})
            account = Account(
                role="patient", login_index=index, patient_id=patient.id, language=language
            )
            session.add(account)
            session.flush()
        # Staff sign in with password and second factor only.
        if right and account is not None and account.active and account.role not in STAFF:
            return _open(desk, session, account)
    raise SignInError(_("login, password or code is wrong"))


def set_password(desk: Desk, actor: Actor, account_id: str, password: str) -> None:
    """Change a password: every session ends, and the person is told by the ways they had."""
    with desk.store.writing() as session:
        account = session.get_one(Account, account_id)
        passwords.check_strength(password, staff=account.role in STAFF)
        account.password_hash = passwords.hash_password(password)
        session.add(account)
        _revoke(session, desk.now(), account_id=account.id)
        if account.patient_id and get(session, account.patient_id):
            outbox.enqueue(
                session, patient_id=account.patient_id, template="account-changed",
                subject_id=account.id, critical=True, not_before=desk.now(), occasion=new_id(),
            )  # fmt: skip
        desk.note(session, actor, "account.password", account.id)


def deactivate(desk: Desk, actor: Actor, account_id: str) -> None:
    """Close an account; its tokens end at once."""
    with desk.store.writing() as session:
        account = session.get_one(Account, account_id)
        account.active = False
        session.add(account)
        _revoke(session, desk.now(), account_id=account.id)
        desk.note(session, actor, "account.close", account.id)


def enable_second_factor(desk: Desk, actor: Actor, account_id: str) -> tuple[str, list[str]]:
    """Turn the second factor on; return the address for the app, and recovery codes, shown once."""
    secret = passwords.new_totp_secret()
    codes = [passwords.new_token()[:12] for _number in range(8)]
    with desk.store.writing() as session:
        account = session.get_one(Account, account_id)
        place = Place("account", "totp_secret", account.id)
        account.totp_secret = desk.vault.seal(secret, place)
        session.add(account)
        for code in codes:
            session.add(RecoveryCode(account_id=account.id, code_hash=passwords.token_hash(code)))
        desk.note(session, actor, "account.second-factor", account.id)
    return passwords.totp_address(secret, account_id[:8]), codes
