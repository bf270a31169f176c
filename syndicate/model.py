"""The nouns, and the states they may be in. Values only: nothing here reads, writes or knows a clock."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, NamedTuple

WORDS_PER_MINUTE = 230
"""Silent reading of English non-fiction: 238 words a minute (Brysbaert, J. Mem. Lang. 109, 2019), rounded down."""


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that belongs to an article (RSS ``enclosure``). ``length`` is in bytes, 0 when unknown."""

    url: str
    type: str = "application/octet-stream"
    length: int = 0


LONGEST_ORIGINAL = 250_000
"""Characters of an original that are kept."""


@dataclass(frozen=True, slots=True)
class Original:
    """An article's text as its source has it, which may be anything. ``kind`` says how it is to be read."""

    text: str
    kind: Literal["html", "markdown", "text"]
    is_whole: bool = True

    @classmethod
    def of(cls, text: str, kind: Literal["html", "markdown", "text"]) -> Original:
        """As much of it as is kept."""
        return cls(text[:LONGEST_ORIGINAL], kind, len(text) <= LONGEST_ORIGINAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One article as its source shows it, already cleaned: ``html`` is safe to publish and its links are absolute.

    ``guid`` is the identity within the source. ``url`` is the article's own page, None when it has none.
    ``summary`` is plain text. Instants are aware and UTC. ``original`` is what was cleaned, on its way from the source
    to the store; what is read from there comes without it.
    """

    guid: str
    title: str
    html: str
    text: str
    summary: str = ""
    url: str | None = None
    slug: str = ""
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    language: str | None = None
    image: str | None = None
    enclosures: tuple[Enclosure, ...] = ()
    takeaways: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    published_at: datetime | None = None
    updated_at: datetime | None = None
    original: Original | None = field(default=None, compare=False, repr=False)

    @property
    def content_hash(self) -> str:
        """SHA-256 over what a reader can see; instants are left out, for some sources touch them at every poll."""
        seen = (
            self.title,
            self.html,
            self.summary,
            self.url,
            self.authors,
            self.tags,
            self.language,
            self.image,
            [(e.url, e.type, e.length) for e in self.enclosures],
            self.takeaways,
            self.related,
        )
        return hashlib.sha256(json.dumps(seen, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def reading_minutes(self) -> int:
        """Whole minutes, at least 1, at ``WORDS_PER_MINUTE``."""
        return max(1, round(len(self.text.split()) / WORDS_PER_MINUTE))


class ArticleState(StrEnum):
    """``current`` is published; ``held`` waits for an operator; ``duplicate`` points to the first one with its text."""

    CURRENT = "current"
    HELD = "held"
    DUPLICATE = "duplicate"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Article(Content):
    """A piece that was picked up. ``sequence`` is its place in the order of pick-up.

    None means it was there at the source's first pick-up and is in feeds only, or is held, or is a duplicate.
    """

    id: int
    source: str
    state: ArticleState = ArticleState.CURRENT
    sequence: int | None = None
    picked_up_at: datetime
    changed_at: datetime
    duplicate_of: int | None = None

    @property
    def dated_at(self) -> datetime:
        """When it was published, as far as is known; articles are ordered by it."""
        return self.published_at or self.picked_up_at


class SubscriptionState(StrEnum):
    """Only ``active`` is mailed."""

    PENDING = "pending"
    ACTIVE = "active"
    PAUSED = "paused"
    UNSUBSCRIBED = "unsubscribed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A person, known by one normalised address. ``tags`` and ``attributes`` are what operators say of them."""

    id: int
    email: str
    name: str = ""
    language: str | None = None
    timezone: str | None = None
    tags: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)


