"""A recorded Redis scenario, step by step on the engine: what each client was answered, and what was pushed to it."""

from __future__ import annotations

from typing import Any

from mqlab.engine.brokers.redis import methods as m
from mqlab.engine.brokers.redis.broker import VERSIONS as VERSIONS
from mqlab.engine.brokers.redis.broker import Redis
from mqlab.engine.brokers.redis.glob import matches
from mqlab.engine.brokers.redis.resp import Error, Replies
from mqlab.engine.connection import Connection
from mqlab.engine.requests import ConnectionClose
from mqlab.engine.world import World
from mqlab.replay.times import RECORDED, Times

CLOSED = "<connection closed by server>"


class Client:
    """A recorded client: a connection that reads all it is sent. It connects again at its next command."""

    window = 0

    def __init__(self, world: World, name: str, broker: Redis) -> None:
        self.name = name
        self.broker = broker
        self.connection: Connection | None = None
        self.pushed: list[Any] = []
        self.replies: list[Any] = []
        self.asking = False  # it is this client's step: a reply that comes now is the step's

    def ask(self, words: list[Any]) -> Any:
        """Send a command; methods.BLOCKED where the reply comes later."""
        if self.connection is None:
            self.connection = self.broker.connect(self.name, self, instant=True)
        return self.broker.handle(self.broker.name, self.connection, m.command(*words), "")

    def close(self) -> None:
        """End the connection."""
        if self.connection is not None:
            connection, self.connection = self.connection, None
            self.broker.handle(self.broker.name, connection, ConnectionClose(), "")

    def receive(self, frame: Any, cause: str) -> None:
        """What the broker pushes."""
        if isinstance(frame, m.Reply):
            late = shown(frame.value)
            if self.asking and not self.replies:
                self.replies.append(late)
            else:
                self.pushed += late if isinstance(frame.value, Replies) else [late]
        elif isinstance(frame, m.Pushed):
            self.pushed.append(shown(frame.parts))
        elif isinstance(frame, m.Hangup):
            self.pushed.append(CLOSED)

    def hung_up(self, connection: Connection, cause: str) -> None:
        """The connection is gone at the broker."""
        if connection is self.connection:
            self.connection = None


def shown(value: Any) -> Any:
    """A reply as the recordings write it."""
    match value:
        case Error():
            return {"error": value.text}
        case bytes():
            return value.decode("utf-8", "surrogateescape")
        case Replies() | list():
            return [shown(one) for one in value]
        case dict():
            return {str(shown(name)): shown(one) for name, one in value.items()}
        case str():
            return str(value)
    return value


class Session:
    """One scenario: an empty server and its clients."""

    def __init__(self, version: str = "8.0", times: Times = RECORDED) -> None:
        self.times = times
        self.world = World(counted=False)
        self.broker = Redis(self.world, "redis", version)
        self.clients: dict[str, Client] = {}
        self.heard: dict[str, list[Any]] = {}  # what each client was pushed in the latest step, the asker too
        self.answered: Any = m.BLOCKED  # what the latest command returned

    def client(self, name: str) -> Client:
        """A client, connected when it first sends something."""
        if name not in self.clients:
            self.clients[name] = Client(self.world, name, self.broker)
        return self.clients[name]

    def play(self, step: dict[str, Any]) -> dict[str, Any]:
        """One step. Returns its outcome: `reply` and `pushed_to_others`, each only where there is something."""
        words = step["cmd"]
        name = step.get("client", "")
        outcome: dict[str, Any] = {}
        if words[0] == "@sleep":
            self._pass(words[1])
        elif words[0] == "@close":
            self.client(name).close()
        else:
            client = self.client(name)
            client.replies.clear()
            client.asking = True
            reply = self.answered = client.ask(words)
            self._settle()
            self._pass(self.times.listen_ms)
            client.asking = False
            if reply is not m.BLOCKED:
                outcome["reply"] = shown(reply)
            elif client.replies:
                outcome["reply"] = client.replies[0]
        self._settle()
        if words[0] == "@close":
            self._pass(self.times.listen_ms)
        self.heard = {one.name: [*one.pushed] for one in self.clients.values() if one.pushed}
        for one in self.clients.values():
            one.pushed.clear()
        others = {one: got for one, got in self.heard.items() if one != name}
        if others:
            outcome["pushed_to_others"] = others
        return outcome

    def _settle(self) -> None:
        self.world.finish()
        self.world.rest()

    def _pass(self, ms: int) -> None:
        self._settle()
        self.world.run(self.world.now + ms * 1000 + 1)
        self.world.now -= 1  # what is due at the end itself has happened; the next step begins at the end


def play(scenario: dict[str, Any], version: str = "8.0", times: Times = RECORDED) -> dict[str, Any]:
    """The scenario with every outcome replaced by the engine's own."""
    session = Session(version, times)
    trace = []
    for entry in scenario["trace"]:
        step = {name: entry[name] for name in ("client", "cmd") if name in entry}
        trace.append({**step, **session.play(step)})
    return {**scenario, "trace": trace}


def not_run(scenario: dict[str, Any], why: str) -> dict[str, Any]:
    """In place of outcomes the reason, so that nobody takes what was recorded for ours."""
    trace = [
        {**{name: entry[name] for name in ("client", "cmd") if name in entry}, "reply": {"cannot_run": why}}
        for entry in scenario["trace"]
    ]
    return {**scenario, "trace": trace}


def comparable(trace: list[dict[str, Any]]) -> list[tuple[Any, Any]]:
    """Replies and pushes, step by step: the pmessages of one PUBLISH to one client as a set, and of a closed connection only
    the first word, until its client speaks again."""
    closed: set[str] = set()
    found = []
    for entry in trace:
        closed.discard(entry.get("client", ""))
        pushed = {}
        for client, got in entry.get("pushed_to_others", {}).items():
            fresh = [
                one
                for at, one in enumerate(got)
                if one != CLOSED or (client not in closed and CLOSED not in got[:at])
            ]
            if CLOSED in got:
                closed.add(client)
            if fresh:
                pushed[client] = in_one_order(fresh)
        found.append((entry.get("reply"), pushed))
    return found


def is_pmessage(said: Any) -> bool:
    """Whether this was pushed because of a pattern."""
    return isinstance(said, list) and said[:1] == ["pmessage"]


def in_one_order(got: list[Any]) -> list[Any]:
    """Pushes, with each run of pmessages of one publish sorted: in which order patterns are tried is free."""
    ordered: list[Any] = []
    run: list[Any] = []
    for one in [*got, CLOSED]:
        if is_pmessage(one) and (not run or run[-1][2:] == one[2:]):
            run.append(one)
            continue
        ordered += sorted(run)
        run = []
        if is_pmessage(one):
            run.append(one)
        else:
            ordered.append(one)
    return ordered[:-1]


def glob(recorded: dict[str, Any]) -> dict[str, list[str]]:
    """Pattern -> the channels that it lets through, in publish order."""
    return {
        pattern: [channel for channel in recorded["channels"] if matches(pattern.encode(), channel.encode())]
        for pattern in recorded["matches"]
    }
