"""To the provider, and back: the three addresses of signing in by OpenID Connect. Whatever fails signs nobody in.

Links lead there, and no form: `form-action` stays 'self', since a browser holds it against where a form's answer
redirects to, too.
"""

from __future__ import annotations

import logging

from flask import Blueprint, g, redirect, request, url_for
from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from dashboard import language
from dashboard.accounts import departures, identities, sessions
from dashboard.accounts.access import COOKIE, Access, safe
from dashboard.accounts.attempts import Attempts
from dashboard.accounts.pages import sign_in_page, signed_in
from dashboard.accounts.provider import Known, Provider
from dashboard.accounts.refusal import AGAIN, NO_GOODBYE, Refusal

log = logging.getLogger(__name__)

GONE = "fjes-gone"
"""The cookie of somebody who went to the provider. `Lax`: it comes along when that sends them back."""
PATH = "/sign-in"


def blueprint(access: Access) -> Blueprint:
    """All three; without a provider there are none."""
    pages = Blueprint("provider", __name__)
    engine, attempts = access.engine, Attempts()

    def provider() -> Provider:
        if access.provider is None:
            raise NotFound
        return access.provider

    @pages.get(f"{PATH}/with")
    def go() -> Response | tuple[str, int]:
        there, onward = provider(), safe(request.args.get("next"))
        if g.person is not None:
            return redirect(onward, 303)
        if not attempts.may_go(request.remote_addr or ""):
            return sign_in_page(access, g.words("Too many tries. Wait five minutes, and try again.")), 429
        try:
            with engine.begin() as connection:
                word = departures.begin(connection, onward, g.words.code, access.now())
            with_, ask = departures.secrets_of(word), bool(request.args.get("ask"))
            address = there.departure(_back(), with_, g.words.code, ask=ask)
        except Refusal as refusal:
            return _refused(refusal, there, onward)
        response = redirect(address, 303)
        # Ten minutes in the database; what the browser still has then is of no use.
        response.set_cookie(GONE, word, path=PATH, secure=request.is_secure, httponly=True, samesite="Lax")
        return response

    @pages.get(f"{PATH}/back")
    def back() -> Response | tuple[str, int]:
        there, word = provider(), request.cookies.get(GONE, "")
        onward = url_for("pages.front")
        try:
            with engine.begin() as connection:
                departure = departures.end(connection, word, request.args.get("state", ""), access.now())
            if departure is None:
                raise Refusal(400, AGAIN, "a state that is not known, was used, or is too old")
            g.words, onward = language.words(departure.language), departure.onward
            known = there.arrival(_back(), request.args.to_dict(), departures.secrets_of(word))
            try:
                new = admitted(there, known)
            except IntegrityError:
                # For the first time twice at once, from two browsers: the account is there by now.
                new = admitted(there, known)
        except Refusal as refusal:
            return _refused(refusal, there, onward)
        response = signed_in(new, onward)
        response.delete_cookie(GONE, path=PATH)
        return response

    def admitted(there: Provider, known: Known) -> str:
        """A new session of whoever it is. Raises Refusal, once what the groups say is written down."""
        with engine.begin() as connection:
            person = identities.admit(connection, known, there.settings, there.name)
            if not isinstance(person, Refusal):
                sessions.end(connection, request.cookies.get(COOKIE, ""))
                return sessions.begin(connection, person, access.now(), by_provider=True)
        raise person

    @pages.get(f"{PATH}/out")
    def leave() -> Response | tuple[str, int]:
        there = provider()
        try:
            address = there.goodbye(url_for("accounts.sign_in", _external=True))
            if address is None:
                raise Refusal(404, NO_GOODBYE, "it has no end_session_endpoint")
        except Refusal as refusal:
            return _refused(refusal, there, None)
        return redirect(address, 303)

    def _refused(refusal: Refusal, there: Provider, onward: str | None) -> tuple[str, int]:
        """What the one who tried is told, and what those who run it find in the log: nothing of a person."""
        log.warning("signing in with %s: %s", there.name, refusal)
        text = g.words(refusal.text, provider=there.name, **refusal.values)
        return sign_in_page(access, text, onward), refusal.code

    return pages


def _back() -> str:
    """The address to come back to, as the provider has to know it."""
    return url_for("provider.back", _external=True)
