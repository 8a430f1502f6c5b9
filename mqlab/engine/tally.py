"""What a picture counts: a fold that both the World and the scene's own fold use.

Counts are by node: how much was published, handled, acked, dropped there; piles hold the keys of what fell, newest last.
"""

from __future__ import annotations

from typing import Any

import msgspec

from mqlab.engine import events as e

PILE_KEYS_MAX = 24
"""How many fallen messages a pile remembers by key; the count goes on."""


class Tally(msgspec.Struct):
    """counts: node -> what -> number; piles: node -> keys."""

    counts: dict[str, dict[str, int]]
    piles: dict[str, list[str]]


def count(tally: Tally, event: Any) -> None:
    """Add one event."""
    rule = _COUNTED.get(type(event))
    if rule is None:
        return
    where, what = rule
    node = getattr(event, where)
    if what is None:
        what = _word(event)
    counts = tally.counts.get(node)
    if counts is None:
        counts = tally.counts[node] = {}
    counts[what] = counts.get(what, 0) + (len(event.of) or 1)
    if isinstance(event, e.Unroutable | e.Dropped | e.Expired) or what == "lost_message":
        pile = tally.piles.setdefault(node, [])
        pile.append(event.key)
        del pile[:-PILE_KEYS_MAX]


def _word(event: Any) -> str:
    match event:
        case e.Unroutable() | e.Dropped() | e.DeadLettered():
            return str(event.reason)
        case e.Handled():
            return str(event.outcome)
        case e.Settled():
            return str(event.outcome)
        case e.ConfirmReceived():
            return "confirmed" if event.ok else "nacked"
        case _:
            return f"lost_{event.what}"


_COUNTED: dict[type[e.Event], tuple[str, str | None]] = {
    e.Published: ("program", "published"),
    e.Unroutable: ("exchange", None),
    e.Refused: ("exchange", "refused"),
    e.Enqueued: ("queue", "enqueued"),
    e.Dropped: ("queue", None),
    e.Expired: ("queue", "expired"),
    e.Purged: ("queue", "purged"),
    e.DeadLettered: ("queue", None),
    e.Requeued: ("queue", "requeued"),
    e.Delivered: ("queue", "delivered"),
    e.Handled: ("program", None),
    e.Settled: ("program", None),
    e.ConfirmReceived: ("program", None),
    e.ReturnReceived: ("program", "returned"),
    e.Lost: ("node", None),
}
