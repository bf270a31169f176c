"""The document of the API: it is current, and true, whatever is sent."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from docs.make_openapi import PAGE, written
from syndicate.desk.tokens import Scope
from tests.web.api.exploring import explore


def test_the_document_that_is_kept_is_current() -> None:
    assert PAGE.read_text("utf-8") == written(), "run `make docs`"


def test_every_operation_is_described() -> None:
    paths = json.loads(PAGE.read_text("utf-8"))["paths"]
    operations = [one for methods in paths.values() for one in methods.values()]
    assert len(operations) > 40
    assert not [one["operationId"] for one in operations if not one.get("description")]
    assert len({one["operationId"] for one in operations}) == len(operations)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_page_tells_of_what_there_is() -> None:
    page, paths = PAGE.with_name("api.md").read_text("utf-8"), json.loads(PAGE.read_text("utf-8"))["paths"]
    assert not [scope for scope in Scope if f"`{scope}`" not in page]
    asked = re.findall(r'curl (?:-X \w+ )?"?(?:\$API|https://news.example/api/v1)(/[\w/]+)', page)
    known = [re.compile(re.sub(r"\{\w+\}", r"\\w+", path)) for path in paths]
    assert len(asked) > 5
    assert not [one for one in asked if not any(path.fullmatch(one) for path in known)]
    told = {one.split("?")[0] for one in re.findall(r"`(?:[A-Z]+ )?(/[\w/{}?=]+)`", page)}
    assert not [one for one in told - {"/api/v1"} if one not in paths and not any(path.endswith(one) for path in paths)]


def test_no_answer_is_undocumented_and_none_is_our_fault(tmp_path: Path) -> None:
    found = explore(tmp_path, 2)
    assert {200, 404, 422} <= {status for _, status in found}
