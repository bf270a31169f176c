"""The subject and the words: are they there, do both parts say the same, do they look like spam? Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from syndicate.preflight.finding import Finding
from syndicate.preflight.message.checks import (
    ADDRESS,
    ALT,
    HIDDEN,
    PLACEHOLDERS,
    SHAPES,
    SIZE,
    SUBJECT,
    TEXT_PART,
    WAY_OUT,
)
from syndicate.preflight.message.mail import Mail
from syndicate.preflight.message.page import Page, Run

CLIPPED = 102 * 1024
"""Bytes of HTML after which Gmail hides the rest."""

_HEAVY = 10_000_000
"""Octets of a whole message that many servers refuse at twice as much."""

_LONG_SUBJECT, _SHORT_SUBJECT = 90, 4
_SHARED = 0.6
"""Of the words that the HTML shows, so many should be in the text."""

_FEW_WORDS = 25
_HIDDEN_LETTERS = 400
_LOUD_LETTERS, _LOUD = 10, 0.8
_WORD = re.compile(r"[^\W\d_]{4,}")
_ADDRESSES = re.compile(r"<?\b(?:https?://|mailto:)\S+")
_MARKS = re.compile(r"[!?]{2,}|!\s*!|\${2,}|€{2,}")
_PRETENDS = re.compile(r"(?:re|fwd?|aw|wg|odg|tr)\s*:", re.IGNORECASE)
_LEFT_OVER = re.compile(
    r"\{\{[^{}]{0,80}\}?\}?|\{%[^{}]{0,80}(?:%\})?|\*\|[A-Z_:]{2,40}\|\*|%%[A-Za-z_]{2,40}%%|\$\{[a-z_.]{1,40}\}"
    r"|(?-i:\[\[[A-Z_]{2,40}\]\])",
    re.IGNORECASE,
)


def size(mail: Mail) -> list[Finding]:
    """Of the HTML, and of the whole."""
    html = len(mail.html.encode("utf-8", "replace"))
    told = f"{html / 1024:.1f} kB of HTML, {mail.octets / 1024:.1f} kB in all"
    if html > CLIPPED:
        return [SIZE.blocks(told, "show fewer articles in full (`max_articles`), or make the template smaller")]
    if mail.octets > _HEAVY:
        return [SIZE.warns(told, "many servers refuse mail as large as that: link to what is in it instead")]
    return [SIZE.fine(told)]


def subject(mail: Mail) -> list[Finding]:
    """Its length and its looks."""
    text = mail.subject.strip()
    if not text:
        return [SUBJECT.blocks("there is none", "write one into the draft, or mend `email/digest/subject.txt`")]
    found = []
    if len(text) > _LONG_SUBJECT:
        found.append(
            SUBJECT.warns(f"{len(text)} characters, of which most programs cut off the end", "put what matters first")
        )
    if len(text) < _SHORT_SUBJECT:
        found.append(SUBJECT.warns(f"{len(text)} characters say little", "name what is in it"))
    return found or [SUBJECT.fine(f"{len(text)} characters")]


def text_part(mail: Mail, page: Page) -> list[Finding]:
    """Whether it is there, and says what the HTML does."""
    if not mail.text.strip():
        return [TEXT_PART.blocks("there is none", "mend `email/digest/body.txt`")]
    shown = set(_words(page.seen))
    missing = shown - set(_words(mail.text))
    if len(shown) >= _FEW_WORDS and len(missing) > len(shown) * (1 - _SHARED):
        share = 100 - 100 * len(missing) // len(shown)
        return [
            TEXT_PART.warns(
                f"it has only {share} % of the words that the HTML shows", "let both templates show the same articles"
            )
        ]
    return [TEXT_PART.fine("it says what the HTML does")]


def placeholders(mail: Mail, page: Page) -> list[Finding]:
    """Variables that nobody filled in, but for those in code that is quoted."""
    quoted = " ".join(run.words for run in page.runs if run.look.is_quoted)
    shown = " ".join(run.words for run in page.runs if not run.look.is_quoted)
    places = [("the subject", mail.subject), ("the HTML", shown), ("an address", " ".join(_addresses(page)))]
    found = [
        PLACEHOLDERS.blocks(f"“{match[0]}” stands there", "take it out, or fill it in", place)
        for place, text in places
        for match in _each(text)
    ]
    found += [
        PLACEHOLDERS.blocks(f"“{match[0]}” stands there", "take it out, or fill it in", "the text")
        for match in _each(mail.text)
        if match[0] not in quoted and match[0] not in shown
    ]
    if re.search(r"\blorem ipsum\b", f"{mail.subject} {shown}", re.IGNORECASE):
        found.append(PLACEHOLDERS.warns("it says “lorem ipsum”", "write what belongs there"))
    return found or [PLACEHOLDERS.fine("none is left")]


def way_out(mail: Mail, page: Page) -> list[Finding]:
    """Whether both parts have the link to unsubscribe, and the address that the law wants."""
    places = {"the HTML": {link.address for link in page.links}, "the text": mail.text}
    missing = [name for name, text in places.items() if mail.unsubscribe not in text]
    found = [
        WAY_OUT.blocks("it is not there", "let the template show `unsubscribe_url`", place) for place in missing
    ] or [WAY_OUT.fine("both parts have it")]
    address = _plain(mail.postal_address)
    if address and address not in _plain(page.seen):
        return [*found, ADDRESS.warns("it is not in the HTML", "let the template show `site.postal_address`")]
    return [*found, ADDRESS.fine("it is there")]


def images(page: Page) -> list[Finding]:
    """Whether each has words in its place; an empty ``alt`` says that it needs none."""
    bare = [image for image in page.images if image.alt is None]
    if bare:
        few = ", ".join(dict.fromkeys(image.source[-60:] for image in bare[:3]))
        return [ALT.warns(f"{_counted(len(bare), 'image has', 'images have')} no alt: {few}", 'write one, or alt=""')]
    linked = [link for link in page.links if not link.words]
    if linked:
        return [
            ALT.warns(f"a link to {linked[0].address[:80]} has no words", "give its image an alt that says where to")
        ]
    return [ALT.fine(f"{_counted(len(page.images), 'image', 'images')}, each with its alt")]


def shapes(mail: Mail, page: Page) -> list[Finding]:
    """Shouting, marks in rows, answers that are none, and mails that are one picture."""
    found = []
    if _is_loud(mail.subject):
        found.append(SHAPES.warns("it is in capitals", "write it as you would say it", "the subject"))
    if marks := _MARKS.search(mail.subject):
        found.append(SHAPES.warns(f"“{marks[0]}”", "one mark is enough", "the subject"))
    if _PRETENDS.match(mail.subject):
        found.append(SHAPES.warns("it looks like an answer, or forwarded", "begin it with what is new", "the subject"))
    loud = next(
        (run.words for run in page.runs if not run.look.is_quoted and len(run.words) > 60 and _is_loud(run.words)), ""
    )
    if loud:
        found.append(SHAPES.warns(f"“{loud[:40]}…” is in capitals", "write it as you would say it", "the HTML"))
    if rows := re.search(r"!{3,}|\?{3,}|\${3,}", _said(page)):
        found.append(SHAPES.warns(f"“{rows[0][:8]}”", "one mark is enough", "the HTML"))
    if page.images and len(list(_words(page.seen))) < _FEW_WORDS:
        found.append(SHAPES.warns("it is images and hardly any text", "say in words what the images say", "the HTML"))
    return found or [SHAPES.fine("there are none")]


def hidden(page: Page) -> list[Finding]:
    """Text that can't be seen, but for the preheader at the beginning; and text in the colour of its ground."""
    first = next((at for at, run in enumerate(page.runs) if not run.look.is_hidden and run.words), len(page.runs))
    unseen = [run for run in page.runs[first:] if run.look.is_hidden and _letters(run)]
    preheader = sum(_letters(run) for run in page.runs[:first] if run.look.is_hidden)
    same = [run for run in page.runs if not run.look.is_hidden and _letters(run) and run.look.text == run.look.ground]
    found = []
    if unseen:
        found.append(HIDDEN.warns(f"“{unseen[0].words[:60]}” can’t be seen", "take it out, or show it"))
    if same:
        found.append(HIDDEN.warns(f"“{same[0].words[:60]}” has the colour of its ground", "take it out, or show it"))
    if preheader > _HIDDEN_LETTERS:
        found.append(
            HIDDEN.warns(f"the preheader has {preheader} letters", "programs show about 100 of them; shorten it")
        )
    return found or [HIDDEN.fine("there is none but the preheader" if preheader else "there is none")]


def _said(page: Page) -> str:
    return " ".join(run.words for run in page.runs if not (run.look.is_hidden or run.look.is_quoted))


def _words(text: str) -> Iterator[str]:
    return (one.casefold() for one in _WORD.findall(_ADDRESSES.sub(" ", text)))


def _each(text: str) -> Iterator[re.Match[str]]:
    seen: set[str] = set()
    for match in _LEFT_OVER.finditer(text):
        if match[0] not in seen:
            seen.add(match[0])
            yield match


def _addresses(page: Page) -> Iterator[str]:
    yield from (link.address for link in page.links)
    yield from (image.source for image in page.images)


def _is_loud(text: str) -> bool:
    cased = [one for one in text if one.isupper() or one.islower()]
    return len(cased) >= _LOUD_LETTERS and sum(one.isupper() for one in cased) > _LOUD * len(cased)


def _letters(run: Run) -> int:
    return sum(one.isalpha() for one in run.words)


def _plain(text: str) -> str:
    return "".join(one for one in text.casefold() if one.isalnum())


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
