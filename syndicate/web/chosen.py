"""What a reader chose → the form that shows it, for another choice. Called by ``preferences``."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from zoneinfo import available_timezones

from syndicate.app import App
from syndicate.model import Subscription
from syndicate.web.fields import Fields
from syndicate.web.joining import topics_of
from syndicate.web.typed import Form


def form_of(app: App, held: Subscription, errors: dict[str, str], typed: Fields | None) -> Form:
    """The form for a subscription, with what was typed where that can't be used."""
    newsletter, person = app.settings.newsletter(held.newsletter), held.subscriber
    offered = topics_of(app, newsletter) if newsletter else ()
    known = {topic.casefold() for topic in offered}
    form = Form(
        cadences=tuple(newsletter.cadences) if newsletter else (),
        topics=(*offered, *(topic for topic in held.topics if topic.casefold() not in known)),
        languages=app.templates.languages.all,
        cadence=held.cadence,
        chosen=held.topics,
        name=person.name,
        language=app.templates.languages.best([person.language]).tag if person.language else "",
        timezone=person.timezone or "",
        errors=errors,
    )
    return _with(form, typed) if typed else form


@cache
def every_zone() -> tuple[str, ...]:
    """Zones as people know them: by a city, and UTC."""
    places = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
    return ("UTC", *sorted(zone for zone in available_timezones() if zone.partition("/")[0] in places))


def _with(form: Form, typed: Fields) -> Form:
    """The form with what was typed in place of what is known, so that nothing typed is lost."""

    def kept(name: str, known: str) -> str:
        return typed.one(name) if name in typed else known

    return replace(
        form,
        cadence=kept("cadence", form.cadence),
        name=kept("name", form.name),
        language=kept("language", form.language),
        timezone=kept("timezone", form.timezone),
        email=kept("email", form.email),
        chosen=typed.all("topics") if "topics" in typed else form.chosen,
    )
