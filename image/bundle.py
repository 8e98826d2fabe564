"""Signed updates: the operator's key, and the head of a bundle. How a terminal reads one: files/usr/lib/fjes/update.py.

The private key never comes near the image. Whoever has it can put software on every terminal that was built with it.
"""

import base64
import hashlib
import os
import tempfile
from pathlib import Path

from image.places import BuildError, run, say

HEAD = 4096


def signing_key() -> Path:
    """The operator's private key (PEM): `FJES_UPDATE_KEY`, else one in the home folder, made if there is none."""
    named = os.environ.get("FJES_UPDATE_KEY")
    place = Path(named) if named else Path.home() / ".config/fjes/update.key"
    if named and not place.exists():
        raise BuildError(
            f"FJES_UPDATE_KEY names {place}, which is not there: make one with `python -m image key {place}`"
        )
    if not place.exists():
        make_key(place)
        say(f"Made the key that signs updates: {place}. Back it up: without it the terminals take no updates any more")
    return place


def make_key(place: Path) -> None:
    """Write a new private key, which only its owner may read."""
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if place.exists():
        raise BuildError(f"{place} is there already, and is not overwritten: terminals may rely on it")
    pem = run("openssl", "genpkey", "-algorithm", "ed25519")
    with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(pem)


def public_key(key: Path, out: Path) -> Path:
    """Write the public half to `out`."""
    run("openssl", "pkey", "-in", key, "-pubout", "-out", out)
    return out


def bundle(squashfs: Path, version: str, serial: str, key: Path, out: Path) -> None:
    """Write a bundle: the signed head, and the root file system behind it."""
    digest = hashlib.sha256()
    with squashfs.open("rb") as content:
        while chunk := content.read(1 << 20):
            digest.update(chunk)
    size = squashfs.stat().st_size
    signed = (f"fjes bundle 1\nversion {version}\nserial {serial}\nsize {size}\nsha256 {digest.hexdigest()}\n").encode()
    head = signed + b"signature " + base64.b64encode(signature(signed, key)) + b"\n"
    with out.open("wb") as file, squashfs.open("rb") as content:
        file.write(head.ljust(HEAD - 1) + b"\n")
        while chunk := content.read(1 << 20):
            file.write(chunk)


def signature(content: bytes, key: Path) -> bytes:
    """The Ed25519 signature of some bytes, 64 bytes."""
    with tempfile.TemporaryDirectory() as folder:
        said, mark = Path(folder, "said"), Path(folder, "mark")
        said.write_bytes(content)
        run("openssl", "pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", said, "-out", mark)
        return mark.read_bytes()
