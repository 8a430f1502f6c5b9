"""What the broker does not take in a message's properties. The texts are RabbitMQ's."""

from __future__ import annotations

from mqlab.engine.brokers.rabbitmq.fields import amqp_type
from mqlab.engine.brokers.rabbitmq.methods import ChannelError
from mqlab.engine.brokers.rabbitmq.queue_arguments import EXPIRY_MS_MAX
from mqlab.engine.message import Properties

USER = "guest"
"""As whom everybody is connected."""


def check_properties(properties: Properties) -> ChannelError | None:
    """What the broker does not take in a message's properties: another's name, a bad expiration, CC or BCC that is no list."""
    if properties.user_id not in (None, USER):
        text = f"PRECONDITION_FAILED - user_id property set to '{properties.user_id}' but authenticated user was '{USER}'"
        return ChannelError(406, text, "rabbitmq/user-id")
    if properties.expiration is not None and (error := check_expiration(properties.expiration)) is not None:
        return error
    for name in ("CC", "BCC"):
        value = (properties.headers or {}).get(name, [])
        if not isinstance(value, list):
            why = f'{{unacceptable_type_in_header,"{name}",{amqp_type(value)}}}'
            return ChannelError(
                406, f"PRECONDITION_FAILED - invalid message: {why}", "rabbitmq/sender-selected"
            )
    return None


def check_expiration(expiration: str) -> ChannelError | None:
    """`expiration` is a decimal string of milliseconds. [rule 38; the texts are RabbitMQ's]"""
    rule = "rabbitmq/expiration-invalid"
    digits = expiration[1:] if expiration[:1] in ("-", "+") else expiration
    if not digits.isascii() or not digits.isdigit():
        why = "no_integer"
        if expiration[:1].isascii() and expiration[:1].isdigit():
            number = len(expiration) - len(expiration.lstrip("0123456789"))
            why = f'{{leftover_string,"{expiration[number:]}"}}'
        return ChannelError(406, f"PRECONDITION_FAILED - invalid expiration '{expiration}': {why}", rule)
    value = digits.lstrip("0")
    if value and expiration[0] == "-":
        why = f"{{value_negative,-{value}}}"
        return ChannelError(406, f"PRECONDITION_FAILED - invalid expiration '{expiration}': {why}", rule)
    if len(value) > len(str(EXPIRY_MS_MAX)) or int(value or 0) > EXPIRY_MS_MAX:
        why = f"{{value_too_large,{value}}}"
        return ChannelError(406, f"PRECONDITION_FAILED - invalid expiration '{expiration}': {why}", rule)
    return None
