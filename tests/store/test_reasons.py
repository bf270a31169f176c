"""What servers said, grouped."""

from __future__ import annotations

from syndicate.store.reasons import pattern


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
