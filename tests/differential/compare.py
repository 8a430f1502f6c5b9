"""A program on both: where they differ, and the shortest program that still differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pika.exceptions import DuplicateConsumerTag

from mqlab.replay.compare import ordered
from tests.differential.broker import Broker
from tests.differential.client import Event
from tests.differential.fields import TTL_MS
from tests.differential.model import VERSION, Model, agree
from tests.differential.real import Counts, Run

LATE_S = 0.05
"""A program in which time counts must not take longer for its steps than this, or nobody can say what is right."""
TRIES = 3


@dataclass
class Difference:
    """Where the real broker did something else. `steps`: the program up to there, with the real broker's outcomes."""

    steps: list[Event]
    expected: Any
    got: Any

    def __str__(self) -> str:
        lines = [f"{n}. {one['step']}" for n, one in enumerate(self.steps, 1)]
        return "\n".join([*lines, f"the model: {self.expected}", f"RabbitMQ:  {self.got}"])

    def scenario(self, name: str) -> Event:
        """As `manage.py replay` reads it, in a file of its own."""
        scenario = {"name": name, "about": "found by the differential test", "trace": self.steps}
        return {"version": VERSION, "only_waits_take_time": True, "scenarios": [scenario]}


def differ(broker: Broker, steps: list[Event]) -> Difference | None:
    """Play the steps on both. None where all is the same, or where the order that made them part is free (`Model.free`).

    Where the real broker's processes race, a difference counts only if it comes each time. A quorum queue keeps what may live for
    0 ms a millisecond, and who comes just then gets it; and the limit of a channel's consumers may tell a queue to go on before
    the channel's nack is there.
    """
    timed = any(is_timed(step) for step in steps)
    races = any(step["op"] == "qos" and step.get("global") for step in steps) or (
        any(step.get("args", {}).get("x-queue-type") == "quorum" for step in steps)
        and any(map(is_brief, steps))
    )
    told = None
    for _ in range(TRIES):
        alarms, run = broker.alarms, Run(broker)
        try:
            found = _played(run, steps)
        finally:
            run.close()
        if found is None:
            return None
        if (timed and run.late > LATE_S) or broker.alarms > alarms:
            continue  # this machine is too slow today to tell, or alarmed
        if not races:
            return found
        told = found
    return told


def is_brief(step: Event) -> bool:
    """Whether something may live for no time at all."""
    return step.get("args", {}).get("x-message-ttl") == 0 or step.get("props", {}).get("expiration") == "0"


def is_timed(step: Event) -> bool:
    """Whether a slow machine could change what comes of this: something waits, or may be over its time soon."""
    soon = (TTL_MS, str(TTL_MS))
    values = [*step.get("args", {}).values(), step.get("props", {}).get("expiration")]
    return step["op"] == "wait" or any(value in soon for value in values if isinstance(value, (int, str)))


def _played(run: Run, steps: list[Event]) -> Difference | None:
    model = Model()
    done: list[Event] = []
    for step in steps:
        expected = model.play(step)
        counts = model.counts()
        gone = [name for name in run.queues if name not in model.session.broker.queues]
        got = run.play(step, expected, counts, gone, free=model.free)
        done.append({"step": step, **got})
        found = None
        if not agree(expected, got) and untagged(expected) == untagged(got):
            model.free = (
                True  # two queues sent on one channel at once: who was first is free, and so is what follows
            )
        elif not agree(expected, got):
            found = Difference(done, expected, got)
        elif run.held != counts:
            found = Difference(done, _ready(counts), _ready(run.held))
        if found is not None:
            return None if model.free or _fell_over(got) else found
    broker = model.session.broker
    queues = {name: queue for name, queue in broker.queues.items() if name in run.queues}
    asked = [name for name in run.queues if name not in queues or not queues[name].exclusive]
    there = run.there(asked, list(run.exchanges))
    expected_there = [name for name in asked if name in queues]
    expected_there += [name for name in run.exchanges if name in broker.exchanges]
    if there == expected_there or model.free:
        return None
    return Difference(done, f"at the end: {expected_there}", f"at the end: {there}")


def untagged(outcome: Event) -> Any:
    """Result, observations without their delivery tags, and these: from two queues to one channel, either may come first."""
    tags = sorted(event["delivery_tag"] for event in outcome.get("observed", ()) if "delivery_tag" in event)
    result, groups = ordered(outcome)
    plain = {
        who: [{field: value for field, value in event.items() if field != "delivery_tag"} for event in events]
        for who, events in groups.items()
    }
    return result, plain, tags


def _fell_over(got: Event) -> bool:
    """Whether the real broker met an error of its own (541): that is no rule. rules.yaml lists those known as deviations."""
    return any(event.get("code") == 541 for event in got.get("observed", ()))


def _ready(counts: Counts) -> str:
    return f"(ready, consumers) of each queue: {dict(sorted(counts.items()))}"


def shortest(broker: Broker, found: Difference) -> Difference:
    """The difference in the fewest steps that leaving out blocks of steps comes to."""
    size = len(found.steps)
    steps = [one["step"] for one in found.steps]
    while size >= 1:
        at = 0
        while at < len(steps):
            fewer = steps[:at] + steps[at + size :]
            again = _again(broker, fewer)
            if again is None:
                at += size
            else:
                steps, found = [one["step"] for one in again.steps], again
        size //= 2
    return found


def _again(broker: Broker, steps: list[Event]) -> Difference | None:
    try:
        return differ(broker, steps) if steps else None
    except DuplicateConsumerTag:  # what pika does not send, for what kept the tags apart has been left out
        return None
