"""Services of several users on one database and one file of logins: what one makes, the others can go on with."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import Engine

from dashboard import backup, broker, files, store
from dashboard.broker import Folder, Wishes
from dashboard.mail.alone import alone
from tests.closed import HOST, Closed, let_in
from tests.conftest import free_port, wait

GROUP, OTHERS = 64601, 64602
WEB, INGEST, BROKER, STRANGER = 64611, 64612, 64613, 64614

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, who can become other users")


def as_user(uid: int, gid: int, does: Callable[[], object]) -> bool:
    """Whether it worked, as another user who is in one group only, with the umask that commands have."""
    if (child := os.fork()) == 0:
        _be(uid, gid, does)
    return os.waitpid(child, 0)[1] == 0


def _be(uid: int, gid: int, does: Callable[[], object]) -> NoReturn:
    try:
        os.setgroups([gid])
        os.setgid(gid)
        os.setuid(uid)
        os.umask(0o022)
        does()
    except BaseException as error:
        os.write(2, f"{error}\n".encode())
        os._exit(1)
    os._exit(0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """As tmpfiles.conf makes it."""
    made = tmp_path / "shared"
    made.mkdir()
    os.chown(made, INGEST, GROUP)
    made.chmod(0o2770)
    for each in (tmp_path, *tmp_path.parents):
        if each.stat().st_uid == os.geteuid() and each.stat().st_mode & 0o005 != 0o005 and each != Path("/"):
            each.chmod(each.stat().st_mode | 0o055)
    return made


def opened(folder: Path) -> Engine:
    return store.open_engine(f"sqlite:///{folder / 'fjes.db'}")


def write(folder: Path, name: str) -> None:
    engine = opened(folder)
    store.upgrade(engine)
    with engine.begin() as connection:
        store.add_terminal(connection, name, "Pro Sentret", "Europe/Oslo")
    with alone(engine) as still:
        assert still is not None
    engine.dispose()


@pytest.fixture
def ready(tmp_path: Path) -> None:
    """What Python has to read for this is read: others may not, where it is root's own."""
    (tmp_path / "first").mkdir()
    write(tmp_path / "first", "Stua")


@root_only
@pytest.mark.usefixtures("ready")
def test_whoever_makes_the_database_the_others_of_the_group_write_it_and_nobody_else_reads_it(folder: Path) -> None:
    assert as_user(INGEST, GROUP, lambda: write(folder, "Stua"))
    assert as_user(WEB, GROUP, lambda: write(folder, "Gangen"))
    assert as_user(INGEST, GROUP, lambda: write(folder, "Kjelleren"))
    assert not as_user(STRANGER, OTHERS, lambda: (folder / "fjes.db").open("rb").close())
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()}
    assert modes == dict.fromkeys(modes, 0o660)
    assert {"fjes.db", "fjes.db.mail"} <= set(modes)


@root_only
@pytest.mark.usefixtures("ready")
def test_a_backup_of_the_night_can_be_put_back_by_the_pages_and_changed_by_nobody(folder: Path) -> None:
    assert as_user(INGEST, GROUP, lambda: write(folder, "Stua"))
    assert as_user(WEB, GROUP, lambda: backup.write(opened(folder), folder))
    (made,) = folder.glob("*.zip")
    assert as_user(INGEST, GROUP, lambda: made.read_bytes())
    assert stat.S_IMODE(made.stat().st_mode) == 0o640


def test_in_a_folder_of_one_user_all_is_that_users_alone(tmp_path: Path) -> None:
    files.share(tmp_path / "fjes.db")
    assert not (tmp_path / "fjes.db").exists()
    write(tmp_path, "Stua")
    made, _ = backup.write(opened(tmp_path), tmp_path)
    assert stat.S_IMODE(made.stat().st_mode) == 0o600


