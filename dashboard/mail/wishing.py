"""The part of the page Account on which somebody says what they want by mail: read from its form, and shown in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dashboard.language import LANGUAGES, Words
from dashboard.mail.wishes import Kind, Wishes
from dashboard.places import Area, Place
from ratings import mailing

MANY = 12
"""More places than this scroll in a box of their own."""


class WishError(ValueError):
    """What cannot be asked for so; `args[0]` says why, in the reader's language."""


@dataclass(frozen=True, slots=True)
class Row:
    """A place, how deep it lies, and what is asked for about it."""

    key: str
    name: str
    deep: int
    kinds: frozenset[Kind]


@dataclass(frozen=True, slots=True)
class Form:
    """What the form shows. `is_on`: whether there is a server to send by."""

    address: str
    language: str
    rows: tuple[Row, ...]
    is_on: bool
    problem: str = ""

    @property
    def many(self) -> bool:
        """Whether there are more places than one wants to scroll past."""
        return len(self.rows) > MANY


def shown(wishes: Wishes, seen: Area, words: Words, *, is_on: bool, problem: str = "") -> Form:
    """The form with what somebody asked for, of the places that they see."""
    rows = tuple(
        Row(place.key, name, deep, frozenset(kind for kind in Kind if place.key in wishes.of(kind)))
        for place, name, deep in _places(seen, words)
    )
    return Form(wishes.address, wishes.language, rows, is_on, problem)


def sent(form: Mapping[str, str], seen: Area, words: Words) -> Wishes:
    """What a form asks for. What is unknown, or not theirs to see, means nothing."""
    return Wishes(
        form.get("address", "").strip()[:1000],
        form["language"] if form.get("language") in LANGUAGES else words.code,
        {
            kind: frozenset(place.key for place, _, _ in _places(seen, words) if form.get(f"{kind}-{place.key}"))
            for kind in Kind
        },
    )


def checked(wishes: Wishes, words: Words) -> Wishes:
    """The same, with the address as it is sent to. Raises WishError."""
    if not wishes.address:
        if any(wishes.places.values()):
            raise WishError(words("Write the address that it is to be sent to."))
        return wishes
    plain = mailing.address(wishes.address)
    if plain is None:
        raise WishError(words("This is not an e-mail address that mail can be sent to."))
    return Wishes(plain, wishes.language, wishes.places)


def _places(seen: Area, words: Words) -> Iterator[tuple[Place, str, int]]:
    """All that somebody may ask about: everything they see together where that is several sites, areas, and sites."""
    if len(seen.sites) > 1:
        yield seen, seen.name or words("All sites"), 0
    yield from _beneath(seen, 0)


def _beneath(area: Area, deep: int) -> Iterator[tuple[Place, str, int]]:
    for each in area.areas:
        yield each, each.name, deep
        yield from _beneath(each, deep + 1)
    for site in area.own_sites:
        yield site, site.name, deep
