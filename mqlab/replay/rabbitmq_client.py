"""A client of a recorded RabbitMQ scenario: what it saw, written as a trace writes it."""

from __future__ import annotations

from typing import Any

from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
from mqlab.engine.brokers.rabbitmq.reply_to import PSEUDO_QUEUE
from mqlab.engine.clients.rabbitmq.amqp import AmqpClient, ClientChannel
from mqlab.engine.message import Message, Properties, Timestamp
from mqlab.engine.world import World

TEXT_CHARS = 200
BLOCKED = "connection blocked, see broker logs"
"""What the recording client library says, whatever the broker gave as its reason."""


class Client(AmqpClient):
    """One recorded client: a connection with one channel, opened anew after an error."""

    def __init__(self, world: World, name: str, broker: RabbitMQ, seen: list[dict[str, Any]]) -> None:
        super().__init__(world, name, broker, instant=True)
        self.observed = seen
        self.tags: dict[str, int] = {}
        self.reply_to: dict[str, str] = {}
        self.got: m.BasicDeliver | None = None
        self.failed = False
        self.published = 0
        self.connect()

    @property
    def channel(self) -> ClientChannel:
        """The channel, opened if need be."""
        return self.channels.get(1) or self.open_channel()

    def on_deliver(self, frame: m.BasicDeliver, cause: str) -> None:
        body = frame.body.decode()
        self.tags[body] = frame.delivery_tag
        if frame.properties.reply_to is not None:
            self.reply_to[body] = frame.properties.reply_to
        if frame.message_count >= 0:
            self.got = frame
            return
        self.observed.append(
            {
                "event": "deliver",
                "consumer": frame.consumer_tag,
                "body": body,
                "delivery_tag": frame.delivery_tag,
                "redelivered": frame.redelivered,
                "exchange": frame.exchange,
                "rk": shown(frame.routing_key),
                "props": said(frame.properties),
            }
        )

    def on_confirm(self, frame: m.Confirm, message: Message | None, cause: str) -> None:
        event = "confirm_ack" if frame.ok else "confirm_nack"
        self.observed.append(
            {"event": event, "client": self.name, "tag": frame.delivery_tag, "multiple": frame.multiple}
        )

    def on_return(self, frame: m.BasicReturn, cause: str) -> None:
        self.observed.append(
            {
                "event": "return",
                "client": self.name,
                "code": frame.reply_code,
                "text": frame.reply_text,
                "exchange": frame.exchange,
                "rk": shown(frame.routing_key),
                "body": frame.message.body.decode(),
            }
        )

    def on_blocked(self, reason: str, cause: str) -> None:
        seen = {"event": "connection_blocked" if reason else "connection_unblocked", "client": self.name}
        self.observed.append({**seen, "reason": BLOCKED} if reason else seen)

    def on_cancelled(self, frame: m.CancelNotify, cause: str) -> None:
        self.observed.append(
            {"event": "consumer_cancelled_by_broker", "client": self.name, "tag": frame.consumer_tag}
        )

    def on_channel_closed(self, frame: m.ChannelClosedByBroker, channel: ClientChannel, cause: str) -> None:
        self._closed_with("channel_closed", frame.code, frame.text)

    def on_connection_closed(
        self, frame: m.ConnectionClosedByBroker, channels: list[ClientChannel], cause: str
    ) -> None:
        self._closed_with("connection_closed", frame.code, frame.text)

    def _closed_with(self, event: str, code: int, text: str) -> None:
        self.failed = True
        self.observed.append({"event": event, "client": self.name, "code": code, "text": text[:TEXT_CHARS]})


def shown(name: str) -> str:
    """A name as a trace writes it: what a server made up is masked."""
    for made_up, mask in (("amq.gen-", "<random>"), (f"{PSEUDO_QUEUE}.", "<token>")):
        if name.startswith(made_up):
            return f"{made_up}{mask}"
    return name


def said(properties: Properties) -> dict[str, Any]:
    """Properties as a trace writes them."""
    fields: dict[str, Any] = {}
    for name in Properties.__struct_fields__:
        value = getattr(properties, name)
        if value is not None:
            fields[name] = shown(value) if name == "reply_to" else _masked(value)
    return fields


def _masked(value: Any) -> Any:
    match value:
        case Timestamp():
            return "<timestamp>"
        case dict():
            return {name: _masked(one) for name, one in value.items()}
        case list() | tuple():
            return [_masked(one) for one in value]
        case _:
            return value
