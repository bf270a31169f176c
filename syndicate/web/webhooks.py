"""``/webhooks/<provider>``: where mail providers tell of bounces and complaints; one is there once its key is set."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import PlainTextResponse, Response

from syndicate.app import App
from syndicate.errors import ForgedError, ReachError, ReplayedError, WebhookError
from syndicate.inbound.webhooks import LARGEST_BODY
from syndicate.web.guard import small_body
from syndicate.web.pages import Pages


class ProviderWebhooks:
    """Answers say nothing of who is subscribed."""

    def __init__(self, app: App, _pages: Pages) -> None:
        self._webhooks = app.webhooks

    def routes(self) -> APIRouter:
        """The address and what answers it."""
        router = APIRouter()
        router.post("/webhooks/{provider}")(self.take)
        return router

    async def take(self, request: Request, provider: str) -> Response:
        """Takes what a provider tells: 403 when it is not its own, 409 when it was told before, 406 when not known."""
        if provider not in self._webhooks.providers:
            raise HTTPException(404)
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            await self._webhooks.take(provider, headers, await small_body(request, LARGEST_BODY))
        except ForgedError:
            return _answer(403, "this is not signed as it must be")
        except ReplayedError:
            return _answer(409, "all of this was told before")
        except WebhookError as error:
            return _answer(406, str(error))
        except ReachError as error:
            return _answer(503, f"{error}; tell it again later")
        return _answer(200, "taken")


def _answer(status: int, text: str) -> Response:
    return PlainTextResponse(f"{text}\n", status_code=status, headers={"Cache-Control": "no-store"})
