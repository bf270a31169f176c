from __future__ import annotations

import html
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.errors import TemplateError
from syndicate.model import Subscriber
from syndicate.render.environment import open_templates, render
from syndicate.render.holes import NameHole, check, fill, hole, new_nonce, open_holes, reader_values

VALUES = {"name": "Ana <b> & 'co' \"x\"", "email": "ana@reader.example"}


def test_a_nonce_is_random_and_made_of_letters_and_digits() -> None:
    nonces = {new_nonce() for _ in range(100)}
    assert len(nonces) == 100
    assert all(one.isalnum() and one.isascii() and one[0].isalpha() and len(one) > 16 for one in nonces)


def test_values_are_escaped_where_asked() -> None:
    text = f"<a title='{hole('h1', 'name')}'>"
    assert fill(text, "h1", VALUES, escape=False) == f"<a title='{VALUES['name']}'>"
    assert fill(text, "h1", VALUES, escape=True) == f"<a title='{html.escape(VALUES['name'])}'>"


def test_a_value_opens_no_hole() -> None:
    values = {"name": hole("h1", "email"), "email": "ana@reader.example"}
    assert fill(hole("h1", "name"), "h1", values, escape=False) == hole("h1", "email")


def test_an_unknown_hole_is_an_error() -> None:
    with pytest.raises(TemplateError, match="'topic'"):
        fill(hole("h1", "topic"), "h1", VALUES, escape=False)


@settings(deadline=None)
@given(st.text(), st.sampled_from(["greeting", "name", "email", "unsubscribe", "preferences"]))
def test_articles_cannot_bring_holes(text: str, name: str) -> None:
    """Whoever writes an article can know every nonce that ever was, but not the next one."""
    hostile = text + hole(new_nonce(), name) + f"_{name}_" + "{{ subscriber.email }}"
    nonce = new_nonce()
    before, after = f"{hostile}|", f"|{hostile}"
    filled = fill(before + hole(nonce, "email") + after, nonce, VALUES, escape=True)
    assert filled == f"{before}ana@reader.example{after}"


