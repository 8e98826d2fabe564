"""What is in the image, in lists: a table for people, and an SBOM (CycloneDX 1.5, JSON) for programs."""

import json
import uuid
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path
from urllib.parse import quote


@dataclass(frozen=True, order=True)
class Package:
    """`kind` is `deb` or `pypi`. `source` is where its source is: name and version of Debian's source package."""

    kind: str
    name: str
    version: str
    architecture: str = ""
    source: str = ""

    @property
    def purl(self) -> str:
        """Its package URL, by which vulnerability scanners know it."""
        if self.kind == "deb":
            return (
                f"pkg:deb/debian/{self.name}@{quote(self.version, safe='')}?arch={self.architecture}&distro=debian-13"
            )
        return f"pkg:pypi/{self.name.lower().replace('_', '-')}@{quote(self.version, safe='')}"


def packages(tree: Path, site: Path) -> list[Package]:
    """Debian's packages by the list of the base tree, Python's by what lies in the environment; in order."""
    found = []
    for line in (tree / "usr/lib/fjes/packages.tsv").read_text("utf-8").splitlines():
        name, version, architecture, source, source_version = line.split("\t")
        found.append(Package("deb", name, version, architecture, f"{source} {source_version}"))
    for about in site.glob("*.dist-info/METADATA"):
        headers = HeaderParser().parsestr(about.read_text("utf-8", errors="replace"))
        found.append(Package("pypi", headers["Name"], headers["Version"]))
    return sorted(found)


def manifest(found: list[Package]) -> str:
    """One package a line: kind, name, version, architecture, source; parted by tabs."""
    return "".join(
        "\t".join((package.kind, package.name, package.version, package.architecture or "-", package.source or "-"))
        + "\n"
        for package in found
    )


def cyclonedx(found: list[Package], version: str, serial: str) -> str:
    """The SBOM. The same packages and version give the same text."""
    stamp = f"{serial[:4]}-{serial[4:6]}-{serial[6:8]}T{serial[8:10]}:{serial[10:12]}:{serial[12:]}Z"
    content = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, manifest(found) + version + serial)}",
        "version": 1,
        "metadata": {
            "timestamp": stamp,
            "component": {"type": "operating-system", "name": "fjes", "version": version, "bom-ref": "fjes-image"},
        },
        "components": [
            {
                "type": "library",
                "bom-ref": package.purl,
                "name": package.name,
                "version": package.version,
                "purl": package.purl,
                **({"properties": [{"name": "debian:source", "value": package.source}]} if package.source else {}),
            }
            for package in found
        ],
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
