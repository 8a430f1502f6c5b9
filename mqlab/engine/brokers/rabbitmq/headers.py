"""Headers exchanges: whether a binding's arguments match a message's headers.

Names are compared case by case, values as the broker decodes them (`fields.py`): the integer 1 is not the
string "1", not true, and since 4.0 not 1.0 either. [semantics §1.1 rule 6:
rabbit_exchange_type_headers.erl; recorded matrix of 4.0.5; values of every type asked of a 3.10.8]
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mqlab.engine.brokers.rabbitmq.fields import amqp_type, decoded, printed

KINDS = ("all", "any", "all-with-x", "any-with-x")


def matches(arguments: dict[str, Any], headers: dict[str, Any] | None, version: str) -> bool:
    """Whether a binding with these arguments takes a message with these headers (None: it has none).

    `x-match` is "all" where it is absent. all and any leave out each argument whose name begins with "x-";
    the -with-x kinds leave out only `x-match`. So "all" without further arguments takes everything, and
    "any" nothing.
    """
    kind = arguments.get("x-match")
    with_x = kind in ("all-with-x", "any-with-x")
    wants_any = kind in ("any", "any-with-x")
    given = headers or {}
    for name, wanted in arguments.items():
        if name == "x-match" or (name.startswith("x-") and not with_x):
            continue
        found = name in given and (wanted is None or equal(wanted, given[name], version))
        if found == wants_any:
            return found
    return not wants_any


def equal(wanted: Any, given: Any, version: str) -> bool:
    """Whether an argument's value is that of a header; both are Python values that stand for AMQP fields."""
    if type(wanted) is type(given) and type(wanted) in (str, int, bool):
        return bool(wanted == given)
    left, right = decoded(wanted), decoded(given)
    if version == "3.10":
        numbers = {left[0], right[0]} == {"integer", "float"}
        return left[1] == right[1] if numbers else left == right
    if isinstance(given, datetime):  # mc_amqpl makes a header's time milliseconds; a binding's stays as it is
        right = ("integer", right[1] * 1000)
    return left == right


def validate(arguments: dict[str, Any]) -> str | None:
    """Why a binding may not have these arguments, in RabbitMQ's words; None where it may."""
    if "x-match" not in arguments:
        return None
    value = arguments["x-match"]
    if not isinstance(value, str):
        return f"Invalid x-match field type {amqp_type(value)} (value {printed(value)}); expected longstr"
    if value not in KINDS:
        return f"Invalid x-match field value {printed(value)}; expected all, any, all-with-x, or any-with-x"
    return None
