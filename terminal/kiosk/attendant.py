"""What the kiosk does beside taking ratings: it speaks when somebody listens, and goes through the languages when
nobody is there. Joins the voice and the rule of `terminal.attract` with the visit. Knows no window and no ledger.
"""

from __future__ import annotations

from collections.abc import Sequence

from hardware.screen import Light
from ratings.config import Config, Question
from ratings.scale import Score
from terminal.attract import Attract
from terminal.clock import Clock
from terminal.kiosk.touch import Listen, Target
from terminal.kiosk.voice import Voice
from terminal.rest import Rest
from terminal.visit import State, Visit


def _heard(config: Config) -> object:
    """All that the voice depends on."""
    return config.sound, config.kiosk.languages, config.questions, config.terminal.zone


class Attendant:
    """Of one visit. Made when the window is open (`Voice` says why); one thread calls it."""

    def __init__(self, config: Config, clock: Clock, visit: Visit, question: Question) -> None:
        self._config = config
        self._clock = clock
        self._visit = visit
        self._question = question
        self.voice = Voice(config, config.kiosk.languages, clock)
        """What speaks."""
        self._attract = self._new_attract()
        self._hushed = False

    @property
    def language(self) -> str:
        """The language that is shown."""
        return self._attract.language or self._visit.language

    @property
    def said(self) -> bool:
        """Whether "you said, we did" is shown."""
        return self._attract.on and bool(self._config.said.texts.get(self.language))

    def configure(self, config: Config) -> None:
        """Go by another configuration from now on."""
        sounds = (config.sound, config.kiosk.languages, config.questions, config.terminal.zone)
        if sounds != (
            self._config.sound,
            self._config.kiosk.languages,
            self._config.questions,
            self._config.terminal.zone,
        ):
            self.voice.close()
            self.voice = Voice(config, config.kiosk.languages, self._clock)
        self.voice.hush()
        self._config = config
        self._attract = self._new_attract()

    def ask(self, question: Question) -> None:
        """Another question is asked from now on."""
        if question != self._question:
            self._question = question
            self.voice.hush()
            self.voice.ask(question)

    def notice(self) -> None:
        """Somebody is there, whatever they do."""
        self._attract.touch(self._clock.monotonic())

    def touched(self, target: Target | None = None) -> None:
        """A finger was put down, perhaps on a button, or a hardware button was pressed: be silent at once."""
        shown = self.language
        self._hushed = self.voice.speaking
        self.voice.hush()
        self.notice()
        if target == Listen():
            # It says what could be read when the finger came.
            self._visit.stay(shown)

    def listen(self, order: Sequence[Score], *, anew: bool) -> None:
        """Say the question, and name the faces in this order.

        The touch that found it speaking was one to silence it, unless it is to begin `anew`.
        """
        if self._visit.state is State.ASKING and (anew or not self._hushed):
            self.voice.speak(self.language, self._question, order)

    def advance(self, rest: Rest, *, free: bool) -> None:
        """Time has passed: say what is due. To be called before the visit's own; `free`: visitors see their screens."""
        if self.voice.speaking and free:
            if self._visit.state is not State.ASKING:
                self.voice.hush()
            else:
                # Whoever listens is there: while it is said as well as when it ends.
                self._visit.stay(self._visit.language)
                self.notice()
                if rest.light is Light.BRIGHT:
                    rest.touch(self._clock.monotonic())
        self.voice.advance()

    def look(self, rest: Rest, *, free: bool) -> None:
        """Time has passed: show the language whose turn it is. To be called after the visit's own `advance`."""
        asking = self._visit.state is State.ASKING and self._visit.deadline() is None
        bright = rest.light is Light.BRIGHT
        self._attract.look(self._clock.monotonic(), allowed=free and asking and bright and not self.voice.speaking)

    def deadline(self) -> float | None:
        """The moment (of `Clock.monotonic`) at which `advance` will change something; None while nothing is due."""
        moments = (self.voice.deadline(), self._attract.deadline())
        return min((moment for moment in moments if moment is not None), default=None)

    def close(self) -> None:
        """Give the sound card back."""
        self.voice.close()

    def _new_attract(self) -> Attract:
        kiosk = self._config.kiosk
        return Attract(self._clock.monotonic(), kiosk.attract_seconds or None, kiosk.languages)
