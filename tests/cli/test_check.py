"""``check``, through the command: a good digest and a bad one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import make_folder
from tests.cli.test_digests import SEVEN
from tests.nameserver import NameServer
from tests.relay import Relay

CODES = {"size", "subject", "text-part", "placeholders", "contrast", "contrast-dark", "dropped-css", "links"}


@pytest.mark.relay(security="starttls")
def test_a_good_digest_passes_and_a_bad_one_does_not(tmp_path: Path, relay: Relay) -> None:
    folder = make_folder(tmp_path, relay.url)
    folder.article("Ferry returns")
    folder.run("pickup", "--now", SEVEN)
    good = folder.run("check", "--offline", "--json").json()
    assert (good["blocks"], good["warns"]) == (0, 0)
    assert {one["code"] for one in good["findings"]} >= CODES
    assert {one["about"] for one in good["findings"]} == {
        "the next digest of daily",
        "lakeside.example",
        "relay smtp",
        "the service",
        "rules for who sends much",
    }
    assert next(one for one in good["findings"] if one["code"] == "links")["verdict"] == "unchecked"
    folder.write("articles/free.md", "# FREE FERRY NOW!!!\n\nDear {{ name }}, [look](http://localhost/x).\n")
    settings = (tmp_path / "syndicate.toml").read_text().replace("news@lakeside.example", "news@lake.org")
    settings = settings.replace("connections = 2", f'connections = 2\nca_file = "{relay.ca_file}"')
    folder.write("syndicate.toml", settings)
    folder.run("pickup", "--now", SEVEN)
    with NameServer({("lake.org", "TXT"): ['"v=spf1 +all"'], ("lake.org", "MX"): ["5 mx.lake.org."]}) as server:
        bad = folder.run("check", "--dns", server.address, code=1).out
    assert "✓ Size: " in bad
    assert "✗ Placeholders: the HTML: “{{ name }}” stands there" in bad
    assert "→ use the public address" in bad
    assert "✗ SPF: it lets everyone send in your name" in bad
    assert "✓ MX: mx.lake.org" in bad
    assert "✗ DMARC: there is none" in bad
    assert f"✓ TLS of the relay: 127.0.0.1:{relay.port}: TLSv1." in bad
    assert "✗ There is a DMARC policy, at least p=none: it is not kept" in bad
    assert relay.messages == []
