"""A client of a program on the real broker, and what is pushed to it, told as a trace tells it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pika
from pika import spec

from tests.differential.broker import PATIENCE_S

if TYPE_CHECKING:
    from tests.differential.real import Run

TEXT_CHARS = 200
Event = dict[str, Any]


class Client:
    """One client of a program: a connection and a channel, each opened when it is needed."""

    def __init__(self, run: Run, name: str) -> None:
        self.run = run
        self.name = name
        self.connection: Any = run.broker.connect()
        self.open: Any = None
        self.tags: dict[str, int] = {}
        self.reply_to: dict[str, str] = {}
        self.failed = False
        self.waiting: list[Any] = []
        run.broker.owners[self.connection] = self

    @property
    def channel(self) -> Any:
        """The channel, opened if need be."""
        if self.open is None:
            self.open = channel = self.run.broker.channel(self.connection)
            channel.add_on_close_callback(self._channel_closed)
            channel.add_on_cancel_callback(self._cancelled)
            channel.add_on_return_callback(self._returned)
            channel.add_callback(
                lambda frame: self.waiting.append(frame.method), [spec.Basic.GetEmpty], one_shot=False
            )
        return self.open

    def ask(self, call: Callable[[Any, Callable[..., None]], Any]) -> Any:
        """The reply's method to a synchronous call; None where the broker closed instead."""
        self.waiting = []
        channel = self.channel
        call(channel, lambda *frames: self.waiting.append(getattr(frames[-1], "method", frames)))
        assert self.run.broker.until(lambda: bool(self.waiting) or self.failed, PATIENCE_S), "no reply"
        return self.waiting[0] if self.waiting else None

    def sync(self) -> None:
        """Be sure that the channel has done what it was told."""
        if self.open is not None and not self.failed:
            self.ask(
                lambda channel, done: channel.exchange_declare("amq.direct", passive=True, callback=done)
            )

    def see(self, body: str, tag: int, properties: Any) -> None:
        """Remember how to settle and to answer."""
        self.tags[body] = tag
        if properties.reply_to is not None:
            self.reply_to[body] = properties.reply_to

    def delivered(self, _channel: Any, method: Any, properties: Any, body: bytes) -> None:
        """A delivery to one of its consumers."""
        text = body.decode()
        self.see(text, method.delivery_tag, properties)
        self._tell(
            "deliver", consumer=method.consumer_tag, body=text, delivery_tag=method.delivery_tag,
            redelivered=method.redelivered, exchange=method.exchange, rk=method.routing_key, props=said(properties),
        )  # fmt: skip

    def confirmed(self, frame: Any) -> None:
        """A confirm, or a nack from the broker."""
        event = "confirm_ack" if isinstance(frame.method, spec.Basic.Ack) else "confirm_nack"
        self._tell(event, client=self.name, tag=frame.method.delivery_tag, multiple=frame.method.multiple)

    def _returned(self, _channel: Any, method: Any, _properties: Any, body: bytes) -> None:
        self._tell(
            "return", client=self.name, code=method.reply_code, text=method.reply_text, exchange=method.exchange,
            rk=method.routing_key, body=body.decode(),
        )  # fmt: skip

    def _cancelled(self, frame: Any) -> None:
        self._tell("consumer_cancelled_by_broker", client=self.name, tag=frame.method.consumer_tag)

    def _channel_closed(self, _channel: Any, reason: Any) -> None:
        self.open = None
        if isinstance(reason, pika.exceptions.ChannelClosedByBroker):
            self._closed_with("channel_closed", reason)

    def connection_closed(self, reason: Exception) -> None:
        """The connection is over."""
        self.connection, self.open = None, None
        if isinstance(reason, pika.exceptions.ConnectionClosedByBroker):
            self._closed_with("connection_closed", reason)

    def _closed_with(self, event: str, reason: Any) -> None:
        self.failed = True
        text = self.run.plain(reason.reply_text)[:TEXT_CHARS]
        self._tell(event, client=self.name, code=reason.reply_code, text=text)

    def _tell(self, event: str, **more: Any) -> None:
        self.run.observed.append(self.run.plain({"event": event, **more}))


def said(properties: Any) -> Event:
    """Properties as a trace writes them."""
    return {name: _masked(value) for name, value in vars(properties).items() if value is not None}


def _masked(value: Any) -> Any:
    match value:
        case datetime():
            return "<timestamp>"
        case dict():
            return {name: _masked(one) for name, one in value.items()}
        case list():
            return [_masked(one) for one in value]
    return value
