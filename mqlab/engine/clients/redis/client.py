"""A program that sends the commands of a script, each at its time, and takes what comes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from mqlab.engine import limits
from mqlab.engine.brokers.redis import methods as m
from mqlab.engine.clients.program import Program
from mqlab.engine.clients.redis.line import Line
from mqlab.engine.events import Called, Handled, Received
from mqlab.engine.message import NO_PROPERTIES, Content, Copy, copy_event
from mqlab.engine.scenario.place import Place, ms
from mqlab.engine.scenario.program import ProgramSpec, There
from mqlab.engine.scene import Flight

if TYPE_CHECKING:
    from mqlab.engine.brokers.redis.broker import Redis
    from mqlab.engine.world import World

CONTENT = Content("", "", NO_PROPERTIES)
WORDS_MAX = 40


class ScriptLine(msgspec.Struct, frozen=True):
    """One command of a script. `at_us`: after the lab's beginning."""

    at_us: int
    command: tuple[str, ...]


class ClientSpec(ProgramSpec, frozen=True, kw_only=True):
    """Its commands, in order of time."""

    kind: ClassVar[str] = "client"
    publishes: ClassVar[Any] = True
    script: tuple[ScriptLine, ...] = ()
    reconnect_us: int = 1_000_000
    start_us: int | None = 0

    def plain(self) -> dict[str, Any]:
        """As the file has it."""
        script = [{"at_ms": ms(one.at_us), "command": list(one.command)} for one in self.script]
        return {
            "kind": self.kind,
            "broker": self.broker,
            "script": script,
            "reconnect_ms": ms(self.reconnect_us),
        }


def read_client(place: Place, name: str, there: There) -> ClientSpec:
    """From its place in a scenario file. Raises ScenarioError."""
    fields = place.fields("kind", "broker", "script", "reconnect_ms")
    script: list[ScriptLine] = []
    for one in fields.need("script").items(limits.SCRIPT_CALLS_MAX, "a list of commands"):
        line = one.fields("at_ms", "command")
        at_us = line.need("at_ms").us()
        if script and at_us < script[-1].at_us:
            raise line.need("at_ms").error("a time not before that of the command above it")
        words = [_word(word) for word in line.need("command").items(WORDS_MAX, "a command and its words")]
        if not words:
            raise line.need("command").error("a command and its words, as in [PUBLISH, news, hello]")
        script.append(ScriptLine(at_us, tuple(words)))
    return ClientSpec(
        broker=fields.need("broker").text(),
        script=tuple(script),
        reconnect_us=fields.get("reconnect_ms", lambda one: one.us(1), 1_000_000),
    )


def _word(place: Place) -> str:
    value = place.plain()
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise place.error("a word or a number")
    return str(value)


class Client(Program, Line):
    """Sends, and takes what comes; what it takes it has handled at once. `known`: what it was given and has not acked."""

    what = "client"

    def __init__(self, world: World, name: str, broker: Redis, spec: ClientSpec, latency_us: int) -> None:
        Line.__init__(self, world, name, broker, latency_us)
        self.role = name
        self.spec = spec
        self.up = True
        self.known: dict[str, None] = {}

    def start(self, cause: str) -> None:
        """Connect, and put the script on the agenda."""
        self.connect()
        for n, one in enumerate(self.spec.script):
            if one.at_us >= self.world.now:
                self.world.at(one.at_us, self.say, n)

    def resume(self, cause: str) -> None:
        """Connected again: the script goes on where it is."""
        self.connect()

    def say(self, n: int) -> None:
        """Send one command of the script, if there is a connection."""
        connection = self.connection
        if connection is None or not connection.alive or not self.up or self.hung:
            return
        verb, *words = self.spec.script[n].command
        request = m.command(verb, *words)
        request.told = True
        world, broker = self.world, self.broker
        arrives = connection.up()
        name = world.name(self.name)
        arguments = {"words": words} if words else None
        self.asked.append(verb)
        world.emit(Called(world.now, name, "", "", self.name, verb, 1, broker.name, arrives, arguments))
        connection.send(
            request, name, arrives, Flight("request", self.name, broker.name, world.now, arrives, ())
        )

    def on_message(self, frame: m.Pushed, departure: str) -> None:
        """Heard, and done."""
        self._took(Copy(frame.copy, frame.message, CONTENT, "", "acked", n=frame.events), departure)

    def on_entry(self, frame: m.Entry, departure: str) -> None:
        """Read, and done; an ack is a command of its own."""
        if frame.copy.state == "unacked":
            self.known[frame.copy.name] = None
        self._took(frame.copy, departure)

    def _took(self, copy: Copy, departure: str) -> None:
        world, of = self.world, (copy.name,)
        name = copy_event(copy)
        world.emit(Received(world.now, name, departure, "", of, self.name))
        done = copy_event(copy)
        world.emit(Handled(world.now, done, name, "", of, self.name, copy.message.key, "ok"))

    def memory(self) -> Iterator[tuple[Copy, str, bool, int, int]]:
        """It keeps nothing."""
        return iter(())

    def forget(self) -> None:
        """Memory is gone."""
        self.known.clear()

    def lose_connection(self, cause: str) -> None:
        """Come back in a while."""
        self.connection = None
        self.forget()
        self.come_back_later(cause)
