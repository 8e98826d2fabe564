"""The root file system of a version: base tree, Python packages, the application, units, and the initial RAM disk."""

import re
import shutil
import sys
from pathlib import Path

from image.base import native_python
from image.places import CACHE, IMAGE, SOURCE, BuildError, files_below, key, run, say

HOME = "opt/fjes/.venv"
SITE = f"{HOME}/lib/python3.13/site-packages"
ROOMS = ("ratings", "hardware", "terminal", "dashboard", "fjes")
# Every file system of Debian's that a board never starts from, and what only a build needs, stays out of the slot.
LEFT_OUT = (
    "boot/firmware/*",
    "usr/include",
    "usr/share/doc-base",
    "usr/share/bug",
    "usr/share/lintian",
    "var/cache/*",
    "usr/lib/binfmt.d/*",  # Compiled Python as programs: nobody starts such, and setting it up takes a second.
)


def root_tree(base: Path, packages: Path, update_key: Path) -> Path:
    """Lay everything together in one folder, which is made anew, and return it.

    Args:
        base: the base tree.
        packages: the Python packages.
        update_key: the public key with which updates are verified.
    """
    tree = CACHE / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    say("Laying the root file system together")
    run("cp", "--archive", "--reflink=auto", base, tree)
    _environment(tree, _compiled(packages))
    _application(tree)
    _system(tree)
    shutil.copy(update_key, tree / "usr/lib/fjes/update.pub")
    _boot_files(tree, base)
    return tree


