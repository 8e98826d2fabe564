"""Backup and restore: all of it comes back, in either kind of database, or nothing is touched."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine, MetaData, insert, select

from dashboard import areas, backup, disclosure, places, restore, schema, store, versions
from dashboard.backup import MANIFEST, BackupError, Manifest, member_of
from dashboard.web import create_app
from ratings.config import DEFAULT_QUESTION as VISIT
from ratings.config import Dashboard
from ratings.table import Slice
from tests.dashboard.filling import Filling, day

MOMENT = datetime(2026, 11, 29, 6, 45, 1, 999, tzinfo=UTC)
TODAY = date(2023, 2, 1)

Rows = dict[str, list[Any]]


def everything(engine: Engine, *, apart_from: tuple[str, ...] = ("change", "departure", "session")) -> Rows:
    """All rows of all tables. With a restore the numbers of changes go up, and nobody is signed in any more."""
    with store.reading(engine) as connection:
        return {
            table.name: [
                tuple(value.replace(tzinfo=None) if isinstance(value, datetime) else value for value in row)
                for row in connection.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for table in schema.metadata.sorted_tables
            if table.name not in apart_from
        }


def fill(engine: Engine, more: int = 0) -> None:
    """Something in every table."""
    filling = Filling(engine)
    stua, hall = filling.terminal("Stua"), filling.terminal("Hall «æøå» \\ \n".strip(), "Annet sted")
    for number in range(1, 4):
        filling.month(stua, f"2022-{number:02}", (1, 2, 30, 40 + more))
    filling.trend(stua, "2022-01-01/2022-01-31", (1, 2, 30, 40 + more))
    filling.split(stua, Slice.LANGUAGE, "2022-Q1", {"nb": (3, 6, 60, 80), "th": (0, 0, 30, 40 + 3 * more)})
    with store.reading(engine) as connection:
        ids = [site.id for site in places.sites(connection)]
    disclosure.publish_if_due(engine, ids, VISIT, day("2022-12-31"), 10)
    filling.month(stua, "2022-01", (1, 2, 30, 90 + more))
    disclosure.publish_if_due(engine, ids, VISIT, day("2023-01-01"), 10)
    with engine.begin() as connection:
        areas.put(connection, ["Pro Sentret"], "Øst / Gamlebyen")
        areas.put(connection, ["Annet sted"], "Aker")
        # An area that was made later, and is above one that was made before.
        areas.move(connection, "Øst", "Aker / Øst")
        connection.execute(insert(schema.moved).values(terminal_id=hall, before=stua))
        for table, values in {
            schema.epoch: {"terminal_id": hall, "epoch": "e", "upto": 7, "batch": None},
            schema.refused: {
                "terminal_id": hall,
                "epoch": "e",
                "revision": 7,
                "payload": "[]",
                "fingerprint": "f" * 64,
                "reason": "why",
                "day": TODAY,
            },
            schema.undecodable: {
                "terminal_id": hall,
                "kind": "tables",
                "payload": bytes(range(256)),
                "size": 256,
                "fingerprint": "f" * 64,
                "reason": "why",
                "day": TODAY,
            },
            schema.status: {"terminal_id": stua, "received": MOMENT, "payload": "{}", "hours_ahead": -1},
            schema.listening: {"id": 1, "seen": MOMENT},
            schema.imported: {
                "epoch": "i",
                "terminal_id": stua,
                "first_day": TODAY,
                "last_day": TODAY,
                "file_hash": "f" * 64,
            },
            schema.person: {
                "id": 7,
                "name": "Kari",
                "key": "kari",
                "password": "$",
                "new_password": True,
                "role": "viewer",
            },
            schema.person_site: {"person_id": 7, "site_id": ids[0], "role": "editor"},
            schema.session: {"word": "f" * 64, "person_id": 7, "began": MOMENT, "seen": MOMENT},
            schema.identity: {"issuer": "https://id.example", "subject": "æ", "person_id": 7},
            schema.departure: {"word": "f" * 64, "began": MOMENT, "onward": "/", "language": "nb"},
            schema.deed: {"moment": MOMENT, "who": "Kari", "what": "added", "about": "Ola"},
            schema.token: {
                "id": 3,
                "name": "Excel",
                "key": "excel",
                "word": "f" * 64,
                "use": "figures",
                "everywhere": False,
                "expires": TODAY,
                "used": TODAY,
            },
            schema.token_site: dict[str, Any](token_id=3, site_id=ids[0]),
            schema.visits: {"site_id": ids[0], "month": day("2022-01-01"), "number": 300},
            schema.alert: {
                "id": 3,
                "key": "silent/stua/2022-01-01T08",
                "kind": "silent",
                "site_id": ids[0],
                "terminal": stua,
                "about": "{}",
                "raised": TODAY,
                "ended": TODAY,
                "answered": MOMENT,
                "answered_by": "Kari",
            },
            schema.alert_note: {"alert_id": 3, "moment": MOMENT, "who": "Kari", "text": "Strømmen var\nborte"},
            schema.alert_level: {"site_id": ids[0], "percent": 25},
            schema.addressee: {"person_id": 7, "address": "kari@example.org", "language": "nb"},
            schema.wish: {"person_id": 7, "place": "site-1", "kind": "report"},
            schema.mail: {
                "key": "report/7/site-1/2022-01",
                "person_id": 7,
                "place": "site-1",
                "recipient": "kari@example.org",
                "message": "Subject: Hei\r\n\r\nHei\r\n",
                "state": "waits",
                "tries": 0,
                "made": MOMENT,
                "due": MOMENT,
                "answer": "",
            },
        }.items():
            connection.execute(insert(table).values(**values))


@pytest.fixture
def saved(database: Engine, tmp_path: Path) -> Path:
    """A backup of a full database of either kind."""
    fill(database)
    assert all(everything(database, apart_from=()).values()), "something is in every table"
    path, _ = backup.write(database, tmp_path, MOMENT)
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database, of each kind in turn."""
    if request.param == "sqlite":
        opened = store.open_engine(f"sqlite:///{tmp_path / 'other.db'}")
        store.upgrade(opened)
        yield opened
        opened.dispose()
        return
    with request.getfixturevalue("postgres").database("fjes_template") as url:
        opened = store.open_engine(url)
        yield opened
        opened.dispose()


