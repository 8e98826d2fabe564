"""Puts a new version into the slot that is not running: from a USB stick, or from the address in fjes.toml.

    update.py stick DEVICE     a file system that was plugged in: the newest of its *.fjes-bundle
    update.py address          once an hour; acts in the hour that fjes.toml names
    update.py file BUNDLE      a file

A bundle is a head of 4096 bytes and the slot's file system behind it. The head is lines of text: `fjes bundle 1`, then
version, serial (rises with every build), size in bytes, sha256 of the file system, and the signature (Ed25519, base64)
of the lines before it. What is not signed with the operator's key, or is no newer than what runs, is not touched. The
slot is read back before it is chosen. Runs on the system's own Python; knows nothing of ratings.
"""

import base64
import binascii
import datetime
import fcntl
import hashlib
import http.client
import os
import re
import subprocess
import sys
import tempfile
import tomllib
import urllib.request
import zoneinfo
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

HEAD = 4096
NAME = "fjes-arm64.fjes-bundle"
SLOT_BYTES = 1024 * 1024 * 1024
_HERE = Path("/usr/lib/fjes")
_BOOT = Path("/boot/firmware")
_CHUNK = 1024 * 1024
_LINES = re.compile(
    rb"(fjes bundle 1\nversion ([0-9A-Za-z.+~-]{1,40})\nserial ([0-9]{14})\n"
    rb"size ([0-9]{1,12})\nsha256 ([0-9a-f]{64})\n)"
    rb"signature ([0-9A-Za-z+/]{86}==)\n *\n"
)


class Refused(Exception):
    """The bundle is not put in. The text says why."""


@dataclass(frozen=True)
class Head:
    """What a bundle says of itself. `size` in bytes, `serial` as YYYYMMDDhhmmss."""

    version: str
    serial: int
    size: int
    sha256: str


def verified(head: bytes, key: Path) -> Head:
    """Read a bundle's head.

    Raises:
        Refused: it is no head of a bundle, or not signed with this key.
    """
    found = _LINES.fullmatch(head)
    if len(head) != HEAD or not found:
        raise Refused("this is no bundle of Fjes (its head cannot be read)")
    signed, version, serial, size, sha256, signature = found.groups()
    with tempfile.TemporaryDirectory() as folder:
        said, mark = Path(folder, "said"), Path(folder, "mark")
        said.write_bytes(signed)
        try:
            mark.write_bytes(base64.b64decode(signature, validate=True))
        except binascii.Error:
            raise Refused("this is no bundle of Fjes (its signature cannot be read)") from None
        checked = subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", key, "-rawin", "-in", said, "-sigfile", mark],
            capture_output=True,
        )
    if checked.returncode:
        raise Refused("it is not signed with the key of whoever built this terminal's image")
    return Head(version.decode(), int(serial), int(size), sha256.decode())


def running(release: Path = _HERE / "release") -> int:
    """The serial of the version that runs."""
    return int(dict(line.split("=", 1) for line in release.read_text("utf-8").splitlines())["serial"])


def put_in(bundle: BinaryIO, device: Path, key: Path, newer_than: int) -> Head:
    """Verify a bundle, write its file system to a device, and read it back.

    Raises:
        Refused: it is not signed, not newer, too large, or what arrived is not what was signed. Of the device, only the
            slot that is not running was written.
    """
    head = verified(bundle.read(HEAD), key)
    if head.serial <= newer_than:
        raise Refused(f"version {head.version} ({head.serial}) is no newer than what runs ({newer_than})")
    if head.size > SLOT_BYTES or head.size == 0:
        raise Refused(f"its {head.size} bytes do not fit into a slot")
    digest, left = hashlib.sha256(), head.size
    with device.open("r+b") as slot:
        # What was there is no file system any more from here on: half of one must not look like a whole.
        slot.write(bytes(4096))
        slot.seek(0)
        first = b""
        while left:
            chunk = bundle.read(min(_CHUNK, left))
            if not chunk:
                raise Refused(f"it ends {left} bytes too early")
            digest.update(chunk)
            left -= len(chunk)
            if not first:
                first = chunk
                slot.seek(len(chunk))
            else:
                slot.write(chunk)
        if digest.hexdigest() != head.sha256:
            raise Refused("what arrived is not what was signed: it was damaged on the way")
        slot.seek(0)
        slot.write(first)
        slot.flush()
        os.fsync(slot.fileno())
    _read_back(device, head)
    return head


