"""Quick instruments tell the same as prometheus_client's own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from syndicate.instruments import QuickCounter, QuickHistogram

_BOUNDS = (0.001, 0.5, 1, 30.0)
_VALUES = st.one_of(st.floats(0, 100), st.sampled_from(_BOUNDS))


def _told(registry: CollectorRegistry) -> list[str]:
    lines = generate_latest(registry).decode().splitlines()
    return sorted(line for line in lines if "_created" not in line)


@given(st.lists(st.tuples(st.sampled_from(["a", 'b"\\']), _VALUES)))
def test_a_histogram(seen: list[tuple[str, float]]) -> None:
    quick, known = CollectorRegistry(auto_describe=True), CollectorRegistry(auto_describe=True)
    ours = QuickHistogram("seconds", "Of a thing.", ["which"], bounds=_BOUNDS, registry=quick)
    theirs = Histogram("seconds", "Of a thing.", ["which"], buckets=_BOUNDS, registry=known)
    for which, value in seen:
        ours.of(which).observe(value)
        theirs.labels(which).observe(value)
    assert _told(quick) == _told(known)


def test_a_histogram_without_labels_is_there_from_the_beginning() -> None:
    quick, known = CollectorRegistry(auto_describe=True), CollectorRegistry(auto_describe=True)
    QuickHistogram("seconds", "Of a thing.", bounds=_BOUNDS, registry=quick)
    Histogram("seconds", "Of a thing.", buckets=_BOUNDS, registry=known)
    assert _told(quick) == _told(known)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("cd"))))
def test_a_counter(seen: list[tuple[str, str]]) -> None:
    quick, known = CollectorRegistry(auto_describe=True), CollectorRegistry(auto_describe=True)
    ours = QuickCounter("mails", "Some.", ["one", "two"], registry=quick)
    theirs = Counter("mails", "Some.", ["one", "two"], registry=known)
    for one, two in seen:
        ours.counts[one, two] += 1
        theirs.labels(one, two).inc()
    assert _told(quick) == _told(known)
