"""``check``, through the command: a good digest and a bad one."""

from __future__ import annotations

from pathlib import Path

from tests.cli.command import make_folder
from tests.cli.test_digests import SEVEN

CODES = {"size", "subject", "text-part", "placeholders", "contrast", "contrast-dark", "dropped-css", "links"}


def test_a_good_digest_passes_and_a_bad_one_does_not(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, "smtp://127.0.0.1:9")
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
    folder.run("pickup", "--now", SEVEN)
    bad = folder.run("check", "--offline", code=1).out
    assert "✓ Size: " in bad
    assert "✗ Placeholders: the HTML: “{{ name }}” stands there" in bad
    assert "→ use the public address" in bad
