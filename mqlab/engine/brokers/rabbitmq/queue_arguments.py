"""Which x-arguments a queue may be declared with, what the broker says to the others, and which make it another queue.

The texts and the order of the checks were asked of a 3.10.8. [rules 11, 20, 38, 43]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mqlab.engine.brokers.rabbitmq.methods import ChannelError, QueueDeclare

OVERFLOW = ("drop-head", "reject-publish", "reject-publish-dlx")
KINDS = ("classic", "quorum")
PRIORITY_MAX = 255
EXPIRY_MS_MAX = 10 * 365 * 86_400_000

OF_KIND = {
    "classic": (
        "x-expires", "x-message-ttl", "x-dead-letter-exchange", "x-dead-letter-routing-key", "x-max-length", "x-max-length-bytes",
        "x-max-priority", "x-overflow", "x-queue-mode", "x-queue-version", "x-single-active-consumer", "x-queue-type",
        "x-queue-master-locator",
    ),
    "quorum": (
        "x-dead-letter-exchange", "x-dead-letter-routing-key", "x-dead-letter-strategy", "x-expires", "x-max-length",
        "x-max-length-bytes", "x-max-in-memory-length", "x-max-in-memory-bytes", "x-overflow", "x-single-active-consumer",
        "x-queue-type", "x-quorum-initial-group-size", "x-delivery-limit", "x-message-ttl", "x-queue-leader-locator",
    ),
}  # fmt: skip
"""What each kind of queue knows, in the order in which two declarations are compared."""


OF_STREAMS = ("x-max-age", "x-stream-max-segment-size-bytes", "x-initial-cluster-size")
"""What only streams know, which are not modelled."""


def type_name(value: Any) -> str:
    """The AMQP type as RabbitMQ's messages call it."""
    match value:
        case bool():
            return "bool"
        case int():
            return "signedint" if -(2**31) <= value < 2**31 else "long"
        case float():
            return "double"
        case str():
            return "longstr"
        case bytes():
            return "binary"
        case dict():
            return "table"
        case list():
            return "array"
        case _:
            return "void"


def _unacceptable(value: Any) -> str:
    return f"{{unacceptable_type,{type_name(value)}}}"


def _not_negative(value: Any) -> str | None:
    wrong = _integer(value)
    if wrong is not None:
        return wrong
    return f"{{value_negative,{value}}}" if value < 0 else None


def _span(value: Any) -> str | None:
    return _not_negative(value) or (f"{{value_too_large,{value}}}" if value > EXPIRY_MS_MAX else None)


def _positive(value: Any) -> str | None:
    return "{value_zero,0}" if value == 0 and type(value) is int else _not_negative(value)


def _text(value: Any) -> str | None:
    return None if isinstance(value, str) else _unacceptable(value)


def _truth(value: Any) -> str | None:
    return None if isinstance(value, bool) else _unacceptable(value)


def _priority(value: Any) -> str | None:
    wrong = _not_negative(value)
    return f"{{max_value_exceeded,{value}}}" if wrong is None and value > PRIORITY_MAX else wrong


def _overflow(value: Any) -> str | None:
    return _text(value) or (None if value in OVERFLOW else "invalid_overflow")


def _kind(value: Any) -> str | None:
    return _text(value) or (None if value in KINDS else f"\"unsupported queue type '{value}'\"")


def _one_of(wrong: str, *choices: str) -> Callable[[Any], str | None]:
    return lambda value: _text(value) or (None if value in choices else wrong)


def _version(value: Any) -> str | None:
    wrong = _not_negative(value)
    return f"\"unsupported queue version '{value}'\"" if wrong is None and value not in (1, 2) else wrong


def _mode(value: Any) -> str | None:
    return _text(value) or (None if value in ("default", "lazy") else f"\"unsupported queue mode '{value}'\"")


