"""Mail: each is sent exactly once, whatever becomes of the server and of whoever sends; tried on a real SMTP server."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, text

from dashboard import store
from dashboard.mail import queue
from dashboard.mail.alone import alone
from dashboard.mail.letter import File, Letter, Picture, written
from dashboard.mail.post import Post
from fjes.cli import main
from ratings.sections import Mail
from tests.conftest import free_port
from tests.dashboard.mailboxes import HANGS_UP, PASSWORD, STALLS, STEPS, USER, Mailbox, mailbox

HERE = Path(__file__).resolve().parent.parent.parent
MOMENT = datetime(2026, 11, 29, 8, tzinfo=UTC)
KARI, OLA = "kari@example.org", "ola@example.org"


class Clock:
    def __init__(self) -> None:
        self.moment = MOMENT

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Mailbox]:
    with mailbox(tmp_path / "box") as found:
        yield found


def put(engine: Engine, mail: Mail, key: str = "test/1", to: str = KARI, subject: str = "Hei") -> None:
    letter = Letter(subject, "Hei på deg\n", "<!doctype html><p>Hei på deg</p>", "nb")
    with engine.begin() as connection:
        queue.put(connection, key, to, written(letter, to, mail, MOMENT), MOMENT, person=None)


def entries(engine: Engine) -> list[queue.Entry]:
    with store.reading(engine) as connection:
        return queue.listing(connection)


def states(engine: Engine) -> dict[str, str]:
    with store.reading(engine) as connection:
        return {row.key: row.state for row in connection.execute(text("SELECT key, state FROM mail ORDER BY id"))}


def recipients(box: Mailbox) -> list[str]:
    return [to for _, all_, _ in box.taken for to in all_]


@pytest.mark.parametrize("security", ["starttls", "tls", "none"])
def test_a_mail_is_sent_once_by_each_kind_of_server(
    engine: Engine, tmp_path: Path, security: str, clock: Clock
) -> None:
    with mailbox(tmp_path / "here", security) as box:
        post = Post(engine, box.settings(), now=clock)
        for _ in range(2):
            put(engine, box.settings())
            put(engine, box.settings(), "test/2", OLA)
            assert post.round()
            clock.moment += timedelta(days=1)
    assert recipients(box) == [KARI, OLA]
    assert states(engine) == {"test/1": "sent", "test/2": "sent"}
    with store.reading(engine) as connection:
        (kept,) = {tuple(row) for row in connection.execute(text("SELECT recipient, message, answer FROM mail"))}
    assert kept == ("", "", ""), "neither text nor address is kept"
    sender, _, _ = box.taken[0]
    assert sender == "fjes@example.org"
    assert box.reached.count("EHLO") in (1, 2), "one conversation for both, begun anew after STARTTLS"


def test_what_is_sent_is_a_whole_mail(engine: Engine, box: Mailbox, clock: Clock) -> None:
    png = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
    letter = Letter(
        "Pro Sentret, oktober 2026: 97 % fornøyd",
        "Hei på deg\n.\nEtter punktumet\n",
        '<!doctype html><html lang="nb"><p>Hei på deg</p><img src="cid:months@fjes" alt="Måned for måned"></html>',
        "nb",
        (Picture("months", png),),
        (File("fjes-pro-sentret-2026-10.pdf", b"%PDF-1.7 " + bytes(range(256))),),
        "https://fjes.example.org/account",
    )
    message = written(letter, KARI, box.settings(), MOMENT)
    assert message.isascii()
    assert max(map(len, message.split("\r\n"))) <= 998
    with engine.begin() as connection:
        queue.put(connection, "test/1", KARI, message, MOMENT, person=None)
    Post(engine, box.settings(), now=clock).round()
    (found,) = box.letters
    assert found["Subject"] == letter.subject
    assert str(found["From"]) == "Fjes på Pro Sentret <fjes@example.org>"
    assert (found["To"], found["Date"].datetime) == (KARI, MOMENT)
    assert found["Message-ID"].endswith("@example.org>")
    assert found["List-Unsubscribe"] == "<https://fjes.example.org/account>"
    assert found["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in found.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
        "application/pdf",
    ]  # fmt: skip
    plain, html = found.get_body(("plain",)), found.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().replace("\r\n", "\n") == letter.text
    assert html.get_content().strip() == letter.html
    picture = next(part for part in found.walk() if part.get_content_type() == "image/png")
    assert (picture["Content-ID"], picture.get_content()) == ("<months@fjes>", png)
    (attached,) = found.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == (letter.files[0].name, letter.files[0].content)


@pytest.mark.parametrize(
    "hostile",
    [
        "Stua\nBcc: ola@example.org",
        "Stua\r\nBcc: ola@example.org\r\n\r\nHei",
        "Stua\x00\x0b\u2028Bcc: x",
        "=?utf-8?q?x?=",
        "\u202eevil",
        "x" * 5000,
        "",
    ],
)
def test_no_name_adds_a_header_or_a_recipient(engine: Engine, box: Mailbox, hostile: str, clock: Clock) -> None:
    put(engine, box.settings(), subject=hostile)
    Post(engine, box.settings(), now=clock).round()
    (found,) = box.letters
    assert recipients(box) == [KARI]
    assert found["Bcc"] is None
    assert [part.get_content_type() for part in found.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert set(found.keys()) == {
        "Subject", "From", "To", "Date", "Message-ID", "Content-Language", "Auto-Submitted",
        "X-Auto-Response-Suppress", "MIME-Version", "Content-Type",
    }  # fmt: skip


def test_a_refused_address_is_shown_and_holds_up_nobody(
    engine: Engine, box: Mailbox, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    box.to[KARI] = f"550 5.1.1 <{KARI}>: no such user"
    for number, to in enumerate((KARI, OLA)):
        put(engine, box.settings(), f"test/{number}", to)
    post = Post(engine, box.settings(), now=clock)
    for _ in range(5):
        post.round()
        clock.moment += timedelta(days=1)
    assert recipients(box) == [OLA]
    assert box.reached.count("RCPT") == 2, "it is not tried again"
    (entry,) = entries(engine)
    assert (entry.to, entry.state, entry.answer) == (KARI, "refused", f"550 5.1.1 <{KARI}>: no such user")
    assert "test/0 was refused for good" in caplog.text
    assert KARI not in caplog.text
    # Somebody has seen to it.
    box.to.clear()
    with engine.begin() as connection:
        assert queue.again(connection, entry.id, clock())
    post.round()
    assert recipients(box) == [OLA, KARI]
    assert entries(engine) == []


@pytest.mark.parametrize(
    ("step", "answer", "said"),
    [
        ("RCPT", "450 4.2.0 greylisted", "450 4.2.0 greylisted"),
        ("DATA", "451 4.3.0 try later", "451 4.3.0 try later"),
        ("MAIL", "550 5.7.1 not you", "refuses mail from fjes@example.org (550); set a [mail] from that it allows"),
        ("MAIL", "421 closing", "refuses mail from fjes@example.org (421)"),
        ("DATA", "421 closing", "is closing (421); it is tried again"),
        ("AUTH", "535 5.7.8 wrong", "refuses the user or the password (535); check both in [mail]"),
        ("AUTH", "454 4.7.0 later", "refuses the user or the password (454)"),
        ("EHLO", "554 go away", "does not want to talk"),
        *((step, STALLS, "said nothing for 0.3 seconds; it is tried again") for step in STEPS),
        *((step, HANGS_UP, "it is tried again") for step in STEPS),
    ],
)
def test_a_server_in_trouble_loses_nothing_and_is_tried_ever_more_seldom(
    sqlite: Any, box: Mailbox, clock: Clock, step: str, answer: str, said: str
) -> None:
    engine = sqlite.engine
    box.how[step] = answer
    put(engine, box.settings())
    post = Post(engine, box.settings(), timeout=0.3, now=clock)
    waits = []
    for _ in range(3):
        post.round()
        (entry,) = entries(engine)
        assert said in entry.answer or (step == "EHLO" and "mail server localhost" in entry.answer), entry.answer
        assert PASSWORD not in entry.answer
        waits.append(entry.due - clock())
        clock.moment = entry.due - timedelta(seconds=1)
        tried = len(box.reached)
        post.round()
        assert len(box.reached) == tried, "not before its time"
        clock.moment = entry.due
    assert waits == [*queue.WAITS[:3]]
    assert box.taken == []
    box.how.clear()
    post.round()
    post.round()
    assert recipients(box) == [KARI]
    assert states(engine) == {"test/1": "sent"}


def test_after_two_weeks_it_is_given_up_and_shown(sqlite: Any, box: Mailbox, clock: Clock) -> None:
    box.how["RCPT"] = "452 mailbox full"
    put(sqlite.engine, box.settings())
    post = Post(sqlite.engine, box.settings(), now=clock)
    while (entry := entries(sqlite.engine)[0]).state == "waits":
        clock.moment = max(clock.moment, entry.due)
        post.round()
    assert timedelta(0) < clock() - MOMENT - queue.LONGEST <= queue.WAITS[-1]
    assert entry.answer == "452 mailbox full"


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"password": "wrong"}, "refuses the user or the password (535)"),
        ({"ca": None}, "has a certificate that is not trusted"),
        ({"host": "127.0.0.1"}, "has a certificate that is not trusted"),
        ({"security": "tls"}, "does not speak TLS as set"),
        (
            {"password": None, "password_file": Path("/nowhere/password")},
            "password_file: /nowhere/password cannot be read",
        ),
        ({"ca": Path("/nowhere/ca.pem")}, "[mail] ca: /nowhere/ca.pem cannot be used"),
        ({"port": free_port()}, "is not there: the connection was refused; check [mail] host and port"),
        ({"host": "nowhere.invalid"}, "cannot be reached"),
    ],
)
def test_what_is_set_wrong_is_said_where_administrators_see_it_and_in_the_log(
    sqlite: Any, box: Mailbox, clock: Clock, caplog: pytest.LogCaptureFixture, other: dict[str, Any], said: str
) -> None:
    put(sqlite.engine, box.settings())
    post = Post(sqlite.engine, box.settings(**other), now=clock)
    for _ in range(3):
        post.round()
        (entry,) = entries(sqlite.engine)
        clock.moment = entry.due
    assert said in entry.answer
    assert _told(caplog) == [f"mail has to wait: {entry.answer}"], "once, not each time"
    assert PASSWORD not in caplog.text
    Post(sqlite.engine, box.settings(), now=clock).round()
    assert recipients(box) == [KARI]


def _told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.name.startswith("dashboard.")]


def test_a_server_without_starttls_or_users_is_not_told_the_password(sqlite: Any, tmp_path: Path, clock: Clock) -> None:
    with mailbox(tmp_path / "open", "none") as box:
        put(sqlite.engine, box.settings())
        for other, said in (
            ({"security": "starttls"}, "does not offer STARTTLS"),
            ({"username": USER, "password": PASSWORD}, "knows no users"),
        ):
            Post(sqlite.engine, box.settings(**other), now=clock).round()
            (entry,) = entries(sqlite.engine)
            assert said in entry.answer
            clock.moment = entry.due
        assert "AUTH" not in box.reached


def test_a_password_file_is_read_each_time(sqlite: Any, box: Mailbox, clock: Clock, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text(f"{PASSWORD}\n")
    put(sqlite.engine, box.settings())
    Post(sqlite.engine, box.settings(password=None, password_file=secret), now=clock).round()
    assert recipients(box) == [KARI]
    with store.reading(sqlite.engine) as connection:
        assert PASSWORD not in str(list(connection.execute(text("SELECT * FROM mail"))))


def test_a_server_that_is_away_and_comes_back_gets_all_of_it(engine: Engine, box: Mailbox, clock: Clock) -> None:
    post = Post(engine, box.settings(), timeout=2, now=clock)
    for number in range(6):
        put(engine, box.settings(), f"test/{number}", f"p{number}@example.org")
        if number == 2:
            box.stop()
        if number == 4:
            box.start()
            clock.moment += timedelta(hours=4)
        post.round()
    assert recipients(box) == [f"p{number}@example.org" for number in range(6)]
    assert set(states(engine).values()) == {"sent"}


def test_what_was_put_in_twice_or_is_no_longer_wanted_is_not_sent(engine: Engine, box: Mailbox, clock: Clock) -> None:
    put(engine, box.settings(), "test/1", KARI)
    put(engine, box.settings(), "test/1", OLA)
    put(engine, box.settings(), "test/2", OLA)
    Post(engine, box.settings(), (), lambda _, mail: mail.key != "test/2", now=clock).round()
    assert recipients(box) == [KARI]
    assert states(engine) == {"test/1": "sent", "test/2": "dropped"}


def test_what_cannot_be_written_down_is_not_sent_again(
    engine: Engine, box: Mailbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full just after the server took it: as long as the process lives, it knows."""
    put(engine, box.settings())
    post = Post(engine, box.settings(), now=clock)
    real = queue.sent

    def full(*_: Any) -> None:
        raise store.StoreError("the disk is full")

    monkeypatch.setattr(queue, "sent", full)
    for _ in range(2):
        with pytest.raises(store.StoreError):
            post.round()
    monkeypatch.setattr(queue, "sent", real)
    post.round()
    assert recipients(box) == [KARI]
    assert states(engine) == {"test/1": "sent"}


