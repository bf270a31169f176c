"""What ``syndicate.toml`` may say about mail that comes back: a listener, or a mailbox that is polled."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import NamedTuple, Self
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from syndicate.settings.values import Duration, Line, Section


class Listening(NamedTuple):
    """Where a listener is bound, and whether it speaks LMTP (RFC 2033) or SMTP."""

    host: str
    port: int
    is_lmtp: bool


class Account(NamedTuple):
    """A mailbox on an IMAP server, over TLS."""

    host: str
    port: int
    user: str
    folder: str

    def __str__(self) -> str:
        return f"{self.user} at {self.host}, {self.folder}"


class Inbound(Section):
    """`[inbound]`: mail from readers, which an MTA hands over or which lies in a mailbox."""

    listen: Line | None = Field(
        None, description='`lmtp://host:port` or `smtp://host:port`, such as `"lmtp://127.0.0.1:8024"`.'
    )
    max_bytes: int = Field(
        10_485_760, ge=65_536, le=104_857_600, description="The largest mail that the listener takes, in bytes."
    )
    mailbox: Line | None = Field(
        None,
        description="`imaps://user@host/Folder`; percent-encode special characters. Without a folder it is `INBOX`.",
    )
    password: SecretStr | None = Field(None, min_length=1, description="The mailbox's password. Or `password_file`.")
    every: Duration = Field(timedelta(minutes=1), description="How often `serve` looks into the mailbox.")
    done: Line = Field("", description="The folder that processed mail is moved to; else it stays, marked as read.")
    subaddresses: bool = Field(
        True,
        description="Whether mail to `news+anything@host` comes in where `news@host` does; `false` offers no answers "
        "that need it.",
    )
    replies_per_day: int = Field(
        5, ge=0, le=1000, description="At most so many answers in 24 hours to one address; 0 means none at all."
    )
    ca_file: Path | None = Field(
        None, description="Certificates (PEM) to trust instead of the system's, for the mailbox."
    )

    @field_validator("listen")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                parts = urlsplit(value)
                usable = parts.scheme in ("lmtp", "smtp") and parts.hostname and parts.port is not None
                usable = usable and not (parts.path.strip("/") or parts.query or parts.username)
            except ValueError:
                usable = False
            if not usable:
                raise ValueError("lmtp:// or smtp://, then host:port")
        return value

    @field_validator("mailbox")
    @classmethod
    def _account(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                parts = urlsplit(value)
                usable = parts.scheme == "imaps" and parts.hostname and parts.username and parts.port != 0
                usable = usable and parts.password is None and not parts.query
            except ValueError:
                usable = False
            if not usable:
                raise ValueError("imaps://user@host[:port][/Folder]; the password is a key of its own")
        return value

    @model_validator(mode="after")
    def _signs_in(self) -> Self:
        if self.mailbox and "password" not in self.model_fields_set:
            raise ValueError("a mailbox needs its `password`, or `password_file`")
        return self

    @property
    def takes_answers(self) -> bool:
        """Whether readers can answer to an address with a token in it."""
        return self.subaddresses and bool(self.listen or self.mailbox)

    @property
    def listening(self) -> Listening | None:
        """The listener's address taken apart."""
        if self.listen is None:
            return None
        parts = urlsplit(self.listen)
        return Listening(parts.hostname or "", parts.port or 0, parts.scheme == "lmtp")

    @property
    def account(self) -> Account | None:
        """The mailbox's address taken apart."""
        if self.mailbox is None:
            return None
        parts = urlsplit(self.mailbox)
        folder = unquote(parts.path.removeprefix("/")) or "INBOX"
        return Account(parts.hostname or "", parts.port or 993, unquote(parts.username or ""), folder)
