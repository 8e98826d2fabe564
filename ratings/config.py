"""The configuration file `fjes.toml`: one file for a terminal, a dashboard, or both.

Every key has a default but the terminal's id and the broker's host where one is needed. Every error names the
file, the key and what is allowed. What protects visitors (`[release]`) is read from here only, never from the network.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta, Struct, field, inspect

from ratings import opening
from ratings import period as periods
from ratings.period import Period
from ratings.pooling import LEAST
from ratings.table import OTHER, UNCHOSEN, Slice, is_key, is_name

DEFAULT_QUESTION = "visit"
"""The id of the question that is asked where the file names none."""

LANGUAGES = ("nb", "en", "es", "bg", "th", "ro")

Seconds = Annotated[float, Meta(ge=0.5, le=600)]
Port = Annotated[int, Meta(ge=1, le=65535)]
Pin = Annotated[int, Meta(ge=0, le=27)]
Long = Literal["month", "quarter", "year"]
Month = Annotated[str, Meta(description='a month in quotes, such as "2027-01"')]
Size = Annotated[
    str,
    Meta(
        pattern=r"\A(fullscreen|[1-9][0-9]{2,3}x[1-9][0-9]{2,3})\Z",
        description="fullscreen, or a window's size such as 1280x800",
    ),
]

Stretches = Annotated[
    list[
        Annotated[
            str,
            Meta(
                pattern=opening.STRETCH,
                description='a stretch of the day in quotes, such as "10:00-16:00", at the latest until "24:00"',
            ),
        ]
    ],
    Meta(max_length=12),
]
Days = Annotated[
    str,
    Meta(
        pattern=opening.DAYS,
        description='a day in quotes, such as "2026-12-24", or a range, such as "2026-12-25/2027-01-01"',
    ),
]
Percent = Annotated[int, Meta(ge=1, le=100)]


class ConfigError(ValueError):
    """A configuration that cannot be used; the text names file, key and what is allowed."""


class Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the file: unknown keys are errors, since a misspelt key would silently do nothing."""


class Terminal(Section, frozen=True):
    """Who and where the terminal is. `store` holds open.db and released.db, `state` what the courier knows."""

    id: str = "terminal"
    timezone: str = "Europe/Oslo"
    store: Path = Path("/var/lib/fjes/terminal")
    state: Path = Path("/var/lib/fjes/courier")

    @property
    def zone(self) -> ZoneInfo:
        """The zone that decides which day it is."""
        return ZoneInfo(self.timezone)


class Question(Section, frozen=True):
    """A question: its id (under which ratings are counted), the month it is first asked in, its texts by language.

    Without texts the question that ships is asked; `place` then names the place in it ("… på Pro Sentret i dag?").
    """

    id: str = DEFAULT_QUESTION
    from_: Month | None = field(default=None, name="from")
    place: Annotated[str, Meta(max_length=60)] = ""
    texts: dict[str, Annotated[str, Meta(min_length=1, max_length=200)]] = field(default_factory=dict)


class Kiosk(Section, frozen=True):
    """What the visitor sees. `size` is `fullscreen` or, for a window, width x height in pixels.

    `brightness_percent` and, after `dim_seconds` (0: never) without a touch, `dim_percent` are of the backlight's full.
    """

    languages: Annotated[list[str], Meta(min_length=1, max_length=12)] = field(default_factory=lambda: list(LANGUAGES))
    thanks_seconds: Seconds = 3.0
    idle_seconds: Seconds = 20.0
    best_face: Literal["left", "right"] = "left"
    size: Size = "fullscreen"
    brightness_percent: Percent = 100
    dim_seconds: Annotated[float, Meta(ge=0, le=86400)] = 0.0
    dim_percent: Percent = 20

    @property
    def window(self) -> tuple[int, int] | None:
        """Width and height in pixels; None for the full screen."""
        if self.size == "fullscreen":
            return None
        width, height = self.size.split("x")
        return int(width), int(height)


class Hours(Section, frozen=True):
    """When the terminal asks, by the clock on the wall at its place. Where no weekday is given: around the clock.

    Where any is given, those that are not are closed, as are the `closed` days. `screen` says whether it is lit then.
    """

    monday: Stretches | None = None
    tuesday: Stretches | None = None
    wednesday: Stretches | None = None
    thursday: Stretches | None = None
    friday: Stretches | None = None
    saturday: Stretches | None = None
    sunday: Stretches | None = None
    closed: Annotated[list[Days], Meta(max_length=366)] = field(default_factory=list)
    screen: Literal["on", "off"] = "on"

    @property
    def weekdays(self) -> list[list[str]] | None:
        """The stretches of each weekday, Monday first; None where no weekday is given: always open."""
        given: list[list[str] | None] = [getattr(self, day) for day in opening.WEEKDAYS]
        return None if all(day is None for day in given) else [day or [] for day in given]


