"""What stands in addresses of the API to choose by, as types that refuse what no database can be asked."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, StringConstraints


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("characters that can be seen")
    return text


Word = Annotated[str, StringConstraints(max_length=200), AfterValidator(_printable)]
"""A name, a tag, some words."""

Guid = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_printable)]
"""What tells articles of a source apart."""
