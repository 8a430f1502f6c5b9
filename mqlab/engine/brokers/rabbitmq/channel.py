"""A channel: delivery tags, what is unacked on it, its consumers, its confirms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mqlab.engine.brokers.rabbitmq.methods import ChannelError

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.consumer import Consumer
    from mqlab.engine.brokers.rabbitmq.queue import Queue
    from mqlab.engine.brokers.rabbitmq.reply_to import Asker
    from mqlab.engine.brokers.rabbitmq.tx import Transaction
    from mqlab.engine.connection import Connection
    from mqlab.engine.message import Content, Copy


class Channel:
    """`unacked`: delivery tag -> (copy, the consumer it went to or None for a get), in the order of the tags."""

    __slots__ = (
        "asker", "confirms", "connection", "consumers", "content", "default_prefetch", "latest_queue", "number",
        "opened", "published", "reclaimed", "shared_prefetch", "shared_unacked", "stopped", "tags", "tx", "unacked", "watch",
    )  # fmt: skip

    def __init__(self, connection: Connection, number: int) -> None:
        self.connection = connection
        self.number = number
        self.tags = 0
        self.unacked: dict[int, tuple[Copy, Consumer | None]] = {}
        self.consumers: dict[str, Consumer] = {}
        self.default_prefetch = 0
        self.shared_prefetch = 0
        self.shared_unacked = 0
        self.stopped: dict[
            Queue, None
        ] = {}  # queues that found the shared prefetch full and wait to be told to go on
        self.confirms = False
        self.latest_queue = ""  # the one declared last, which is meant where none is named
        self.tx: Transaction | None = None
        self.opened = connection.world.now
        self.watch = 0  # when the oldest that is unacked is looked at; 0: never, -1: it is not its business
        self.reclaimed: set[int] = (
            set()
        )  # tags whose messages went back for want of an ack: late acks are nothing
        self.published = 0
        self.asker: Asker | None = None  # its consumer of direct replies
        self.content: Content | None = None  # of the last publish: the next one with the same words shares it

    @property
    def is_full(self) -> bool:
        """Whether its consumers together hold all that they may."""
        return 0 < self.shared_prefetch <= self.shared_unacked

    def discard(self) -> None:
        """Let go of consumers and of what is unacked (see World.discard)."""
        self.asker = None
        self.consumers.clear()
        self.stopped.clear()
        self.unacked.clear()

    def held(self) -> Iterator[tuple[Copy, Consumer | None]]:
        """What its queues wait for: what is unacked, and what is acked in a transaction."""
        yield from self.unacked.values()
        if self.tx is not None:
            for _, entries, _ in self.tx.settles:
                yield from entries.values()

    def take(self, tag: int, multiple: bool) -> list[tuple[Copy, Consumer | None]]:
        """Take what this tag settles, oldest first; multiple: all up to it, and 0 means all there is.

        Raises ChannelError 406 for an unknown tag (also one already settled). [rule 25]
        """
        unacked = self.unacked
        if not multiple:
            entry = unacked.pop(tag, None)
            if entry is None and tag in self.reclaimed:
                return []
            if entry is None:
                raise unknown_tag(tag)
            return [entry]
        if tag == 0:
            tags = list(unacked)
        else:
            if tag not in unacked and tag not in self.reclaimed:
                raise unknown_tag(tag)
            tags = [one for one in unacked if one <= tag]
        return [unacked.pop(one) for one in tags]


def unknown_tag(tag: int) -> ChannelError:
    """What the broker says to an ack of a tag that it does not know."""
    return ChannelError(
        406, f"PRECONDITION_FAILED - unknown delivery tag {tag}", "rabbitmq/unknown-delivery-tag"
    )


def still_held(entries: list[tuple[Copy, Consumer | None]]) -> list[tuple[Copy, Consumer | None]]:
    """Without what went back into its queue when the queue's node went down: of that, an ack or nack comes to nothing."""
    return [entry for entry in entries if entry[0].state != "returned"]
