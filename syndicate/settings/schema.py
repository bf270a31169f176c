"""What ``syndicate.toml`` may hold.

Every field's description is its documentation: ``docs/settings.md`` is held to it by a test.
"""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator

from syndicate.settings.bounces import Bounces, Webhooks
from syndicate.settings.inbound import Inbound
from syndicate.settings.mail import AnotherRelay, Dkim, Pace, Smtp
from syndicate.settings.newsletter import Newsletter
from syndicate.settings.outbox import Outbox
from syndicate.settings.readers import Limits, Readers
from syndicate.settings.sources import ApiSource, Fetch, FolderSource, PolledSource, SourceSettings
from syndicate.settings.values import LANGUAGE, Duration, Line, Section, WebAddress
from syndicate.settings.watching import Alerts, Log, Metrics
from syndicate.settings.websub import INTERNAL, WebSub

_RESERVED = "all"
ROUTES = frozenset(
    {
        "api",
        "archive",
        "articles",
        "confirm",
        "console",
        "feeds",
        "go",
        "healthz",
        "hub",
        "metrics",
        "pictures",
        "preferences",
        "private",
        "readyz",
        "search",
        "seen",
        "subscribe",
        "unsubscribe",
        "webhooks",
        "websub",
    }
)
"""Names that the service has in addresses where a newsletter's page, or its feeds, would be."""

_AnyRelay = TypeVar("_AnyRelay", bound=Smtp)


class Site(Section):
    """`[site]`: who publishes, and where readers find it."""

    name: Line = Field(min_length=1, description="The publisher's name, shown on pages, in feeds and in mails.")
    url: WebAddress = Field(description="Public address of this service; links in mails and feeds begin with it.")
    postal_address: Line = Field(min_length=1, description="Shown in every mail's footer, as the law wants.")
    secret: SecretStr = Field(description="Signs links; at least 32 characters. Or `secret_file`.")
    language: Line = Field("en", pattern=LANGUAGE, description="Language tag (BCP 47).")

    @field_validator("secret")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < 32:
            raise ValueError("at least 32 characters; `syndicate init` makes one")
        return value


class StoreSettings(Section):
    """`[store]`: the database."""

    url: str = Field(
        "sqlite:///syndicate.db",
        pattern=r"^(sqlite:///|postgresql://).+",
        repr=False,
        description="`sqlite:///FILE`, relative to the settings file, or `postgresql://user@host/database`, whose "
        "password may also stand in `PGPASSWORD` or `~/.pgpass`. Or `url_file`.",
    )
    keep_deliveries: Duration | None = Field(
        None,
        description="Who got which mail, and what servers said, is deleted so long after a digest was sent; how many "
        "there were is kept. At least `7d`, for mail comes back late; without it, it is kept.",
    )

    @field_validator("keep_deliveries")
    @classmethod
    def _long_enough(cls, value: timedelta | None) -> timedelta | None:
        if value is not None and value < timedelta(days=7):
            raise ValueError('at least "7d", for mail comes back late')
        return value


