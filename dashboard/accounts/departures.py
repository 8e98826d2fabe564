"""Those who went to the provider to sign in, and have not come back: a row each in the database, for ten minutes.

The browser has a random word in a cookie, the database its hash. State, nonce and PKCE's verifier all come from that
word, so that a copy of the database has nothing with which somebody could go on.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, insert

from dashboard import schema
from dashboard.accounts.sessions import hashed

LONGEST = timedelta(minutes=10)
"""So long somebody may take to sign in there."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What goes along: `state` there and back, `nonce` in the ID token, `verifier` only when the code is redeemed."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Departure:
    """Where to go on to, and in which language."""

    onward: str
    language: str


def begin(connection: Connection, onward: str, language: str, now: datetime) -> str:
    """Note that somebody goes; returns the word for the browser. Those who will not come back are cleared away."""
    departure = schema.departure
    connection.execute(delete(departure).where(departure.c.began < now - LONGEST))
    word = secrets.token_urlsafe(32)
    connection.execute(insert(departure).values(word=hashed(word), began=now, onward=onward, language=language))
    return word


def secrets_of(word: str) -> Secrets:
    """What goes along with the one who has this word."""
    return Secrets(*(_from(word, use) for use in ("state", "nonce", "verifier")))


def end(connection: Connection, word: str, state: str, now: datetime) -> Departure | None:
    """Somebody is back, with a state: once only. None where nobody went with that word and state, or too long ago."""
    if not hmac.compare_digest(secrets_of(word).state.encode(), state.encode()):
        return None
    departure = schema.departure
    row = connection.execute(
        delete(departure)
        .where(departure.c.word == hashed(word))
        .returning(departure.c.began, departure.c.onward, departure.c.language)
    ).first()
    if row is None or now - row.began.replace(tzinfo=UTC) > LONGEST:
        return None
    return Departure(row.onward, row.language)


def _from(word: str, use: str) -> str:
    made = hmac.digest(word.encode(), use.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()
