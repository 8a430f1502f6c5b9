"""A program that sends at a pace: at a rate, in bursts, or by a script. What it sends, and how, is in the subclass."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from mqlab.engine.clients.program import Program
from mqlab.engine.draw import draw, exponential, stem
from mqlab.engine.message import Message
from mqlab.engine.scenario.text import fill

if TYPE_CHECKING:
    from mqlab.engine.scenario.pace import PaceSpec
    from mqlab.engine.world import World


class Paced(Program, ABC):
    """`made` counts its messages, `ticks` its beats; `due` is when the next one comes.

    The subclass says whether it can send now (`ready`), and sends (`make`)."""

    what = "producer"
    spec: PaceSpec

    def __init__(self, world: World, name: str, spec: PaceSpec) -> None:
        self.role = name
        self.spec = spec
        self.made = 0
        self.ticks = 0
        self.due = 0
        self.turn = 0  # which pending beat is the true one; others on the agenda are stale
        self.up = True
        self._gap, self._key = stem(world.seed, name, "gap"), stem(world.seed, name, "key")

    @property
    def ready(self) -> bool:
        """Whether it can send now; else its beat passes in silence."""
        return self.connection is not None

    @abstractmethod
    def make(self, item: Any = None) -> Any:
        """Send the next message: as the script's item has it, or as its settings do. Returns what `make_again` takes."""

    @abstractmethod
    def make_again(self, sent: Any) -> None:
        """Send this one once more."""

    def set_off(self) -> None:
        """Let the first beat come."""
        self.wait(max(self.world.now, self.spec.start_us))

    def scale(self, spec: PaceSpec) -> None:
        """Take new settings: a pending gap is scaled to the new rate, not drawn again; one that had ended may go on."""
        old, self.spec = self.spec, spec
        now = self.world.now
        if old.rate == spec.rate and self.due > now:
            return
        was, will = old.rate.per_s, spec.rate.per_s
        if was and will and self.due > now:
            self._at(now + round((self.due - now) * was / will))
        else:
            self.wait(now)

    def wait(self, after: int) -> None:
        """Put the next beat on the agenda."""
        rate, n = self.spec.rate, self.ticks
        if self.spec.count and self.made >= self.spec.count:
            return
        if rate.script:
            if n < len(rate.script):
                self._at(max(after, self.spec.start_us + rate.script[n].at_us))
        elif rate.burst:
            self._at(after + rate.burst.every_us if n else after)
        elif rate.constant:
            self._at(after + round(1_000_000 / rate.constant))
        elif rate.poisson:
            self._at(after + round(exponential(1_000_000 / rate.poisson, self._gap, n)))

    def _at(self, t: int) -> None:
        self.turn += 1
        self.due = t
        self.world.at(t, self.beat, self.turn)

    def beat(self, turn: int) -> None:
        """One beat of the rate: a message, or a burst."""
        if turn != self.turn or not self.up or self.hung:
            return
        spec, rate = self.spec, self.spec.rate
        if spec.stop_us and self.world.now >= spec.stop_us:
            return
        if self.ready:
            self.next_one(rate.script[self.ticks] if rate.script else None)
            for _ in range((rate.burst.count if rate.burst else 1) - 1):
                self.world.at(self.world.now, self.next_one)
        self.ticks += 1
        self.wait(self.world.now)

    def next_one(self, item: Any = None) -> None:
        """Send one more, unless it has sent them all, or cannot any longer."""
        spec = self.spec
        if self.ready and not (spec.count and self.made >= spec.count):
            self.made += 1
            sent = self.make(item)
            for again in spec.again:
                if again.message == self.made:
                    self.world.at(self.world.now + again.after_us, self.send_again, sent)

    def send_again(self, sent: Any) -> None:
        """Send a message a second time, as one does that does not know whether the first arrived; not while it is down."""
        if self.ready and self.up and not self.hung:
            self.make_again(sent)

    def message(self, keys: tuple[str, ...], key: str, body: str) -> Message:
        """Its message number `made`: with this key, or ("") one drawn from `keys`."""
        n = self.made
        if not key and keys:
            key = keys[draw(self._key, n) % len(keys)]
        return Message(f"{self.name}-{n}", key, fill(body, key=key, name=self.name, n=n).encode())

    def filled(self, template: str, message: Message) -> str:
        """A template with what it says of this message."""
        return fill(template, key=message.key, name=self.name, n=self.made)

    def thaw(self, cause: str) -> None:
        """Go on as if the last message had just been sent."""
        self.wait(max(self.world.now, self.spec.start_us))

    def catch_up(self) -> None:
        """It runs again: where its next beat is long over, let another one come."""
        if self.due < self.world.now:  # it was started while the broker was down
            self.wait(self.world.now)
