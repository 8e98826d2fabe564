"""The configuration file `fjes.toml`: one file for a terminal, a dashboard, or both. Read, and checked.

What there is to set stands in `sections.py`. Every error names the file, the key and what is allowed.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import field

from ratings import complaints, mailing, networking, opening, pins, signing_in
from ratings import period as periods
from ratings.legible import is_legible
from ratings.period import Period
from ratings.sections import DEFAULT_QUESTION as DEFAULT_QUESTION  # What others ask the configuration for.
from ratings.sections import LANGUAGES as LANGUAGES
from ratings.sections import REASONS, Questions, Section
from ratings.sections import Broker as Broker
from ratings.sections import Buttons as Buttons
from ratings.sections import Dashboard as Dashboard
from ratings.sections import FollowUp as FollowUp
from ratings.sections import Group as Group
from ratings.sections import Hours as Hours
from ratings.sections import Kiosk as Kiosk
from ratings.sections import Mail as Mail
from ratings.sections import Network as Network
from ratings.sections import Oidc as Oidc
from ratings.sections import Question as Question
from ratings.sections import Reason as Reason
from ratings.sections import Release as Release
from ratings.sections import Repeats as Repeats
from ratings.sections import Role as Role
from ratings.sections import Said as Said
from ratings.sections import Sound as Sound
from ratings.sections import Ssh as Ssh
from ratings.sections import Staff as Staff
from ratings.sections import Terminal as Terminal
from ratings.sections import Time as Time
from ratings.sections import Update as Update
from ratings.table import OTHER, SKIPPED, UNCHOSEN, Slice, is_key, is_name

_ILLEGIBLE = (
    "there is nothing to read in a text, or a character that cannot be shown; "
    "allowed: letters, numbers and signs in one line, without tabs and line ends"
)


_NO_CERTIFICATE = (
    "not a certificate; allowed: the text of the authority's certificate (PEM), "
    "from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----"
)


_TOML = (
    ("Invalid value", "; allowed: a text in quotes, a number, true or false"),
    ("Expected '='", "; allowed: key = value, each in a line of its own"),
    ("Illegal character", "; allowed: a text that ends in the same line, with the quote that it began with"),
    ("Unescaped", "; allowed: a text with \\ in it between ' and '"),
    ("Unterminated string", "; allowed: a text that ends with the quote that it began with"),
    ('Expected "\'"', "; allowed: a text that ends with the quote that it began with"),
    ("Cannot overwrite", "; allowed: each key once"),
    ("Cannot declare", "; allowed: each heading once"),
)
"""What tomllib says of the mistakes that people make, and what it does not say."""


class ConfigError(ValueError):
    """A configuration that cannot be used; the text names file, line, key and what is allowed.

    `problem` is the text without the file's name, `line` where it is in the file, where that can be told.
    """

    def __init__(self, text: str, problem: str | None = None, line: int | None = None) -> None:
        super().__init__(text)
        self.problem = text if problem is None else problem
        self.line = line

    @classmethod
    def at(cls, name: str, problem: str, line: int | None = None) -> ConfigError:
        """The error of a file that is called `name`, at a line of it."""
        where = name if line is None else f"{name}, line {line}"
        return cls(f"{where}: {problem}", problem, line)


class Config(Section, frozen=True):
    """The whole file."""

    role: Role = "terminal"
    terminal: Terminal = field(default_factory=Terminal)
    questions: Questions = field(default_factory=lambda: [Question()])
    kiosk: Kiosk = field(default_factory=Kiosk)
    sound: Sound = field(default_factory=Sound)
    follow_up: FollowUp = field(default_factory=FollowUp)
    said: Said = field(default_factory=Said)
    staff: Staff = field(default_factory=Staff)
    hours: Hours = field(default_factory=Hours)
    repeats: Repeats = field(default_factory=Repeats)
    release: Release = field(default_factory=Release)
    buttons: Buttons = field(default_factory=Buttons)
    broker: Broker = field(default_factory=Broker)
    dashboard: Dashboard = field(default_factory=Dashboard)
    oidc: Oidc = field(default_factory=Oidc)
    mail: Mail = field(default_factory=Mail)
    network: Network = field(default_factory=Network)
    time: Time = field(default_factory=Time)
    ssh: Ssh = field(default_factory=Ssh)
    update: Update = field(default_factory=Update)

    @property
    def dashboards_broker(self) -> Broker:
        """The broker, with the dashboard's own login: a board that is both has two."""
        username, password = self.dashboard.broker_username, self.dashboard.broker_password
        if username is None:
            return self.broker
        return msgspec.structs.replace(self.broker, username=username, password=password)

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
        problem = f"line {line} is not UTF-8; save the file as UTF-8 in the editor"
        raise ConfigError(f"{path}: {problem}", problem, line) from None
    return read(text, str(path))


