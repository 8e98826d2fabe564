"""The units, read by systemd itself where it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fjes.provision import generated
from ratings.config import Config

UNITS = Path(__file__).resolve().parents[2] / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
TIMERS = sorted(UNITS.glob("*.timer"))
TARGETS = sorted(UNITS.glob("*.target"))
PATHS = sorted(UNITS.glob("*.path"))
ON_THE_IMAGE = {"fjes-provision.service", "fjes-report.service", "fjes-wifi@.service"}
AS_ROOT = ON_THE_IMAGE | {"fjes-broker-setup.service"}
"""Why is written in each of them."""
MOST_EXPOSED = 2.0
"""As `systemd-analyze security` reckons it, from 0 (safest) to 10."""
OURS = [unit for unit in SERVICES if unit.name not in ON_THE_IMAGE]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")
def test_systemd_has_nothing_to_say_about_the_units(tmp_path: Path) -> None:
    units = (*SERVICES, *TIMERS, *TARGETS, *PATHS)
    for unit in units:
        # Fjes does not lie in /opt here, and what is started has to exist.
        text = unit.read_text("utf-8")
        for started in ("/opt/fjes/.venv/bin/fjes", "/usr/sbin/wpa_supplicant"):
            text = text.replace(started, sys.executable)
        (tmp_path / unit.name).write_text(text)
    command = [
        "systemd-analyze",
        "verify",
        "--man=no",
        *(str(tmp_path / each.name) for each in units),
    ]
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
@pytest.mark.parametrize("unit", OURS, ids=lambda unit: unit.stem)
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


@pytest.mark.parametrize("unit", [unit.name for unit in OURS])
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
        for target in TARGETS
        for line in target.read_text("utf-8").splitlines()
        if line.startswith("Wants=")
        for name in line.removeprefix("Wants=").split()
    }
    there = {each.name for each in UNITS.iterdir()} | {"mosquitto.service"}
    assert wanted <= there
    started = {unit.name for unit in OURS} - {f"{timer.stem}.service" for timer in TIMERS}
    assert started <= wanted


def test_every_service_runs_as_a_user_that_is_made_and_as_root_only_where_it_says_why() -> None:
    users = {line.split()[1] for line in (UNITS / "sysusers.conf").read_text("utf-8").splitlines() if line[:1] == "u"}
    for unit in SERVICES:
        (user,) = [line[5:] for line in unit.read_text("utf-8").splitlines() if line.startswith("User=")]
        if unit.name in AS_ROOT:
            assert (user, "# As root" in unit.read_text("utf-8")) == ("root", True), unit.name
        else:
            assert user in {*users, "mosquitto"}, unit.name


def test_the_kiosk_is_started_again_however_often_it_ends() -> None:
    lines = (UNITS / "fjes-kiosk.service").read_text("utf-8").splitlines()
    unit, service = lines[: lines.index("[Service]")], lines[lines.index("[Service]") :]
    assert "Restart=always" in service
    assert "StartLimitIntervalSec=0" in unit


def test_the_audit_is_started_each_night() -> None:
    timer = UNITS / "fjes-audit.timer"
    lines = timer.read_text("utf-8").splitlines()
    assert "OnCalendar=*-*-* 03:30" in lines
    assert "Persistent=true" in lines  # Also where the machine was off at night: then when it starts.


def test_the_nightly_audit_remembers_outside_the_database_what_was_published() -> None:
    """A backup that was restored has forgotten it."""
    service = settings("fjes-audit.service")
    assert service["ExecStart"].endswith(f"--remember /var/lib/{service['StateDirectory']}/published.json")


@pytest.mark.parametrize("timer", TIMERS, ids=lambda timer: timer.name)
def test_every_timer_has_something_to_start(timer: Path) -> None:
    assert UNITS / f"{timer.stem}.service" in SERVICES


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")
@pytest.mark.parametrize(
    ("unit", "most"), [("fjes-provision.service", 2.0), ("fjes-report.service", 2.0), ("fjes-wifi@.service", 2.5)]
)
def test_what_runs_as_root_may_little_else(unit: str, most: float) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNITS / unit)]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout
    exposure = re.search(r"Overall exposure level for \S+: ([0-9.]+)", told)
    assert exposure is not None, told
    assert float(exposure[1]) <= most


def test_provisioning_comes_before_all_that_it_writes_for() -> None:
    text = (UNITS / "fjes-provision.service").read_text("utf-8")
    before = {unit for line in text.splitlines() if line.startswith("Before=") for unit in line[7:].split()}
    wanted = {
        unit
        for target in TARGETS
        for line in target.read_text("utf-8").splitlines()
        if line.startswith("Wants=")
        for unit in line[6:].split()
    }
    assert {unit for unit in wanted if unit.endswith(".service")} <= before
    assert {"network-pre.target", "systemd-networkd.service", "systemd-timesyncd.service", "ssh.service"} <= before
    assert "Requires" not in text, "a data partition that cannot be mounted is no reason for a dark screen"


def test_provisioning_may_write_where_the_command_does_and_nowhere_else() -> None:
    unit = settings("fjes-provision.service")
    assert unit["ReadWritePaths"].split() == ["-/boot/firmware", "-/data", "/run/systemd"]
    assert (unit["ProtectSystem"], unit["RuntimeDirectory"]) == ("strict", "fjes")


def test_on_a_server_nothing_of_it_runs() -> None:
    """There /etc/fjes is a folder."""
    for unit in ("fjes-provision.service", "fjes-report.service"):
        assert settings(unit)["ConditionPathIsSymbolicLink"] == "/etc/fjes"


def test_the_units_that_a_role_wants_are_there() -> None:
    wanted = {unit for role in ("terminal", "dashboard", "both") for unit in generated.wanted(Config(role=role))}
    assert {target.name for target in TARGETS} == wanted


@pytest.mark.skipif(shutil.which("udevadm") is None, reason="udev is not installed here")
def test_udev_reads_the_rule_for_wifi() -> None:
    rules = UNITS / "70-fjes-wifi.rules"
    (line,) = [line for line in rules.read_text("utf-8").splitlines() if line and line[0] != "#"]
    assert 'ENV{SYSTEMD_WANTS}+="fjes-wifi@$name.service"' in line
    version = subprocess.run(["udevadm", "--version"], capture_output=True, text=True, timeout=60, check=True).stdout
    if int(version) >= 254:
        told = subprocess.run(
            ["udevadm", "verify", str(rules)], capture_output=True, text=True, timeout=60, check=False
        )
        assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.skipif(not Path("/usr/sbin/sshd").exists(), reason="sshd is not installed here")
def test_sshd_reads_what_makes_it_ours(tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    text = (UNITS / "sshd-fjes.conf").read_text("utf-8").replace("/data/provision/ssh_host_ed25519_key", str(key))
    (tmp_path / "sshd_config").write_text(text)
    command = ["/usr/sbin/sshd", "-T", "-f", str(tmp_path / "sshd_config")]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert told.returncode == 0, told.stderr
    for line in ("passwordauthentication no", "kbdinteractiveauthentication no", "permitrootlogin without-password"):
        assert line in told.stdout.splitlines()


def test_the_broker_gets_the_name_that_the_file_gives_the_machine() -> None:
    """systemd puts a machine's name for %H when it reads a unit, and it reads this one before provisioning has run."""
    assert "%H" not in settings("fjes-broker-setup.service")["ExecStart"]
    assert "$$(uname -n)" in settings("fjes-broker-setup.service")["ExecStart"]
    assert "hostname -F /run/fjes/hostname" in (UNITS / "fjes-provision.service").read_text("utf-8")


def test_the_brokers_folder_can_be_made_in_its_unit() -> None:
    # The folder of the logins hands its group on (chmod g+s): the one refuses that, without the other it is dropped.
    told = settings("fjes-broker-setup.service")
    assert "RestrictSUIDSGID" not in told
    assert "CAP_FSETID" in told["CapabilityBoundingSet"].split()
