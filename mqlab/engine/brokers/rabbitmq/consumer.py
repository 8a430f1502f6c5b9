"""A subscription: who takes from a queue, and how much it may hold unacked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.channel import Channel
    from mqlab.engine.brokers.rabbitmq.queue import Queue


class Consumer:
    """`prefetch` 0 is unlimited; `unacked` is what it holds of its queue."""

    __slots__ = (
        "arguments",
        "auto_ack",
        "blocked",
        "channel",
        "exclusive",
        "prefetch",
        "priority",
        "queue",
        "tag",
        "timed",
        "unacked",
        "watch",
    )

    def __init__(
        self,
        tag: str,
        channel: Channel,
        queue: Queue,
        *,
        auto_ack: bool,
        prefetch: int,
        exclusive: bool,
        arguments: dict[str, Any],
    ) -> None:
        self.tag = tag
        self.channel = channel
        self.queue = queue
        self.auto_ack = auto_ack
        self.prefetch = 0 if auto_ack else prefetch
        self.exclusive = exclusive
        self.arguments = arguments
        self.priority: int = arguments.get("x-priority", 0)
        self.unacked = 0
        self.blocked = 0  # out of its queue's rotation, and as which of those that left it; 0: in it
        self.timed = False  # whether its queue looks how long it holds what
        self.watch = 0  # when what it holds is looked at; 0: never

    @property
    def id(self) -> str:
        """Unique in its queue: consumer tags are unique only per channel."""
        return f"{self.channel.connection.program}/{self.channel.number}/{self.tag}"

    @property
    def link(self) -> str:
        """Its name as a line of the picture."""
        return f"{self.queue.name}>{self.channel.connection.program}:{self.tag}"

    @property
    def has_room(self) -> bool:
        """Whether its own prefetch has room for one more."""
        return not self.prefetch or self.unacked < self.prefetch

    @property
    def may_take(self) -> bool:
        """Whether its prefetch has room for one more, and its channel's too."""
        if self.prefetch and self.unacked >= self.prefetch:
            return False
        channel = self.channel
        if not channel.shared_prefetch or self.queue.kind == "quorum":
            return True
        return not channel.is_full and self.queue not in channel.stopped
