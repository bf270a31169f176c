"""Bytes of unknown encoding → text; the folder reader calls it for each file, and feeds are mended by it."""

from __future__ import annotations

import codecs
import re

from syndicate.pickup.guess import guess

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


_SOUND = 4
"""So many letters of UTF-8 for each byte that is none: then it is UTF-8 that was damaged."""

_DECLARATION = re.compile(rb"""(<\?xml[^>]{0,100}?encoding\s*=\s*["'])([A-Za-z0-9._-]{1,40})""")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._-]{1,40})["']?""", re.IGNORECASE)


def decode(data: bytes, declared: str | None = None) -> str:
    """The text of ``data``: by its byte order mark, else UTF-16 when clearly so, UTF-8, ``declared``, or a guess.

    ``declared`` is what the document says of itself (HTML's ``charset``); it is asked only when the bytes are not
    UTF-8, for pages are often re-saved without changing it. Never raises: what can't be read becomes U+FFFD.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace")
    for one in (_wide(data), "utf-8", declared):
        try:
            if one:
                return data.decode(one)
        except (UnicodeError, LookupError, ValueError):
            continue
    damaged = data.decode("utf-8", "replace")
    if sum(not one.isascii() for one in damaged) > (_SOUND + 1) * damaged.count("\ufffd"):
        return damaged
    return data.decode(guess(data), "replace")


def mended(data: bytes, content_type: str | None) -> tuple[bytes, str | None]:
    """An XML document that is said to be UTF-8 and is not, as UTF-8; anything else as it is. With its media type."""
    declared = _DECLARATION.search(data[:300])
    charset = _CHARSET.search(content_type or "")
    names = [declared[2].decode("ascii")] if declared else []
    names += [charset[1]] if charset else []
    if any(name.lower() not in ("utf-8", "utf8") for name in names) or data.startswith(
        tuple(mark for mark, _ in _MARKS)
    ):
        return data, content_type
    if _wide(data):
        return data, content_type
    try:
        data.decode()
    except UnicodeDecodeError:
        return decode(data).encode("utf-8", "replace"), content_type
    return data, content_type


def _wide(data: bytes) -> str | None:
    """UTF-16's byte order when there is no mark: in any real text the high halves of its ASCII are NULs."""
    if len(data) % 2 or b"\0" not in data:
        return None
    nulls_first, nulls_second = data[::2].count(0), data[1::2].count(0)
    if max(nulls_first, nulls_second) * 50 < len(data) or min(nulls_first, nulls_second):
        return None
    return "utf-16-be" if nulls_first else "utf-16-le"
