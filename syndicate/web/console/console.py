"""The console, put together. Called by the server."""

from __future__ import annotations

from syndicate.app import App
from syndicate.web.console.articles.article import ArticlePage
from syndicate.web.console.articles.listing import ArticleList
from syndicate.web.console.articles.placing import ArticlePlaces
from syndicate.web.console.articles.text import ArticleText
from syndicate.web.console.articles.wording import ArticleWords
from syndicate.web.console.articles.writing import Writing
from syndicate.web.console.desk import Desk
from syndicate.web.console.digests.acts import DigestActs
from syndicate.web.console.digests.approving import Approving
from syndicate.web.console.digests.checking import Checking
from syndicate.web.console.digests.digest import DigestPages
from syndicate.web.console.digests.draft import DraftPages
from syndicate.web.console.digests.now import SendNow
from syndicate.web.console.digests.results import Results
from syndicate.web.console.digests.sent import SentDigests
from syndicate.web.console.door import Door
from syndicate.web.console.health.acts import Acts
from syndicate.web.console.health.copy import CopyPage
from syndicate.web.console.health.page import Health
from syndicate.web.console.progress import Progress
from syndicate.web.console.settings.all import AllSettings
from syndicate.web.console.settings.editing import SettingsForms
from syndicate.web.console.settings.pages import SettingsPages
from syndicate.web.console.signing.account import Account
from syndicate.web.console.signing.entering import Entering
from syndicate.web.console.signing.proving import Proving
from syndicate.web.console.signing.welcome import Welcome
from syndicate.web.console.subscribers.acting import SubscriberActs
from syndicate.web.console.subscribers.adding import AddSubscriber
from syndicate.web.console.subscribers.data import PersonalData
from syndicate.web.console.subscribers.exporting import Export
from syndicate.web.console.subscribers.growth import Growth
from syndicate.web.console.subscribers.importing import ImportWizard
from syndicate.web.console.subscribers.pages import SubscriberPages
from syndicate.web.console.templates.pages import TemplatePages
from syndicate.web.console.today.page import Today
from syndicate.web.console.users.people import UserPages
from syndicate.web.console.users.tokens import TokenPages


def open_door(app: App, base: str) -> Door:
    """The door, with every address of the console in its ``router``.

    :raises TemplateError: when the stylesheet can't be rendered.
    """
    desk = Desk(app, base)
    door = Door(app, desk)
    for section in (
        Entering,
        Welcome,
        Proving,
        Account,
        Today,
        Progress,
        Health,
        Acts,
        CopyPage,
        ArticleList,
        ArticlePage,
        SentDigests,
        DraftPages,
        Approving,
        Checking,
        DigestPages,
        DigestActs,
        SendNow,
        Results,
        SubscriberPages,
        SubscriberActs,
        PersonalData,
        AddSubscriber,
        ImportWizard,
        Export,
        ArticleWords,
        ArticleText,
        ArticlePlaces,
        Writing,
        Growth,
        SettingsPages,
        AllSettings,
        SettingsForms,
        UserPages,
        TokenPages,
        TemplatePages,
    ):
        section(app, desk, door)
    door.router.add_route("/console/static/{name}", desk.static.serve, methods=["GET"])
    return door
