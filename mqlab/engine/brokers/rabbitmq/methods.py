"""Requests, replies and pushes of AMQP 0-9-1, named as pika names them.

`lost_as` says what falls when one is lost on its way (see events.Lost).
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from mqlab.engine import requests
from mqlab.engine.message import NO_PROPERTIES, Copy, Message, Properties
from mqlab.engine.requests import ConnectionClose as ConnectionClose


class Request(requests.Request, kw_only=True):
    """Something a client asks of the broker, on a channel of its connection."""

    channel: int = 1


class ExchangeDeclare(Request):
    """exchange_declare."""

    exchange: str
    exchange_type: str = "direct"
    passive: bool = False
    durable: bool = False
    auto_delete: bool = False
    internal: bool = False
    arguments: dict[str, Any] | None = None


class ExchangeDelete(Request):
    """exchange_delete."""

    exchange: str
    if_unused: bool = False


class ExchangeBind(Request):
    """exchange_bind: messages flow from source to destination."""

    destination: str
    source: str
    routing_key: str = ""
    arguments: dict[str, Any] | None = None


class ExchangeUnbind(ExchangeBind):
    """exchange_unbind."""


class QueueDeclare(Request):
    """queue_declare; "" asks for a name from the server."""

    queue: str
    passive: bool = False
    durable: bool = False
    exclusive: bool = False
    auto_delete: bool = False
    arguments: dict[str, Any] | None = None


class QueueBind(Request):
    """queue_bind."""

    queue: str
    exchange: str
    routing_key: str = ""
    arguments: dict[str, Any] | None = None


class QueueUnbind(QueueBind):
    """queue_unbind."""


class QueuePurge(Request):
    """queue_purge."""

    queue: str


class QueueDelete(Request):
    """queue_delete."""

    queue: str
    if_unused: bool = False
    if_empty: bool = False


class BasicQos(Request):
    """basic_qos. global_qos shares the count among the channel's consumers."""

    prefetch_count: int
    global_qos: bool = False
    prefetch_size: int = 0


class BasicConsume(Request):
    """basic_consume."""

    queue: str
    consumer_tag: str
    auto_ack: bool = False
    exclusive: bool = False
    arguments: dict[str, Any] | None = None


class BasicCancel(Request):
    """basic_cancel."""

    consumer_tag: str


class BasicPublish(Request):
    """basic_publish. `message` gives the publish its identity; `confirms`: the publisher waits for a confirm."""

    message: Message
    exchange: str
    routing_key: str
    properties: Properties = NO_PROPERTIES
    mandatory: bool = False
    immediate: bool = False
    confirms: bool = False

    @property
    def lost_as(self) -> str:  # type: ignore[override]
        """With confirms the publisher will try again; without, the message is gone."""
        return "publish" if self.confirms else "message"


class BasicGet(Request):
    """basic_get."""

    queue: str
    auto_ack: bool = False


class BasicAck(Request):
    """basic_ack. `copies`: what the client means by it, for the picture."""

    delivery_tag: int
    multiple: bool = False
    lost_as: ClassVar[str] = "ack"


class BasicNack(Request):
    """basic_nack."""

    delivery_tag: int
    multiple: bool = False
    requeue: bool = True
    lost_as: ClassVar[str] = "nack"


class BasicReject(Request):
    """basic_reject."""

    delivery_tag: int
    requeue: bool = True
    lost_as: ClassVar[str] = "nack"


class BasicRecover(Request):
    """basic_recover."""

    requeue: bool = True


class ConfirmSelect(Request):
    """confirm_delivery: the channel confirms publishes from now on."""


class ChannelFlow(Request):
    """flow: asks the broker to send nothing for a while, which RabbitMQ does not do."""

    active: bool


class TxSelect(Request):
    """tx_select: publishes and acks of the channel wait for a commit from now on."""


class TxCommit(Request):
    """tx_commit."""


class TxRollback(Request):
    """tx_rollback."""


class ChannelClose(Request):
    """The client closes its channel."""

    lost_as: ClassVar[str] = "close"


# --- replies -------------------------------------------------------------------------------------------------------


class Ok(msgspec.Struct):
    """A method's -ok without fields."""


class QueueDeclareOk(msgspec.Struct):
    """Name, ready messages, consumers."""

    queue: str
    message_count: int
    consumer_count: int


class CountOk(msgspec.Struct):
    """queue_purge and queue_delete answer with how many messages went."""

    message_count: int


class BasicConsumeOk(msgspec.Struct):
    """The consumer's tag."""

    consumer_tag: str


class BasicGetOk(msgspec.Struct):
    """Something was, and has been sent."""


class BasicGetEmpty(msgspec.Struct):
    """Nothing was ready."""


# --- pushes --------------------------------------------------------------------------------------------------------


class BasicDeliver(msgspec.Struct):
    """A delivery, or the answer to a get (`message_count` ≥ 0: how many are still ready)."""

    copy: Copy
    consumer_tag: str
    delivery_tag: int
    redelivered: bool
    exchange: str
    routing_key: str
    properties: Properties
    auto_ack: bool
    queue: str
    channel: int = 1
    message_count: int = -1

    @property
    def lost_as(self) -> str:
        """The broker has no copy any more where it was taken as acked."""
        return "message" if self.auto_ack else "delivery"

    @property
    def body(self) -> bytes:
        """The message's body."""
        return self.copy.message.body


class Answer(msgspec.Struct):
    """The reply to a call, on its way to a client that waits for it."""

    reply: Any
    channel: int = 1
    lost_as: ClassVar[str] = "request"


class BasicReturn(msgspec.Struct):
    """An unroutable mandatory message comes back."""

    message: Message
    reply_code: int
    reply_text: str
    exchange: str
    routing_key: str
    properties: Properties
    channel: int = 1
    lost_as: ClassVar[str] = "return"


class Confirm(msgspec.Struct):
    """basic.ack (ok) or basic.nack from the broker: publishes up to (multiple) or with this sequence number."""

    delivery_tag: int
    multiple: bool
    ok: bool
    of: tuple[str, ...]
    channel: int = 1
    lost_as: ClassVar[str] = "confirm"


class ConnectionBlocked(msgspec.Struct):
    """connection.blocked: the broker reads nothing more from this connection for now."""

    reason: str
    lost_as: ClassVar[str] = "close"


class ConnectionUnblocked(msgspec.Struct):
    """connection.unblocked: it reads on."""

    lost_as: ClassVar[str] = "close"


class CancelNotify(msgspec.Struct):
    """basic.cancel from the broker: this consumer's queue is gone."""

    consumer_tag: str
    channel: int = 1
    lost_as: ClassVar[str] = "close"


class ChannelClosedByBroker(msgspec.Struct):
    """channel.close with the broker's error."""

    code: int
    text: str
    channel: int = 1
    lost_as: ClassVar[str] = "close"


class ChannelCloseOk(msgspec.Struct):
    """The broker's answer to channel.close: nothing more comes over this channel."""

    channel: int = 1
    lost_as: ClassVar[str] = "close"


class ConnectionClosedByBroker(msgspec.Struct):
    """connection.close with the broker's error."""

    code: int
    text: str
    lost_as: ClassVar[str] = "close"


# --- errors --------------------------------------------------------------------------------------------------------


class ChannelError(Exception):
    """What the broker answers by closing the channel. `text` is the reply text as RabbitMQ words it."""

    def __init__(self, code: int, text: str, rule: str = "") -> None:
        super().__init__(f"{code} {text}")
        self.code = code
        self.text = text
        self.rule = rule


class ConnectionError_(ChannelError):
    """What the broker answers by closing the whole connection."""