class Channel(StrEnum):
    """How a subscription reaches its reader: by mail, or in a private feed, without any mail."""

    MAIL = "mail"
    FEED = "feed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One subscriber × one newsletter. ``watermark`` is the newest sequence number already given.

    ``resume_at`` is when a pause ends; None while paused means that only the reader ends it.
    """

    id: int
    subscriber: Subscriber
    newsletter: str
    state: SubscriptionState
    cadence: str
    topics: tuple[str, ...] = ()
    watermark: int = 0
    resume_at: datetime | None = None
    channel: Channel = Channel.MAIL


class Purpose(StrEnum):
    """What a confirmation is asked for: ``subscribe`` to newsletters, or ``move`` to another address."""

    SUBSCRIBE = "subscribe"
    MOVE = "move"


class IntentMode(StrEnum):
    """What a callback is asked about, or told: ``denied`` that it can't follow (WebSub §5.2, §5.3)."""

    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    DENIED = "denied"


class Via(StrEnum):
    """By which door a reader's word came."""

    WEB = "web"
    MAIL = "mail"
    IMPORT = "import"
    CLI = "cli"


class ConsentKind(StrEnum):
    """What a reader said of a newsletter. ``moved`` is a change of address."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"
    RESTORED = "restored"
    MOVED = "moved"


class Consent(NamedTuple):
    """One thing that a reader said, kept for good. ``wording`` is the version of the text that they agreed to.

    ``asked_at`` is when they said it, ``confirmed_at`` when the mailbox's owner confirmed it, if it was confirmed.
    ``source`` says more about the door: a file's name, an operator. The IP addresses may be cut, and are erased first.
    """

    subscriber_id: int
    newsletter: str
    kind: ConsentKind
    via: Via
    asked_at: datetime
    source: str = ""
    wording: str = ""
    confirmed_at: datetime | None = None
    asked_ip: str | None = None
    confirmed_ip: str | None = None


class ReturnKind(StrEnum):
    """What came back for a mail: it will never arrive there, did not this time, or not yet; or its reader complains."""

    HARD = "hard"
    SOFT = "soft"
    LATE = "late"
    COMPLAINT = "complaint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """One thing that came back: a bounce or a complaint. ``delivery_id`` is None where no delivery could be told.

    ``reason`` and ``status`` (RFC 3463) are as they were read, ``said`` are the server's words, ``source`` who told:
    ``mail`` or a provider. ``came_at`` is when it came.
    """

    kind: ReturnKind
    subscriber_id: int
    delivery_id: int | None = None
    reason: str
    status: str = ""
    said: str = ""
    source: str
    came_at: datetime


@dataclass(frozen=True, slots=True)
class Returns:
    """For how many deliveries something came back, by the worst of it; complaints are counted beside that."""

    hard: int = 0
    soft: int = 0
    late: int = 0
    complaints: int = 0


class Event(StrEnum):
    """What programs can be told of. ``webhook.test`` comes when somebody tries whether it arrives."""

    ARTICLE_PUBLISHED = "article.published"
    DIGEST_SENT = "digest.sent"
    SUBSCRIBER_CONFIRMED = "subscriber.confirmed"
    SUBSCRIBER_LEFT = "subscriber.left"
    DELIVERY_BOUNCED = "delivery.bounced"
    DELIVERY_COMPLAINED = "delivery.complained"
    TEST = "webhook.test"


ASKED_FOR = tuple(one for one in Event if one is not Event.TEST)
"""Those that a program can ask for."""


class DigestState(StrEnum):
    """``empty``: its slot had nothing new. ``held``: late. ``review``: waits for approval. ``sending``: approved.

    ``paused``: an operator stopped it for now. ``sent`` may become ``sending`` again, when some are tried once more.
    """

    EMPTY = "empty"
    HELD = "held"
    REVIEW = "review"
    SENDING = "sending"
    PAUSED = "paused"
    SENT = "sent"
    CANCELLED = "cancelled"


OVER = (DigestState.SENT, DigestState.CANCELLED, DigestState.EMPTY)
"""The states of digests of which nothing goes out any more, unless an operator says so."""

SHOWN = (DigestState.SENDING, DigestState.PAUSED, DigestState.SENT)
"""The states of digests that everyone may see."""


class DeliveryState(StrEnum):
    """One mail owed. ``queued`` and ``begun`` are outstanding; all others end in themselves, or wait for a person."""

    QUEUED = "queued"
    BEGUN = "begun"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNCERTAIN = "uncertain"


OUTSTANDING = (DeliveryState.QUEUED, DeliveryState.BEGUN)
"""The states of a delivery that something will still become of by itself."""

DIGEST_TRANSITIONS: Mapping[DigestState, frozenset[DigestState]] = MappingProxyType(
    {
        DigestState.EMPTY: frozenset(),
        DigestState.HELD: frozenset({DigestState.SENDING, DigestState.CANCELLED}),
        DigestState.REVIEW: frozenset({DigestState.SENDING, DigestState.CANCELLED}),
        DigestState.SENDING: frozenset({DigestState.PAUSED, DigestState.SENT, DigestState.CANCELLED}),
        DigestState.PAUSED: frozenset({DigestState.SENDING, DigestState.CANCELLED}),
        DigestState.SENT: frozenset({DigestState.SENDING}),
        DigestState.CANCELLED: frozenset(),
    }
)

DELIVERY_TRANSITIONS: Mapping[DeliveryState, frozenset[DeliveryState]] = MappingProxyType(
    {
        DeliveryState.QUEUED: frozenset(
            {
                DeliveryState.QUEUED,
                DeliveryState.BEGUN,
                DeliveryState.REJECTED,
                DeliveryState.SUPPRESSED,
                DeliveryState.EXPIRED,
                DeliveryState.CANCELLED,
            }
        ),
        DeliveryState.BEGUN: frozenset(
            {
                DeliveryState.ACCEPTED,
                DeliveryState.REJECTED,
                DeliveryState.QUEUED,
                DeliveryState.EXPIRED,
                DeliveryState.UNCERTAIN,
            }
        ),
        DeliveryState.UNCERTAIN: frozenset({DeliveryState.QUEUED, DeliveryState.ACCEPTED, DeliveryState.CANCELLED}),
        DeliveryState.ACCEPTED: frozenset(),
        DeliveryState.REJECTED: frozenset({DeliveryState.QUEUED}),
        DeliveryState.SUPPRESSED: frozenset(),
        DeliveryState.EXPIRED: frozenset({DeliveryState.QUEUED}),
        DeliveryState.CANCELLED: frozenset(),
    }
)


def states_before(state: DeliveryState) -> frozenset[DeliveryState]:
    """The states from which a delivery may legally become ``state``."""
    return frozenset(before for before, after in DELIVERY_TRANSITIONS.items() if state in after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One sending of a newsletter for one due slot, frozen when composed.

    ``slot`` names what it was composed for and is unique per newsletter and cadence: the due instant of a cron
    cadence, the newest article of an instant one, or the operator's own moment for a manual send.
    ``upto`` is the newest sequence number that it covers.
    """

    id: int
    newsletter: str
    cadence: str
    slot: str
    due_at: datetime
    state: DigestState
    subject: str
    upto: int
    composed_at: datetime
    note: str = ""
    finished_at: datetime | None = None


