"""The composition root: every concrete choice is made here. Called by the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from syndicate.audience.engagement import Tally
from syndicate.audience.forms import Stamps
from syndicate.audience.limits import Gate
from syndicate.audience.traces import Traces
from syndicate.delivery import dkim
from syndicate.desk.brakes import Brakes
from syndicate.digest.digests import Digests
from syndicate.errors import StoreError
from syndicate.feeds.publish import FORMATS
from syndicate.inbound.reception import Reception
from syndicate.inbound.webhooks import Webhooks
from syndicate.jobs.bell import Bell
from syndicate.jobs.carrier import Carrier
from syndicate.jobs.jobs import Jobs
from syndicate.jobs.local import Local
from syndicate.pickup.hosts import Hosts
from syndicate.pickup.markdown import to_html
from syndicate.preflight.preflight import Preflight
from syndicate.preflight.senders import Senders
from syndicate.render.environment import Environment, open_templates
from syndicate.render.links import Links, Signer
from syndicate.settings import CONFIG_NAME, Settings, SettingsFile
from syndicate.store import Store, copies
from syndicate.watch.pulse import Pulse
from syndicate.websub.followable import Followable
from syndicate.websub.websub import WebSub


@dataclass(frozen=True, slots=True)
class App:
    """The service, put together."""

    settings: Settings
    store: Store
    templates: Environment
    links: Links
    digests: Digests
    jobs: Jobs
    traces: Traces
    stamps: Stamps
    gate: Gate
    file: SettingsFile
    webhooks: Webhooks
    brakes: Brakes
    preflight: Preflight
    carrier: Carrier

    def close(self) -> None:
        """Closes the database."""
        self.store.close()


def open_app(
    settings: Settings,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    file: SettingsFile | None = None,
) -> App:
    """Opens the database (building its tables when it is new) and puts the service together.

    :raises SettingsError: when a DKIM key can't be used.
    :raises StoreError: when the database can't be opened, or is of another version.
    """
    store = Store(settings.store.url)
    try:
        store.check()
        if home := store.home():
            with store.write() as connection:
                copies.arrive(connection, home, now=clock())
    except StoreError:
        store.close()
        raise
    file = file or SettingsFile(settings.directory / CONFIG_NAME, {})
    return _put_together(settings, store, Gate(settings.limits), Brakes(), Hosts(), Tally(), clock, file)


def renewed(app: App, settings: Settings) -> App:
    """The service with other settings, on the database that is open; what was counted for limits still counts.

    :raises SettingsError: when a DKIM key can't be used.
    """
    gate = app.gate if settings.limits == app.settings.limits else Gate(settings.limits)
    return _put_together(
        settings, app.store, gate, app.brakes, app.jobs.hosts, app.jobs.tally, app.jobs.clock, app.file
    )


def _put_together(
    settings: Settings,
    store: Store,
    gate: Gate,
    brakes: Brakes,
    hosts: Hosts,
    tally: Tally,
    clock: Callable[[], datetime],
    file: SettingsFile,
) -> App:
    templates = open_templates(settings.directory / "templates")
    secret = settings.site.secret.get_secret_value()
    link_signer = Signer(secret)
    links = Links(settings.site.url, link_signer)
    carrier = _carrier(store)
    digests = Digests(settings, store, templates, links, to_html, carrier.owe)
    signer = dkim.Signer.open(settings.dkim)
    traces = Traces(secret)
    reception = Reception(settings, store, link_signer, gate, clock)
    feeds = Followable(f"{settings.site.url}/feeds/", settings.feeds.directory, {f.file: f.media_type for f in FORMATS})
    websub = WebSub(settings, store, feeds)
    senders = Senders((one.domain for one in settings.newsletters), signer.records)
    jobs = Jobs(
        settings,
        store,
        templates,
        links,
        digests,
        signer,
        traces,
        reception,
        websub,
        hosts,
        senders,
        clock,
        Bell(),
        Bell(),
        Pulse(clock()),
        tally,
    )
    webhooks = Webhooks(settings, store, link_signer, clock)
    return App(
        settings,
        store,
        templates,
        links,
        digests,
        jobs,
        traces,
        Stamps(secret),
        gate,
        file,
        webhooks,
        brakes,
        Preflight(digests, signer.records),
        carrier,
    )


def _carrier(store: Store) -> Carrier:
    if not store.is_shared:
        return Local()
    from syndicate.jobs.cluster.carrier import Cluster

    return Cluster()
