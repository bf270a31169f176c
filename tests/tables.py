"""Databases with their tables and nothing in them. To copy one is much quicker than to build it."""

from __future__ import annotations

import atexit
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from alembic.config import Config

from syndicate.store import Connection, Store

NAME = "syndicate.db"
"""Of the file, where settings say nothing else."""


def ready(directory: Path, name: str = NAME) -> Path:
    """The file of one in that folder; one that is there already is left alone."""
    file = directory / name
    if not file.exists():
        shutil.copyfile(_built(), file)
    return file


@cache
def _built() -> Path:
    file = Path(mkdtemp(prefix="tables-")) / NAME
    atexit.register(shutil.rmtree, file.parent)
    build(f"sqlite:///{file}")
    return file


def build(url: str) -> None:
    """Has the migrations build them in an empty database."""
    store = Store(url)
    store.check()
    store.close()


def migrating(connection: Connection) -> Config:
    """What alembic's commands take to change the tables of that database in the transaction that is open."""
    config = Config()
    config.set_main_option("script_location", "syndicate.store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
