"""Commands for signing: dkim new."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from syndicate.cli.terminal import settings, tell
from syndicate.delivery.dkim_keys import Key, new_ed25519_key, new_rsa_key, record_strings, write_key
from syndicate.errors import ConflictError, SyndicateError
from syndicate.settings import find

dkim = typer.Typer(help="DKIM: keys that sign mails.", no_args_is_help=True)

_SELECTOR = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,53}[A-Za-z0-9])?")
"""A DNS label with room for the second selector's ending (RFC 1035 §2.3.4: 63 octets)."""


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(dkim, name="dkim")


@dkim.callback()
def _group() -> None:
    """Makes a group of what is one command so far."""


@dkim.command()
def new(
    directory: Annotated[Path, typer.Option("--dir", help="Where the keys go; it is made when missing.")] = Path(
        "keys"
    ),
    selector: Annotated[str | None, typer.Option(help="Names the keys in the DNS; else this year, as s2026a.")] = None,
) -> None:
    """Make an RSA and an Ed25519 key, and print their DNS records and settings; overwrites nothing."""
    selector = selector or f"s{datetime.now(UTC).year}a"
    if not _SELECTOR.fullmatch(selector):
        raise typer.BadParameter(
            f"{selector!r} is not a selector: at most 55 letters, digits and inner hyphens", param_hint="--selector"
        )
    domains = _domains()
    keys: dict[str, Key] = {selector: new_rsa_key(), f"{selector}-ed25519": new_ed25519_key()}
    _write({directory / f"{name}.pem": key for name, key in keys.items()})
    for domain in domains:
        typer.echo(f"\nInto the DNS of {domain}:\n")
        for name, key in keys.items():
            strings = "\n".join(f'  "{string}"' for string in record_strings(key.record()))
            typer.echo(f"{name}._domainkey.{domain}. IN TXT (\n{strings} )")
    typer.echo("\nA form that wants one value gets the strings joined, without the quotation marks.")
    rsa, ed25519 = keys
    typer.echo("\nWhen the records can be seen, into syndicate.toml:\n\n[dkim]")
    typer.echo(f'selector = "{rsa}"\nrsa_key_file = "{_from_settings(directory / rsa)}.pem"')
    typer.echo(f'ed25519_selector = "{ed25519}"\ned25519_key_file = "{_from_settings(directory / ed25519)}.pem"')
    typer.echo(
        "\nCheck that the records can be seen, then send yourself a mail and look in its source for dkim=pass:\n"
    )
    for domain in domains:
        for name in keys:
            typer.echo(f"dig +short TXT {name}._domainkey.{domain}")


def _domains() -> list[str]:
    """Whose mails are to be signed; a stand-in where there are no settings yet."""
    if not find(None, os.environ).exists():
        return ["YOUR-DOMAIN"]
    return sorted({newsletter.domain for newsletter in settings().newsletters}) or ["YOUR-DOMAIN"]


def _from_settings(file: Path) -> str:
    """The path as the settings file would name it."""
    home = find(None, os.environ).parent
    whole = file.resolve()
    return (whole.relative_to(home) if whole.is_relative_to(home) else whole).as_posix()


def _write(keys: dict[Path, Key]) -> None:
    taken = [str(file) for file in keys if file.exists()]
    if taken:
        raise ConflictError(
            f"{', '.join(taken)} is there already; name another --selector, and keep the old key for now"
        )
    for file, key in keys.items():
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_key(file, key)
        except OSError as error:
            raise SyndicateError(f"{file}: can't be written ({error.strerror}); choose another --dir") from None
        tell("written", f"{file} (keep it secret)")
