"""The folder of a mosquitto that belongs to Fjes: its configuration, its certificates, its logins.

Made once by `init` and never overwritten; enrolment adds and takes away logins. Every file is replaced whole or not at
all, so that the broker never reads half of one. Passwords are kept as hashes; here and in errors none is ever shown.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import grp
import hashlib
import os
import pwd
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dashboard import authority, broker_files, files
from dashboard.authority import AuthorityError, Pair
from ratings import config
from ratings.config import Broker, ConfigError

DASHBOARD_USER = "fjes_dashboard"
"""Its login. No terminal's: their ids have no underscore."""

BY_HAND = "systemctl reload mosquitto"
"""What makes the broker read its logins again, where we may not."""

LOGINS = "fjes-logins"
"""The group that may change the logins and read them, where the machine has one: the pages', and the broker's."""

TOLD = Path("/run/fjes-broker/told")
"""Touched by `fjes-broker-reload.service` each time it has told the broker, by order of `fjes-broker-reload.path`."""

_TOLD_SECONDS = 15.0

_ROUNDS = 101
"""As mosquitto's own tool has it: passwords of 192 random bits need no slow hash, and a reload checks every client."""


class BrokerError(Exception):
    """A broker's folder that cannot be made or used; the text says what is wrong, where, and what to do."""


@dataclass(frozen=True, slots=True)
class Given:
    """Certificates that somebody else has made: files (PEM)."""

    ca: Path
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Wishes:
    """What `init` is asked for. `hosts` are names and addresses, the one that terminals use first.

    `address` is where the broker listens (None: everywhere), `user` as whom it runs.
    """

    hosts: tuple[str, ...]
    port: int
    address: str | None
    connections: int
    user: str
    given: Given | None = None


