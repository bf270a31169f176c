"""Catalogues are complete and fit their templates; the right language is found; days are said as its speakers do."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docs import make_languages
from syndicate.errors import TemplateError
from syndicate.render.environment import open_templates, render, shipped_templates
from syndicate.render.languages import ENGLISH, Language, Languages

CATALOGUES = sorted(make_languages.FOLDER.glob("*.po"))
MOMENT = datetime(2026, 11, 3, 23, 30, tzinfo=UTC)
HELD = re.compile(r"%\((\w+)\)s|</?(\w+)[^>]*>")


def languages() -> Languages:
    return Languages([shipped_templates()])


def test_there_are_the_three() -> None:
    assert [path.stem for path in CATALOGUES] == ["de", "sq", "sr_Latn"]
    assert [one.name for one in languages().all] == ["English", "Deutsch", "Shqip", "Srpski (latinica)"]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_every_word_is_translated(path: Path) -> None:
    wanted = {one.id for one in make_languages.messages() if one.id}
    there = {one.id: one for one in make_languages.catalogue(path) if one.id}
    assert there.keys() == wanted, "run `make languages`, and translate what is new"
    for one in there.values():
        assert all(text.strip() for text in make_languages.forms_of(one)), one.id
        assert not one.fuzzy


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_a_translation_holds_what_its_text_holds(path: Path) -> None:
    for one in make_languages.catalogue(path):
        if one.id:
            original = one.id if isinstance(one.id, str) else one.id[-1]
            for text in make_languages.forms_of(one):
                assert sorted(HELD.findall(text)) == sorted(HELD.findall(original)), one.id
                assert text.replace("%(", "").count("%") == 0, one.id


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_plural_forms_are_as_many_as_the_language_has(path: Path) -> None:
    catalogue = make_languages.catalogue(path)
    plurals = [one for one in catalogue if isinstance(one.id, tuple)]
    assert plurals
    assert {len(make_languages.forms_of(one)) for one in plurals} == {catalogue.num_plurals}


def test_plurals() -> None:
    weeks = {
        tag: [languages().best([tag]).ngettext("%(num)s week", "%(num)s weeks", n) % {"num": n} for n in (1, 2, 5, 21)]
        for tag in ("en", "de", "sq", "sr")
    }
    assert weeks == {
        "en": ["1 week", "2 weeks", "5 weeks", "21 weeks"],
        "de": ["1 Woche", "2 Wochen", "5 Wochen", "21 Wochen"],
        "sq": ["1 javë", "2 javë", "5 javë", "21 javë"],
        "sr": ["1 nedelju", "2 nedelje", "5 nedelja", "21 nedelju"],
    }


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (["de"], "de"),
        (["de-AT"], "de"),
        (["DE_at"], "de"),
        (["sr"], "sr-Latn"),
        (["sr-Cyrl-RS"], "sr-Latn"),
        (["sr-Latn"], "sr-Latn"),
        (["fr", None, "", "sq-XK", "de"], "sq"),
        (["en-US", "de"], "en"),
        (["fr"], "en"),
        ([], "en"),
    ],
)
def test_the_first_that_there_is_is_chosen(wanted: list[str | None], found: str) -> None:
    assert languages().best(wanted).tag == found


@given(st.lists(st.text() | st.none()))
def test_any_wish_finds_a_language(wanted: list[str | None]) -> None:
    assert isinstance(languages().best(wanted), Language)


@pytest.mark.parametrize(
    ("tag", "day", "long_day", "often"),
    [
        ("en", "4 November 2026", "Wednesday, 4 November 2026", "every day"),
        ("de", "4. November 2026", "Mittwoch, 4. November 2026", "jeden Tag"),
        ("sq", "4 nëntor 2026", "e mërkurë, 4 nëntor 2026", "çdo ditë"),
        ("sr", "4. novembar 2026.", "sreda, 4. novembar 2026.", "svakog dana"),
    ],
)
def test_templates_say_days_in_a_language_and_a_zone(
    tmp_path: Path, tag: str, day: str, long_day: str, often: str
) -> None:
    (tmp_path / "own.txt").write_text("{{ then | day }}|{{ then | long_day }}|{{ 'daily' | often }}", "utf-8")
    env = open_templates(tmp_path)
    values = {"language": env.languages.best([tag]), "zone": ZoneInfo("Europe/Belgrade")}
    assert render(env, "own.txt", then=MOMENT, **values) == f"{day}|{long_day}|{often}"


def test_without_a_zone_a_day_is_that_of_the_instant(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("{{ then | day }}", "utf-8")
    assert render(open_templates(tmp_path), "own.txt", then=MOMENT) == "3 November 2026"


def test_other_cadences_are_called_by_their_name() -> None:
    assert ENGLISH.often("fridays") == "on the schedule “fridays”"
    assert ENGLISH.either(["a", "b", "c"]) == "a, b or c"
    assert ENGLISH.both(["A", "B", "C"]) == "A, B and C"


def test_values_are_escaped_in_pages_only(tmp_path: Path) -> None:
    for name in ("own.html", "own.txt"):
        (tmp_path / name).write_text("{{ _('<b>%(who)s</b>', who=who) }}", "utf-8")
    env = open_templates(tmp_path)
    assert render(env, "own.html", who="<i>") == "<b>&lt;i&gt;</b>"
    assert render(env, "own.txt", who="<i>") == "<b><i></b>"


def test_an_operator_adds_a_language_and_changes_one(tmp_path: Path) -> None:
    folder = tmp_path / "languages"
    folder.mkdir()
    (folder / "fr.po").write_text('msgid "Save"\nmsgstr "Enregistrer"\n', "utf-8")
    (folder / "de.po").write_text('msgid "Save"\nmsgstr "Sichern"\n', "utf-8")
    found = open_templates(tmp_path).languages
    assert [one.tag for one in found.all] == ["en", "de", "fr", "sq", "sr-Latn"]
    assert found.best(["fr"]).gettext("Save") == "Enregistrer"
    assert found.best(["fr"]).gettext("Pause") == "Pause"
    assert found.best(["de"]).gettext("Save") == "Sichern"
    (folder / "fr.po").write_text('msgid "Save"\nmsgstr "Sauver donc"\n', "utf-8")
    assert open_templates(tmp_path).languages.best(["fr"]).gettext("Save") == "Sauver donc"


@pytest.mark.parametrize(("name", "content"), [("fr.po", "nonsense\n"), ("xx.po", ""), ("fr.po", "\xff")])
def test_a_broken_catalogue_names_itself(tmp_path: Path, name: str, content: str) -> None:
    folder = tmp_path / "languages"
    folder.mkdir()
    (folder / name).write_bytes(content.encode("latin-1"))
    with pytest.raises(TemplateError, match=f"languages/{name}"):
        assert open_templates(tmp_path).languages.all
