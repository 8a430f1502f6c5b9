"""What became of each message of one future: when it was published, to whom it was given, how each copy of it ended.

A fold over events that keeps when each thing happened, so that it answers for every moment up to which it was told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mqlab.engine import commands as c
from mqlab.engine import events as e
from mqlab.engine.message import message_of
from mqlab.engine.recording import Recording, Work
from mqlab.engine.scene import Position


class Delivery(NamedTuple):
    """The queue gave it to a program."""

    t: int
    program: str


class End(NamedTuple):
    """A copy ended. how: acked, rejected, lost, dropped, expired, …; where: the program or node that ended it."""

    t: int
    how: str
    where: str

    @property
    def words(self) -> str:
        """As a participle."""
        return WORDS.get(self.how, self.how)

    @property
    def by(self) -> str:
        """By whom, or where."""
        return (
            f" by {self.where}"
            if self.how in ("acked", "rejected")
            else f" at {self.where}"
            if self.where
            else ""
        )


WORDS = {
    "dead": "dead-lettered",
    "unroutable": "unroutable and gone",
    "returned": "returned as unroutable",
    "gone": "deleted with its queue",
    "missed": "heard by nobody",
}


@dataclass(slots=True)
class Fate:
    """Of one message, over all its copies. `published`: the moments, of which the first counts."""

    key: str = ""
    published: list[int] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    ends: list[End] = field(default_factory=list)

    def until(self, t: int) -> Fate:
        """As it was right after this moment."""
        published = [at for at in self.published if at <= t]
        return Fate(
            self.key if published else "",
            published,
            [one for one in self.deliveries if one.t <= t],
            [one for one in self.ends if one.t <= t],
        )

    def told(self) -> list[tuple[Any, ...]]:
        """Everything, in order of time."""
        return sorted([*[(t,) for t in self.published], *self.deliveries, *self.ends], key=lambda one: one[0])


class Fates:
    """Of all messages of a future, as far as it was followed."""

    def __init__(self, future: str) -> None:
        self.future = future
        self.at: Position = (0, 0)
        self.messages: dict[str, Fate] = {}
        self.verdicts: dict[str, list[tuple[int, int]]] = {}
        self.requeued: list[tuple[int, int]] = []

    def follow(self, recording: Recording, until_us: int) -> Work[None]:
        """Hear what happens up to and with this moment."""
        while self.at <= (until_us, 1 << 40):
            piece = yield from recording.piece(self.future, self.at)
            for event in piece.events:
                self.hear(event)
            if piece.to <= self.at:
                return
            self.at = piece.to
            yield

    def hear(self, event: e.Event) -> None:
        """One event more."""
        match event:
            case e.Published():
                for fate in self._of(event):
                    fate.published.append(event.t)
                    fate.key = event.key
            case e.Delivered():
                for fate in self._of(event):
                    fate.deliveries.append(Delivery(event.t, event.program))
                    if event.auto_ack:
                        fate.ends.append(End(event.t, "acked", event.program))
            case e.Replied():
                for fate in self._of(event):
                    fate.deliveries.append(Delivery(event.t, event.program))
                self._end(event, "acked", event.program)
            case e.Broadcast():
                for copy, program in zip(event.of, event.to, strict=True):
                    fate = self.messages.setdefault(message_of(copy), Fate())
                    fate.deliveries.append(Delivery(event.t, program))
            case e.Fetched() | e.Claimed():
                for fate in self._of(event):
                    fate.deliveries.append(Delivery(event.t, event.program))
            case e.Missed():
                self._end(event, "missed", event.channel)
            case e.Settled(outcome="acked" | "rejected"):
                self._end(event, event.outcome, event.program)
            case e.Unroutable():
                self._end(event, "returned" if event.returned else "unroutable", event.exchange)
            case e.Refused():
                self._end(event, "refused", event.exchange)
            case e.Dropped():
                self._end(event, "dropped", event.queue)
            case e.Expired():
                self._end(event, "expired", event.queue)
            case e.Purged():
                self._end(event, "purged", event.queue)
            case e.DeadLettered():
                self._end(event, "dead", event.queue)
            case e.NodeRemoved():
                self._end(event, "gone", event.node)
            case e.Lost() if event.ends or event.what == "message":
                self._end(event, "lost", event.node)
            case e.Requeued():
                self.requeued.append((event.t, len(event.of)))
            case e.VerdictChanged():
                self.verdicts.setdefault(event.verdict, []).append((event.t, event.value))

    def totals(self, until_us: int, verdicts: Sequence[str]) -> dict[str, int]:
        """These verdicts at the moment, and how many were published, redelivered and acked."""
        found = {}
        for name in verdicts:
            found[name] = max(
                [(t, value) for t, value in self.verdicts.get(name, ()) if t <= until_us], default=(0, 0)
            )[1]
        found["published"] = sum(
            1 for fate in self.messages.values() if fate.published and fate.published[0] <= until_us
        )
        found["redelivered"] = sum(count for t, count in self.requeued if t <= until_us)
        found["acked"] = sum(
            1
            for fate in self.messages.values()
            for end in fate.ends
            if end.how == "acked" and end.t <= until_us
        )
        return found

    def _of(self, event: Any) -> list[Fate]:
        return [self.messages.setdefault(message_of(copy), Fate()) for copy in event.of]

    def _end(self, event: Any, how: str, where: str) -> None:
        for fate in self._of(event):
            fate.ends.append(End(event.t, how, where))


def named(command: c.AnyCommand) -> str:
    """An act as a thing: "the crash of worker-1"."""
    match command:
        case c.Publish():
            return f"you-{command.number}"
        case c.Change():
            simple = {
                name: value
                for name, value in command.settings.items()
                if isinstance(value, str | int | float)
            }
            if len(simple) == len(command.settings) == 1:
                ((name, value),) = simple.items()
                return f"{name.replace('_', ' ')} {value} at {command.node}"
            return f"the change of {command.node}"
        case c.SetPolicy() | c.ClearPolicy():
            what = "policy" if isinstance(command, c.SetPolicy) else "end of the policy"
            return f"the {what} {command.policy}"
        case c.RaiseAlarm() | c.ClearAlarm():
            what = "alarm" if isinstance(command, c.RaiseAlarm) else "end of the alarm"
            return f"the {what} of {command.node} for {command.resource}"
    verbs = {
        "unbind": "unbinding", "bind": "binding", "delete": "deletion", "stop_node": "stop", "start_node": "start",
        "cut_off": "cutting off", "heal": "healing", "cancel": "cancelled consumer", "close_channel": "closed channel",
        "abort": "broken connection",
    }  # fmt: skip
    verb = str(type(command).__struct_config__.tag)
    node = next(
        (
            getattr(command, name)
            for name in ("node", "queue", "destination", "name")
            if hasattr(command, name)
        ),
        "",
    )
    return f"the {verbs.get(verb, verb)} of {node}" if node else f"the {verb}"
