"""How programs say who they are: a token as `Authorization: Bearer …`, or as the password of HTTP Basic.

Excel and Power BI ask for a name and a password: any name goes with it. Wrong tokens are counted as wrong passwords
are, by where they come from.
"""

from __future__ import annotations

from datetime import datetime

from flask import request
from sqlalchemy import Engine
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import TooManyRequests, Unauthorized

from dashboard.accounts import tokens
from dashboard.accounts.attempts import Attempts
from dashboard.accounts.tokens import Token, Use

WAIT_SECONDS = 300
"""How long whoever tried too often has to wait: as long as tries are counted."""

REALM = "Fjes dashboard"
CHALLENGES = (
    WWWAuthenticate("bearer", {"realm": REALM}),
    WWWAuthenticate("basic", {"realm": REALM, "charset": "UTF-8"}),
)


class Programs:
    """Of the programs that read one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._attempts = Attempts()

    def token(self, use: Use, now: datetime) -> Token | None:
        """The token that a request shows; None where it shows none. Raises Unauthorized and TooManyRequests."""
        word = _word()
        if word is None:
            return None
        address, who = request.remote_addr or "", tokens.fingerprint(word)
        if not self._attempts.may_try(who, address):
            raise TooManyRequests(
                "Too many requests with a token that is wrong. Wait five minutes, and use one that is right.",
                retry_after=WAIT_SECONDS,
            )
        today = now.date()
        found = tokens.shown(self._engine, word)
        if found is None or found.expires < today or found.use is not use:
            self._attempts.failed(who, address)
            raise refused(_why(found, use))
        tokens.note_use(self._engine, found, today)
        return found


def refused(why: str) -> Unauthorized:
    """An answer that asks for a token."""
    return Unauthorized(why, www_authenticate=CHALLENGES)


def _why(token: Token | None, use: Use) -> str:
    if token is None:
        return "There is no such token (any more). An administrator makes tokens on the page Tokens."
    if token.use is not use:
        return f"This token is for {token.use}, not for {use}. An administrator makes another on the page Tokens."
    return f"This token ended on {token.expires}. An administrator makes a new one on the page Tokens."


def _word() -> str | None:
    """The token itself. What cannot be read is a wrong one, and not none."""
    if "Authorization" not in request.headers:
        return None
    shown = request.authorization
    if shown is None:
        return ""
    return (shown.token if shown.type == "bearer" else shown.password) or ""