def test_all_comes_back_in_either_kind_of_database(database: Engine, saved: Path, other: Engine) -> None:
    with store.reading(other) as connection:
        assert restore.is_empty(connection)
    manifest = restore.put_back(other, saved)
    assert everything(other) == everything(database)
    found = everything(other, apart_from=())
    assert manifest.rows == sum(map(len, found.values())) + 2
    assert found["session"] == found["departure"] == []
    with store.reading(other) as connection:
        assert not restore.is_empty(connection)


def test_what_is_added_afterwards_gets_numbers_of_its_own(saved: Path, other: Engine) -> None:
    restore.put_back(other, saved)
    Filling(other).terminal("Ny", "Nytt sted")
    with other.begin() as connection:
        areas.put(connection, ["Nytt sted"], "Vest")
    assert len(everything(other)["site"]) == 3
    assert len(everything(other)["area"]) == 4


def test_it_takes_the_place_of_all_that_was_there(database: Engine, saved: Path) -> None:
    before = everything(database)
    Filling(database).terminal("Senere")
    with database.begin() as connection:
        areas.put(connection, ["Pro Sentret"], "Senere")
    assert everything(database) != before
    restore.put_back(database, saved)
    assert everything(database) == before


def test_a_page_that_was_made_before_is_not_shown_afterwards(sqlite: Filling, tmp_path: Path) -> None:
    """The same changes as often, but others: a running server must not take the one for the other."""
    fill(sqlite.engine)
    path, _ = backup.write(sqlite.engine, tmp_path)
    before = everything(sqlite.engine, apart_from=())["change"]
    client = create_app(sqlite.engine, Dashboard(), today=lambda: TODAY).test_client()
    sqlite.month("stua", "2022-12", (0, 0, 30, 160))
    assert "of 190 ratings" in client.get("/site-1?lang=en").text
    restore.put_back(sqlite.engine, path)
    with sqlite.engine.begin() as connection:
        store.note_change(connection, "stua")
    after = everything(sqlite.engine, apart_from=())["change"]
    assert all(new[1] > old[1] + 1 for new, old in zip(after, before, strict=True))
    page = client.get("/site-1?lang=en").text
    assert "of 190 ratings" not in page
    assert "73 ratings" in page


