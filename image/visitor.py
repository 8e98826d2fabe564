"""What a visitor does at the emulated board and sees there: touches, presses of simulated buttons, screens."""

import shutil
from dataclasses import dataclass, field

from image.machine import HEIGHT, WIDTH, Machine, Trouble, wait_for
from image.places import SOURCE

REFERENCES = SOURCE / "tests/terminal/kiosk/references"
FACES = {"very_happy": (110, 232), "happy": (304, 232), "unhappy": (496, 232), "very_unhappy": (690, 232)}
PINS = {"very_unhappy": 17, "unhappy": 27, "happy": 22, "very_happy": 23}
LANGUAGES = {"nb": (74, 424), "th": (594, 424)}
START_SECONDS = 900
"""Under emulation, on a machine that has other things to do."""


@dataclass
class Tally:
    """What was thanked for, and by what."""

    touches: int = 0
    presses: int = 0
    figures: dict[str, object] = field(default_factory=dict)

    @property
    def thanked(self) -> int:
        """All that has to arrive."""
        return self.touches + self.presses


def shows(machine: Machine, name: str) -> bool:
    """Whether the screen shows what a reference picture of the kiosk shows, such as `nb-asking`."""
    from terminal.kiosk.gallery import MOST_PIXELS

    # Another driver of OpenGL rounds otherwise; a face or a line that is missing is a hundred times this.
    return _share_unlike(machine, name) <= MOST_PIXELS * 10


def _share_unlike(machine: Machine, name: str) -> float:
    from PIL import Image

    from terminal.kiosk.gallery import differs

    with Image.open(machine.picture("now")) as now:
        return differs(now.convert("RGB"), REFERENCES / f"{WIDTH}x{HEIGHT}-{name}.png")


def wait_for_screen(machine: Machine, name: str, seconds: float = 60) -> float:
    """Wait for a screen, and keep its picture."""
    took = wait_for(
        lambda: _still_on(machine) and shows(machine, name), f"the screen {name} ({machine.folder})", seconds
    )
    shutil.copy(machine.folder / "now.png", machine.folder / f"{name}.png")
    return took


def _still_on(machine: Machine) -> bool:
    if not machine.is_on():
        raise Trouble(f"the machine ended: see {machine.folder}/serial.log")
    return True


def rate(machine: Machine, tally: Tally, face: str, language: str = "nb") -> None:
    """Touch a face, see the thank-you, and wait until it asks again."""
    if language != "nb":
        machine.touch(*LANGUAGES[language])
        wait_for_screen(machine, f"{language}-asking")
    machine.touch(*FACES[face])
    # A face that is pressed is another picture, too; without faces a third of it is.
    asking = f"{language}-asking"
    wait_for(lambda: _still_on(machine) and _share_unlike(machine, asking) > 0.2, f"the thank-you after {face}", 60)
    tally.touches += 1
    if language == "nb":
        wait_for_screen(machine, "nb-thanks")
    else:
        shutil.copy(machine.picture("now"), machine.folder / f"{language}-thanks.png")
    wait_for(lambda: asks(machine, "nb") or asks(machine, language), "the question after the thank-you", 90)


def asks(machine: Machine, language: str) -> bool:
    """Whether the faces are there to be touched."""
    return shows(machine, f"{language}-asking")


def pins(machine: Machine) -> None:
    """Simulated GPIO pins, which the kernel makes as on a board: the faces' buttons are wired to them."""
    machine.wait_for_shell(START_SECONDS)
    machine.shell(
        "modprobe gpio-sim; mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config; "
        "cd /sys/kernel/config/gpio-sim && mkdir -p fjes/bank0 && echo 28 > fjes/bank0/num_lines; "
        "echo 1 > fjes/live; cd /"
    )
    chip = machine.shell("cat /sys/kernel/config/gpio-sim/fjes/bank0/chip_name").strip()
    if not chip.startswith("gpiochip"):
        raise Trouble(f"gpio-sim made no chip: {chip}")


def presses(machine: Machine, tally: Tally) -> None:
    """Each button once, through the kernel, lgpio and gpiozero."""
    folder = machine.shell(
        "echo /sys/devices/platform/$(cat /sys/kernel/config/gpio-sim/fjes/dev_name)/"
        "$(cat /sys/kernel/config/gpio-sim/fjes/bank0/chip_name)"
    ).strip()
    for face, pin in PINS.items():
        wait_for(lambda: asks(machine, "nb"), "the question before a press", 60)
        # A button joins its pin to ground.
        machine.shell(f"cd {folder}/sim_gpio{pin} && echo pull-down > pull && sleep 0.3; echo pull-up > pull")
        wait_for(lambda: not asks(machine, "nb"), f"the thank-you after the button {face}", 60)
        tally.presses += 1
    wait_for(lambda: asks(machine, "nb"), "the question after the presses", 60)


def buttons(machine: Machine) -> None:
    """The hardware room's own trial of lgpio on simulated pins: bounces, a stuck button, LEDs."""
    said = machine.shell("cd /run && /opt/fjes/.venv/bin/python -m hardware.simulated test; echo ended with $?", 300)
    (machine.folder / "gpio-sim.txt").write_text(said, "utf-8")
    if "ended with 0" not in said:
        raise Trouble(f"buttons on simulated pins:\n{said}")
