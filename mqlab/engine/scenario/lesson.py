"""What makes a lesson of a lab: predictions, terms, one way that meets the goals and ways that must not."""

from __future__ import annotations

from typing import Any

import msgspec

from mqlab.engine import commands as c
from mqlab.engine import limits
from mqlab.engine.scenario.event_filter import EventFilter, read_filter
from mqlab.engine.scenario.goal import SAY_BYTES_MAX, read_command, read_moment
from mqlab.engine.scenario.place import Place

TERM_BYTES_MAX = 60
SECOND = 1_000_000


class Choice(msgspec.Struct, frozen=True):
    """One answer. It comes true at the `count`-th event of `when` after the question was due; with `after_us`, where there
    are exactly `count` of them so much later; without `when`, where no other has come true by then. `why` explains it."""

    say: str
    when: EventFilter | None
    count: int = 1
    after_us: int = 0
    why: str = ""

    def plain(self) -> dict[str, Any]:
        """As the file has it."""
        if self.when is None:
            return {"say": self.say, "after_s": seconds(self.after_us), "why": self.why}
        after_s = seconds(self.after_us) if self.after_us else None
        return {
            "say": self.say,
            **self.when.plain(),
            "count": self.count,
            "after_s": after_s,
            "why": self.why,
        }


class Prediction(msgspec.Struct, frozen=True):
    """A question that is due at the `count`-th event of `when`; the first choice that comes true answers it."""

    ask: str
    when: EventFilter
    choices: tuple[Choice, ...]
    count: int = 1

    def plain(self) -> dict[str, Any]:
        """As the file has it."""
        return {
            "ask": self.ask,
            "when": {**self.when.plain(), "count": self.count},
            "choices": [choice.plain() for choice in self.choices],
        }


class Step(msgspec.Struct, frozen=True):
    """An act at a virtual time (µs), before everything else of that instant."""

    at_us: int
    command: c.AnyCommand

    def plain(self) -> dict[str, Any]:
        """As the file has it."""
        command = {"do": self.command.__struct_config__.tag, **msgspec.to_builtins(self.command)}
        return {"at_s": seconds(self.at_us), "command": command}


class WrongWay(msgspec.Struct, frozen=True):
    """Acts that do not meet the goals in `must_not` (numbers from 0)."""

    say: str
    acts: tuple[Step, ...]
    must_not: tuple[int, ...]

    def plain(self) -> dict[str, Any]:
        """As the file has it."""
        return {"say": self.say, "acts": [act.plain() for act in self.acts], "must_not": list(self.must_not)}


def seconds(us: int) -> int | float:
    """µs as the seconds of a file."""
    return us // SECOND if us % SECOND == 0 else us / SECOND


def read_seconds(place: Place) -> int:
    """Seconds of a recording, as µs."""
    return round(place.number(0.001, limits.RECORDING_S_MAX) * SECOND)


def read_predictions(place: Place) -> tuple[Prediction, ...]:
    """From `predict`. Raises ScenarioError."""
    return tuple(_prediction(one) for one in place.items(limits.PREDICTIONS_MAX, "a list of predictions"))


def _prediction(place: Place) -> Prediction:
    fields = place.fields("ask", "when", "choices")
    ask = fields.need("ask").text(SAY_BYTES_MAX, at_least=1, what="a question")
    when, count = read_moment(fields.need("when"))
    assert when is not None
    choices = fields.need("choices")
    places = choices.items(limits.CHOICES_MAX, "a list of choices")
    read = tuple(_choice(one) for one in places)
    if len(read) < 2:
        raise choices.error(f"2 to {limits.CHOICES_MAX} choices", f"{len(read)}")
    for index, one in enumerate(read):
        if one.when is None and any(other.when is None for other in read[:index]):
            raise places[index].error("an event (another choice has after_s already)", "after_s")
    return Prediction(ask, when, read, count)


def _choice(place: Place) -> Choice:
    fields = place.fields("say", "event", "where", "count", "after_s", "why")
    after_s = "after_s" in fields
    timed = after_s and "event" not in fields
    if timed:
        fields = place.fields("say", "after_s", "why")
    return Choice(
        _say(fields.need("say")),
        None if timed else read_filter(fields),
        fields.get("count", lambda one: one.integer(0 if after_s else 1, limits.GOAL_COUNT_MAX), 1),
        read_seconds(fields.need("after_s")) if timed else fields.maybe("after_s", read_seconds, 0),
        fields.get("why", lambda one: one.text(SAY_BYTES_MAX), ""),
    )


def _say(place: Place) -> str:
    return place.text(SAY_BYTES_MAX, at_least=1, what="a sentence")


def read_terms(place: Place) -> dict[str, str]:
    """From `terms`: what each is called in the texts, and what it means. Raises ScenarioError."""
    terms = place.named(limits.TERMS_MAX)
    for name in terms:
        place.key(name).text(TERM_BYTES_MAX, what="a term")
    return {name: _say(one) for name, one in terms.items()}


def read_steps(place: Place) -> tuple[Step, ...]:
    """From `solution`, or the `acts` of a wrong way. Raises ScenarioError."""
    steps: list[Step] = []
    for one in place.items(limits.LESSON_ACTS_MAX, "a list of acts"):
        fields = one.fields("at_s", "command")
        at_us = read_seconds(fields.need("at_s"))
        if steps and at_us < steps[-1].at_us:
            raise fields.need("at_s").error("a time not before that of the act above it")
        steps.append(Step(at_us, read_command(fields.need("command"))))
    return tuple(steps)


def read_wrong_ways(place: Place, goals: int) -> tuple[WrongWay, ...]:
    """From `wrong`, in a scenario of so many goals. Raises ScenarioError."""
    found = []
    for one in place.items(limits.WRONG_WAYS_MAX, "a list of wrong ways"):
        fields = one.fields("say", "acts", "must_not")
        must_not = fields.need("must_not")
        numbers = tuple(
            number.integer(0, max(0, goals - 1))
            for number in must_not.items(limits.GOALS_MAX, "a list of goals")
        )
        if not numbers or not goals:
            raise must_not.error("the numbers of goals, from 0", "none" if goals else "a lab without goals")
        found.append(WrongWay(_say(fields.need("say")), read_steps(fields.need("acts")), numbers))
    return tuple(found)
