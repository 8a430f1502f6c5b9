"""Where a queue lives in a cluster."""

from __future__ import annotations

from typing import Any


class Place:
    """`node`: a classic queue's only one, or where a quorum queue was declared. `members`: of a quorum queue, who has
    a copy of it; `leader` is one of them, or "" while there is none. `turn` counts changes of the leader."""

    __slots__ = ("available", "leader", "members", "node", "turn")

    def __init__(self, node: str, members: tuple[str, ...] = ()) -> None:
        self.node = node
        self.members = members
        self.leader = node if members else ""
        self.available = True
        self.turn = 0

    def settings(self) -> dict[str, Any]:
        """As the picture has it."""
        if self.members:
            return {"members": list(self.members), "leader": self.leader}
        return {"node": self.node} if self.available else {"node": self.node, "unavailable": True}