def test_only_one_sends_at_a_time(engine: Engine, database_url: str, box: Mailbox, clock: Clock) -> None:
    other = store.open_engine(database_url)
    put(engine, box.settings())
    with alone(other) as mine:
        assert mine is not None
        assert not Post(engine, box.settings(), now=clock).round()
        mine()
    assert box.taken == []
    # Both at once, again and again.
    for number in range(10):
        put(engine, box.settings(), f"test/{number}", f"p{number}@example.org")
    posts = [Post(each, box.settings(), now=clock) for each in (engine, other)]

    def send(post: Post) -> None:
        for _ in range(10):
            post.round()

    threads = [threading.Thread(target=send, args=(post,)) for post in posts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.dispose()
    assert sorted(recipients(box)) == sorted([KARI, *(f"p{number}@example.org" for number in range(10) if number != 1)])


def test_a_lock_that_cannot_be_had_is_a_trouble_in_words(sqlite: Any, box: Mailbox, clock: Clock) -> None:
    Path(f"{sqlite.engine.url.database}.mail").mkdir()
    with pytest.raises(store.StoreError, match=r"\.mail cannot be opened \(Is a directory\); let the user who runs"):
        Post(sqlite.engine, box.settings(), now=clock).round()


def test_what_was_sent_long_ago_is_forgotten(engine: Engine, box: Mailbox, clock: Clock) -> None:
    put(engine, box.settings(), "test/1", KARI)
    put(engine, box.settings(), "test/2", OLA)
    box.to[OLA] = "550 no"
    post = Post(engine, box.settings(), now=clock)
    post.round()
    clock.moment += timedelta(days=399)
    post.round()
    assert states(engine) == {"test/1": "sent", "test/2": "refused"}
    clock.moment += timedelta(days=2)
    post.round()
    assert states(engine) == {"test/2": "refused"}, "what somebody has to see to stays"


@pytest.fixture
def sender(database_url: str, box: Mailbox, tmp_path: Path) -> Callable[..., Any]:
    """Start a process that sends, until the block ends."""
    config = tmp_path / "fjes.toml"
    config.write_text(
        f'[mail]\nhost = "localhost"\nport = {box.port}\nca = "{box.ca}"\nusername = "{USER}"\n'
        f'password = "{PASSWORD}"\nfrom = "fjes@example.org"\npage = "https://fjes.example.org"\n'
    )

    @contextmanager
    def started() -> Iterator[subprocess.Popen[str]]:
        command = [sys.executable, "-m", "tests.dashboard.sending", database_url, str(config)]
        environment = os.environ | {"PYTHONPATH": str(HERE)}
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HERE, env=environment
        ) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline() == "begun\n"
                yield process
            finally:
                process.kill()

    return started


