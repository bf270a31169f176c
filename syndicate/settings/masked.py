"""The text of ``syndicate.toml`` without its secrets, to be shown. Called by the console."""

from __future__ import annotations

import re
from typing import Any

import tomlkit

from syndicate.settings.load import SECRETS

HIDDEN = "(not shown)"
"""Stands where a secret does."""

_MISSPELT_OR_COMMENTED = re.compile(
    r"""^(?P<key>\s*\#?.*?(?:secret|password|passwd|token|key)\w*["']?\s*=\s*)(?P<value>["'].*)$""", re.IGNORECASE
)
_FILE = re.compile(r"_file[\"']?\s*=\s*$", re.IGNORECASE)
_SIGN_IN = re.compile(r"://[^/@\s\"']+@")


def masked(text: str) -> str | None:
    """Every secret is replaced, also those in comments and in addresses; None when the text is no TOML."""
    try:
        document: Any = tomlkit.parse(text.removeprefix("\ufeff"))
        for section, key in SECRETS:
            if isinstance(document.get(section), dict) and key in document[section]:
                if str(document[section][key]).startswith("sqlite:"):
                    continue
                document[section][key] = HIDDEN
        for relay in document.get("relays", ()):
            if "url" in relay:
                relay["url"] = HIDDEN
        shown = tomlkit.dumps(document)
    # TOML Kit meets what it does not master with errors of many kinds.
    except Exception:  # noqa: BLE001
        return None
    return "\n".join(_line(one) for one in shown.splitlines()) + "\n"


def without_password(url: str) -> str:
    """An address without the name and the password in it."""
    return _SIGN_IN.sub(f"://{HIDDEN}@", url)


def _line(line: str) -> str:
    found = _MISSPELT_OR_COMMENTED.match(line)
    if found and not _FILE.search(found["key"]):
        line = f'{found["key"]}"{HIDDEN}"'
    return _SIGN_IN.sub(f"://{HIDDEN}@", line)