def _read_back(device: Path, head: Head) -> None:
    digest, left = hashlib.sha256(), head.size
    with device.open("rb") as slot:
        os.posix_fadvise(slot.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while left and (chunk := slot.read(min(_CHUNK, left))):
            digest.update(chunk)
            left -= len(chunk)
    if digest.hexdigest() != head.sha256:
        raise Refused("the card does not give back what was written to it: replace the card soon")


def install(bundle: BinaryIO) -> None:
    """Put a bundle into the other slot, with its kernel, and let it be tried at the next start; then start again."""
    words = dict(word.partition("=")[::2] for word in Path("/proc/cmdline").read_text("utf-8").split())
    here = words.get("fjes.slot")
    if here not in ("a", "b"):
        raise Refused("the kernel's command line names no slot: this system did not start from a card of Fjes")
    other = "b" if here == "a" else "a"
    device = _partition(words["root"], {"a": "02", "b": "03"}[other])
    head = put_in(bundle, device, _HERE / "update.pub", running())
    with tempfile.TemporaryDirectory(dir="/run") as folder:
        _do("mount", "-t", "squashfs", "-o", "ro,nodev,nosuid", device, folder)
        _do("mount", "-o", "remount,rw", _BOOT)
        try:
            _kernel(Path(folder, "usr/lib/fjes"), other)
            _do("sync")
            _do("sh", _HERE / "slot", _BOOT / "slot.txt", "next", other)
        finally:
            _do("mount", "-o", "remount,ro", _BOOT)
            _do("umount", folder)
    print(f"Version {head.version} ({head.serial}) is in slot {other}, and is tried now", flush=True)
    _do("systemctl", "reboot")


def _kernel(new: Path, slot: str) -> None:
    """Kernel, initial RAM disk and device trees from the new version onto the first partition."""
    folder = _BOOT / slot
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for path in sorted((new / "boot").iterdir()):
        with path.open("rb") as source, (folder / path.name).open("wb") as copy:
            while chunk := source.read(_CHUNK):
                copy.write(chunk)
            os.fsync(copy.fileno())
    line = (new / "cmdline").read_text("utf-8")
    (folder / "cmdline.txt").write_text(
        line.replace("@SLOT@", slot).replace("@PART@", {"a": "02", "b": "03"}[slot]), "utf-8"
    )


def _partition(root: str, number: str) -> Path:
    return Path("/dev/disk/by-partuuid", root.removeprefix("PARTUUID=")[:-2] + number).resolve(strict=True)


def _do(*command: str | Path) -> None:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        raise Refused(f"{' '.join(str(word) for word in command)} failed: {done.stderr.strip()}")


def _from_stick(device: str) -> None:
    with tempfile.TemporaryDirectory(dir="/run") as folder:
        if subprocess.run(["mount", "-o", "ro,nodev,nosuid,noexec", device, folder], capture_output=True).returncode:
            return  # No file system, or one that nothing here reads: not a stick for us.
        try:
            found: list[tuple[int, Path]] = []
            for path in sorted(Path(folder).glob("*.fjes-bundle")):
                try:
                    with path.open("rb") as bundle:
                        found.append((verified(bundle.read(HEAD), _HERE / "update.pub").serial, path))
                except Refused as why:
                    print(f"{path.name} on the stick: {why}", flush=True)
            if found:
                with max(found)[1].open("rb") as bundle:
                    install(bundle)
        finally:
            subprocess.run(["umount", folder], capture_output=True)


def due(settings: dict[str, Any], now: datetime.datetime) -> str | None:
    """The address of the bundle if this is the hour to look for it. `now` is any aware time."""
    update = settings.get("update", {})
    address = update.get("url")
    zone = zoneinfo.ZoneInfo(settings.get("terminal", {}).get("timezone", "Europe/Oslo"))
    if not address or now.astimezone(zone).hour != update.get("hour", 3):
        return None
    return str(address) if address.endswith(".fjes-bundle") else f"{address.rstrip('/')}/{NAME}"


def _from_address() -> None:
    settings = tomllib.loads(Path("/etc/fjes/fjes.toml").read_text("utf-8"))
    address = due(settings, datetime.datetime.now(datetime.UTC))
    if address is None:
        return
    if not address.startswith(("https://", "http://")):
        raise Refused(f'[update] url must begin with https:// or http://, not "{address[:60]}"')
    try:
        # A proxy and an authority of one's own are in the environment, from fjes.toml.
        with urllib.request.urlopen(address, timeout=60) as bundle:
            install(bundle)
    except (OSError, http.client.HTTPException) as why:
        raise Refused(f"{address} cannot be read: {why}") from None


def main() -> int:
    """Run as a command; what is refused is said in the journal, and is no failure of the machine."""
    how, what = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    with Path("/run/fjes-update.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            if how == "stick":
                _from_stick(what)
            elif how == "address":
                _from_address()
            else:
                with Path(what).open("rb") as bundle:
                    install(bundle)
        except Refused as why:
            print(f"No update: {why}", flush=True)
            return 0 if how != "file" else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
