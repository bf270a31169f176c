"""Mailboxes that are polled: how far each was read, and how the last looks went."""

from __future__ import annotations

from dataclasses import asdict, fields

from sqlalchemy import Connection, insert, select, update

from syndicate.model import MailboxStatus
from syndicate.store.schema import mailboxes

_COLUMNS = [mailboxes.c[field.name] for field in fields(MailboxStatus)]


def status(connection: Connection, name: str) -> MailboxStatus:
    """What is known of that mailbox; a blank one when it was never looked at."""
    row = connection.execute(select(*_COLUMNS).where(mailboxes.c.name == name)).one_or_none()
    return MailboxStatus(**row._mapping) if row else MailboxStatus(name=name)  # noqa: SLF001


def save(connection: Connection, status: MailboxStatus) -> None:
    """Writes what is known of a mailbox."""
    values = asdict(status)
    if not connection.execute(update(mailboxes).where(mailboxes.c.name == status.name).values(values)).rowcount:
        connection.execute(insert(mailboxes), values)