_CHECKS: dict[str, Callable[[Any], str | None]] = {
    "x-expires": lambda value: _positive(value) or _span(value),
    "x-message-ttl": _span,
    "x-dead-letter-routing-key": _text,
    "x-dead-letter-strategy": _one_of("invalid_dlx_strategy", "at-most-once", "at-least-once"),
    "x-max-length": _not_negative,
    "x-max-length-bytes": _not_negative,
    "x-max-in-memory-length": _not_negative,
    "x-max-in-memory-bytes": _not_negative,
    "x-max-priority": _priority,
    "x-overflow": _overflow,
    "x-queue-mode": _mode,
    "x-queue-version": _version,
    "x-single-active-consumer": _truth,
    "x-quorum-initial-group-size": _positive,
    "x-queue-leader-locator": _one_of(
        "invalid_queue_locator_arg", "client-local", "balanced", "random", "least-leaders"
    ),
}
"""In the order in which the broker looks at them; the type of the queue before all."""


def _integer(value: Any) -> str | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return None if whole else f'"expected integer, got {type_name(value)}"'


def check_consumer_arguments(queue: str, arguments: dict[str, Any]) -> None:
    """Raises ChannelError 406 for an argument whose value no consumer can have."""
    if "x-priority" in arguments and (why := _integer(arguments["x-priority"])) is not None:
        error = _bad("x-priority", queue, f": {why}")
        raise ChannelError(error.code, error.text, "rabbitmq/consumer-priority")


def _bad(argument: str, name: str, why: str) -> ChannelError:
    text = f"PRECONDITION_FAILED - invalid arg '{argument}' for queue '{name}' in vhost '/'{why}"
    return ChannelError(406, text, "rabbitmq/declare-equivalent")


def check_name_of_exchange(argument: str, arguments: dict[str, Any], what: str, name: str) -> None:
    """An argument that names an exchange is text. Raises ChannelError 406, before any other argument is looked at."""
    if argument in arguments and not isinstance(arguments[argument], str):
        kind = type_name(arguments[argument])
        text = f"PRECONDITION_FAILED - invalid type '{kind}' for arg '{argument}' in {what} '{name}' in vhost '/'"
        raise ChannelError(406, text, "rabbitmq/declare-equivalent")


def check_arguments(name: str, arguments: dict[str, Any]) -> None:
    """Raises ChannelError 406 for the first argument whose value its kind of queue does not take."""
    check_name_of_exchange("x-dead-letter-exchange", arguments, "queue", name)
    if "x-queue-type" in arguments and (why := _kind(arguments["x-queue-type"])) is not None:
        raise _bad("x-queue-type", name, f": {why}")
    known = OF_KIND[kind_of(arguments)]
    for argument, check in _CHECKS.items():
        if argument not in arguments or argument not in known:
            continue
        if (why := check(arguments[argument])) is not None:
            raise _bad(argument, name, f": {why}")
        if argument == "x-dead-letter-routing-key" and "x-dead-letter-exchange" not in arguments:
            raise _bad(argument, name, ": routing_key_but_no_dlx_defined")


def kind_of(arguments: dict[str, Any]) -> str:
    """classic or quorum."""
    return str(arguments.get("x-queue-type", "classic"))


def check_kind(name: str, request: QueueDeclare, arguments: dict[str, Any], version: str) -> None:
    """What this kind of queue cannot be, and which arguments it does not know. Raises ChannelError 406. [rule 20]"""
    kind = kind_of(arguments)
    others = {one for known in OF_KIND.values() for one in known if one not in OF_KIND[kind]}
    others.update(OF_STREAMS)
    for argument in arguments:
        if argument in others and not (version == "4.3" and argument == "x-max-priority"):
            rule = "rabbitmq/quorum-declare" if kind == "quorum" else "rabbitmq/declare-equivalent"
            error = _bad(argument, name, f" of queue type rabbit_{kind}_queue")
            raise ChannelError(error.code, error.text, rule)
    if kind == "classic":
        return
    for wrong, field in (
        (request.auto_delete, "auto-delete"),
        (request.exclusive, "exclusive-owner"),
        (not request.durable, "non-durable"),
    ):
        if wrong:
            text = f"PRECONDITION_FAILED - invalid property '{field}' for queue '{name}' in vhost '/'"
            raise ChannelError(406, text, "rabbitmq/quorum-declare")


def check_server_named(name: str, arguments: dict[str, Any]) -> None:
    """A quorum queue has a name of its declarer's. Raises ChannelError 406."""
    if not name and kind_of(arguments) == "quorum":
        text = "PRECONDITION_FAILED - Cannot declare a server-named queue for type rabbit_quorum_queue"
        raise ChannelError(406, text, "rabbitmq/quorum-declare")