class Repeats(Section, frozen=True):
    """From when on ratings are set aside as pounding: the last of so many `ratings` within so many `seconds`."""

    ratings: Annotated[int, Meta(ge=3, le=100)] = 10
    seconds: Seconds = 40.0


class Release(Section, frozen=True):
    """What leaves the terminal, and when. Only the file on the card decides this."""

    mode: Literal["closed", "live"] = "closed"
    trend: Literal["week", "day", "none"] = "week"
    language: Long = "quarter"
    hour: Long = "quarter"
    reason: Long = "quarter"
    source_minimum: Annotated[int, Meta(ge=LEAST, le=1000)] = LEAST


class Buttons(Section, frozen=True):
    """Four buttons, each from a GPIO pin (BCM number) to ground. `factory` is gpiozero's pin factory."""

    factory: Literal["none", "lgpio", "mock"] = "none"
    very_unhappy: Pin = 17
    unhappy: Pin = 27
    happy: Pin = 22
    very_happy: Pin = 23
    bounce_seconds: Annotated[float, Meta(ge=0, le=1)] = 0.03

    @property
    def pins(self) -> tuple[int, int, int, int]:
        """The pins, indexed by `Score`."""
        return self.very_unhappy, self.unhappy, self.happy, self.very_happy


class Broker(Section, frozen=True):
    """The MQTT broker. With `tls`, `ca` is the file of the authority to trust (the system's where it is not given)."""

    host: Annotated[str, Meta(min_length=1, max_length=253)] = "localhost"
    port: Port = 1883
    tls: bool = False
    ca: Path | None = None
    username: str | None = None
    password: str | None = None


class Dashboard(Section, frozen=True):
    """Its database (SQLite or PostgreSQL, as a URL), its pages, and how many ratings a figure needs to be shown."""

    database: str = "sqlite:////var/lib/fjes/dashboard/fjes.db"
    host: str = "127.0.0.1"
    port: Port = 8080
    threshold: Annotated[int, Meta(ge=LEAST, le=1000)] = 10


class Config(Section, frozen=True):
    """The whole file."""

    terminal: Terminal = field(default_factory=Terminal)
    questions: Annotated[list[Question], Meta(min_length=1, max_length=24)] = field(
        default_factory=lambda: [Question()]
    )
    kiosk: Kiosk = field(default_factory=Kiosk)
    hours: Hours = field(default_factory=Hours)
    repeats: Repeats = field(default_factory=Repeats)
    release: Release = field(default_factory=Release)
    buttons: Buttons = field(default_factory=Buttons)
    broker: Broker = field(default_factory=Broker)
    dashboard: Dashboard = field(default_factory=Dashboard)

    def question_in(self, month: Period) -> Question:
        """The question asked in a month: the last one whose first month has come."""
        asked = self.questions[0]
        for question in self.questions[1:]:
            if question.from_ is not None and periods.parse_month(question.from_).first <= month.first:
                asked = question
        return asked


def load(path: Path) -> Config:
    """Read a configuration file. Raises ConfigError."""
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file; write one or name another with --config") from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: is a folder; name the file in it with --config") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); let this user read it") from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}: line {line} is not UTF-8; save the file as UTF-8 in the editor") from None
    return read(text, str(path))


