"""Enrolment: all or nothing, one file for each card, and secrets nowhere but where they belong."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, event, select, text

from dashboard import broker_files, cards, enrolled, enrolment, enrolment_list, exchange, schema, store
from dashboard.authority import make_authority
from dashboard.broker import BrokerError, Folder
from dashboard.enrolment import Enrolled, EnrolmentError, Newcomer
from dashboard.trouble import StoreError
from ratings import config
from ratings.config import LANGUAGES, Broker
from tests.closed import made

STUA = Newcomer("Stua", "Pro Sentret")
DAY = date(2026, 11, 23)
BY = "Kari"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return made(tmp_path / "broker", hosts=("broker.example", "192.0.2.7")).folder


@pytest.fixture
def where(tmp_path: Path) -> Callable[[str], Path]:
    return lambda terminal: tmp_path / f"{terminal}.toml"


def enrol(
    engine: Engine, newcomers: Sequence[Newcomer], folder: Folder | None, where: Callable[[str], Path]
) -> list[tuple[Enrolled, Path | None]]:
    """Each with its file."""
    made = enrolment.enrol(engine, newcomers, folder, cards.into_files(where), BY)
    return [(each, where(each.id) if folder else None) for each in made]


def reissue(engine: Engine, terminal: str, languages: Sequence[str], folder: Folder, path: Path) -> Enrolled:
    return enrolment.reissue(engine, terminal, languages, folder, cards.into_files(lambda _: path), BY)


def terminals(engine: Engine) -> list[Enrolled]:
    with store.reading(engine) as connection:
        return enrolled.listing(connection)


def test_a_terminals_file_has_all_that_it_needs(database: Engine, folder: Folder, where: Callable[[str], Path]) -> None:
    newcomer = Newcomer("Stua", "Pro Sentret", "America/Sao_Paulo", ("en", "nb"))
    ((terminal, path),) = enrol(database, [newcomer], folder, where)
    assert path is not None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    read = config.load(path)
    assert (
        (read.terminal.id, read.terminal.timezone) == ("stua", "America/Sao_Paulo") == (terminal.id, terminal.timezone)
    )
    assert read.kiosk.languages == ["en", "nb"]
    assert read.release == config.Release()
    assert (read.broker.host, read.broker.port) == ("broker.example", folder.section().port)
    assert read.broker.tls
    assert read.broker.ca_text == folder.ca.read_text()
    assert read.broker.username == "stua"
    assert len(read.broker.password or "") == 32
    assert "Pro Sentret" in path.read_text()


def test_passwords_differ_and_stand_in_the_files_alone(
    database: Engine, folder: Folder, where: Callable[[str], Path], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    statements: list[str] = []
    event.listen(database, "before_cursor_execute", lambda *each: statements.append(f"{each[2]} {each[3]}"))
    done = enrol(database, [STUA, Newcomer("Venterom", "Pro Sentret")], folder, where)
    passwords = {config.load(path).broker.password or "" for _, path in done if path}
    assert len(passwords) == 2
    elsewhere = "".join(each.read_text() for each in folder.path.iterdir() if each.is_file())
    for password in passwords:
        for place in (elsewhere, caplog.text, str(done), "".join(statements)):
            assert password not in place


def test_names_that_toml_has_to_quote_go_through(
    database: Engine, folder: Folder, where: Callable[[str], Path]
) -> None:
    newcomer = Newcomer('Stua "\\ # øæå ส', 'Pro \'Sentret\' [broker] """')
    ((terminal, path),) = enrol(database, [newcomer], folder, where)
    assert path is not None
    assert config.load(path).terminal.id == terminal.id


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_name_breaks_out_of_the_file(name: str, site: str) -> None:
    printable = [each for each in (name, site) if each.isprintable()]
    assert config.read(f"[terminal]\nid = {broker_files.quoted('stua')}").terminal.id == "stua"
    if len(printable) == 2:
        terminal = Enrolled("stua", name, site, "UTC", None)
        made = cards.text_of(terminal, ("nb",), Broker(host="a", username="stua", password="p"))
        assert config.read(made).broker.password == "p"


# All or nothing.


def nothing_was_done(database: Engine, folder: Folder, tmp_path: Path) -> bool:
    return (
        terminals(database) == []
        and folder.users() == {"fjes_dashboard"}
        and not list(tmp_path.glob("*.toml"))
        and not list(folder.path.glob(".*"))
    )


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (Newcomer("Stua", "Oslo", line=3), "line 3: there is already a terminal called 'Stua'"),
        (Newcomer("B", "Oslo", "Oslo", line=3), "line 3: the time zone 'Oslo' is not known"),
        (
            Newcomer("B", "Oslo", languages=("nb", "nb"), line=3),
            "line 3: [kiosk] languages: a language is listed twice",
        ),
        (Newcomer("B", "Oslo", languages=("norsk",), line=3), "line 3: [kiosk] languages: 'norsk' is not a language"),
        (Newcomer("", "Oslo", line=3), "line 3: the terminal's name '' is not allowed"),
    ],
)
def test_one_that_is_wrong_keeps_all_out(
    bad: Newcomer, words: str, database: Engine, folder: Folder, where: Callable[[str], Path], tmp_path: Path
) -> None:
    with pytest.raises(EnrolmentError) as refused:
        enrol(database, [STUA, bad], folder, where)
    assert str(refused.value).startswith(words)
    assert nothing_was_done(database, folder, tmp_path)


