"""The dashboard and the rules that are handed out name metrics and labels that there are."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from syndicate import metrics
from tests.newsroom import newsroom
from tests.watch.scraped import scrape

FOLDER = Path(__file__).parents[2] / "docs/watching"
DASHBOARD, RULES = (FOLDER / name for name in ("grafana.json", "rules.yml"))
ELSEWHERE = {"le", "job", "instance"}
"""Labels that Prometheus adds."""


def expressions() -> list[str]:
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    [group] = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    return [*(one["expr"] for panel in panels for one in panel["targets"]), *(rule["expr"] for rule in group["rules"])]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Every sample that a scrape may have, with its labels."""
    folder = tmp_path_factory.mktemp("room")
    found: dict[str, set[str]] = {}
    with newsroom(folder) as room:
        families = scrape(room.app).families.values()
    for family in families:
        found.setdefault(family.name, set())
        for one in family.samples:
            found.setdefault(one.name, set()).update(one.labels)
    for instrument in vars(metrics).values():
        labels = getattr(instrument, "_labelnames", None)
        if labels is not None:
            for family in instrument.describe():
                for end in ("", "_total", "_bucket", "_count", "_sum"):
                    found.setdefault(f"{family.name}{end}", set()).update(labels)
    for name, label in (("syndicate_source_read_timestamp_seconds", "source"), ("syndicate_source_failures", "source")):
        found.setdefault(name, set()).add(label)
    return found


def test_every_metric_and_label_that_they_name_is_in_a_scrape(known: dict[str, set[str]]) -> None:
    asked = expressions()
    assert len(asked) > 30
    for expression in asked:
        names = re.findall(r"\b(?:syndicate|process)_\w+", expression)
        assert names or expression.startswith("up{"), expression
        labels = {label for name in names for label in known[name]} | ELSEWHERE
        grouped = [one for group in re.findall(r"by \(([^)]*)\)", expression) for one in group.split(", ")]
        matched = re.findall(r"[{,](\w+)(?:=~|!=|=)", expression)
        assert {*grouped, *matched} <= labels, expression
        assert expression.count("(") == expression.count(")")


def test_every_metric_is_in_the_table_of_the_page(known: dict[str, set[str]]) -> None:
    page = (FOLDER.parent / "operations.md").read_text("utf-8")
    named = set(re.findall(r"`(syndicate_\w+?)(?:\{[\w,]*\})?`", page))
    ends = re.compile("(?:_total|_bucket|_count|_sum|_created)$")
    mine = {ends.sub("", name) for name in known if name.startswith("syndicate_")}
    assert mine == {ends.sub("", name) for name in named}


def test_panels_and_rules_are_complete() -> None:
    dashboard = json.loads(DASHBOARD.read_text("utf-8"))
    ids = [panel["id"] for panel in dashboard["panels"]]
    places = [tuple(panel["gridPos"][one] for one in "xy") for panel in dashboard["panels"]]
    assert len({*ids}) == len(ids) == len({*places})
    assert all(panel["title"] and panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in dashboard["panels"])
    [group] = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    assert len({one["alert"] for one in group["rules"]}) == len(group["rules"])
    assert {one["labels"]["severity"] for one in group["rules"]} == {"page", "ticket"}
    assert all(one["annotations"]["summary"] for one in group["rules"])