@pytest.mark.parametrize("name", ["own.html", "own.txt"])
def test_holes_can_be_written_passed_and_set(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(
        "{% macro link(url) %}[{{ url }}]{% endmacro %}{% set who = subscriber.name %}"
        "{{ greeting }} {{ who }} {{ subscriber.email }} {{ link(unsubscribe_url) }} {{ preferences_url }}",
        encoding="utf-8",
    )
    assert render(open_templates(tmp_path), name, **open_holes("h1", NameHole("h1", is_known=True))) == (
        "Helloh1_called_, h1_name_ h1_email_ [h1_unsubscribe_] h1_preferences_"
    )


@pytest.mark.parametrize("name", ["own.html", "own.txt"])
@pytest.mark.parametrize(
    "use",
    [
        "{% if subscriber.name == 'Ana' %}{% endif %}",
        "{% if 'Ana' != subscriber.name %}{% endif %}",
        "{% if subscriber.name in ['Ana'] %}{% endif %}",
        "{% if 'A' in subscriber.name %}{% endif %}",
        "{% if subscriber.name > 'A' %}{% endif %}",
        "{{ subscriber.name | length }}",
        "{{ subscriber.name | upper }}",
        "{{ subscriber.name | title }}",
        "{{ subscriber.name | truncate(3) }}",
        "{{ subscriber.name | clip(3) }}",
        "{{ subscriber.name | replace('a', 'b') }}",
        "{{ subscriber.email | urlencode }}",
        "{{ subscriber.name | first }}",
        "{{ subscriber.name.split(' ')[0] }}",
        "{{ subscriber.name[0] }}",
        "{{ subscriber.name['x'] }}",
        "{{ 'Dear ' ~ subscriber.name }}",
        "{{ 'Dear ' + subscriber.name }}",
        "{{ 'Dear %s' | format(subscriber.name) }}",
        "{{ 'Dear {}'.format(subscriber.name) }}",
        "{% for letter in subscriber.name %}{% endfor %}",
    ],
)
def test_holes_can_be_neither_tested_nor_changed(tmp_path: Path, name: str, use: str) -> None:
    (tmp_path / name).write_text(f"\n{use}", encoding="utf-8")
    with pytest.raises(TemplateError, match="use greeting") as caught:
        render(open_templates(tmp_path), name, **open_holes("h1", NameHole("h1", is_known=True)))
    assert (caught.value.template, caught.value.line) == (name, 2)


@pytest.mark.parametrize(
    ("use", "known", "unknown"),
    [
        ("{% if subscriber.name %}Dear {{ subscriber.name }}{% else %}Hi{% endif %}", "Dear h1_name_", "Hi"),
        ("{% if not subscriber.name %}Hi{% endif %}", "", "Hi"),
        ("{{ subscriber.name or 'reader' }}", "h1_name_", "reader"),
        ("{{ subscriber.name | default('reader', true) }}", "h1_name_", "reader"),
        ("{{ greeting or 'Hi' }}{{ 'x' if unsubscribe_url }}", "Helloh1_called_,x", "Helloh1_called_,x"),
    ],
)
def test_a_template_may_ask_whether_there_is_a_name(tmp_path: Path, use: str, known: str, unknown: str) -> None:
    (tmp_path / "own.html").write_text(use, encoding="utf-8")
    for is_known, expected in ((True, known), (False, unknown)):
        name = NameHole("h1", is_known=is_known)
        assert render(open_templates(tmp_path), "own.html", **open_holes("h1", name)) == expected
        assert name.was_tested is ("subscriber" in use)


@pytest.mark.parametrize("damage", [hole("h1", "name").upper(), "h1_na", "h1_topic_", "h1"])
def test_a_damaged_hole_is_found(damage: str) -> None:
    check(f"a {hole('h1', 'name')} b", "h1", "own.html")
    with pytest.raises(TemplateError, match=r"own\.html.*line 2.*use greeting"):
        check(f"a {hole('h1', 'name')}\n{damage} b", "h1", "own.html")


@pytest.mark.parametrize(
    ("name", "greeted"),
    [
        ("Ana", "Hello Ana,"),
        ("  Ana María O'Neil-Šarić ", "Hello Ana María O'Neil-Šarić,"),
        ("", "Hello,"),
        ("win at https://casino.example", "Hello,"),
        ("www.casino.example", "Hello,"),
        ("a\nb", "Hello,"),
        ("x" * 61, "Hello,"),
    ],
)
def test_greeting(name: str, greeted: str) -> None:
    values = reader_values(
        Subscriber(id=1, email="a@reader.example", name=name), unsubscribe_url="", preferences_url=""
    )
    assert f"Hello{values['called']}," == greeted


def test_every_hole_has_a_value() -> None:
    reader = Subscriber(id=1, email="ana@reader.example", name="Ana")
    values = reader_values(reader, unsubscribe_url="https://u.example", preferences_url="https://p.example")
    assert values == {
        "greeting": "Hello Ana,",
        "called": " Ana",
        "name": "Ana",
        "email": "ana@reader.example",
        "unsubscribe": "https://u.example",
        "preferences": "https://p.example",
    }


def test_attributes_are_holes_with_something_for_who_has_none(tmp_path: Path) -> None:
    (tmp_path / "own.html").write_text(
        "{% set a = subscriber.attributes %}{{ a.city }}|{{ a['n_1'] }}|{{ a.get('city', 'Ö <b>') }}", encoding="utf-8"
    )
    nonce = new_nonce()
    text = render(open_templates(tmp_path), "own.html", **open_holes(nonce, NameHole(nonce, is_known=True)))
    check(text, nonce, "own.html")
    urls = {"unsubscribe_url": "", "preferences_url": ""}
    ana = Subscriber(id=1, email="a@example.org", attributes={"city": "Bar & Co", "n_1": "2", "x": "3"})
    bo = Subscriber(id=2, email="b@example.org", attributes={"x": "3"})
    assert fill(text, nonce, reader_values(ana, **urls), escape=True) == "Bar &amp; Co|2|Bar &amp; Co"
    assert fill(text, nonce, reader_values(bo, **urls), escape=True) == "||Ö &lt;b&gt;"


@pytest.mark.parametrize(
    "text",
    [
        "{% if subscriber.attributes.city %}x{% endif %}",
        "{{ subscriber.attributes.city | upper }}",
        "{{ subscriber.attributes['Ort'] }}",
        "{{ subscriber.attributes.city == 'Bar' }}",
    ],
)
def test_an_attribute_can_only_be_written(tmp_path: Path, text: str) -> None:
    (tmp_path / "own.html").write_text(text, encoding="utf-8")
    env, nonce = open_templates(tmp_path), new_nonce()
    with pytest.raises(TemplateError):
        check(render(env, "own.html", **open_holes(nonce, NameHole(nonce, is_known=True))), nonce, "own.html")
