"""The units, read by systemd itself where it is installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNITS = Path(__file__).resolve().parents[2] / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
TIMERS = sorted(UNITS.glob("*.timer"))
OTHERS = sorted((*UNITS.glob("*.target"), *UNITS.glob("*.path")))
AS_ROOT = {"fjes-broker-setup.service", "fjes-provision.service"}
"""Those that give files to other users."""
MOST_EXPOSED = 2.0
"""As `systemd-analyze security` reckons it, from 0 (safest) to 10."""


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")
def test_systemd_has_nothing_to_say_about_the_units(tmp_path: Path) -> None:
    units = (*SERVICES, *TIMERS, *OTHERS)
    for unit in units:
        # Fjes does not lie in /opt here, and what is started has to exist.
        (tmp_path / unit.name).write_text(unit.read_text("utf-8").replace("/opt/fjes/.venv/bin/fjes", sys.executable))
    command = ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / unit.name) for unit in units)]
    verified = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    ours = [line for line in verified.stderr.splitlines() if "fjes" in line]
    assert ours == []


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")
def test_systemd_takes_what_makes_debians_mosquitto_ours(tmp_path: Path) -> None:
    unit = Path("/lib/systemd/system/mosquitto.service")
    assert unit.exists(), "install Debian's package mosquitto (`make test` does)"
    (tmp_path / "mosquitto.service.d").mkdir()
    (tmp_path / unit.name).write_text(unit.read_text("utf-8"))
    (tmp_path / "mosquitto.service.d/fjes.conf").write_text((UNITS / "mosquitto-fjes.conf").read_text("utf-8"))
    command = ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit.name)]
    verified = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    ours = [line for line in verified.stderr.splitlines() if "fjes" in line or "mosquitto" in line]
    # Debian 12's systemd does not know it yet, and leaves it alone, as the file says.
    assert [line for line in ours if "LogFilterPatterns" not in line] == []


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")
@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_each_service_may_do_little(unit: Path) -> None:
    exposed(unit)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")
def test_the_broker_may_do_little(tmp_path: Path) -> None:
    """Whole, as Debian's unit and ours make it: what is analyzed offline has no drop-ins."""
    theirs = Path("/lib/systemd/system/mosquitto.service").read_text("utf-8")
    service = [line for line in theirs.splitlines() if not line.startswith("Exec")]
    ours = (UNITS / "mosquitto-fjes.conf").read_text("utf-8").partition("[Service]")[2]
    whole = tmp_path / "mosquitto.service"
    whole.write_text("\n".join(service).replace("[Service]", "[Service]" + ours))
    exposed(whole)


def exposed(unit: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={round(MOST_EXPOSED * 10)}", str(unit)]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.skipif(shutil.which("systemd-tmpfiles") is None, reason="systemd is not installed here")
def test_the_folders_are_made_and_made_again(tmp_path: Path) -> None:
    # In a root of its own, which knows our users.
    (tmp_path / "etc").mkdir()
    for command in (["systemd-sysusers", "sysusers.conf"], *[["systemd-tmpfiles", "--create", "tmpfiles.conf"]] * 2):
        *program, file = command
        made = subprocess.run(
            [*program, f"--root={tmp_path}", str(UNITS / file)], capture_output=True, text=True, timeout=60, check=False
        )
        assert made.returncode == 0, made.stderr
    # What the group makes in there is the group's, and nobody else may look.
    assert {each.name: f"{each.stat().st_mode:o}" for each in (tmp_path / "var/lib/fjes").iterdir()} == {
        "dashboard": "42770",
        "backups": "42770",
    }


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="systemd is not installed here")
def test_the_users_can_be_made() -> None:
    command = ["systemd-sysusers", "--dry-run", str(UNITS / "sysusers.conf")]
    made = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert made.returncode == 0, made.stderr


def settings(unit: str) -> dict[str, str]:
    """What one of our units sets, by name."""
    lines = (UNITS / unit).read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and line[0] != "#")


def test_kiosk_and_courier_are_two_users_of_one_group_and_in_none_of_the_others_that_matters() -> None:
    kiosk, courier = settings("fjes-kiosk.service"), settings("fjes-courier.service")
    assert kiosk["User"] != courier["User"]
    assert kiosk["Group"] == courier["Group"] == "fjes-terminal"
    # As tests/terminal/test_users.py has it: the group may look into the folder, and the kiosk says into which files.
    assert kiosk["StateDirectoryMode"] == courier["StateDirectoryMode"] == "0750"
    lines = [line.split() for line in (UNITS / "sysusers.conf").read_text("utf-8").splitlines()]
    assert ["u", courier["User"], "-:fjes-terminal"] in [line[:3] for line in lines]
    assert ["u", kiosk["User"], "-:fjes-terminal"] in [line[:3] for line in lines]
    assert [line[2] for line in lines if line[:2] == ["m", courier["User"]]] == ["fjes"]


@pytest.mark.parametrize("unit", ["fjes-kiosk.service", "fjes-courier.service"])
def test_what_the_terminal_has_in_memory_is_written_down_nowhere(unit: str) -> None:
    assert settings(unit)["LimitCORE"] == "0"
    assert settings(unit)["MemorySwapMax"] == "0"


def test_the_kiosk_may_open_no_network() -> None:
    assert settings("fjes-kiosk.service")["RestrictAddressFamilies"] == "AF_UNIX AF_NETLINK"


