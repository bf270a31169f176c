"""The health command: asks the service that runs here how it is, for containers and their like."""

from __future__ import annotations

from typing import Annotated

import httpx2
import typer

from syndicate.cli.terminal import Json, settings, show_json, tell
from syndicate.errors import SyndicateError
from syndicate.settings import Settings

_PATIENCE_S = 5.0
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where it listens, not where this does


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(health)


def health(
    alive: Annotated[
        bool, typer.Option("--alive", help="Ask only whether it answers, not whether all is well.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Ask the running service how it is: database, clock, relays. Exits with 1 when it can't do its work."""
    service = settings()
    found = _ask(service, "/healthz" if alive else "/readyz")
    is_well, told = found.status_code == 200, found.json()
    if as_json:
        show_json(told)
    else:
        tell("service", told["status"], style="green" if is_well else "bold red")
        for name, one in told.get("checks", {}).items():
            tell(name, one["said"], style="" if one["ok"] else "bold red")
    if not is_well:
        raise typer.Exit(1)


def _ask(service: Settings, path: str) -> httpx2.Response:
    host, port = service.web.address
    host = _EVERYWHERE.get(host, host)
    url = f"http://[{host}]:{port}{path}" if ":" in host else f"http://{host}:{port}{path}"
    token = service.metrics.token
    headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
    try:
        with httpx2.Client(trust_env=False, timeout=_PATIENCE_S) as client:
            found = client.get(url, headers=headers)
            if found.status_code not in (200, 503) or not isinstance(found.json(), dict):
                raise ValueError
            return found
    except (httpx2.HTTPError, ValueError):
        raise SyndicateError(f"no service answers at {url}; start it with `syndicate serve`") from None
