"""Access: every route has a rule, and a request that its rule does not let in goes no further."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING

from flask import g, redirect, request, url_for
from sqlalchemy import Engine
from werkzeug.exceptions import Forbidden, NotFound, Unauthorized
from werkzeug.wrappers import Response

from dashboard.accounts import sessions
from dashboard.accounts.people import Person, Role
from dashboard.accounts.programs import Programs, refused
from dashboard.accounts.tokens import Use
from dashboard.places import Area, Place, site_ids

if TYPE_CHECKING:
    from dashboard.accounts.provider import Provider

COOKIE = "fjes"


class Rule(Enum):
    """Whom a route lets in."""

    ANYBODY = 1
    SIGNED_IN = 2
    SEES_THE_PLACE = 3
    EDITS_THE_PLACE = 4
    ADMINISTRATOR = 5
    PROGRAM = 6
    """A program with a token for figures; and whoever is signed in, to look at what it would get."""
    MONITOR = 7
    """A program with a token for measurements, and nobody else."""


RULES = {
    "static": Rule.ANYBODY,
    "font": Rule.ANYBODY,
    "accounts.sign_in": Rule.ANYBODY,
    "accounts.sign_in_now": Rule.ANYBODY,
    "provider.go": Rule.ANYBODY,
    "provider.back": Rule.ANYBODY,
    "provider.leave": Rule.ANYBODY,
    "accounts.sign_out": Rule.SIGNED_IN,
    "accounts.account": Rule.SIGNED_IN,
    "accounts.change_password": Rule.SIGNED_IN,
    "accounts.everybody": Rule.ADMINISTRATOR,
    "accounts.add": Rule.ADMINISTRATOR,
    "accounts.arrange": Rule.ADMINISTRATOR,
    "accounts.reset": Rule.ADMINISTRATOR,
    "accounts.to_provider": Rule.ADMINISTRATOR,
    "accounts.remove": Rule.ADMINISTRATOR,
    "accounts.deeds": Rule.ADMINISTRATOR,
    "tokens.everything": Rule.ADMINISTRATOR,
    "tokens.add": Rule.ADMINISTRATOR,
    "tokens.remove": Rule.ADMINISTRATOR,
    # How to ask is no secret; what is answered is.
    "api.description": Rule.ANYBODY,
    "api.rows": Rule.PROGRAM,
    # They stand at all sites, and a file for a card holds a password.
    "terminals.everything": Rule.ADMINISTRATOR,
    "terminals.add": Rule.ADMINISTRATOR,
    "terminals.add_all": Rule.ADMINISTRATOR,
    "terminals.one": Rule.ADMINISTRATOR,
    "terminals.rename": Rule.ADMINISTRATOR,
    "terminals.move": Rule.ADMINISTRATOR,
    "terminals.reissue": Rule.ADMINISTRATOR,
    "terminals.revoke": Rule.ADMINISTRATOR,
    "terminals.refused": Rule.ADMINISTRATOR,
    "terminals.retry": Rule.ADMINISTRATOR,
    "health.look": Rule.ANYBODY,
    "metrics.measured": Rule.MONITOR,
    **dict.fromkeys(
        [f"upkeep.{name}" for name in ("page", "back_up", "restore", "import_happyornot")], Rule.ADMINISTRATOR
    ),
    "mail.wish": Rule.SIGNED_IN,
    "mail.waiting": Rule.ADMINISTRATOR,
    "mail.again": Rule.ADMINISTRATOR,
    "mail.forget": Rule.ADMINISTRATOR,
    # What is not of a place: the front page leads to what one sees, the explanation has made-up figures.
    "pages.front": Rule.SIGNED_IN,
    "pages.explained": Rule.SIGNED_IN,
    "pages.page": Rule.SEES_THE_PLACE,
    "pages.file": Rule.SEES_THE_PLACE,
    "pages.report_pdf": Rule.SEES_THE_PLACE,
    "pages.enter_visits": Rule.EDITS_THE_PLACE,
    "pages.set_screen": Rule.EDITS_THE_PLACE,
    # Found only by whoever was told its name, which is not to be guessed.
    "pages.preview": Rule.SIGNED_IN,
    "pages.answer_alert": Rule.EDITS_THE_PLACE,
    "pages.set_alert_level": Rule.EDITS_THE_PLACE,
}
"""Of each route, by its endpoint. One without a rule lets nobody in."""

SENT_FROM = {
    "accounts.sign_in_now": "accounts.sign_in",
    **dict.fromkeys(["provider.go", "provider.back", "provider.leave"], "accounts.sign_in"),
    "accounts.change_password": "accounts.account",
    **dict.fromkeys(
        [f"accounts.{name}" for name in ("add", "arrange", "reset", "to_provider", "remove")], "accounts.everybody"
    ),
    **dict.fromkeys([f"upkeep.{name}" for name in ("back_up", "restore", "import_happyornot")], "upkeep.page"),
    **dict.fromkeys(["tokens.add", "tokens.remove"], "tokens.everything"),
    **dict.fromkeys(["terminals.add", "terminals.add_all"], "terminals.everything"),
    **dict.fromkeys([f"terminals.{name}" for name in ("rename", "move", "reissue", "revoke")], "terminals.one"),
    "terminals.retry": "terminals.refused",
    "mail.wish": "accounts.account",
    "pages.answer_alert": "pages.page",
    **dict.fromkeys(["mail.again", "mail.forget"], "mail.waiting"),
}
"""From routes that something is sent to, to those of the pages that it is sent from. Those are asked for."""

ALWAYS = {"static", "font", "accounts.sign_out", "accounts.account", "accounts.change_password"}
"""What somebody may who has to choose a password first."""


class Access:
    """Of the pages on one database. `provider`: where people may sign in, too. `now` is for tests."""

    def __init__(
        self,
        engine: Engine,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        provider: Provider | None = None,
    ) -> None:
        self.engine = engine
        self.now = now
        self._programs = Programs(engine)
        self.provider = provider

    @property
    def only_provider(self) -> bool:
        """Whether nobody signs in with a password."""
        return self.provider is not None and self.provider.settings.only

    def check(self) -> Response | None:
        """Before each request: find out who it is, and whether the route lets them in."""
        word = request.cookies.get(COOKIE)
        g.person = sessions.whose(self.engine, word, self.now(), only_provider=self.only_provider) if word else None
        if request.endpoint is None:
            return None  # There is no such page, which everybody may know.
        rule = RULES.get(request.endpoint)
        if rule is Rule.ANYBODY:
            return None
        if rule is Rule.PROGRAM:
            self._let_in_a_program()
            return None
        if rule is Rule.MONITOR:
            if self._programs.token(Use.METRICS, self.now()) is None:
                raise refused("Show a token for measurements, made with fjes dashboard token add NAME --metrics.")
            return None
        if g.person is None:
            if request.method != "GET":
                raise Unauthorized(g.words("You are not signed in any more. Sign in, and send it again."))
            return redirect(url_for("accounts.sign_in", lang=request.args.get("lang"), next=_here()), 303)
        if g.person.new_password and request.endpoint not in ALWAYS:
            return redirect(url_for("accounts.account", lang=request.args.get("lang")), 303)
        if rule is None or (rule is Rule.ADMINISTRATOR and not g.person.is_administrator):
            raise Forbidden(g.words("Your account does not allow this. Ask an administrator."))
        return None

    def _let_in_a_program(self) -> None:
        if token := self._programs.token(Use.FIGURES, self.now()):
            g.person = token.holder
        elif g.person is None:
            raise refused("Show a token, as 'Authorization: Bearer TOKEN', or as the password of HTTP Basic.")
        elif g.person.new_password:
            raise Forbidden("Your password was for once. Choose one of your own on the page Account first.")

    def visible(self, tree: Area) -> Area:
        """What the one who asks sees of all places."""
        return seen_by(g.person, tree)

    def may_edit(self, place: Place) -> bool:
        """Whether the one who asks may change something at all sites of a place."""
        return all(g.person.may(Role.EDITOR, id_) for id_ in site_ids(place))

    def must_edit(self, place: Place) -> None:
        """Raises Forbidden where that is not so."""
        if not self.may_edit(place):
            raise Forbidden(g.words("Your account does not allow this. Ask an administrator."))


def seen_by(person: Person, tree: Area) -> Area:
    """What somebody sees of all places."""
    if person.role is not None:
        return tree
    return _pruned(tree, frozenset(site.id for site in tree.sites if person.may(Role.VIEWER, site.id)))


def _here() -> str | None:
    """The address that was asked for, to come back to."""
    address = request.full_path.rstrip("?")
    return None if address == "/" else address


# The same places are the same objects: a page that was made for one is found again by it.
@lru_cache(maxsize=64)
def _pruned(tree: Area, seen: frozenset[int]) -> Area:
    sites = tuple(site for site in tree.sites if site.id in seen)
    areas = (_pruned(area, seen) for area in tree.areas)
    return Area(tree.id, tree.name, sites, tuple(area for area in areas if area.sites))


def safe(address: str | None) -> str:
    """An address of ours to go on to: what somebody else put there leads to the front page."""
    if not address or not address.startswith("/") or address[1:2] in ("/", "\\") or not address.isprintable():
        return url_for("pages.front")
    return address


def not_there() -> NotFound:
    """For somebody who is not there any more."""
    return NotFound(g.words("There is nobody of that number any more."))