class Choice(StrEnum):
    """What editors want of an article: only its place, or that it comes though it is not new, or not, or next time."""

    KEPT = "kept"
    ADDED = "added"
    LEFT_OUT = "left out"
    POSTPONED = "postponed"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What editors want of one article. Those with a ``place`` come first, the lowest at the top."""

    article_id: int
    choice: Choice = Choice.KEPT
    place: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What editors want of a digest: of the next one of a cadence, or of the one that it became, ``digest_id``.

    ``subject``, ``preheader`` and ``intro``, which is Markdown, are empty where the templates are to say it.
    ``occasion`` is the local time that it is for, where a cadence is due in each reader's own zone; else empty.
    ``version`` rises with every change; 0 is one that was not kept yet.
    """

    id: int = 0
    newsletter: str
    cadence: str
    occasion: str = ""
    digest_id: int | None = None
    subject: str = ""
    preheader: str = ""
    intro: str = ""
    chosen: tuple[Chosen, ...] = ()
    version: int = 0
    edited_at: datetime | None = None
    edited_by: str = ""

    def with_choice(self, chosen: Chosen) -> Draft:
        """The same, with another mind about one article."""
        others = tuple(one for one in self.chosen if one.article_id != chosen.article_id)
        return replace(self, chosen=(*others, chosen))

    @property
    def is_blank(self) -> bool:
        """Whether it leaves the digest as it comes."""
        return not (self.subject or self.preheader or self.intro or self.chosen)

    def of(self, *choices: Choice) -> frozenset[int]:
        """The articles of which editors want that."""
        return frozenset(one.article_id for one in self.chosen if one.choice in choices)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a variant looks like, per-reader holes still open: ``{nonce}_name_`` stands where a value goes.

    ``unnamed`` is there when a template asks whether the reader's name is known, and is for readers without one.
    """

    subject: str
    html: str
    text: str
    nonce: str
    unnamed: Parts | None = None

    def for_name(self, name: str) -> Parts:
        """What a reader of that name gets; an empty name is an unknown one."""
        return self.unnamed if self.unnamed and not name.strip() else self


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One distinct set of articles inside a digest, by their ids in reading order, rendered once."""

    id: int
    digest_id: int
    articles: tuple[int, ...]
    parts: Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One mail owed: digest × subscription, with everything needed to address it. ``sender_id`` is who leased it."""

    id: int
    digest_id: int
    variant_id: int
    subscription_id: int
    sender_id: int
    subscriber: Subscriber
    domain: str
    planned_at: datetime
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Equation:
    """The ledger's counts of deliveries by where they stand; ``planned`` must equal the sum of the rest."""

    planned: int = 0
    accepted: int = 0
    rejected: int = 0
    suppressed: int = 0
    expired: int = 0
    cancelled: int = 0
    uncertain: int = 0
    outstanding: int = 0

    @property
    def balances(self) -> bool:
        """Whether every planned delivery is accounted for."""
        return self.planned == (
            self.accepted
            + self.rejected
            + self.suppressed
            + self.expired
            + self.cancelled
            + self.uncertain
            + self.outstanding
        )


