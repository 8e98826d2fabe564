"""Who somebody is here whom the provider knows: by the identity that it gives to nobody else, not by a name.

A name is looked at once, when somebody signs in there for the first time: it opens an account that an administrator
made without a password, and that nobody has opened yet. Names can change hands, and some providers let people choose.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from dashboard import places, schema
from dashboard.accounts import people
from dashboard.accounts.people import Person, PersonError, Role
from dashboard.accounts.provider import Known
from dashboard.accounts.refusal import BROKEN, NO_GROUP, NOT_SO, NOT_VERIFIED, STRANGER, Refusal
from ratings.config import Oidc

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rights:
    """What somebody may: everywhere, and at sites."""

    role: Role | None
    at: dict[int, Role]

    def __bool__(self) -> bool:
        return self.role is not None or bool(self.at)


def admit(connection: Connection, known: Known, settings: Oidc, provider: str) -> Person | Refusal:
    """Whose account it is, made or changed as the groups say. What was written stays, also with a refusal."""
    rights = _by_groups(connection, known, settings)
    person = _of(connection, known)
    if person is None:
        return _first_time(connection, known, settings, provider, rights)
    if person.by_group and (rights.role, rights.at) != (person.role, dict(person.at)):
        people.follow_groups(connection, person.id, rights.role, rights.at)
        person = _found(connection, person.id)
        people.note(connection, provider, "changed", people.described(person))
    if person.by_group and not rights and not settings.newcomers:
        connection.execute(delete(schema.session).where(schema.session.c.person_id == person.id))
        return Refusal(403, NO_GROUP, "the groups give no access any more")
    return person


def bound(connection: Connection, issuer: str) -> frozenset[int]:
    """The numbers of those who have signed in by this provider."""
    identity = schema.identity.c
    return frozenset(connection.execute(select(identity.person_id).where(identity.issuer == issuer)).scalars())


def _of(connection: Connection, known: Known) -> Person | None:
    identity = schema.identity.c
    id_ = connection.scalar(
        select(identity.person_id).where(identity.issuer == known.issuer, identity.subject == known.subject)
    )
    return people.find(connection, id_) if id_ is not None else None


def _first_time(
    connection: Connection, known: Known, settings: Oidc, provider: str, rights: Rights
) -> Person | Refusal:
    name = _name(known, settings)
    if isinstance(name, Refusal):
        return name
    there = people.named(connection, name)
    if there is not None:
        person, password = there
        if password is not None or person.id in bound(connection, known.issuer):
            return Refusal(403, NOT_SO, "the name is that of an account that is opened otherwise", name=name)
    elif rights or settings.newcomers:
        try:
            person = people.add(connection, name, None, None)
        except PersonError as error:
            return Refusal(502, BROKEN, f"[oidc] name_claim {settings.name_claim}: {error.args[0]}")
        if settings.groups:
            people.follow_groups(connection, person.id, rights.role, rights.at)
            person = _found(connection, person.id)
        people.note(connection, provider, "added", people.described(person))
    else:
        return Refusal(403, STRANGER, "somebody who has no account here", name=name)
    connection.execute(insert(schema.identity).values(issuer=known.issuer, subject=known.subject, person_id=person.id))
    return person


def _name(known: Known, settings: Oidc) -> str | Refusal:
    claim = settings.name_claim
    name = known.claims.get(claim)
    if not isinstance(name, str) or not name.strip():
        return Refusal(502, BROKEN, f"it says nothing that is called {claim!r}; see [oidc] name_claim and scopes")
    if claim == "email" and known.claims.get("email_verified") is not True:
        return Refusal(403, NOT_VERIFIED, "an e-mail address that is not verified")
    return " ".join(name.split())[: people.LONGEST_NAME + 1]


def _by_groups(connection: Connection, known: Known, settings: Oidc) -> Rights:
    """What the groups that somebody is in come to: of each place, the most."""
    said = known.claims.get(settings.groups_claim)
    named = {said} if isinstance(said, str) else set(filter(_is_text, said)) if isinstance(said, list) else set()
    sites = {site.name: site.id for site in places.sites(connection)}
    role: Role | None = None
    at: dict[int, Role] = {}
    for number, group in enumerate(settings.groups, start=1):
        if group.name not in named:
            continue
        given = Role(group.role)
        if not group.sites:
            role = _more(role, given)
        for site in group.sites:
            if site in sites:
                at[sites[site]] = _more(at.get(sites[site]), given)
            else:
                log.warning("[[oidc.groups]] number %d sites: there is no site %r", number, site)
    return Rights(role, at)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _more(one: Role | None, other: Role) -> Role:
    return other if one is None or other.rank > one.rank else one


def _found(connection: Connection, id_: int) -> Person:
    person = people.find(connection, id_)
    assert person is not None
    return person
