"""Writes ``docs/settings.md`` from the settings' own schema. Called by ``make docs``; a test compares the two."""

from __future__ import annotations

import types
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from syndicate.errors import SettingsError
from syndicate.settings import CONFIG_NAME, load
from syndicate.settings.rates import OneRate, Rate, Rates, WarmUpRate
from syndicate.settings.schema import Settings
from syndicate.settings.values import Duration, Line, Mailbox, Section, WebAddress
from syndicate.settings.websub import Hubs

PAGE = Path(__file__).with_name("settings.md")

_KINDS: tuple[tuple[Any, str], ...] = (
    (WebAddress, "web address"),
    (Mailbox, "mailbox"),
    (Duration, "duration"),
    (Line, "text"),
    (OneRate, "rate"),
    (Rates, "rate, or array of rates"),
    (WarmUpRate, "warm-up"),
    (Hubs, '`"internal"`, web address, or array of them'),
    (str, "text"),
    (SecretStr, "text, kept secret"),
    (Path, "path"),
    (bool, "`true` or `false`"),
    (int, "whole number"),
    (float, "number"),
)
_UNITS = (("w", 604800), ("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
_KIND_OF_SOURCE = "Which kind of source it is."
_A_DOMAIN = 'At most so many messages to that recipient domain; `"gmail.com" = "20/s"`, for one.'

_WRONG = """\
[site]
name = "Lakeside Courier"
url = "news.lakeside.example"
postal_address = "1 Quay Street, Lakeside"
secret_file = "secret.txt"

[smtp]
url = "smtp+starttls://relay.example:587"
conections = 8

[[newsletters]]
slug = "daily"
title = "The Daily Brief"
sender = "Lakeside Courier <news@lakeside.example>"
sources = ["newsroom"]
timezone = "Europe/Belgrad"
cadences = { daily = "0 25 * * *" }
"""

_INTRO = """\
<!-- Written by docs/make_settings.py: change the schema and run `make docs`. -->

# Settings

Everything that can be set stands in one file, `syndicate.toml`. It is found by `--config FILE`, else by the variable
`SYNDICATE_CONFIG`, else in the working folder. `syndicate init` writes one with every setting in it, commented.

- *Paths* are relative to the folder of the file.
- A *duration* is a whole number and a unit: `"90s"`, `"15m"`, `"6h"`, `"2d"`, `"1w"`.
- A *mailbox* is `"user@host"` or `"Name <user@host>"`; a name with a comma in it wants quotes around it.
- A *web address* begins with `https://` or `http://`.
- A *rate* is a whole number of messages and a time: `"14/s"`, `"600/min"`, `"5000/h"`, `"50000/day"`. Where an array of
  rates may stand, all of them hold: `["14/s", "50000/day"]`.
- A *warm-up* says what may be sent on the first day and, twice as much each day, on all days in the end:
  `"200/day doubling to 200000/day"`. Its days are those of UTC.

What the settings of `[smtp]`, `[[relays]]` and `[pace]` do while mail goes out is told in [delivery.md](delivery.md),
and how to attach a mail server or a mailbox with `[inbound]` in [inbound.md](inbound.md). What `[websub]` is for stands
in [feeds.md](feeds.md).
"""

_ENVIRONMENT = """\
## From the environment

Any value can come from a variable instead: `SYNDICATE_`, the table, two underscores, the key. It wins over the file.

```sh
export SYNDICATE_SITE__NAME="Lakeside Courier"
export SYNDICATE_SMTP__CONNECTIONS=4
```

One of several `[[sources]]`, `[[newsletters]]` or `[[relays]]` is meant by its name or slug, or by its position,
counted from 0. A hyphen in a name is written as an underscore. What is an array or a table in the file is JSON here:

```sh
export SYNDICATE_NEWSLETTERS__DAILY__REVIEW=true
export SYNDICATE_NEWSLETTERS__0__TAGS='["politics", "culture"]'
export SYNDICATE_NEWSLETTERS__DAILY__CADENCES__DAILY="30 6 * * *"
```

Variables change what is in the file; they can't add a source, a newsletter or a relay to it. The domains of `[pace]`
stand in the file only, for a shell's variable can't have a dot in its name.

## Secrets

The site's secret, the relays' addresses, the mailbox's password and tokens are secret, and need not stand in the file.
Each can come from its variable, or from a file of its own that holds the value and nothing else:

| instead of | in the file | in the environment |
| --- | --- | --- |
| `secret` in `[site]` | `secret_file = "secret.txt"` | `SYNDICATE_SITE__SECRET`, `SYNDICATE_SITE__SECRET_FILE` |
| `url` in `[smtp]` | `url_file = "relay-url.txt"` | `SYNDICATE_SMTP__URL`, `SYNDICATE_SMTP__URL_FILE` |
| `password` in `[inbound]` | `password_file = "imap.txt"` | `SYNDICATE_INBOUND__PASSWORD`, `…__PASSWORD_FILE` |
| `token` in `[metrics]` | `token_file = "metrics.txt"` | `SYNDICATE_METRICS__TOKEN`, `…__TOKEN_FILE` |
| `webhook` in `[alerts]` | `webhook_file = "chat.txt"` | `SYNDICATE_ALERTS__WEBHOOK`, `…__WEBHOOK_FILE` |
| `url` in `[[relays]]` | `url_file = "backup-url.txt"` | `SYNDICATE_RELAYS__BACKUP__URL`, `…__BACKUP__URL_FILE` |

The key and its `_file` can't stand together in one place; of the two places the environment wins. No
message about the settings shows any of these values.

## When something is wrong

Every command that reads the settings says all that is wrong with them, changes nothing, and exits with 2. The file

```toml
{wrong}```

and a `secret.txt` that holds the word *short* give

```text
{message}
```
"""


def main() -> None:
    """Writes the page."""
    PAGE.write_text(page(), "utf-8")


def page() -> str:
    """The whole page, as it should be."""
    tables = "\n".join(_table(section) for section in sections())
    return f"{_INTRO}\n{tables}\n{_ENVIRONMENT.format(wrong=_WRONG, message=_complaint())}"


def sections() -> list[type[Section]]:
    """Every table of the file, in the file's order."""
    return [section for hint in _hints(Settings).values() for section in _sections_in(hint)]


def _sections_in(hint: Any) -> Iterator[type[Section]]:
    if isinstance(hint, type) and issubclass(hint, Section):
        yield hint
    for inner in get_args(hint):
        yield from _sections_in(inner)


def _table(section: type[Section]) -> str:
    heading, _, about = " ".join((section.__doc__ or "").split()).partition(": ")
    about = about[0].upper() + about[1:]
    shared = next((base for base in section.__mro__[1:] if base in sections()), None)
    if shared:
        about += f" It takes every key of {(shared.__doc__ or '').partition(':')[0]}, and one more:"
    head = ["| key | type | default | meaning |", "| --- | --- | --- | --- |"]
    return "\n".join([f"## {heading}", "", about, "", *head, *_rows(section, shared), ""])


def _rows(section: type[Section], shared: type[Section] | None) -> Iterator[str]:
    hints, bounds = _hints(section), section.model_json_schema()["properties"]
    for key, field in section.model_fields.items():
        if shared is None or key not in shared.model_fields:
            kind = _kind(hints[key]) + _bounds(bounds[key])
            yield f"| `{key}` | {kind} | {_default(field)} | {_meaning(key, field)} |"
    if section.model_config.get("extra") == "allow":
        _, hint = get_args(hints["__pydantic_extra__"])
        yield f'| `"a domain"` | {_kind(hint)} | none | {_A_DOMAIN} |'


def _hints(section: type[Section]) -> dict[str, Any]:
    return {key: hint for key, hint in get_type_hints(section, include_extras=True).items() if key != "model_config"}


def _kind(hint: Any) -> str:
    """A type, in words."""
    for known, words in _KINDS:
        if hint == known:
            return words
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return " or ".join(f'`"{one}"`' for one in inner)
    if origin in (Union, types.UnionType):
        return _kind(next(one for one in inner if one is not type(None)))
    if origin is tuple:
        return f"array of {_kind(inner[0])}"
    if origin is dict:
        return f"table of {_kind(inner[1])}"
    if origin is Annotated:
        return _kind(inner[0])
    raise TypeError(f"no words for {hint}")


def _bounds(schema: dict[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is None:
        return ""
    return f", {low:,} or more" if high is None else f", {low:,} to {high:,}"


def _default(field: FieldInfo) -> str:
    """A default as it would stand in the file."""
    value = field.default
    if field.is_required():
        return "needed"
    match value:
        case None:
            return "none"
        case timedelta():
            seconds = int(value.total_seconds())
            unit, size = next((unit, size) for unit, size in _UNITS if seconds % size == 0 and seconds > size)
            return f'`"{seconds // size}{unit}"`'
        case bool():
            return f"`{str(value).lower()}`"
        case Rate():
            return f'`"{value}"`'
        case tuple():
            return "`[]`"
        case str() | Path():
            return f'`"{value}"`' if str(value) else '`""`'
        case _:
            return f"`{value}`"


def _meaning(key: str, field: FieldInfo) -> str:
    text = field.description or (_KIND_OF_SOURCE if key == "kind" else "")
    return text.replace("<", "&lt;")


def _complaint() -> str:
    """What the program really says about the wrong example."""
    with TemporaryDirectory() as name:
        directory = Path(name).resolve()
        (directory / "secret.txt").write_text("short", "utf-8")
        (directory / CONFIG_NAME).write_text(_WRONG, "utf-8")
        try:
            load(directory / CONFIG_NAME, {})
        except SettingsError as error:
            return f"error: {error}".replace(str(directory), "/srv/courier")
    raise AssertionError("the wrong example is right")


if __name__ == "__main__":
    main()