def read(text: str, name: str = "fjes.toml") -> Config:
    """Read the text of a configuration file; `name` is how errors call it. Raises ConfigError."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        allowed = next((allowed for said, allowed in _TOML if str(error).startswith(said)), "")
        problem = f"not readable as TOML: {error}{allowed}"
        raise ConfigError(f"{name}: {problem}", problem, _told_line(str(error), text)) from None
    except RecursionError:
        raise ConfigError.at(name, "not readable as TOML: brackets within brackets without end") from None
    except ValueError as error:  # A number of thousands of digits.
        raise ConfigError.at(name, f"not readable as TOML: {error}") from None
    try:
        config = msgspec.convert(document, Config, strict=True, dec_hook=_decode)
    except msgspec.ValidationError as error:
        problem = complaints.explain(str(error), Config)
        number = _number(document, problem, str(error))
        raise ConfigError.at(name, problem, complaints.line(problem, text, number)) from None
    found = _problem(config)
    if found:
        raise ConfigError.at(name, found, complaints.line(found, text))
    return config


def hanging(text: str) -> Kiosk:
    """How the screen hangs, also of a file with a mistake: whatever else is wrong, what is said is to be read."""
    try:
        section = tomllib.loads(text)["kiosk"]
        given = {key: section[key] for key in ("rotation", "touch_rotation", "size") if key in section}
        return msgspec.convert(given, Kiosk, strict=True)
    except (ValueError, KeyError, TypeError, RecursionError):
        return Kiosk()


def check(config: Config, name: str) -> Config:
    """The same configuration, if it says nothing that must not be; else raises ConfigError, with `name` in front."""
    problem = _problem(config)
    if problem:
        raise ConfigError.at(name, problem)
    return config


def _told_line(told: str, text: str) -> int:
    """The line that `tomllib` names; where it names the end, the last one in which something stands."""
    match = re.search(r"\(at line (\d+), column \d+\)", told)
    return int(match[1]) if match else text.rstrip().count("\n") + 1


def _number(document: dict[str, Any], problem: str, told: str) -> int | None:
    """Which item of a list of sections is wrong, from 0: msgspec does not say. The last that makes it go wrong so."""
    headed = re.match(r"\[\[([\w.]+)\]\]", problem)
    if headed is None:
        return None
    keys = headed[1].split(".")
    try:
        for count in range(1, 1000):
            less = _shortened(document, keys, count)
            try:
                msgspec.convert(less, Config, strict=True, dec_hook=_decode)
            except msgspec.ValidationError as error:
                if str(error) == told:
                    return count - 1
    except (KeyError, TypeError):
        pass  # It is no list: its heading is wrong.
    return None


def _shortened(table: dict[str, Any], keys: list[str], count: int) -> dict[str, Any]:
    """A document with only the first items of one of its lists."""
    first, *others = keys
    return {**table, first: _shortened(table[first], others, count) if others else table[first][:count]}


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
    if (config.dashboard.certificate is None) != (config.dashboard.key is None):
        return "[dashboard] certificate and key: only one of them is given; allowed: both, or neither"
    if (config.dashboard.broker_username is None) != (config.dashboard.broker_password is None):
        return "[dashboard] broker_username and broker_password: only one of them is given; allowed: both, or neither"
    if config.dashboard.certificate is not None and config.dashboard.proxy is not None:
        return "[dashboard] proxy: given, and certificate, too; allowed: https by the web server before, or by Fjes"
    for language in config.kiosk.languages:
        if not is_key(Slice.LANGUAGE, language) or language in (UNCHOSEN, OTHER):
            return f"[kiosk] languages: {language!r} is not a language; allowed: codes such as {', '.join(LANGUAGES)}"
    return (
        pins.problem(config.buttons)
        or _broker_problem(config.broker)
        or mailing.problem(config.mail)
        or _screen_problem(config.kiosk)
        or opening.problem(config.hours.weekdays, config.hours.closed)
        or _question_problem(config)
        or _reason_problem(config)
        or _text_problem(config)
        or signing_in.problem(config.oidc, sign_in=config.dashboard.sign_in)
        or networking.problem(config.network, config.time, config.ssh, config.update)
        or _authority_problem(config.network)
    )


def _broker_problem(broker: Broker) -> str | None:
    if broker.password is not None and broker.username is None:
        return "[broker] password: given, but no username; allowed: both, or neither"
    for key, given in (("ca", broker.ca), ("ca_text", broker.ca_text)):
        if given is not None and not broker.tls:
            return f"[broker] {key}: given, but tls is false; allowed: tls = true with it, or neither"
    if broker.ca_text is None:
        return None
    if broker.ca is not None:
        return "[broker] ca_text: given, and ca, too; allowed: one of them"
    return None if is_certificate(broker.ca_text) else f"[broker] ca_text: {_NO_CERTIFICATE}"


def _authority_problem(network: Network) -> str | None:
    text = network.certificate_authority
    if text is None or networking.is_file_name(text) or is_certificate(text):
        return None
    return f"[network] certificate_authority: {_NO_CERTIFICATE}"


def is_certificate(text: str) -> bool:
    """Whether a text is certificates (PEM) that can be trusted."""
    import ssl  # Only here: the kiosk, which has no network, starts without it.

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError, TypeError):
        return False
    return True


def _screen_problem(kiosk: Kiosk) -> str | None:
    # Nobody reads and decides in less, and a finger may rest as long before it counts for nothing.
    if 0 < kiosk.dim_seconds < 10:
        return f"[kiosk] dim_seconds: {kiosk.dim_seconds:g} is too short; allowed: 0 for never, or 10 to 86400"
    if 0 < kiosk.attract_seconds < 10:
        return f"[kiosk] attract_seconds: {kiosk.attract_seconds:g} is too short; allowed: 0 for never, or 10 to 86400"
    if kiosk.dim_percent > kiosk.brightness_percent:
        return (
            f"[kiosk] dim_percent: {kiosk.dim_percent} is brighter than brightness_percent "
            f"({kiosk.brightness_percent}); allowed: a whole number from 1 to {kiosk.brightness_percent}"
        )
    return None


def _question_problem(config: Config) -> str | None:
    earlier: str | None = None
    # By id, the year in which another question took over: tables of that year are final, and would be written again.
    over: dict[str, int] = {}
    for number, question in enumerate(config.questions, start=1):
        here = f"[[questions]] number {number}"
        if not is_name(question.id):
            return f"{here} id: {question.id!r} is not allowed; allowed: a–z, 0–9 and hyphens, at most 64"
        if question.from_ is None:
            if number > 1:
                return f"{here} from: missing; allowed: a month such as 2027-01, since another question is asked before"
            continue
        try:
            begin = periods.parse_month(question.from_).first
        except ValueError as error:
            return f"{here} from: {error}"
        if earlier is not None and question.from_ <= earlier:
            return f"{here} from: {question.from_} is not after {earlier}; allowed: months in order"
        earlier = question.from_
        if number > 1 and question.id != (before := config.questions[number - 2].id):
            over[before] = (begin - periods.DAY).year
            if over.get(question.id) == begin.year:
                return (
                    f"{here} id: {question.id} was asked in the same year, and another question since; "
                    f"allowed: an id of its own, such as {question.id}-{number}"
                )
    return None


def _reason_problem(config: Config) -> str | None:
    seen: set[str] = set()
    for number, reason in enumerate(config.follow_up.reasons, start=1):
        here = f"[[follow_up.reasons]] number {number}"
        if not is_name(reason.id) or reason.id in (SKIPPED, OTHER):
            return (
                f"{here} id: {reason.id!r} is not allowed; allowed: a–z, 0–9 and hyphens, at most 64, "
                f"but not {SKIPPED} and {OTHER}, which have a meaning of their own"
            )
        if reason.id in seen:
            return f"{here} id: {reason.id} is there twice; allowed: each once"
        seen.add(reason.id)
        if reason.id in REASONS:
            continue
        ships = ", ".join(REASONS)
        if reason.picture is None:
            return f"{here} picture: missing for {reason.id!r}; allowed: a file, or an id that ships ({ships})"
        if missing := [language for language in config.kiosk.languages if language not in reason.texts]:
            return (
                f"{here} texts: none for {', '.join(missing)}; "
                f"allowed: every language shown, or an id that ships ({ships})"
            )
    return None


def _text_problem(config: Config) -> str | None:
    for number, question in enumerate(config.questions, start=1):
        here = f"[[questions]] number {number}"
        if question.place and not is_legible(question.place):
            return f"{here} place: {_ILLEGIBLE}"
        if not all(map(is_legible, question.texts.values())):
            return f"{here} texts: {_ILLEGIBLE}"
    for number, reason in enumerate(config.follow_up.reasons, start=1):
        if not all(map(is_legible, reason.texts.values())):
            return f"[[follow_up.reasons]] number {number} texts: {_ILLEGIBLE}"
    if not all(is_legible(line) for lines in config.said.texts.values() for line in lines):
        return f"[said] texts: {_ILLEGIBLE}"
    return None
