"""What came from elsewhere, as a page for a frame of the console: in a sandbox, where nothing runs."""

from __future__ import annotations

from html import escape

from fastapi.responses import HTMLResponse

from syndicate.model import Article
from syndicate.web.console.desk import PRIVATE

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src {}; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox"
)
_STYLE = (
    ":root{color-scheme:light dark}body{margin:1rem;font:1rem/1.6 Georgia,serif;overflow-wrap:break-word}"
    "img,video,table{max-width:100%;height:auto}pre{overflow-x:auto}"
    "@media(prefers-color-scheme:dark){body{background:#17181a;color:#e6e3dc}a{color:#8cbfe6}}"
)


def framed(article: Article) -> HTMLResponse:
    """What readers get of an article."""
    return _page(article.html, article.language or "", "https: http: data:")


def unsafe(markup: str) -> HTMLResponse:
    """What an article was before it was cleaned: it loads nothing, not even pictures, and its links lead nowhere."""
    return _page(markup, "", "'none'", is_dead=True)


def _page(body: str, language: str, pictures: str, *, is_dead: bool = False) -> HTMLResponse:
    html = (
        f'<!DOCTYPE html><html lang="{escape(language)}"><head><meta charset="utf-8"><base target="_blank">'
        f"<title>Article</title><style>{_STYLE}</style></head><body>{body}</body></html>"
    )
    policy = _POLICY.format(pictures) + ("" if is_dead else " allow-popups allow-popups-to-escape-sandbox")
    headers = {**PRIVATE, "Content-Security-Policy": policy, "X-DNS-Prefetch-Control": "off"}
    return HTMLResponse(html, headers=headers)
