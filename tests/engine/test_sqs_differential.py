"""The model beside moto: random programs agree step by step, and where moto differs from the documentation it is written down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.sqs_differential.compare import DIFFERENCES, Both, differ, emulator

PROGRAMS = 60
FIFO = {"FifoQueue": "true", "VisibilityTimeout": "5"}
Try = Callable[[Both], list[list[Any]]]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("seed", range(PROGRAMS))
def test_a_random_program_fares_the_same_on_both(seed: int) -> None:
    assert differ(seed) == ""


def several(both: Both) -> list[list[Any]]:
    both.create("q.fifo", FIFO)
    for n, group in enumerate("ABA"):
        both.play(
            ("send", "q.fifo", f"{group}{n}", {"MessageGroupId": group, "MessageDeduplicationId": str(n)})
        )
    return [both.play(("receive", "q.fifo", 2, {}))]


def again(both: Both) -> list[list[Any]]:
    both.create("q.fifo", FIFO)
    more = {"MessageGroupId": "A", "MessageDeduplicationId": "d"}
    both.play(("send", "q.fifo", "m", more))
    both.play(("receive", "q.fifo", 1, {}))
    both.play(("delete", "q.fifo", "m"))
    both.play(("send", "q.fifo", "m", more))
    return [both.play(("counts", "q.fifo"))]


def scope(both: Both) -> list[list[Any]]:
    both.create("q.fifo", {**FIFO, "DeduplicationScope": "messageGroup"})
    for group in "AB":
        both.play(("send", "q.fifo", group, {"MessageGroupId": group, "MessageDeduplicationId": "d"}))
    return [both.play(("counts", "q.fifo"))]


def standard_id(both: Both) -> list[list[Any]]:
    both.create("q", {})
    return [both.play(("send", "q", "m", {"MessageDeduplicationId": "d"}))]


def expired(both: Both) -> list[list[Any]]:
    both.create("q.fifo", FIFO)
    both.play(("send", "q.fifo", "m", {"MessageGroupId": "A", "MessageDeduplicationId": "d"}))
    both.play(("receive", "q.fifo", 1, {}))
    both.play(("advance", 6.5))
    return [both.play(("delete", "q.fifo", "m"))]


def not_in_flight(both: Both) -> list[list[Any]]:
    both.create("q", {"VisibilityTimeout": "5"})
    both.play(("send", "q", "m", {}))
    both.play(("receive", "q", 1, {}))
    both.play(("advance", 6.5))
    return [both.play(("hide", "q", "m", 5))]


def total(both: Both) -> list[list[Any]]:
    both.create("q", {})
    both.play(("send", "q", "m", {}))
    both.play(("advance", 100.5))
    both.play(("receive", "q", 1, {}))
    return [both.play(("hide", "q", "m", 43_200))]


def partly(both: Both) -> list[list[Any]]:
    both.create("q", {"MaximumMessageSize": "1024"})
    entries = [{"Id": "1", "MessageBody": "a"}, {"Id": "2", "MessageBody": "x" * 2000}]
    return [both.play(("batch", "q", entries))]


def letters(both: Both) -> list[list[Any]]:
    both.create("q", {"MaximumMessageSize": "1024"})
    return [both.play(("send", "q", "é" * 600, {}))]


def purged(both: Both) -> list[list[Any]]:
    both.create("q", {})
    both.play(("send", "q", "m", {}))
    both.play(("receive", "q", 1, {}))
    both.play(("purge", "q"))
    return [both.play(("delete", "q", "m"))]


SHOWN: dict[str, Try] = {
    "sqs/fifo-several-of-a-group": several,
    "sqs/dedup-after-delete": again,
    "sqs/dedup-scope": scope,
    "sqs/dedup-id": standard_id,
    "sqs/fifo-expired-handle": expired,
    "sqs/visibility-not-in-flight": not_in_flight,
    "sqs/visibility-total": total,
    "sqs/batch-partial-failure": partly,
    "sqs/size": letters,
    "sqs/delete-again": purged,
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("rule", SHOWN)
def test_where_moto_differs_it_still_does(rule: str) -> None:
    """Else the difference is gone, and with it its line."""
    with emulator() as (theirs, clock):
        ((mine, other),) = SHOWN[rule](Both(theirs, clock))
    assert mine != other, DIFFERENCES[rule]


def test_the_differences_that_are_not_shown_are_about_what_the_model_leaves_open_or_moto_lacks() -> None:
    assert DIFFERENCES.keys() - SHOWN.keys() == {"sqs/old-receipt-handle", "sqs/create-again"}