def test_a_sender_that_is_killed_at_any_step_sends_nothing_twice(
    engine: Engine, box: Mailbox, sender: Callable[..., Any], wait_for: Callable[..., None]
) -> None:
    put(engine, box.settings())
    for step in STEPS:
        box.how[step] = STALLS
        with sender() as process:
            wait_for(lambda step=step: step in box.reached, f"{step} to be reached")
            process.send_signal(signal.SIGKILL)
            process.wait()
        box.how.clear()
        box.reached.clear()
        assert box.taken == []
    with sender():
        wait_for(lambda: states(engine) == {"test/1": "sent"}, "the mail to be sent")
    assert recipients(box) == [KARI]


def test_between_its_being_taken_and_that_being_written_down_it_is_sent_again_and_can_be_recognised(
    engine: Engine, box: Mailbox, sender: Callable[..., Any], wait_for: Callable[..., None]
) -> None:
    """The one case that no sender can avoid: power goes after the server's yes."""
    put(engine, box.settings())
    with ExitStack() as stack:
        process = stack.enter_context(sender())
        # Nobody can write to the database now.
        holding = stack.enter_context(engine.connect())
        holding.execute(text("UPDATE mail SET tries = tries"))
        wait_for(lambda: box.taken, "the server to take it")
        process.send_signal(signal.SIGKILL)
        process.wait()
        holding.rollback()
    assert states(engine) == {"test/1": "waits"}
    with sender():
        wait_for(lambda: states(engine) == {"test/1": "sent"}, "the mail to be sent")
    first, second = box.letters
    assert first["Message-ID"] == second["Message-ID"]
    assert first.as_bytes() == second.as_bytes()


