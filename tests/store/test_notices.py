"""What stands for a mailbox, whatever spelling of its address was typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.store.notices import mailbox_of


@pytest.mark.parametrize(
    ("email", "mailbox"),
    [
        ("Ana@example.org", "ana@example.org"),
        ("ana+news+x@example.org", "ana@example.org"),
        ("+ana@example.org", "+ana@example.org"),
        ("a.n.a@example.org", "a.n.a@example.org"),
    ],
)
def test_spellings(email: str, mailbox: str) -> None:
    assert mailbox_of(email) == mailbox


@given(st.emails(), st.text("abc123-", max_size=5))
def test_a_tag_and_the_case_mean_nothing(email: str, tag: str) -> None:
    local, _, domain = email.rpartition("@")
    mailbox = mailbox_of(email)
    assert mailbox_of(mailbox) == mailbox
    assert mailbox_of(f"{local}+{tag}@{domain}") == mailbox_of(f"{local.upper()}@{domain}") == mailbox
    assert mailbox.endswith(f"@{domain.casefold()}")
