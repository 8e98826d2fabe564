"""A board in QEMU, with a card in it: started as the board's firmware would, seen, touched, and unplugged.

The firmware's part (reading slot.txt, and kernel, initial RAM disk and command line from that folder of the card's
first partition) is played here; from the kernel on, everything is what is on the card.
"""

import contextlib
import json
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from image.card import MIB, partitions
from image.places import BuildError, run

WIDTH, HEIGHT = 800, 480
SERIAL = "10000000f1e5f1e5"
_BOARD = (
    *("qemu-system-aarch64", "-M", "virt,gic-version=2", "-cpu", "cortex-a72", "-smp", "2", "-m", "1024"),
    *("-display", "none", "-nodefaults"),
)


class Trouble(AssertionError):
    """The machine did not do what it should. The text says what was waited for."""


def wait_for(condition: Callable[[], object], what: str, seconds: float) -> float:
    """Wait until a condition holds, and return how many seconds that took.

    Raises:
        Trouble: it did not in time.
    """
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            raise Trouble(f"waited {seconds:g} seconds in vain for {what}")
        time.sleep(0.25)
    return time.monotonic() - began


class Card:
    """A card's content in a file. `at` is where its first partition begins, as mtools names it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fat = f"{path}@@{partitions()[0].first * MIB}"

    @classmethod
    def flashed(cls, packed: Path, path: Path, gib: int) -> "Card":
        """Flash a packed image onto a new card of some size."""
        run("zstd", "--quiet", "--force", "--decompress", "--sparse", packed, "-o", path)
        with path.open("r+b") as card:
            card.truncate(gib * 1024 * MIB)
        return cls(path)

    def read(self, name: str) -> bytes:
        """A file of the first partition."""
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder, "file")
            run("mcopy", "-i", self._fat, f"::{name}", copy, environment={"MTOOLS_SKIP_CHECK": "1"})
            return copy.read_bytes()

    def has(self, name: str) -> bool:
        """Whether there is such a file on the first partition."""
        with contextlib.suppress(BuildError):
            self.read(name)
            return True
        return False

    def write(self, name: str, content: bytes) -> None:
        """Put a file onto the first partition, as IT does on a PC."""
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder, "file")
            copy.write_bytes(content)
            run("mcopy", "-o", "-i", self._fat, copy, f"::{name}", environment={"MTOOLS_SKIP_CHECK": "1"})

    def slot(self) -> str:
        """The folder from which the firmware would start: `a` or `b`."""
        found = re.match(rb"os_prefix=([ab])/\n", self.read("slot.txt"))
        if not found:
            raise Trouble(f"slot.txt does not name a slot: {self.read('slot.txt')!r}")
        return found[1].decode()


class Machine:
    """One start of a board: from giving it power to its end. `folder` gets its serial log and pictures."""

    def __init__(
        self,
        card: Card,
        folder: Path,
        *,
        clock: str = "",
        forward: Sequence[tuple[int, int]] = (),
        serial: str = SERIAL,
    ) -> None:
        self.card, self.folder, self.slot = card, folder, card.slot()
        folder.mkdir(parents=True, exist_ok=True)
        self._work = Path(tempfile.mkdtemp(prefix="fjes-machine-"))
        for name in ("vmlinuz", "initrd.img"):
            (self._work / name).write_bytes(card.read(f"{self.slot}/{name}"))
        line = card.read(f"{self.slot}/cmdline.txt").decode().strip()
        tree = _device_tree(self._work, serial)
        self._serial = (folder / "serial.log").open("ab")
        self._began = time.monotonic()
        self._process = subprocess.Popen(
            [
                *(*_BOARD, "-accel", "tcg,thread=multi", "-no-reboot", "-dtb", str(tree)),
                *("-kernel", str(self._work / "vmlinuz"), "-initrd", str(self._work / "initrd.img")),
                # A root shell on a console of its own, from the kernel's command line: the card has none.
                *("-append", f"{line} audit=0 console=ttyAMA0 systemd.show_status=yes systemd.debug_shell=ttyAMA1"),
                *("-drive", f"file={card.path},format=raw,if=none,id=card,cache=writeback"),
                *("-device", "virtio-blk-pci,drive=card", "-device", f"virtio-gpu-pci,xres={WIDTH},yres={HEIGHT}"),
                *("-device", "virtio-multitouch-pci", "-device", "virtio-rng-pci"),
                *("-chardev", f"socket,id=shell,path={self._work}/shell,server=on,wait=off"),
                *("-device", "virtio-net-pci,netdev=net,romfile=", "-netdev", _network(forward)),
                *("-device", "qemu-xhci,id=usb"),
                *("-serial", "stdio", "-serial", "chardev:shell", "-qmp", f"unix:{self._work}/qmp,server=on,wait=off"),
                *(("-rtc", f"base={clock},clock=vm") if clock else ()),
            ],
            stdin=subprocess.DEVNULL,
            stdout=self._serial,
            stderr=subprocess.STDOUT,
        )
        wait_for(lambda: (self._work / "qmp").exists() or self._process.poll() is not None, "QEMU to start", 30)
        self._qmp = _Qmp(self._work / "qmp")
        self._shell: _Shell | None = None
        self._pictures = 0

    def seconds(self) -> float:
        """Since power was given."""
        return time.monotonic() - self._began

    def is_on(self) -> bool:
        """Whether it runs; it ends when it switches itself off or starts again."""
        return self._process.poll() is None

    def log(self) -> str:
        """What came over the serial line, in all starts that logged into this folder."""
        return (self.folder / "serial.log").read_text("utf-8", errors="replace")

    def shell(self, command: str, seconds: float = 120) -> str:
        """What a command prints, run as root inside."""
        if self._shell is None:
            self._shell = _Shell(self._work / "shell")
        return self._shell.run(command, seconds)

    def wait_for_shell(self, seconds: float) -> None:
        """Wait until the shell inside is there."""

        def answers() -> bool:
            try:
                return "fjes-up" in self.shell("echo fjes-up", 5)
            except Trouble:
                if not self.is_on():
                    raise
                return False

        wait_for(answers, f"a shell inside ({self.folder})", seconds)

    def picture(self, name: str) -> Path:
        """What the screen shows, as a PNG."""
        self._pictures += 1
        path = self.folder / f"{name}.png"
        self._qmp.do("screendump", filename=str(path), format="png")
        return path

    def touch(self, x: float, y: float) -> None:
        """A finger on the panel for a tenth of a second; in pixels from the top left."""
        at = {"x": round(x * 0x7FFF / WIDTH), "y": round(y * 0x7FFF / HEIGHT)}
        begin = {"type": "begin", "slot": 0, "tracking-id": 1, "axis": "x", "value": 0}
        moves = [
            {"type": "mtt", "data": {"type": "data", "slot": 0, "tracking-id": 1, "axis": axis, "value": value}}
            for axis, value in at.items()
        ]
        self._qmp.do("input-send-event", events=[{"type": "mtt", "data": begin}, *moves])
        time.sleep(0.1)
        end = {"type": "end", "slot": 0, "tracking-id": -1, "axis": "x", "value": 0}
        self._qmp.do("input-send-event", events=[{"type": "mtt", "data": end}])

    def plug_in(self, stick: Path) -> None:
        """A USB stick, which is a file."""
        file = {"driver": "file", "filename": str(stick), "read-only": True}
        self._qmp.do("blockdev-add", **{"driver": "raw", "node-name": "stick", "read-only": True, "file": file})
        self._qmp.do("device_add", driver="usb-storage", bus="usb.0", drive="stick", id="stick")

    def unplug(self) -> None:
        """No power, from one moment to the next."""
        self._process.kill()
        self._end()

    def switch_off(self, seconds: float = 180) -> None:
        """In order: it ends by itself."""
        self.shell("systemctl --no-block poweroff")
        wait_for(lambda: not self.is_on(), "the machine to switch itself off", seconds)
        self._end()

    def wait_for_end(self, seconds: float) -> None:
        """It switches itself off, or starts again (which ends it here: the firmware's part is ours)."""
        wait_for(lambda: not self.is_on(), "the machine to start again", seconds)
        self._end()

    def _end(self) -> None:
        self._process.wait()
        self._qmp.close()
        if self._shell is not None:
            self._shell.close()
        self._serial.close()
        shutil.rmtree(self._work, ignore_errors=True)


@contextlib.contextmanager
def started(card: Card, folder: Path, **how: Any) -> Iterator[Machine]:
    """A machine that has no power any more when the block is left."""
    machine = Machine(card, folder, **how)
    try:
        yield machine
    finally:
        if machine.is_on():
            with contextlib.suppress(OSError):
                machine.picture("last")
            machine.unplug()


def _device_tree(work: Path, serial: str) -> Path:
    """The emulated board's device tree, which says what a Pi's says: a serial number, and the revision (of a 3B) by
    which gpiozero knows where the pins are. Simulated pins are the first chip, as on a Pi: the own one is left out.
    """
    plain, changed = work / "plain.dtb", work / "board.dtb"
    run(*_BOARD[:2], f"{_BOARD[2]},dumpdtb={plain}", *_BOARD[3:], "-serial", "null", "-serial", "null")
    text = run("dtc", "--quiet", "-I", "dtb", "-O", "dts", plain)
    for node in ("pl061@", "gpio-keys"):
        text = re.sub(rf"^\t{node}[^\n]* {{\n.*?^\t}};\n", "", text, flags=re.MULTILINE | re.DOTALL)
    told = f'\tserial-number = "{serial}";\n\tsystem {{\n\t\tlinux,revision = <0xa02082>;\n\t}};\n'
    # Properties come before nodes.
    text = text.replace("/ {\n", f"/ {{\n{told.splitlines(keepends=True)[0]}", 1)
    end = text.rindex("};")
    text = text[:end] + "".join(told.splitlines(keepends=True)[1:]) + text[end:]
    run("dtc", "--quiet", "-I", "dts", "-O", "dtb", "-o", changed, text=text)
    return changed


def _network(forward: Sequence[tuple[int, int]]) -> str:
    """The guest reaches nothing but these ports of 10.0.2.100, which lead to ports of this machine."""
    doors = "".join(f",guestfwd=tcp:10.0.2.100:{port}-cmd:socat STDIO TCP4:127.0.0.1:{here}" for port, here in forward)
    return f"user,id=net,restrict=on{doors}"


class _Qmp:
    """QEMU's control socket: a command and its answer, in JSON."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(60)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("r", encoding="utf-8")
        self._lines.readline()
        self.do("qmp_capabilities")

    def do(self, command: str, **arguments: Any) -> Any:
        self._socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
        while True:
            answer = json.loads(self._lines.readline())
            if "error" in answer:
                raise Trouble(f"QEMU refuses {command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def close(self) -> None:
        self._socket.close()


class _Shell:
    """systemd's debug shell on a console of its own."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._count = 0
        self._heard = b""

    def run(self, command: str, seconds: float) -> str:
        """Type a command between two marks; what stands between them is what it printed."""
        self._count += 1
        mark = f"fjes-mark-{self._count}"
        # The marks are typed in two pieces, so that the echo of what was typed is not taken for them.
        typed = f"{mark[:4]}''{mark[4:]}"
        line = f"\nstty -echo; echo {typed}-begin; {command} 2>&1; echo {typed}-$?-end\n"
        self._socket.sendall(line.encode())
        until = time.monotonic() + seconds
        wanted = re.compile(rf"{mark}-begin\r?\n(.*?){mark}-\d+-end".encode(), re.DOTALL)
        while not (found := wanted.search(self._heard)):
            if time.monotonic() > until:
                raise Trouble(f"the shell did not answer within {seconds:g} seconds to: {command[:100]}")
            self._socket.settimeout(1)
            with contextlib.suppress(TimeoutError):
                self._heard += self._socket.recv(65536)
        self._heard = b""
        return found[1].decode("utf-8", errors="replace").replace("\r\n", "\n")

    def close(self) -> None:
        self._socket.close()
