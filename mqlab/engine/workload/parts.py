"""What is the same in every system's scenario, written once: the common settings of producer and consumers, and the mishaps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mqlab.engine.commands import AnyCommand, Crash, Restart, Slow
from mqlab.engine.workload.failure import (
    BrokerRestart,
    ConsumerCrash,
    DuplicateSend,
    PoisonMessage,
    SlowConsumer,
)
from mqlab.engine.workload.workload import SECOND, Workload

PRODUCER = "web"
CONSUMER = "worker"
BODY = '{"order": {n}, "customer": "{key}"}'

Timed = list[tuple[int, AnyCommand]]


def producer_parts(workload: Workload) -> dict[str, Any]:
    """`rate`, `count` and `again` of the producer. Its `publish` has `keys: workload.key_names` and `body: BODY`."""
    match workload.shape:
        case "steady":
            rate: dict[str, Any] = {"constant": workload.rate}
        case "random":
            rate = {"poisson": workload.rate}
        case _:
            rate = {
                "burst": {
                    "count": workload.burst,
                    "every_ms": round(1_000 * workload.burst / workload.rate, 3),
                }
            }
    again = [one for one in workload.failures if isinstance(one, DuplicateSend)]
    return {
        "rate": rate,
        "count": workload.messages,
        "again": [{"message": one.message, "after_ms": one.after_s * 1_000} for one in again],
    }


def consumer_parts(workload: Workload) -> dict[str, Any]:
    """`replicas` and `service` of the consumers."""
    usual = workload.service_ms
    if workload.spread == "fixed" or not usual:
        service: dict[str, Any] = {"constant_ms": usual}
    elif workload.spread == "even":
        service = {"uniform_ms": [usual / 2, usual * 1.5]}
    else:
        service = {"exponential_ms": usual}
    return {"replicas": workload.consumers, "service": service}


def poisoned(workload: Workload) -> list[str]:
    """The names of the messages on which every consumer fails, for `fail: {when: {messages: […]}}`."""
    return [f"{PRODUCER}-{one.message}" for one in workload.failures if isinstance(one, PoisonMessage)]


def worker(workload: Workload, n: int) -> str:
    """The name of the n-th consumer, from 1."""
    return CONSUMER if workload.consumers == 1 else f"{CONSUMER}-{n}"


def mishaps(workload: Workload, restart: Callable[[], list[AnyCommand]]) -> Timed:
    """The mishaps that have a moment, as commands. `restart`: what the restart of the broker is in this system's terms."""
    made: Timed = []
    for one in workload.failures:
        match one:
            case ConsumerCrash():
                made.append((us(one.at_s), Crash(worker(workload, one.worker))))
                if one.for_s:
                    made.append((us(one.at_s + one.for_s), Restart(worker(workload, one.worker))))
            case SlowConsumer():
                made.append((us(one.at_s), Slow(worker(workload, one.worker), one.factor)))
                if one.for_s:
                    made.append((us(one.at_s + one.for_s), Slow(worker(workload, one.worker), 1)))
            case BrokerRestart():
                made += [(us(one.at_s), command) for command in restart()]
    return made


def us(seconds: float) -> int:
    """Seconds as virtual µs."""
    return round(seconds * SECOND)
