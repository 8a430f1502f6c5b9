"""Random scripts of a client: every call, right and wrong, in any order."""

from __future__ import annotations

import json
import random
from typing import Any

CALLS_MAX = 28
ONE = {"call": "basic_publish", "exchange": "", "routing_key": "one", "key": "C"}
TOGETHER: list[list[dict[str, Any]]] = [
    [
        {"call": "basic_consume", "queue": "amq.rabbitmq.reply-to", "auto_ack": True},
        *[ONE | {"properties": {"reply_to": "amq.rabbitmq.reply-to", "correlation_id": "c"}}] * 2,
    ],
    [
        {"call": "tx_select"},
        {"call": "basic_get", "queue": "one"},
        ONE,
        {"call": "basic_ack", "delivery": 1},
        {"call": "tx_commit"},
    ],
    [
        {"call": "tx_select"},
        ONE,
        {"call": "basic_ack", "delivery": 0, "multiple": True},
        {"call": "tx_rollback"},
        ONE,
    ],
    [
        {"call": "basic_qos", "prefetch_count": 2, "global_qos": True},
        {"call": "basic_consume", "queue": "parking"},
    ],
]
"""What makes sense together, over one channel."""
ANSWERER = """
  helper: {kind: consumer, broker: rabbit, queue: one, prefetch: 2, service: {constant_ms: 80},
    answer: {body: "{key} by {name}", mandatory: true}}"""


def programs(seed: int) -> str:
    """Three clients and a consumer that answers, as a scenario file has programs."""
    chance = random.Random(f"{seed} script")
    written = [
        f"\n  {name}: {{kind: client, broker: rabbit, script: {json.dumps(script(chance))}}}"
        for name in ("asker", "taker", "odd")
    ]
    return "".join(written) + ANSWERER


def script(chance: random.Random) -> list[dict[str, Any]]:
    """Up to CALLS_MAX calls within five seconds."""
    t, calls = 0, []
    for _ in range(chance.randint(5, CALLS_MAX)):
        t += chance.choice([0, 0, 50, 200, 500])
        if chance.random() < 0.15:
            calls += [{"at_ms": t, "channel": chance.randint(4, 6)} | one for one in chance.choice(TOGETHER)]
        call = {"at_ms": t, "call": "", "channel": chance.choice([1, 1, 1, 2, 3])} | _call(chance)
        calls.append({name: value for name, value in call.items() if value is not None})
    return sorted(calls, key=lambda call: call["at_ms"])


def _call(chance: random.Random) -> dict[str, Any]:
    queue = chance.choice(["one", "two", "three", "four", "own", "parking", "", "nowhere"])
    delivery = chance.choice([1, 1, 2, 3, 4])
    tag = chance.choice([None, "a", "b", ""])
    some = chance.random() < 0.5
    once = chance.random() < 0.15
    publish: dict[str, Any] = {
        "call": "basic_publish",
        "key": chance.choice(["A", "B", None]),
        "mandatory": some,
    }
    kinds: list[dict[str, Any]] = [
        {"call": "queue_declare", "queue": "own", "durable": True, "auto_delete": once},
        {"call": "queue_declare", "queue": "", "exclusive": True},
        {"call": "queue_declare", "queue": queue, "passive": some, "durable": True},
        {"call": "queue_bind", "queue": queue, "exchange": "in", "routing_key": chance.choice([None, "a.#"])},
        {"call": "queue_unbind", "queue": queue, "exchange": "in", "routing_key": "a.#"},
        {"call": "exchange_declare", "exchange": "extra", "exchange_type": "fanout"},
        {"call": "exchange_bind", "destination": "extra", "source": "in", "routing_key": "a.*"},
        {"call": "exchange_delete", "exchange": "extra", "if_unused": some},
        {"call": "queue_purge", "queue": queue},
        {"call": "basic_qos", "prefetch_count": chance.randint(0, 3), "global_qos": once},
        {"call": "basic_consume", "queue": "amq.rabbitmq.reply-to", "auto_ack": True},
        *[{"call": "basic_consume", "queue": queue, "consumer_tag": tag, "auto_ack": once, "exclusive": once}]
        * 4,
        *[{"call": "basic_get", "queue": queue, "auto_ack": once}] * 4,
        {**publish, "exchange": "in", "routing_key": "a.b", "body": "x"},
        {
            **publish,
            "exchange": "",
            "routing_key": "one",
            "properties": {"reply_to": "amq.rabbitmq.reply-to"},
        },
        {**publish, "exchange": "", "routing_key": "{reply_to}", "delivery": delivery},
        *[{"call": "basic_ack", "delivery": delivery, "multiple": some}] * 4,
        {"call": "basic_ack", "delivery": 0, "multiple": True},
        *[{"call": "basic_nack", "delivery": delivery, "requeue": some}] * 2,
        {"call": "basic_reject", "delivery": delivery, "requeue": some},
        {"call": "basic_recover", "requeue": chance.random() < 0.9},
        {"call": "confirm_delivery"},
        *[{"call": "tx_select"}, {"call": "tx_commit"}, {"call": "tx_rollback"}] * 2,
        {"call": "close"},
    ]
    if once:
        kinds += [
            {**publish, "exchange": "missing"},
            {**publish, "exchange": "in", "immediate": True},
            {"call": "flow", "active": False},
            {"call": "queue_delete", "queue": queue, "if_unused": some, "if_empty": some},
            {"call": "basic_cancel", "consumer_tag": tag or "unknown"},
            {"call": "basic_qos", "prefetch_size": 9},
        ]
    return chance.choice(kinds)
