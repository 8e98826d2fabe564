"""Real parts for all rooms: a mosquitto and a PostgreSQL of our own on free ports, and databases of both kinds.

Whatever is started here is stopped here, by its own process id. Nothing is shared with services of the machine.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import hypothesis
import psycopg
import pytest
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import Engine

from dashboard import store

# SDL has a sound card that nobody hears: there is one on every machine, and no test is loud.
os.environ["SDL_AUDIODRIVER"] = "dummy"

# The same examples in every run, so that a red one is red for everybody. To look farther: make test
# ARGS="--hypothesis-profile explore".
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=1000)
hypothesis.settings.load_profile("steady")

LIMIT_SECONDS = 20.0


def wait(condition: Callable[[], object], what: str = "the condition", seconds: float = LIMIT_SECONDS) -> None:
    """Wait until a condition holds; fail the test, saying what was waited for, where it does not in time."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            pytest.fail(f"waited {seconds:g} seconds in vain for {what}")
        time.sleep(0.01)


@pytest.fixture(name="wait_for")
def _wait_for() -> Callable[..., None]:
    """Call `wait_for(condition, "what is waited for")`, in place of a sleep."""
    return wait


@pytest.fixture(autouse=True)
def _log_as_it_was() -> Iterator[None]:
    """What a command sets for its process when a test calls it in this one does not reach the next test."""
    root, ours = logging.getLogger(), logging.getLogger("fjes")
    level, handlers = ours.level, [*root.handlers]
    yield
    ours.setLevel(level)
    for handler in [*root.handlers]:
        if handler not in handlers:
            root.removeHandler(handler)


@pytest.fixture(name="free_port")
def _free_port() -> int:
    return free_port()


# Below the ports that the system gives to connections, or one of them could have taken it before the test listens; and
# a thousand for each process of the run (pytest-xdist), from anywhere in it, since there may be two runs.
_FIRST_PORT = 12_000 + 1_000 * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 20)
_PORTS = count(os.getpid())


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on, and that was not given before."""
    for _ in range(1_000):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", _FIRST_PORT + next(_PORTS) % 1_000))
            return int(probe.getsockname()[1])
    pytest.fail(f"no port of {_FIRST_PORT} to {_FIRST_PORT + 999} on 127.0.0.1 is free")


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def program(name: str, package: str, *more: Path) -> str:
    """Where a program of the system is; the test fails, naming Debian's package, where it is missing."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", *map(str, more)])
    found = shutil.which(name, path=path)
    if found is None:
        pytest.fail(f"{name} is missing: install Debian's package {package} (`make test` does)")
    return found


class Mosquitto:
    """A real broker on 127.0.0.1. It can be stopped, killed and started again on the same port.

    `users` (name to password) switches the password on; `more` are lines for its configuration file.
    """

    def __init__(self, folder: Path, users: dict[str, str] | None = None, more: str = "") -> None:
        self.port = free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        lines = [
            f"listener {self.port} 127.0.0.1",
            f"user {pwd.getpwuid(os.getuid()).pw_name}",
            "persistence false",
            f"allow_anonymous {'false' if users else 'true'}",
        ]
        if users:
            passwords = folder / "passwords"
            passwords.write_text("".join(f"{name}:{password}\n" for name, password in users.items()))
            passwords.chmod(0o600)
            subprocess.run([program("mosquitto_passwd", "mosquitto"), "-U", str(passwords)], check=True)
            lines.append(f"password_file {passwords}")
        (folder / "mosquitto.conf").write_text("\n".join([*lines, more, ""]))

    def start(self) -> Mosquitto:
        command = [program("mosquitto", "mosquitto"), "-c", str(self._folder / "mosquitto.conf")]
        with (self._folder / "mosquitto.log").open("ab") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=out)
        process = self._process
        wait(lambda: listens(self.port) or process.poll() is not None, "mosquitto to listen")
        if process.poll() is not None:
            pytest.fail(f"mosquitto did not start: {self.log()}")
        return self

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(LIMIT_SECONDS)
            self._process = None

    def kill(self) -> None:
        """As a cut of power would: what it remembered is gone."""
        self.stop(signal.SIGKILL)

    def log(self) -> str:
        path = self._folder / "mosquitto.log"
        return path.read_text() if path.exists() else ""


@pytest.fixture
def make_broker(tmp_path: Path) -> Iterator[Callable[..., Mosquitto]]:
    """Make brokers, not yet started: `make_broker(users={"name": "password"}, more="max_queued_messages 10")`."""
    made: list[Mosquitto] = []

    def make(users: dict[str, str] | None = None, more: str = "") -> Mosquitto:
        folder = tmp_path / f"mosquitto-{len(made)}"
        folder.mkdir()
        made.append(Mosquitto(folder, users, more))
        return made[-1]

    yield make
    for each in made:
        each.stop()


