"""What is to be done, how fast, by how many, and what goes wrong meanwhile. The same for every system."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from mqlab.engine import limits
from mqlab.engine.workload.failure import (
    AnyFailure,
    BrokerRestart,
    ConsumerCrash,
    DuplicateSend,
    PoisonMessage,
    SlowConsumer,
)

SECOND = 1_000_000
NETWORKS = {"rack": 250, "zone": 1_000, "region": 10_000, "ocean": 80_000}
"""Between a program and its broker, µs one way: the same rack, another building, another town, another continent. The last is
what one can see: a message takes a twelfth of a second."""
RANGES: dict[str, tuple[float, float]] = {
    "seed": (0, limits.SEED_MAX),
    "messages": (1, limits.WORKLOAD_MESSAGES_MAX),
    "rate": (0.1, limits.RATE_PER_S_MAX),
    "burst": (1, 100),
    "keys": (1, 26),
    "consumers": (1, limits.WORKLOAD_CONSUMERS_MAX),
    "service": (0, 60_000),
    "batch": (1, 10),
    "wait": (0, 20),
    "timeout": (1, 300),
    "seconds": (1, limits.RECORDING_S_MAX),
}
WORDS = {
    "seed": "the seed",
    "messages": "the number of messages",
    "rate": "the rate (messages a second)",
    "burst": "the size of a burst",
    "keys": "the number of keys",
    "consumers": "the number of consumers",
    "service": "the time for a message (ms)",
    "batch": "how many a consumer takes at once",
    "wait": "how long a consumer waits for an answer (s)",
    "timeout": "the timeout for what was handed out (s)",
    "seconds": "how long it is watched (s)",
    "at": "the moment (s)",
    "for": "how long it lasts (s)",
    "after": "when it is sent again (s)",
    "factor": "how many times slower",
    "worker": "the consumer's number",
    "message": "the message's number",
}


class BadWorkload(ValueError):
    """A workload that cannot be. `field`: which part of its address; the text says what is wrong and what to do."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(why)
        self.field = field


class Workload(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Times in the unit of their name; `rate` is messages a second on average.

    `shape` of the rate: steady, random (Poisson), or bursts of `burst` messages. `spread` of the time for a message, whose mean
    is `service_ms`: fixed, even (from half to one and a half times), random (exponential). `seconds`: how long is watched; what
    is not finished then is told as such.
    """

    seed: int = 7
    messages: int = 100
    rate: float = 5
    shape: Literal["steady", "random", "bursts"] = "random"
    burst: int = 10
    keys: int = 3
    consumers: int = 2
    service_ms: float = 100
    spread: Literal["fixed", "even", "random"] = "even"
    batch: int = 1
    wait_s: float = 20
    timeout_s: float = 30
    network: Literal["rack", "zone", "region", "ocean"] = "ocean"
    seconds: int = 60
    failures: tuple[AnyFailure, ...] = ()

    @property
    def end_us(self) -> int:
        """How long it is watched (virtual µs)."""
        return self.seconds * SECOND

    @property
    def latency_us(self) -> int:
        """Between a program and its broker, one way."""
        return NETWORKS[self.network]

    @property
    def key_names(self) -> list[str]:
        """A, B, C…"""
        return [chr(ord("A") + n) for n in range(self.keys)]

    def plain(self) -> dict[str, Any]:
        """As plain data with every default."""
        fields: dict[str, Any] = {name: getattr(self, name) for name in self.__struct_fields__}
        return fields | {"failures": msgspec.to_builtins(self.failures)}

    def check(self) -> Workload:
        """Itself. Raises BadWorkload where it is out of bounds or does not fit together."""
        for name, at in (("service", self.service_ms), ("wait", self.wait_s), ("timeout", self.timeout_s)):
            inside(name, at, *RANGES[name])
        for name in ("seed", "messages", "rate", "burst", "keys", "consumers", "batch", "seconds"):
            inside(name, getattr(self, name), *RANGES[name])
        if self.messages / self.rate > self.seconds:
            lasts = f"{self.messages:,} messages at {self.rate:g} a second take {self.messages / self.rate:,.0f} s"
            raise BadWorkload(
                "seconds",
                f"{lasts}, and only {self.seconds} s are watched. Watch longer, or send faster or fewer.",
            )
        if self.shape == "bursts" and self.burst > self.messages:
            raise BadWorkload("burst", f"A burst of {self.burst} is more than all {self.messages} messages.")
        if len(self.failures) > limits.WORKLOAD_FAILURES_MAX:
            raise BadWorkload(
                "fail", f"At most {limits.WORKLOAD_FAILURES_MAX} things go wrong in one workload."
            )
        for failure in self.failures:
            self._check(failure)
        self._check_together()
        return self

    def _check(self, failure: AnyFailure) -> None:
        match failure:
            case PoisonMessage() | DuplicateSend():
                inside("message", failure.message, 1, self.messages)
            case _:
                inside("at", failure.at_s, 0, self.seconds)
        match failure:
            case ConsumerCrash() | SlowConsumer():
                inside("worker", failure.worker, 1, self.consumers)
                inside("for", failure.for_s, 0, self.seconds)
            case DuplicateSend():
                inside("after", failure.after_s, 0, self.seconds)
        if isinstance(failure, SlowConsumer):
            inside("factor", failure.factor, 1, limits.SLOW_FACTOR_MAX)
            if failure.factor == 1:
                raise BadWorkload(
                    "factor", "A consumer that is 1 times slower is not slower: choose 2 or more."
                )

    def _check_together(self) -> None:
        """Two mishaps of one kind and one place must not overlap."""
        seen: dict[tuple[str, int], float] = {}
        timed = [one for one in self.failures if not isinstance(one, PoisonMessage | DuplicateSend)]
        for one in sorted(timed, key=lambda one: one.at_s):
            what = type(one).__name__
            where = (what, 0 if isinstance(one, BrokerRestart) else one.worker)
            if one.at_s < seen.get(where, 0):
                raise BadWorkload(
                    "fail",
                    f"{_named(one)} at {one.at_s:g} s while the one before it lasts: leave time between them.",
                )
            lasts = RESTART_APART_S if isinstance(one, BrokerRestart) else one.for_s or self.seconds + 1
            seen[where] = one.at_s + lasts + 0.001
        numbers = [
            (type(one), one.message)
            for one in self.failures
            if isinstance(one, PoisonMessage | DuplicateSend)
        ]
        if len(set(numbers)) < len(numbers):
            raise BadWorkload(
                "fail", "The same thing goes wrong twice with one message: name another message."
            )


RESTART_APART_S = 10


def _named(failure: ConsumerCrash | SlowConsumer | BrokerRestart) -> str:
    match failure:
        case ConsumerCrash():
            return f"Consumer {failure.worker} crashes"
        case SlowConsumer():
            return f"Consumer {failure.worker} becomes slow"
        case _:
            return "The broker restarts"


def inside(field: str, value: float, low: float, high: float) -> None:
    """Raises BadWorkload where a number is out of its range."""
    if not low <= value <= high:
        words = WORDS[field]
        raise BadWorkload(
            field, f"{words[:1].upper()}{words[1:]} is from {low:,g} to {high:,g}; {value:,g} is not."
        )