class Folder:
    """A folder that `init` has made."""

    def __init__(self, path: Path, told: Path = TOLD) -> None:
        self.path = path
        self.told = told
        self.configuration = path / "mosquitto.conf"
        # Apart from all else, and in a folder of its own: who may replace it, may replace nothing but it.
        self.logins = path / "logins"
        self.passwords = self.logins / "passwords"
        self.access = path / "access"
        self.server = path / "server.pem"
        self.ca = path / "ca.pem"
        self.ca_key = path / "ca.key"
        self.terminals = path / "terminals.toml"
        self.dashboard = path / "dashboard.toml"
        self.state = path / "state"
        self.pid = self.state / "mosquitto.pid"

    def section(self) -> Broker:
        """What a terminal's file says of this broker; its login is still to come. Raises BrokerError."""
        try:
            return config.load(self.terminals).broker
        except ConfigError as error:
            raise BrokerError(
                f"{error}. Name the folder that `fjes dashboard broker init` has made in [dashboard] broker"
            ) from None

    def set_logins(self, logins: Mapping[str, str | None]) -> dict[str, str | None]:
        """Give users these passwords, in place of earlier ones; None takes a login away. Raises BrokerError.

        Returns what `put_back` needs to undo it.
        """
        return self._set({user: password and hashed(password) for user, password in logins.items()})

    def put_back(self, before: Mapping[str, str | None]) -> None:
        """Give users the logins again that they had before `set_logins`. Raises BrokerError."""
        self._set(before)

    def _set(self, hashes: Mapping[str, str | None]) -> dict[str, str | None]:
        with self._locked():
            before = dict(line.split(":", 1) for line in self.passwords.read_text("utf-8").splitlines() if line)
            after = {user: each for user, each in before.items() if user not in hashes}
            after |= {user: each for user, each in hashes.items() if each is not None}
            files.replace(self.passwords, "".join(f"{user}:{each}\n" for user, each in after.items()).encode())
        return {user: before.get(user) for user in hashes}

    def users(self) -> set[str]:
        """Who may log in. Raises BrokerError."""
        with self._locked():
            return {line.partition(":")[0] for line in self.passwords.read_text("utf-8").splitlines() if line}

    def is_open(self) -> bool:
        """Whether this process could change the logins: else somebody else has to, who may."""
        try:
            found = self.passwords.stat()
        except OSError:
            return False
        # The file is replaced by one of this user's: the broker has to be able to read that, by its group.
        shared = found.st_mode & 0o040 and found.st_gid in (os.getegid(), *os.getgroups())
        mine = os.geteuid() in (0, found.st_uid) or shared
        writable = os.access(self.logins, os.R_OK | os.W_OK | os.X_OK)
        return bool(mine) and writable and os.access(self.passwords, os.R_OK)

    def can_reload(self) -> bool:
        """Whether `reload` could tell the broker now, or somebody sees to it."""
        try:
            os.kill(self._process(), 0)
        except (OSError, ValueError):
            return self._is_seen_to()
        return True

    def reload(self) -> str | None:
        """Have the running broker read its files again, which also ends what may not be connected any more.

        Returns None when it was told, else in words what is to be done by hand.
        """
        by_hand = f"have it read its logins again: {BY_HAND}"
        try:
            self.tell()
        except PermissionError:
            return None if self._was_told() else f"This user may not tell the broker: {by_hand}"
        except (OSError, ValueError):
            if self._is_seen_to() and self._was_told():
                return None
            return f"The broker does not run on this machine. It reads its logins when it starts; else {by_hand}"
        return None

    def tell(self) -> None:
        """Tell the running broker. Raises OSError or ValueError where it cannot be told."""
        os.kill(self._process(), signal.SIGHUP)

    def _is_seen_to(self) -> bool:
        """Whether systemd tells the broker when the logins change: it told it when this machine was started."""
        try:
            # Root tells it itself, where it runs; and in a copy of the folder, or a test, nothing is watched.
            return os.geteuid() != 0 and self.told.stat().st_mtime_ns > 0
        except OSError:
            return False

    def _was_told(self) -> bool:
        """Wait until the broker was told of the logins as they are now; False where that does not come."""
        until = time.monotonic() + _TOLD_SECONDS
        while self._is_seen_to():
            with contextlib.suppress(OSError):
                if self.told.stat().st_mtime_ns >= self.logins.stat().st_mtime_ns:
                    return True
            if time.monotonic() >= until:
                break
            time.sleep(0.05)
        return False

    def _process(self) -> int:
        """The number of the running broker. Raises OSError or ValueError where it does not run on this machine."""
        number = int(self.pid.read_text())
        if Path(f"/proc/{number}/comm").read_text().strip() != "mosquitto":
            raise ProcessLookupError
        return number

    def renew(self, hosts: tuple[str, ...], given: Given | None, now: datetime) -> list[str]:
        """A new certificate, for the names that it returns: `hosts`, or the old one's. Raises BrokerError."""
        with self._locked():
            names = hosts or tuple(authority.hosts_of(self.server.read_bytes()))
            if given is None and not self.ca_key.exists():
                raise BrokerError(
                    f"{self.ca_key}: the authority's key is not there. Put it back, or give certificates made "
                    "elsewhere with --ca, --certificate and --key"
                )
            if given is not None and given.ca.read_bytes().strip() != self.ca.read_bytes().strip():
                raise BrokerError(
                    f"--ca: {given.ca} is not {self.ca}, which the terminals trust. Take a certificate from the same "
                    "authority, or make a new folder and give every terminal a new file"
                )
            own = None if given else Pair(self.ca_key.read_bytes(), self.ca.read_bytes())
            files.replace(self.server, _server(given, own, names, now))
        return list(names)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One at a time, and troubles with the files in one line."""
        try:
            held = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(held, fcntl.LOCK_EX)
                yield
            finally:
                os.close(held)
        except AuthorityError as error:
            raise BrokerError(str(error)) from None
        except OSError as error:
            raise BrokerError(
                f"{error.filename or self.path}: {error.strerror}. Name the folder that `fjes dashboard broker init` "
                "has made in [dashboard] broker, and run this as the user who may write in it (sudo)"
            ) from None


def init(path: Path, wishes: Wishes, now: datetime) -> Folder:
    """Make the folder, all of it or nothing. Raises BrokerError."""
    folder = Folder(Path(os.path.abspath(path)))
    if folder.path.exists() and (not folder.path.is_dir() or any(folder.path.iterdir())):
        raise BrokerError(
            f"{path}: there is something already; nothing was changed. Name a new folder, or give the broker that is "
            "there a new certificate with --renew"
        )
    owner = _owner(wishes.user)
    try:
        folder.path.parent.mkdir(parents=True, exist_ok=True)
        draft = Folder(Path(tempfile.mkdtemp(prefix=".fjes-broker-", dir=folder.path.parent)))
        try:
            _fill(draft, folder, wishes, now)
            _hand_over(draft, owner)
            os.rename(draft.path, folder.path)
        except BaseException:
            shutil.rmtree(draft.path)
            raise
    except AuthorityError as error:
        raise BrokerError(str(error)) from None
    except OSError as error:
        raise BrokerError(f"{error.filename or path}: {error.strerror}; nothing was made") from None
    return folder


def hashed(password: str) -> str:
    """As mosquitto's password file has it: `$7$rounds$salt$hash`, PBKDF2 with HMAC-SHA-512."""
    salt = os.urandom(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ROUNDS)
    return f"$7${_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def new_password() -> str:
    """192 random bits, in letters that need no quoting."""
    return secrets.token_urlsafe(24)


