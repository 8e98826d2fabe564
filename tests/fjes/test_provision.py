"""One image, one file: what a start makes of `fjes.toml`, and that a mistake in it stops nothing."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from dashboard.authority import make_authority
from fjes.provision import card, generated, kept, report, secret, work
from fjes.provision.secret import MARK
from ratings.config import Config, ConfigError, read
from terminal import pin
from tests.fjes.provisioning import FILE, IN_CLEAR, Board, Plug, PowerCutError, board, mounted

OWN_AUTHORITY = make_authority("broker.example", datetime(2026, 1, 1, tzinfo=UTC)).certificate.decode()
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC3uYl4l7uC1AqQm9E3XFq3mDhl1vDIuHsDsnMHsDsnM it@example.org"


@pytest.fixture
def here(tmp_path: Path) -> Board:
    return board(tmp_path)


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder that waits for no disk, for what is done some hundred times."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if os.access(shared, os.W_OK) else None) as folder:
        yield Path(folder)


def nothing_in_clear(here: Board) -> None:
    shown = here.shown()
    assert [each for each in IN_CLEAR if each in shown] == []


# Secrets.


def test_the_first_start_moves_what_is_secret_and_leaves_the_rest_as_it_was(here: Board) -> None:
    here.put(FILE)
    start = here.start()
    assert (start.problem, start.notes) == (None, [])
    expected = (
        FILE.replace('"br0ker pass"', f'"{MARK}"')
        .replace("'hemmelig ord'", f'"{MARK}"')
        .replace('"postgresql+psycopg://fjes:dbpass@db.example.org/fjes"', f'"{MARK}"')
        .replace('"oh \\"so\\" secret\\\\"', f'"{MARK}"')
    )
    assert here.file.read_bytes() == expected.encode()
    nothing_in_clear(here)
    config = here.config
    assert config.broker.password == "br0ker pass"
    assert config.oidc.client_secret == 'oh "so" secret\\'
    assert config.dashboard.database == "postgresql+psycopg://fjes:dbpass@db.example.org/fjes"
    stored = here.places.data / kept.FOLDER / kept.FILE
    assert stored.stat().st_mode & 0o777 == 0o600
    assert stored.parent.stat().st_mode & 0o777 == 0o700
    assert (here.places.run / "fjes.toml").stat().st_mode & 0o777 == 0o640
    wifi = here.places.run / "wifi.conf"
    assert wifi.stat().st_mode & 0o777 == 0o600
    assert f"sae_password={b'hemmelig ord'.hex()}\n" in wifi.read_text()
    assert "hemmelig ord" not in here.run("fjes.toml"), "no service needs it"


def test_the_next_start_finds_them_again_and_writes_nothing(here: Board) -> None:
    here.put(FILE)
    here.start()
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files_below(here)}
    shutil.rmtree(here.places.run)
    start = here.start(Plug(at=1))
    assert start.problem is None
    assert here.config.broker.password == "br0ker pass"
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files_below(here)} == before


def files_below(here: Board) -> list[Path]:
    return [path for each in (here.places.boot, here.places.data) for path in each.rglob("*") if path.is_file()]


def test_what_is_written_into_the_file_later_wins_and_what_is_removed_is_forgotten(here: Board) -> None:
    here.put(FILE)
    here.start()
    text = here.file.read_text("utf-8").replace(f'password = "{MARK}"  #', 'password = "a new one"  #')
    text = text.replace(f'wifi_password = "{MARK}"\n', "")
    here.put(text)
    assert here.start().problem is None
    assert here.config.broker.password == "a new one"
    assert '"a new one"' not in here.shown()
    assert "key_mgmt=NONE" in here.run("wifi.conf")
    assert "hemmelig" not in (here.places.data / kept.FOLDER / kept.FILE).read_text()


def test_a_remark_from_another_card_says_so(here: Board) -> None:
    here.put(f'[terminal]\nid = "stua"\n[broker]\nusername = "stua"\npassword = "{MARK}"\n')
    start = here.start()
    assert start.good is None
    assert start.problem is not None
    assert start.problem.line == 5
    assert "[broker] password: is kept on another card" in here.report


def test_a_pin_in_digits_becomes_its_hash_once(here: Board) -> None:
    here.put('[staff]\npin = "582046"\n')
    assert here.start().problem is None
    hashed = here.config.staff.pin
    assert hashed is not None
    assert pin.matches("582046", hashed)
    nothing_in_clear(here)
    here.put("[staff]\npin = 582046\n")
    here.start()
    assert here.config.staff.pin == hashed
    here.put('[staff]\npin = "111111"\n')
    start = here.start()
    assert start.problem is not None
    assert (start.problem.line, "111111" in str(start.problem)) == (2, False)
    assert here.config.staff.pin == hashed, "the file as it last was"


def test_the_password_of_a_proxy_is_for_the_environment_alone(here: Board) -> None:
    here.put('[network]\nproxy = "http://me:br0ker%20pass@proxy.example.org:3128"\n')
    assert here.start().problem is None
    assert here.file.read_text() == f'[network]\nproxy = "{MARK}"\n'
    assert here.config.network.proxy == "http://proxy.example.org:3128"
    environment = here.places.run / "environment"
    assert 'https_proxy="http://me:br0ker%20pass@proxy.example.org:3128"\n' in environment.read_text()
    assert environment.stat().st_mode & 0o777 == 0o600
    here.put('[network]\nproxy = "http://proxy.example.org:3128"\n')
    here.start()
    assert MARK not in here.file.read_text(), "without a password it is no secret"


# Power that goes.

LONG = FILE + "# A remark that makes it longer than a sector or two.\n" * 30


@pytest.mark.parametrize(
    "text", [FILE, LONG, LONG.replace("br0ker pass", "br0ker pass" * 30)], ids=["short", "long", "shrinks"]
)
def test_power_may_go_at_every_step(memory: Path, text: str) -> None:
    whole = board(memory / "whole")
    whole.put(text)
    whole.start()
    secrets = whole.config
    steps, seeds = 1, range(10)
    while True:
        ended = False
        for seed in seeds:
            here, plug = board(memory / f"{steps}-{seed}"), Plug(steps, seed)
            here.put(text)
            try:
                here.start(plug)
                ended = plug.steps < steps
            except PowerCutError:
                pass
            shutil.rmtree(here.places.run, ignore_errors=True)
            start = here.start()
            assert (start.problem, start.notes) == (None, []), (steps, seed)
            assert here.config == secrets
            assert here.file.read_bytes() == whole.file.read_bytes()
            assert here.report == whole.report
            assert kept.load(here.places.data) == kept.load(whole.places.data)
            nothing_in_clear(here)
        if ended:
            break
        steps += 1
    assert steps > 10


def test_power_may_go_again_and_again(memory: Path) -> None:
    for seed in range(100):
        here = board(memory / str(seed))
        here.put(LONG)
        for again in range(4):
            try:
                here.start(Plug((seed * 7 + again * 3) % 12 + 1, seed + again))
            except PowerCutError:
                continue
        assert here.start().problem is None
        assert here.config.broker.password == "br0ker pass"
        nothing_in_clear(here)


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed here")
def test_the_process_may_be_killed_at_every_write_and_sync(tmp_path: Path) -> None:
    """The real command, ended by the kernel at the nth call; what was written by then stays written."""
    calls = "pwrite64,fsync,ftruncate,rename"
    number = 0
    while True:
        number += 1
        here = board(tmp_path / str(number))
        here.put(LONG)
        places = here.places
        options = [
            f"--boot={places.boot}",
            f"--data={places.data}",
            f"--run={places.run}",
            f"--systemd={places.systemd}",
        ]
        inject = ["strace", "-f", "-o", os.devnull, "-e", f"inject={calls}:signal=KILL:when={number}"]
        ran = subprocess.run(
            [*inject, sys.executable, "-m", "fjes", "provision", *options],
            capture_output=True,
            timeout=120,
            check=False,
        )
        start = here.start()
        assert start.problem is None, number
        assert here.config.broker.password == "br0ker pass"
        nothing_in_clear(here)
        if ran.returncode == 0:
            break
    assert number > 10


@pytest.mark.parametrize("left", [None, b""], ids=["gone", "empty"])
def test_a_file_that_a_cut_of_power_took_away_comes_back(here: Board, left: bytes | None) -> None:
    here.put(LONG)
    with pytest.raises(PowerCutError):
        here.start(Plug(3))  # What it was and becomes is kept; nothing is written over yet.
    here.file.unlink()
    if left is not None:
        here.file.write_bytes(left)
    assert here.start().problem is None
    assert here.file.read_text("utf-8") == secret.redacted(LONG)
    assert here.config.broker.password == "br0ker pass"


def test_an_edit_after_a_cut_of_power_is_no_torn_file(here: Board) -> None:
    here.put(LONG)
    with pytest.raises(PowerCutError):
        here.start(Plug(4))  # Between the two.
    here.put(LONG.replace("br0ker pass", "another pass"))
    assert here.start().problem is None
    assert here.config.broker.password == "another pass"


# Mistakes.


def test_a_mistake_stops_nothing_where_the_card_has_started_before(here: Board) -> None:
    here.put(FILE)
    here.start()
    here.put(FILE.replace('id = "stua"', 'id = "Stua"').replace("Gjestenett", "Annet"))
    start = here.start()
    assert start.problem is not None
    assert start.problem.line == 4
    assert here.config.terminal.id == "stua"
    assert here.config.network.wifi_name == "Gjestenett"
    assert here.run("wanted") == "fjes-terminal.target\n"
    told = here.report
    assert "THERE IS A MISTAKE in fjes.toml, line 4:" in told
    assert "DET ER EN FEIL i fjes.toml, linje 4:" in told
    assert "[terminal] id: 'Stua' is not allowed; allowed: a–z" in told
    assert "as it last was" in told
    assert here.file.read_text("utf-8").count("br0ker pass") == 1, "what has to be corrected is left alone"


def test_where_it_has_not_the_screen_says_what_is_wrong(here: Board) -> None:
    here.put(FILE.replace("port = 8883", "port = 8883000"))
    start = here.start()
    assert start.good is None
    assert here.run("wanted") == "fjes-kiosk.service\n"
    assert not (here.places.run / "fjes.toml").exists()
    assert '"line":12' in here.run("problem.json")
    assert "the screen shows this mistake" in here.report
    assert "hemmelig ord" not in here.report
    here.put(FILE)
    assert here.start().problem is None
    assert not (here.places.run / "problem.json").exists()
    assert "no mistake was found" in here.report


def test_a_file_that_once_was_good_and_is_not_for_this_version(here: Board) -> None:
    kept.save(here.places.data, kept.Kept("[newer]\nkey = 1\n"), card.Disk())
    here.put("[broken")
    assert here.start().good is None
    assert here.run("wanted") == "fjes-kiosk.service\n"
    (here.places.data / kept.FOLDER / kept.FILE).write_bytes(b"\0\xffdamaged")
    assert here.start().good is None


@pytest.mark.parametrize("content", [None, "", "\ufeff\r\n", "# nothing\n"])
def test_a_file_that_says_nothing_takes_nothing_back(here: Board, content: str | None) -> None:
    if content is not None:
        here.put(content)
    assert here.start().good is None
    assert here.run("wanted") == "fjes-kiosk.service\n"
    here.put(FILE)
    here.start()
    here.file.unlink()
    if content is not None:
        here.put(content)
    start = here.start()
    assert start.problem is not None
    assert here.config.terminal.id == "stua"


def test_windows_hides_the_end_of_a_name(here: Board) -> None:
    (here.places.boot / "fjes.toml.txt").write_text(FILE)
    start = here.start()
    assert start.problem is not None
    assert "fjes.toml.txt, which is not read: rename it" in start.problem.problem
    assert "File name extensions" in here.report
    here.put(FILE)
    assert here.start().problem is None
    assert "fjes.toml.txt is not read" in here.report


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_whatever_notepad_saves_is_read_and_stays_so(here: Board, encoding: str, ends: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    here.put((mark + FILE).replace("\n", ends).encode(encoding))
    assert here.start().problem is None
    assert here.config.broker.password == "br0ker pass"
    content = here.file.read_bytes()
    text = content.decode(encoding).removeprefix(mark)
    assert text == secret.redacted(FILE).replace("\n", ends)
    assert content == (mark + text).encode(encoding)


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (FILE.encode("latin-1", "replace"), 1, "not UTF-8"),
        (FILE.encode().replace(b"stua", b"st\0ua", 1), 4, "copied to its end"),
        (FILE.encode("utf-16")[:-1], 27, "not UTF-8"),
        (b"x" * 10_000_000, None, "larger than 256 kB"),
        (b"a = " + b"[" * 100_000, None, "brackets"),
        (b"a = " + b"9" * 10_000, None, "not readable as TOML"),
        (b"\n[terminal\n", 2, "not readable as TOML"),
        (b"[network]\ncertificate_authority = '../../etc/ssl/x.pem'\n", 2, "without folders"),
        (b"[network]\ncertificate_authority = '/etc/passwd'\n", 2, "without folders"),
        (b"[network]\n\ncertificate_authority = 'ca.pem'\n", 3, "there is no file ca.pem"),
        (b"[network]\ncertificate_authority = 'fjes.toml'\n", 2, "fjes.toml is no certificate"),
        (b"[terminal]\nid = 'a'\n[kiosk]\nrole = 'both'\n", 4, "stands above the first heading"),
    ],
    ids=lambda value: str(value)[:24] if isinstance(value, str) else "",
)
def test_what_is_no_file_of_ours_is_said(here: Board, content: bytes, line: int | None, said: str) -> None:
    here.put(content)
    start = here.start()
    assert start.problem is not None
    assert (start.problem.line, said in start.problem.problem) == (line, True), str(start.problem)[:300]
    assert said in here.report
    assert here.file.read_bytes() == content
    assert here.run("wanted") == "fjes-kiosk.service\n"


def test_a_folder_in_its_place_is_said(here: Board) -> None:
    here.file.mkdir()
    start = here.start()
    assert start.problem is not None
    assert "is no file" in start.problem.problem


@pytest.mark.parametrize("started", [False, True], ids=["a new card", "a card that has started"])
def test_half_a_file_never_stops_a_card(memory: Path, started: bool) -> None:
    """Every beginning of a good file, as a copy that was broken off leaves it."""
    here = board(memory)
    if started:
        here.put(FILE)
        here.start()
    whole = FILE.encode()
    for length in range(len(whole)):
        here.put(whole[:length])
        start = work.provision(here.places)
        if start.problem is not None:
            assert start.problem.line is None or 1 <= start.problem.line <= whole[:length].count(b"\n") + 1
            if started:
                assert start.good is not None, "something went on before, and goes on"
        else:
            read(here.run("fjes.toml"))


# A card or partition that takes nothing.


def test_a_full_data_partition_stops_nothing(here: Board) -> None:
    with mounted(here.places.data, "size=64k"):
        (here.places.data / "full").write_bytes(
            b"x" * 65536 if (here.places.data / "full").write_text("") == 0 else b""
        )
        here.put(FILE)
        start = here.start()
        assert start.problem is None
        assert here.config.broker.password == "br0ker pass"
        assert here.file.read_text("utf-8") == FILE, "nowhere else to keep them"
        assert "The data partition cannot be written (No space left on device): passwords stay" in here.report
        assert "br0ker pass" not in here.report
        (here.places.data / "full").unlink()
        assert here.start().notes == []
        nothing_in_clear(here)


def test_a_locked_card_stops_nothing(here: Board) -> None:
    with mounted(here.places.boot, "size=64k"):
        here.put(FILE)
        subprocess.run(["mount", "-o", "remount,ro", str(here.places.boot)], check=True)
        start = here.start()
        assert start.problem is None
        assert here.config.broker.password == "br0ker pass"
        assert ["Is the card locked?" in each for each in start.notes] == [True]
        assert not work.tell(here.places, start)


# What follows from the file.


def test_static_address_time_and_keys_are_written_for_the_programs_that_read_them(here: Board) -> None:
    here.put(
        f"""
