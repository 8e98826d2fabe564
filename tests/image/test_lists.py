"""The lists beside an image: packages for people, and an SBOM that programs understand."""

import json
from pathlib import Path

from image.places import SOURCE
from image.python_packages import locked
from image.sbom import cyclonedx, manifest, packages


def _tree(folder: Path) -> tuple[Path, Path]:
    lists, site = folder / "usr/lib/fjes", folder / "site"
    lists.mkdir(parents=True)
    (lists / "packages.tsv").write_text(
        "libc6\t2.41-12\tarm64\tglibc\t2.41-12\nbash\t5.2+1\tarm64\tbash\t5.2+1\n", "utf-8"
    )
    (site / "Kivy-2.3.1.dist-info").mkdir(parents=True)
    (site / "Kivy-2.3.1.dist-info/METADATA").write_text(
        "Metadata-Version: 2.1\nName: Kivy\nVersion: 2.3.1\n\nText", "utf-8"
    )
    return folder, site


def test_every_package_is_in_both_lists(tmp_path: Path) -> None:
    found = packages(*_tree(tmp_path))
    assert [package.name for package in found] == ["bash", "libc6", "Kivy"]
    assert len(manifest(found).splitlines()) == 3
    sbom = json.loads(cyclonedx(found, "1.2.3", "20261129120000"))
    assert sbom["bomFormat"] == "CycloneDX"
    assert sbom["metadata"]["timestamp"] == "2026-11-29T12:00:00Z"
    assert [component["purl"] for component in sbom["components"]] == [
        "pkg:deb/debian/bash@5.2%2B1?arch=arm64&distro=debian-13",
        "pkg:deb/debian/libc6@2.41-12?arch=arm64&distro=debian-13",
        "pkg:pypi/kivy@2.3.1",
    ]


def test_the_same_packages_give_the_same_text(tmp_path: Path) -> None:
    found = packages(*_tree(tmp_path))
    assert cyclonedx(found, "1", "20261129120000") == cyclonedx(found, "1", "20261129120000")


def test_the_lock_file_pins_what_the_image_is_made_of() -> None:
    pinned = locked((SOURCE / "requirements.lock").read_text("utf-8"))
    for name in ("kivy", "lgpio", "paho-mqtt", "flask", "sqlalchemy", "gpiozero"):
        version, hashes = pinned[name]
        assert version
        assert "--hash=sha256:" in hashes
