"""Remote configuration: what the dashboard may set of a terminal, and what comes of that and the terminal's own file.

Sections, keys and rules are those of `fjes.toml`. There is no second copy of the rules: what came is put into the
file's configuration, and the whole is checked as the file is. A section that came takes the place of the file's; one
that did not leaves it as it is.

What is not in `Remote` cannot be set from afar: what protects visitors (`[release]`), who and where the terminal is,
the broker, the staff PIN, pins, files. DO NOT change names or meanings: terminals of several versions read one
dashboard's messages. A new key needs a default, and is not sent unless it is set; a terminal that does not know it
refuses the whole message.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, field, structs

from ratings import complaints, config
from ratings.config import Config, ConfigError
from ratings.sections import Answer, Languages, Opening, Questions, Reason, Said, Section
from ratings.wire import MOST_BYTES


class Shown(Section, frozen=True):
    """Of `[kiosk]`: the languages, in order."""

    languages: Languages


class Answers(Section, frozen=True):
    """Of `[follow_up]`: the answers. Without any the question is not asked."""

    reasons: Annotated[list[Answer], Meta(max_length=6)] = field(default_factory=list)


class Remote(Section, frozen=True):
    """What the dashboard sets. None: the terminal's own file holds."""

    questions: Questions | None = None
    kiosk: Shown | None = None
    hours: Opening | None = None
    follow_up: Answers | None = None
    said: Said | None = None


def read(text: str, name: str) -> Remote:
    """Read a file as IT writes it (TOML); `name` is how errors call it. Raises ConfigError."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: not readable as TOML: {error}") from None
    return _convert(document, name)


def write(remote: Remote) -> str:
    """The file that `read` reads."""
    return msgspec.toml.encode(remote).decode()


def decode(payload: bytes, name: str = "the message") -> Remote:
    """Read a message. Raises ConfigError."""
    if len(payload) > MOST_BYTES:
        raise ConfigError(f"{name}: {len(payload)} bytes; at most {MOST_BYTES} are read")
    try:
        # Of two members of one name a decoder keeps either: which was meant, nobody could say.
        document = json.loads(payload.decode(), object_pairs_hook=_once)
        json.dumps(document, ensure_ascii=False).encode()  # Halves of characters are no text.
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{name}: not readable as JSON: {error}") from None
    return _convert(document, name)


def encode(remote: Remote) -> bytes:
    """The message that `decode` reads. What is not set is not in it."""
    return msgspec.json.encode(remote)


def fingerprint(payload: bytes) -> str:
    """What a message is called in the status: the same bytes always the same, others never."""
    return hashlib.sha256(payload).hexdigest()[:16]


def combine(own: Config, remote: Remote, name: str = "the message") -> Config:
    """The configuration that comes of a terminal's own file and what the dashboard has set. Raises ConfigError."""
    given: dict[str, Any] = {}
    if remote.questions is not None:
        given["questions"] = remote.questions
    if remote.kiosk is not None:
        given["kiosk"] = structs.replace(own.kiosk, languages=remote.kiosk.languages)
    if remote.hours is not None:
        given["hours"] = structs.replace(own.hours, **structs.asdict(remote.hours))
    if remote.follow_up is not None:
        reasons = [Reason(id=each.id, texts=each.texts) for each in remote.follow_up.reasons]
        given["follow_up"] = structs.replace(own.follow_up, reasons=reasons)
    if remote.said is not None:
        given["said"] = remote.said
    return config.check(structs.replace(own, **given), name)


def over(first: Remote, then: Remote) -> Remote:
    """What comes of two, such as a site's and a terminal's: each section from the second where it has one."""
    set_there = {key: value for key, value in structs.asdict(then).items() if value is not None}
    return structs.replace(first, **set_there)


_T = TypeVar("_T")


def _convert(document: object, name: str) -> Remote:
    try:
        return msgspec.convert(document, Remote, strict=True)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{name}: {complaints.explain(str(error), Remote)}") from None


def _once(members: list[tuple[str, _T]]) -> dict[str, _T]:
    found = dict(members)
    if len(found) < len(members):
        raise ValueError("a name stands twice in one object")
    return found
