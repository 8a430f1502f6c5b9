"""Which x-arguments a queue may be declared with, and what the broker says to the others. [rules 11, 20, 38, 43]"""

from __future__ import annotations

from typing import Any

from mqlab.engine.brokers.rabbitmq.methods import ChannelError, QueueDeclare

NOT_NEGATIVE = ("x-message-ttl", "x-max-length", "x-max-length-bytes")
POSITIVE = ("x-expires",)
TEXT = ("x-dead-letter-exchange", "x-dead-letter-routing-key")
OVERFLOW = ("drop-head", "reject-publish", "reject-publish-dlx")
KINDS = ("classic", "quorum")


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


def _bad(argument: str, name: str, why: str) -> ChannelError:
    text = f"PRECONDITION_FAILED - invalid arg '{argument}' for queue '{name}' in vhost '/': {why}"
    return ChannelError(406, text, "rabbitmq/declare-equivalent")


def check_arguments(name: str, arguments: dict[str, Any], version: str) -> None:
    """Raises ChannelError 406 for the first argument that no queue takes."""
    for argument, value in arguments.items():
        if argument in NOT_NEGATIVE + POSITIVE:
            if not isinstance(value, int) or isinstance(value, bool):
                raise _bad(argument, name, f"{{unacceptable_type,{type_name(value)}}}")
            if value < 0:
                raise _bad(argument, name, f"{{value_negative,{value}}}")
            if value == 0 and argument in POSITIVE:
                raise _bad(argument, name, "{value_zero,0}")
        elif argument in TEXT and not isinstance(value, str):
            raise _bad(argument, name, f"{{unacceptable_type,{type_name(value)}}}")
        elif argument == "x-overflow" and value not in OVERFLOW:
            raise _bad(argument, name, "invalid_overflow")
        elif argument == "x-queue-type" and value not in KINDS:
            raise _bad(argument, name, "unknown_queue_type")
    if "x-dead-letter-routing-key" in arguments and "x-dead-letter-exchange" not in arguments:
        raise _bad("x-dead-letter-routing-key", name, "routing_key_but_no_dlx_defined")


def kind_of(arguments: dict[str, Any]) -> str:
    """classic or quorum."""
    return str(arguments.get("x-queue-type", "classic"))


def check_kind(name: str, request: QueueDeclare, arguments: dict[str, Any], version: str) -> None:
    """What a quorum queue cannot be: server-named, transient, exclusive, auto-delete. [rule 20]"""
    for wrong, field in (
        (request.auto_delete, "auto-delete"),
        (request.exclusive, "exclusive-owner"),
        (not request.durable, "non-durable"),
        (not name, "server-named"),
    ):
        if wrong:
            text = f"PRECONDITION_FAILED - invalid property '{field}' for queue '{name}' in vhost '/'"
            raise ChannelError(406, text, "rabbitmq/quorum-declare")
    if "x-max-priority" in arguments and version != "4.3":
        kind = "rabbit_quorum_queue"
        text = f"PRECONDITION_FAILED - invalid arg 'x-max-priority' for queue '{name}' in vhost '/' of queue type {kind}"
        raise ChannelError(406, text, "rabbitmq/quorum-declare")
