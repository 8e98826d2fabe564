"""`make image-test`: the built image on an emulated board, from the first start to an update that fails.

    python -m image.boot_test [STEP …]      steps: faces, plugs, quarter, update, both, board

What a visitor, an IT department and a bad day do to a terminal, with a real broker and dashboard on this machine.
Serial logs and pictures go to build/image-test. All is real but the board: docs/image.md says what that leaves open.
"""

import datetime
import json
import random
import re
import shutil
import sys
import tempfile
import time
import zoneinfo
from pathlib import Path

from image import beside, boot_update
from image.machine import HEIGHT, WIDTH, Card, Machine, Trouble, started, wait_for
from image.places import BUILD, say
from image.visitor import FACES, START_SECONDS, Tally, asks, buttons, pins, presses, rate, wait_for_screen
from ratings.opening import WEEKDAYS

OUT = BUILD / "image-test"
CARD_GIB = 4
_OSLO = zoneinfo.ZoneInfo("Europe/Oslo")
# Twelve ratings in one language within minutes are what the terminal takes for pounding, and sets aside.
_SETTINGS = """
[repeats]
ratings = 100
seconds = 1.0

[buttons]
factory = "lgpio"
chip = 0

[hours]
screen = "off"
"""
# Until the midnight with which the quarter ends.
_HOURS = "".join(f'{day} = ["06:00-24:00"]\n' for day in WEEKDAYS)


def last_quarter(today: datetime.date) -> datetime.datetime:
    """The midnight (in Oslo) with which the last quarter before today ended."""
    month = (today.month - 1) // 3 * 3 + 1
    return datetime.datetime(today.year, month, 1, tzinfo=_OSLO)


def _built() -> Path:
    packed = next(BUILD.glob("fjes-*-arm64.img.zst"), None)
    if packed is None:
        raise Trouble("there is no image in build/: make image")
    return packed


def flashed(enrolled: str, name: str = "card.img") -> Card:
    """A new card with the file of the dashboard on it, as IT makes it."""
    OUT.mkdir(parents=True, exist_ok=True)
    card = Card.flashed(_built(), OUT / name, CARD_GIB)
    # The question stays in one language, and a language chosen stays: under emulation a minute is soon gone by.
    settings = enrolled.replace(
        "[kiosk]", "[kiosk]\nattract_seconds = 0.0\nidle_seconds = 300.0\nthanks_seconds = 6.0", 1
    )
    card.write("fjes.toml", (settings + _SETTINGS + _HOURS).encode())
    return card


def clock(moment: datetime.datetime) -> str:
    """A moment as QEMU's clock wants it."""
    return f"{moment.astimezone(datetime.UTC):%Y-%m-%dT%H:%M:%S}"


def faces(card: Card, tally: Tally, there: beside.Beside, at: datetime.datetime) -> None:
    """The first start: faces, Thai, eight touches, four presses, and how long it took."""
    with started(card, OUT / "1-first", clock=clock(at), forward=[(there.port, there.port)]) as machine:
        pins(machine)
        wait_for_screen(machine, "nb-asking", START_SECONDS)
        tally.figures["power_to_faces_seconds"] = round(machine.seconds(), 1)
        say(f"Faces after {machine.seconds():.0f} s")
        rate(machine, tally, "happy", "th")
        for face in ("very_happy", "happy", "unhappy", "very_unhappy", "very_happy", "very_happy", "happy"):
            rate(machine, tally, face)
        tally.figures["start"] = machine.shell("systemd-analyze --no-pager time").strip()
        (OUT / "critical-chain.txt").write_text(
            machine.shell(
                "systemd-analyze --no-pager critical-chain fjes-kiosk.service; systemd-analyze --no-pager blame"
            ),
            "utf-8",
        )
        tally.figures["memory"] = machine.shell("free -m | sed -n 2p").split()[2] + " MB"
        presses(machine, tally)
        buttons(machine)
        look_inside(machine)
        machine.switch_off()
    after = card.read("fjes.toml").decode()
    password = re.search(r'^password = "(.+)"', there.enrolled, re.MULTILINE)
    assert password is not None
    if password[1] in after:
        raise Trouble("the broker's password is still on the part of the card that Windows shows")


