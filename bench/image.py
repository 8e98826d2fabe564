"""The Raspberry Pi image: what the last `make image` and `make image-test` on this machine have measured."""

from __future__ import annotations

import json
from typing import Any

from bench.figures import verdict
from bench.processes import HERE


def main() -> None:
    """Print them; where nothing was built or booted here, say so."""
    built = _read("build/image.json")
    if "packed" not in built:
        print("  nothing was built here: make image", "\n")
        return
    size, seconds = built["packed"] / 1e6, built["seconds"]
    print(verdict("the image, compressed", "under 600 MB", f"{size:.0f} MB", met=size < 600))
    print(f"  the last build took {seconds} s (aims: 30 minutes with a new base, 2 without)")
    booted = _read("build/image-test/figures.json")
    if "power_to_faces_seconds" not in booted:
        print("  not booted here: make image-test", "\n")
        return
    faces = booted["power_to_faces_seconds"]
    print(verdict("power to faces, on an emulated board", "under 80 s", f"{faces:.0f} s", met=faces < 80))
    print(f"  memory of a running terminal: {booted.get('memory', 'not measured')} (aim: under 250 MB)")
    print(f"  {booted.get('start', '')}", "\n")


def _read(name: str) -> dict[str, Any]:
    path = HERE / name
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}
