"""Commands for what is picked up: sources (and release of held ones), articles."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from syndicate.cli.terminal import Json, opened, plural, show_json, show_table, tell
from syndicate.errors import ConflictError, NotFoundError
from syndicate.model import ArticleState, SourceState
from syndicate.pickup.release import release as release_held
from syndicate.render.tokens import webhook_key
from syndicate.settings import ApiSource, FolderSource, SourceSettings
from syndicate.store import articles as article_rows
from syndicate.store import follows
from syndicate.store import sources as source_rows

sources = typer.Typer(help="Sources: how their pick-ups went.", invoke_without_command=True)


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(sources, name="sources")
    app.command()(articles)


@sources.callback()
def listed(context: typer.Context, as_json: Json = False) -> None:
    """List the sources: state, last and next look and why then, articles, error."""
    if context.invoked_subcommand:
        return
    with opened() as app, app.store.read() as connection:
        counts = article_rows.counts(connection)
        told = follows.every(connection)
        found = [(one, source_rows.status(connection, one.name)) for one in app.settings.sources]
    facts = [
        {
            "name": source.name,
            "kind": source.kind,
            "origin": _origin(source),
            "state": status.state,
            "checked_at": status.checked_at,
            "succeeded_at": status.succeeded_at,
            "next_at": status.next_at,
            "why": status.why,
            "moved_to": status.location,
            "told_until": told[source.name].until if source.name in told else None,
            "failures": status.failures,
            "error": status.error,
            "articles": {state.value: counts.get((source.name, state), 0) for state in ArticleState},
        }
        for source, status in found
    ]
    if as_json:
        show_json(facts)
        return
    rows = [
        (
            source.name,
            source.kind,
            status.state,
            status.checked_at,
            status.next_at,
            status.why,
            counts.get((source.name, ArticleState.CURRENT), 0),
            counts.get((source.name, ArticleState.HELD), 0),
            status.error,
        )
        for source, status in found
    ]
    columns = ("name", "kind", "state", "last look", "next look", "because", "articles", "held", "error")
    show_table("", columns, rows, empty="there are no [[sources]] in the settings")
    for source, status in found:
        if status.state is SourceState.HELD:
            tell("held", f"{source.name}: `syndicate sources release {source.name}` lets it go", style="yellow")
        if status.state is SourceState.RETIRED:
            again = f"`syndicate pickup --source {source.name}` tries again"
            tell("retired", f"{source.name}: take it out, or set its new address; {again}", style="red")
        if (known := told.get(source.name)) and known.error:
            tell("hub", f"{source.name}: {known.hub} {known.error}", style="yellow")
        if status.location:
            tell("moved", f"{source.name}: set its `url` to {status.location}", style="yellow")


def _origin(source: SourceSettings) -> str:
    match source:
        case FolderSource():
            return str(source.path)
        case ApiSource():
            return "/api/v1/articles"
    return source.url


@sources.command()
def webhook(name: str) -> None:
    """Show the address and the secret that Ghost's webhooks need, for a source of kind `api`."""
    with opened() as app:
        known = [one.name for one in app.settings.sources if isinstance(one, ApiSource)]
        if name not in known:
            raise NotFoundError("source of kind api", name, known)
        tell("address", f"{app.settings.site.url}/api/v1/ghost/{name}")
        tell("secret", webhook_key(app.settings.site.secret.get_secret_value(), name))


@sources.command()
def release(
    name: str,
    publish_only: Annotated[bool, typer.Option("--publish-only", help="Into feeds, not into digests.")] = False,
) -> None:
    """Let a held source's articles go: into feeds, and into the next digests."""
    with opened() as app:
        known = [one.name for one in app.settings.sources]
        if name not in known:
            raise NotFoundError("source", name, known)
        with app.store.write() as connection:
            count = release_held(connection, name, now=datetime.now(UTC), publish_only=publish_only)
    if not count:
        raise ConflictError(f"source {name} holds nothing")
    tell("released", f"{plural(count, 'article')} of {name}")


def articles(
    source: Annotated[str | None, typer.Option(help="Only of this source.")] = None,
    state: Annotated[ArticleState, typer.Option(help="Only in this state.")] = ArticleState.CURRENT,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    as_json: Json = False,
) -> None:
    """List articles, newest first."""
    with opened() as app, app.store.read() as connection:
        known = [one.name for one in app.settings.sources]
        if source and source not in known:
            raise NotFoundError("source", source, known)
        found = article_rows.latest(connection, [source] if source else known, (), limit, state=state)
        links = {one.id: app.links.article(one) for one in found}
    if as_json:
        show_json(
            [
                {
                    "id": one.id,
                    "source": one.source,
                    "guid": one.guid,
                    "state": one.state,
                    "sequence": one.sequence,
                    "title": one.title,
                    "url": links[one.id],
                    "tags": one.tags,
                    "published_at": one.published_at,
                    "picked_up_at": one.picked_up_at,
                    "reading_minutes": one.reading_minutes,
                }
                for one in found
            ]
        )
        return
    rows = [(one.id, one.sequence, one.source, one.dated_at, one.title, ", ".join(one.tags)) for one in found]
    columns = ("id", "number", "source", "published", "title", "tags")
    show_table("", columns, rows, empty=f"no article is {state.value}; `syndicate pickup` looks for new ones")