role = "both"
[terminal]
id = "stua"
timezone = "Asia/Bangkok"
[network]
host_name = "fjes-1"
address = "10.0.4.20/24"
gateway = "10.0.4.1"
name_servers = ["10.0.0.53", "2001:db8::53"]
certificate_authority = "ca.pem"
[time]
servers = ["ntp.example.org", "10.0.0.1"]
[ssh]
authorized_keys = ["{KEY}"]
"""
    )
    (here.places.boot / "ca.pem").write_bytes(OWN_AUTHORITY.replace("\n", "\r\n").encode())
    start = here.start()
    assert (start.problem, start.notes) == (None, [])
    cable = (here.places.systemd / "network/20-fjes-cable.network").read_text()
    assert "DHCP=no\nAddress=10.0.4.20/24\nDNS=10.0.0.53\nDNS=2001:db8::53\n" in cable
    assert "[Route]\nGateway=10.0.4.1\n" in cable
    assert "DHCP=yes" in (here.places.systemd / "network/30-fjes-wifi.network").read_text()
    assert (here.places.systemd / "timesyncd.conf.d/fjes.conf").read_text() == "[Time]\nNTP=ntp.example.org 10.0.0.1\n"
    assert here.run("hostname") == "fjes-1\n"
    assert os.readlink(here.places.run / "localtime") == "/usr/share/zoneinfo/Asia/Bangkok"
    assert here.run("ca-certificates.crt") == f"# the usual ones\n{OWN_AUTHORITY}"
    assert f'SSL_CERT_FILE="{here.places.run}/ca-certificates.crt"' in here.run("environment")
    assert here.run("ssh/authorized_keys") == f"{KEY}\n"
    assert (here.places.run / "ssh").stat().st_mode & 0o022 == 0, "sshd refuses one that others may write to"
    assert here.run("wanted") == "fjes-terminal.target\nfjes-dashboard.target\nssh.service\n"
    private = here.places.data / kept.FOLDER / "ssh_host_ed25519_key"
    assert private.stat().st_mode & 0o777 == 0o600
    made = private.read_bytes()
    # Without any of it, nothing of it is left; the key is kept.
    here.put('role = "dashboard"\n[terminal]\nid = "stua"\n')
    here.start()
    for gone in ("run/ssh/authorized_keys", "run/ca-certificates.crt", "systemd/timesyncd.conf.d/fjes.conf"):
        assert not (here.places.run.parent / gone).exists()
    assert here.run("wanted") == "fjes-dashboard.target\n"
    assert private.read_bytes() == made
    assert here.run("hostname") == "fjes-stua\n"


def test_an_authority_in_the_file_or_as_windows_exports_it_is_trusted(here: Board) -> None:
    import ssl

    here.put(f'[network]\ncertificate_authority = """\n{OWN_AUTHORITY}"""\n')
    assert here.start().problem is None
    assert OWN_AUTHORITY.strip() in here.run("ca-certificates.crt")
    (here.places.boot / "Kommune CA.cer").write_bytes(ssl.PEM_cert_to_DER_cert(OWN_AUTHORITY))
    here.put('[network]\ncertificate_authority = "Kommune CA.cer"\n')
    assert here.start().problem is None
    assert OWN_AUTHORITY.strip() in here.run("ca-certificates.crt")
    # A mistake later on: the certificate goes on, too, also where its file is gone.
    (here.places.boot / "Kommune CA.cer").unlink()
    start = here.start()
    assert start.problem is not None
    assert OWN_AUTHORITY.strip() in here.run("ca-certificates.crt")


def test_both_wants_a_board_with_room(tmp_path: Path) -> None:
    small = board(tmp_path / "small", memory=430_000)
    small.put('# a remark\nrole = "both"\n')
    start = small.start()
    assert start.problem is not None
    assert start.problem.line == 2
    assert "role: both needs a board with 1 GB of memory, and this one has 419 MB" in small.report
    small.put('role = "dashboard"\n')
    assert small.start().problem is None
    pi3 = board(tmp_path / "pi3", memory=900_000)
    pi3.put('role = "both"\n')
    assert pi3.start().problem is None


# Which machine it is.


def test_its_key_is_made_once(here: Board) -> None:
    here.put(f'[ssh]\nauthorized_keys = ["{KEY}"]\n')
    here.start()
    path = here.places.data / kept.FOLDER / "ssh_host_ed25519_key"
    made = path.read_bytes()
    here.start()
    assert path.read_bytes() == made


def test_a_card_in_another_board_is_told_and_gets_a_key_of_its_own(here: Board) -> None:
    here.put(f'[terminal]\nid = "stua"\n[ssh]\nauthorized_keys = ["{KEY}"]\n')
    assert not here.start().own.moved
    path = here.places.data / kept.FOLDER / "ssh_host_ed25519_key"
    key = path.read_bytes()
    assert "10000000abcdef01" not in "".join(path.read_text("utf-8", "replace") for path in files_below(here))
    here.to_another("10000000abcdef02")
    assert here.start().own.moved
    assert path.read_bytes() != key
    assert "THIS CARD WAS IN ANOTHER BOARD BEFORE" in here.report
    assert "fjes dashboard terminal add" in here.report
    here.start()
    assert "THIS CARD WAS IN ANOTHER BOARD BEFORE" in here.report, "nobody may have looked yet"
    here.put(f'[terminal]\nid = "salong"\n[ssh]\nauthorized_keys = ["{KEY}"]\n')
    here.start()
    assert "ANOTHER BOARD" not in here.report


def test_the_report_tells_what_it_needs_to_be_asked(here: Board) -> None:
    here.put(FILE)
    here.start()
    told = here.report
    for each in ("Raspberry Pi 4 Model B", "1757 MB", "wlan0: dc:a6:32:00:00:01", "terminal: stua"):
        assert each in told
    assert work.tell_later(here.places, ["10.0.4.20"], datetime(1970, 1, 1, tzinfo=UTC), "1.2.3", synchronised=False)
    assert here.report.startswith(told)
    assert "addresses: 10.0.4.20" in here.report
    assert "Fjes: 1.2.3" in here.report
    assert "not set: it says 1970" in here.report
    assert (here.places.boot / card.REPORT).read_bytes().count(b"\n") == here.report.count("\n")
    later = here.report
    here.start()
    assert here.report == later, "the next start says the same, and spares the card"
    assert work.tell_later(here.places, [], datetime(2026, 12, 1, tzinfo=UTC), "1.2.3", synchronised=True)
    assert "addresses: none. Check cable" in here.report
    assert "clock: set by the network" in here.report


def test_the_clock_in_words() -> None:
    assert "battery clock" in report.clock_of(datetime(2026, 12, 1, tzinfo=UTC), synchronised=False)


# What others could make of a value.

lines = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=40) | st.text(
    alphabet="\n\r[]=\"'#$`;%\\ {}\x00ab-./:@1", min_size=1, max_size=40
)


@examples(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(st.sampled_from(["wifi_name", "wifi_password", "host_name", "proxy", "gateway", "address"]), lines)
def test_no_value_becomes_more_than_one(key: str, value: str) -> None:
    given = {"wifi_country": "NO", "wifi_name": "net", "wifi_password": "password", "address": "10.0.0.2/24"}
    given[key] = value
    text = "[network]\n" + "".join(f"{name} = {secret.quoted(each)}\n" for name, each in given.items())
    plain = generated_of(
        read("[network]\nwifi_country='NO'\nwifi_name='net'\nwifi_password='password'\naddress='10.0.0.2/24'")
    )
    try:
        made = generated_of(read(text))
    except ConfigError:
        return
    for name, content in made.items():
        usual = plain[name]
        more = {"gateway": 4, "proxy": 6}.get(key, 0)
        assert content.count("\n") <= usual.count("\n") + more, name
        assert not set("\0\r\x0b\x0c\x85\u2028") & set(content)
        if name.endswith(".network"):
            parsed = configparser.RawConfigParser(strict=False)
            parsed.optionxform = str  # type: ignore[assignment]
            parsed.read_string(content)
            assert set(parsed.sections()) <= {*sections(usual), "Route"}
    assert made["hostname"].strip().replace("-", "").isalnum()


def sections(content: str) -> list[str]:
    return [line.strip("[]") for line in content.splitlines() if line.startswith("[")]


def generated_of(config: Config) -> dict[str, str]:
    made = generated.files(config, Path("/run/fjes"), authority=None, usual="")
    return {each.name: each.content for each in made if each.link is None}


NETWORKD = Path("/usr/lib/systemd/systemd-networkd")


@pytest.mark.skipif(not NETWORKD.exists() or os.geteuid() != 0, reason="networkd is not here, or may not be started")
def test_networkd_knows_every_line(here: Board, tmp_path: Path) -> None:
    """The real networkd, alone in a network of its own, tells of lines that it does not know."""
    here.put('[network]\naddress = "10.0.4.20/24"\ngateway = "10.0.4.1"\nname_servers = ["10.0.0.53"]\n')
    here.start()
    network = here.places.systemd / "network"

    def told() -> str:
        script = (
            "mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/network && "
            f"cp {network}/* /run/systemd/network/ && SYSTEMD_LOG_LEVEL=debug timeout 3 {NETWORKD}"
        )
        command = ["unshare", "--net", "--mount", "sh", "-c", script]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stderr

    said = told()
    if "Registering bus object" not in said:
        pytest.skip("networkd cannot be started here")
    assert [line for line in said.splitlines() if "fjes" in line] == []
    with (network / "20-fjes-cable.network").open("a") as file:
        file.write("Bogus=1\n")
    assert "Unknown key" in told(), "it would have told"


@pytest.mark.skipif(shutil.which("wpa_supplicant") is None or os.geteuid() != 0, reason="wpa_supplicant is not here")
@pytest.mark.parametrize("name", ["Gjestenett", 'a"b\\ #æ', "$(reboot)"])
@pytest.mark.parametrize("password", ["hemmelig ord", 'a"b# c"\\', "0" * 64, None])
def test_wpa_supplicant_reads_what_was_written(here: Board, name: str, password: str | None) -> None:
    text = f'[network]\nwifi_country = "NO"\nwifi_name = {secret.quoted(name)}\n'
    here.put(text + (f"wifi_password = {secret.quoted(password)}\n" if password else ""))
    assert here.start().problem is None
    command = ["timeout", "2", "wpa_supplicant", "-dd", "-K", "-i", "lo", "-D", "wired"]
    command += ["-c", str(here.places.run / "wifi.conf")]
    said = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False).stdout
    assert "Failed to read" not in said
    assert "country='NO'" in said
    assert "Priority group 0" in said
    assert "id=0 ssid='" in said
    if password and len(password) < 64:
        shown = " ".join(f"{each:02x}" for each in password.encode())
        assert shown in said
        # As wpa_supplicant itself makes it of a password, in each of its two forms.
        made = re.findall(r"psk=([0-9a-f]{64})", here.run("wifi.conf"))
        quoted = f'network={{\nssid={name.encode().hex()}\npsk="{password}"\n}}\n'
        (here.places.run / "quoted.conf").write_text(quoted)
        said = subprocess.run(
            [*command[:-1], str(here.places.run / "quoted.conf")],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        ).stdout
        theirs = re.findall(r"PSK \(from passphrase\) - hexdump\(len=32\): ([0-9a-f ]+)", said)
        assert [each.replace(" ", "") for each in theirs] in (made, [])


# The command.


def test_the_command_says_what_is_wrong_and_goes_on(here: Board) -> None:
    here.put(FILE.replace('id = "stua"', 'id = "Stua"'))
    places = here.places
    options = [f"--boot={places.boot}", f"--data={places.data}", f"--run={places.run}", f"--systemd={places.systemd}"]
    command = [sys.executable, "-m", "fjes", "provision", *options]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0
    assert ran.stderr.startswith("There is a mistake in fjes.toml, line 4: [terminal] id: 'Stua' is not allowed")
    assert "There is none before it." in ran.stderr
    later = subprocess.run([*command, "--later"], capture_output=True, text=True, timeout=60, check=False)
    assert (later.returncode, later.stderr) == (0, "")
    assert "Two minutes after the start" in here.report
