"""The broker's folder, with the real mosquitto: who belongs gets through, all else is refused, and the log says so."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import ssl
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dashboard import authority, broker
from dashboard.broker import BrokerError, Folder, Wishes
from ratings import tls, wire
from tests.closed import HOST, Closed, Somebody, let_in, made, somebody, the_dashboard
from tests.conftest import LIMIT_SECONDS, free_port

Wait = Callable[..., None]
STUA, OTHER = ("stua", "the-password-of-stua"), ("other", "the-password-of-other")


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Closed]:
    """A broker that runs, with two terminals enrolled."""
    ready = made(tmp_path / "broker")
    ready.folder.set_logins(dict([STUA, OTHER]))
    with ready:
        yield ready


# What belongs together gets through.


def test_a_terminal_and_the_dashboard_speak_with_each_other(closed: Closed, wait_for: Wait) -> None:
    with the_dashboard(closed) as dashboard, let_in(closed, *STUA) as stua:
        stua.listen("fjes/v1/stua/ack", "fjes/v1/stua/config", "fjes/v1/dashboard")
        for kind in ("tables", "status"):
            stua.say(f"fjes/v1/stua/{kind}", b"up")
        for topic in ("fjes/v1/stua/ack", "fjes/v1/stua/config", "fjes/v1/dashboard"):
            dashboard.say(topic, b"down")
        wait_for(lambda: {"fjes/v1/stua/tables", "fjes/v1/stua/status"} <= dashboard.topics())
        wait_for(lambda: stua.topics() == {"fjes/v1/stua/ack", "fjes/v1/stua/config", "fjes/v1/dashboard"})


def test_a_whole_batch_fits(closed: Closed, wait_for: Wait) -> None:
    with the_dashboard(closed) as dashboard, let_in(closed, *STUA) as stua:
        stua.say("fjes/v1/stua/tables", b"x" * wire.MOST_BYTES)
        wait_for(lambda: [len(payload) for _, payload, _ in dashboard.heard] == [wire.MOST_BYTES])


def test_what_is_retained_outlives_a_restart(closed: Closed, wait_for: Wait) -> None:
    with let_in(closed, *STUA) as stua:
        stua.say("fjes/v1/stua/status", b"online", retain=True)
    closed.stop()
    closed.start()
    with the_dashboard(closed) as dashboard:
        wait_for(lambda: ("fjes/v1/stua/status", b"online", True) in dashboard.heard)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start mosquitto as another user")
def test_the_files_are_right_for_the_user_that_debian_runs_the_broker_as(wait_for: Wait) -> None:
    with ExitStack() as cleanup:
        # Not pytest's folder: another user cannot get in there.
        base = Path(tempfile.mkdtemp(prefix="fjes-broker-"))
        cleanup.callback(shutil.rmtree, base)
        base.chmod(0o755)
        wishes = Wishes((HOST,), free_port(), HOST, 50, "mosquitto")
        with Closed(broker.init(base / "broker", wishes, datetime.now(UTC))) as closed:
            (pid,) = {int(closed.folder.pid.read_text())}
            assert os.stat(f"/proc/{pid}").st_uid == pwd.getpwnam("mosquitto").pw_uid
            closed.folder.set_logins(dict([STUA]))
            assert closed.folder.reload() is None
            wait_for(lambda: "Reloading config" in closed.log(), "the broker to read its logins")
            with let_in(closed, *STUA):
                pass
        assert "Error" not in closed.log()
        for secret in (closed.folder.ca_key, closed.folder.dashboard):
            assert (secret.stat().st_uid, secret.stat().st_mode & 0o077) == (0, 0), secret


# All else is refused, and the log says so.


def test_without_tls_nobody_gets_in(closed: Closed, wait_for: Wait) -> None:
    plain = Somebody(closed.port, None, STUA)
    wait_for(plain.thrown_out.is_set, "the plain connection to end")
    plain.close()
    assert plain.answer.empty()
    wait_for(lambda: "SSL routines" in closed.log(), "the line")
    assert "as stua" not in closed.log()


def test_old_tls_is_refused(closed: Closed) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    with pytest.warns(DeprecationWarning, match=r"TLSv1_1 is deprecated"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection((HOST, closed.port), LIMIT_SECONDS) as plain, pytest.raises(ssl.SSLError):
        old.wrap_socket(plain)


def test_who_trusts_another_authority_does_not_connect(closed: Closed, wait_for: Wait) -> None:
    other = tls.trusting()
    other.load_verify_locations(cadata=authority.make_authority("other", datetime.now(UTC)).certificate.decode())
    with socket.create_connection((HOST, closed.port)) as plain, pytest.raises(ssl.SSLCertVerificationError):
        other.wrap_socket(plain, server_hostname=HOST)
    wait_for(lambda: "SSL routines" in closed.log(), "the line")


@pytest.mark.parametrize(
    "login", [None, ("stua", "wrong"), ("nobody", "x"), ("stua", ""), ("", ""), ("fjes_dashboard", "x")], ids=str
)
def test_without_its_password_nobody_gets_in(login: tuple[str, str] | None, closed: Closed, wait_for: Wait) -> None:
    with somebody(closed, login) as stranger:
        assert "authori" in stranger.answer.get(timeout=LIMIT_SECONDS).lower()
        assert stranger.thrown_out.wait(LIMIT_SECONDS)
    wait_for(lambda: "disconnected, not authorised" in closed.log(), "the line")


def test_a_certificate_of_our_own_authority_is_no_credential(closed: Closed, tmp_path: Path, wait_for: Wait) -> None:
    own = authority.Pair(closed.folder.ca_key.read_bytes(), closed.folder.ca.read_bytes())
    (tmp_path / "pair.pem").write_bytes(authority.issue(own, ["stua"], datetime.now(UTC)).both)
    trusts = tls.context(closed.folder.section())
    assert trusts is not None
    trusts.load_cert_chain(tmp_path / "pair.pem")
    stranger = Somebody(closed.port, trusts, None)
    assert "authori" in stranger.answer.get(timeout=LIMIT_SECONDS).lower()
    stranger.close()
    wait_for(lambda: "disconnected, not authorised" in closed.log(), "the line")


FORBIDDEN = (
    "fjes/v1/other/tables",
    "fjes/v1/other/status",
    "fjes/v1/stua/ack",
    "fjes/v1/stua/config",
    "fjes/v1/other/ack",
    "fjes/v1/other/config",
    "fjes/v1/dashboard",
    "fjes/v1/stua",
    "fjes/v1/stua/tables/more",
    "fjes/v1/fjes_dashboard/tables",
    "fjes/v2/stua/tables",
    "anything",
    "$SYS/broker/uptime",
    "$CONTROL/dynamic-security/v1",
)


def test_a_terminal_writes_only_its_own_tables_and_status_and_nothing_else_stays(
    closed: Closed, wait_for: Wait
) -> None:
    everything = ("fjes/v1/+/tables", "fjes/v1/+/status", "fjes/v1/dashboard")
    with (
        the_dashboard(closed, *everything) as dashboard,
        let_in(closed, *OTHER) as other,
        let_in(closed, *STUA) as stua,
    ):
        other.listen("fjes/v1/other/ack", "fjes/v1/other/config", "fjes/v1/dashboard", "#")
        for topic in FORBIDDEN:
            stua.say(topic, b"junk", retain=True)
        stua.say("fjes/v1/stua/tables", b"its own")
        wait_for(lambda: dashboard.heard, "what is allowed")
        other.listen("fjes/v1/other/ack")  # An answer to this comes after all that could have come.
        assert dashboard.heard == [("fjes/v1/stua/tables", b"its own", False)]
        assert other.heard == []
    denied = [line for line in closed.log().splitlines() if "Denied PUBLISH from stua" in line]
    assert [topic for topic in FORBIDDEN if not any(f"'{topic}'" in line for line in denied)] == []
    for login in (STUA, OTHER):
        with let_in(closed, *login) as later:
            later.listen("#", "fjes/v1/+/ack", "fjes/v1/+/config", "fjes/v1/dashboard")
            later.listen("fjes/v1/dashboard")
            assert later.heard == [], "nothing was kept"


def test_a_terminal_hears_only_what_is_for_it(closed: Closed, wait_for: Wait) -> None:
    mine = {"fjes/v1/stua/ack", "fjes/v1/stua/config", "fjes/v1/dashboard"}
    with the_dashboard(closed) as dashboard, let_in(closed, *OTHER) as other, let_in(closed, *STUA) as stua:
        for topic in ("#", "$SYS/#", "+/+/+/+", "fjes/v1/+/tables", "fjes/v1/other/tables", "fjes/v1/other/status"):
            stua.listen(topic)
        # Of a shared subscription only one hears each message: it must not take from others what is theirs.
        stua.listen("$share/all/fjes/v1/+/tables", "$share/all/#")
        stua.listen("fjes/v1/other/ack", "fjes/v1/other/config", "fjes/v1/+/status", *mine)
        other.say("fjes/v1/other/tables", b"theirs")
        other.say("fjes/v1/other/status", b"theirs", retain=True)
        stua.say("fjes/v1/stua/tables", b"its own")
        for topic in ("fjes/v1/other/ack", "fjes/v1/other/config", *mine):
            dashboard.say(topic, b"down", retain=True)
        wait_for(lambda: mine <= stua.topics(), "what is for it")
        stua.listen("fjes/v1/#")  # What is retained for others comes no more than before.
        stua.listen("fjes/v1/stua/ack")
        assert stua.topics() == mine
    assert "stua 1 #" in closed.log(), "who listens to what is logged, before it is answered"


def test_a_last_will_reaches_nobody_elses_topic(closed: Closed, wait_for: Wait) -> None:
    with the_dashboard(closed) as dashboard:
        with let_in(closed, *STUA, will="fjes/v1/other/status") as stua:
            stua.mqtt.socket().shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]
            assert stua.thrown_out.wait(LIMIT_SECONDS)
        with let_in(closed, *OTHER, will="fjes/v1/other/status") as other:
            other.mqtt.socket().shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]
        wait_for(lambda: dashboard.heard, "the will that is allowed")
        assert dashboard.heard == [("fjes/v1/other/status", b"a last will", False)]
        wait_for(lambda: "Client other closed its connection" in closed.log(), "the log")


def test_nobody_is_thrown_out_by_somebody_with_its_client_id(closed: Closed, wait_for: Wait) -> None:
    with let_in(closed, *STUA, client_id="stua") as stua, let_in(closed, *OTHER, client_id="stua") as other:
        other.say("fjes/v1/other/status")
        stua.say("fjes/v1/stua/status")
        assert not stua.thrown_out.is_set()


def test_a_packet_that_is_too_large_ends_the_connection(closed: Closed, wait_for: Wait) -> None:
    with the_dashboard(closed) as dashboard, let_in(closed, *STUA) as stua:
        stua.mqtt.publish("fjes/v1/stua/tables", b"x" * (wire.MOST_BYTES + 2048), 1)
        assert stua.thrown_out.wait(LIMIT_SECONDS)
        assert dashboard.heard == []
    wait_for(lambda: "stua disconnected due to oversize packet" in closed.log(), "the line")


def test_beyond_the_limit_of_connections_nobody_gets_in(tmp_path: Path, wait_for: Wait) -> None:
    few = made(tmp_path / "broker", connections=3)
    few.folder.set_logins(dict([STUA]))
    with few, the_dashboard(few) as dashboard, ExitStack() as held:
        wait_for(lambda: "as fjes_dashboard" in few.log(), "the dashboard")
        for _ in range(5):
            held.enter_context(socket.create_connection((HOST, few.port)))
        wait_for(lambda: "max_connections exceeded" in few.log(), "the line")
        trusts = tls.context(few.folder.section())
        assert trusts is not None
        with socket.create_connection((HOST, few.port)) as plain, pytest.raises((ssl.SSLError, ConnectionError)):
            trusts.wrap_socket(plain, server_hostname=HOST)
        dashboard.say("fjes/v1/dashboard", b"still there")


def test_who_is_revoked_is_thrown_out_and_stays_out(closed: Closed, wait_for: Wait) -> None:
    with let_in(closed, *STUA) as stua, let_in(closed, *OTHER) as other:
        closed.folder.set_logins({"stua": None})
        assert closed.folder.reload() is None
        assert stua.thrown_out.wait(LIMIT_SECONDS)
        with somebody(closed, STUA) as again:
            assert "authori" in again.answer.get(timeout=LIMIT_SECONDS).lower()
        other.say("fjes/v1/other/status")
    wait_for(lambda: "Client <unknown> disconnected, not authorised" in closed.log(), "the line")


def test_no_payload_and_no_password_is_in_the_log(closed: Closed, wait_for: Wait) -> None:
    with the_dashboard(closed) as dashboard, let_in(closed, *STUA) as stua:
        stua.say("fjes/v1/stua/tables", b'{"a-payload": 1}')
        stua.say("fjes/v1/other/tables", b'{"a-payload": 1}')
        wait_for(lambda: dashboard.heard, "the message")
    with somebody(closed, ("stua", "another-wrong-password")) as wrong:
        wrong.answer.get(timeout=LIMIT_SECONDS)
    log = closed.log()
    assert "Denied PUBLISH from stua" in log
    for secret in ("a-payload", STUA[1], "another-wrong-password", closed.dashboard.password or ""):
        assert secret not in log


# The folder.


@pytest.mark.parametrize("umask", [0, 0o077])
def test_only_its_owner_reads_what_is_secret(umask: int, tmp_path: Path) -> None:
    previous = os.umask(umask)
    try:
        folder = made(tmp_path / "broker").folder
    finally:
        os.umask(previous)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.path.iterdir()}
    assert modes == {
        "access": 0o600,
        "ca.key": 0o600,
        "ca.pem": 0o644,
        "dashboard.toml": 0o600,
        "mosquitto.conf": 0o644,
        "logins": 0o700,
        "server.pem": 0o600,
        "state": 0o700,
        "terminals.toml": 0o644,
    }
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o750
    folder.set_logins(dict([STUA]))
    assert stat.S_IMODE(folder.passwords.stat().st_mode) == 0o600


def test_passwords_are_there_as_hashes_only(tmp_path: Path) -> None:
    closed = made(tmp_path / "broker")
    closed.folder.set_logins(dict([STUA, OTHER]))
    closed.folder.set_logins({"stua": "a new one", "other": None})
    text = closed.folder.passwords.read_text()
    assert [line.split("$")[0] for line in text.splitlines()] == ["fjes_dashboard:", "stua:"]
    everywhere = "".join(each.read_text() for each in closed.folder.path.iterdir() if each.is_file())
    assert STUA[1] not in everywhere
    assert "a new one" not in everywhere
    assert everywhere.count(closed.dashboard.password or "?") == 1, "in the file for its own fjes.toml"
    assert closed.folder.users() == {"fjes_dashboard", "stua"}


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_there_is_never_overwritten(tmp_path: Path) -> None:
    folder = made(tmp_path / "broker").folder
    before = content(folder.path)
    with pytest.raises(BrokerError, match=r"there is something already; nothing was changed.*--renew"):
        made(folder.path)
    assert content(folder.path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["broker"], "no draft is left"


@pytest.mark.parametrize("host", ["", "-", "two words", "a..b", "-a.example", "x" * 64 + ".example", "*.example"])
def test_a_name_that_cannot_be_is_refused_and_nothing_is_made(host: str, tmp_path: Path) -> None:
    with pytest.raises(BrokerError, match=r"is not a name or an address; allowed: broker\.example\.org"):
        made(tmp_path / "broker", hosts=(host,))
    assert list(tmp_path.iterdir()) == []


def shown(closed: Closed) -> bytes:
    """The certificate that the broker shows now."""
    trusts = tls.context(closed.folder.section())
    assert trusts is not None
    with (
        socket.create_connection((HOST, closed.port)) as plain,
        trusts.wrap_socket(plain, server_hostname=HOST) as safe,
    ):
        return safe.getpeercert(binary_form=True) or b""


def test_a_renewed_certificate_is_shown_by_the_running_broker_and_believed_by_the_terminals(
    closed: Closed, wait_for: Wait
) -> None:
    with let_in(closed, *STUA) as stua:
        before = shown(closed)
        assert closed.folder.renew((), None, datetime.now(UTC)) == [HOST]
        assert closed.folder.reload() is None
        wait_for(lambda: shown(closed) != before, "the new certificate")
        stua.say("fjes/v1/stua/status")  # Who is connected stays so.
    assert closed.folder.renew((HOST, "broker.example"), None, datetime.now(UTC)) == [HOST, "broker.example"]
    assert authority.hosts_of(closed.folder.server.read_bytes()) == [HOST, "broker.example"]


def test_without_the_authoritys_key_nothing_is_renewed_and_it_is_said(tmp_path: Path) -> None:
    folder = made(tmp_path / "broker").folder
    folder.ca_key.unlink()
    before = content(folder.path)
    with pytest.raises(BrokerError, match=r"ca\.key: the authority's key is not there\. Put it back"):
        folder.renew((), None, datetime.now(UTC))
    assert content(folder.path) == before


def test_a_folder_that_is_none_is_said(tmp_path: Path) -> None:
    for attempt in (
        lambda: Folder(tmp_path).section(),
        lambda: Folder(tmp_path).users(),
        lambda: Folder(tmp_path / "none").set_logins({"stua": None}),
    ):
        with pytest.raises(BrokerError, match=r"\[dashboard\] broker"):
            attempt()


def test_a_broker_that_does_not_run_is_said_and_a_stranger_with_its_number_is_left_alone(tmp_path: Path) -> None:
    folder = made(tmp_path / "broker").folder
    for number in ("", "nonsense", "999999999", str(os.getpid())):
        folder.pid.write_text(number)
        assert "systemctl reload mosquitto" in (folder.reload() or "")
    folder.pid.unlink()
    assert "The broker does not run on this machine" in (folder.reload() or "")


# Certificates made elsewhere.


def elsewhere(base: Path, *hosts: str, now: datetime | None = None) -> broker.Given:
    """An authority and a server's certificate, as files."""
    base.mkdir()
    now = now or datetime.now(UTC)
    own = authority.make_authority("elsewhere", now)
    server = authority.issue(own, hosts or (HOST,), now)
    for name, what in (("ca", own.certificate), ("certificate", server.certificate), ("key", server.key)):
        (base / name).write_bytes(what)
    return broker.Given(base / "ca", base / "certificate", base / "key")


