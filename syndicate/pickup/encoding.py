"""Bytes of unknown encoding → text; the folder reader calls it for each file."""

from __future__ import annotations

import codecs

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def decode(data: bytes, declared: str | None = None) -> str:
    """The text of ``data``: by its byte order mark, else UTF-16 when clearly so, UTF-8, ``declared``, Windows-1252.

    ``declared`` is what the document says of itself (HTML's ``charset``); it is asked only when the bytes are not
    UTF-8, for pages are often re-saved without changing it. Never raises: what can't be read becomes U+FFFD.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace")
    for guess in (_wide(data), "utf-8", declared):
        try:
            if guess:
                return data.decode(guess)
        except (UnicodeError, LookupError, ValueError):
            continue
    return data.decode("cp1252", "replace")


def _wide(data: bytes) -> str | None:
    """UTF-16's byte order when there is no mark: in any real text the high halves of its ASCII are NULs."""
    if len(data) % 2 or b"\0" not in data:
        return None
    nulls_first, nulls_second = data[::2].count(0), data[1::2].count(0)
    if max(nulls_first, nulls_second) * 50 < len(data) or min(nulls_first, nulls_second):
        return None
    return "utf-16-be" if nulls_first else "utf-16-le"