def test_running_counts_are_out_of_the_couriers_sight_whoever_it_runs_as() -> None:
    folder = "/var/lib/" + settings("fjes-kiosk.service")["StateDirectory"]
    hidden = {path.lstrip("-") for path in settings("fjes-courier.service")["InaccessiblePaths"].split()}
    assert hidden == {f"{folder}/open.db", f"{folder}/open.db-journal"}


DASHBOARD = ["fjes-ingest.service", "fjes-web.service", "fjes-audit.service", "fjes-backup.service"]


@pytest.mark.parametrize("unit", DASHBOARD)
def test_what_the_dashboard_keeps_is_its_services_alone(unit: str) -> None:
    assert settings(unit)["Group"] == "fjes-dashboard"
    assert settings(unit)["UMask"] == "0007"
    folder = settings(unit)["ReadWritePaths"].split()[0]
    assert f"d {folder} 2770 fjes-dashboard fjes-dashboard -" in (UNITS / "tmpfiles.conf").read_text("utf-8")


def test_what_the_audit_remembers_is_its_own_alone() -> None:
    audit = settings("fjes-audit.service")
    assert audit["StateDirectoryMode"] == "0700"
    assert [unit for unit in SERVICES if "fjes/audit" in unit.read_text("utf-8")] == [UNITS / "fjes-audit.service"]


def test_each_service_has_a_user_of_its_own() -> None:
    users = [settings(unit.name)["User"] for unit in SERVICES if unit.name not in AS_ROOT]
    assert len(set(users)) == len(users)


def test_what_the_pages_may_write_of_the_broker_is_the_logins_alone() -> None:
    written = settings("fjes-web.service")["ReadWritePaths"].split()
    assert [path for path in written if "broker" in path] == ["-/var/lib/fjes/broker/logins"]
    assert settings("fjes-broker-reload.path")["PathChanged"] == "/var/lib/fjes/broker/logins"
    assert settings("fjes-broker-reload.service")["User"] == settings("mosquitto-fjes.conf")["User"] == "mosquitto"


@pytest.mark.parametrize(
    "unit", ["fjes-kiosk.service", "fjes-courier.service", "fjes-ingest.service", "fjes-web.service"]
)
def test_what_runs_for_ever_is_watched(unit: str) -> None:
    """And tells it: tests/systemd/test_watchdogs.py."""
    assert settings(unit)["Type"] == "notify"
    assert int(settings(unit)["WatchdogSec"]) in range(30, 301)
    assert settings(unit)["Restart"] == "always"


@pytest.mark.parametrize("unit", [unit.name for unit in SERVICES if unit.name != "fjes-provision.service"])
def test_no_service_can_take_all_memory(unit: str) -> None:
    assert "MemoryMax" in settings(unit)
    assert "TasksMax" in settings(unit)


def test_a_terminal_fits_into_512_megabytes() -> None:
    most = [settings(f"fjes-{name}.service")["MemoryMax"] for name in ("kiosk", "courier")]
    assert sum(int(each.removesuffix("M")) for each in most) <= 420


def test_nothing_of_the_terminal_waits_for_a_network() -> None:
    for unit in ("fjes-kiosk.service", "fjes-courier.service", "fjes-terminal.target"):
        assert "network" not in "".join(line for line in (UNITS / unit).read_text().splitlines() if line[:1] != "#")


def test_the_targets_want_what_there_is() -> None:
    wanted = {
        name
        for target in OTHERS
        for line in target.read_text("utf-8").splitlines()
        if line.startswith("Wants=")
        for name in line.removeprefix("Wants=").split()
    }
    there = {each.name for each in UNITS.iterdir()} | {"mosquitto.service"}
    assert wanted <= there
    started = {unit.name for unit in SERVICES} - {"fjes-audit.service", "fjes-backup.service", "fjes-provision.service"}
    assert started <= wanted


def test_every_service_runs_as_a_user_that_is_made_and_not_as_root() -> None:
    users = {line.split()[1] for line in (UNITS / "sysusers.conf").read_text("utf-8").splitlines() if line[:1] == "u"}
    for unit in SERVICES:
        if unit.name not in AS_ROOT:
            assert settings(unit.name)["User"] in {*users, "mosquitto"}, unit.name


def test_the_kiosk_is_started_again_however_often_it_ends() -> None:
    lines = (UNITS / "fjes-kiosk.service").read_text("utf-8").splitlines()
    unit, service = lines[: lines.index("[Service]")], lines[lines.index("[Service]") :]
    assert "Restart=always" in service
    assert "StartLimitIntervalSec=0" in unit


def test_the_audit_is_started_each_night() -> None:
    assert [timer.name for timer in TIMERS] == ["fjes-audit.timer", "fjes-backup.timer"]
    for timer in TIMERS:
        assert UNITS / f"{timer.stem}.service" in SERVICES
    lines = (UNITS / "fjes-audit.timer").read_text("utf-8").splitlines()
    assert "OnCalendar=*-*-* 03:30" in lines
    assert "Persistent=true" in lines  # Also where the machine was off at night: then when it starts.


def test_the_nightly_audit_remembers_outside_the_database_what_was_published() -> None:
    """A backup that was restored has forgotten it."""
    service = settings("fjes-audit.service")
    assert service["ExecStart"].endswith(f"--remember /var/lib/{service['StateDirectory']}/published.json")