def test_given_certificates_are_taken_and_renewed(tmp_path: Path) -> None:
    given = elsewhere(tmp_path / "1")
    with made(tmp_path / "broker", given=given) as closed:
        assert not closed.folder.ca_key.exists()
        before = shown(closed)
        other = elsewhere(tmp_path / "2")
        with pytest.raises(BrokerError, match="which the terminals trust"):
            closed.folder.renew((), other, datetime.now(UTC))
        assert closed.folder.renew((), given, datetime.now(UTC)) == [HOST]
        assert shown(closed) == before


def test_given_certificates_that_do_not_fit_are_refused_by_name_and_nothing_is_made(tmp_path: Path) -> None:
    good, other = elsewhere(tmp_path / "1"), elsewhere(tmp_path / "2")
    named = elsewhere(tmp_path / "3", "other.example")
    old = elsewhere(tmp_path / "4", now=datetime(2001, 1, 1, tzinfo=UTC))
    junk = tmp_path / "junk"
    junk.write_text("no certificate")
    locked = tmp_path / "locked"
    locked.write_bytes(_protected(good.key))
    cases = {
        r"^--key: .* does not fit the certificate": broker.Given(good.ca, good.certificate, other.key),
        r"^--certificate: .*not from the authority": broker.Given(other.ca, good.certificate, good.key),
        r"^--certificate: .*is for other names": named,
        r"^--certificate: .*has expired": old,
        r"^--ca: .* is not a certificate": broker.Given(junk, good.certificate, good.key),
        r"^--certificate, --key: .* are not a certificate and its key": broker.Given(good.ca, junk, good.key),
        r"^--ca: .* cannot be read \(No such file": broker.Given(tmp_path / "no", good.certificate, good.key),
        r"^--key: it is protected by a passphrase": broker.Given(good.ca, good.certificate, locked),
    }
    for words, given in cases.items():
        with pytest.raises(BrokerError, match=words):
            made(tmp_path / "broker", given=given)
        assert not (tmp_path / "broker").exists()


def _protected(key: Path) -> bytes:
    from cryptography.hazmat.primitives import serialization

    read = serialization.load_pem_private_key(key.read_bytes(), None)
    return read.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"a passphrase"),
    )
