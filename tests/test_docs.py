"""The documentation against the program: pages are as the code writes them, and what they name exists."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
import jinja2.meta
import pytest

from docs import make_commands, make_settings
from syndicate.errors import TemplateError
from syndicate.model import Article
from syndicate.render.digest import DigestContext, NewsletterFacts, ShownArticle, SiteFacts, render_digest
from syndicate.render.environment import open_templates
from syndicate.render.filters import FILTERS
from syndicate.render.holes import NameHole, open_holes
from syndicate.settings import load

ROOT = Path(__file__).resolve().parent.parent
PAGES = [
    *(path for name in ("README.md", "ARCHITECTURE.md", "CHANGELOG.md") if (path := ROOT / name).exists()),
    *sorted((ROOT / "docs").glob("*.md")),
]
SECURITY = ROOT / "docs" / "security.md"
TEMPLATES = ROOT / "docs" / "templates.md"
SECRETS = {
    "SYNDICATE_SITE__SECRET": "0123456789abcdef0123456789abcdef",
    "SYNDICATE_SMTP__URL": "smtp+starttls://user:p%40ss@relay.example:587",
}


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of that language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def section(page: Path, heading: str) -> str:
    """What stands under a heading, up to the next of its level."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert found, f"{page.name} has no {heading!r}"
    return found[1]


def first_cells(text: str) -> set[str]:
    """The names in backquotes in the first column of a text's tables."""
    cells = re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def calls(page: Path) -> list[str]:
    """Every call of the program in a page's shell blocks."""
    lines = [line for block in blocks(page, "sh") for line in block.splitlines()]
    return [line for line in lines if line.startswith("syndicate ")]


def test_settings_page_is_as_the_schema_writes_it() -> None:
    assert make_settings.PAGE.read_text("utf-8") == make_settings.page(), "run `make docs`"


def test_every_setting_says_what_it_means() -> None:
    rows = re.findall(r"^\| `\w+` \| .* \| (.*) \|$", make_settings.page(), re.MULTILINE)

    assert rows
    assert all(rows)


def test_variables_of_the_settings_page_work(tmp_path: Path) -> None:
    (tmp_path / "syndicate.toml").write_text(blocks(ROOT / "README.md", "toml")[0], "utf-8")
    words = [shlex.split(line) for block in blocks(make_settings.PAGE, "sh") for line in block.splitlines()]
    given = dict(word.split("=", 1) for _, word in words)

    newsletter = load(tmp_path / "syndicate.toml", {**SECRETS, **given}).newsletters[0]

    assert newsletter.review
    assert newsletter.tags == ("politics", "culture")
    assert newsletter.cadences["daily"] == "30 6 * * *"


def test_commands_page_is_as_the_commands_write_it() -> None:
    assert make_commands.PAGE.read_text("utf-8") == make_commands.page(), "run `make docs`"


def test_readme_has_every_command() -> None:
    found = make_commands.TABLE.search((ROOT / "README.md").read_text("utf-8"))

    assert found
    assert found[0] == make_commands.table(), "run `make docs`"


def test_every_command_says_what_it_does_and_has_an_example() -> None:
    assert make_commands.EXAMPLES.keys() == make_commands.runnable().keys()
    assert all(make_commands.help_of(one) for one in make_commands.runnable().values())
    for called, example in make_commands.EXAMPLES.items():
        assert all(line.startswith(f"syndicate {called}") for line in example.splitlines())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_shell_blocks_name_what_exists(page: Path) -> None:
    known = make_commands.runnable()
    for line in calls(page):
        words = shlex.split(line)[1:]
        name = next(n for n in (" ".join(words[:2]), words[0]) if n in known)
        options = {name for one in known[name].params for name in (*one.opts, *one.secondary_opts)} | {"--config"}

        assert {word for word in words if word.startswith("-")} <= options, line


def test_readme_configuration_loads(tmp_path: Path) -> None:
    (block,) = blocks(ROOT / "README.md", "toml")
    (tmp_path / "syndicate.toml").write_text(block, "utf-8")

    settings = load(tmp_path / "syndicate.toml", SECRETS)

    assert settings.smtp.relay.security == "starttls"
    assert settings.smtp.relay.password.get_secret_value() == "p@ss"
    assert settings.newsletters[0].default_cadence == "daily"


def test_readme_names_targets_that_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))

    assert set(re.findall(r"\bmake ([a-z]+)", "\n".join(blocks(ROOT / "README.md", "sh")))) == {"demo", "test"}
    assert set(re.findall(r"`make ([a-z-]+)", (ROOT / "README.md").read_text("utf-8"))) <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_relative_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r"^\[[^\]]+\]: (\S+)", text, re.MULTILINE)

    for target in targets:
        if "://" not in target and not target.startswith(("#", "mailto:")):
            assert (page.parent / target.partition("#")[0]).exists(), target


def test_every_requirement_of_the_security_checklist_is_answered() -> None:
    text = SECURITY.read_text("utf-8")
    rows = re.findall(r"^\| (\d+\.\d+\.\d+) \| ([12]) \| [^|]+ \| (met|argued|none)\b", text, re.MULTILINE)
    levels = [level for _, level, _ in rows]

    assert len({number for number, _, _ in rows}) == len(rows)
    assert (levels.count("1"), levels.count("2")) == (70, 183), "so many has ASVS 5.0.0"
    for path in re.findall(r"`((?:syndicate|tests|templates|requirements)/[\w./-]*)`", text):
        assert (ROOT / path).exists(), path


