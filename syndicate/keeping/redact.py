"""Takes secrets and addresses out of a text that is shown to others, wherever they came from. Called by ``doctor``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, SecretStr

from syndicate.settings import Settings
from syndicate.settings.load import SECRETS
from syndicate.settings.masked import HIDDEN, without_password

_ADDRESS = re.compile(r"[^\s@<>\"'()\[\],;:=]+@[^\s@<>\"'()\[\],;:=]+")
_QUERY = re.compile(r"(https?://[^\s\"'?#]+)[?#][^\s\"']+")
_SAYS_SO = re.compile(r"SECRET|PASSWORD|TOKEN|KEY|LOGIN|URL|WEBHOOK")
_SHORTEST = 6
"""Characters. What is shorter stands in too many words to be taken out, and is no secret."""


class Redactor:
    """Replaces what is not to be seen. ``secrets`` are known ones."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted({one for one in secrets if len(one) >= _SHORTEST}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for one in self._secrets:
            text = text.replace(one, HIDDEN)
        text = without_password(_QUERY.sub(rf"\1?{HIDDEN}", text))
        return _ADDRESS.sub("(an address)", text)


def secrets_of(text: str, settings: Settings | None, environ: Mapping[str, str]) -> set[str]:
    """Every secret that the settings hold: in their text, in files that it names, and in the environment."""
    found = {value for name, value in environ.items() if name.startswith("SYNDICATE_") and _SAYS_SO.search(name)}
    try:
        found.update(_written(tomllib.loads(text.removeprefix("\ufeff"))))
    except tomllib.TOMLDecodeError:
        found.update(re.findall(r"(?i)(?:secret|password|token|key)\w*[\"']?\s*=\s*[\"']([^\"'\n]+)", text))
    found.update(_typed(settings) if settings else ())
    return {one for one in found if not one.startswith("sqlite:")}


def _written(values: Mapping[str, Any]) -> Iterator[str]:
    for section, key in SECRETS:
        table = values.get(section)
        if isinstance(table, dict) and isinstance(table.get(key), str):
            yield table[key]


def _typed(value: Any) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _typed(getattr(value, name))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _typed(one)
