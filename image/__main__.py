"""`python -m image build`, `bundle`, `key PLACE`: see docs/image.md."""

import configparser
import datetime
import hashlib
import json
import os
import shutil
import sys
import time
from pathlib import Path

from image.base import base_tree
from image.bundle import bundle, make_key, public_key, signing_key
from image.card import card, squashed
from image.places import BUILD, CACHE, SOURCE, BuildError, run, say
from image.python_packages import python_packages
from image.sbom import cyclonedx, manifest, packages
from image.tree import LEFT_OUT, SITE, root_tree


def version() -> str:
    """The version in setup.cfg, or `FJES_IMAGE_VERSION`."""
    settings = configparser.ConfigParser()
    settings.read(SOURCE / "setup.cfg", "utf-8")
    return os.environ.get("FJES_IMAGE_VERSION") or settings["metadata"]["version"]


def serial() -> str:
    """By what a terminal tells a newer build: the time of building in UTC, as digits, or `FJES_IMAGE_SERIAL`."""
    named = os.environ.get("FJES_IMAGE_SERIAL") or f"{datetime.datetime.now(datetime.UTC):%Y%m%d%H%M%S}"
    if len(named) != 14 or not named.isdecimal():
        raise BuildError(f'FJES_IMAGE_SERIAL must be a time of 14 digits such as 20270131235900, not "{named}"')
    return named


def build() -> None:
    """Everything into build/: the card's image, the bundle, and the lists beside them."""
    began = time.monotonic()
    CACHE.mkdir(parents=True, exist_ok=True)
    BUILD.mkdir(exist_ok=True)
    this, number = version(), serial()
    key = signing_key()
    base = base_tree()
    site = python_packages(base)
    tree = root_tree(base, site, public_key(key, CACHE / "update.pub"))
    (tree / "usr/lib/fjes/release").write_text(f"version={this}\nserial={number}\n", "utf-8")
    stem = BUILD / f"fjes-{this}-arm64"
    squashfs, image = CACHE / "root.squashfs", CACHE / "card.img"
    squashed(tree, squashfs, LEFT_OUT)
    bundle(squashfs, this, number, key, Path(f"{stem}.fjes-bundle"))
    card(tree, squashfs, image)
    say("Packing")
    packed = Path(f"{stem}.img.zst")
    run("zstd", "--quiet", "--force", "-3", "--threads=2", image, "-o", packed)
    found = packages(tree, tree / SITE)
    Path(f"{stem}.packages.tsv").write_text(manifest(found), "utf-8")
    Path(f"{stem}.cdx.json").write_text(cyclonedx(found, this, number), "utf-8")
    imager = Path(f"{stem}.rpi-imager-manifest")
    imager.write_text(_imager(image, packed, this, number), "utf-8")
    _sums(stem)
    shutil.copy(CACHE / "update.pub", BUILD / "update.pub")
    took = time.monotonic() - began
    said = {"seconds": round(took), "packed": packed.stat().st_size, "squashfs": squashfs.stat().st_size}
    (BUILD / "image.json").write_text(json.dumps({**said, "card": image.stat().st_size, "serial": number}), "utf-8")
    say(f"{packed.relative_to(SOURCE)}: {packed.stat().st_size / 1e6:.0f} MB, in {took:.0f} s")


def _sums(stem: Path) -> None:
    lines = [f"{_sha256(path)}  {path.name}\n" for path in sorted(BUILD.glob(f"{stem.name}.*"))]
    (BUILD / "SHA256SUMS").write_text("".join(lines), "utf-8")


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _imager(image: Path, packed: Path, this: str, number: str) -> str:
    """What Raspberry Pi Imager reads. It offers no settings of its own: fjes.toml has them all."""
    entry = {
        "name": f"Fjes {this}",
        "description": "Satisfaction terminal: four faces. Settings are in fjes.toml on the card.",
        "url": packed.name,
        "extract_size": image.stat().st_size,
        "extract_sha256": _sha256(image),
        "image_download_size": packed.stat().st_size,
        "image_download_sha256": _sha256(packed),
        "release_date": f"{number[:4]}-{number[4:6]}-{number[6:8]}",
        "init_format": "none",
        "devices": ["pi3-64bit", "pi4-64bit", "pi5-64bit"],
    }
    return json.dumps({"os_list": [entry]}, indent=1) + "\n"


def main(words: list[str]) -> int:
    """Run a command; what is wrong is said in a line."""
    try:
        match words:
            case ["build"]:
                build()
            case ["key", place]:
                make_key(Path(place))
            case _:
                say("python -m image build | key PLACE")
                return 2
    except BuildError as why:
        say(f"No image: {why}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
