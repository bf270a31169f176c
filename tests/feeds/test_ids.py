"""Ids and the names of tags: stable, whatever goes in."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from syndicate.feeds.ids import Ids, authority_of
from syndicate.feeds.tags import slug_of

IDS = Ids("news.lakeside.example")
OURS = "tag:news.lakeside.example,2026:articles/"
URI = re.compile(f"[{re.escape(string.ascii_letters + string.digits + ':/.,%-_~')}]+")


@pytest.mark.parametrize(
    "guid",
    ["https://a.example/?p=1", "http://a.example/", "tag:a.example,2004:x", "urn:uuid:1-2", "https://a.example/é"],
)
def test_an_absolute_uri_is_kept(guid: str) -> None:
    assert IDS.article(guid, "s") == guid


@pytest.mark.parametrize(
    "guid", ["2026/hall.md", "1234", "", "javascript:alert(1)", "https://a.example/a b", "https://a\n", f"{OURS}other"]
)
def test_anything_else_becomes_a_tag_uri(guid: str) -> None:
    assert IDS.article(guid, "hall") == f"{OURS}hall"


@given(slug=st.text(st.characters(exclude_categories=()), min_size=1, max_size=20))
@hypothesis_settings(max_examples=50, deadline=None)
def test_a_tag_uri_is_a_uri(slug: str) -> None:
    assert URI.fullmatch(IDS.article("1", slug))


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("https://news.lakeside.example:8443/letters", "news.lakeside.example"),
        ("http://[::1]:8000", "%3A%3A1"),
        ("https://Käse.example", "k%C3%A4se.example"),
    ],
)
def test_the_authority_is_the_host(url: str, authority: str) -> None:
    assert authority_of(url) == authority


@pytest.mark.parametrize(
    ("tag", "slug"),
    [
        ("Harbour", "harbour"),
        ("Money & fees", "money-fees"),
        ("  C++ / snake_case ", "c-snake-case"),
        ("Привреда", "привреда"),
        ("Straße", "strasse"),
        ("ＦＵＬＬ", "full"),
        ("日本", "日本"),
        ("../../etc", "etc"),
        ("!!!", ""),
        ("x" * 300, "x" * 100),
        ("ж" * 300, "ж" * 50),
    ],
)
def test_a_tag_has_a_name_in_addresses(tag: str, slug: str) -> None:
    assert slug_of(tag) == slug


@given(tag=st.text(st.characters(exclude_categories=()), max_size=200))
@hypothesis_settings(max_examples=100, deadline=None)
def test_a_name_is_one_folder_and_its_own_name(tag: str) -> None:
    name = slug_of(tag)
    assert re.fullmatch(r"[\w-]*", name)
    assert len(name.encode()) <= 100
    assert slug_of(name) == name
