"""A digest looked at in a whole newsroom, and the catalogue of codes."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from syndicate.errors import ConflictError, NotFoundError
from syndicate.preflight.deliverability.checks import DELIVERABILITY
from syndicate.preflight.finding import Verdict
from syndicate.preflight.message.checks import MESSAGE
from syndicate.preflight.rules import RULES
from tests.newsroom import MONDAY, newsroom

DOCS = Path(__file__).resolve().parents[2] / "docs" / "check.md"


def test_each_variant_of_a_digest_is_looked_at_and_told_once(tmp_path: Path) -> None:
    with newsroom(tmp_path) as room:
        preflight = room.app.preflight
        [empty] = asyncio.run(preflight.of_mails(preflight.mails(None, MONDAY), offline=True))
        assert (empty.about, empty.count(Verdict.UNCHECKED)) == ("the next digest of brief", 1)
        room.reader("ana@example.org")
        room.reader("bo@example.org", "daily", "lake")
        room.article("{{ Ferry }}", "lake")
        room.article("Harbour")
        [digest] = room.compose()
        first, second = asyncio.run(preflight.of_mails(preflight.mails(digest.id, MONDAY), offline=True))
        assert first.about.startswith(f"digest {digest.id}, variant ")
        assert first.count(Verdict.BLOCKS) >= 1
        assert not {*second.findings} & {*first.findings}
        room.clock.pass_by(days=1)
        [nothing] = room.app.digests.compose_due(room.clock())
        with pytest.raises(NotFoundError):
            preflight.mails(99, MONDAY)
        with pytest.raises(ConflictError, match="no mail to look at"):
            preflight.mails(nothing.id, MONDAY)


def test_every_code_is_documented() -> None:
    codes = re.findall(r"^\| `([a-z0-9-]+)` \| (?!looks|rule \|)", DOCS.read_text("utf-8"), re.MULTILINE)
    known = [*MESSAGE, *DELIVERABILITY, *(one.check for one in RULES)]
    others = {verdict.value for verdict in Verdict} | {"code"}
    assert sorted(one for one in codes if one not in others) == sorted(one.code for one in known)
