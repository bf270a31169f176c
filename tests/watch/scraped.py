"""Reads what Prometheus would, for tests."""

from __future__ import annotations

from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from syndicate.app import App
from syndicate.watch.scrape import Scrape


class Scraped:
    """One scrape. What the process counted before does not count: ``since`` is an earlier one."""

    def __init__(self, text: str, since: Scraped | None = None) -> None:
        self.families = {one.name: one for one in text_string_to_metric_families(text)}
        self._before = since

    def __call__(self, sample: str, /, **labels: str) -> float:
        """The sum of the samples of that name with at least these labels."""
        found = [
            one.value
            for family in self.families.values()
            for one in family.samples
            if one.name == sample and labels.items() <= one.labels.items()
        ]
        return sum(found) - (self._before(sample, **labels) if self._before else 0)

    def labels(self, name: str) -> set[str]:
        """Every value of every label of that family."""
        return {value for one in self.families[name].samples for value in one.labels.values()}


def scrape(app: App, since: Any = None) -> Scraped:
    """A scrape of this process, with that service's database."""
    jobs = app.jobs
    return Scraped(Scrape(app.settings, app.store, jobs.clock, jobs.pulse).page("").content.decode(), since)
