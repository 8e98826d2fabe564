"""For the boot test: other versions on USB sticks, one of them broken; and the Raspberry Pi 3 that QEMU knows."""

import contextlib
import json
import subprocess
import tempfile
from pathlib import Path

from image.bundle import bundle, signing_key
from image.card import squashed
from image.machine import Card, Trouble, wait_for
from image.places import BUILD, CACHE, run, say
from image.tree import HOME, LEFT_OUT

BROKEN = "#!/bin/sh\n# A version in which the kiosk does not start.\nexit 1\n"


def stick(out: Path, serial: str, *, broken: bool = False) -> Path:
    """A USB stick with a bundle on it: the tree of the last build under a newer serial."""
    tree = CACHE / "tree"
    if not tree.is_dir():
        raise Trouble("the tree of the last build is gone: make image")
    with tempfile.TemporaryDirectory() as folder:
        release, command, slot = Path(folder, "release"), Path(folder, "fjes"), Path(folder, "slot")
        release.write_text(f"version=9.9.9\nserial={serial}\n", "utf-8")
        command.write_text(BROKEN, "utf-8")
        instead = {"usr/lib/fjes/release": (0o644, release)}
        if broken:
            instead[f"{HOME}/bin/fjes"] = (0o755, command)
        squashed(tree, slot, LEFT_OUT, instead)
        packed = Path(folder, f"fjes-{serial}-arm64.fjes-bundle")
        bundle(slot, "9.9.9", serial, signing_key(), packed)
        room = packed.stat().st_size // 1024 + 32 * 1024
        out.unlink(missing_ok=True)
        run("mkfs.vfat", "-F", "32", "-C", out, str(room))
        run("mcopy", "-i", out, packed, "::")
    return out


def built_serial() -> int:
    """The serial of the image in build/."""
    return int(json.loads((BUILD / "image.json").read_text("utf-8"))["serial"])


def slot_inside(card: Card) -> str:
    """Which slot would start, and whether it is good, as the card says: such as `b good`."""
    letter = card.slot()
    second = card.read("slot.txt").splitlines()[1].decode().strip()
    return f"{letter} {second.removeprefix('# ')}"


def board(card: Card, folder: Path, seconds: float = 900) -> float:
    """The same card in QEMU's Raspberry Pi 3B, to a login prompt; returns the seconds that took."""
    folder.mkdir(parents=True, exist_ok=True)
    slot, log = card.slot(), folder / "serial.log"
    with contextlib.ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name in ("vmlinuz", "initrd.img", "bcm2837-rpi-3-b.dtb"):
            (work / name).write_bytes(card.read(f"{slot}/{name}"))
        # This emulated board starts again at once where its watchdog is set.
        line = card.read(f"{slot}/cmdline.txt").decode().strip().replace(" quiet", " systemd.watchdog_sec=off")
        process = subprocess.Popen(
            [
                *("qemu-system-aarch64", "-M", "raspi3b", "-accel", "tcg,thread=multi"),
                *("-display", "none", "-no-reboot", "-kernel", str(work / "vmlinuz")),
                *("-initrd", str(work / "initrd.img"), "-dtb", str(work / "bcm2837-rpi-3-b.dtb")),
                *("-append", f"{line} console=ttyAMA0,115200 console=ttyS1,115200"),
                *("-drive", f"file={card.path},format=raw,if=sd", "-serial", f"file:{log}", "-serial", f"file:{log}.2"),
            ],
            stdin=subprocess.DEVNULL,
        )
        stack.callback(process.wait)
        stack.callback(process.kill)

        def prompt() -> bool:
            if process.poll() is not None:
                raise Trouble(f"the board ended: see {log}")
            texts = [path.read_bytes() for path in (log, Path(f"{log}.2")) if path.exists()]
            return any(b" login: " in text for text in texts)

        took = wait_for(prompt, "a login prompt on the emulated Pi 3B", seconds)
    say(f"Raspberry Pi 3B: login after {took:.0f} s")
    return took
