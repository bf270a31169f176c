"""What this process counts of itself, for Prometheus: one registry of its own, and every instrument in it.

Labels have few values: names from the settings, states, classes of domains, templates of addresses. Never an address
of a reader, a domain, or an id.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.process_collector import ProcessCollector

from syndicate.instruments import QuickCounter, QuickHistogram

REGISTRY = CollectorRegistry(auto_describe=True)
ProcessCollector(registry=REGISTRY)

_ANSWERS_S = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0)
_COMMITS_S = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 10.0)
_PAGES_S = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
_LOOKS_S = (0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0)

DELIVERIES = QuickCounter(
    "syndicate_deliveries",
    "Mails of digests that were tried, by what became of them; deferred ones are tried again.",
    ["outcome", "domain_class"],
    registry=REGISTRY,
)
RELAY_ANSWER = QuickHistogram(
    "syndicate_relay_answer_seconds",
    "The longest that a relay let one message wait for an answer.",
    ["relay"],
    bounds=_ANSWERS_S,
    registry=REGISTRY,
)
RELAY_CONNECTIONS = Gauge(
    "syndicate_relay_connections",
    "Connections to a relay: open, and of these busy with a message.",
    ["relay", "state"],
    registry=REGISTRY,
)
RELAY_FAILURES = Counter(
    "syndicate_relay_failures",
    "How often a relay failed and was left alone for a while.",
    ["relay"],
    registry=REGISTRY,
)
COMMIT_SECONDS = QuickHistogram(
    "syndicate_ledger_commit_seconds", "One commit of the ledger.", bounds=_COMMITS_S, registry=REGISTRY
)
COMMIT_DELIVERIES = QuickHistogram(
    "syndicate_ledger_commit_deliveries",
    "Deliveries that were begun or ended in one commit of the ledger.",
    bounds=(1, 2, 4, 8, 16, 32, 64, 128, 256),
    registry=REGISTRY,
)
NOTICES = Counter("syndicate_notices", "Single mails that were tried.", ["outcome"], registry=REGISTRY)
PICKUPS = Counter(
    "syndicate_pickups",
    "Looks at a source: ok, failed, or held for a person.",
    ["source", "outcome"],
    registry=REGISTRY,
)
PICKUP_SECONDS = Histogram(
    "syndicate_pickup_seconds", "One look at a source of that kind.", ["kind"], buckets=_LOOKS_S, registry=REGISTRY
)
ARTICLES = Counter(
    "syndicate_articles",
    "Articles that pick-up found new, changed or withdrawn.",
    ["source", "change"],
    registry=REGISTRY,
)
JOBS = Counter("syndicate_jobs", "Jobs that the clock ran: ok, or failed.", ["name", "outcome"], registry=REGISTRY)
REQUESTS = Counter(
    "syndicate_http_requests",
    "Answers of the pages and the API, by the template of their address.",
    ["method", "route", "status"],
    registry=REGISTRY,
)
REQUEST_SECONDS = Histogram(
    "syndicate_http_request_seconds",
    "Until the beginning of an answer.",
    ["route"],
    buckets=_PAGES_S,
    registry=REGISTRY,
)
FEED_HITS = Counter(
    "syndicate_feed_hits",
    "Answers from the published files, by newsletter (all: of every newsletter), file and status.",
    ["newsletter", "file", "status"],
    registry=REGISTRY,
)