@pytest.fixture
def broker(make_broker: Callable[..., Mosquitto]) -> Mosquitto:
    """A running broker that lets everybody in."""
    return make_broker().start()


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, driven by Playwright."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=program("chromium", "chromium"), args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, one for the whole run."""
    with chromium() as started:
        yield started


class Postgres:
    """A real PostgreSQL cluster on 127.0.0.1, whose files live in a folder of its own."""

    USER, PASSWORD = "fjes", "only-for-tests"

    def __init__(self) -> None:
        versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name))
        self._initdb = program("initdb", "postgresql", *versions)
        self._postgres = program("postgres", "postgresql", *versions)
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._number = count(1)
        # Not pytest's folder: PostgreSQL refuses to run as root, and another user cannot get in there.
        self.folder = Path(tempfile.mkdtemp(prefix="fjes-postgres-"))
        self._owner: tuple[int, int] | None = None
        if os.getuid() == 0:
            other = next(name for name in ("postgres", "nobody") if _is_user(name))
            entry = pwd.getpwnam(other)
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
            self._owner = entry.pw_uid, entry.pw_gid

    def start(self) -> Postgres:
        data = self.folder / "data"
        if not data.exists():
            secret = self.folder / "password"
            secret.write_text(self.PASSWORD)
            secret.chmod(0o644)
            access = ["-U", self.USER, f"--pwfile={secret}", "-A", "scram-sha-256"]
            self._run([self._initdb, "-D", str(data), *access, "-E", "UTF8", "--locale=C", "--no-sync"]).wait(120)
        settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "max_connections=60"]
        options = [part for setting in settings for part in ("-c", setting)]
        self._process = process = self._run([self._postgres, "-D", str(data), "-p", str(self.port), *options])
        wait(lambda: self._answers() or process.poll() is not None, "PostgreSQL to answer", 60)
        if process.poll() is not None:
            pytest.fail(f"PostgreSQL did not start: {(self.folder / 'log').read_text()}")
        return self

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # "fast": open connections are ended
            self._process.wait(LIMIT_SECONDS)
            self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def url(self, database: str) -> str:
        return f"postgresql://{self.USER}:{self.PASSWORD}@127.0.0.1:{self.port}/{database}"

    @contextlib.contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """The URL of a fresh database, which is dropped afterwards."""
        name = f"test_{next(self._number)}"
        self._sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url(name)
        finally:
            self._sql(f"DROP DATABASE {name} WITH (FORCE)")

    def make_template(self, name: str) -> None:
        self._sql(f"CREATE DATABASE {name}")
        _upgraded(self.url(name))

    def _sql(self, statement: str) -> None:
        with contextlib.closing(psycopg.connect(self.url("postgres"), autocommit=True)) as connection:
            connection.execute(statement.encode())

    def _answers(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
            return True
        return False

    def _run(self, command: list[str]) -> subprocess.Popen[bytes]:
        user, group = self._owner or (None, None)
        others: list[str] | None = [] if self._owner else None
        with (self.folder / "log").open("ab") as out:
            return subprocess.Popen(
                command, stdout=out, stderr=out, cwd=self.folder, user=user, group=group, extra_groups=others
            )


def _is_user(name: str) -> bool:
    with contextlib.suppress(KeyError):
        return bool(pwd.getpwnam(name))
    return False


def _upgraded(url: str) -> None:
    engine = store.open_engine(url)
    try:
        store.upgrade(engine)
    finally:
        engine.dispose()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One PostgreSQL for the whole run, with our tables in the template database `fjes_template`."""
    cluster = Postgres()
    try:
        cluster.start()
        cluster.make_template("fjes_template")
        yield cluster
    finally:
        cluster.remove()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    _upgraded(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without a table, of either kind: a test that asks for it runs twice."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        with request.getfixturevalue("postgres").database() as url:
            yield url


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh SQLite database with our tables."""
    path = tmp_path / "fjes.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """A fresh PostgreSQL database with our tables."""
    with postgres.database("fjes_template") as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database with our tables, of either kind: a test that asks for it runs twice."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture
def database(database_url: str) -> Iterator[Engine]:
    """A fresh database with our tables, of either kind, opened: a test that asks for it runs twice."""
    opened = store.open_engine(database_url)
    yield opened
    opened.dispose()