def _environment(tree: Path, site: Path) -> None:
    """A virtual environment as `python3 -m venv` makes it, without running the image's Python for it."""
    home = tree / HOME
    (home / "bin").mkdir(parents=True)
    (tree / SITE).parent.mkdir(parents=True)
    run("cp", "--archive", "--reflink=auto", site, tree / SITE)
    (home / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.13\n", "utf-8")
    for name in ("python", "python3", "python3.13"):
        (home / "bin" / name).symlink_to("/usr/bin/python3.13")
    command = home / "bin" / "fjes"
    command.write_text(
        "#!/opt/fjes/.venv/bin/python\nimport sys\n\nfrom fjes.cli import main\n\nsys.exit(main())\n", "utf-8"
    )
    command.chmod(0o755)


def _compiled(packages: Path) -> Path:
    """The packages with their compiled files: made once."""
    done = packages / "compiled"
    site = packages / "site-packages"
    if not done.exists():
        say("Compiling the Python packages (a minute, once)")
        compile_python(site, f"/{SITE}")
        done.touch()
    return site


def compile_python(folder: Path, name: str) -> None:
    """Compile a folder's Python files by a Python of the image's version.

    Args:
        folder: the folder on this machine.
        name: the folder's name on the card.
    """
    # The mount is seen by this command alone, and goes with it. What is compiled holds whatever the file's time.
    root = native_python()
    compiling = (
        f"mount --bind {folder} {root}/mnt && exec chroot {root} /usr/bin/python3.13 -m compileall -q "
        f"--invalidation-mode unchecked-hash -s /mnt -p {name} /mnt"
    )
    # Templates and examples inside packages need not compile: compileall says so, and goes on.
    run("unshare", "--mount", "sh", "-c", f"{compiling} || true", environment={"PYTHONHASHSEED": "0"})


def _application(tree: Path) -> None:
    """The rooms of this project as a wheel, laid into the environment."""
    work = CACHE / "application"
    shutil.rmtree(work, ignore_errors=True)
    (work / "source").mkdir(parents=True)
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(SOURCE / name, work / "source")
    for room in ROOMS:
        shutil.copytree(SOURCE / room, work / "source" / room, ignore=shutil.ignore_patterns("__pycache__"))
    if not list((work / "source/terminal/kiosk/fonts").glob("FjesSans-*.ttf")):
        raise BuildError(
            "the kiosk's typeface is missing: `make image` builds it, or python -m terminal.kiosk.typeface"
        )
    run(
        *(sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"),
        *("--no-build-isolation", "--wheel-dir", work, work / "source"),
    )
    laid = work / "laid"
    run("unzip", "-q", next(work.glob("*.whl")), "-d", laid)
    compile_python(laid, f"/{SITE}")
    run("cp", "--archive", f"{laid}/.", tree / SITE)
    run("chown", "--recursive", "0:0", tree / "opt/fjes")


def _system(tree: Path) -> None:
    """Files of the image, and the units that servers have as well; users, and what is started."""
    run("cp", "--recursive", "--preserve=mode", f"{IMAGE / 'files'}/.", tree)
    units = tree / "usr/lib/systemd/system"
    for unit in sorted((SOURCE / "systemd").iterdir()):
        if unit.suffix in (".service", ".timer", ".target", ".path", ".socket", ".mount"):
            shutil.copy(unit, units)
    (units / "mosquitto.service.d").mkdir(exist_ok=True)
    (tree / "etc/systemd/system.conf.d").mkdir(exist_ok=True)
    for name, place in (
        ("sysusers.conf", "usr/lib/sysusers.d/fjes.conf"),
        ("tmpfiles.conf", "usr/lib/tmpfiles.d/fjes.conf"),
        ("mosquitto-fjes.conf", "usr/lib/systemd/system/mosquitto.service.d/fjes.conf"),
        ("sshd-fjes.conf", "etc/ssh/sshd_config.d/fjes.conf"),
        ("udev.rules", "usr/lib/udev/rules.d/70-fjes.rules"),
        ("70-fjes-wifi.rules", "usr/lib/udev/rules.d/70-fjes-wifi.rules"),
        ("fjes.preset", "usr/lib/systemd/system-preset/50-fjes.preset"),
        ("fjes-watchdog.conf", "etc/systemd/system.conf.d/fjes-watchdog.conf"),
    ):
        shutil.copy(SOURCE / "systemd" / name, tree / place)
    for command in ("systemd-sysusers", "systemctl preset-all"):
        run("chroot", tree, *command.split())
    for folder in ("data", "boot/firmware", "var/lib/fjes", "var/lib/private"):
        (tree / folder).mkdir(parents=True, exist_ok=True)
    (tree / "var/lib/private").chmod(0o700)
    # What depends on fjes.toml is in memory; the root file system, which is the same everywhere, points there.
    for link, target in (
        ("etc/fjes", "/run/fjes"),
        ("etc/localtime", "/run/fjes/localtime"),
        ("etc/resolv.conf", "/run/systemd/resolve/stub-resolv.conf"),
        # The broker would wait two minutes for a network that is not there, and the pages for the broker.
        ("etc/systemd/system/systemd-networkd-wait-online.service", "/dev/null"),
    ):
        (tree / link).unlink(missing_ok=True)
        (tree / link).symlink_to(target)
    (tree / "etc/machine-id").write_text("", "utf-8")
    (tree / "etc/hostname").write_text("fjes\n", "utf-8")
    (tree / "etc/hosts").write_text("127.0.0.1 localhost\n127.0.1.1 fjes\n::1 localhost\n", "utf-8")
    _lock_accounts(tree)


def _lock_accounts(tree: Path) -> None:
    """No account has a password: nobody logs in but by a key that fjes.toml names."""
    shadow = tree / "etc/shadow"
    shadow.write_text(
        re.sub(r"^([^:]+):[^:]*:\d*:", r"\1:!*:20454:", shadow.read_text("utf-8"), flags=re.MULTILINE), "utf-8"
    )


def _boot_files(tree: Path, base: Path) -> None:
    """Kernel, device trees and initial RAM disk into /usr/lib/fjes/boot, whence they come onto the first partition."""
    modules = next((tree / "usr/lib/modules").iterdir())
    # Not fstab: what is checked before it is mounted is so by systemd, and the root cannot be written.
    inputs = files_below(IMAGE / "files/etc/initramfs-tools", IMAGE / "files/usr/lib/fjes/slot")
    kept = CACHE / f"initrd-{key([base.name, modules.name, *inputs])}.img"
    if not kept.exists():
        say("Making the initial RAM disk (some minutes, once)")
        run("chroot", tree, "mkinitramfs", "-o", "/boot/made.img", modules.name)
        (tree / "boot/made.img").rename(kept)
    boot = tree / "usr/lib/fjes/boot"
    boot.mkdir()
    shutil.copy(kept, boot / "initrd.img")
    kernel = next(path for path in (modules / "vmlinuz", tree / f"boot/vmlinuz-{modules.name}") if path.exists())
    shutil.move(kernel, boot / "vmlinuz")
    for board in sorted((modules / "dtb/broadcom").glob("*-rpi-*.dtb")):
        shutil.copy(board, boot)
    shutil.rmtree(modules / "dtb", ignore_errors=True)
    for left in [*tree.glob("vmlinuz*"), *tree.glob("initrd.img*"), *(tree / "boot").glob("*-*")]:
        left.unlink()
    run("cp", "--recursive", f"{tree / 'usr/lib/fjes/board/usr/lib/firmware'}/.", tree / "usr/lib/firmware")
