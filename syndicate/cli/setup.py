"""Commands that set things up: init, migrate."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path
from typing import Annotated

import typer

from syndicate.cli.store import To, move
from syndicate.cli.terminal import say, settings, tell
from syndicate.errors import ConflictError, SyndicateError
from syndicate.render.environment import open_templates, render
from syndicate.samples import samples
from syndicate.settings import CONFIG_NAME
from syndicate.store import Store


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command()(init)
    app.command()(migrate)


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where; it is made when it is missing.")] = Path(),
) -> None:
    """Write a commented syndicate.toml, two sample articles and a subscribers.csv; overwrites nothing."""
    source = samples() / "init"
    files = {
        Path(".gitignore" if name.name == "gitignore" else name.relative_to(source)): name
        for name in sorted(source.rglob("*"))
        if name.is_file()
    }
    taken = [str(name) for name in (Path(CONFIG_NAME), *files) if (directory / name).exists()]
    if taken:
        raise ConflictError(f"{directory.resolve()} has {', '.join(taken)} already; choose an empty folder")
    try:
        for name, origin in files.items():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(origin, directory / name)
        text = render(open_templates(), f"init/{CONFIG_NAME}", secret=secrets.token_urlsafe(32))
        config = directory / CONFIG_NAME
        config.touch(mode=0o600)
        config.write_text(text, "utf-8")
    except OSError as error:
        raise SyndicateError(f"{error.filename}: can't be written ({error.strerror}); choose another folder") from None
    for written in (Path(CONFIG_NAME), *files):
        tell("written", f"{directory / written!s}")
    say(f"\nNext: change \\[site] and \\[smtp] in {CONFIG_NAME}, then `syndicate subscribers import subscribers.csv`,")
    say("`syndicate pickup` and `syndicate preview daily --out preview` to look, and `syndicate serve` to begin.")


def migrate(context: typer.Context, to: To = None) -> None:
    """Bring the database to this version; does nothing when it is. With --to, move all of it to another database."""
    if to:
        move(context, to=to)
        return
    store = Store(settings().store.url)
    try:
        before = store.version()
        store.migrate()
        after = store.version()
    finally:
        store.close()
    if before == after:
        say(f"the database is at version {after} already")
    else:
        tell("migrated", f"{store.name} from {before or 'nothing'} to {after}")
