"""What ``syndicate.toml`` may say about the relays that mail is handed to, their pace, and signing."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import ConfigDict, Field, SecretStr, field_validator, model_validator

from syndicate.settings.rates import OneRate, Rate, Rates, WarmUpRate
from syndicate.settings.values import SLUG, Duration, Line, Section

_SELECTOR = r"^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$"


class Smtp(Section):
    """`[smtp]`: the relay that mail is handed to."""

    url: SecretStr = Field(
        description="`smtp://` (STARTTLS when offered), `smtp+starttls://` (required) or `smtps://`, then "
        "`user:password@host:port`; percent-encode special characters. Or `url_file`."
    )
    weight: int = Field(
        1, ge=0, le=1000, description="Its share of the mail beside other relays; 0: only newsletters that name it."
    )
    connections: int = Field(8, ge=1, le=100, description="Connections to the relay at the same time.")
    messages_per_connection: int = Field(
        1000, ge=1, description="A connection that carried so many messages is closed, and another one opened."
    )
    window: int = Field(
        4,
        ge=1,
        le=64,
        description="Messages under way at once on a connection to a distant relay that offers CHUNKING; "
        "after a crash, as many may arrive twice. 1 keeps that at one per connection.",
    )
    rate: Rates = Field(
        (), description="At most so many messages: `14/s`, `50000/day`, or an array of such; empty means no limit."
    )
    warm_up: WarmUpRate | None = Field(
        None, description="For a new sender: `200/day doubling to 200000/day`, counted from its first message."
    )
    dsn: bool = Field(False, description="Ask for reports of failure and delay (RFC 3461), where the relay offers it.")
    timeout: Duration = Field(timedelta(seconds=60), description="How long to wait for one answer of the relay.")
    ca_file: Path | None = Field(None, description="Certificates (PEM) to trust instead of the system's.")

    @field_validator("url")
    @classmethod
    def _relay(cls, value: SecretStr) -> SecretStr:
        try:
            parts = urlsplit(value.get_secret_value())
            usable = parts.scheme in ("smtp", "smtp+starttls", "smtps") and parts.hostname and parts.port != 0
            usable = usable and not parts.path.strip("/") and not parts.query
        except ValueError:
            usable = False
        if not usable:
            raise ValueError("smtp://, smtp+starttls:// or smtps://, then [user:password@]host[:port]")
        return value

    @property
    def relay(self) -> Relay:
        """The URL taken apart."""
        security: dict[str, Literal["offered", "starttls", "tls"]] = {
            "smtp": "offered",
            "smtp+starttls": "starttls",
            "smtps": "tls",
        }
        parts = urlsplit(self.url.get_secret_value())
        return Relay(
            host=parts.hostname or "",
            port=parts.port or {"smtps": 465}.get(parts.scheme, 587),
            security=security[parts.scheme],
            username=unquote(parts.username or ""),
            password=SecretStr(unquote(parts.password or "")),
        )

    @property
    def label(self) -> str:
        """What it is called in the ledger and in ``status``."""
        return "smtp"


class AnotherRelay(Smtp):
    """`[[relays]]`: a further relay. Mail is shared between all, and goes over the others when one fails."""

    name: Line = Field(pattern=SLUG, description="What newsletters call it: lower-case letters, digits, hyphens.")

    @property
    def label(self) -> str:
        """What it is called in the ledger and in ``status``."""
        return self.name


class Pace(Section):
    """`[pace]`: how fast mail goes to one recipient domain. Further keys are domains: `"gmail.com" = "20/s"`."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, OneRate]

    connections: int = Field(
        100, ge=1, le=100, description="At most so many connections are busy with one recipient domain at once."
    )

    @model_validator(mode="after")
    def _domains(self) -> Self:
        for name in self.__pydantic_extra__:
            if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", name):
                raise ValueError(f'{name!r} is neither `connections` nor a domain in lower case, such as "gmail.com"')
        return self

    def rate(self, domain: str) -> Rate | None:
        """What was set for a domain."""
        return self.__pydantic_extra__.get(domain)


class Relay(Section):
    """An SMTP relay: where it is, how the connection is protected, and who we are to it."""

    host: str
    port: int
    security: Literal["offered", "starttls", "tls"]
    username: str = ""
    password: SecretStr = SecretStr("")

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Dkim(Section):
    """`[dkim]`: signing of mails (RFC 6376); left out where the relay signs. `syndicate dkim new` makes the keys."""

    selector: str = Field(
        pattern=_SELECTOR, description="Under which name the key's TXT record stands: `selector._domainkey.domain`."
    )
    rsa_key_file: Path | None = Field(None, description="RSA key (PEM, 2048 to 4096 bits), read by every receiver.")
    ed25519_key_file: Path | None = Field(None, description="Ed25519 key (PEM, RFC 8463), a second signature.")
    ed25519_selector: str | None = Field(
        None, pattern=_SELECTOR, description="The Ed25519 key's selector; needed when there are two keys."
    )

    @model_validator(mode="after")
    def _one_record_each(self) -> Self:
        if not (self.rsa_key_file or self.ed25519_key_file):
            raise ValueError("`rsa_key_file`, `ed25519_key_file`, or both; `syndicate dkim new` makes them")
        other = (self.ed25519_selector or self.selector).casefold()
        if self.rsa_key_file and self.ed25519_key_file and other == self.selector.casefold():
            raise ValueError("with two keys an `ed25519_selector` other than `selector`: each has a record of its own")
        return self
