"""The document of the API: it is current, and true, whatever is sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from docs.make_openapi import PAGE, written
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
def test_no_answer_is_undocumented_and_none_is_our_fault(tmp_path: Path) -> None:
    found = explore(tmp_path, 2)
    assert {200, 404, 422} <= {status for _, status in found}