def read(text: str, name: str = "fjes.toml") -> Config:
    """Read the text of a configuration file; `name` is how errors call it. Raises ConfigError."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: not readable as TOML: {error}") from None
    try:
        config = msgspec.convert(document, Config, strict=True, dec_hook=_decode)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{name}: {_explain(str(error))}") from None
    problem = _problem(config)
    if problem:
        raise ConfigError(f"{name}: {problem}")
    return config


def _decode(kind: type, value: Any) -> Any:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise TypeError(f"Expected `str`, got `{type(value).__name__}`")


def _problem(config: Config) -> str | None:
    """What no type can say. The first problem found, or None."""
    if not is_name(config.terminal.id):
        return f"[terminal] id: {config.terminal.id!r} is not allowed; allowed: a–z, 0–9 and hyphens, at most 64"
    try:
        ZoneInfo(config.terminal.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return (
            f"[terminal] timezone: {config.terminal.timezone!r} is not known; "
            "allowed: a name of the IANA time zone database, such as Europe/Oslo"
        )
    if len(set(config.kiosk.languages)) != len(config.kiosk.languages):
        return "[kiosk] languages: a language is listed twice; allowed: each once"
    if len(set(config.buttons.pins)) != 4:
        pins = ", ".join(map(str, config.buttons.pins))
        return f"[buttons]: one pin is used twice ({pins}); allowed: four different pins"
    for language in config.kiosk.languages:
        if not is_key(Slice.LANGUAGE, language) or language in (UNCHOSEN, OTHER):
            return f"[kiosk] languages: {language!r} is not a language; allowed: codes such as {', '.join(LANGUAGES)}"
    if config.broker.password is not None and config.broker.username is None:
        return "[broker] password: given, but no username; allowed: both, or neither"
    if config.broker.ca is not None and not config.broker.tls:
        return "[broker] ca: given, but tls is false; allowed: tls = true with it, or neither"
    return (
        _screen_problem(config.kiosk)
        or opening.problem(config.hours.weekdays, config.hours.closed)
        or _question_problem(config)
    )


def _screen_problem(kiosk: Kiosk) -> str | None:
    # Nobody reads and decides in less, and a finger may rest as long before it counts for nothing.
    if 0 < kiosk.dim_seconds < 10:
        return f"[kiosk] dim_seconds: {kiosk.dim_seconds:g} is too short; allowed: 0 for never, or 10 to 86400"
    if kiosk.dim_percent > kiosk.brightness_percent:
        return (
            f"[kiosk] dim_percent: {kiosk.dim_percent} is brighter than brightness_percent "
            f"({kiosk.brightness_percent}); allowed: a whole number from 1 to {kiosk.brightness_percent}"
        )
    return None


def _question_problem(config: Config) -> str | None:
    earlier: str | None = None
    for number, question in enumerate(config.questions, start=1):
        here = f"[[questions]] number {number}"
        if not is_name(question.id):
            return f"{here} id: {question.id!r} is not allowed; allowed: a–z, 0–9 and hyphens, at most 64"
        if question.from_ is None:
            if number > 1:
                return f"{here} from: missing; allowed: a month such as 2027-01, since another question is asked before"
            continue
        try:
            periods.parse_month(question.from_)
        except ValueError as error:
            return f"{here} from: {error}"
        if earlier is not None and question.from_ <= earlier:
            return f"{here} from: {question.from_} is not after {earlier}; allowed: months in order"
        earlier = question.from_
    return None


def _explain(message: str) -> str:
    """Turn msgspec's message into: the key as it stands in the file, what is wrong, what is allowed."""
    what, _, where = message.partition(" - at `$")
    steps = [step for step in re.sub(r"\[[^]]*\]", ".[]", where.rstrip("`")).split(".") if step]
    what = re.sub("Expected `str` matching .*", "not in a form that is allowed", what)
    what = what.replace("Object contains unknown field ", "unknown key ").replace(" | null", "").replace("`", "'")
    return f"{_key(steps)}: {what}; allowed: {_allowed(steps)}"


def _key(steps: list[str]) -> str:
    if not steps:
        return "the file"
    section = f"[{steps[0]}]" if steps[0] != "questions" else "[[questions]]"
    return " ".join([section, *(step for step in steps[1:] if step != "[]")])


def _allowed(steps: list[str]) -> str:
    """What a key may be, read from the types above."""
    node: inspect.Type = inspect.type_info(Config)
    for step in steps:
        if isinstance(node, inspect.StructType):
            found = {each.encode_name: each.type for each in node.fields}.get(step)
            if found is None:
                break
            node = found
        elif isinstance(node, inspect.ListType):
            node = node.item_type
        elif isinstance(node, inspect.DictType):
            node = node.value_type
    return _describe(node)


def _describe(node: inspect.Type) -> str:
    match node:
        case inspect.Metadata(extra_json_schema={"description": str(described)}):
            return described
        case inspect.StructType(fields=fields):
            return ", ".join(each.encode_name for each in fields)
        case inspect.LiteralType(values=values):
            return ", ".join(str(value) for value in values)
        case inspect.IntType(ge=low, le=high) | inspect.FloatType(ge=low, le=high):
            kind = "a whole number" if isinstance(node, inspect.IntType) else "a number"
            return kind if low is None else f"{kind} from {low} to {high}"
        case inspect.BoolType():
            return "true or false"
        case inspect.StrType(max_length=most) if most is not None:
            return f"a text of at most {most} characters"
        case inspect.ListType(item_type=item, min_length=least, max_length=most):
            return f"a list of {least or 0} to {most}, each {_describe(item)}"
        case inspect.UnionType(types=types):
            return " or ".join(_describe(each) for each in types if not isinstance(each, inspect.NoneType))
        case inspect.DictType(value_type=value):
            return f"a table from language to {_describe(value)}"
        case _:
            return "a text"