def test_the_commands_send_one_and_list_what_waits(
    database_url: str, engine: Engine, box: Mailbox, tmp_path: Path
) -> None:
    config = tmp_path / "fjes.toml"
    right = (
        f'[dashboard]\ndatabase = "{database_url}"\n[mail]\nhost = "localhost"\nport = {box.port}\nca = "{box.ca}"\n'
        f'username = "{USER}"\npassword = "{PASSWORD}"\nfrom = "fjes@example.org"\npage = "https://fjes.example.org"\n'
    )
    config.write_text(right)
    run = CliRunner().invoke
    sent = run(main, ["dashboard", "mail", "test", KARI, "--config", str(config)])
    assert (sent.exit_code, recipients(box)) == (0, [KARI])
    assert "has taken a mail to kari@example.org" in sent.output
    wrong = run(main, ["dashboard", "mail", "test", "kari", "--config", str(config)])
    assert (wrong.exit_code, "'kari' is not an e-mail address" in wrong.output) == (2, True)
    config.write_text(right.replace(PASSWORD, "wrong"))
    refused = run(main, ["dashboard", "mail", "test", KARI, "--config", str(config)])
    assert refused.exit_code == 1
    assert "Error: the mail server localhost, port" in refused.output
    assert "refuses the user or the password (535); check both in [mail]" in refused.output
    config.write_text("")
    off = run(main, ["dashboard", "mail", "test", KARI, "--config", str(config)])
    assert "no mail server is set up; set host, from and page in [mail]" in off.output
    listed = ["dashboard", "mail", "list", "--database", database_url]
    assert run(main, listed).output == "Nothing waits, and nothing was refused.\n"
    for number, to in enumerate((KARI, OLA)):
        put(engine, box.settings(), f"test/{number}", to)
    box.to[OLA] = "550 no"
    box.to[KARI] = "450 later"
    Post(engine, box.settings(), now=lambda: MOMENT).round()
    assert run(main, listed).output == (
        "test/1 to ola@example.org: refused for good: 550 no\n"
        "test/0 to kari@example.org: tried once, next at 2026-11-29 08:01 UTC: 450 later\n"
    )


def test_without_a_server_mail_waits_and_is_sent_when_there_is_one(engine: Engine, box: Mailbox, clock: Clock) -> None:
    put(engine, box.settings())
    assert Post(engine, Mail(), now=clock).round()
    (entry,) = entries(engine)
    assert (entry.tries, entry.answer) == (0, "")
    Post(engine, box.settings(), now=clock).round()
    assert recipients(box) == [KARI]


def test_a_bug_in_one_maker_is_told_and_ends_nothing(
    sqlite: Any,
    box: Mailbox,
    wait_for: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("dashboard.every_minute.EVERY_SECONDS", 0.05)
    broken = [True]

    def make(_moment: datetime) -> None:
        if broken:
            raise RuntimeError("a bug")

    put(sqlite.engine, box.settings())
    post = Post(sqlite.engine, box.settings(), (make,))
    with caplog.at_level(logging.ERROR):
        post.start()
        try:
            wait_for(lambda: "a bug" in caplog.text, "the bug to be told")
            broken.clear()
            wait_for(lambda: states(sqlite.engine) == {"test/1": "sent"}, "the mail")
        finally:
            post.stop()
