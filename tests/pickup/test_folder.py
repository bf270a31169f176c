"""Folders: golden pairs of every kind of file, and what is not picked up."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from syndicate.errors import PickupError
from syndicate.pickup.folder import MAX_FILE_BYTES, read_folder
from tests.pickup.golden import DATA, as_json, expected

FILES = sorted(path for kind in ("*.txt", "*.md", "*.html") for path in DATA.glob(kind))
WRITTEN_AT = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)


def put(folder: Path, name: str, text: str | bytes = "A short lead that is a whole sentence.") -> Path:
    """Write a file that was last touched at ``WRITTEN_AT``."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    os.utime(path, (WRITTEN_AT.timestamp(), WRITTEN_AT.timestamp()))
    return path


def guids(folder: Path) -> list[str]:
    return [content.guid for content in read_folder(folder).contents]


@pytest.mark.parametrize("source", FILES, ids=lambda path: path.name)
def test_file_becomes_its_golden_article(source: Path, tmp_path: Path) -> None:
    put(tmp_path, source.name, source.read_bytes())
    scan = read_folder(tmp_path)
    assert scan.problems == ()
    assert as_json(scan.contents) == expected(source)
    assert all(one.original and one.original.is_whole for one in scan.contents)


def test_files_in_other_encodings_say_the_same(tmp_path: Path) -> None:
    said = (DATA / "encodings.txt").read_text("utf-8")
    for name in ("cp1252", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"):
        put(tmp_path, f"{name}.txt", said.encode(name))
    (first, *others) = read_folder(tmp_path).contents
    assert "“déjà vu”" in first.html
    assert len(others) == 4
    assert {(other.title, other.html) for other in others} == {(first.title, first.html)}


def test_html_in_the_encoding_that_it_declares(tmp_path: Path) -> None:
    page = "<html><head><meta charset='windows-1251'><title>Мост</title></head><body><main><p>Открыт.</p></main>"
    put(tmp_path, "most.html", page.encode("cp1251"))
    (content,) = read_folder(tmp_path).contents
    assert (content.title, content.html) == ("Мост", "<p>Открыт.</p>")


def test_subfolders_are_read_and_named_with_slashes(tmp_path: Path) -> None:
    put(tmp_path, "2025/march/one.txt")
    put(tmp_path, "TWO.TXT")
    assert guids(tmp_path) == ["2025/march/one.txt", "TWO.TXT"]


def test_hidden_backup_and_other_files_are_not_there(tmp_path: Path) -> None:
    for name in (".hidden.txt", ".git/a.md", "a.md~", "a~.md", "#a.md", "image.png", "a.txt.swp"):
        put(tmp_path, name)
    (tmp_path / "folder.md").mkdir()
    scan = read_folder(tmp_path)
    assert scan.present == frozenset()
    assert scan.problems == ()


def test_links_that_lead_out_are_not_followed(tmp_path: Path) -> None:
    outside = put(tmp_path / "outside", "secret.txt")
    inside = tmp_path / "articles"
    real = put(inside, "real.txt")
    (inside / "secret.txt").symlink_to(outside)
    (inside / "all").symlink_to(outside.parent, target_is_directory=True)
    (inside / "gone.txt").symlink_to(inside / "nowhere.txt")
    (inside / "same.txt").symlink_to(real)
    assert guids(inside) == ["real.txt", "same.txt"]


def test_draft_is_not_there(tmp_path: Path) -> None:
    put(tmp_path, "a.md", "---\ndraft: true\n---\n# A\n\ntext")
    assert read_folder(tmp_path).present == frozenset()


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.md", b"---\ndate: soon\n---\nx", "date: found 'soon'; write a date"),
        ("a.txt", b"", "is empty"),
        ("a.html", b" ", "is empty"),
        ("a.txt", b"x" * (MAX_FILE_BYTES + 1), "at most 5,000,000"),
    ],
)
def test_unreadable_file_is_a_problem_and_still_there(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    put(tmp_path, name, data)
    put(tmp_path, "good.txt")
    scan = read_folder(tmp_path)
    (problem,) = scan.problems
    assert reason in str(problem)
    assert str(problem).startswith(f"{name}: ")
    assert scan.unreadable == (name,)
    assert scan.present == {name, "good.txt"}


def test_name_that_is_not_utf8_is_a_problem(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt")).write_text("A lead.")
    (problem,) = read_folder(tmp_path, second_look_s=0).problems
    assert "rename it" in str(problem)


@pytest.mark.parametrize("name", ["nowhere", "a-file"])
def test_missing_folder_says_so(tmp_path: Path, name: str) -> None:
    put(tmp_path, "a-file")
    with pytest.raises(PickupError, match="is not a folder"):
        read_folder(tmp_path / name)


def test_file_just_saved_is_picked_up_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A lead.")
    scan = read_folder(tmp_path, second_look_s=0.01)
    assert [content.guid for content in scan.contents] == ["a.txt"]


def test_file_being_written_is_neither_picked_up_nor_gone(tmp_path: Path) -> None:
    put(tmp_path, "old.txt")
    path = tmp_path / "growing.txt"
    path.write_text("Half a sen")
    done = threading.Event()

    def write() -> None:
        with path.open("a") as file:
            while not done.wait(0.005):
                file.write("tence ")
                file.flush()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        scan = read_folder(tmp_path, second_look_s=0.1)
    finally:
        done.set()
        writer.join()
    assert scan.unsettled == ("growing.txt",)
    assert [content.guid for content in scan.contents] == ["old.txt"]
    assert scan.present == {"growing.txt", "old.txt"}
    assert guids(tmp_path) == ["growing.txt", "old.txt"]
