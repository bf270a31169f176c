"""The tables as the migrations build them, the engine's promises, and databases that can't be used."""

from __future__ import annotations

import multiprocessing
import shutil
from datetime import datetime
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import bindparam, text
from sqlalchemy.exc import IntegrityError, StatementError

from syndicate.errors import StoreError
from syndicate.model import Content
from syndicate.store import Store, archive, articles, browse, digests, subscribers
from syndicate.store.browse import Wanted
from syndicate.store.engine import fulltext
from syndicate.store.engine.columns import Instant
from syndicate.store.schema import VERSION, metadata
from syndicate.store.words import parse
from tests.newsroom import MONDAY
from tests.tables import migrating


def test_migrations_build_the_schema(store: Store) -> None:
    foreign = (fulltext.TABLE, "deliveries_", "attempts_")
    with store.read() as connection:
        ours = {"include_name": lambda name, kind, _: kind != "table" or not name.startswith(foreign)}
        context = MigrationContext.configure(connection, opts={"compare_type": True} | ours)
        assert compare_metadata(context, metadata) == []


def test_migrating_again_does_nothing(store: Store) -> None:
    with store.write() as connection:
        articles.next_sequence(connection)
    store.migrate()
    store.check()
    assert store.version() == VERSION
    with store.read() as connection:
        assert articles.newest_sequence(connection) == 1


def test_another_version_is_refused_with_the_remedy(store: Store) -> None:
    with store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(StoreError, match=r"version 0000.*syndicate migrate"):
        store.check()


def test_states_that_do_not_exist_are_refused_by_the_database(store: Store) -> None:
    content = Content(guid="a", title="A", html="", text="", slug="a")
    with store.write() as connection:
        articles.add(connection, "s", content, now=MONDAY)
    with pytest.raises(IntegrityError), store.write() as connection:
        connection.execute(text("UPDATE articles SET state = 'nonsense'"))


def test_an_instant_without_a_zone_is_refused(store: Store) -> None:
    naive = datetime(2026, 3, 2)  # noqa: DTZ001
    content = Content(guid="a", title="A", html="", text="", slug="a")
    with pytest.raises(StatementError, match="no time zone"), store.write() as connection:
        articles.add(connection, "s", content, now=naive)


def test_an_article_comes_back_as_it_went_in(store: Store) -> None:
    content = Content(
        guid="g",
        title="Ä – “title”",
        html="<p>x</p>",
        text="x",
        slug="t",
        authors=("A", "B"),
        tags=("c",),
        takeaways=("d",),
        related=("e",),
        published_at=MONDAY,
        url="https://x.example/",
        language="sr",
    )
    with store.write() as connection:
        number = articles.add(connection, "s", content, now=MONDAY, numbered=True)
        again = articles.add(connection, "other", content, now=MONDAY)
    with store.read() as connection:
        found, second = articles.by_ids(connection, [number, again])
        assert articles.by_slug(connection, "t") == found
    assert found.content_hash == content.content_hash
    assert (found.published_at, found.sequence, second.sequence) == (MONDAY, 1, None)
    assert second.slug == "t-2"


def test_sqlite_commits_are_on_disk(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/x.db")
    with store.read() as connection:
        found = [
            connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    store.close()
    assert found == ["wal", 2, 1]


def hold(url: str, holding: Event, release: Event) -> None:
    store = Store(url)
    with store.write() as connection:
        articles.next_sequence(connection)
        holding.set()
        release.wait(30)
    store.close()


def test_a_second_writer_waits_for_the_first(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/x.db"
    store = Store(url)
    store.check()
    forking = multiprocessing.get_context("forkserver")
    holding, release = forking.Event(), forking.Event()
    other = forking.Process(target=hold, args=(url, holding, release))
    other.start()
    assert holding.wait(30)
    with store.read() as connection:
        assert articles.newest_sequence(connection) == 0
    release.set()
    with store.write() as connection:
        assert articles.next_sequence(connection) == 2
    other.join(30)
    store.close()


def test_databases_that_cannot_be_used_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no folder"):
        Store(f"sqlite:///{tmp_path}/missing/x.db")
    (tmp_path / "text.db").write_text("this is no database, it is text, and it goes on for a while" * 20)
    store = Store(f"sqlite:///{tmp_path}/text.db")
    with pytest.raises(StoreError, match="another kind of file"):
        store.check()
    store.close()
    (tmp_path / "folder.db").mkdir()
    store = Store(f"sqlite:///{tmp_path}/folder.db")
    with pytest.raises(StoreError, match="check that the path exists"):
        store.check()
    store.close()
    shutil.rmtree(tmp_path / "folder.db")


def test_a_password_is_not_shown() -> None:
    assert "secret" not in Store("postgresql+psycopg://user:secret@127.0.0.1:1/x").name


def test_readers_of_the_first_version_stay(empty_url: str) -> None:
    store = Store(empty_url)
    with store.write() as connection:
        command.upgrade(migrating(connection), "0001")
        now = bindparam("now", MONDAY, type_=Instant())
        for statement in (
            "INSERT INTO subscribers (email, domain, name, created_at) VALUES ('a@b.example', '', '', :now)",
            (
                "INSERT INTO subscriptions (subscriber_id, newsletter, state, cadence, topics, watermark, consent,"
                " created_at) VALUES (1, 'brief', 'active', 'daily', '', 7, 'asked', :now)"
            ),
        ):
            connection.execute(text(statement).bindparams(now))
    with pytest.raises(StoreError, match="syndicate migrate"):
        store.check()
    store.migrate()
    store.check()
    with store.read() as connection:
        [held] = subscribers.of_address(connection, "a@b.example")
        assert digests.zones_lived_in(connection, "brief", "daily").keys() == {""}
    assert (held.watermark, held.resume_at, held.state) == (7, None, "active")
    store.close()


def test_articles_and_digests_that_were_there_are_in_the_archive(empty_url: str) -> None:
    store = Store(empty_url)
    with store.write() as connection:
        command.upgrade(migrating(connection), "0003")
        now = bindparam("now", MONDAY, type_=Instant())
        article = (
            "INSERT INTO articles (source, guid, state, content_hash, slug, title, html, text, summary, authors, tags,"
            " enclosures, takeaways, related, dated_at, picked_up_at, changed_at) VALUES ('s', '{0}', 'current', '',"
            " '{0}', 'Ferry {0}', '', 'Čačak', '', '[\"Ana\"]', '[\"Lake\", \"lake\"]', '[]', '[]', '[]', :now,"
            " :now, :now)"
        )
        digest = (
            "INSERT INTO digests (id, newsletter, cadence, slot, due_at, state, subject, upto, note, composed_at)"
            " VALUES (1, 'brief', 'daily', 'x', :now, 'sent', 'S', 2, '', :now)"
        )
        for statement in (article.format("a"), article.format("b"), digest):
            connection.execute(text(statement).bindparams(now))
        variant = (
            "INSERT INTO variants (digest_id, articles, subject, html, text, nonce) VALUES (1, '{}', '', '', '', '')"
        )
        for ids in ("[2, 1]", "[1]"):
            connection.execute(text(variant.format(ids)))
    store.migrate()
    store.check()
    with store.read() as connection:
        assert {hit.id for hit in fulltext.find(connection, parse("ana cacak"), ("s",), 10)} == {1, 2}
        assert archive.titles(connection, [1]) == {1: ["Ferry b", "Ferry a"]}
        assert [one.id for one in browse.page(connection, Wanted(tag="LAKE"), limit=9)] == [2, 1]
    store.close()
