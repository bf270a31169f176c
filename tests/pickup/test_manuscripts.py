"""Articles written by hand: a form and a file say the same, and no file is ever lost or replaced."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.errors import ConflictError, NotFoundError, SyndicateError
from syndicate.pickup.folder import read_folder
from syndicate.pickup.manuscript import Manuscript, from_file, name_of, text_of, to_file
from syndicate.pickup.manuscripts import FOLDER, Manuscripts
from syndicate.render.text import printable

NOW = datetime(2026, 3, 2, 7, tzinfo=UTC)
lines = st.text(max_size=40).map(lambda text: " ".join(printable(text).split()))


@settings(max_examples=60)
@given(lines, lines, st.lists(lines.map(lambda one: one.replace(",", "")).filter(bool)), lines, st.text(max_size=60))
def test_what_was_typed_comes_back(title: str, summary: str, tags: list[str], author: str, text: str) -> None:
    typed = Manuscript(
        title=title,
        summary=summary,
        tags=tuple(dict.fromkeys(" ".join(one.split()) for one in tags if one.strip())),
        author=author,
        image="https://x.example/a.jpg",
        text=text_of(text),
    )
    assert from_file(to_file(typed), "x.md") == typed
    assert from_file(to_file(typed, slug="a", date=NOW), "x.md") == typed


def test_names_stand_everywhere() -> None:
    assert name_of("Čaj & „Đorđe“: 2 чаја!") == "caj-dorde-2-caja"
    assert name_of("../../etc/passwd\0") == "etc-passwd"
    assert name_of("湖") == name_of("") == "article"
    assert len(name_of("a" * 200)) == 60


def test_a_manuscript_is_kept_changed_and_published(tmp_path: Path) -> None:
    shelf = Manuscripts(tmp_path)
    (tmp_path / "the-ferry.md").write_text("Somebody's own.")
    name = shelf.keep("", Manuscript(title="The ferry", text="It *sails*."), "")
    assert shelf.keep("", Manuscript(title="The ferry"), "") == "the-ferry-2"
    assert [one.title for one in shelf.listed()] == ["The ferry", "The ferry"]
    assert [one.guid for one in read_folder(tmp_path).contents] == ["the-ferry.md"]
    first = shelf.open(name)[1]
    shelf.keep(name, Manuscript(title="The ferry", tags=("lake",), text="It *sails* now."), first)
    for act in (lambda: shelf.keep(name, Manuscript(), first), lambda: shelf.discard(name, first)):
        with pytest.raises(ConflictError, match="somebody else"):
            act()
    assert shelf.publish(name, shelf.open(name)[1], NOW) == "the-ferry-2.md"
    assert (tmp_path / "the-ferry.md").read_text() == "Somebody's own."
    [_, published] = sorted(read_folder(tmp_path).contents, key=lambda one: one.guid, reverse=True)
    published = next(one for one in read_folder(tmp_path).contents if one.guid == "the-ferry-2.md")
    assert (published.title, published.tags, published.slug) == ("The ferry", ("lake",), "the-ferry-2")
    assert (published.html, published.published_at) == ("<p>It <em>sails</em> now.</p>", NOW)
    shelf.discard("the-ferry-2", shelf.open("the-ferry-2")[1])
    assert shelf.listed() == []
    assert sorted(one.name for one in tmp_path.iterdir()) == [FOLDER, "the-ferry-2.md", "the-ferry.md"]


@pytest.mark.parametrize("name", ["../x", "..", "", "a/b", "A", "-a", "a" * 90, "a.md"])
def test_only_manuscripts_can_be_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.md").write_text("x")
    with pytest.raises(NotFoundError):
        Manuscripts(tmp_path).open(name)


def test_where_nothing_can_be_written_says_why(tmp_path: Path) -> None:
    assert "no folder" in Manuscripts(tmp_path / "none").obstacle()
    elsewhere = tmp_path / "elsewhere"
    folder = tmp_path / "articles"
    for one in (elsewhere, folder):
        one.mkdir()
    (folder / FOLDER).symlink_to(elsewhere)
    with pytest.raises(ConflictError, match="leads elsewhere"):
        Manuscripts(folder).keep("", Manuscript(title="T"), "")
    (folder / FOLDER).unlink()
    folder.chmod(0o555)
    with pytest.raises(ConflictError, match="may not be made"):
        Manuscripts(folder).keep("", Manuscript(title="T"), "")
    folder.chmod(0o755)
    (folder / FOLDER).mkdir()
    (folder / FOLDER / "odd.md").write_bytes(b"\xff---")
    assert [one.title for one in Manuscripts(folder).listed()] == ["odd"]
    with pytest.raises(SyndicateError, match="can't be read"):
        Manuscripts(folder).open("odd")
