"""What differs between two futures of one recording, up to a moment: the fates of the same message, side by side.

A message has two fates where it ended otherwise, was delivered more often, was handled by somebody else, or was published in
one of them only. One sentence each, what matters most first; then the messages that only fare earlier or later. The futures
share their luck, so what differs is what the acts changed.
"""

from __future__ import annotations

from typing import Any

import msgspec

from mqlab.engine import limits
from mqlab.engine.fates import Fate, Fates, named
from mqlab.engine.recording import Recording, Stored, Work

SECOND = 1_000_000
BREATH_MESSAGES = 200
LATER_US = 10_000
"""Ends that lie nearer together are not told as earlier or later."""

LOST, ENDED, TWICE, BY_WHOM, PUBLISHED, NOT_YET, WHEN = range(7)
"""How two fates differ, what matters most first. From NOT_YET on it is only a matter of time."""

COUNTED = ("lost", "duplicated", "out_of_order", "dead", "stuck")
VERDICTS = {
    "lost": "Lost", "duplicated": "Handled twice", "out_of_order": "Out of order per key", "dead": "Dead-lettered",
    "stuck": "Stuck", "published": "Published", "redelivered": "Redelivered", "acked": "Acked",
}  # fmt: skip


class Difference(msgspec.Struct, frozen=True):
    """One message's two fates. `two`: it truly fares otherwise, not only earlier or later."""

    message: str
    key: str
    text: str
    two: bool


class Total(msgspec.Struct, frozen=True):
    """A count at the moment, in the one future and in the other."""

    what: str
    one: int
    other: int


class Differences(msgspec.Struct, frozen=True):
    """`names`: how the sentences call the two futures. `count`: messages with two fates; `later`: only earlier or later.
    `sentences`: the first of them. `messages`: with two fates, as many as are marked."""

    names: tuple[str, str]
    totals: tuple[Total, ...]
    count: int
    later: int
    sentences: tuple[Difference, ...]
    messages: tuple[str, ...]


def differences(recording: Recording, pair: tuple[Fates, Fates], until_us: int) -> Work[Differences]:
    """Between two futures, up to and with `until_us`. The fates are told on as far as is needed."""
    for fates in pair:
        yield from fates.follow(recording, until_us)
    one, other = pair
    names = _names(recording, one.future, other.future)
    found: list[tuple[int, int, Difference]] = []
    for n, message in enumerate(dict.fromkeys([*one.messages, *other.messages])):
        if n % BREATH_MESSAGES == 0:
            yield
        a, b = (fates.messages.get(message, Fate()).until(until_us) for fates in pair)
        if a == b:
            continue
        how = _how(message, a, b)
        if how is None:
            continue
        text = f"{names[0]}, {message} {_words(a)}; {names[1]}, it {_words(b)}."
        found.append((how, _parting(a, b), Difference(message, a.key or b.key, text, how < NOT_YET)))
    found.sort(key=lambda one: one[:2])
    two = [difference for how, _, difference in found if how < NOT_YET]
    return Differences(
        names,
        tuple(_totals(pair, until_us)),
        len(two),
        len(found) - len(two),
        tuple(difference for _, _, difference in found[: limits.DIFFERENCES_TOLD_MAX]),
        tuple(difference.message for difference in two[: limits.DIFFERENCES_MARKED_MAX]),
    )


def _how(message: str, a: Fate, b: Fate) -> int | None:
    """The most that matters of how they differ; None where it is nothing to speak of."""
    ends = [{(end.how, end.where) for end in fate.ends} for fate in (a, b)]
    unfinished = [not fate.ends for fate in (a, b)]
    hows = [{how for how, _ in one if how != "acked"} for one in ends]
    if ("lost" in hows[0]) != ("lost" in hows[1]):
        return LOST
    if hows[0] != hows[1]:
        return ENDED
    if len(a.deliveries) != len(b.deliveries) and (len(a.deliveries) > 1 or len(b.deliveries) > 1):
        return TWICE
    if bool(a.published) != bool(b.published):
        return PUBLISHED if message.startswith("you-") else NOT_YET  # a rate may bring it later
    if any(unfinished):
        return NOT_YET
    if ends[0] != ends[1]:
        return BY_WHOM
    return WHEN if abs(a.ends[-1].t - b.ends[-1].t) >= LATER_US else None


def _parting(a: Fate, b: Fate) -> int:
    """When the two part."""
    for x, y in zip(a.told(), b.told(), strict=False):
        if x != y:
            return int(min(x[0], y[0]))
    rest = [*a.told()[len(b.told()) :], *b.told()[len(a.told()) :]]
    return int(rest[0][0]) if rest else 0


def _words(fate: Fate) -> str:
    """What became of it."""
    if not fate.published:
        return "is not published"
    parts = []
    times = len(fate.deliveries)
    if times > 1:
        parts.append(f"is delivered {'twice' if times == 2 else f'{times} times'}")
    ends = [f"{end.words} at {_s(end.t)}{end.by}" for end in fate.ends]
    if ends:
        parts.append(("is " if not parts else "") + ", then ".join(ends))
    elif times:
        last = fate.deliveries[-1]
        parts.append(f"is not settled yet: {last.program} was given it at {_s(last.t)}")
    else:
        parts.append("still waits")
    return " and ".join(parts)


def _s(t: int) -> str:
    return f"{t / SECOND:.2f} s"


def _totals(pair: tuple[Fates, Fates], until_us: int) -> list[Total]:
    counts = [fates.totals(until_us, COUNTED) for fates in pair]
    return [Total(words, counts[0].get(name, 0), counts[1].get(name, 0)) for name, words in VERDICTS.items()]


def _names(recording: Recording, one: str, other: str) -> tuple[str, str]:
    """What the sentences call them: by the act that only one of them has, if it is a single one."""
    ours, theirs = recording.path(one), recording.path(other)
    only_ours = _without(ours, theirs)
    only_theirs = _without(theirs, ours)
    match only_ours, only_theirs:
        case [], [act]:
            return f"Without {named(act.command)}", "with it"
        case [act], []:
            return f"With {named(act.command)}", "without it"
        case [act], [act2]:
            return f"With {named(act.command)}", f"with {named(act2.command)}"
    return "In the first future", "in the second"


def _without(acts: list[Stored], others: list[Stored]) -> list[Stored]:
    """The acts that the others do not have. A copy that was carried over is the same act."""
    left: list[tuple[int, Any]] = [(one.t, one.command) for one in others]
    mine = []
    for act in acts:
        if (act.t, act.command) in left:
            left.remove((act.t, act.command))
        else:
            mine.append(act)
    return mine
