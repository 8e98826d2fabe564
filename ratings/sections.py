"""The sections of `fjes.toml`, as types: every key, its default and what is allowed. Knows no file.

Every key has a default but what a terminal cannot guess. What protects visitors (`Release`) is read from the card only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct, field

from ratings import opening
from ratings.pooling import LEAST

DEFAULT_QUESTION = "visit"
"""The id of the question that is asked where the file names none."""

REASONS = ("waiting", "staff", "help", "information", "privacy", "place")
"""The ids of the reasons that ship, with words in every language and pictures."""

LANGUAGES = ("nb", "en", "es", "bg", "th", "ro")

Seconds = Annotated[float, Meta(ge=0.5, le=600)]
Port = Annotated[int, Meta(ge=1, le=65535)]
Pin = Annotated[int, Meta(ge=0, le=27)]
Level = Literal["low", "high"]
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
Languages = Annotated[list[str], Meta(min_length=1, max_length=12)]
Turn = Literal[0, 90, 180, 270]
Line = Annotated[str, Meta(min_length=1, max_length=90)]
Lines = Annotated[list[Line], Meta(max_length=2)]
Role = Literal["terminal", "dashboard", "both"]
Percent = Annotated[int, Meta(ge=1, le=100)]
PinHash = Annotated[
    str,
    Meta(
        # scrypt$n$r$p$salt$hash, as terminal/pin.py writes it: checked here, so that nothing fails at the first touch.
        pattern=r"\Ascrypt\$(1024|2048|4096|8192|16384|32768|65536|131072)\$8\$([1-9]|1[0-6])"
        r"\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}\Z",
        description="what `fjes terminal pin` prints",
    ),
]


class Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A table of the file: unknown keys are errors, since a misspelt key would silently do nothing."""


class Terminal(Section, frozen=True):
    """Who and where the terminal is. `store` holds open.db and released.db, `state` what the courier knows.

    `clock` says whether the system clock is believed only when it is known to be right, or always.
    """

    id: str = "terminal"
    timezone: str = "Europe/Oslo"
    store: Path = Path("/var/lib/fjes/terminal")
    state: Path = Path("/var/lib/fjes/courier")
    clock: Literal["checked", "system"] = "checked"

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


Questions = Annotated[list[Question], Meta(min_length=1, max_length=24)]


class Kiosk(Section, frozen=True):
    """What the visitor sees. `size` is `fullscreen` or, for a window, width x height in pixels.

    `rotation` turns the picture clockwise by so many degrees, and the touches with it, unless `touch_rotation` says by
    how much those are turned.
    After `attract_seconds` (0: never) without a touch the question goes through all languages.
    `brightness_percent` and, after `dim_seconds` (0: never) without a touch, `dim_percent` are of the backlight's full.
    """

    languages: Languages = field(default_factory=lambda: list(LANGUAGES))
    thanks_seconds: Seconds = 3.0
    idle_seconds: Seconds = 20.0
    best_face: Literal["left", "right"] = "left"
    size: Size = "fullscreen"
    rotation: Turn = 0
    touch_rotation: Turn | None = None
    attract_seconds: Annotated[float, Meta(ge=0, le=86400)] = 60.0
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


class Opening(Section, frozen=True):
    """When the terminal asks, by the clock on the wall at its place. Where no weekday is given: around the clock.

    Where any is given, those that are not are closed, as are the `closed` days.
    """

    monday: Stretches | None = None
    tuesday: Stretches | None = None
    wednesday: Stretches | None = None
    thursday: Stretches | None = None
    friday: Stretches | None = None
    saturday: Stretches | None = None
    sunday: Stretches | None = None
    closed: Annotated[list[Days], Meta(max_length=366)] = field(default_factory=list)

    @property
    def weekdays(self) -> list[list[str]] | None:
        """The stretches of each weekday, Monday first; None where no weekday is given: always open."""
        given: list[list[str] | None] = [getattr(self, day) for day in opening.WEEKDAYS]
        return None if all(day is None for day in given) else [day or [] for day in given]


class Hours(Opening, frozen=True):
    """Opening hours, and whether the screen is lit outside them."""

    screen: Literal["on", "off"] = "on"


