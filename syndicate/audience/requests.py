"""Double opt-in: somebody asks, the mailbox's owner confirms. The pages and the mail commands call it.

1. ``ask`` keeps what was asked for and queues one mail to the address, whoever it belongs to, and whatever is known of
   it: the same work for every address, and nothing that the caller could tell. ``move`` does so for another address.
2. The jobs send that mail (``delivery/notices.py``). It holds a link with a token, and nothing that was typed.
3. ``peek`` says what a token would confirm and changes nothing, for link scanners open every link.
4. ``confirm`` does it, and keeps the evidence. Once more changes nothing.

An address, however it is spelled, is asked at most once in ``readers.confirm_every``, over all newsletters and both
purposes. What is asked for meanwhile is added to what waits, or waits for its turn. A banned address gets no mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from syndicate.audience import moves
from syndicate.audience.address import normalise
from syndicate.audience.networks import kept
from syndicate.audience.subscribe import Evidence, Wish, join
from syndicate.errors import ExpiredError, TokenError
from syndicate.model import Purpose, Subscription, Via
from syndicate.render.tokens import Tokens, hash_of, new_nonce
from syndicate.settings import Settings
from syndicate.store import Connection, Store, notices, subscribers
from syndicate.store import requests as kept_requests
from syndicate.store.notices import Notice
from syndicate.store.requests import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a token would confirm, or did. ``newsletters`` are slugs, empty for a move; ``email`` is the mailbox's."""

    purpose: Purpose
    email: str
    newsletters: tuple[str, ...]
    language: str | None
    asked_at: datetime
    is_confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """What was confirmed, and the subscriptions as they are now; none when a moving reader has none that goes on."""

    purpose: Purpose
    email: str
    subscriptions: tuple[Subscription, ...]


def ask(
    store: Store,
    settings: Settings,
    wanted: Wish,
    *,
    via: Via,
    ip: str | None = None,
    in_reply_to: str = "",
    now: datetime,
) -> None:
    """Keeps a request to subscribe, and has its address asked, or leaves it to ``admission`` where none need be.

    By mail everyone is asked: who a mail is from is what anyone can write. ``in_reply_to`` is that mail's Message-ID.
    So is everyone for whom an operator asks.
    """
    evidence = _evidence(settings, via, ip, now)
    with store.write() as connection:
        request_id = kept_requests.take_turn(connection)
        request = _keep(connection, settings, request_id, Purpose.SUBSCRIBE, wanted, evidence)
        if request.admit_at is None:
            have_asked(connection, settings, request, in_reply_to, now=now)


def move(
    store: Store,
    settings: Settings,
    subscription_id: int,
    email: str,
    *,
    via: Via = Via.WEB,
    ip: str | None = None,
    now: datetime,
) -> None:
    """Has the new address asked whether a reader's subscriptions may move to it; until then nothing changes.

    ``subscription_id`` is any one of the reader's.
    :raises AddressError: when mail can't be sent to ``email``.
    :raises NotFoundError: when there is no such subscription.
    """
    address, evidence = normalise(email), _evidence(settings, via, ip, now)
    with store.write() as connection:
        request_id = kept_requests.take_turn(connection)
        held = moves.existing(connection, subscription_id)
        wanted = Wish(email=address, chosen={held.newsletter: (None, "")}, language=held.subscriber.language)
        request = _keep(
            connection, settings, request_id, Purpose.MOVE, wanted, evidence, subscriber_id=held.subscriber.id
        )
        have_asked(connection, settings, request, now=now)


def peek(store: Store, token: str, now: datetime) -> Asked:
    """What a token is for; changes nothing.

    :raises ExpiredError: when its time is over.
    :raises TokenError: when it is none, or when its request was deleted since.
    """
    with store.read() as connection:
        request = _find(connection, token, now)
    newsletters = tuple(request.wanted["newsletters"]) if request.purpose is Purpose.SUBSCRIBE else ()
    return Asked(
        purpose=request.purpose,
        email=request.email,
        newsletters=newsletters,
        language=request.wanted["language"],
        asked_at=request.asked_at,
        is_confirmed=request.confirmed_at is not None,
    )


