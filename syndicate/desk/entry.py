"""Proving who one is: by a password, and by a code for who has set that up. Called by the console's signing."""

from __future__ import annotations

from datetime import datetime

from syndicate.desk import codes as second
from syndicate.desk import passwords
from syndicate.desk.codes import Codes
from syndicate.desk.people import folded
from syndicate.model import Session, User
from syndicate.store import Connection, Store, audit, recovery, sessions, users


def check(store: Store, name: str, password: str) -> User | None:
    """Who that is, None when it is nobody or the password is wrong; both take as long."""
    with store.read() as connection:
        found = users.credentials(connection, folded(name))
    if not passwords.is_right(password, found.password_hash if found else ""):
        return None
    assert found is not None
    if passwords.is_outdated(found.password_hash):
        kept = passwords.hash_of(password)
        with store.write() as connection:
            users.renew_password(connection, found.user.id, kept, instead_of=found.password_hash)
    return found.user


def needs_code(store: Store, name: str) -> bool:
    """Whether that user has set up codes."""
    with store.read() as connection:
        found = users.credentials(connection, name)
    return bool(found and found.totp_secret)


def check_code(store: Store, codes: Codes, name: str, code: str, *, ip: str, now: datetime) -> User | None:
    """Uses up a code, from the app or for recovery, of that user; None when it is wrong or was used."""
    with store.write() as connection:
        found = users.credentials(connection, name)
        if found is None or not found.totp_secret:
            return None
        secret = codes.opened(found.totp_secret, found.user.id)
        step = second.step_of(secret, second.plain(code), now=now, after=found.totp_step) if secret else None
        if step is not None:
            return found.user if users.use_step(connection, found.user.id, step) else None
        if not recovery.use(connection, found.user.id, second.hash_of(code)):
            return None
        audit.note(connection, name, "used a recovery code", about=f"user {name}", ip=ip, now=now)
        return found.user


def set_up(
    store: Store, codes: Codes, session: Session, sealed: str, code: str, *, ip: str, now: datetime
) -> list[str] | None:
    """From now on they need a code; returns recovery codes, None when the code does not show that their app works.

    They are signed out everywhere else.
    """
    user = session.user
    secret = codes.opened(sealed, user.id)
    step = second.step_of(secret, second.plain(code), now=now, after=0) if secret else None
    if step is None:
        return None
    with store.write() as connection:
        users.set_codes(connection, user.id, sealed, step)
        sessions.end_all(connection, user.id, but=session.key_hash)
        audit.note(connection, user.name, "set up codes", about=f"user {user.name}", ip=ip, now=now)
        return _new_recovery_codes(connection, user)


def renew_recovery(store: Store, user: User, *, ip: str, now: datetime) -> list[str]:
    """Other recovery codes, in place of those they have."""
    with store.write() as connection:
        audit.note(connection, user.name, "made recovery codes", about=f"user {user.name}", ip=ip, now=now)
        return _new_recovery_codes(connection, user)


def change_password(store: Store, session: Session, new: str, site: str, *, ip: str, now: datetime) -> None:
    """Another password; they are signed out everywhere else. ``site`` is the site's name.

    :raises PasswordError: when it can be guessed.
    """
    user = session.user
    passwords.check_new(new, (user.name, site))
    kept = passwords.hash_of(new)
    with store.write() as connection:
        users.set_password(connection, user.id, kept)
        sessions.end_all(connection, user.id, but=session.key_hash)
        audit.note(connection, user.name, "changed their password", about=f"user {user.name}", ip=ip, now=now)


def _new_recovery_codes(connection: Connection, user: User) -> list[str]:
    made = second.new_recovery_codes()
    recovery.replace(connection, user.id, map(second.hash_of, made))
    return made
