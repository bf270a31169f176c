"""Recognises what a reader wants: by the address written to, by the subject, or by the first line. Pure."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from enum import StrEnum

_SAID = re.compile(r"(subscribe|unsubscribe|help)(?:[ \t]+([!-~]{1,80}))?", re.IGNORECASE)
_ANSWER = re.compile(r"(?:[^\W\d_]{2,4}(?:\[\d{1,2}\])?:\s*)+", re.IGNORECASE)
"""``Re:``, ``AW:``, ``Odg:`` … in front of a subject."""

_TOKEN = re.compile(r"\d{1,19}-[0-9a-f]{32}")


class Word(StrEnum):
    """What can be wanted."""

    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    CONFIRM = "confirm"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class Command:
    """A reader's wish. ``token`` proves it, in lower case; ``newsletter`` is the slug that was named, if one was.

    ``is_bare`` when it is the whole subject, as a mail program writes it that follows a ``mailto:`` link.
    """

    word: Word
    token: str = ""
    newsletter: str = ""
    is_bare: bool = False


def recognise(extension: str, subject: str, first_line: str, slugs: Container[str]) -> Command | None:
    """The command in a mail, None when there is none.

    What the address says goes before the subject, and the subject before the first line; a subject that answers
    another counts by what follows its ``Re:``. Who answers with a command on the first line means that, and does not
    confirm.
    """
    word, _, token = extension.partition("-")
    if word == Word.CONFIRM and token:
        return _said(first_line, slugs) or Command(Word.CONFIRM, token=token)
    if word in (Word.SUBSCRIBE, Word.UNSUBSCRIBE, Word.HELP):
        said = next(
            (one for one in (_said(subject, slugs), _said(first_line, slugs)) if one and one.word == word), None
        )
        return Command(Word(word), token or (said.token if said else ""), said.newsletter if said else "")
    if bare := _said(subject, slugs):
        return Command(bare.word, bare.token, bare.newsletter, is_bare=True)
    answered = _ANSWER.match(subject.lstrip())
    return (_said(subject.lstrip()[answered.end() :], slugs) if answered else None) or _said(first_line, slugs)


def _said(text: str, slugs: Container[str]) -> Command | None:
    match = _SAID.fullmatch(text.strip().strip("\"'.!*„“”«»").strip())
    if match is None:
        return None
    word, argument = Word(match[1].lower()), (match[2] or "").lower()
    if not argument:
        return Command(word)
    if word is Word.UNSUBSCRIBE and _TOKEN.fullmatch(argument):
        return Command(word, token=argument)
    return Command(word, newsletter=argument) if argument in slugs else None