def look_inside(machine: Machine) -> None:
    """What must hold inside: nothing of the root can be written, no password, no SSH, a grown data partition."""
    for command, wanted, why in (
        ("touch /usr/x; echo $?", r"Read-only file system", "the root file system can be written"),
        ("grep -v -E '^[^:]+:[!*]' /etc/shadow; echo end", r"^end\n$", "an account has a password"),
        ("systemctl is-active ssh.service ssh.socket sshd; echo", r"^(inactive\n)+\n$", "SSH is on"),
        ("df -m --output=size /data | tail -1", r"^ *1[0-9]{3}\n$", "the data partition has not grown"),
        ("findmnt -no OPTIONS /data", r"noatime.*lazytime|lazytime.*noatime", "the data partition's options"),
        ("ls /var/log/journal 2>&1; ls /run/log/journal", r"No such file", "the journal is on the card"),
        ("systemctl --failed --no-legend --plain; echo end", r"^end\n$", "a unit has failed"),
    ):
        found = machine.shell(command)
        if not re.search(wanted, found):
            raise Trouble(f"{why}: {command} says {found!r}")


def plugs(card: Card, tally: Tally, there: beside.Beside, at: datetime.datetime, times: int = 5) -> None:
    """The plug is pulled at random moments; what was thanked for is there in the end (see `quarter`)."""
    chance = random.Random(8)
    for number in range(1, times + 1):
        folder = OUT / f"2-plug-{number}"
        with started(card, folder, clock=clock(at), forward=[(there.port, there.port)]) as machine:
            wait_for_screen(machine, "nb-asking", START_SECONDS)
            for _ in range(chance.randint(1, 3)):
                rate(machine, tally, chance.choice(list(FACES)))
            machine.touch(*FACES["happy"])
            wait_for(lambda: not asks(machine, "nb"), "the thank-you", 60)
            tally.touches += 1
            time.sleep(chance.uniform(0, 4))
            machine.unplug()
        at += datetime.timedelta(minutes=7)
        say(f"Plug {number}: {tally.thanked} thanked for so far")


def quarter(card: Card, tally: Tally, there: beside.Beside, midnight: datetime.datetime) -> None:
    """Over the quarter's midnight: the tables of month and quarter arrive in the dashboard, with every rating once."""
    # The battery clock is set to minutes before: the board's own, which the terminal believes.
    before = midnight - datetime.timedelta(minutes=4)
    with started(card, OUT / "3-quarter", clock=clock(before), forward=[(there.port, there.port)]) as machine:
        wait_for_screen(machine, "nb-asking", START_SECONDS)
        # Sent within ten minutes of the terminal's own choice, so that a thousand do not send at once.
        wait_for(lambda: there.arrived() >= tally.thanked, f"{tally.thanked} ratings in the dashboard", 1500)
        wait_for(there.languages, "the quarter's languages", 120)
        night(machine)
        machine.switch_off()
    if there.arrived() != tally.thanked:
        raise Trouble(f"{tally.thanked} were thanked for, and {there.arrived()} arrived")
    say(f"All {tally.thanked} ratings arrived: {there.cells()}, {there.languages()}")
    # When the month's figures are out.
    said = beside.overview(there, midnight.date() + datetime.timedelta(days=20), OUT / "dashboard.png")
    (OUT / "dashboard.txt").write_text(said, "utf-8")
    if not re.search(rf"\b{tally.thanked}\b", said):
        raise Trouble(f"the overview does not tell of {tally.thanked} ratings: see {OUT}/dashboard.png")


def night(machine: Machine) -> None:
    """Outside its hours the screen, which has no backlight, is switched off; a touch shows that it is closed."""

    def power() -> str:
        return machine.shell("cat /sys/class/drm/card*-*/dpms").strip()

    wait_for(lambda: power() == "Off", "the screen to be switched off outside the hours", 600)
    machine.touch(WIDTH / 2, HEIGHT / 2)
    wait_for(lambda: power() == "On", "the screen to be switched on by a touch", 60)
    wait_for_screen(machine, "nb-closed")


