"""Small labs that run in a test, with what the judges said of them."""

from __future__ import annotations

from typing import Any

from mqlab.engine.acts import apply
from mqlab.engine.commands import AnyCommand
from mqlab.engine.events import Event, VerdictChanged
from mqlab.engine.lab import build
from mqlab.engine.scenario import load
from mqlab.engine.world import World

SECOND = 1_000_000


class Lab:
    """A lab at work: `told` is everything that happened since its beginning."""

    def __init__(self, text: str, seed: int = 7) -> None:
        self.world: World = build(load(text), seed)
        self.told: list[Event] = []

    def run(self, seconds: float) -> Lab:
        """Let so many virtual seconds pass."""
        self.told += self.world.run(self.world.now + round(seconds * SECOND))
        return self

    def run_until(self, kind: type[Event], **fields: Any) -> Any:
        """Run up to and with the next event of this kind that has these fields."""
        while self.world.now < 600 * SECOND:
            events = self.world.step()
            self.told += events
            for event in events:
                if isinstance(event, kind) and all(
                    getattr(event, name) == value for name, value in fields.items()
                ):
                    return event
        raise AssertionError(f"no {kind.__name__} with {fields}")

    def do(self, command: AnyCommand) -> Lab:
        """Act, here and now."""
        apply(self.world, command, f"do:act{len(self.told)}")
        self.told += self.world.finish()
        return self

    def verdict(self, name: str) -> int:
        """The count as the last event told it."""
        values = [
            event.value for event in self.told if isinstance(event, VerdictChanged) and event.verdict == name
        ]
        return values[-1] if values else int(name == "conserved")

    @property
    def verdicts(self) -> dict[str, int]:
        """Those that are not as in the beginning."""
        names = ("lost", "duplicated", "out_of_order", "dead", "stuck", "conserved")
        return {name: value for name in names if (value := self.verdict(name)) != int(name == "conserved")}


def lab(
    *, queue: str = "{}", producer: str = "", consumer: str | None = "service: {constant_ms: 50}", more_queues: str = "",
    more_programs: str = "", bindings: str = "", rate: str = "{constant: 10}", goals: str = "[]", keys: str = "[A]",
    seed: int = 7,
) -> Lab:  # fmt: skip
    """web -> orders -> q -> worker: ten messages a second, persistent, 10 ms away, 50 ms each."""
    worker = (
        "" if consumer is None else f"\n  worker: {{kind: consumer, broker: rabbit, queue: q, {consumer}}}"
    )
    return Lab(
        f"""\
format: 1
title: A lab of a test
brokers:
  rabbit:
    kind: rabbitmq
    exchanges: {{orders: {{type: direct}}, dead: {{type: fanout}}}}
    queues: {{q: {queue}{more_queues}}}
    bindings: [{{source: orders, destination: q, routing_key: k}}{bindings}]
programs:
  web: {{kind: producer, broker: rabbit, rate: {rate}, {producer}
    publish: {{exchange: orders, routing_key: k, keys: {keys}, properties: {{delivery_mode: 2}}}}}}{worker}{more_programs}
links: {{default: {{latency_ms: 10, exchange_ms: 10}}}}
goals: {goals}
""",
        seed,
    )