class SourceState(StrEnum):
    """``held``: it brought suspiciously much at once and waits for an operator; ``retired``: it is gone for good."""

    OK = "ok"
    FAILING = "failing"
    HELD = "held"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """What is known of a source from its last pick-ups.

    ``next_at`` is when to look again, ``why`` then. ``read_at`` is when its content was read last, and was not merely
    unchanged; ``etag``, ``last_modified`` and ``body_hash`` are what tells that it is. ``asks_every_s`` is what the
    feed itself asks for, ``gap_s`` how far apart its articles usually are, and ``newest_at`` the date of its newest.
    ``url`` is what the settings named when all this was learned, ``location`` where that moved for good, and
    ``moving_to`` where it said so once.
    """

    name: str
    state: SourceState = SourceState.OK
    first_picked_up_at: datetime | None = None
    checked_at: datetime | None = None
    succeeded_at: datetime | None = None
    read_at: datetime | None = None
    next_at: datetime | None = None
    why: str = ""
    failures: int = 0
    error: str = ""
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""
    asks_every_s: int | None = None
    gap_s: int | None = None
    newest_at: datetime | None = None
    url: str = ""
    location: str = ""
    moving_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxStatus:
    """What is known of a mailbox that is polled. All of it up to ``uid`` was dealt with (RFC 9051 §2.3.1.1)."""

    name: str
    uid_validity: int = 0
    uid: int = 0
    checked_at: datetime | None = None
    succeeded_at: datetime | None = None
    retry_at: datetime | None = None
    failures: int = 0
    error: str = ""


class Role(StrEnum):
    """What a user of the console is there for; ``desk.rights`` says what each may do."""

    VIEWER = "viewer"
    EDITOR = "editor"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who may sign in. ``name`` is what they sign in with."""

    id: int
    name: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser in which a user is signed in. ``key_hash`` is of what its cookie holds.

    ``proved_at`` is when they last proved who they are. ``said`` is what the next page is to tell them.
    """

    key_hash: str
    user: User
    began_at: datetime
    seen_at: datetime
    proved_at: datetime
    said: str = ""
