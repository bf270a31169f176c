"""The operator's own templates as files: kept, reverted, never outside their folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from syndicate.desk.templates import PURPOSES, OwnTemplates
from syndicate.errors import ConflictError, NotFoundError, SyndicateError
from syndicate.render.environment import shipped_templates

NAME = "email/digest/subject.txt"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "templates.md"


def test_every_template_that_is_shipped_has_its_purpose() -> None:
    shipped = shipped_templates()
    files = {
        one.relative_to(shipped).as_posix()
        for room in ("email", "web", "feeds")
        for one in (shipped / room).rglob("*.*")
    }
    assert set(PURPOSES) == files
    listed = PAGE.read_text("utf-8").partition("## Which there are")[2].partition("\n## ")[0]
    told = {
        name: purpose
        for names, purpose in re.findall(r"^\| ((?:`\S+`,? ?)+)\| (.*) \|$", listed, re.MULTILINE)
        for name in re.findall(r"`([^`]+)`", names)
    }
    assert told == dict(PURPOSES)


def test_an_own_template_is_written_kept_and_given_up(tmp_path: Path) -> None:
    templates = OwnTemplates(tmp_path / "templates")
    first = templates.open(NAME)
    assert (first.is_own, first.text) == (False, first.shipped)
    templates.save(NAME, first.text, first.print)
    assert templates.own() == frozenset()

    templates.save(NAME, "one", first.print)
    assert (tmp_path / "templates" / NAME).read_text() == "one"
    assert templates.own() == {NAME}
    with pytest.raises(ConflictError, match="changed by somebody else"):
        templates.save(NAME, "mine", first.print)
    (tmp_path / "templates" / NAME).chmod(0o600)
    templates.save(NAME, "two", templates.open(NAME).print)
    assert (tmp_path / "templates" / NAME).stat().st_mode & 0o777 == 0o600
    [version] = templates.versions(NAME)
    assert templates.version(NAME, version.number) == "one"
    templates.save(NAME, first.shipped, templates.open(NAME).print)
    assert not templates.open(NAME).is_own
    assert [one.number for one in templates.versions(NAME)] == [2, 1]
    assert templates.version(NAME, 2) == "two"
    with pytest.raises(NotFoundError):
        templates.version(NAME, 3)
    assert sorted(one.name for one in (tmp_path / "templates" / NAME).parent.iterdir()) == [
        "subject.txt.~1~",
        "subject.txt.~2~",
    ]


@pytest.mark.parametrize(
    "name", ["../syndicate.toml", "/etc/passwd", "email/../../x", "console/base.html", "init/syndicate.toml", "", "web"]
)
def test_only_what_is_shipped_for_it_can_be_named(tmp_path: Path, name: str) -> None:
    templates = OwnTemplates(tmp_path)
    for act in (templates.open, templates.versions, templates.obstacle):
        with pytest.raises(NotFoundError):
            act(name)
    with pytest.raises(NotFoundError):
        templates.save(name, "x", "")


def test_what_may_not_be_written_is_not(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "email").symlink_to(elsewhere, target_is_directory=True)
    templates = OwnTemplates(folder)
    assert "outside" in templates.obstacle(NAME)
    with pytest.raises(ConflictError, match="outside"):
        templates.save(NAME, "x", templates.open(NAME).print)
    assert not list(elsewhere.iterdir())

    folder.chmod(0o555)
    assert "may not be made" in templates.obstacle("web/style.css")
    folder.chmod(0o755)
    own = folder / "web" / "style.css"
    own.parent.mkdir()
    own.write_bytes(b"\xff")
    with pytest.raises(SyndicateError, match="not UTF-8"):
        templates.open("web/style.css")
    own.chmod(0o444)
    assert "may not be written" in templates.obstacle("web/style.css")
