"""Goals and the first act that a lab offers."""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from mqlab.engine import commands as c
from mqlab.engine import limits
from mqlab.engine.scenario.event_filter import EventFilter, fields_of, read_filter
from mqlab.engine.scenario.place import Place

SAY_BYTES_MAX = 1_000
LATEST_US = 10_000_000
COMMANDS: dict[str, type[c.Command]] = {
    str(kind.__struct_config__.tag): kind for kind in get_args(c.AnyCommand)
}


class Goal(msgspec.Struct, frozen=True):
    """Met when `count` events of `when` have happened (`distinct`: as many different values of that field).

    With `never`: met at `until_us` where none has happened.
    """

    say: str
    when: EventFilter
    count: int = 1
    distinct: str = ""
    never: bool = False
    until_us: int = 0

    def plain(self) -> dict[str, Any]:
        """As the file has it."""
        if self.never:
            s = self.until_us / 1_000_000
            return {"say": self.say, "never": self.when.plain(), "until_s": int(s) if s == int(s) else s}
        return {"say": self.say, **self.when.plain(), "count": self.count, "distinct": self.distinct or None}


class FirstAct(msgspec.Struct, frozen=True):
    """What to try first: words, the command, and what to wait for, but not beyond `latest_us`: the `count`-th event of `when`
    (None: nothing)."""

    say: str
    command: c.AnyCommand
    when: EventFilter | None = None
    latest_us: int = LATEST_US
    count: int = 1

    def plain(self) -> dict[str, Any]:
        """As the file has it."""
        command = {"do": self.command.__struct_config__.tag, **msgspec.to_builtins(self.command)}
        when = {**self.when.plain(), "count": self.count} if self.when else None
        s = self.latest_us / 1_000_000
        return {"say": self.say, "command": command, "when": when, "latest_s": int(s) if s == int(s) else s}


def read_goals(place: Place) -> tuple[Goal, ...]:
    """From `goals`. Raises ScenarioError."""
    return tuple(_goal(one) for one in place.items(limits.GOALS_MAX, "a list of goals"))


def _goal(place: Place) -> Goal:
    if "never" in place.entries(20):
        fields = place.fields("say", "never", "until_s")
        never = read_filter(fields.need("never").fields("event", "where"))
        until_s = fields.need("until_s").number(0.001, limits.RECORDING_S_MAX)
        return Goal(_say(fields.need("say")), never, never=True, until_us=round(until_s * 1_000_000))
    fields = place.fields("say", "event", "where", "count", "distinct")
    when = read_filter(fields)
    count = fields.get("count", lambda one: one.integer(1, limits.GOAL_COUNT_MAX), 1)
    distinct = fields.maybe("distinct", lambda one: one.choice(fields_of(when.event)), "")
    return Goal(_say(fields.need("say")), when, count, distinct)


def _say(place: Place) -> str:
    return place.text(SAY_BYTES_MAX, at_least=1, what="a sentence")


def read_first_act(place: Place) -> FirstAct:
    """From `first_act`. Raises ScenarioError."""
    fields = place.fields("say", "command", "when", "latest_s")
    command = read_command(fields.need("command"))
    at_once: tuple[EventFilter | None, int] = (None, 1)
    when, count = fields.maybe("when", read_moment, at_once)
    latest_s = fields.get("latest_s", lambda one: one.number(0.001, limits.RECORDING_S_MAX), LATEST_US / 1e6)
    return FirstAct(_say(fields.need("say")), command, when, round(latest_s * 1_000_000), count)


def read_moment(place: Place) -> tuple[EventFilter | None, int]:
    """An event to wait for, and which of them: `{event, where, count}`. Raises ScenarioError."""
    fields = place.fields("event", "where", "count")
    return read_filter(fields), fields.get("count", lambda one: one.integer(1, limits.GOAL_COUNT_MAX), 1)


def read_command(place: Place) -> c.AnyCommand:
    """A command in the shape of the wire: `{do: crash, node: worker-1}`. Raises ScenarioError."""
    do = place.entries(20, "a command: {do: …}").get("do")
    if do is None:
        raise place.error("the field do", "none")
    kind = COMMANDS[do.choice(COMMANDS)]
    known = [name for name in kind.__struct_fields__ if name != "number"]
    fields = place.fields("do", *known)
    for field in msgspec.structs.fields(kind):
        if field.required:
            fields.need(field.name)
    plain = place.plain()
    try:
        command: c.AnyCommand = msgspec.convert(plain, c.AnyCommand)
    except msgspec.ValidationError as error:
        raise place.error("a command that can be sent", f"this: {error}") from None
    return command
