"""``/feeds``: what is published, and where."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi.responses import Response
from pydantic import BaseModel, Field

from syndicate.desk.tokens import Scope
from syndicate.feeds.formats import FORMATS
from syndicate.store import published
from syndicate.web.api.call import Called
from syndicate.web.api.entrance import needs, room

router = room("feeds")

_ARCHIVE = "archive"


class Published(BaseModel):
    """One file of a feed."""

    format: str = Field(examples=["Atom"])
    media_type: str = Field(examples=["application/atom+xml"])
    url: str = Field(examples=["https://news.example/feeds/daily/atom.xml"])
    bytes: int
    changed_at: datetime


class Feed(BaseModel):
    """A feed in every format: of a newsletter, of its digests, of a tag, or of all articles."""

    name: str = Field(description="Its folder.", examples=["daily"])
    files: list[Published]


class Feeds(BaseModel):
    """All that are published, but for pages of archives."""

    data: list[Feed]


@router.get("/feeds", response_model=Feeds, **needs(Scope.READ))
def list_feeds(call: Called) -> Response:
    """Every feed, by name."""
    with call.store.read() as connection:
        folders = published.folders(connection)
    home = f"{call.app.settings.site.url}/feeds/"
    feeds = [
        Feed(
            name=name,
            files=[
                Published(
                    format=kind.title,
                    media_type=kind.media_type,
                    url=f"{home}{name}/{kind.file}",
                    bytes=folder.files[kind.file][0],
                    changed_at=datetime.fromtimestamp(folder.files[kind.file][1] / 1e9, UTC),
                )
                for kind in FORMATS
                if kind.file in folder.files
            ],
        )
        for name, folder in sorted(folders.items())
        if _ARCHIVE not in name.split("/")
    ]
    return call.shown(Feeds(data=[one for one in feeds if one.files]))