def test_a_file_that_is_there_is_left_alone_and_keeps_all_out(
    database: Engine, folder: Folder, where: Callable[[str], Path], tmp_path: Path
) -> None:
    where("venterom").write_text("somebody's")
    with pytest.raises(EnrolmentError, match=r"venterom\.toml: there is such a file already; nothing was changed"):
        enrol(database, [STUA, Newcomer("Venterom", "Oslo")], folder, where)
    assert where("venterom").read_text() == "somebody's"
    where("venterom").unlink()
    assert nothing_was_done(database, folder, tmp_path)


def test_a_place_that_cannot_be_written_keeps_all_out(database: Engine, folder: Folder, tmp_path: Path) -> None:
    with pytest.raises(EnrolmentError, match=r"cannot be written \(No such file or directory\); nothing was changed"):
        enrol(database, [STUA], folder, lambda _: tmp_path / "none" / "x")
    assert nothing_was_done(database, folder, tmp_path)


def test_a_commit_that_fails_leaves_neither_login_nor_file(
    database: Engine, folder: Folder, where: Callable[[str], Path], tmp_path: Path
) -> None:
    def fail(_: object) -> None:
        assert "stua" in folder.users(), "it comes last"
        raise StoreError("the database is full")

    event.listen(database, "commit", fail)
    with pytest.raises(StoreError):
        enrol(database, [STUA], folder, where)
    event.remove(database, "commit", fail)
    assert nothing_was_done(database, folder, tmp_path)


def test_a_broker_that_cannot_be_written_keeps_all_out(
    database: Engine, folder: Folder, where: Callable[[str], Path], tmp_path: Path
) -> None:
    (folder.logins / ".passwords.new").mkdir()  # Where the new file would be written.
    with pytest.raises(BrokerError, match=r"passwords"):
        enrol(database, [STUA], folder, where)
    (folder.logins / ".passwords.new").rmdir()
    assert nothing_was_done(database, folder, tmp_path)


def test_without_a_brokers_folder_there_is_neither_login_nor_file(
    database: Engine, where: Callable[[str], Path], tmp_path: Path
) -> None:
    assert enrol(database, [STUA], None, where) == [(terminals(database)[0], None)]
    assert list(tmp_path.glob("*.toml")) == []


# After that.


def test_who_is_revoked_loses_its_login_but_not_what_was_counted(
    database: Engine, folder: Folder, where: Callable[[str], Path]
) -> None:
    enrol(database, [STUA, Newcomer("Venterom", "Pro Sentret")], folder, where)
    with database.begin() as connection:
        connection.execute(text("INSERT INTO epoch (terminal_id, epoch, upto) VALUES ('stua', 'e', 7)"))
    for day in (DAY, date(2026, 12, 1)):  # Again is no harm, and the first day stands.
        enrolment.revoke(database, "stua", folder, day, BY)
    assert folder.users() == {"fjes_dashboard", "venterom"}
    assert [(each.id, each.revoked) for each in terminals(database)] == [("stua", DAY), ("venterom", None)]
    with store.reading(database) as connection:
        assert not exchange.is_enrolled(connection, "stua")
        assert exchange.is_enrolled(connection, "venterom")
        assert exchange.revoked(connection) == {"stua"}
        assert connection.scalar(select(schema.epoch.c.upto)) == 7


def test_it_is_revoked_in_the_database_even_where_the_broker_cannot_be_written(
    database: Engine, folder: Folder, where: Callable[[str], Path]
) -> None:
    enrol(database, [STUA], folder, where)
    folder.passwords.unlink()
    with pytest.raises(BrokerError):
        enrolment.revoke(database, "stua", folder, DAY, BY)
    assert terminals(database)[0].revoked == DAY


def test_a_new_file_ends_the_old_password_and_lets_in_who_was_revoked(
    database: Engine, folder: Folder, where: Callable[[str], Path], tmp_path: Path
) -> None:
    enrol(database, [STUA], folder, where)
    hashed = folder.passwords.read_text()
    enrolment.revoke(database, "stua", folder, DAY, BY)
    with pytest.raises(EnrolmentError, match="there is such a file already"):
        reissue(database, "stua", LANGUAGES, folder, where("stua"))
    assert terminals(database)[0].revoked == DAY
    reissue(database, "stua", ("nb",), folder, tmp_path / "new")
    assert terminals(database)[0].revoked is None
    assert config.load(tmp_path / "new").broker.password != config.load(where("stua")).broker.password
    assert config.load(tmp_path / "new").kiosk.languages == ["nb"]
    assert folder.passwords.read_text().count("stua:") == 1
    assert folder.passwords.read_text() != hashed