def confirm(store: Store, settings: Settings, token: str, *, ip: str | None = None, now: datetime) -> Confirmed:
    """Does what was asked for, once; later calls say how it stands. Raises as ``peek`` does."""
    with store.write() as connection:
        request = _find(connection, token, now)
        wanted = wish_of(request)
        if kept_requests.set_confirmed(connection, request.id, now=now):
            evidence = Evidence(
                via=request.via,
                wording=request.wording,
                asked_at=request.asked_at,
                asked_ip=request.ip,
                confirmed_at=now,
                confirmed_ip=kept(ip, settings.readers.ips),
            )
            if request.purpose is Purpose.SUBSCRIBE:
                join(connection, settings.newsletters, wanted, evidence, now=now)
            elif request.subscriber_id is not None:
                moves.carry_out(connection, request.subscriber_id, request.email, evidence, now=now)
        found = subscribers.of_address(connection, request.email)
    if request.purpose is Purpose.SUBSCRIBE:
        found = [one for one in found if one.newsletter in wanted.chosen]
    return Confirmed(purpose=request.purpose, email=request.email, subscriptions=tuple(found))


def token_of(settings: Settings, request: Request) -> str:
    """The token that confirms a request."""
    return Tokens(settings.site.secret.get_secret_value()).token(request.purpose, request.nonce)


def _evidence(settings: Settings, via: Via, ip: str | None, now: datetime) -> Evidence:
    readers = settings.readers
    return Evidence(via=via, wording=readers.wording, asked_at=now, asked_ip=kept(ip, readers.ips))


def _find(connection: Connection, token: str, now: datetime) -> Request:
    hashed = hash_of(token)
    request = kept_requests.by_token(connection, hashed) if hashed else None
    if request is None:
        raise TokenError("this link was not made here, or its time is over; ask once more")
    if request.expires_at <= now:
        raise ExpiredError("this link")
    return request


def _keep(
    connection: Connection,
    settings: Settings,
    request_id: int,
    purpose: Purpose,
    wanted: Wish,
    evidence: Evidence,
    subscriber_id: int | None = None,
) -> Request:
    """Adds to the request of that address which still waits, or makes one."""
    now = evidence.asked_at
    free = {one.slug for one in settings.newsletters if not one.confirm}
    is_free = purpose is Purpose.SUBSCRIBE and evidence.via is Via.WEB and not free.isdisjoint(wanted.chosen)
    waiting = kept_requests.waiting(connection, wanted.email, purpose, subscriber_id, now=now)
    nonce = waiting.nonce if waiting else new_nonce()
    request = Request(
        id=waiting.id if waiting else request_id,
        purpose=purpose,
        email=wanted.email,
        nonce=nonce,
        subscriber_id=subscriber_id,
        wanted=_merged(waiting, wanted),
        via=evidence.via,
        wording=evidence.wording,
        ip=evidence.asked_ip,
        asked_at=now,
        expires_at=now + settings.readers.keep_unconfirmed,
        admit_at=now if is_free else None,
    )
    if waiting:
        kept_requests.change(connection, request)
    else:
        hashed = hash_of(token_of(settings, request))
        kept_requests.add(connection, request, hashed or "")
    return request


def have_asked(
    connection: Connection, settings: Settings, request: Request, in_reply_to: str = "", *, now: datetime
) -> None:
    """Queues the mail for when the address may next be asked, unless one for this request is out or on its way."""
    every = settings.readers.confirm_every
    own = notices.last_asked(connection, request.email, request.id)
    last = notices.last_asked(connection, request.email)
    due = max(now, last + every) if last else now
    if (own is not None and own > now - every) or due >= request.expires_at:
        return
    kind = notices.CONFIRM if request.purpose is Purpose.SUBSCRIBE else notices.MOVE
    notices.queue(
        connection,
        Notice(
            kind=kind,
            email=request.email,
            newsletter=next(iter(request.wanted["newsletters"])),
            language=request.wanted["language"],
            facts={},
            request_id=request.id,
            in_reply_to=in_reply_to,
            planned_at=due,
        ),
    )


def _merged(waiting: Request | None, wanted: Wish) -> dict[str, Any]:
    """Newsletters add up, and the newest choice of each counts; else what was given first."""
    earlier = dict(waiting.wanted) if waiting and waiting.purpose is Purpose.SUBSCRIBE else {}
    return {
        "newsletters": {**earlier.get("newsletters", {}), **{slug: list(one) for slug, one in wanted.chosen.items()}},
        "name": earlier.get("name") or wanted.name,
        "language": earlier.get("language") or wanted.language,
        "timezone": earlier.get("timezone") or wanted.timezone,
    }


def wish_of(request: Request) -> Wish:
    """What was asked for."""
    wanted = request.wanted
    return Wish(
        email=request.email,
        chosen={slug: (cadence, topics) for slug, (cadence, topics) in wanted["newsletters"].items()},
        name=wanted["name"],
        language=wanted["language"],
        timezone=wanted["timezone"],
    )
