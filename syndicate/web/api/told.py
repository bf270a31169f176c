"""What programs are told, as the document of the API has it: one schema for each event. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from syndicate.model import Event

_NUMBER, _TEXT = {"type": "integer"}, {"type": "string"}
_NUMBER_OR_NULL, _TEXT_OR_NULL = {"type": ["integer", "null"]}, {"type": ["string", "null"]}
_READER = {"subscriber_id": _NUMBER, "newsletter": _TEXT, "via": _TEXT}
_RETURN = {
    "subscriber_id": _NUMBER,
    "delivery_id": _NUMBER_OR_NULL,
    "digest_id": _NUMBER_OR_NULL,
    "kind": _TEXT,
    "reason": _TEXT,
    "status": _TEXT,
}

DATA: Mapping[Event, Mapping[str, Any]] = MappingProxyType(
    {
        Event.ARTICLE_PUBLISHED: {"article_id": _NUMBER, "source": _TEXT, "title": _TEXT, "url": _TEXT_OR_NULL},
        Event.DIGEST_SENT: {"digest_id": _NUMBER, "newsletter": _TEXT, "cadence": _TEXT, "subject": _TEXT},
        Event.SUBSCRIBER_CONFIRMED: _READER,
        Event.SUBSCRIBER_LEFT: _READER,
        Event.DELIVERY_BOUNCED: _RETURN,
        Event.DELIVERY_COMPLAINED: _RETURN,
        Event.TEST: {"webhook_id": _NUMBER},
    }
)
"""The facts of each event; a test compares them with what is sent."""

_SUMMARIES: Mapping[Event, str] = MappingProxyType(
    {
        Event.ARTICLE_PUBLISHED: "An article is published: it is in feeds, and in digests to come",
        Event.DIGEST_SENT: "Nothing of a digest is outstanding any more",
        Event.SUBSCRIBER_CONFIRMED: "Somebody reads a newsletter from now on",
        Event.SUBSCRIBER_LEFT: "Somebody reads it no more",
        Event.DELIVERY_BOUNCED: "A mail came back",
        Event.DELIVERY_COMPLAINED: "A reader called a mail spam",
        Event.TEST: "Somebody tries whether messages arrive",
    }
)


def described() -> dict[str, Any]:
    """OpenAPI 3.1's ``webhooks``."""
    return {event: {"post": _operation(event)} for event in Event}


def _operation(event: Event) -> dict[str, Any]:
    data = {"type": "object", "properties": dict(DATA[event]), "required": list(DATA[event])}
    message = {
        "type": "object",
        "properties": {"type": {"const": event}, "timestamp": {"type": "string", "format": "date-time"}, "data": data},
        "required": ["type", "timestamp", "data"],
    }
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    return {
        "tags": ["webhooks"],
        "summary": _SUMMARIES[event],
        "description": "Signed as Standard Webhooks has it.",
        "operationId": f"told_{event.replace('.', '_')}",
        "parameters": [{"name": name, "in": "header", "required": True, "schema": _TEXT} for name in names],
        "requestBody": {"required": True, "content": {"application/json": {"schema": message}}},
        "responses": {"2XX": {"description": "It was taken."}},
    }
