"""Chance, and what a random program says of a queue and of a message with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.differential.client import Event

QUEUES = ("q1", "q2", "q3", "q4")
EXCHANGES = ("x1", "x2", "x3")
TTL_MS, WAIT_MS, LONG_MS = 200, 270, 60_000
Draw = Callable[[st.SearchStrategy[Any]], Any]


class Chance:
    """Draws for one program. `timed`: time matters in it, and something may be over its time."""

    draw: Draw
    timed: bool

    def one_of(self, *choices: Any) -> Any:
        """One of these."""
        return self.draw(st.sampled_from(choices))

    def rarely(self, of: int) -> bool:
        """True once in `of`."""
        return bool(self.draw(st.integers(0, of - 1)) == of - 1)

    def arguments(self, kind: str) -> Event:
        """x-arguments of a queue, seldom wrong."""
        found: Event = {"x-queue-type": "quorum"} if kind == "quorum" else {}
        if kind == "classic" and self.rarely(10):
            found["x-queue-type"] = "classic"
        if self.rarely(3):
            found["x-dead-letter-exchange"] = self.one_of("", "", *EXCHANGES)
            if found["x-dead-letter-exchange"] == "" or self.rarely(3):
                found["x-dead-letter-routing-key"] = self.one_of(*QUEUES, "k", "k.l")
        if self.rarely(4):
            found["x-max-length"] = self.one_of(0, 1, 2, 3)
        if self.rarely(8):
            found["x-max-length-bytes"] = self.one_of(0, 5, 10, 20)
        if self.rarely(4):
            found["x-overflow"] = self.one_of("drop-head", "reject-publish", "reject-publish-dlx")
        if self.rarely(8):
            found["x-message-ttl"] = self.one_of(0, LONG_MS)
        if self.timed and self.rarely(2):
            found["x-message-ttl"] = TTL_MS
        if self.timed and self.rarely(12):
            found["x-expires"] = self.one_of(TTL_MS, LONG_MS)
        if kind == "quorum" and self.rarely(2):
            found["x-delivery-limit"] = self.one_of(0, 1, 2)
        if self.rarely(8):
            found["x-single-active-consumer"] = self.one_of(True, True, True, False)
        if kind == "classic" and self.rarely(6):
            found["x-max-priority"] = self.one_of(1, 5, 10)
        if kind == "classic" and self.rarely(25):
            found["x-queue-mode"] = self.one_of("lazy", "default")
        if self.rarely(30):
            name = self.one_of(
                "x-message-ttl", "x-max-length", "x-overflow", "x-expires", "x-delivery-limit", "x-unknown"
            )
            found[name] = self.one_of(-1, "1", True, None)
        return found

    def properties(self) -> Event:
        """Properties of a message."""
        found: Event = {}
        if self.rarely(3):
            found["delivery_mode"] = self.one_of(1, 2)
        if self.rarely(8):
            found["expiration"] = self.one_of("0", str(LONG_MS))
        if self.timed and self.rarely(3):
            found["expiration"] = str(TTL_MS)
        if self.rarely(80):
            found["expiration"] = self.one_of("", "x", "-1", "1.5", "+60000")
        if self.rarely(150):
            found["user_id"] = self.one_of("guest", "eve")
        if self.rarely(5):
            found["priority"] = self.one_of(0, 1, 5, 9)
        if self.rarely(12):
            found[self.one_of("correlation_id", "message_id", "type", "app_id", "content_type")] = (
                self.one_of("c", "")
            )
        headers: Event = {}
        for name in ("h", "i", "x-h"):
            if self.rarely(5):
                headers[name] = self.one_of(1, "1", True, None)
        for name in ("CC", "BCC"):
            if self.rarely(15):
                headers[name] = [self.one_of(*QUEUES, "k", "l") for _ in range(self.one_of(1, 2))]
        if self.rarely(200):
            headers[self.one_of("CC", "BCC")] = "k"
        if headers or self.rarely(40):
            found["headers"] = headers
        return found