def update(card: Card, tally: Tally, there: beside.Beside, at: datetime.datetime) -> None:
    """A second version comes by stick and stays; a third whose kiosk does not start is left again by itself."""
    serial = boot_update.built_serial()
    second = boot_update.stick(OUT / "second.stick", str(serial + 1))
    third = boot_update.stick(OUT / "third.stick", str(serial + 2), broken=True)
    how = {"clock": clock(at), "forward": [(there.port, there.port)]}
    with started(card, OUT / "4-update", **how) as machine:
        wait_for_screen(machine, "nb-asking", START_SECONDS)
        machine.plug_in(second)
        machine.wait_for_end(1200)
    _is(boot_update.slot_inside(card), "b try 0", "after the update")
    with started(card, OUT / "5-second", **how) as machine:
        wait_for_screen(machine, "nb-asking", START_SECONDS)
        _is(machine.shell("grep serial /usr/lib/fjes/release").strip(), f"serial={serial + 1}", "the version that runs")
        wait_for(
            lambda: "b good" in machine.shell("sh /usr/lib/fjes/slot /boot/firmware/slot.txt show"),
            "it to be good",
            400,
        )
        rate(machine, tally, "happy")
        machine.plug_in(third)
        machine.wait_for_end(1200)
    _is(boot_update.slot_inside(card), "a try 0", "after the broken update")
    starts = 0
    while card.slot() == "a" and starts < 6:
        starts += 1
        with started(card, OUT / f"6-broken-{starts}", **how) as machine:
            machine.wait_for_end(1500)
        say(f"Broken version, start {starts}: {boot_update.slot_inside(card)}")
    _is(boot_update.slot_inside(card), "b good", f"after {starts} starts of a broken version")
    with started(card, OUT / "7-back", **how) as machine:
        wait_for_screen(machine, "nb-asking", START_SECONDS)
        _is(machine.shell("grep serial /usr/lib/fjes/release").strip(), f"serial={serial + 1}", "the version that runs")
        machine.switch_off()
    tally.figures["starts_of_a_broken_version"] = starts


_BOTH = """role = "both"
[terminal]
id = "stua"
timezone = "Europe/Oslo"
[network]
host_name = "fjes-both"
[kiosk]
attract_seconds = 0.0
"""


def both(seconds: float = 900) -> None:
    """A card of its own that is terminal and dashboard: it makes broker, database, administrator and its own login."""
    card = Card.flashed(_built(), OUT / "both.img", CARD_GIB)
    card.write("fjes.toml", _BOTH.encode())
    units = "fjes-kiosk fjes-courier mosquitto fjes-ingest fjes-web"
    with started(card, OUT / "8-both") as machine:
        machine.wait_for_shell(START_SECONDS)
        wait_for_screen(machine, "nb-asking", START_SECONDS)
        # The network it waits for is not there to be had.
        wait_for(
            lambda: machine.shell(f"systemctl is-active {units}").split() == ["active"] * 5,
            f"{units} to be active",
            seconds,
        )
        ask = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8080/', timeout=60).status)"
        wait_for(lambda: "200" in machine.shell(f'python3 -c "{ask}"'), "the page to sign in", 300)
        heard = (
            "import sqlite3; to = sqlite3.connect('file:/var/lib/fjes/dashboard/fjes.db?mode=ro', uri=True); "
            "print(to.execute('select state from status').fetchall())"
        )
        wait_for(lambda: "online" in machine.shell(f'python3 -c "{heard}"'), "its own terminal to be heard", 600)
        machine.switch_off()
    report = card.read("fjes-report.txt").decode("utf-8-sig")
    (OUT / "8-both/fjes-report.txt").write_text(report, "utf-8")
    if "password" not in report:
        raise Trouble(f"the report does not say how to sign in: see {OUT}/8-both/fjes-report.txt")


def _is(found: str, wanted: str, what: str) -> None:
    if found != wanted:
        raise Trouble(f"{what}: {found!r}, not {wanted!r}")


def main(words: list[str]) -> int:
    """Run all steps, or those that are named; 1 where something did not come about."""
    steps = words or ["faces", "plugs", "quarter", "update", "both", "board"]
    shutil.rmtree(OUT, ignore_errors=True)
    tally = Tally()
    midnight = last_quarter(datetime.datetime.now(_OSLO).date())
    with tempfile.TemporaryDirectory(prefix="fjes-beside-") as folder:
        Path(folder).chmod(0o755)
        with beside.running(Path(folder, "dashboard"), midnight.date() - datetime.timedelta(days=40)) as there:
            card = flashed(there.enrolled)
            try:
                if "faces" in steps:
                    faces(card, tally, there, midnight - datetime.timedelta(hours=9))
                if "plugs" in steps:
                    plugs(card, tally, there, midnight - datetime.timedelta(hours=6))
                if "quarter" in steps:
                    quarter(card, tally, there, midnight)
                if "update" in steps:
                    update(card, tally, there, midnight + datetime.timedelta(hours=9))
                if "both" in steps:
                    both()
                if "board" in steps:
                    tally.figures["pi3_login_seconds"] = round(boot_update.board(card, OUT / "9-pi3"))
            except Trouble as why:
                say(f"Not as it should be: {why}")
                return 1
            finally:
                tally.figures["thanked"] = tally.thanked
                (OUT / "figures.json").write_text(json.dumps(tally.figures, indent=1), "utf-8")
    say(json.dumps(tally.figures, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
