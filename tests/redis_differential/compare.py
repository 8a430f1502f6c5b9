"""A program on both: where they differ, and the shortest program that still differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import hiredis

from mqlab.engine.brokers.redis.resp import Replies
from mqlab.replay.redis import Session, in_one_order
from mqlab.replay.times import ONLY_WAITS
from tests.redis_differential.real import Run

Step = dict[str, Any]
SHORT_MS = 25
LATE_S = 0.02
"""A program in which time counts must not take longer for its steps than this, or nobody can say what is right."""
LONG_AGO_MS = 10**12
TRIES = 6
LATE_S = 0.02
"""In a run that took longer than this beside its sleeps, what the real server says of time tells nothing: it is below SHORT_MS
and all that programs wait for."""
OF_TIME = ("@sleep", "XPENDING", "XCLAIM", "XAUTOCLAIM", "XINFO")
MASKED = {"radix-tree-nodes", "id", "version", "modules", "seen-time", "active-time"}
VERSION = "7.0"
NAMES = {"s", "t", "string", "none", "number"}
UNORDERED = ("keys", "pubsub", "unsubscribe", "punsubscribe", "sunsubscribe", "reset")


@dataclass
class Difference:
    """Where the real server did something else. `steps`: the program up to there, with the real server's outcomes."""

    steps: list[Step]
    expected: Any
    got: Any

    def __str__(self) -> str:
        lines = [f"{n}. {one.get('client', '')} {one['cmd']}" for n, one in enumerate(self.steps, 1)]
        return "\n".join([*lines, f"the model: {self.expected}", f"Redis:     {self.got}"])

    def scenario(self, name: str) -> Step:
        """As `manage.py replay` reads it, in a file of its own."""
        scenario = {"name": name, "about": "found by the differential test", "trace": self.steps}
        return {"version": VERSION, "only_waits_take_time": True, "scenarios": [scenario]}


class Model(Session):
    """The same steps on the model, in the shape in which the real server is read."""

    def __init__(self) -> None:
        super().__init__(VERSION, ONLY_WAITS)

    def outcome(self, step: Step) -> tuple[Any, bool]:
        """What it does, and whether the command waits."""
        played = self.play(step)
        command = not step["cmd"][0].startswith("@")
        reply = played.get("reply")
        if not command or ("reply" not in played):
            replies = []
        elif isinstance(self.answered, Replies):
            replies = reply
        else:
            replies = [reply]
        waits = command and "reply" not in played
        return {"replies": replies, "pushed": dict(self.heard)}, waits


def plain(value: Any) -> Any:
    """A reply of the real server as the model's are shown."""
    match value:
        case hiredis.ReplyError():
            return {"error": str(value)}
        case bytes():
            return value.decode("utf-8", "surrogateescape")
        case dict():
            return {str(plain(name)): plain(one) for name, one in value.items()}
        case list() | tuple() | set():
            return [plain(one) for one in value]
    return value


def masked(value: Any) -> Any:
    """What is the machine's own, or a time, is left out of the comparison; maps and flat lists of pairs alike."""
    if isinstance(value, dict):
        return {name: "…" if name in MASKED else masked(one) for name, one in value.items()}
    if isinstance(value, int) and value > LONG_AGO_MS:
        return "a time"
    if isinstance(value, list) and value and all(isinstance(one, str) and one in NAMES for one in value):
        return sorted(value)  # keys come in any order
    if isinstance(value, list):
        names = value[::2]
        pairs = len(value) % 2 == 0 and len(value) >= 4 and all(isinstance(one, str) for one in names)
        if pairs:
            found = []
            for name, one in zip(names, value[1::2], strict=True):
                hide = name in MASKED
                found += [name, "…" if hide else _age(one) if name in ("idle", "inactive") else masked(one)]
            return found
        return [masked(one) for one in value]
    return value


def _age(value: Any) -> Any:
    return ("old" if value > SHORT_MS else "new") if isinstance(value, int) else value


def comparable(step: Step, outcome: Any) -> Any:
    """An outcome with what is free, or is the machine's own, left out."""
    replies = masked(outcome["replies"])
    verb = step["cmd"][0].lower()
    pushed = {name: in_one_order(masked(got)) for name, got in outcome["pushed"].items()}
    if verb in UNORDERED and replies and isinstance(replies[0], list):
        if verb in ("keys", "pubsub"):
            replies = [_pairs(step, replies[0])]
        else:  # which of them was left first is free, and the counts go down in any case
            replies = sorted(str(one[1]) for one in replies) + sorted(one[2] for one in replies)
    if verb == "xpending" and len(step["cmd"]) > 3 and replies and isinstance(replies[0], list):
        replies = [[[entry_id, name, _age(idle), count] for entry_id, name, idle, count in replies[0]]]
    return {"replies": replies, "pushed": pushed}


def _pairs(step: Step, reply: list[Any]) -> Any:
    words = [str(word).upper() for word in step["cmd"]]
    return reply if "NUMSUB" in words[1] else sorted(reply, key=str)


def differ(steps: list[Step]) -> Difference | None:
    """Play the steps on both. None where all is the same, or where time matters and the machine is too busy to tell."""
    timed = any(step["cmd"][0] in OF_TIME or "BLOCK" in step["cmd"] for step in steps)
    for _ in range(TRIES):
        run = Run()
        try:
            found = _played(run, steps)
        finally:
            run.close()
        if found is None or not timed or run.late < LATE_S:
            return found
    return None


def _played(run: Run, steps: list[Step]) -> Difference | None:
    model = Model()
    done: list[Step] = []
    for step in steps:
        expected, waits = model.outcome(step)
        waiting = {client.program for client in model.broker.blocked.values()}
        real = run.play(step, waits, waiting)
        got = {
            "replies": plain(real["replies"]),
            "pushed": {name: plain(said) for name, said in real["pushed"].items()},
        }
        done.append({**step, **recorded(step, got)})
        if (ours := comparable(step, expected)) != (theirs := comparable(step, got)):
            return Difference(done, ours, theirs)
    return None


def recorded(step: Step, got: Any) -> Step:
    """A real outcome as recordings have it."""
    outcome: Step = {}
    if got["replies"]:
        outcome["reply"] = got["replies"][0] if len(got["replies"]) == 1 else got["replies"]
    others = {name: said for name, said in got["pushed"].items() if name != step.get("client")}
    return {**outcome, "pushed_to_others": others} if others else outcome


def shortest(found: Difference) -> Difference:
    """The difference in the fewest steps that leaving out blocks of steps comes to."""
    size = len(found.steps)
    steps = [bare(one) for one in found.steps]
    while size >= 1:
        at = 0
        while at < len(steps):
            fewer = steps[:at] + steps[at + size :]
            again = differ(fewer) if fewer else None
            if again is None:
                at += size
            else:
                steps, found = [bare(one) for one in again.steps], again
        size //= 2
    return found


def bare(step: Step) -> Step:
    """A step without its outcome."""
    return {name: step[name] for name in ("client", "cmd") if name in step}
