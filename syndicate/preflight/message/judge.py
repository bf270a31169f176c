"""All that can be said of a mail without asking anybody. Pure."""

from __future__ import annotations

from syndicate.preflight.finding import Finding
from syndicate.preflight.message import contrast, css, links, words
from syndicate.preflight.message.mail import Mail
from syndicate.preflight.message.page import darkened, page


def judge(mail: Mail) -> list[Finding]:
    """What is to be said, in the order of ``MESSAGE``."""
    seen = page(mail.html)
    dark = darkened(mail.html)
    return [
        *words.size(mail),
        *words.subject(mail),
        *words.text_part(mail, seen),
        *words.placeholders(mail, seen),
        *words.way_out(mail, seen),
        *words.images(seen),
        *links.link_shapes(seen),
        *links.shorteners(seen),
        *words.shapes(mail, seen),
        *words.hidden(seen),
        *css.dropped(seen),
        *css.foreign(seen),
        *contrast.by_day(seen),
        *contrast.in_the_dark(seen, page(dark) if dark else None),
    ]