class Sound(Section, frozen=True):
    """What is heard. `folder` holds recordings that take the place of those that ship; `device` is an ALSA device."""

    volume_percent: Annotated[int, Meta(ge=0, le=100)] = 70
    folder: Path | None = None
    device: Annotated[str, Meta(min_length=1, max_length=100)] | None = None


class Answer(Section, frozen=True):
    """An answer to the follow-up question, and its words by language where they are not those that ship."""

    id: str
    texts: dict[str, Annotated[str, Meta(min_length=1, max_length=40)]] = field(default_factory=dict)


class Reason(Answer, frozen=True):
    """An answer that may have a picture of its own. Those that ship have words and a picture; others bring theirs."""

    picture: Path | None = None


class FollowUp(Section, frozen=True):
    """What is asked after every rating, and for how long; without reasons nothing is."""

    seconds: Annotated[float, Meta(ge=3, le=60)] = 8.0
    reasons: Annotated[list[Reason], Meta(max_length=6)] = field(default_factory=list)


class Said(Section, frozen=True):
    """ "You said, we did": a line or two by language, shown while nobody is at the terminal."""

    texts: dict[str, Lines] = field(default_factory=dict)


class Staff(Section, frozen=True):
    """The staff menu: there only where `pin` is set, to the hash of a PIN."""

    pin: PinHash | None = None


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
    """Four buttons, each on a GPIO pin (BCM number), and an LED in each or none. `factory` is gpiozero's pin factory.

    `chip` is the number of the GPIO chip (`/dev/gpiochip0`); None is that of the board's 40-pin header. `pull` is the
    board's own resistor, `active` the level of a button that is pressed, `led_active` that of an LED that is lit.
    With `speak`, a button held for a second says the question, and does not rate.
    """

    factory: Literal["none", "lgpio", "mock"] = "none"
    chip: Annotated[int, Meta(ge=0, le=31)] | None = None
    very_unhappy: Pin = 17
    unhappy: Pin = 27
    happy: Pin = 22
    very_happy: Pin = 23
    pull: Literal["up", "down", "none"] = "up"
    active: Level = "low"
    very_unhappy_led: Pin | None = None
    unhappy_led: Pin | None = None
    happy_led: Pin | None = None
    very_happy_led: Pin | None = None
    led_active: Level = "high"
    bounce_seconds: Annotated[float, Meta(ge=0, le=1)] = 0.015
    speak: bool = False

    @property
    def pins(self) -> tuple[int, int, int, int]:
        """The pins of the buttons, indexed by `Score`."""
        return self.very_unhappy, self.unhappy, self.happy, self.very_happy

    @property
    def given_leds(self) -> tuple[int | None, int | None, int | None, int | None]:
        """The pins of the LEDs as the file has them, indexed by `Score`."""
        return self.very_unhappy_led, self.unhappy_led, self.happy_led, self.very_happy_led

    @property
    def leds(self) -> tuple[int, int, int, int] | None:
        """The pins of the LEDs, indexed by `Score`; None where the buttons have none."""
        match self.given_leds:
            case (int(first), int(second), int(third), int(fourth)):
                return first, second, third, fourth
        return None


class Broker(Section, frozen=True):
    """The MQTT broker. With `tls`, `ca` is the file of the authority to trust, `ca_text` the same in place (PEM).

    Without either, the system's authorities are trusted.
    """

    host: Annotated[str, Meta(min_length=1, max_length=253)] = "localhost"
    port: Port = 1883
    tls: bool = False
    ca: Path | None = None
    ca_text: str | None = None
    username: str | None = None
    password: str | None = None


class Dashboard(Section, frozen=True):
    """Its database (SQLite or PostgreSQL, as a URL), its pages, and how many ratings a figure needs to be shown.

    `broker` is the folder that `fjes dashboard broker init` made, where enrolment keeps the terminals' logins.
    `broker_username`, `broker_password`: its own login there, where `[broker]` has the login of a terminal.
    `backups` is a folder that the pages may make backups in.
    `sign_in`: only people with an account see the pages. `proxy`: the address of the web server before it, whose word
    is taken on where a request comes from, and by which protocol. `certificate`, `key`: the pages are served by https.
    """

    database: str = "sqlite:////var/lib/fjes/dashboard/fjes.db"
    host: str = "127.0.0.1"
    port: Port = 8080
    threshold: Annotated[int, Meta(ge=LEAST, le=1000)] = 10
    broker: Path | None = None
    broker_username: str | None = None
    broker_password: str | None = None
    backups: Path | None = None
    sign_in: bool = True
    proxy: str | None = None
    certificate: Path | None = None
    key: Path | None = None