def test_backups_that_are_too_old_go_but_not_the_last_and_nothing_else(tmp_path: Path) -> None:
    now = datetime(2026, 11, 29, 3, 10, tzinfo=UTC)
    days = [now - timedelta(days=ago) for ago in (0, 29, 30, 31, 400)]
    for day in days:
        (tmp_path / f"{backup.name_at(day)}.zip").touch()
    (tmp_path / "fjes-notes.zip").touch()
    gone = backup.tidy(tmp_path, now - timedelta(days=30))
    assert {each.name for each in gone} == {f"{backup.name_at(day)}.zip" for day in days[3:]}
    assert {each.name for each in tmp_path.iterdir()} == {
        "fjes-notes.zip",
        *(f"{backup.name_at(day)}.zip" for day in days[:3]),
    }
    # Should none have been made for a year, the last is still better than none.
    backup.tidy(tmp_path, now + timedelta(days=365))
    assert sorted(each.name for each in tmp_path.iterdir()) == [f"{backup.name_at(now)}.zip", "fjes-notes.zip"]


@pytest.fixture
def shared_broker(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Closed:
    """The folder of a broker on a machine that has the group of those who may change logins."""
    monkeypatch.setattr(broker, "_logins_group", lambda: GROUP)
    wishes = Wishes((HOST,), free_port(), HOST, 50, pwd.getpwuid(os.geteuid()).pw_name)
    return Closed(broker.init(folder / "broker", wishes, datetime.now(UTC)))


@root_only
def test_the_pages_may_change_the_logins_and_nothing_else_of_the_broker(shared_broker: Closed) -> None:
    of = shared_broker.folder
    path, parent = of.path, of.path.parent
    parent.chmod(0o755)
    assert as_user(WEB, GROUP, lambda: Folder(path).is_open() or os._exit(1))
    assert as_user(WEB, GROUP, lambda: of.set_logins({"stua": "a password"}))
    assert as_user(INGEST, GROUP, lambda: of.set_logins({"gangen": "another"})), "whoever replaced it last"
    assert of.users() == {broker.DASHBOARD_USER, "stua", "gangen"}
    assert of.passwords.stat().st_gid == GROUP
    for forbidden in (of.configuration, of.access, of.server, of.ca_key, of.dashboard, of.ca):
        assert not as_user(WEB, GROUP, lambda each=forbidden: files.replace(each, b"mine")), forbidden.name  # type: ignore[misc]
        assert not as_user(WEB, GROUP, lambda each=forbidden: each.open("ab").close()), forbidden.name  # type: ignore[misc]
    assert not as_user(WEB, GROUP, lambda: (path / "new").touch())
    for secret in (of.access, of.server, of.ca_key, of.dashboard):
        assert not as_user(WEB, GROUP, lambda each=secret: each.read_bytes()), secret.name  # type: ignore[misc]
    assert not as_user(STRANGER, OTHERS, lambda: of.passwords.read_bytes())


@root_only
def test_what_the_pages_have_changed_the_running_broker_takes_up_and_they_wait_until_it_has(
    shared_broker: Closed, tmp_path: Path
) -> None:
    of = shared_broker.folder
    of.path.parent.chmod(0o755)
    told = tmp_path / "told"
    seen = Folder(of.path, told)
    with shared_broker:
        # As `fjes-broker-reload.service` at the start of the machine.
        told.touch()
        assert as_user(WEB, GROUP, lambda: seen.set_logins({"stua": "a password"}))
        if (watching := os.fork()) == 0:
            # As `fjes-broker-reload.path`, which sees the change, and the service that it starts.
            changed = of.logins.stat().st_mtime_ns
            of.tell()
            os.utime(told, ns=(changed, changed))
            os._exit(0)
        # The pages may not signal the broker, which is another user's (root's, here).
        assert as_user(WEB, GROUP, lambda: seen.can_reload() or os._exit(1))
        assert as_user(WEB, GROUP, lambda: seen.reload() is None or os._exit(1))
        os.waitpid(watching, 0)
        wait(lambda: "Reloading config" in shared_broker.log(), "the broker to be told")
        with let_in(shared_broker, "stua", "a password"):
            pass
        # Nobody tells it: they say what to run.
        assert as_user(WEB, GROUP, lambda: seen.set_logins({"stua": None}))
        os.utime(told, (0, 0))
        assert as_user(WEB, GROUP, lambda: "systemctl reload" in (seen.reload() or "") or os._exit(1))
        told.unlink()
        assert as_user(WEB, GROUP, lambda: not seen.can_reload() or os._exit(1))


def test_the_group_of_this_machine_is_found_where_there_is_one() -> None:
    names = {each.gr_name for each in grp.getgrall()}
    assert (broker._logins_group() is not None) == (broker.LOGINS in names)
