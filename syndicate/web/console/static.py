"""The console's stylesheet and scripts. Their addresses change with what they hold, so each is asked for once."""

from __future__ import annotations

from importlib.resources import files

from fastapi import HTTPException, Request
from fastapi.responses import Response

from syndicate.render.environment import Environment, render
from syndicate.web.cached import answer, etag_of

_FOREVER = "public, max-age=31536000, immutable"
_SCRIPTS = {
    "htmx.js": "vendor/htmx.min.js",
    "sse.js": "vendor/sse.min.js",
    "console.js": "console.js",
}


class Static:
    """Serves them from memory. :raises TemplateError: when the stylesheet can't be rendered."""

    def __init__(self, templates: Environment, base: str) -> None:
        self._base = base
        style = render(templates, "console/console.css").encode()
        here = files("syndicate.web.console")
        scripts = {name: (here.joinpath(path).read_bytes(), "text/javascript") for name, path in _SCRIPTS.items()}
        self._files = {"console.css": (style, "text/css"), **scripts}

    def url(self, name: str) -> str:
        """Where it is."""
        return f"{self._base}/console/static/{name}?v={etag_of(self._files[name][0])[1:13]}"

    def serve(self, request: Request) -> Response:
        """``/console/static/{name}``."""
        content, kind = self._files.get(request.path_params["name"], (b"", ""))
        if not kind:
            raise HTTPException(404)
        return answer(request, content, kind, _FOREVER if "v" in request.query_params else "no-cache")
