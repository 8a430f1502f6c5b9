"""Carry over: acts of one future applied again on another, each at its own time.

"Without this act", "with one setting changed" and "my later acts as well, please" are this one operation. An act goes to
its own (t, i), or after all actions of t where fewer lie before it there; its message keeps its number, so that the two
futures share their luck and the same message can be compared. What is illegal on the other future is left out and told,
with the reason; what comes after it is carried all the same.

The copies are named after the request: act n of the list becomes `<id>-<n>`, from 1. So the same request sent again finds
what it made and makes nothing twice, and the journal gets parents before children.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from mqlab.engine import limits
from mqlab.engine.commands import AnyCommand, Illegal, Numbered
from mqlab.engine.recording import Cut, Recording, Work, last_number


class LeftOut(msgspec.Struct, frozen=True):
    """An act that was left out, and why."""

    act: str
    why: str


class Carried(msgspec.Struct, frozen=True):
    """`future`: where all that could be carried over has happened; `made` its new acts, in order."""

    future: str
    made: tuple[str, ...]
    refused: tuple[LeftOut, ...]


def carry(
    recording: Recording,
    id: str,
    onto: str,
    acts: Sequence[str],
    command: AnyCommand | None = None,
    told: Callable[[Cut], None] = lambda cut: None,
) -> Work[Carried]:
    """Apply the acts, oldest first, on the future `onto`; with a `command`, do that first, where `onto` begins, as act `id`.

    `told` is called with each new act's cut as soon as it is in the tree. Raises Illegal, with nothing changed, where `onto`
    or an act is unknown, or the command itself cannot be done.
    """
    recording.path(onto)
    sources = []
    for name in acts:
        if name not in recording.tree:
            raise Illegal(
                "stale", f"There is no act {name} in this recording (any more) that could be carried over."
            )
        sources.append(recording.tree[name])
    future, made = onto, []
    refused: list[LeftOut] = []
    if command is not None:
        known = id in recording.tree
        cut = yield from recording.do(id, onto, recording.born(onto), 0, command)
        future = cut.future
        made.append(id)
        if not known:
            told(cut)
    for n, source in enumerate(sources, 1):
        name = f"{id}-{n}"
        known = name in recording.tree
        try:
            at = recording.tree[name].at if known else (yield from recording.fits(future, source.at))
            number = number_on(recording, future, source.command)
            cut = yield from recording.do(name, future, at, 0, source.command, number=number)
        except Illegal as error:
            refused.append(LeftOut(source.id, error.why))
            continue
        future = cut.future
        made.append(name)
        if not known:
            told(cut)
    return Carried(future, tuple(made), tuple(refused))


def number_on(recording: Recording, future: str, command: AnyCommand) -> int:
    """A carried message keeps its number, unless it is on this future already: then it is another message (0: number it
    anew). The same for a number that no recording could have given."""
    if (
        not isinstance(command, Numbered)
        or last_number(command) > limits.COMMANDS_MAX * limits.BURST_MESSAGES_MAX
    ):
        return 0
    for one in recording.path(future):
        other = one.command
        if (
            isinstance(other, Numbered)
            and other.number <= last_number(command)
            and command.number <= last_number(other)
        ):
            return 0
    return command.number
