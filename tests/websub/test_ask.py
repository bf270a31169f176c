"""What the hub makes of requests: of proper ones, of wrong ones, and of anything at all."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from syndicate.errors import HubError
from syndicate.model import IntentMode
from syndicate.settings import WebSub
from syndicate.web.fields import from_urlencoded
from syndicate.websub.ask import LONGEST_CALLBACK, LONGEST_SECRET, Ask, read_ask

FEED = "https://news.example/feeds/daily/rss.xml"
CALLBACK = "https://reader.example:8443/cb?id=7&x=%2F"
SETTINGS = WebSub.model_validate({"hub": "internal"})
WANTED = {"hub.mode": "subscribe", "hub.topic": FEED, "hub.callback": CALLBACK}


def ask(**more: str) -> Ask:
    fields = WANTED | {f"hub.{name}": value for name, value in more.items()}
    return read_ask(from_urlencoded(urlencode(fields).encode()).one, SETTINGS)


def test_what_is_asked() -> None:
    assert ask() == Ask(IntentMode.SUBSCRIBE, FEED, CALLBACK, "reader.example", timedelta(days=10), None)
    assert ask(mode="unsubscribe", lease_seconds="nonsense").mode is IntentMode.UNSUBSCRIBE
    assert ask(secret="s3cret", verify="async", verify_token="x").secret == "s3cret"
    assert "s3cret" not in repr(ask(secret="s3cret"))


@pytest.mark.parametrize(
    ("asked", "given_lease"),
    [
        ("86400", timedelta(days=1)),
        ("", timedelta(days=10)),
        ("1", timedelta(hours=1)),
        ("0", timedelta(hours=1)),
        ("99999999999999999999", timedelta(days=30)),
    ],
)
def test_leases_have_bounds(asked: str, given_lease: timedelta) -> None:
    assert ask(lease_seconds=asked).lease == given_lease


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"mode": ""}, "hub.mode must be"),
        ({"mode": "SUBSCRIBE"}, "hub.mode must be"),
        ({"mode": "denied"}, "hub.mode must be"),
        ({"mode": "publish"}, "announces the feeds of its own site"),
        ({"topic": ""}, "hub.topic is needed"),
        ({"lease_seconds": "-1"}, "whole number"),
        ({"lease_seconds": "1.5"}, "whole number"),
        ({"lease_seconds": "٣"}, "whole number"),
        ({"secret": "x" * (LONGEST_SECRET + 1)}, "longer than 199 bytes"),
        ({"secret": "ä" * 100}, "longer than 199 bytes"),
        ({"secret": "a\0b"}, "NUL"),
        ({"callback": f"https://reader.example/{'x' * LONGEST_CALLBACK}"}, "longer than 2,000"),
        *(
            ({"callback": one}, "hub.callback must be")
            for one in (
                *("", "reader.example/cb", "ftp://reader.example/", "file:///etc/passwd", "javascript:x", "http://"),
                *("https://me:pw@reader.example/", "https://reader.example/#x", "https://reader.example:0/"),
                *("https://reader.example:99999/", "http://[::1", "https://reader.example/a b", "https://ж.example/"),
                "https://reader.example/\r\nX: y",
            )
        ),
    ],
)
def test_what_is_refused(wrong: dict[str, str], told: str) -> None:
    with pytest.raises(HubError, match=told):
        ask(**wrong)


def test_the_longest_secret_is_taken() -> None:
    assert ask(secret="x" * LONGEST_SECRET).secret == "x" * LONGEST_SECRET


NAMES = st.sampled_from([*WANTED, "hub.lease_seconds", "hub.secret", "other", ""])
VALUES = st.text(max_size=40) | st.sampled_from([*WANTED.values(), "unsubscribe", "60", "https://[", "http://a:b@c"])


@given(st.lists(st.tuples(NAMES, VALUES), max_size=8))
@hypothesis_settings(max_examples=80, deadline=None)
def test_any_form_is_a_request_or_refused(pairs: list[tuple[str, str]]) -> None:
    body = urlencode(pairs, errors="surrogatepass").encode()
    _is_sound(body)


@given(st.binary(max_size=200))
@hypothesis_settings(max_examples=60, deadline=None)
def test_any_body_is_a_request_or_refused(body: bytes) -> None:
    _is_sound(b"hub.mode=subscribe&hub.topic=x&hub.callback=https://a.example/%s" % body)
    _is_sound(body)


def _is_sound(body: bytes) -> None:
    """Whatever is taken can be kept, called, and counted for its host."""
    try:
        asked = read_ask(from_urlencoded(body).one, SETTINGS)
    except HubError:
        return
    assert asked.host
    assert asked.host == asked.host.lower()
    assert asked.callback.isascii()
    assert asked.callback.isprintable()
    assert SETTINGS.shortest_lease <= asked.lease <= SETTINGS.longest_lease
    assert asked.secret is None or 0 < len(asked.secret.encode()) <= LONGEST_SECRET
