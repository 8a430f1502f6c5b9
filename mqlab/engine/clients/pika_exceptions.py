"""What the façade raises, named as in pika.exceptions."""

from __future__ import annotations


class AMQPError(Exception):
    """What the broker answered with an error."""

    def __init__(self, reply_code: int, reply_text: str) -> None:
        super().__init__(f"({reply_code}) {reply_text}")
        self.reply_code = reply_code
        self.reply_text = reply_text


class ChannelClosedByBroker(AMQPError):
    """The broker closed the channel."""


class ConnectionClosedByBroker(AMQPError):
    """The broker closed the connection."""


class ChannelWrongStateError(Exception):
    """The channel or connection is closed: open a new one."""


class NackError(Exception):
    """With confirms: the broker refused the publish."""


class UnroutableError(Exception):
    """With confirms and mandatory: the message came back."""


class ConnectionBlockedTimeout(Exception):
    """The broker has an alarm and reads nothing from this connection: what waits for an answer would wait until it is over."""


class ReentrantCall(Exception):
    """A synchronous call from inside the engine. Keep what you need and call when the engine is at rest."""
