"""The writer: any document that loads, and any legal change, load again with just that change; comments stay."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.errors import ConflictError
from syndicate.settings.edit import Change, edit, table_of
from syndicate.settings.load import ARRAYS, understand

SHIPPED = Path("templates/init/syndicate.toml").read_text("utf-8").replace("{{ secret }}", "s" * 40)

words = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")) | st.sampled_from('"\\#[]=é '), max_size=12
)
lines = words.filter(str.strip)
remarks = st.sampled_from(("", "  # as agreed", " # [[sources]]", "# = \"x\" 'y'"))
crons = st.sampled_from(("0 7 * * *", "30 6 * * mon", "0 0 1 * *"))
cadences = st.dictionaries(st.sampled_from(("daily", "weekly", "monthly", "late")), crons, min_size=1)
changed = st.fixed_dictionaries(
    {},
    optional={
        "title": lines,
        "description": words | st.none(),
        "review": st.booleans() | st.none(),
        "max_articles": st.integers(1, 200) | st.none(),
        "tags": st.lists(lines, max_size=3),
        "timezone": st.sampled_from(("UTC", "Europe/Belgrade")) | st.none(),
        "max_lateness": st.sampled_from(("6h", "90s")) | st.none(),
        "cadences": cadences,
    },
)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, list[str], list[str]]:
    """A document in any of many hands, with its newsletters and its sources."""
    slugs = draw(st.lists(st.sampled_from(("daily", "harbour", "sport")), min_size=1, unique=True))
    names = draw(st.lists(st.sampled_from(("newsroom", "wire")), unique=True))

    def note() -> str:
        return draw(st.sampled_from(("", "\n", "\n# About what comes\n", "# close by\n", "\n\n  # indented\n\n")))

    def said(key: str, value: str) -> str:
        return f"{draw(st.sampled_from(('', '  ')))}{key}{draw(st.sampled_from((' = ', '=')))}{value}{draw(remarks)}\n"

    text = note() + "[site]\n" + said("name", quoted(draw(lines))) + said("url", '"https://a.example"') + note()
    text += said("postal_address", "'''1 Quay Street'''") + said("secret", quoted("s" * 40)) + note()
    text += "[smtp]\n" + said("url", '"smtp://127.0.0.1:9"') + note()
    for name in names:
        text += "[[sources]]\n" + said("name", quoted(name)) + said("kind", '"feed"') + note()
        text += said("url", '"https://b.example/feed"') + draw(st.sampled_from(("", '#every = "15m"   # looks\n')))
        text += note()
    for slug in slugs:
        text += "[[newsletters]]\n" + said("slug", quoted(slug)) + said("title", quoted(draw(lines))) + note()
        text += said("sender", '"a@b.example"') + draw(st.sampled_from(("", "#review = false   # (example) of it\n")))
        text += draw(st.sampled_from(("", "tags = [\n  'x', # one\n  'y',\n]\n")))
        given = draw(cadences)
        if draw(st.booleans()):
            inline = ", ".join(f"{key} = {quoted(value)}" for key, value in given.items())
            text += said("cadences", f"{{ {inline} }}") + note()
        else:
            text += note() + "[newsletters.cadences]\n"
            text += "".join(said(key, quoted(value)) for key, value in given.items()) + note()
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return draw(st.sampled_from(("", "\ufeff"))) + text, slugs, names


def remarks_of(text: str) -> set[str]:
    """What is said in lines that are comments and nothing else."""
    return {line.strip() for line in text.splitlines() if re.match(r"\s*#", line)}


def plain(text: str) -> dict[str, Any]:
    return tomllib.loads(text.removeprefix("\ufeff"))


@settings(max_examples=25, deadline=None)
@given(documents(), changed, st.data())
def test_a_change_changes_just_that(
    document: tuple[str, list[str], list[str]], values: dict[str, Any], data: st.DataObject
) -> None:
    text, slugs, _ = document
    understand(text, Path("/srv/syndicate.toml"), {})
    slug = data.draw(st.sampled_from(slugs))
    edited = edit(text, Change("put", "newsletters", slug, values))
    expected = plain(text)
    table = next(one for one in expected["newsletters"] if one["slug"] == slug)
    for key, value in values.items():
        table.pop(key, None) if value is None else table.update({key: value})
    found = plain(edited)
    assert found == expected
    if "cadences" in values:
        written = next(one for one in found["newsletters"] if one["slug"] == slug)["cadences"]
        assert list(written) == list(values["cadences"])
    taken_up = {one for one in remarks_of(text) if one.startswith("#review")}
    assert remarks_of(text) - taken_up <= remarks_of(edited)
    assert ("\r\n" in text) == ("\r\n" in edited)
    assert edit(edited, Change("put", "newsletters", slug, values)) == edited
    understand(edited, Path("/srv/syndicate.toml"), {})


@settings(max_examples=15, deadline=None)
@given(documents(), st.booleans())
def test_what_is_added_and_removed_again_leaves_what_was_there(
    document: tuple[str, list[str], list[str]], is_source: bool
) -> None:
    text, _, _ = document
    section, name = ("sources", "new") if is_source else ("newsletters", "new")
    values: dict[str, Any] = (
        {"name": "new", "kind": "folder", "path": 'a"b'}
        if is_source
        else {"slug": "new", "title": "N", "sender": "a@b.example", "cadences": {"late": "0 7 * * *", "instant": True}}
    )
    more = edit(text, Change("add", section, values=values))
    assert plain(more)[section] == [*plain(text).get(section, []), values]
    understand(more, Path("/srv/syndicate.toml"), {})
    assert remarks_of(text) <= remarks_of(more)
    less = edit(more, Change("remove", section, name))
    assert plain(less) == plain(text)
    assert remarks_of(text) <= remarks_of(less)
    assert plain(table_of(more, section, name)) == {section: [values]}


@settings(max_examples=15, deadline=None)
@given(documents(), st.data())
def test_what_is_removed_takes_nothing_else_along(
    document: tuple[str, list[str], list[str]], data: st.DataObject
) -> None:
    text, slugs, names = document
    section = data.draw(st.sampled_from(("newsletters", "sources") if names else ("newsletters",)))
    name = data.draw(st.sampled_from(slugs if section == "newsletters" else names))
    less = edit(text, Change("remove", section, name))
    expected = plain(text)
    expected[section] = [one for one in expected[section] if one[ARRAYS[section]] != name]
    assert plain(less) == {key: value for key, value in expected.items() if value}


def test_a_setting_that_is_commented_out_is_taken_up_where_it_stands() -> None:
    edited = edit(SHIPPED, Change("put", "newsletters", "daily", {"review": True, "relay": "backup"}))
    assert "\nreview = true                           # true: a composed digest waits until you approve it\n" in edited
    assert '\nrelay = "backup"                        # mail goes over this relay only' in edited
    assert len(edited.splitlines()) == len(SHIPPED.splitlines())


def test_a_new_one_comes_before_what_is_about_the_next() -> None:
    edited = edit(SHIPPED, Change("add", "sources", values={"name": "b", "kind": "feed", "url": "https://b.example/"}))
    before, _, after = edited.partition('name = "b"')
    assert before.endswith("count as new\n\n[[sources]]\n")
    assert after.startswith('\nkind = "feed"\nurl = "https://b.example/"\n\n# Another one (example)')


@pytest.mark.parametrize(
    "text",
    [
        "newsletters = [ {slug = 'a', title = 'A', cadences = {daily = '0 7 * * *'}} ]\nsite = {name = 'x'}\n",
        "site.name = 'x'\n[[newsletters]]\nslug = 'a'\ntitle = 'A'\ncadences.daily = '0 7 * * *'",
        "[[newsletters]]\nslug='a'\ntitle='A'\n[newsletters.cadences]\ndaily='0 7 * * *'\n[site]\nname='x'\n",
        "[[newsletters]]\nslug='a'\ntitle='A'\n[site]\nname='x'\n[[newsletters]]\nslug='b'\n[newsletters.cadences]\nx=''",
    ],
)
def test_any_way_to_write_it_is_changed_rightly_or_refused(text: str) -> None:
    for change in (
        Change("put", "newsletters", "a", {"title": "B", "cadences": {"weekly": "1 1 * * *", "daily": "0 7 * * *"}}),
        Change("put", "newsletters", "a", {"review": True}),
        Change("add", "newsletters", values={"slug": "c", "cadences": {"daily": "0 7 * * *"}}),
        Change("remove", "newsletters", "a"),
        Change("put", "site", values={"language": "sq"}),
    ):
        try:
            edited = tomllib.loads(edit(text, change))
        except ConflictError:
            continue
        if change.act == "put" and change.name:
            assert edited["newsletters"][0] == {**tomllib.loads(text)["newsletters"][0], **change.values}
        if change.section == "site":
            assert edited["site"] == {"name": "x", "language": "sq"}


def test_what_is_not_there_any_more_is_told() -> None:
    with pytest.raises(ConflictError, match="no 'gone'"):
        edit(SHIPPED, Change("remove", "newsletters", "gone"))