class Web(Section):
    """`[web]`: the pages that `syndicate serve` shows."""

    listen: str = Field(
        "127.0.0.1:8000",
        pattern=r"^(\[[0-9a-fA-F:.]+\]|[^\s:/]+):\d{1,5}$",
        description="`host:port`; port 0 takes a free one. Put a web server with TLS in front.",
    )
    proxies: tuple[str, ...] = Field(
        ("127.0.0.1",),
        description="The web servers in front, as addresses or networks such as `10.0.0.0/24`: what they say of who "
        "asks (`X-Forwarded-For`, `X-Forwarded-Proto`) is believed.",
    )

    @field_validator("proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            try:
                ip_network(one)
            except ValueError:
                raise ValueError(f"{one!r} is neither an address nor a network, such as 10.0.0.0/24") from None
        return value

    @field_validator("listen")
    @classmethod
    def _port(cls, value: str) -> str:
        if int(value.rpartition(":")[2]) > 65535:
            raise ValueError("a port up to 65535")
        return value

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to bind."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)


class FeedsSettings(Section):
    """`[feeds]`: what is published."""

    directory: Path = Field(Path("feeds"), description="Where feeds are written, relative to the settings file.")
    entries: int = Field(
        50, ge=1, le=1000, description="So many of the newest articles in one feed, and on each page of its archive."
    )


class Settings(Section):
    """The whole file. Paths are absolute."""

    site: Site
    store: StoreSettings = StoreSettings()
    smtp: Smtp
    relays: tuple[AnotherRelay, ...] = ()
    pace: Pace = Pace()
    dkim: Dkim | None = None
    inbound: Inbound = Inbound()
    bounces: Bounces = Bounces()
    webhooks: Webhooks = Webhooks()
    web: Web = Web()
    metrics: Metrics = Metrics()
    log: Log = Log()
    alerts: Alerts = Alerts()
    outbox: Outbox = Outbox()
    readers: Readers = Readers()
    limits: Limits = Limits()
    feeds: FeedsSettings = FeedsSettings()
    websub: WebSub = WebSub()
    fetch: Fetch = Fetch()
    sources: tuple[SourceSettings, ...] = ()
    newsletters: tuple[Newsletter, ...] = ()
    directory: Path = Field(exclude=True)

    @field_validator("sources", "newsletters", "relays")
    @classmethod
    def _unique(cls, value: tuple[Any, ...], info: ValidationInfo) -> tuple[Any, ...]:
        key = "slug" if info.field_name == "newsletters" else "name"
        names = [getattr(one, key) for one in value]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{key} {name!r} stands more than once; each must be its own")
            if name == (_RESERVED if info.field_name != "relays" else "smtp"):
                raise ValueError(f"{key} {name!r} is kept for the service itself; another one")
            if key == "slug" and name in ROUTES:
                raise ValueError(f"slug {name!r} is the address of a page of the service; another one")
        return value

    @model_validator(mode="after")
    def _absolute(self) -> Self:
        feeds = self.feeds.model_copy(update={"directory": self.directory / self.feeds.directory})
        store = self.store
        if store.url.startswith("sqlite:"):
            path = self.directory / store.url.removeprefix("sqlite:///")
            store = store.model_copy(update={"url": f"sqlite:///{path}"})
        sources = tuple(
            source.model_copy(update={"path": self.directory / source.path})
            if isinstance(source, FolderSource)
            else source
            for source in self.sources
        )
        for name, value in (("feeds", feeds), ("store", store), ("sources", sources)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "smtp", _with_ca_file(self.smtp, self.directory))
        object.__setattr__(self, "relays", tuple(_with_ca_file(one, self.directory) for one in self.relays))
        if self.inbound.ca_file:
            trusted = self.inbound.model_copy(update={"ca_file": self.directory / self.inbound.ca_file})
            object.__setattr__(self, "inbound", trusted)
        if self.dkim:
            keys = {"rsa_key_file": self.dkim.rsa_key_file, "ed25519_key_file": self.dkim.ed25519_key_file}
            absolute = {name: self.directory / path for name, path in keys.items() if path}
            object.__setattr__(self, "dkim", self.dkim.model_copy(update=absolute))
        return self

    @property
    def every_relay(self) -> tuple[Smtp, ...]:
        """All relays, the one in `[smtp]` first."""
        return (self.smtp, *self.relays)

    @property
    def has_return_paths(self) -> bool:
        """Whether each mail has a return path of its own."""
        return self.bounces.return_paths and self.inbound.takes_answers

    @property
    def hubs(self) -> tuple[str, ...]:
        """The addresses of the hubs that feeds name (WebSub §4), the built-in one's among them."""
        return tuple(self.own_hub if one == INTERNAL else one for one in self.websub.hub)

    @property
    def own_hub(self) -> str:
        """The address of the built-in hub, whether it is in use or not."""
        return f"{self.site.url}/hub"

    @property
    def polled(self) -> tuple[PolledSource, ...]:
        """The sources that are looked at; articles are brought to the others."""
        return tuple(one for one in self.sources if not isinstance(one, ApiSource))

    @property
    def bound(self) -> dict[str, object]:
        """What a service that runs can't change, by the names of the settings: the database, and where it listens."""
        return {"store.url": self.store.url, "web.listen": self.web.listen, "inbound.listen": self.inbound.listen}

    def bound_like(self, other: Settings) -> Settings:
        """The same with ``other``'s database and places to listen."""
        inbound = self.inbound.model_copy(update={"listen": other.inbound.listen})
        return self.model_copy(update={"store": other.store, "web": other.web, "inbound": inbound})

    def newsletter(self, slug: str) -> Newsletter | None:
        """The newsletter of that slug, if there is one."""
        return next((one for one in self.newsletters if one.slug == slug), None)


def _with_ca_file(relay: _AnyRelay, directory: Path) -> _AnyRelay:
    return relay.model_copy(update={"ca_file": directory / relay.ca_file}) if relay.ca_file else relay
