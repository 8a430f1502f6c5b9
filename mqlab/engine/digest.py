"""What happened, in 64 bits for each 10 s: t, kind, of, places and arrivals of broker and program events.

The encoding is its own and fixed: causes, rules, verdicts and goals may get better words without changing it.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from mqlab.engine.events import Event, Judgement, Storm

EVERY_US = 10_000_000
PLACES = (
    "program",
    "exchange",
    "queue",
    "to",
    "node",
    "link",
    "source",
    "target",
    "outcome",
    "reason",
    "arrives",
)


class Digest:
    """Add events in order; `parts` gives one digest for each 10 s."""

    def __init__(self) -> None:
        self._parts: dict[int, Any] = {}

    def add(self, events: Iterable[Event]) -> None:
        """Take events in."""
        for event in events:
            if isinstance(event, Judgement | Storm):
                continue
            words = [str(event.t), type(event).__name__, *getattr(event, "of", ())]
            for place in PLACES:
                value = getattr(event, place, None)
                if value is not None:
                    words.append(
                        f"{place}={','.join(map(str, value)) if isinstance(value, tuple) else value}"
                    )
            part = self._parts.setdefault(event.t // EVERY_US, sha256())
            part.update("\x1f".join(words).encode() + b"\x1e")

    def parts(self, until_us: int) -> list[str]:
        """Digests from 0 up to `until_us`; "" for 10 s in which nothing happened."""
        count = -(-until_us // EVERY_US)
        return [self._parts[k].hexdigest()[:16] if k in self._parts else "" for k in range(count)]
