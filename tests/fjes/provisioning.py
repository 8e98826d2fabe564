"""A card, its data partition and a board in folders, for the tests of provisioning."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fjes.provision import card, machine, work
from fjes.provision.card import Disk
from fjes.provision.work import Places, Start
from ratings.config import Config, load
from terminal import identity

SECRETS = {"wifi_password": "hemmelig ord", "password": "br0ker pass", "client_secret": 'oh "so" secret\\'}
FILE = """\
# A file as the dashboard makes it, and what IT wrote into it. æøå

[terminal]
id = "stua"   # its name
timezone = "Europe/Oslo"

[[questions]]
place = "Pro Sentret"

[broker]
host = "broker.example.org"
port = 8883
tls = true
username = "stua"
password = "br0ker pass"  # from the dashboard

[network]
wifi_country = "NO"
wifi_name = "Gjestenett"
wifi_password = 'hemmelig ord'

[dashboard]
database = "postgresql+psycopg://fjes:dbpass@db.example.org/fjes"
[oidc]
issuer = "https://id.example.org"
client_id = "fjes"
client_secret = "oh \\"so\\" secret\\\\"
"""
IN_CLEAR = ("br0ker pass", "hemmelig ord", "dbpass", "so\\", "582046")


@dataclass
class Board:
    """A board and the card in it."""

    places: Places

    @property
    def file(self) -> Path:
        return self.places.boot / card.NAME

    @property
    def report(self) -> str:
        return (self.places.boot / card.REPORT).read_bytes().decode("utf-8-sig").replace("\r\n", "\n")

    def put(self, content: str | bytes) -> None:
        self.file.write_bytes(content.encode() if isinstance(content, str) else content)

    def start(self, disk: Disk | None = None) -> Start:
        start = work.provision(self.places, disk)
        work.tell(self.places, start, disk)
        return start

    @property
    def config(self) -> Config:
        """What services read."""
        return load(self.places.run / "fjes.toml")

    def run(self, name: str) -> str:
        return (self.places.run / name).read_text("utf-8")

    def shown(self) -> str:
        """All that anybody could see: what is on the card's FAT partition, and what is on the screen."""
        texts = [path.read_bytes().decode("utf-8", "replace") for path in self.places.boot.iterdir() if path.is_file()]
        problem = self.places.run / work.PROBLEM
        return "".join(texts) + (problem.read_text("utf-8") if problem.exists() else "")

    def to_another(self, serial: str) -> None:
        (self.places.data.parent / "serial").write_text(f"{serial}\0")


def board(folder: Path, memory: int = 1_800_000) -> Board:
    """A board with so many kB of memory, and a card with nothing on it."""
    for each in ("boot", "data", "net/wlan0/device", "net/lo"):
        (folder / each).mkdir(parents=True)
    (folder / "model").write_text("Raspberry Pi 4 Model B Rev 1.4\0")
    (folder / "meminfo").write_text(f"MemTotal:        {memory} kB\nMemFree: 1 kB\n")
    (folder / "net/wlan0/address").write_text("dc:a6:32:00:00:01\n")
    (folder / "bundle.crt").write_text("# the usual ones\n")
    (folder / "serial").write_text("10000000abcdef01\0")
    places = machine.Places(
        folder / "model",
        folder / "meminfo",
        folder / "net",
        identity.Places((folder / "serial",), folder / "none", folder / "none"),
    )
    return Board(
        Places(
            folder / "boot", folder / "data", folder / "run", folder / "systemd", "none", folder / "bundle.crt", places
        )
    )


class PowerCutError(Exception):
    """The plug was pulled."""


class Plug(Disk):
    """A disk whose power goes at one step: nothing, all, or part of it is on the card then."""

    def __init__(self, at: int, seed: int = 0) -> None:
        self.steps = 0
        self._at = at
        self._random = random.Random(seed)

    def _is_now(self) -> bool:
        self.steps += 1
        return self.steps == self._at

    def replace(self, path: Path, content: bytes, mode: int) -> None:
        if self._is_now():
            if self._random.random() < 0.3:
                path.with_name(f"{path.name}.new").write_bytes(content[: len(content) // 2])
            raise PowerCutError
        super().replace(path, content, mode)
        if self._is_now():
            raise PowerCutError

    def overwrite(self, path: Path, content: bytes) -> None:
        if self._is_now():
            raise PowerCutError
        if self._is_now():
            path.write_bytes(self.torn(path.read_bytes() if path.exists() else b"", content))
            raise PowerCutError
        super().overwrite(path, content)
        if self._is_now():
            raise PowerCutError

    def torn(self, was: bytes, becomes: bytes) -> bytes:
        """What is there when power goes between the first byte and the sync: sectors of either, either length."""
        length = self._random.choice([len(was), len(becomes)])
        garbage = self._random.randbytes(max(len(was), len(becomes)))
        found = b""
        for begin in range(0, length, card.SECTOR):
            end = min(begin + card.SECTOR, length)
            old = (was[begin:end] + garbage)[: end - begin]
            new = becomes[begin:end]
            found += self._random.choice([old, new + old[len(new) :]])
        return found


@contextlib.contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """A file system of its own in memory. Skips the test where that is not allowed."""
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("nothing may be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)
