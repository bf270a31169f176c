"""What becomes of each folder of feeds: which pieces it tells of, and what they are made of. Called by ``plan``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from syndicate.feeds import selection
from syndicate.feeds.context import FeedContext, Gone, Piece
from syndicate.feeds.formats import ARCHIVED, FORMATS, Format
from syndicate.feeds.heads import Heads, digests_folder, page_folder
from syndicate.feeds.pieces import digest_piece, piece_of
from syndicate.feeds.selection import Selection
from syndicate.model import Digest
from syndicate.settings.newsletter import Newsletter
from syndicate.store import Connection, articles
from syndicate.store.articles import FeedRow

_BUILDER = sha256(
    b"\0".join(
        [version("feedgen").encode(), *(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))]
    )
).hexdigest()
"""Another program builds other feeds of the same articles."""


def fingerprint_of(*made_of: str) -> str:
    """Of what this program makes of these."""
    return sha256("\n".join([_BUILDER, *made_of]).encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A folder of feeds: the same in each of its formats.

    ``made_of`` names everything that its pieces are made of, in their order and with their versions.
    """

    folder: str
    head: FeedContext
    made_of: tuple[str, ...]
    pieces: Callable[[Connection], tuple[Piece, ...]]
    formats: Sequence[Format] = FORMATS

    @property
    def files(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(one.file for one in self.formats)

    @property
    def fingerprint(self) -> str:
        """Another one whenever the bytes of a file would be others."""
        return fingerprint_of(repr(self.head), *self.made_of)

    def build(self, connection: Connection) -> Iterator[tuple[str, bytes]]:
        """File → its bytes."""
        feed = replace(self.head, pieces=self.pieces(connection))
        for one in self.formats:
            yield one.file, one.build(feed)


class Sheets:
    """Makes sheets of articles and of digests; ``rows`` are all current articles.

    What was withdrawn after ``since`` has a tombstone. ``templates`` is another text when they are others.
    """

    def __init__(self, heads: Heads, rows: Sequence[FeedRow], since: datetime, templates: str) -> None:
        self._heads, self._since, self._templates = heads, since, templates
        self._shadowed = selection.shadowed(rows)
        self._facts = {row.id: f"{row.id} {row.slug} {row.version} {row.id in self._shadowed}" for row in rows}
        self._taken = {row.guid for row in rows}

    def sheet(self, folder: str, one: Selection, rows: Sequence[FeedRow]) -> Sheet:
        """A feed of articles without an archive."""
        head = self._heads.articles(folder, one.newsletter, one.tag)
        return self._of(folder, self._without(head, one.gone), rows)

    def with_archive(self, folder: str, one: Selection, ends: Sequence[int]) -> list[Sheet]:
        """A feed of articles and the pages of its archive, of which the last one ends where ``ends`` does."""
        size = self._heads.settings.feeds.entries
        shared, gone = selection.pages(one.rows, ends), selection.pages(one.gone, ends)
        head = self._heads.articles(folder, one.newsletter)
        feed = replace(self._without(head, one.gone), around=self._heads.around(folder, len(ends)))
        sheets = [self._of(folder, feed, selection.current(one.rows, shared[0], size))]
        for page in range(1, len(ends) + 1):
            place = page_folder(folder, page)
            around = self._heads.around(folder, len(ends), page)
            address = self._heads.links.feeds(place)
            style = "../../" + head.stylesheet
            archived = replace(head, address=address, around=around, stylesheet=style)
            sheets.append(self._of(place, self._without(archived, gone[page]), shared[page]))
        return sheets

    def digests(self, newsletter: Newsletter, found: Sequence[tuple[Digest, tuple[int, ...]]]) -> Sheet:
        """A feed of digests, newest first, each with its articles."""
        heads, language = self._heads, self._heads.language(newsletter)
        made_of = [
            f"{digest.id} {digest.subject} {[(one, self._facts.get(one)) for one in ids]}" for digest, ids in found
        ]
        if made_of:
            made_of.append(self._templates)

        def pieces(connection: Connection) -> tuple[Piece, ...]:
            return tuple(
                digest_piece(
                    digest, articles.by_ids(connection, ids), heads.templates, heads.links, heads.ids, language
                )
                for digest, ids in found
            )

        return Sheet(digests_folder(newsletter.slug), heads.digests(newsletter), tuple(made_of), pieces)

    def _of(self, folder: str, head: FeedContext, rows: Sequence[FeedRow]) -> Sheet:
        made_of = tuple(self._facts[row.id] for row in rows)
        pieces = partial(self._pieces, ids=[row.id for row in rows])
        return Sheet(folder, head, made_of, pieces, ARCHIVED if head.is_archived else FORMATS)

    def _pieces(self, connection: Connection, ids: Sequence[int]) -> tuple[Piece, ...]:
        make = self._heads.ids
        return tuple(
            piece_of(
                one,
                self._heads.links,
                make.shadowed(one.slug) if one.id in self._shadowed else make.article(one.guid, one.slug),
            )
            for one in articles.by_ids(connection, ids)
        )

    def _without(self, head: FeedContext, rows: Sequence[FeedRow]) -> FeedContext:
        """With tombstones for what was withdrawn, newest first; never for an id that a current article goes by."""
        lately = [(row, row.changed_at) for row in rows if row.changed_at and row.changed_at > self._since]
        gone = [Gone(self._heads.ids.article(row.guid, row.slug), at) for row, at in lately]
        kept = tuple(one for one in gone if one.id not in self._taken)
        return replace(head, gone=kept, withdrawn_at=rows[0].changed_at if rows else None)
