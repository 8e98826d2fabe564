"""The running kiosk: one window, its loop, and what happens at a touch.

Ties the visit (what counts) to the screens (what is seen), the window's touches, the ledger and the calendar. The loop
is our own: a round when something came in or is due, and between rounds it sleeps (`terminal.kiosk.loop`).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hardware.screen import FOLDER as BACKLIGHTS
from ratings.config import Config
from ratings.scale import Score
from ratings.watchdog import nothing
from terminal.clock import Clock
from terminal.faults import Faults
from terminal.kiosk import environment
from terminal.kiosk.attendant import Attendant
from terminal.kiosk.backroom import Backroom
from terminal.kiosk.calendar import Calendar, Ledger
from terminal.kiosk.changes import Changes
from terminal.kiosk.lighting import Lighting
from terminal.kiosk.loop import Sleeper
from terminal.kiosk.panel import Panel
from terminal.kiosk.pictograms import PictureError, pictures
from terminal.kiosk.touch import Fingers, Language, Listen, Pushes, Reason, Target
from terminal.kiosk.words import WordsError, words
from terminal.ledger import StoreError
from terminal.repeats import Pounding
from terminal.rest import Rest
from terminal.visit import Choose, State, Visit

if TYPE_CHECKING:
    # They import Kivy, which must not be imported before `environment.prepare`.
    from terminal.kiosk.drawing import View
    from terminal.kiosk.lettering import Lettering
    from terminal.kiosk.screens import Screens


class Kiosk:
    """The kiosk of one terminal. Opens its window when it is made; a process can have one.

    `offscreen` draws into memory, as does a machine without a screen; `backlights` is where the screen's light is set;
    `sleeper` makes what waits for the window that it is given; `changes` is what the dashboard sets, of which `config`
    has what is in force; `turned` is called in each round of the loop.
    Raises DisplayError, PictureError, TypefaceError, WordsError.
    """

    def __init__(
        self,
        config: Config,
        clock: Clock,
        ledger: Ledger,
        *,
        offscreen: bool = False,
        backlights: Path = BACKLIGHTS,
        sleeper: Callable[[Any], Sleeper] = Sleeper,
        changes: Changes | None = None,
        turned: Callable[[], None] = nothing,
    ) -> None:
        self.offscreen = offscreen or not environment.has_display()
        self._config = config
        self._clock = clock
        self._ledger = ledger
        self._words = [words(language) for language in config.kiosk.languages]
        self._pictures = pictures(config.follow_up.reasons)
        self._changes = changes
        self._turned = turned
        self._backlights = backlights
        self._calendar = Calendar(config, clock, ledger, changes.asked if changes else None)
        self._visit = Visit(self._record, config.kiosk, clock, self._calendar.is_open, config.follow_up)
        self._pounding = Pounding(config.repeats)
        self.faults = Faults()
        """What the release of the day tells of."""
        self._fingers = Fingers()
        self.pushes = Pushes()
        """The hardware button that is down: told how to see that by whoever opened them."""
        self.light_buttons: Callable[[bool], None] = lambda _: None
        """Lights the LEDs of the hardware buttons, all alike; given by whoever opened them."""
        self._buttons_lit = False
        self._backroom = Backroom(config, clock, self.refresh)
        self._over: Target | None = None
        self._presses: deque[Score | Listen] = deque()
        self._stopping = False
        self._untidy = False
        self._looked = clock.monotonic()
        self._open()
        self._lighting = Lighting(config, clock.monotonic(), backlights)
        self._sleeper = sleeper(self.window)

    @property
    def visit(self) -> Visit:
        """The visit in front of the screen. Only for the thread that runs the kiosk."""
        return self._visit

    @property
    def window(self) -> Any:
        """Kivy's window."""
        return self._panel.window

    @property
    def panel(self) -> Panel:
        """What is drawn on and touched."""
        return self._panel

    @property
    def screens(self) -> Screens:
        """The pictures that are shown."""
        return self._screens

    @property
    def lettering(self) -> Lettering:
        """What sets the texts."""
        return self._lettering

    @property
    def backroom(self) -> Backroom:
        """The staff menu."""
        return self._backroom

    @property
    def changes(self) -> Changes | None:
        """What the dashboard sets."""
        return self._changes

    @property
    def attendant(self) -> Attendant:
        """What speaks, and goes through the languages."""
        return self._attendant

    @property
    def rest(self) -> Rest:
        """How the screen is lit."""
        return self._lighting.rest

    def configure(self, config: Config, backlights: Path = BACKLIGHTS) -> None:
        """Go by another configuration from now on: what visitors see, when it asks, how it is lit, what is pounding.

        New languages and reasons are counted, too. The window, what is released and the place of the store stay as they
        were. Raises PictureError, WordsError and StoreError; then nothing has changed.
        """
        spoken, drawn = [words(each) for each in config.kiosk.languages], pictures(config.follow_up.reasons)
        self._ledger.configure(config.kiosk.languages, [reason.id for reason in config.follow_up.reasons])
        self._words, self._pictures = spoken, drawn
        if config.repeats != self._config.repeats:
            self._pounding = Pounding(config.repeats)
        self._config = config
        self._calendar.configure(config)
        self._lighting = Lighting(config, self._clock.monotonic(), backlights)
        self._visit.configure(config.kiosk, config.follow_up)
        self._attendant.configure(config)
        self._backroom.voice = self._attendant.voice
        self._backroom.configure(config)
        self._fingers.forget()
        self._draw_screens()

    def run(self) -> None:
        """Show the kiosk until `stop` is called or the window is closed. Then the window is gone."""
        try:
            while not self._stopping:
                self.step()
                self._turned()
                self._sleeper.sleep(self._pause())
        finally:
            self.close()

    def stop(self) -> None:
        """Ask `run` to return. May be called from any thread, and from a signal handler."""
        self._stopping = True
        self._sleeper.wake()

    def press(self, score: Score) -> None:
        """A hardware button was pressed. May be called from any thread."""
        self._presses.append(score)
        self._sleeper.wake()

    def listen(self) -> None:
        """A hardware button was held: say the question, and name the faces. May be called from any thread."""
        self._presses.append(Listen())
        self._sleeper.wake()

    def refresh(self) -> None:
        """Look at the clock now: it was moved. May be called from any thread."""
        self._sleeper.wake()

    def step(self) -> None:
        """One round of the loop: take what came in, do what is due, draw what changed. Does not wait."""
        self._looked = self._clock.monotonic()
        self.window.mainloop()
        if self._changes is not None and (config := self._changes.look(self._looked)) is not None and self._is_free():
            self._change(self._changes, config)
        if self._calendar.look():
            self._draw_screens()
        self._attendant.advance(self.rest, free=not self._backroom.is_open)
        while self._presses:
            self._take(self._presses.popleft())
        self._visit.advance()
        self._light_buttons()
        if self._backroom.look(self._visit.state):
            self._visit.leave()
            self._fingers.forget()
        if self.rest.look(self._clock.monotonic(), closed=self._visit.state is State.CLOSED):
            self._fingers.forget()
        self._attendant.look(self.rest, free=not self._backroom.is_open)
        if self._attendant.voice.languages != self._voices and self._fingers.target is None:
            self._draw_screens()
        self._show()
        # Touches are dispatched in here; what they change is drawn in the same round.
        self._panel.loop.idle()
        if self._untidy:
            self._tidy()
        if self._unprepared:
            self._prepare()

    def close(self) -> None:
        """Close the window. `run` does this at its end."""
        # SDL ends with the window: a sound card that is being looked for then would be waited for without end.
        self._attendant.close()
        # While there is a window still: a screen without a backlight is switched on through it.
        self._lighting.leave()
        if self._panel.close():
            self._sleeper.close()
            self.light_buttons(False)

    def target(self, x: float, y: float) -> Target | None:
        """The button at a point in pixels from the top left corner."""
        if self._visit.state is State.FOLLOW_UP and not self._visit.takes_reasons:
            return None
        target = self._screens.target(self._visit.state, x, y)
        # In a language that cannot be heard the button is not there.
        return None if target == Listen() and self._attendant.language not in self._voices else target

    def _open(self) -> None:
        self._panel = Panel(self._config.kiosk, offscreen=self.offscreen)
        # Only now: importing this imports Kivy.
        from terminal.kiosk import lettering

        self._lettering: Lettering = lettering.Lettering()
        self._attendant = Attendant(self._config, self._clock, self._visit, self._calendar.question)
        self._backroom.voice = self._attendant.voice
        self._panel.listen(down=self._finger_down, moved=self._finger_moved, up=self._finger_up)
        self.window.bind(on_resize=self._resized, on_request_close=self._asked_to_close)
        self._draw_screens()
        self._panel.start()

    def _is_free(self) -> bool:
        """Whether nobody is in the midst of a visit, as far as can be told."""
        return (
            self._visit.state in (State.ASKING, State.CLOSED)
            and self._visit.deadline() is None
            and self._fingers.target is None
            and not self._presses
            and not self._backroom.is_open
            and not self._attendant.voice.speaking
        )

    def _change(self, changes: Changes, config: Config) -> None:
        """Go by what the dashboard has set. Nothing is logged: the line would tell when a visit ended."""
        try:
            self.configure(config, self._backlights)
        except (PictureError, StoreError, WordsError):
            changes.put_off(self._looked)
        else:
            changes.take()

    def _draw_screens(self) -> None:
        from terminal.kiosk import screens

        width, height = self._panel.turn(self._config.kiosk).layout
        kiosk, spoken, letters = self._config.kiosk, self._words, self._lettering
        question, reasons = self._calendar.question, self._config.follow_up.reasons
        self._attendant.ask(question)
        self._voices = voices = self._attendant.voice.languages
        said = self._config.said.texts if kiosk.attract_seconds else {}
        place = screens.arrange(width, height, spoken, letters, kiosk.best_face, voices=voices, said=said)
        self._screens = screens.Screens(
            place, spoken, question, letters, reasons, self._pictures, voices=voices, said=said
        )
        self._backroom.question = question
        self._backroom.arrange(width, height, list(place.faces))
        self._unprepared = self._screens.preparations()
        self._shown: View | None = None
        self._show()

    def _show(self) -> None:
        from terminal.kiosk.drawing import View

        if self._backroom.show(self._panel.canvas, self._lettering):
            self._shown = None
            return
        held, shown = self._fingers.target, self._attendant
        view = View(
            self._visit.state,
            shown.language,
            held if held == self._over else None,
            shown.voice.naming,
            shown.voice.speaking,
            shown.said,
        )
        if view != self._shown:
            if view.state is not State.ASKING and (self._shown is None or self._shown.state is not view.state):
                self._fingers.forget()
            self._screens.draw(self._panel.canvas, view)
            self._shown = view

    def _prepare(self) -> None:
        """Draw one more thing that nobody has asked for yet, while nobody touches the screen."""
        if self._fingers.target is None:
            self._unprepared.pop()()

    def _take(self, pressed: Score | Listen) -> None:
        """What a hardware button did."""
        counts = self.rest.touch(self._clock.monotonic())
        if isinstance(pressed, Score):
            self.pushes.went_down(pressed)
        if self._backroom.is_open:
            self._attendant.notice()
            if isinstance(pressed, Score) and counts:
                self._backroom.button(pressed)
            return
        self._attendant.touched(pressed if counts else None)
        if isinstance(pressed, Score):
            if counts:
                self._push(pressed)
        elif counts:
            self._attendant.listen(tuple(self._screens.layout.faces), anew=True)

    def _push(self, score: Score) -> None:
        now = self._clock.monotonic()
        self._visit.advance()
        if self._visit.state is State.ASKING and not self._fingers.holds(now) and not self.pushes.holds(now):
            self.pushes.counted(score, now)
            self._press(score)

    def _press(self, score: Score) -> None:
        # Where the rest was over a moment ago, they go dark first: each rating lights them anew.
        self._visit.advance()
        self._light_buttons()
        if self._visit.press(score):
            self._untidy = True
        # Before anything is drawn: it takes no time, and is seen where there is no screen.
        self._light_buttons()
        self._show()

    def _light_buttons(self) -> None:
        """Lit from the moment that a rating is on the disk, by whatever it was made, until the next one may come."""
        lit = self._visit.state in (State.FOLLOW_UP, State.THANKS)
        if lit != self._buttons_lit:
            self._buttons_lit = lit
            self.light_buttons(lit)

    def _record(self, score: Score, language: str | None) -> Choose | None:
        repeat = self._pounding.is_repeat(self._clock.monotonic())
        self.faults.pounded |= repeat
        question = self._calendar.question.id
        pending = self._ledger.record(question, score, language, self._clock.now(), repeat=repeat)
        return partial(self._ledger.choose, pending) if pending else None

    def _tidy(self) -> None:
        """Called when the thank-you is on the screen, so that nobody waits for it. A failure is tried again."""
        try:
            self._ledger.tidy()
        except StoreError:
            # Nothing is logged here: a line in a log would tell when a visitor pressed.
            return
        self._untidy = False

    def _finger_down(self, finger: int, x: float, y: float) -> None:
        self._visit.advance()
        # A touch that only wakes the screen is no finger: lifting it will find nothing that it was put down on.
        awake, target = self.rest.touch(self._clock.monotonic()), self.target(x, y)
        if self._backroom.is_open:
            self._attendant.notice()
        else:
            self._attendant.touched(target if awake else None)
        ours = self._backroom.down(finger, x, y, free=target is None, awake=awake)
        if not ours and awake and not self.pushes.holds(self._clock.monotonic()):
            self._over = target
            self._fingers.put(finger, self._over, self._clock.monotonic())
        self._show()

    def _finger_moved(self, finger: int, x: float, y: float) -> None:
        if not self._backroom.moved(finger, x, y):
            self._over = self.target(x, y)
        self._show()

    def _finger_up(self, finger: int, x: float, y: float) -> None:
        self._visit.advance()
        self._attendant.notice()
        if self._backroom.up(finger, x, y):
            self._show()
            return
        counts = self._fingers.lift(finger, self.target(x, y), self._clock.monotonic())
        self._over = None
        if isinstance(counts, Score):
            self._press(counts)
        elif isinstance(counts, Language):
            self._visit.choose(counts.code)
        elif isinstance(counts, Listen):
            self._attendant.listen(tuple(self._screens.layout.faces), anew=False)
        elif isinstance(counts, Reason) and self._visit.answer(counts.id):
            self._untidy = True
        self._show()

    def _resized(self, *_: Any) -> None:
        if self._panel.was_resized:
            self._fingers.forget()
            self._draw_screens()

    def _asked_to_close(self, *_: Any, **__: Any) -> bool:
        """Close a window, but never the full screen; Kivy is told not to do it itself."""
        if self._config.kiosk.window is not None:
            self.stop()
        return True

    def _pause(self) -> float:
        """Seconds until something is due."""
        if self._unprepared and self._fingers.target is None:
            return 0
        closed = self._visit.state is State.CLOSED
        moments = (
            self._visit.deadline(),
            self.rest.deadline(closed=closed),
            self._calendar.deadline(),
            self._backroom.deadline(),
            self._attendant.deadline(),
            self._changes.deadline() if self._changes is not None else None,
        )
        # What was due before the last round began has failed in it, and waits for the next without being waited for.
        due = [moment for moment in moments if moment is not None and moment > self._looked]
        return min(due, default=math.inf) - self._clock.monotonic()
