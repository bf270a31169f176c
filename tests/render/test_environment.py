from __future__ import annotations

from pathlib import Path

import pytest

from syndicate.errors import TemplateError
from syndicate.render.environment import check_syntax, open_templates, render, shipped_templates, with_draft


def rendered(folder: Path, text: str, name: str = "own.html", **values: object) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return render(open_templates(folder), name, **values)


def test_the_operators_file_wins_and_the_others_stay(tmp_path: Path) -> None:
    (tmp_path / "email" / "digest").mkdir(parents=True)
    (tmp_path / "email" / "digest" / "subject.txt").write_text("mine", encoding="utf-8")
    env = open_templates(tmp_path)
    assert render(env, "email/digest/subject.txt") == "mine"
    shipped = env.get_template("email/digest/body.html").filename
    assert shipped
    assert Path(shipped).is_relative_to(shipped_templates())


def test_html_is_escaped_and_text_is_not(tmp_path: Path) -> None:
    assert rendered(tmp_path, "{{ x }}", x="<b>&'\"") == "&lt;b&gt;&amp;&#39;&#34;"
    assert rendered(tmp_path, "{{ x }}", "own.txt", x="<b>") == "<b>"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("one\n{% if %}", "Expected"),
        ("one\n{{ unknown }}", "'unknown' is undefined"),
        ("one\n{{ x.unknown }}", "no attribute 'unknown'"),
        ("one\n{{ ''.__class__.__mro__ }}", "unsafe"),
        ("one\n{{ names.append(1) }}", "unsafe"),
        ("one\n{{ 1 // 0 }}", "ZeroDivisionError"),
        ("one\n{{ x | nothing }}", "No filter named 'nothing'"),
        ("one\n{% include 'absent.html' %}", "no template 'absent.html'"),
        ("one\n{% include ['absent.html', 'gone.html'] %}", "absent.html, gone.html"),
    ],
)
def test_an_error_names_template_and_line(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(TemplateError) as caught:
        rendered(tmp_path, text, x="x", names=[])
    assert (caught.value.template, caught.value.line) == ("own.html", 2)
    assert reason in caught.value.reason


@pytest.mark.parametrize("wrong", ["\n\n{{ unknown }}", "\n\n{% endif %}"])
def test_an_error_names_the_template_that_holds_it(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "base.html").write_text("\n{% block a %}{% endblock %}" + wrong, encoding="utf-8")
    with pytest.raises(TemplateError) as caught:
        rendered(tmp_path, "{% extends 'parts/base.html' %}{% block a %}fine{% endblock %}")
    assert (caught.value.template, caught.value.line) == ("parts/base.html", 4)


def test_a_template_that_is_missing_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"template absent\.html: there is no template"):
        render(open_templates(tmp_path), "absent.html")
    (tmp_path / "latin.html").write_bytes(b"caf\xe9")
    with pytest.raises(TemplateError, match=r"latin\.html: UnicodeDecodeError"):
        render(open_templates(tmp_path), "latin.html")


def test_a_template_stays_inside_its_folders(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "secret.html").write_text("secret", encoding="utf-8")
    with pytest.raises(TemplateError, match="no template"):
        rendered(tmp_path / "inside", "{% include '../secret.html' %}")


def test_a_file_counts_at_once_when_it_comes_and_when_it_goes(tmp_path: Path) -> None:
    env = open_templates(tmp_path)
    shipped = render(env, "email/digest/subject.txt", articles=[], newsletter={"title": "Brief"}, cadence="daily")
    own = tmp_path / "email" / "digest" / "subject.txt"
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    assert render(env, "email/digest/subject.txt") == "mine"
    own.unlink()
    again = render(env, "email/digest/subject.txt", articles=[], newsletter={"title": "Brief"}, cadence="daily")
    assert again == shipped


def test_a_draft_is_tried_without_touching_what_is_in_use(tmp_path: Path) -> None:
    (tmp_path / "frame.html").write_text("<b>{% include 'inner.html' %}</b>")
    (tmp_path / "inner.html").write_text("old")
    env = open_templates(tmp_path)
    drafted = with_draft(env, "inner.html", "new {{ x }}")
    assert render(drafted, "frame.html", x="<i>") == "<b>new &lt;i&gt;</b>"
    assert render(env, "frame.html") == "<b>old</b>"
    with pytest.raises(TemplateError) as caught:
        render(with_draft(env, "inner.html", "\n{{ y }}"), "frame.html")
    assert (caught.value.template, caught.value.line) == ("inner.html", 2)


@pytest.mark.parametrize("wrong", ["{% if %}", "{{ x | nothing }}", "{% endblock %}", "{{ 'x }}"])
def test_syntax_is_checked_with_the_line(tmp_path: Path, wrong: str) -> None:
    env = open_templates(tmp_path)
    with pytest.raises(TemplateError) as caught:
        check_syntax(env, "own.html", f"one\n\n{wrong}")
    assert (caught.value.template, caught.value.line) == ("own.html", 3)
    check_syntax(env, "own.html", "{{ anything }}")
