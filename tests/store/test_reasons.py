"""What servers said, grouped."""

from __future__ import annotations

from datetime import timedelta

from syndicate.model import DeliveryState
from syndicate.store import Store, reasons
from syndicate.store.reasons import pattern
from tests.store.test_remedies import NAMES, NOW, PLANNED, keep


def test_words_lose_what_is_about_one_mail() -> None:
    said = {
        "550 5.1.1 <ana@reader.example>: Recipient address rejected": "550 5.1.1 …: Recipient address rejected",
        "550-5.1.1 no such user d9443c01a7336-2e1 - gsmtp": "550-5.1.1 no such user … - gsmtp",
        "451 4.7.1 Greylisted, wait 300 seconds": "451 4.7.1 Greylisted, wait 300 seconds",
        "554 5.7.1 192.0.2.7 is listed, see https://bl.example/q?ip=192.0.2.7": (
            "554 5.7.1 192.0.2.7 is listed, see https://bl.example/q?ip=192.0.2.7"
        ),
        "": "",
    }
    assert {text: pattern(text) for text in said} == said


def test_what_was_not_accepted_is_grouped_by_words_and_domain(store: Store) -> None:
    digest = keep(store)
    keep(store)
    with store.read() as connection:
        found = reasons.by_words(connection, digest, now=PLANNED - timedelta(1), limit=10)
        assert {(one.state, one.words, one.mails) for one in found} == {
            ("uncertain", "the server's words", 2),
            ("rejected", "the server's words", 1),
            ("expired", "the server's words", 1),
            ("queued", "the server's words", 1),
        }
        assert "queued" not in {one.state for one in reasons.by_words(connection, digest, now=NOW, limit=10)}
        troubles = reasons.by_trouble(connection, digest, now=NOW, limit=2)
        assert [(one.domain, one.state, one.mails) for one in troubles] == [
            ("expired", "expired", 1),
            ("held", "uncertain", 1),
        ]
        every = reasons.by_domain(connection, digest)
        assert {one.domain for one in every} == set(NAMES)
        assert [one.mails for one in every if one.state is DeliveryState.UNCERTAIN] == [1, 1]
