"""The newest warnings and errors: each once, without readers' addresses, and no more than there is room for."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import structlog

from syndicate.desk.recent import Recent
from tests.newsroom import MONDAY


def test_what_is_said_again_counts_and_addresses_are_left_out() -> None:
    minutes = count()
    recent = Recent(lambda: MONDAY + timedelta(minutes=next(minutes)))
    log = structlog.wrap_logger(
        structlog.ReturnLogger(), processors=[structlog.processors.add_log_level, recent.keep, lambda *_: ""]
    )
    log.info("sent", accepted=3)
    log.warning("job failed", job="send", reason="550 <ana@reader.example>:\nno such user")
    log.error("a domain refuses our mail", domain="big.example")
    log.warning("job failed", job="send", reason="550 <bo@reader.example>:\nno such user")
    try:
        raise ValueError("bad")
    except ValueError:
        log.exception("unexpected")
    unexpected, failed, refused = recent.newest()
    assert (failed.count, failed.at, failed.level) == (2, MONDAY + timedelta(minutes=2), "warning")
    assert failed.about == "job: send; reason: 550 <(an address)>: no such user"
    assert (refused.event, refused.about, refused.count) == ("a domain refuses our mail", "domain: big.example", 1)
    assert unexpected.about == "ValueError: bad"
    for number in range(300):
        log.warning("job failed", number=number)
    assert len(recent.newest()) == 200
    assert recent.newest()[0].about == "number: 299"