def test_screenshot_is_small() -> None:
    assert all(image.stat().st_size < 250_000 for image in (ROOT / "docs" / "images").iterdir())


def test_every_template_is_documented() -> None:
    shipped = {
        path.relative_to(ROOT / "templates").as_posix()
        for folder in ("email", "web", "feeds")
        for path in (ROOT / "templates" / folder).rglob("*.*")
    }

    assert first_cells(section(TEMPLATES, "Which there are")) == shipped


def test_every_filter_is_documented() -> None:
    assert {name.partition("(")[0] for name in first_cells(section(TEMPLATES, "Filters"))} == set(FILTERS)


def test_every_value_of_a_reader_is_documented() -> None:
    documented = first_cells(section(TEMPLATES, "What differs between readers"))

    assert {name.partition(".")[0] for name in documented} == set(open_holes("h0", NameHole("h0", is_known=True)))


def _digest(tmp_path: Path, env: jinja2.Environment | None = None, template: str = "") -> str:
    """A digest's HTML by a template of the operator's own."""
    path = tmp_path / "email" / "digest" / "body.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(template, "utf-8")
    now = datetime(2026, 11, 24, 7, tzinfo=UTC)
    article = Article(
        id=1, source="s", guid="1", title="Ferry", html="<p>It sails.</p>", text="It sails.", picked_up_at=now,
        changed_at=now,
    )  # fmt: skip
    context = DigestContext(
        site=SiteFacts("Courier", "https://news.example", "1 Quay Street"),
        newsletter=NewsletterFacts("daily", "The Daily Brief"),
        cadence="daily",
        due_at=now,
        articles=(article,),
        links={1: "https://news.example/1"},
        view_url="https://news.example/archive/daily/1",
    )
    return render_digest(env or open_templates(tmp_path), context).html  # type: ignore[arg-type]


def test_every_documented_variable_of_a_digest_exists(tmp_path: Path) -> None:
    names = first_cells(section(TEMPLATES, "In `email/digest/`")) - {"A, B and C"}
    names |= first_cells(section(TEMPLATES, "What differs between readers"))
    written = "".join(f"<p>{{{{ {name} }}}}</p>" for name in sorted(names))

    html = _digest(
        tmp_path, template=f"<html><body>{{% for article in articles %}}{written}{{% endfor %}}</body></html>"
    )

    assert html.count("<p>") >= len(names)


def test_every_variable_of_a_digest_is_documented(tmp_path: Path) -> None:
    env = open_templates(tmp_path)
    seen: set[str] = set()

    @jinja2.pass_context
    def look(context: jinja2.runtime.Context) -> str:
        seen.update(context.parent.keys() - env.globals.keys())
        return ""

    env.globals["look"] = look
    _digest(tmp_path, env, "<html><body>{{ look() }}</body></html>")
    names = first_cells(section(TEMPLATES, "In `email/digest/`"))
    documented = names | first_cells(section(TEMPLATES, "What differs between readers"))
    fields: dict[str, Any] = {"site": SiteFacts, "newsletter": NewsletterFacts, "article": ShownArticle}

    assert seen == {name.partition(".")[0] for name in documented} - {"article"}
    for variable, kind in fields.items():
        own = set(kind.__dataclass_fields__) | ({"full"} if kind is ShownArticle else set())
        assert {f"{variable}.{name}" for name in own} == {n for n in names if n.startswith(f"{variable}.")}


@pytest.mark.parametrize("use", ["{% if subscriber.email == 'a' %}x{% endif %}", "{{ subscriber.name | upper }}"])
def test_what_is_forbidden_with_a_reader_is(tmp_path: Path, use: str) -> None:
    assert use.partition("x{%")[0].strip() in TEMPLATES.read_text("utf-8")
    with pytest.raises(TemplateError, match="can't be tested or changed"):
        _digest(tmp_path, template=use)


ALONE = {"above", "archive", "embed"}
IN_PIECES = {"base", "fields", "joining", "words"}
PIECES = ("web/fields.html", "web/joining.html", "web/words.html")
WEB_PAGES = sorted(path.stem for path in (ROOT / "templates" / "web").glob("*.html") if path.stem not in IN_PIECES)


@pytest.mark.parametrize("template", WEB_PAGES)
def test_variables_of_a_page_are_documented(template: str) -> None:
    env = open_templates()
    text = section(TEMPLATES, "In `web/`")
    row = re.search(rf"^\| `web/{template}.html` \| (.*) \|$", text, re.MULTILINE)
    assert row
    shared = {name.partition(".")[0] for name in first_cells(text) if "/" not in name}
    used = set()
    for name in (f"web/{template}.html", *(() if template in ALONE else ("web/base.html", *PIECES))):
        source = (ROOT / "templates" / name).read_text("utf-8")
        own = set(re.findall(r"{% (?:macro|set) (\w+)", source))
        own |= {word for names in re.findall(r"import (.*) with context", source) for word in names.split(", ")}
        used |= jinja2.meta.find_undeclared_variables(env.parse(source)) - own - set(env.globals)

    assert used <= shared | set(re.findall(r"`(\w+)`", row[1]))


def test_variables_of_the_feeds_page_are_documented() -> None:
    source = (ROOT / "templates" / "feeds" / "index.html").read_text("utf-8")
    env = open_templates()
    used = jinja2.meta.find_undeclared_variables(env.parse(source)) - set(env.globals)

    assert used == first_cells(section(TEMPLATES, "In `feeds/index.html`"))
