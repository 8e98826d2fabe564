"""Signed updates: what is verified before and after a slot is written, with the real openssl."""

import contextlib
import datetime
import http.server
import io
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from image.bundle import HEAD, bundle, make_key, public_key
from image.places import BuildError
from tests.image.shipped import update

SLOT = b"hsqs" + bytes(range(256)) * 9000
SERIAL = "20261129120000"


class Signed:
    """A key, a bundle of `SLOT` signed with it, and a device of its own to put it on."""

    def __init__(self, folder: Path) -> None:
        self.key, self.device, self.path = folder / "update.key", folder / "device", folder / "one.fjes-bundle"
        make_key(self.key)
        self.public = public_key(self.key, folder / "update.pub")
        squashfs = folder / "root.squashfs"
        squashfs.write_bytes(SLOT)
        self.device.write_bytes(b"old version".ljust(len(SLOT) + 8192, b"."))
        bundle(squashfs, "1.2.3", SERIAL, self.key, self.path)
        self.content = self.path.read_bytes()

    def put_in(self, content: bytes, newer_than: int = 20261129110000) -> Any:
        return update.put_in(io.BytesIO(content), self.device, self.public, newer_than)


@pytest.fixture(name="signed")
def _signed(tmp_path: Path) -> Signed:
    return Signed(tmp_path)


def test_a_signed_bundle_is_on_the_device_byte_for_byte(signed: Signed) -> None:
    head = signed.put_in(signed.content)
    assert (head.version, head.serial, head.size) == ("1.2.3", int(SERIAL), len(SLOT))
    assert signed.device.read_bytes()[: len(SLOT)] == SLOT


def test_the_head_has_exactly_one_length_and_ends_in_a_line(signed: Signed) -> None:
    assert signed.content[HEAD:] == SLOT
    assert signed.content[HEAD - 1 : HEAD] == b"\n"


def test_a_bundle_of_another_operator_touches_nothing(signed: Signed, tmp_path: Path) -> None:
    other = Signed(_folder(tmp_path / "other"))
    before = signed.device.read_bytes()
    with pytest.raises(update.Refused, match="not signed with the key"):
        signed.put_in(other.content)
    assert signed.device.read_bytes() == before


@pytest.mark.parametrize("position", [15, 25, 40, 60, 90, 160, 200])
def test_a_head_in_which_one_bit_is_wrong_touches_nothing(signed: Signed, position: int) -> None:
    broken = bytearray(signed.content)
    broken[position] ^= 1
    before = signed.device.read_bytes()
    with pytest.raises(update.Refused):
        signed.put_in(bytes(broken))
    assert signed.device.read_bytes() == before


@pytest.mark.parametrize("length", [0, 1, 100, HEAD - 1])
def test_half_a_head_touches_nothing(signed: Signed, length: int) -> None:
    before = signed.device.read_bytes()
    with pytest.raises(update.Refused, match="no bundle of Fjes"):
        signed.put_in(signed.content[:length])
    assert signed.device.read_bytes() == before


@pytest.mark.parametrize("serial", [int(SERIAL), int(SERIAL) + 1])
def test_what_is_no_newer_than_what_runs_touches_nothing(signed: Signed, serial: int) -> None:
    before = signed.device.read_bytes()
    with pytest.raises(update.Refused, match="no newer"):
        signed.put_in(signed.content, newer_than=serial)
    assert signed.device.read_bytes() == before


@pytest.mark.parametrize("cut", [HEAD, HEAD + 1, HEAD + 1024 * 1024, -1])
def test_half_a_bundle_leaves_no_file_system_behind(signed: Signed, cut: int) -> None:
    with pytest.raises(update.Refused, match="too early"):
        signed.put_in(signed.content[:cut])
    assert signed.device.read_bytes()[:4096] == bytes(4096)


@pytest.mark.parametrize("position", [HEAD, HEAD + 2_000_000, -1])
def test_one_wrong_bit_leaves_no_file_system_behind(signed: Signed, position: int) -> None:
    broken = bytearray(signed.content)
    broken[position] ^= 1
    with pytest.raises(update.Refused, match="damaged on the way"):
        signed.put_in(bytes(broken))
    assert signed.device.read_bytes()[:4096] == bytes(4096)


@pytest.mark.parametrize("sent", [1.0, 0.5, 0.0])
def test_over_the_network_it_is_the_same(signed: Signed, sent: float) -> None:
    expected = pytest.raises(update.Refused, match="too early" if sent else "no bundle of Fjes")
    with (
        _web_server(signed.content, round(len(signed.content) * sent)) as address,
        urllib.request.urlopen(address, timeout=30) as over,
        contextlib.nullcontext() if sent == 1.0 else expected,
    ):
        update.put_in(over, signed.device, signed.public, 20261129110000)
    begins = signed.device.read_bytes()[: len(SLOT)]
    assert begins == SLOT if sent == 1.0 else not begins.startswith(b"hsqs")


@contextlib.contextmanager
def _web_server(content: bytes, sent: int) -> Iterator[str]:
    """One that promises a file, and breaks off after some of it."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[:sent])

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/fjes-arm64.fjes-bundle"
        server.shutdown()
        thread.join()


def test_a_key_is_never_overwritten_and_only_its_owners(signed: Signed) -> None:
    assert signed.key.stat().st_mode & 0o777 == 0o600
    with pytest.raises(BuildError, match="not overwritten"):
        make_key(signed.key)


@pytest.mark.parametrize(
    ("settings", "hour", "wanted"),
    [
        ({}, 3, None),
        ({"update": {"hour": 3}}, 3, None),
        ({"update": {"url": "https://x.example/u/"}}, 3, "https://x.example/u/fjes-arm64.fjes-bundle"),
        ({"update": {"url": "https://x.example/u"}}, 4, None),
        ({"update": {"url": "https://x.example/u", "hour": 22}}, 22, "https://x.example/u/fjes-arm64.fjes-bundle"),
        ({"update": {"url": "https://x.example/a.fjes-bundle"}}, 3, "https://x.example/a.fjes-bundle"),
    ],
)
def test_it_looks_in_the_hour_of_the_terminals_place(
    settings: dict[str, object], hour: int, wanted: str | None
) -> None:
    # In Oslo, in June, it is two hours later than in UTC.
    now = datetime.datetime(2026, 6, 1, (hour - 2) % 24, 30, tzinfo=datetime.UTC)
    assert update.due(settings, now) == wanted


def _folder(path: Path) -> Path:
    path.mkdir()
    return path