def _fill(draft: Folder, final: Folder, wishes: Wishes, now: datetime) -> None:
    """Write all files into `draft`, as they will stand in `final`."""
    own = None if wishes.given else authority.make_authority(wishes.hosts[0], now)
    server = _server(wishes.given, own, wishes.hosts, now)
    if own is not None:
        files.write_new(draft.ca_key, own.key)
    ca = own.certificate if own else wishes.given.ca.read_bytes() if wishes.given else b""
    files.write_new(draft.ca, ca, 0o644)
    files.write_new(draft.server, server)
    section = Broker(host=wishes.hosts[0], port=wishes.port, tls=True, ca_text=ca.decode("ascii", "replace"))
    password = new_password()
    draft.logins.mkdir(mode=0o700)
    files.write_new(draft.passwords, f"{DASHBOARD_USER}:{hashed(password)}\n".encode())
    files.write_new(draft.access, broker_files.access(DASHBOARD_USER).encode())
    files.write_new(draft.configuration, broker_files.configuration(final, wishes).encode(), 0o644)
    files.write_new(draft.terminals, broker_files.for_terminals(section).encode(), 0o644)
    files.write_new(draft.dashboard, broker_files.for_dashboard(section, DASHBOARD_USER, password, final.path).encode())
    draft.state.mkdir(mode=0o700)


def _server(given: Given | None, own: Pair | None, hosts: tuple[str, ...], now: datetime) -> bytes:
    """The broker's key and certificate: from the authority of one's own, or the given ones, checked."""
    if own is not None:
        return authority.issue(own, hosts, now).both
    assert given is not None
    authority.check(given.ca, given.certificate, given.key, hosts)
    return given.key.read_bytes().rstrip() + b"\n" + given.certificate.read_bytes()


def _owner(user: str) -> tuple[int, int] | None:
    """Whom the broker's files are given to: the user it runs as; None where only this user can own them."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise BrokerError(
            f"--user: there is no user {user!r} on this machine; install Debian's package mosquitto, or name another"
        ) from None
    return entry.pw_uid, entry.pw_gid


def _hand_over(folder: Folder, owner: tuple[int, int] | None) -> None:
    """The broker's user gets what it must read, and no more: neither the authority's key nor a password in clear."""
    folder.path.chmod(0o750)
    if owner is None:
        return
    user, group = owner
    shared = _logins_group()
    os.chown(folder.path, 0, group if shared is None else shared)
    for each in (folder.access, folder.server, folder.state):
        os.chown(each, user, group)
    if shared is None:
        for each in (folder.logins, folder.passwords):
            os.chown(each, user, group)
        return
    # New files in there are the group's, whoever makes them.
    os.chown(folder.logins, 0, shared)
    folder.logins.chmod(0o2770)
    os.chown(folder.passwords, 0, shared)
    folder.passwords.chmod(0o640)


def _logins_group() -> int | None:
    try:
        return grp.getgrnam(LOGINS).gr_gid
    except KeyError:
        return None
