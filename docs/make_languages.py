"""Brings the catalogues in ``templates/languages`` up to date with the words in templates and code.

`make languages` runs it; with ``ARGS=mk`` it begins a catalogue of that language. What it leaves empty wants a
translator: the tests fail until it is there.
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "templates" / "languages"

_WAYS = [("syndicate/**.py", "python"), ("templates/**.html", "jinja2"), ("templates/**.txt", "jinja2")]
_WAYS += [("templates/**.css", "jinja2")]
_KEYWORDS = DEFAULT_KEYWORDS | {"translatable": None}
_HEADER = "# {}. `make languages` keeps it in step with the words in templates and code."
_FLEETING = (
    "POT-Creation-Date",
    "PO-Revision-Date",
    "Last-Translator",
    "Language-Team",
    "Project-Id-Version",
    "Report-Msgid-Bugs-To",
    "Generated-By",
)
"""Headers that would change with every run, or that say nothing."""


def forms_of(message: Message) -> tuple[str, ...]:
    """The translation, in each form that it has."""
    found = message.string or ""
    return (found,) if isinstance(found, str) else tuple(found)


def messages() -> Catalog:
    """Every text that wants a translation, in English, with where it stands."""
    found = Catalog()
    for folder in ("syndicate", "templates"):
        ways = [(pattern.removeprefix(f"{folder}/"), way) for pattern, way in _WAYS if pattern.startswith(folder)]
        for file, _, text, _, _ in extract_from_dir(ROOT / folder, ways, keywords=_KEYWORDS):
            found.add(text, locations=[(f"{folder}/{file}", 0)])
    return found


def catalogue(path: Path) -> Catalog:
    """A language's own, as it is."""
    return read_po(BytesIO(path.read_bytes()), Locale.parse(path.stem))


def main() -> None:
    """Writes every catalogue anew, and those of the languages that were named."""
    template = messages()
    for path in {*FOLDER.glob("*.po"), *(FOLDER / f"{Locale.parse(name)}.po" for name in sys.argv[1:])}:
        locale = Locale.parse(path.stem)
        updated = catalogue(path) if path.exists() else Catalog(locale)
        updated.update(template, no_fuzzy_matching=True)
        updated.fuzzy = False
        updated.obsolete.clear()
        updated.header_comment = _HEADER.format(locale.english_name)
        out = BytesIO()
        write_po(out, updated, width=120, include_lineno=False, sort_by_file=True, ignore_obsolete=True)
        lines = out.getvalue().decode().split("\n")
        kept = [line for line in lines if not line.startswith(tuple(f'"{name}:' for name in _FLEETING))]
        path.write_text("\n".join(kept), "utf-8")


if __name__ == "__main__":
    main()
