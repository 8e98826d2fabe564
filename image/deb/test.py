"""Installs the package for real, in Debians of its own: `make deb-test`. Needs root and Debian's packages.

For each suite: install, by one command; the pages answer, run as their own user; an older version is upgraded, with an
older database, and keeps what it had; removed and installed again, all is as it was; purged, nothing is left. systemd
starts nothing here, since there is none in a chroot; the processes have a network of their own, and with it all ports.
Where Debian's packages come from is for this machine's apt to say.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from image.deb import build

SUITES = ("bookworm", "trixie")
LIMIT_SECONDS = 120.0
CONFIG = "/etc/fjes/fjes.toml"
FJES = ("fjes", "dashboard")
ASKED = """
import urllib.request, sys
with urllib.request.urlopen("http://127.0.0.1:8080" + sys.argv[1], timeout=10) as answer:
    print(answer.status, answer.url)
"""
# One rating's way into a database of the first version, and what is there later.
FIRST = """
from sqlalchemy import text
from dashboard import store
engine = store.open_engine("sqlite:////var/lib/fjes/dashboard/fjes.db")
store.upgrade(engine, to="{first}")
"""


class TestError(Exception):
    """Something is not as it should be; the text says what."""


class Chroot:
    """A Debian of its own."""

    def __init__(self, folder: Path, network: int) -> None:
        self._folder = folder
        # Of the process that holds it.
        self._inside = ("nsenter", f"--net=/proc/{network}/ns/net")

    def run(self, *command: str, inside: bool = False) -> str:
        """Run a command in it, `inside` its network; returns what it prints. Raises TestError where it fails."""
        variables = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(  # noqa: S603 - our own commands
            [*(self._inside if inside else ()), "chroot", str(self._folder), *command],
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise TestError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def install(self, package: Path) -> str:
        """By the one command."""
        shutil.copy(package, self._folder / "root")
        try:
            return self.run(
                "apt-get", "install", "--yes", "--quiet", "--no-install-recommends", f"/root/{package.name}"
            )
        finally:
            (self._folder / "root" / package.name).unlink()

    def path(self, inside: str) -> Path:
        """Where something of it is, seen from here."""
        return self._folder / inside.lstrip("/")

    @contextmanager
    def started(self, user: str, groups: str, *command: str) -> Iterator[subprocess.Popen[bytes]]:
        """A process of a service's user inside its network, until the end of the block."""
        become = ("setpriv", f"--reuid={user}", *groups.split(), "--")
        process = subprocess.Popen(  # noqa: S603 - our own commands
            [*self._inside, "chroot", str(self._folder), *become, *command], stderr=subprocess.DEVNULL
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(LIMIT_SECONDS)


@contextmanager
def debian(suite: str, base: Path) -> Iterator[Chroot]:
    """A fresh one, with nothing but what Debian calls essential, apt, and the world's authorities."""
    with tempfile.TemporaryDirectory(dir=base) as made:
        folder = Path(made, suite)
        step(f"{suite}: a fresh Debian")
        mirrors = [*os.environ.get("FJES_DEBIAN_MIRROR", "").split()] or sources()
        subprocess.run(  # noqa: S603 - our own command
            ["mmdebstrap", "--quiet", "--variant=minbase", "--include=ca-certificates,procps", suite, str(folder),  # noqa: S607
             *mirrors], check=True
        )  # fmt: skip
        # No service is started in here.
        (folder / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
        (folder / "usr/sbin/policy-rc.d").chmod(0o755)
        mounts = [("--types", "proc", "proc", str(folder / "proc")), ("--bind", "/dev", str(folder / "dev"))]
        for each in mounts:
            subprocess.run(["mount", *each], check=True)  # noqa: S603, S607
        (folder / "etc/hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {socket.gethostname()}\n")
        holds = "ip link set lo up && echo up && exec sleep infinity"
        network = subprocess.Popen(["unshare", "--net", "sh", "-c", holds], stdout=subprocess.PIPE)  # noqa: S603, S607
        try:
            assert network.stdout
            must(network.stdout.readline() == b"up\n", "no network of its own can be had here")
            made_here = Chroot(folder, network.pid)
            made_here.run("apt-get", "update", "--quiet")
            yield made_here
        finally:
            network.kill()
            network.wait()
            for each in reversed(mounts):
                subprocess.run(["umount", each[-1]], check=True)  # noqa: S603, S607


def sources() -> list[str]:
    """The first mirror of Debian's that this machine's own apt uses: any has all suites."""
    told = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE) $(ORIGIN) $(CODENAME)", "Created-By: Packages"],  # noqa: S607
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for line in told.splitlines():
        site, origin, codename = (*line.split(), "", "", "")[:3]
        if origin == "Debian" and "-" not in codename:
            return [site]
    return []


def step(text: str) -> None:
    """Say what is tried now."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stdout.flush()


def must(holds: object, text: str) -> None:
    """Raise TestError where something does not hold."""
    if not holds:
        raise TestError(text)


def wait(holds: Callable[[], object], what: str) -> None:
    """Wait until something holds. Raises TestError."""
    until = time.monotonic() + LIMIT_SECONDS
    while not holds():
        must(time.monotonic() < until, f"waited in vain for {what}")
        time.sleep(0.2)


def first_version() -> str:
    """The oldest that the tables can be of."""
    (found,) = [
        re.search(r'^revision = "(.*)"', text, re.MULTILINE)
        for each in (build.ROOT / "dashboard/migrations/versions").glob("*.py")
        if re.search(r"^down_revision\b.*= None", text := each.read_text("utf-8"), re.MULTILINE)
    ]
    must(found, "no first version among the migrations")
    assert found is not None
    return found[1]


def try_it(there: Chroot, before: Path, now: Path) -> None:
    """All of it, in one Debian. Raises TestError."""
    step(f"install {before.name}")
    said = there.install(before)
    must("fjes dashboard user add" in said, f"it does not say how to make the first administrator:\n{said}")
    must("fjes 0" in there.run("fjes", "--version"), "the command is not there")
    step("the pages answer, as their own user")
    answers(there)

    step("an older database, with a terminal and an account")
    database = there.path("/var/lib/fjes/dashboard/fjes.db")
    person = ("user", "add", "Kari", "--role", "administrator", "--config", CONFIG)
    as_dashboard(there, "user", "list", "--config", CONFIG)
    there.run(
        *FJES, "terminal", "add", "Stua", "--site", "Pro Sentret", "--write", "/root/stua.toml", "--config", CONFIG
    )
    as_dashboard(there, *person)
    logins = there.path("/var/lib/fjes/broker/logins/passwords").read_text()
    must("stua:" in logins, "the terminal got no login")
    with there.path(CONFIG).open("a") as file:
        file.write("# mine\n")
    config = there.path(CONFIG).read_text()

    step(f"upgrade from {before.name} to {now.name}")
    there.install(now)
    must(there.path(CONFIG).read_text() == config, "the upgrade has changed fjes.toml")
    must(there.path("/var/lib/fjes/broker/logins/passwords").read_text() == logins, "the upgrade has changed logins")
    must(list(there.path("/var/lib/fjes/backups").glob("fjes-*.zip")), "no backup was made before the upgrade")
    must("Stua" in as_dashboard(there, "terminal", "list", "--config", CONFIG), "the terminal is gone")
    must("Kari" in as_dashboard(there, "user", "list", "--config", CONFIG), "the account is gone")
    answers(there)

    step("a database of the first version is brought up to date by an upgrade")
    database.rename(database.with_name("kept.db"))
    python = "/opt/fjes/.venv/bin/python"
    there.run("setpriv", "--reuid=fjes-dashboard", "--regid=fjes-dashboard", "--init-groups", "--", python, "-c",
              FIRST.format(first=first_version()))  # fmt: skip
    there.run("apt-get", "install", "--reinstall", "--yes", "--quiet", "tzdata")  # Nothing of ours: it stays old.
    there.run("/var/lib/dpkg/info/fjes.postinst", "configure", "0.0.1")
    answers(there)
    database.unlink()
    database.with_name("kept.db").rename(database)

    step("Python becomes another: the environment is made anew")
    there.path("/opt/fjes/.venv/python-version").write_text("3.0\n")
    there.run("dpkg-trigger", "--no-await", "/usr/bin/python3")
    there.run("dpkg", "--configure", "--pending")
    must(there.path("/opt/fjes/.venv/python-version").read_text() != "3.0\n", "the trigger did nothing")
    must("fjes 0" in there.run("fjes", "--version"), "the command is gone")

    step("remove, and install again")
    there.run("apt-get", "remove", "--yes", "--quiet", "fjes")
    must(not list(there.path("/opt/fjes").glob("*")) if there.path("/opt/fjes").exists() else True, "/opt/fjes is left")
    must(not there.path("/usr/lib/systemd/system/mosquitto.service.d/fjes.conf").exists(), "mosquitto is still ours")
    must(database.exists() and there.path(CONFIG).read_text() == config, "remove has taken data")
    said = there.install(now)
    must("Stua" in as_dashboard(there, "terminal", "list", "--config", CONFIG), "the terminal is gone")
    must(there.path(CONFIG).read_text() == config, "fjes.toml was changed")

    step("purge")
    there.run("apt-get", "purge", "--yes", "--quiet", "fjes")
    left = [
        each
        for each in ("/etc/fjes", "/var/lib/fjes", "/opt/fjes", "/usr/bin/fjes")
        if os.path.lexists(there.path(each))
    ]
    must(not left, f"left after purge: {', '.join(left)}")


def as_dashboard(there: Chroot, *command: str) -> str:
    """A command as the documents say, without sudo."""
    return there.run("runuser", "-u", "fjes-dashboard", "--", *FJES, *command)


def answers(there: Chroot) -> None:
    """The pages and ingest run as their own users, on one database; a stranger is asked to sign in."""
    pages = ("fjes", "dashboard", "web", "--quiet", "--config", CONFIG)
    taking_in = ("fjes", "dashboard", "ingest", "--quiet", "--config", CONFIG)
    mosquitto = ("mosquitto", "-c", "/var/lib/fjes/broker/mosquitto.conf")
    shares, logins = "--regid=fjes-dashboard --init-groups", there.run("getent", "group", "fjes-logins").split(":")[2]
    with (
        there.started("fjes-web", shares, *pages) as web,
        there.started("fjes-ingest", shares, *taking_in) as ingest,
    ):
        python = "/opt/fjes/.venv/bin/python"

        def asked(path: str) -> str:
            must(web.poll() is None, "the pages have ended")
            with suppress(TestError):
                return there.run(python, "-c", ASKED, path, inside=True)
            return ""

        wait(lambda: asked("/"), "the pages")
        must("/sign-in" in asked("/"), "a stranger is let in")
        # As its unit runs it: its own user, who is in the group of the logins.
        with there.started("mosquitto", f"--regid=mosquitto --groups={logins}", *mosquitto):
            wait(lambda: asked("/healthz"), "ingest to be at the broker (/healthz)")
        must(ingest.poll() is None, "ingest has ended")


def main() -> None:
    """Try what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--suite", choices=SUITES, action="append", help="default: all of them")
    given = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("make deb-test: needs root, for chroots: sudo make deb-test")
    os.environ.setdefault("SOURCE_DATE_EPOCH", build.run("git", "log", "-1", "--format=%ct").strip())
    base = build.ROOT / ".cache/deb-test"
    base.mkdir(parents=True, exist_ok=True)
    step("build it, and one that is older")
    before, now = build.build("amd64", "~before", base), build.build("amd64", "", base)
    must(build.sha256(build.build("amd64", "", base / "again")) == build.sha256(now), "built again, it is another file")
    for suite in given.suite or SUITES:
        with debian(suite, base) as there:
            try_it(there, before, now)
    step("all is well")


if __name__ == "__main__":
    try:
        main()
    except TestError as error:
        sys.exit(f"make deb-test: {error}")
