"""The states a copy may move through, as one table, and the ledger that proves that none is lost unseen.

A copy is born when an exchange routes to its queue (`arriving`). It is then in exactly one place (arriving, ready or
unacked), or has exactly one end. Every move is looked up here; one that is not in the table is a bug in a broker and raises
IllegalMove with the ledger unchanged.
"""

from __future__ import annotations

from mqlab.engine.message import Copy

PLACES = ("arriving", "ready", "unacked")
ENDS = ("acked", "dropped", "expired", "rejected", "purged", "gone", "lost", "dead_lettered", "redriven")

MOVES: dict[str, dict[str, str]] = {
    # verb: {from: to}
    "enqueue": {"arriving": "ready"},
    "deliver": {"ready": "unacked"},
    "deliver_auto_ack": {"ready": "acked"},
    "requeue": {"unacked": "ready"},
    "claim": {"unacked": "unacked"},  # into other hands
    "set_aside": {"ready": "unacked", "unacked": "unacked"},  # held by its queue itself
    "ack": {"unacked": "acked"},
    "delete": {"ready": "acked", "unacked": "acked"},  # by a receipt handle, whose time may be over
    "reject": {"unacked": "rejected"},
    "drop": {"arriving": "dropped", "ready": "dropped", "unacked": "dropped"},
    "expire": {"ready": "expired", "unacked": "expired"},
    "purge": {"ready": "purged", "unacked": "purged"},
    "redrive": {"ready": "redriven"},
    "dead_letter": {"arriving": "dead_lettered", "ready": "dead_lettered", "unacked": "dead_lettered"},
    "remove": {"arriving": "gone", "ready": "gone", "unacked": "gone"},
    "lose": {"arriving": "lost", "ready": "lost", "unacked": "lost"},
}


class IllegalMove(Exception):
    """A broker tried to move a copy in a way the table does not know."""


class Ledger:
    """Conservation by copy, kept as it happens: born = the sum of all places and ends."""

    __slots__ = ("born", "states")

    def __init__(self) -> None:
        self.born = 0
        self.states: dict[str, int] = dict.fromkeys(PLACES + ENDS, 0)

    def bear(self, count: int) -> None:
        """So many copies came to be, each arriving at its queue."""
        self.born += count
        self.states["arriving"] += count

    def bear_ready(self, copy: Copy) -> None:
        """A copy came to be in its queue: no exchange routed it there."""
        self.born += 1
        self.states["ready"] += 1
        copy.state = "ready"

    def pass_on(self, count: int) -> None:
        """So many copies came to be and were sent at once by a broker that keeps nothing: for it they are done."""
        self.born += count
        self.states["acked"] += count

    def move(self, copy: Copy, verb: str) -> None:
        """Move the copy. Raises IllegalMove, with nothing changed, where the table has no such move."""
        state, states = copy.state, self.states
        try:
            new = MOVES[verb][state]
        except KeyError:
            raise IllegalMove(f"{copy.name} is {state}: it cannot {verb}") from None
        states[state] -= 1
        states[new] += 1
        copy.state = new

    @property
    def live(self) -> int:
        """Copies that are somewhere."""
        states = self.states
        return states["arriving"] + states["ready"] + states["unacked"]

    @property
    def conserved(self) -> bool:
        """Whether everything born is in one place or has one end."""
        return self.born == sum(self.states.values()) and min(self.states.values()) >= 0
