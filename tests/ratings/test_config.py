"""The configuration: every default holds, and every error names the file, the key and what is allowed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dashboard.authority import make_authority
from ratings.config import LANGUAGES, Config, ConfigError, load, read
from ratings.period import month, parse_month
from ratings.pooling import LEAST


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as refused:
        read(text, "/etc/fjes/fjes.toml")
    assert "\n" not in str(refused.value), "one line"
    file, _, rest = str(refused.value).partition(": ")
    assert re.fullmatch(r"/etc/fjes/fjes\.toml(, line [1-9][0-9]*)?", file)
    return rest


def test_an_empty_file_is_a_whole_configuration() -> None:
    config = read("")
    assert config == Config()
    assert config.release.mode == "closed"
    assert (config.release.trend, config.release.language) == ("week", "quarter")
    assert (config.release.hour, config.release.reason) == ("quarter", "quarter")
    assert (config.release.source_minimum, config.dashboard.threshold) == (5, 10)
    assert config.kiosk.languages == list(LANGUAGES)
    assert config.kiosk.window is None
    assert config.terminal.zone.key == "Europe/Oslo"
    assert config.buttons.pins == (17, 27, 22, 23)


def test_what_the_file_says_is_what_holds() -> None:
    config = read(
        """
        [terminal]
        id = "stua"
        timezone = "America/Sao_Paulo"
        store = "/data/store"
        [kiosk]
        languages = ["en", "nb"]
        thanks_seconds = 2
        size = "1280x800"
        [broker]
        host = "broker.example"
        port = 8883
        tls = true
        ca = "/etc/fjes/ca.pem"
        username = "stua"
        password = "secret"
        """
    )
    assert (config.terminal.id, config.terminal.store) == ("stua", Path("/data/store"))
    assert config.kiosk.window == (1280, 800)
    assert config.kiosk.thanks_seconds == 2
    assert config.kiosk.languages == ["en", "nb"]
    assert config.broker.ca == Path("/etc/fjes/ca.pem")


MINIMUM = f"a whole number from {LEAST} to 1000"
STRETCH = 'a stretch of the day in quotes, such as "10:00-16:00", at the latest until "24:00"'
DAY = 'a day in quotes, such as "2026-12-24", or a range'
NAME = "a–z, 0–9 and hyphens, at most 64"
SECTIONS = (
    "role, terminal, questions, kiosk, sound, follow_up, said, staff, hours, repeats, release, buttons, broker, "
    "dashboard, oidc, mail, network, time, ssh, update"
)
PINS = "4 to 13 and 16 to 27"
LEDS = "very_unhappy_led = 5\nunhappy_led = 6\nvery_happy_led = 19"
ISSUER = "issuer = 'https://id.example.org'"
OIDC = f"[oidc]\n{ISSUER}\nclient_id = 'fjes'\nclient_secret = 'x'"
SAFE = "an https:// address, or http:// on this machine itself"

MAIL, FROM, PAGE = "[mail]\nhost = 'h'\n", "from = 'a@b.example'\n", "page = 'https://f.example'\n"


@pytest.mark.parametrize(
    ("text", "key", "allowed"),
    [
        # Keys and sections that are not known.
        ("[terminal]\nidd = 'x'", "[terminal]: unknown key 'idd'", "id, timezone, store, state, clock"),
        ("[terminals]", "the file: unknown key 'terminals'", SECTIONS),
        ("threshold = 10", "the file: unknown key 'threshold'", SECTIONS),
        ("[[questions]]\ntext = 'x'", "[[questions]]: unknown key 'text'", "id, from, place, texts"),
        (
            "[release]\nMode = 'live'",
            "[release]: unknown key 'Mode'",
            "mode, trend, language, hour, reason, source_mini",
        ),
        # Sections of another kind.
        ("terminal = 5", "[terminal]: Expected 'object', got 'int'", "id, timezone"),
        ("[[terminal]]", "[terminal]: Expected 'object', got 'array'", "id, timezone"),
        ("[questions]\nid = 'x'", "[[questions]]: Expected 'array', got 'object'", "a list of 1 to 24"),
        ("questions = []", "[[questions]]: Expected 'array' of length >= 1", "a list of 1 to 24"),
        # The terminal.
        ("[terminal]\nid = 'Stua'", "[terminal] id: 'Stua'", NAME),
        ("[terminal]\nid = ''", "[terminal] id: ''", NAME),
        ("[terminal]\nid = 'a/b'", "[terminal] id: 'a/b'", NAME),
        ("[terminal]\nid = 7", "[terminal] id: Expected 'str', got 'int'", "a text"),
        (
            "[terminal]\ntimezone = 'Oslo'",
            "[terminal] timezone: 'Oslo'",
            "IANA time zone database, such as Europe/Oslo",
        ),
        ("[terminal]\ntimezone = ''", "[terminal] timezone: ''", "such as Europe/Oslo"),
        ("[terminal]\ntimezone = '../../etc/passwd'", "[terminal] timezone: ", "such as Europe/Oslo"),
        ("[terminal]\nclock = 'network'", "[terminal] clock: Invalid enum value 'network'", "checked, system"),
        ("[terminal]\nstore = 5", "[terminal] store: Expected 'str', got 'int'", "a text"),
        # Questions.
        ("[[questions]]\nid = 'Besøk'", "[[questions]] number 1 id: 'Besøk'", NAME),
        ("[[questions]]\nfrom = '2027'", "[[questions]] number 1 from: '2027' is not a month", "2020-09"),
        ("[[questions]]\nfrom = '2027-13'", "[[questions]] number 1 from: '2027-13'", "month must be in 1..12"),
        ("[[questions]]\nfrom = 2027-01-01", "[[questions]] from: Expected", 'a month in quotes, such as "2027-01"'),
        ("[[questions]]\n[[questions]]\nid = 'b'", "[[questions]] number 2 from: missing", "a month such as 2027-01"),
        (
            "[[questions]]\nfrom = '2027-02'\n[[questions]]\nfrom = '2027-02'",
            "[[questions]] number 2 from: 2027-02 is not after 2027-02",
            "months in order",
        ),
        (
            "[[questions]]\n[[questions]]\nid = 'b'\nfrom = '2027-02'\n[[questions]]\nfrom = '2027-12'",
            "[[questions]] number 3 id: visit was asked in the same year, and another question since",
            "an id of its own, such as visit-3",
        ),
        (f"[[questions]]\nplace = '{'x' * 61}'", "[[questions]] place: ", "a text of at most 60 characters"),
        ("[[questions]]\ntexts = 'x'", "[[questions]] texts: ", "a table from language to a text of at most 200"),
        ("[[questions]]\ntexts.nb = ''", "[[questions]] texts: ", "a text of at most 200 characters"),
        ("[[questions]]\n" * 25, "[[questions]]: Expected 'array' of length <= 24", "a list of 1 to 24"),
        # The kiosk.
        ("[kiosk]\nlanguages = []", "[kiosk] languages: ", "a list of 1 to 12, each a text"),
        (
            "[kiosk]\nlanguages = 'nb'",
            "[kiosk] languages: Expected 'array', got 'str'",
            "a list of 1 to 12, each a text",
        ),
        ("[kiosk]\nlanguages = ['nb', 'nb']", "[kiosk] languages: a language is listed twice", "each once"),
        ("[kiosk]\nlanguages = ['Norsk']", "[kiosk] languages: 'Norsk'", "codes such as nb, en, es, bg, th, ro"),
        ("[kiosk]\nlanguages = ['unchosen']", "[kiosk] languages: 'unchosen'", "codes such as nb"),
        ("[kiosk]\nthanks_seconds = 0.1", "[kiosk] thanks_seconds: ", "a number from 0.5 to 600"),
        ("[kiosk]\nidle_seconds = nan", "[kiosk] idle_seconds: ", "a number from 0.5 to 600"),
        ("[kiosk]\nidle_seconds = inf", "[kiosk] idle_seconds: ", "a number from 0.5 to 600"),
        ("[kiosk]\nidle_seconds = '20'", "[kiosk] idle_seconds: ", "a number from 0.5 to 600"),
        ("[kiosk]\nbest_face = 'up'", "[kiosk] best_face: Invalid enum value 'up'", "left, right"),
        ("[kiosk]\nsize = '80x48'", "[kiosk] size: ", "fullscreen, or a window's size such as 1280x800"),
        ("[kiosk]\nsize = '800x480\\n'".replace("'", '"'), "[kiosk] size: ", "a window's size such as 1280x800"),
        ("[kiosk]\nsize = 800", "[kiosk] size: ", "a window's size such as 1280x800"),
        # The screen's light.
        ("[kiosk]\ndim_seconds = -1", "[kiosk] dim_seconds: ", "a number from 0 to 86400"),
        ("[kiosk]\ndim_seconds = 3", "[kiosk] dim_seconds: 3 is too short", "0 for never, or 10 to 86400"),
        ("[kiosk]\ndim_percent = 0", "[kiosk] dim_percent: ", "a whole number from 1 to 100"),
        (
            "[kiosk]\nbrightness_percent = 30\ndim_percent = 40",
            "[kiosk] dim_percent: 40 is brighter than brightness_percent (30)",
            "a whole number from 1 to 30",
        ),
        # Opening hours.
        ("[hours]\nmandag = ['10:00-16:00']", "[hours]: unknown key 'mandag'", "monday, tuesday, wednesday"),
        ("[hours]\nmonday = '10:00-16:00'", "[hours] monday: Expected 'array', got 'str'", "a list of 0 to 12, each"),
        ("[hours]\nmonday = ['10-16']", "[hours] monday: not in a form that is allowed", 'such as "10:00-16:00"'),
        ("[hours]\nmonday = ['9:00-16:00']", "[hours] monday: ", STRETCH),
        ("[hours]\nmonday = ['10:00-24:01']", "[hours] monday: ", STRETCH),
        ("[hours]\nmonday = ['24:00-24:00']", "[hours] monday: ", STRETCH),
        ("[hours]\nmonday = [10.00]", "[hours] monday: Expected 'str', got 'float'", STRETCH),
        (
            "[hours]\nfriday = ['22:00-02:00']",
            "[hours] friday: '22:00-02:00' does not end after it begins",
            'two stretches, such as "22:00-24:00" and, the day after, "00:00-02:00"',
        ),
        ("[hours]\nfriday = ['10:00-10:00']", "[hours] friday: '10:00-10:00' does not end after", "two stretches"),
        (
            "[hours]\nsunday = ['12:00-14:00', '09:00-12:01']",
            "[hours] sunday: '09:00-12:01' and '12:00-14:00' overlap",
            "stretches apart from each other",
        ),
        ("[hours]\nmonday = []", "[hours]: closed on every weekday", 'such as monday = ["10:00-16:00"]'),
        ("[hours]\nclosed = '2026-12-24'", "[hours] closed: Expected 'array', got 'str'", "a list of 0 to 366, each"),
        ("[hours]\nclosed = [2026-12-24]", "[hours] closed: Expected 'str', got 'date'", DAY),
        ("[hours]\nclosed = ['24.12.2026']", "[hours] closed: not in a form that is allowed", DAY),
        ("[hours]\nclosed = ['2026-12']", "[hours] closed: ", DAY),
        ("[hours]\nclosed = ['2026-02-29']", "[hours] closed: '2026-02-29' names a day that does not", "the calendar"),
        (
            "[hours]\nclosed = ['2027-01-01/2026-12-25']",
            "[hours] closed: '2027-01-01/2026-12-25' ends before it begins",
            "the first day, a slash, the last day",
        ),
        ("[hours]\nscreen = false", "[hours] screen: ", "off, on"),
        # What protects visitors cannot be set too low.
        ("[release]\nsource_minimum = 4", "[release] source_minimum: Expected 'int' >= 5", MINIMUM),
        ("[release]\nsource_minimum = 5.5", "[release] source_minimum: ", MINIMUM),
        ("[release]\nsource_minimum = false", "[release] source_minimum: ", MINIMUM),
        ("[dashboard]\nthreshold = 4", "[dashboard] threshold: Expected 'int' >= 5", MINIMUM),
        ("[dashboard]\nthreshold = 0", "[dashboard] threshold: ", MINIMUM),
        ("[dashboard]\nthreshold = -10", "[dashboard] threshold: ", MINIMUM),
        ("[dashboard]\nthreshold = 1001", "[dashboard] threshold: ", MINIMUM),
        ("[release]\nmode = 'open'", "[release] mode: Invalid enum value 'open'", "closed, live"),
        ("[release]\ntrend = 'month'", "[release] trend: ", "day, none, week"),
        ("[release]\nlanguage = 'week'", "[release] language: ", "month, quarter, year"),
        # Buttons.
        ("[buttons]\nfactory = 'pigpio'", "[buttons] factory: ", "lgpio, mock, none"),
        ("[buttons]\nhappy = 28", "[buttons] happy: ", "a whole number from 0 to 27"),
        ("[buttons]\nhappy = -1", "[buttons] happy: ", "a whole number from 0 to 27"),
        ("[buttons]\nhappy = 17", "[buttons]: one pin is used twice (17, 27, 17, 23)", "four different pins"),
        ("[buttons]\nhappy = 2", "[buttons] happy: pin 2 is the data line of I²C, where the hardware clock is", PINS),
        ("[buttons]\nhappy = 3", "[buttons] happy: pin 3 is the clock line of I²C", PINS),
        ("[buttons]\nunhappy = 0", "[buttons] unhappy: pin 0 is the data line of the bus", PINS),
        ("[buttons]\nvery_happy = 14", "[buttons] very_happy: pin 14 is the serial port", PINS),
        (f"[buttons]\n{LEDS}\nhappy_led = 3", "[buttons] happy_led: pin 3 is the clock line of I²C", PINS),
        (
            f"[buttons]\n{LEDS}\nhappy_led = 17",
            "[buttons] happy_led: pin 17 is that of very_unhappy, too",
            "of its own",
        ),
        (f"[buttons]\n{LEDS}\nhappy_led = 5", "[buttons] happy_led: pin 5 is that of very_unhappy_led, too", "its own"),
        (f"[buttons]\n{LEDS}", "[buttons] happy_led: missing, and other buttons have an LED", "all four or none"),
        ("[buttons]\nhappy_led = 28", "[buttons] happy_led: ", "a whole number from 0 to 27"),
        ("[buttons]\nactive = 'high'", '[buttons] active: "high", and pull = "up"', 'active = "low"'),
        ("[buttons]\npull = 'down'", '[buttons] active: "low", and pull = "down"', 'active = "high"'),
        ("[buttons]\npull = 'strong'", "[buttons] pull: ", "down, none, up"),
        ("[buttons]\nled_active = 'on'", "[buttons] led_active: ", "high, low"),
        ("[buttons]\nchip = -1", "[buttons] chip: ", "a whole number from 0 to 31"),
        ("[buttons]\nbounce_seconds = 2", "[buttons] bounce_seconds: ", "a number from 0 to 1"),
        ("[buttons]\nspeak = 'yes'", "[buttons] speak: ", "true or false"),
        # Turned screens, idle screens, sound, what is asked afterwards.
        ("[kiosk]\nrotation = 45", "[kiosk] rotation: Invalid enum value 45", "0, 90, 180, 270"),
        ("[kiosk]\ntouch_rotation = '90'", "[kiosk] touch_rotation: ", "0, 90, 180, 270"),
        ("[kiosk]\nattract_seconds = 5", "[kiosk] attract_seconds: 5 is too short", "0 for never, or 10 to 86400"),
        ("[sound]\nvolume_percent = 101", "[sound] volume_percent: ", "a whole number from 0 to 100"),
        ("[said]\ntexts = { nb = ['a', 'b', 'c'] }", "[said] texts: ", "a list of 0 to 2, each a text of at most 90"),
        ("[staff]\npin = 1234", "[staff] pin: ", "what `fjes terminal pin` prints"),
        ("[staff]\npin = '123456'", "[staff] pin: not in a form that is allowed", "what `fjes terminal pin` prints"),
        ("[follow_up]\nseconds = 2", "[follow_up] seconds: ", "a number from 3 to 60"),
        ("[follow_up]\nreasons = ['staff']", "[[follow_up.reasons]]: ", "id, texts, picture"),
        (
            "[[follow_up.reasons]]\nid = 'skipped'",
            "[[follow_up.reasons]] number 1 id: 'skipped'",
            "not skipped and other",
        ),
        ("[[follow_up.reasons]]\nname = 'x'", "[[follow_up.reasons]]: unknown key 'name'", "id, texts, picture"),
        ("[[follow_up.reasons]]\nid = 'food'", "[[follow_up.reasons]] number 1 picture: missing for 'food'", "privacy"),
        (
            "[[follow_up.reasons]]\nid = 'food'\npicture = 'food.png'\ntexts = { nb = 'Maten' }",
            "[[follow_up.reasons]] number 1 texts: none for en, es, bg, th, ro",
            "every language shown",
        ),
        (
            "[[follow_up.reasons]]\nid = 'staff'\n[[follow_up.reasons]]\nid = 'staff'",
            "[[follow_up.reasons]] number 2 id: staff is there twice",
            "each once",
        ),
        # The broker.
        ("[broker]\nhost = ''", "[broker] host: ", "a text of at most 253 characters"),
        ("[broker]\nport = 0", "[broker] port: ", "a whole number from 1 to 65535"),
        ("[broker]\nport = 65536", "[broker] port: ", "a whole number from 1 to 65535"),
        ("[broker]\nport = '1883'", "[broker] port: ", "a whole number from 1 to 65535"),
        ("[broker]\nport = true", "[broker] port: ", "a whole number from 1 to 65535"),
        ("[broker]\ntls = 1", "[broker] tls: ", "true or false"),
        ("[broker]\nca = 'ca.pem'", "[broker] ca: given, but tls is false", "tls = true with it, or neither"),
        ("[broker]\nca_text = 'x'", "[broker] ca_text: given, but tls is false", "tls = true with it, or neither"),
        ("[broker]\ntls = true\nca = 'a'\nca_text = 'x'", "[broker] ca_text: given, and ca, too", "one of them"),
        ("[broker]\ntls = true\nca_text = ''", "[broker] ca_text: not a certificate", "the text of the authority's"),
        ("[broker]\ntls = true\nca_text = 'æøå'", "[broker] ca_text: not a certificate", "-----BEGIN CERTIFICATE"),
        ("[broker]\npassword = 'x'", "[broker] password: given, but no username", "both, or neither"),
        # Mail.
        ("[mail]\nsecurity = 'ssl'", "[mail] security: ", "none, starttls, tls"),
        ("[mail]\nport = 0", "[mail] port: ", "a whole number from 1 to 65535"),
        ("[mail]\nfrom = 'a@b.example'", "[mail] host: missing, though from is given", "the mail server's name"),
        ("[mail]\nusername = 'a'", "[mail] host: missing, though username is given", "the mail server's name"),
        ("[mail]\nhost = 'h'", "[mail] from: missing", "fjes@example.org"),
        (f"{MAIL}from = 'Fjes <fjes@>'", "[mail] from: 'Fjes <fjes@>' is not an address", "fjes@example.org"),
        (
            f"{MAIL}from = 'a@b.example, c@d.example'",
            "[mail] from: 'a@b.example, c@d.example' is not",
            "fjes@example.org",
        ),
        (
            f'{MAIL}from = "a\\nBcc: x <a@b.example>"',
            "[mail] from: 'a\\nBcc: x <a@b.example>' is not",
            "fjes@example.org",
        ),
        (f"{MAIL}from = 'a@b.example'", "[mail] page: missing", "https://fjes.example.org"),
        (
            f"{MAIL}{FROM}page = 'fjes.example.org'",
            "[mail] page: 'fjes.example.org' is not",
            "https://fjes.example.org",
        ),
        (
            f"{MAIL}{FROM}{PAGE}security = 'none'",
            "[mail] security: none, but h is another",
            "none only with host localhost",
        ),
        (f"{MAIL}{FROM}{PAGE}username = 'a'", "[mail] password: missing, though a username", "both, or neither"),
        (f"{MAIL}{FROM}{PAGE}password = 'a'", "[mail] username: missing, though a password", "both, or neither"),
        (
            f"{MAIL}{FROM}{PAGE}username = 'a'\npassword = 'a'\npassword_file = 'b'",
            "[mail] password: given, and password_file, too",
            "one of them",
        ),
        # The dashboard.
        ("[dashboard]\nport = 70000", "[dashboard] port: ", "a whole number from 1 to 65535"),
        ("[dashboard]\nbroker = 5", "[dashboard] broker: Expected 'str', got 'int'", "a text"),
        ("[dashboard]\ndatabase = 5", "[dashboard] database: Expected 'str', got 'int'", "a text"),
        # OpenID Connect.
        ("[oidc]\nissuer = 'http://id.example.org'", "[oidc] issuer: 'http://id.example.org'", SAFE),
        ("[oidc]\nissuer = 'https://a:b@id.example.org'", "[oidc] issuer: ", SAFE),
        ("[oidc]\nissuer = 'https://id.example.org/?x'", "[oidc] issuer: ", "without ? and #"),
        ("[oidc]\nissuer = 'https://id.example.org:x'", "[oidc] issuer: ", SAFE),
        ("[oidc]\nissuer = 'id.example.org'", "[oidc] issuer: ", SAFE),
        ("[oidc]\nissuer = 'https://'", "[oidc] issuer: ", SAFE),
        ("[oidc]\nissuer = ''", "[oidc] issuer: ''", SAFE),
        ("[oidc]\nonly = true", "[oidc] issuer: missing, but only is given", SAFE),
        ("[[oidc.groups]]\nname = 'x'\nrole = 'viewer'", "[oidc] issuer: missing, but groups is given", SAFE),
        (f"[oidc]\n{ISSUER}", "[oidc] client_id: missing", "what the provider calls this dashboard"),
        (f"[oidc]\n{ISSUER}\nclient_id = 'x'", "[oidc] client_secret: missing", "client_secret or client_secret_file"),
        (
            f"{OIDC}\nclient_secret_file = 'x'",
            "[oidc] client_secret: given, and",
            "client_secret or client_secret_file",
        ),
        (f"{OIDC}\nscopes = ['email']", "[oidc] scopes: openid is not among them", "openid, and others"),
        (f"{OIDC}\nscopes = ['openid email']", "[oidc] scopes: openid is not among them", "openid, and others"),
        (f"{OIDC}\nscopes = ['openid', 'a b']", "[oidc] scopes: 'a b'", "without spaces in them"),
        (f"{OIDC}\nscopes = []", "[oidc] scopes: openid is not among them", "openid, and others"),
        (f"{OIDC}\nname = ''", "[oidc] name: ", "a text of at most 40 characters"),
        (f"{OIDC}\nonly = 'yes'", "[oidc] only: ", "true or false"),
        (f"{OIDC}\nsecret = 'x'", "[oidc]: unknown key 'secret'", "issuer, client_id, client_secret"),
        (f"{OIDC}\n[[oidc.groups]]\nname = 'x'", "[[oidc.groups]]: Object missing required field 'role'", "name, role"),
        (
            f"{OIDC}\n[[oidc.groups]]\nname = 'x'\nrole = 'boss'",
            "[[oidc.groups]] role: Invalid enum value 'boss'",
            "administrator, editor, viewer",
        ),
        (
            f"{OIDC}\n[[oidc.groups]]\nname = 'x'\nrole = 'administrator'\nsites = ['y']",
            "[[oidc.groups]] number 1 sites: given for administrators",
            "another role, or no sites",
        ),
        (
            f"[dashboard]\nsign_in = false\n{OIDC}",
            "[oidc] issuer: given, but [dashboard] sign_in is false",
            "true with",
        ),
    ],
)
def test_an_error_names_the_key_and_what_is_allowed(text: str, key: str, allowed: str) -> None:
    told = refusal(text)
    assert told.startswith(key)
    assert allowed in told.removeprefix(key)


def test_opening_hours_are_by_weekday_and_a_weekday_left_out_is_closed() -> None:
    assert read("").hours.weekdays is None
    hours = read(
        """
        [hours]
        tuesday = ["13:00-24:00", "08:00-12:00", "12:00-13:00"]
        sunday = []
        closed = ["2026-12-24", "2026-12-25/2027-01-01"]
        """
    ).hours
    assert hours.weekdays == [[], ["13:00-24:00", "08:00-12:00", "12:00-13:00"], [], [], [], [], []]
    assert len(hours.closed) == 2
    assert read("[hours]\nclosed = ['2026-12-24']").hours.weekdays is None, "open around the clock on other days"


def test_the_authority_may_stand_in_the_file_itself() -> None:
    text = make_authority("broker.example", datetime(2026, 1, 1, tzinfo=UTC)).certificate.decode()
    broker = read(f'[broker]\ntls = true\nca_text = """\n{text}"""').broker
    assert (broker.ca, broker.ca_text) == (None, text)
    cut = text.replace("-----END CERTIFICATE-----", "")
    assert "ca_text: not a certificate" in refusal(f'[broker]\ntls = true\nca_text = """\n{cut}"""')


@pytest.mark.parametrize("issuer", ["http://localhost:8000", "http://127.0.0.1:8000/realms/x", "http://[::1]:8000"])
def test_a_provider_on_this_machine_needs_no_tls(issuer: str) -> None:
    config = read(OIDC.replace("https://id.example.org", issuer))
    assert config.oidc.issuer == issuer


def test_a_password_stands_in_no_error() -> None:
    assert "hunter2" not in refusal("[broker]\npassword = 'hunter2'")
    assert "hunter2" not in refusal("[broker]\nusername = 'a'\npassword = ['hunter2']")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[broker\nhost = 'a'", "line 1"),
        ("[kiosk]\n\nsize = fullscreen", "line 3"),
        ("[terminal]\nid = 'a'\nid = 'b'\n", "line 3"),
        ("[[questions]]\nfrom = 2027-01", "line 2"),
        ("[kiosk]\nlanguages = ['nb'", "end of document"),
    ],
)
def test_what_is_no_toml_is_refused_saying_where(text: str, where: str) -> None:
    told = refusal(text)
    assert told.startswith("not readable as TOML: ")
    assert where in told


def test_the_question_of_a_month_is_the_last_one_that_has_begun() -> None:
    config = read(
        """
        [[questions]]
        id = "visit"
        [[questions]]
        id = "stay"
        from = "2027-01"
        [[questions]]
        id = "visit"
        from = "2028-06"
        """
    )
    asked = {text: config.question_in(parse_month(text)).id for text in ("1999-01", "2026-12", "2027-01", "2028-05")}
    assert asked == {"1999-01": "visit", "2026-12": "visit", "2027-01": "stay", "2028-05": "stay"}
    assert config.question_in(month(2028, 6)) is config.questions[2]
    assert config.question_in(month(9999, 12)) is config.questions[2]


def test_before_the_first_question_begins_it_is_asked_all_the_same() -> None:
    config = read("[[questions]]\nid = 'visit'\nfrom = '2027-01'")
    assert config.question_in(month(2020, 1)).id == "visit"


def told_of(path: Path) -> str:
    with pytest.raises(ConfigError) as refused:
        load(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert "\n" not in str(refused.value)
    return str(refused.value).removeprefix(f"{path}: ")


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    assert told_of(tmp_path / "fjes.toml") == "there is no such file; write one or name another with --config"


def test_a_folder_in_its_place_is_said(tmp_path: Path) -> None:
    assert told_of(tmp_path) == "is a folder; name the file in it with --config"


def test_a_path_through_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert told_of(tmp_path / "file" / "fjes.toml") == "cannot be read (Not a directory); let this user read it"


def test_a_file_that_is_not_utf_8_is_said_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "fjes.toml"
    path.write_bytes("[[questions]]\nplace = 'Nærstua'\n".encode("latin-1"))
    assert told_of(path) == "line 2 is not UTF-8; save the file as UTF-8 in the editor"


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "fjes.toml"
    path.write_text("[[questions]]\nplace = 'Nærstua'\n", "utf-8-sig")
    assert load(path).questions[0].place == "Nærstua"
