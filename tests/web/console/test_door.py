"""The console's door: who comes in, and what a form must bring."""

from __future__ import annotations

import re
from hashlib import sha256
from importlib.resources import files

import pytest

from syndicate.model import Role
from tests.web.console.deskroom import Console
from tests.web.pressroom import Pressroom


def test_who_is_not_signed_in_is_sent_to_sign_in(pressroom: Pressroom) -> None:
    response = pressroom.client.get("/console?x=1")

    assert response.status_code == 303
    assert response.headers["location"] == "/console/sign-in?next=/console%3Fx%3D1"


@pytest.mark.parametrize("role", Role)
def test_who_is_signed_in_sees_what_they_may(pressroom: Pressroom, role: Role) -> None:
    response = Console(pressroom, role).get("/console")

    assert response.status_code == 200
    assert ("Subscribers" in response.text) == (role is Role.OPERATOR)


def test_only_scripts_with_the_nonce_run(pressroom: Pressroom) -> None:
    policy = Console(pressroom).get("/console").headers["content-security-policy"]

    assert "script-src 'nonce-" in policy
    assert "unsafe" not in policy


def test_vendored_scripts_are_as_they_were_published() -> None:
    vendor = files("syndicate.web.console").joinpath("vendor")
    told = dict(
        re.findall(r"^\| `(\S+\.js)` .* `(\w{64})` \|$", vendor.joinpath("README.md").read_text("utf-8"), re.MULTILINE)
    )

    assert set(told) == {one.name for one in vendor.iterdir() if one.name.endswith(".js")}
    for name, digest in told.items():
        assert sha256(vendor.joinpath(name).read_bytes()).hexdigest() == digest