def test_a_new_file_that_the_broker_does_not_get_to_know_is_taken_away_again(
    database: Engine, folder: Folder, where: Callable[[str], Path], tmp_path: Path
) -> None:
    enrol(database, [STUA], folder, where)
    folder.passwords.unlink()
    with pytest.raises(BrokerError):
        reissue(database, "stua", LANGUAGES, folder, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_who_is_not_there_is_said_with_who_is(database: Engine, folder: Folder, tmp_path: Path) -> None:
    attempts: list[Callable[[], object]] = [
        lambda: enrolment.revoke(database, "stua", folder, DAY, BY),
        lambda: reissue(database, "stua", LANGUAGES, folder, tmp_path / "new"),
    ]
    for attempt in attempts:
        with pytest.raises(EnrolmentError, match=r"^there is no terminal with the id 'stua'; there are: none$"):
            attempt()
    assert not (tmp_path / "new").exists()


def test_a_database_that_was_lost_knows_its_terminals_again_and_their_cards_stay(
    database: Engine, folder: Folder, where: Callable[[str], Path]
) -> None:
    enrol(database, [STUA], folder, where)
    before = folder.passwords.read_text()
    with database.begin() as connection:
        connection.execute(text("DELETE FROM terminal"))
    with pytest.raises(EnrolmentError, match=r"the broker has a login 'stua' already.*--keep-login"):
        enrol(database, [STUA], folder, lambda each: where(f"{each}-2"))
    assert terminals(database) == []
    enrol(database, [STUA], None, where)
    assert folder.passwords.read_text() == before
    assert [each.id for each in terminals(database)] == ["stua"]


# Lists.


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_list_is_read_as_spreadsheets_write_it(separator: str, end: str, mark: bytes, tmp_path: Path) -> None:
    rows = [
        ["Name", "Site", "Timezone", "Languages"],
        ["Stua", '"Pro Sentret, 2. etasje; øst"', "", "nb en"],
        ["", "", "", ""],
        ['"Vente\nrom"', "Pro Sentret", "UTC", ""],
        ["Tredje", "Pro Sentret", "UTC", '"nb, en;th"'],
    ]
    path = write(tmp_path / "list.csv", mark + end.join(separator.join(row) for row in [*rows, []]).encode())
    assert enrolment_list.read(path) == [
        Newcomer("Stua", "Pro Sentret, 2. etasje; øst", "Europe/Oslo", ("nb", "en"), line=2),
        Newcomer("Vente\nrom", "Pro Sentret", "UTC", LANGUAGES, line=4),
        Newcomer("Tredje", "Pro Sentret", "UTC", ("nb", "en", "th"), line=6),
    ]


def test_columns_may_be_in_any_order_and_two_are_enough(tmp_path: Path) -> None:
    assert enrolment_list.read(write(tmp_path / "list.csv", "site,name\nOslo,Stua\n")) == [
        Newcomer("Stua", "Oslo", line=2)
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "line 1 names the columns (none); allowed: name, site, timezone, languages"),
        ("name\nStua\n", "line 1 names the columns name; allowed"),
        ("name,site,zone\nStua,Oslo,UTC\n", "line 1 names the columns name, site, zone; allowed"),
        ("name,site,name\nStua,Oslo,Stua\n", "line 1 names the columns name, site, name; allowed"),
        ("name,site\n", "there is no terminal in it"),
        ("name,site\nStua,Oslo\nB\n", "line 3 has 1 cells; allowed: 2"),
        ("name,site\nStua,\n", "line 2: the site is missing"),
        ("name,site\n,Oslo\n", "line 2: the name is missing"),
        ('name,site\n"Stua,Oslo\n', "cannot be read as CSV"),
        (b"name,site\nStua,Oslo\nN\xe6rstua,Oslo\n", "line 3 is not UTF-8; save it as CSV in UTF-8"),
    ],
)
def test_a_list_that_cannot_be_used_names_the_line(content: str | bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(EnrolmentError) as refused:
        enrolment_list.read(write(tmp_path / "list.csv", content))
    assert str(refused.value).startswith(f"{tmp_path / 'list.csv'}: ")
    assert words in str(refused.value)


def test_a_list_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(EnrolmentError, match=r"cannot be read \(No such file or directory\)"):
        enrolment_list.read(tmp_path / "list.csv")


def test_fifty_at_once(database: Engine, folder: Folder, where: Callable[[str], Path]) -> None:
    many = [Newcomer(f"Rom {number}", "Pro Sentret", line=number + 2) for number in range(50)]
    done = enrol(database, many, folder, where)
    assert len({config.load(path).broker.password for _, path in done if path}) == 50
    assert len(folder.users()) == 51
    assert len(terminals(database)) == 50
    assert os.stat(folder.passwords).st_mode & 0o077 == 0


def test_the_authoritys_text_goes_through_toml_as_it_is() -> None:
    pem = make_authority("x", datetime.now(UTC)).certificate.decode()
    about = 'Issuer: \\x "" \'\'\' """ \u00e6\n'
    for each, many in ((pem, 1), (pem.replace("\n", "\r\n"), 1), (about + pem + about, 1), (pem + about + pem, 2)):
        section = broker_files.section(Broker(host="a", tls=True, ca_text=each))
        assert config.read(section).broker.ca_text == pem * many
