"""What each role may do. The only place that says so; the console asks it for every address."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from syndicate.model import Role


class Right(StrEnum):
    """``view``: all but persons. ``edit``: articles, drafts, tests. ``send``: approve, send, stop, mend.

    ``readers``: see and change persons. ``settings``: newsletters, sources, templates. ``users``: who may sign in.
    """

    VIEW = "view"
    EDIT = "edit"
    SEND = "send"
    READERS = "readers"
    SETTINGS = "settings"
    USERS = "users"


RIGHTS: Mapping[Role, frozenset[Right]] = MappingProxyType(
    {
        Role.VIEWER: frozenset({Right.VIEW}),
        Role.EDITOR: frozenset({Right.VIEW, Right.EDIT}),
        Role.OPERATOR: frozenset(Right),
    }
)


def may(role: Role, right: Right) -> bool:
    """Whether somebody of that role may do it."""
    return right in RIGHTS[role]
