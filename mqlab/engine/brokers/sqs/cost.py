"""What SQS bills: requests, each 64 KB of a payload as one; an empty answer is one as well.

A batch of ten is one request, if it is not larger. [AWS: SQS pricing, 2026-08: us-east-1, the first million a month is free]
"""

from __future__ import annotations

import msgspec

CHUNK_BYTES = 64 * 1024


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """US dollars for a million requests, after the free million and up to 100 billion a month; `date`: when it was read."""

    standard: float = 0.40
    fifo: float = 0.50
    date: str = "2026-08"


class Bill(msgspec.Struct):
    """`requests`: how often each action was asked for; `billed`: what it counts as, by the kind of queue."""

    requests: dict[str, int] = {}
    billed: dict[str, int] = {}

    def add(self, action: str, kind: str, size: int) -> None:
        """One request with a payload of so many bytes, in or out."""
        requests, billed = self.requests, self.billed
        requests[action] = requests.get(action, 0) + 1
        billed[kind] = billed.get(kind, 0) + (1 if size <= CHUNK_BYTES else -(-size // CHUNK_BYTES))

    def add_size(self, kind: str, size: int) -> None:
        """What a request that is counted already was answered: so many bytes."""
        if size > CHUNK_BYTES:
            self.billed[kind] += -(-size // CHUNK_BYTES) - 1

    def usd(self, price: Price) -> float:
        """What it comes to, without the free million."""
        return sum(count * float(getattr(price, kind)) / 1e6 for kind, count in self.billed.items())