class Group(Section, frozen=True):
    """A group at the provider, and what those in it may: at all sites, or at those that are named."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    role: Literal["viewer", "editor", "administrator"]
    sites: Annotated[list[Annotated[str, Meta(min_length=1, max_length=200)]], Meta(max_length=100)] = field(
        default_factory=list
    )


class Oidc(Section, frozen=True):
    """Signing in by OpenID Connect: switched on by `issuer`, the provider's address as it writes it itself.

    `name` is what the button calls it. `name_claim` says who somebody is, `groups_claim` in which groups. `newcomers`:
    whoever the provider knows gets an account. `only`: nobody signs in with a password. `ca`: the file of the authority
    to trust, in place of the usual ones.
    """

    issuer: str | None = None
    client_id: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    client_secret: Annotated[str, Meta(min_length=1, max_length=1000)] | None = None
    client_secret_file: Path | None = None
    name: Annotated[str, Meta(min_length=1, max_length=40)] | None = None
    scopes: Annotated[list[Annotated[str, Meta(min_length=1, max_length=200)]], Meta(max_length=20)] = field(
        default_factory=lambda: ["openid", "profile", "email"]
    )
    name_claim: Annotated[str, Meta(min_length=1, max_length=100)] = "preferred_username"
    groups_claim: Annotated[str, Meta(min_length=1, max_length=100)] = "groups"
    newcomers: bool = False
    only: bool = False
    ca: Path | None = None
    groups: Annotated[list[Group], Meta(max_length=100)] = field(default_factory=list)


class Mail(Section, frozen=True):
    """The server that mail is handed to: without a `host` none is sent. `from` sends, `page` is the pages' address.

    `port`: where none is given, 587 with `starttls`, 465 with `tls`, 25 with `none`. `ca`: the file of the authority to
    trust; without it the system's.
    """

    host: Annotated[str, Meta(min_length=1, max_length=253)] | None = None
    port: Port | None = None
    security: Literal["starttls", "tls", "none"] = "starttls"
    ca: Path | None = None
    username: str | None = None
    password: str | None = None
    password_file: Path | None = None
    from_: Annotated[str, Meta(max_length=320)] | None = field(default=None, name="from")
    page: Annotated[str, Meta(max_length=500)] | None = None


class Network(Section, frozen=True):
    """How a machine made from the image reaches the network: by cable, and by Wi-Fi where `wifi_name` is given.

    `address` (with its prefix) is the Wi-Fi's where there is one, else the cable's; without it DHCP gives one.
    `certificate_authority` is trusted beside the usual ones: its text (PEM), or the name of a file beside `fjes.toml`.
    """

    host_name: str | None = None
    wifi_country: str | None = None
    wifi_name: Annotated[str, Meta(min_length=1, max_length=32)] | None = None
    wifi_password: Annotated[str, Meta(max_length=64)] | None = None
    wifi_hidden: bool = False
    address: str | None = None
    gateway: str | None = None
    name_servers: Annotated[list[str], Meta(max_length=3)] = field(default_factory=list)
    proxy: Annotated[str, Meta(max_length=300)] | None = None
    certificate_authority: Annotated[str, Meta(min_length=1, max_length=65536)] | None = None


class Time(Section, frozen=True):
    """Which servers are asked for the time; without any, Debian's. The time zone is `[terminal] timezone`."""

    servers: Annotated[list[str], Meta(max_length=8)] = field(default_factory=list)


class Ssh(Section, frozen=True):
    """Who may come in by SSH, by public keys: without any it is off, and there are no passwords."""

    authorized_keys: Annotated[list[Annotated[str, Meta(min_length=1, max_length=5000)]], Meta(max_length=50)] = field(
        default_factory=list
    )


class Update(Section, frozen=True):
    """Where new versions are looked for, and from which hour of the day on (at the terminal's place)."""

    url: Annotated[str, Meta(max_length=500)] | None = None
    hour: Annotated[int, Meta(ge=0, le=23)] = 3
