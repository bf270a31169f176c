from __future__ import annotations

from datetime import UTC, datetime

import pytest

from syndicate.model import Digest, DigestState, Parts
from syndicate.store import Store, digests

NOW = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize("unnamed", [None, Parts("Hi", "<p>Hi</p>", "Hi", "h1")])
def test_a_variant_comes_back_as_it_was_frozen(store_url: str, unnamed: Parts | None) -> None:
    store = Store(store_url)
    parts = Parts("Hi h1_name_", "<p>h1_name_</p>", "h1_name_", "h1", unnamed)
    with store.write() as connection:
        digest = Digest(
            id=digests.take_id(connection),
            newsletter="daily",
            cadence="daily",
            slot="one",
            due_at=NOW,
            state=DigestState.SENDING,
            subject="Hi",
            upto=1,
            composed_at=NOW,
        )
        digests.add(connection, digest)
        digests.add_variant(connection, digest.id, [3, 1], parts)
        [variant] = digests.variants_of(connection, digest.id)
    store.close()
    assert (variant.articles, variant.parts) == ((3, 1), parts)
