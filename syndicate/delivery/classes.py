"""Which of the large mailbox providers a recipient domain belongs to, by its name. Pure.

There are millions of domains and a handful of providers that decide how a sending goes; so figures are kept by these.
"""

from __future__ import annotations

from functools import lru_cache

OTHER = "other"

_CLASSES = {
    "google": ("gmail.com", "googlemail.com"),
    "microsoft": ("outlook", "hotmail", "live", "msn.com", "passport.com", "windowslive.com"),
    "yahoo": ("yahoo", "ymail.com", "rocketmail.com", "aol", "myyahoo.com"),
    "apple": ("icloud.com", "me.com", "mac.com"),
    "gmx": ("gmx", "web.de", "mail.com"),
    "proton": ("proton.me", "protonmail.com", "protonmail.ch", "pm.me"),
    "yandex": ("yandex", "ya.ru", "narod.ru"),
    "mail.ru": ("mail.ru", "bk.ru", "inbox.ru", "list.ru"),
    "tencent": ("qq.com", "foxmail.com"),
    "netease": ("163.com", "126.com", "yeah.net"),
}
"""Domains, and first labels of those that are the same under many ends, such as yahoo.co.uk."""

CLASSES = (*_CLASSES, OTHER)
_BY_NAME = {name: one for one, names in _CLASSES.items() for name in names}


@lru_cache(maxsize=4096)
def class_of(domain: str) -> str:
    """One of ``CLASSES``. A first label counts only before an end of a country, so yahoo.example.org is another's."""
    known = _BY_NAME.get(domain)
    if known:
        return known
    name, _, end = domain.partition(".")
    is_an_end = 2 <= len(end) <= 6 and end.count(".") <= 1 and "." not in name
    return _BY_NAME.get(name, OTHER) if is_an_end else OTHER
