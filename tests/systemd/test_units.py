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


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")
def test_systemd_has_nothing_to_say_about_the_units(tmp_path: Path) -> None:
    for unit in (*SERVICES, *TIMERS):
        # Fjes does not lie in /opt here, and what is started has to exist.
        (tmp_path / unit.name).write_text(unit.read_text("utf-8").replace("/opt/fjes/.venv/bin/fjes", sys.executable))
    command = ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / unit.name) for unit in (*SERVICES, *TIMERS))]
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


@pytest.mark.parametrize("unit", ["fjes-ingest.service", "fjes-web.service", "fjes-audit.service"])
def test_what_the_dashboard_keeps_is_its_users_alone(unit: str) -> None:
    assert settings(unit)["StateDirectoryMode"] == "0700"
    assert settings(unit)["User"] == "fjes-dashboard"


def test_every_service_runs_as_a_user_that_is_made_and_never_as_root() -> None:
    users = {line.split()[1] for line in (UNITS / "sysusers.conf").read_text("utf-8").splitlines() if line[:1] == "u"}
    for unit in SERVICES:
        (user,) = [line[5:] for line in unit.read_text("utf-8").splitlines() if line.startswith("User=")]
        assert user in users, unit.name


def test_the_kiosk_is_started_again_however_often_it_ends() -> None:
    lines = (UNITS / "fjes-kiosk.service").read_text("utf-8").splitlines()
    unit, service = lines[: lines.index("[Service]")], lines[lines.index("[Service]") :]
    assert "Restart=always" in service
    assert "StartLimitIntervalSec=0" in unit


def test_the_audit_is_started_each_night() -> None:
    (timer,) = TIMERS
    assert UNITS / f"{timer.stem}.service" in SERVICES
    lines = timer.read_text("utf-8").splitlines()
    assert "OnCalendar=*-*-* 03:30" in lines
    assert "Persistent=true" in lines  # Also where the machine was off at night: then when it starts.


def test_the_nightly_audit_remembers_outside_the_database_what_was_published() -> None:
    """A backup that was restored has forgotten it."""
    service = settings("fjes-audit.service")
    assert service["ExecStart"].endswith(f"--remember /var/lib/{service['StateDirectory']}/published.json")
