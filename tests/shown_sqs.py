"""Where a scenario shows a rule of SQS that no event quotes: what is to be seen there (see test_rule_scenarios.py)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mqlab.engine import events as e


def goes_unnoticed(seen: Any) -> bool:
    """It crashes, its line is closed, and the message comes back a good second later, when its time is over."""
    (closed,) = seen.all(e.Closed, program="fragile")
    (given,) = seen.all(e.Delivered, program="fragile")
    (back,) = seen.all(e.Requeued, program="fragile")
    return closed.t < back.t == given.until


def not_in_order(seen: Any) -> bool:
    """What one poll of all servers brings."""
    given = [int(one.of[0].split("@")[0].split("-")[1]) for one in seen.all(e.Delivered, queue="mixed")]
    return sorted(given) == list(range(1, 15)) and given != sorted(given)


def ten_in_one_request(seen: Any) -> bool:
    """Ten messages, of which one is refused."""
    (sent,) = seen.all(e.Published, program="packer")
    return len(sent.of) == 10


SQS_SHOWN: dict[str, Callable[[Any], bool]] = {
    "sqs/batch-refused": ten_in_one_request,
    "sqs/message-attributes": lambda seen: seen.all(e.Published, program="labelled")[0].properties
    == {"MessageAttributes": {"language": "de", "pages": "2"}},
    "sqs/md5": lambda seen: bool(seen.all(e.Enqueued, queue="plain")),
    "sqs/requests-billed": lambda seen: bool(seen.all(e.Answered, request="ReceiveMessage", reply="0", program="waiter")),
    "sqs/receive-at-most-ten": lambda seen: bool(seen.all(e.Answered, request="ReceiveMessage", reply="10", program="mixer")),
    "sqs/best-effort-order": not_in_order,
    "sqs/crash-unnoticed": goes_unnoticed,
    "sqs/receipt-handle": lambda seen: [one.tag for one in seen.all(e.Delivered, queue="plain")][:2] == [1, 2],
    "sqs/fifo-order": lambda seen: [
        one.of[0] for one in seen.all(e.Delivered, queue="line.fifo") if one.of[0].startswith("lines")
    ]
    == [f"lines-{n}@line.fifo" for n in range(1, 5)],
    "sqs/queue-name": lambda seen: [one.node for one in seen.all(e.NodeAdded)] == ["late.fifo"],
}  # fmt: skip
