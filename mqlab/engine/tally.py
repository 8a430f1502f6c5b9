"""What a picture counts: a fold that both the World and the scene's own fold use.

Counts are by node: how much was published, handled, acked, dropped there; piles hold the keys of what fell, newest last.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

import msgspec

from mqlab.engine import events as e

PILE_KEYS_MAX = 24
"""How many fallen messages a pile remembers by key; the count goes on."""


class Tally(msgspec.Struct):
    """counts: node -> what -> number; piles: node -> keys."""

    counts: dict[str, dict[str, int]]
    piles: dict[str, list[str]]


def counter(tally: Tally, kind: type[e.Event]) -> Callable[[Any], None] | None:
    """What counts events of this kind into the tally; None where nothing is counted."""
    several = SEVERAL.get(kind)
    if several is not None:
        return _adder(tally, several)
    counted = COUNTED.get(kind)
    if counted is None:
        return None
    where, word, falls = attrgetter(counted[0]), counted[1], counted[2]

    if isinstance(word, str) and not falls:  # the busiest kinds, in as few steps as there are
        known: dict[str, dict[str, int]] = tally.counts

        def add(event: Any) -> None:
            node = where(event)
            counts = known.get(node)
            if counts is None:
                counts = known[node] = {}
            counts[word] = counts.get(word, 0) + (len(event.of) or 1)

        return add

    def count(event: Any) -> None:
        node = where(event)
        what = word if isinstance(word, str) else word(event)
        if not what:
            return
        counts = tally.counts.get(node)
        if counts is None:
            counts = tally.counts[node] = {}
        counts[what] = counts.get(what, 0) + (len(event.of) or 1)
        if falls and (falls == ALWAYS or event.what == "message"):
            pile = tally.piles.setdefault(node, [])
            pile.append(event.key)
            del pile[:-PILE_KEYS_MAX]

    return count


def _adder(tally: Tally, several: Callable[[Any], list[tuple[str, str, int]]]) -> Callable[[Any], None]:
    def add(event: Any) -> None:
        for node, word, number in several(event):
            counts = tally.counts.setdefault(node, {})
            counts[word] = counts.get(word, 0) + number

    return add


def count(tally: Tally, event: Any) -> None:
    """Add one event."""
    add = counter(tally, type(event))
    if add is not None:
        add(event)


def _reason(event: Any) -> str:
    return str(event.reason)


def _outcome(event: Any) -> str:
    return str(event.outcome)


def _why(event: Any) -> str:
    return "deleted" if event.why == "deleted" else "trimmed"


def _requeued(event: Any) -> str:
    return "" if event.first else "requeued"


def _confirmed(event: Any) -> str:
    return "confirmed" if event.ok else "nacked"


def _lost(event: Any) -> str:
    return f"lost_{event.what}"


NEVER, ALWAYS, MESSAGES = 0, 1, 2
"""Whether such an event lets something fall on the pile: never, always, or where a message is lost for good."""

COUNTED: dict[type[e.Event], tuple[str, str | Callable[[Any], str], int]] = {
    e.Published: ("program", "published", NEVER),
    e.Unroutable: ("exchange", _reason, ALWAYS),
    e.Refused: ("exchange", "refused", NEVER),
    e.Enqueued: ("queue", "enqueued", NEVER),
    e.Dropped: ("queue", _reason, ALWAYS),
    e.Expired: ("queue", "expired", ALWAYS),
    e.Purged: ("queue", "purged", NEVER),
    e.DeadLettered: ("queue", _reason, NEVER),
    e.Requeued: ("queue", _requeued, NEVER),
    e.Deduplicated: ("queue", "deduplicated", NEVER),
    e.Redriven: ("queue", "redriven", NEVER),
    e.Delivered: ("queue", "delivered", NEVER),
    e.Handled: ("program", _outcome, NEVER),
    e.Settled: ("program", _outcome, NEVER),
    e.ConfirmReceived: ("program", _confirmed, NEVER),
    e.ReturnReceived: ("program", "returned", NEVER),
    e.Lost: ("node", _lost, MESSAGES),
    e.Broadcast: ("channel", "broadcast", NEVER),
    e.Missed: ("channel", "missed", ALWAYS),
    e.Fetched: ("stream", "fetched", NEVER),
    e.Trimmed: ("stream", _why, NEVER),
    e.Claimed: ("queue", "claimed", NEVER),
}


def _appended(event: e.Appended) -> list[tuple[str, str, int]]:
    return [(event.stream, "appended", 1), *[(group, "enqueued", 1) for group in event.to]]


def _set_back(event: e.CursorSet) -> list[tuple[str, str, int]]:
    return [(event.queue, "enqueued", len(event.of))] if event.of else []


SEVERAL: dict[type[e.Event], Callable[[Any], list[tuple[str, str, int]]]] = {
    e.Appended: _appended,
    e.CursorSet: _set_back,
}
"""Kinds that count at several nodes: node, word, how many."""