def test_the_same_database_makes_the_same_files_and_nobody_else_can_read_them(database: Engine, tmp_path: Path) -> None:
    fill(database)
    one, _ = backup.write(database, tmp_path, MOMENT)
    assert one.name == "fjes-2026-11-29T064501Z.zip"
    other_, _ = backup.write(database, tmp_path / "other.zip", MOMENT)
    assert stat.S_IMODE(one.stat().st_mode) == 0o600
    with zipfile.ZipFile(one) as first, zipfile.ZipFile(other_) as second:
        assert {name: first.read(name) for name in first.namelist()} == {
            name: second.read(name) for name in second.namelist()
        }
    assert sorted(path.name for path in tmp_path.glob("*.zip")) == [one.name, "other.zip"]
    assert not [*tmp_path.glob(".*.part")]


def test_nothing_is_written_over(sqlite: Filling, tmp_path: Path) -> None:
    there = tmp_path / "there.zip"
    there.write_text("mine")
    with pytest.raises(BackupError, match="is there already"):
        backup.write(sqlite.engine, there)
    assert there.read_text() == "mine"


@pytest.mark.parametrize("where", ["missing/fjes.zip", "/dev/null/fjes.zip"])
def test_where_it_cannot_be_written_it_says_so(sqlite: Filling, tmp_path: Path, where: str) -> None:
    with pytest.raises(BackupError, match="cannot be written"):
        backup.write(sqlite.engine, tmp_path / where)


def again(path: Path, change: Callable[[dict[str, bytes]], object], *, true: bool = True) -> Path:
    """A backup with something changed; `true`: its manifest says of the changed files what they are."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    if true and MANIFEST in files:
        manifest = json.loads(files[MANIFEST])
        manifest["tables"] = {
            table: {"rows": content.count(b"\n"), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in files.items()
            if (table := name.removesuffix(".jsonl")) in manifest["tables"]
        }
        files[MANIFEST] = json.dumps(manifest).encode()
    changed = path.with_name("changed.zip")
    with zipfile.ZipFile(changed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return changed


SITES = member_of("site")

DAMAGES: dict[str, tuple[Callable[[dict[str, bytes]], object], bool, str]] = {
    "a number that was changed": (
        lambda files: files.update({SITES: files[SITES].replace(b"Pro", b"Pru")}),
        False,
        "is not what was written",
    ),
    "no manifest": (lambda files: files.pop(MANIFEST), False, "has no manifest"),
    "a manifest of nothing": (lambda files: files.update({MANIFEST: b"{}"}), False, "manifest.json"),
    "a file too few": (lambda files: files.pop(SITES), False, "missing, or too many"),
    "a file too many": (lambda files: files.update({"evil.jsonl": b""}), False, "missing, or too many"),
    "a line without an end": (lambda files: files.update({SITES: files[SITES] + b"{}"}), True, "without an end"),
    "another column": (
        lambda files: files.update({SITES: files[SITES].replace(b'"name"', b'"nome"')}),
        True,
        "other columns",
    ),
    "text for a number": (
        lambda files: files.update({SITES: files[SITES].replace(b'"id":1', b'"id":"1"')}),
        True,
        "id is no int",
    ),
    "no JSON": (lambda files: files.update({SITES: b"nonsense\n"}), True, "line 1"),
    "a row whose site is gone": (lambda files: files.update({SITES: b""}), True, "damaged one"),
    "a row twice": (lambda files: files.update({SITES: files[SITES] * 2}), True, "damaged one"),
    "a count below zero": (
        lambda files: files.update(
            {member_of("released"): files[member_of("released")].replace(b'"very_happy":40', b'"very_happy":-40')}
        ),
        True,
        "damaged one",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_one_changes_nothing(database: Engine, saved: Path, damage: str) -> None:
    change, true, why = DAMAGES[damage]
    before = everything(database, apart_from=())
    with pytest.raises(BackupError, match=why) as refused:
        restore.put_back(database, again(saved, change, true=true))
    assert "nothing was changed" in str(refused.value)
    assert everything(database, apart_from=()) == before


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip file at all"])
def test_a_file_that_is_no_backup_is_refused(sqlite: Filling, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.txt"
    path.write_bytes(content)
    with pytest.raises(BackupError, match="is no backup"):
        restore.put_back(sqlite.engine, path)
    with pytest.raises(BackupError, match="cannot be read"):
        restore.put_back(sqlite.engine, tmp_path / "missing.zip")


def test_one_that_was_cut_anywhere_is_refused(sqlite: Filling, tmp_path: Path) -> None:
    fill(sqlite.engine)
    before = everything(sqlite.engine, apart_from=())
    path, _ = backup.write(sqlite.engine, tmp_path)
    whole, cut = path.read_bytes(), tmp_path / "cut.zip"
    for length in range(0, len(whole), len(whole) // 40):
        cut.write_bytes(whole[:length])
        with pytest.raises(BackupError):
            restore.put_back(sqlite.engine, cut)
    assert everything(sqlite.engine, apart_from=()) == before


def test_one_of_a_newer_version_is_refused(sqlite: Filling, tmp_path: Path) -> None:
    path, _ = backup.write(sqlite.engine, tmp_path)

    def newer(files: dict[str, bytes]) -> None:
        files[MANIFEST] = files[MANIFEST].replace(versions.known()[0].encode(), b"9999")

    with pytest.raises(BackupError, match="newer Fjes"):
        restore.put_back(sqlite.engine, again(path, newer))


@pytest.mark.parametrize("version", [each for each in versions.known()[1:] if each > "0001"])
def test_one_of_an_older_version_is_brought_up_to_date(
    other: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    old = store.open_engine(f"sqlite:///{tmp_path / 'old.db'}")
    store.upgrade(old, version)
    tables = MetaData()
    tables.reflect(old)
    with old.begin() as connection:
        connection.execute(insert(tables.tables["site"]).values(id=4, name="Pro Sentret"))
        connection.execute(
            insert(tables.tables["terminal"]).values(
                id="stua", name="Stua", site_id=4, timezone="Europe/Oslo", release="closed", simulated=False
            )
        )
    tables.remove(tables.tables["alembic_version"])
    with monkeypatch.context() as patched:
        # As that version would have written it.
        patched.setattr(schema, "metadata", tables)
        path, manifest = backup.write(old, tmp_path / "old.zip")
    old.dispose()
    assert manifest.version == version
    fill(other)
    restore.put_back(other, path)
    found = everything(other, apart_from=())
    assert [row[:2] for row in found["site"]] == [(4, "Pro Sentret")]
    assert [row[:3] for row in found["terminal"]] == [("stua", "Stua", 4)]
    assert not found["released"]


KILLED = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from dashboard import restore, store
url, path, number = sys.argv[1:]
engine = store.open_engine(url)
left = int(number)
@event.listens_for(engine, "before_cursor_execute")
def count(connection, cursor, statement, *_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
restore.put_back(engine, Path(path))
"""


