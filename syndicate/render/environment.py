"""Where templates come from, and how one is rendered. Called by everything that renders: mails, pages, feed pages."""

from __future__ import annotations

import os
import posixpath
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import CodeType
from typing import Any

import jinja2
from jinja2.bccache import Bucket
from jinja2.loaders import split_template_path
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from syndicate.errors import TemplateError
from syndicate.render.filters import FILTERS, language_of
from syndicate.render.holes import Hole
from syndicate.render.languages import ENGLISH, Languages
from syndicate.render.languages import FOLDER as LANGUAGES

_MARK = "__jinja_exception__"
"""Jinja puts this name into the globals of the frames that stand for a template's lines (``jinja2.debug``)."""


class Environment(ImmutableSandboxedEnvironment):
    """Templates, and the ``languages`` that their words are translated into."""

    languages: Languages


def shipped_templates() -> Path:
    """The folder of templates that came with this package: inside it when installed, else the checkout's."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


def open_templates(operator: Path | None = None) -> Environment:
    """Sandboxed, strict about undefined names, escaping in ``.html``; a file of ``operator``'s own folder comes first.

    Names are paths inside either folder, such as ``email/digest/body.html``.
    """
    folders = [shipped_templates()] if operator is None else [operator, shipped_templates()]
    env = Environment(
        loader=_Folders(folders),
        autoescape=lambda name: name is not None and name.endswith(".html"),
        undefined=jinja2.StrictUndefined,
        finalize=_written,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=_COMPILED,
    )
    env.filters.update(FILTERS)
    env.globals.update({"_": _gettext, "ngettext": _ngettext})
    env.languages = Languages(folders)
    return env


def with_draft(env: Environment, name: str, text: str) -> Environment:
    """The same templates, with ``text`` in place of one of them."""
    drafted = env.overlay(loader=_Drafted(_folders_of(env), name, text))
    assert isinstance(drafted, Environment)
    return drafted


def check_syntax(env: Environment, name: str, text: str) -> None:
    """:raises TemplateError: with the line, when ``text`` is not a template at all."""
    try:
        env.compile(text, name, name)
    except Exception as error:
        line = error.lineno if isinstance(error, jinja2.TemplateSyntaxError) else None
        raise TemplateError(name, line, _reason(error)) from error


class _Compiled(jinja2.BytecodeCache):
    """What templates were compiled to, for every environment here: settings that change make a new one."""

    def __init__(self) -> None:
        self._codes: dict[str, tuple[str, CodeType | None]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Of the same file with the same text."""
        checksum, code = self._codes.get(bucket.key, ("", None))
        bucket.code = code if checksum == bucket.checksum else None

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Replaces what a former text of that file was compiled to."""
        self._codes[bucket.key] = bucket.checksum, bucket.code


_COMPILED = _Compiled()


class _Folders(jinja2.FileSystemLoader):
    """A template that the operator adds to their own folder counts at once, also where the shipped one was in use."""

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """Its text and file, and whether both still hold."""
        text, file, is_same = super().get_source(environment, template)
        nearer: list[str] = []
        for folder in self.searchpath:
            place = os.path.normpath(posixpath.join(folder, *split_template_path(template)))
            if place == file:
                break
            nearer.append(place)
        return text, file, lambda: is_same() and not any(map(os.path.exists, nearer))


class _Drafted(_Folders):
    """The same folders, with another text for one name."""

    def __init__(self, folders: Sequence[str], name: str, text: str) -> None:
        super().__init__(folders)
        self._name, self._text = name, text

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """As it was typed, where that name is asked for."""
        if template == self._name:
            return self._text, str(Path(self.searchpath[0], template)), lambda: True
        return super().get_source(environment, template)


def render(env: Environment, name: str, **values: object) -> str:
    """The template's text, in English unless ``language`` is given.

    Whatever goes wrong in it raises TemplateError with the template and line to blame.
    """
    return _rendered(env, name, lambda: env.get_template(name), values)


def render_text(env: Environment, text: str, name: str, **values: object) -> str:
    """The same of a template that is no file; ``name`` says in errors what it is, and by its end whether to escape."""

    def compiled() -> jinja2.Template:
        return env.template_class.from_code(env, env.compile(text, name), env.make_globals(None))

    return _rendered(env, name, compiled, values)


def _rendered(
    env: Environment, name: str, template: Callable[[], jinja2.Template], values: Mapping[str, object]
) -> str:
    try:
        return template().render({"language": ENGLISH, **values})
    except Exception as error:
        template_name, line = _blame(env, error, name)
        raise TemplateError(template_name, line, _reason(error)) from error


def stamp_of(env: Environment, folder: str) -> str:
    """Another one whenever a template in that folder of either, or a catalogue, is another file."""
    files = [
        file
        for path in _folders_of(env)
        for name in (folder, LANGUAGES)
        for file in sorted(Path(path, name).rglob("*.*"))
    ]
    seen = [(file, _stat(file)) for file in files]
    return " ".join(f"{file}:{found.st_size}:{found.st_mtime_ns}" for file, found in seen if found)


def _stat(file: Path) -> os.stat_result | None:
    try:
        return file.stat()
    except FileNotFoundError:
        return None


@jinja2.pass_context
def _gettext(context: Context, text: str, /, **values: Any) -> str:
    """``_("Leave %(title)s?", title=title)``: translated, then filled. Values are escaped where the file is HTML."""
    return _filled(context, language_of(context).gettext(text), values)


@jinja2.pass_context
def _ngettext(context: Context, one: str, many: str, count: int, /, **values: Any) -> str:
    """As ``_``, in the form that goes with ``count``, which is ``%(num)s`` in the text."""
    return _filled(context, language_of(context).ngettext(one, many, count), {"num": count, **values})


def _filled(context: Context, text: str, values: Mapping[str, Any]) -> str:
    whole = Markup(text) if context.eval_ctx.autoescape else text  # noqa: S704 - our words, with what tags they have
    return whole % {name: _written(value) for name, value in values.items()}


def _written(value: Any) -> Any:
    """A reader's value may leave a template in this one way: written out alone."""
    return value.written() if isinstance(value, Hole) else value


def _reason(error: Exception) -> str:
    if isinstance(error, jinja2.TemplatesNotFound):
        return f"none of these templates exists: {', '.join(map(str, error.templates))}"
    if isinstance(error, jinja2.TemplateNotFound):
        return f"there is no template {error.name!r}"
    if isinstance(error, jinja2.TemplateError):
        return " ".join((error.message or type(error).__name__).split())
    return f"{type(error).__name__}: {error}"


def _blame(env: Environment, error: Exception, name: str) -> tuple[str, int | None]:
    """The innermost template and line that the error passed through."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return error.name or name, error.lineno
    frames = [(frame, line) for frame, line in traceback.walk_tb(error.__traceback__) if _MARK in frame.f_globals]
    if not frames:
        return name, None
    frame, line = frames[-1]
    return _name_of(env, frame.f_code.co_filename) or name, line


def _name_of(env: Environment, file: str) -> str | None:
    for folder in _folders_of(env):
        if Path(file).is_relative_to(folder):
            return Path(file).relative_to(folder).as_posix()
    return None


def _folders_of(env: Environment) -> Sequence[str]:
    assert isinstance(env.loader, jinja2.FileSystemLoader)
    return env.loader.searchpath