def test_whenever_it_is_killed_all_is_as_it_was_or_all_is_put_back(
    database: Engine, database_url: str, saved: Path
) -> None:
    kept = everything(database)
    Filling(database).terminal("Senere")
    before = everything(database)
    for number in range(1, 1000, 9):
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, database_url, str(saved), str(number)],
            env=os.environ | {"PYTHONPATH": str(Path(backup.__file__).parents[1])},
            capture_output=True,
            text=True,
            check=False,
        )
        if killed.returncode == 0:
            break
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert everything(database) == before, f"killed before statement {number}"
    assert number > 30
    assert everything(database) == kept


def test_a_database_that_somebody_writes_to_meanwhile_is_saved_as_it_was_at_one_moment(
    sqlite: Filling, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(sqlite.engine)
    before = everything(sqlite.engine)
    lines = backup._lines

    def writing(*arguments: Any) -> Iterator[bytes]:
        # What it is a backup of begins with the first row that is read.
        yield from lines(*arguments)
        sqlite.terminal(f"Senere {arguments[1].name}")

    monkeypatch.setattr(backup, "_lines", writing)
    path, _ = backup.write(sqlite.engine, tmp_path)
    assert everything(sqlite.engine) != before
    restore.put_back(sqlite.engine, path)
    assert everything(sqlite.engine) == before


def test_the_manifest_says_what_is_in_it(saved: Path) -> None:
    with zipfile.ZipFile(saved) as archive:
        manifest = msgspec.json.decode(archive.read(MANIFEST), type=Manifest)
    assert manifest.made == MOMENT.replace(microsecond=0)
    assert manifest.version == versions.known()[0]
    assert manifest.tables.keys() == schema.metadata.tables.keys()
