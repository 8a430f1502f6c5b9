"""Transactions of a channel: publishes and acks wait for tx.commit, or are taken back. [rule 35]

What is wrong with a publish or a delivery tag is said at once, and a publish is routed at once; only its effect waits.
At the commit the publishes go first, then the acks, nacks and rejects in their order; but what only quorum queues get comes
after these, for they take publishes with less haste. [asked of a 3.10.8]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqlab.engine.brokers.rabbitmq import calls, publish, settle
from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.brokers.rabbitmq.confirms import Receipt
from mqlab.engine.brokers.rabbitmq.methods import ChannelError

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.brokers.rabbitmq.channel import Channel
    from mqlab.engine.brokers.rabbitmq.consumer import Consumer
    from mqlab.engine.brokers.rabbitmq.exchange import Exchange
    from mqlab.engine.connection import Connection
    from mqlab.engine.message import Content, Copy, Message

    Settles = m.BasicAck | m.BasicNack | m.BasicReject


class Transaction:
    """What a channel has asked for since the last commit, each with the event of its departure. `committing`: the last
    commit, as long as it is not answered."""

    __slots__ = ("committing", "publishes", "settles")

    def __init__(self, committing: Commit | None = None) -> None:
        self.committing = committing
        self.publishes: list[tuple[Exchange, m.BasicPublish, Content, publish.Route, str]] = []
        self.settles: list[tuple[Settles, dict[int, tuple[Copy, Consumer | None]], str]] = []

    def undo(self, broker: RabbitMQ, channel: Channel, cause: str) -> None:
        """Forget the publishes, and let the channel hold again what was to be acked."""
        rule = "rabbitmq/tx-rollback"
        if self.committing is not None:
            broker.world.flights.pop(self.committing.departure, None)
            calls.lose(broker, channel.connection, self.committing.request, self.committing.departure)
        for exchange, asked, _, _, departure in self.publishes:
            broker.world.flights.pop(departure, None)
            publish.refused(broker, asked.message, exchange.name, departure, "rolled back", rule)
        held = dict(channel.unacked)
        for how, entries, departure in self.settles:
            broker.world.flights.pop(departure, None)
            settle.lose_ack(broker, channel.connection, how.lost_as, departure, rule)
            held.update(entries)
        channel.unacked = dict(sorted(held.items()))
        channel.tx = Transaction()


class Commit:
    """A commit under way: how many answers of queues it waits for, and whether one of them was a refusal. Itself it counts as
    one, until all has been sent."""

    __slots__ = ("broker", "channel", "departure", "refused", "request", "waits")

    def __init__(self, broker: RabbitMQ, channel: Channel, request: m.TxCommit, departure: str) -> None:
        self.broker = broker
        self.channel = channel
        self.request = request
        self.departure = departure
        self.waits = 1
        self.refused = False

    def answered(self) -> None:
        """A queue has answered: the last of them, after all had been sent, lets the client know."""
        self.waits -= 1
        broker, channel = self.broker, self.channel
        connection = channel.connection
        if self.waits or connection.channels.get(channel.number) is not channel or channel.tx is None:
            return
        channel.tx.committing = None
        broker.world.flights.pop(self.departure, None)
        if self.refused:
            broker.close_channel(connection, channel.number, partial(), self.departure)
        else:
            broker.answer(connection, self.request, m.Ok(), self.departure)


def partial() -> ChannelError:
    """What the broker says to a commit of which a queue has refused a part."""
    return ChannelError(406, "PRECONDITION_FAILED - partial tx completion", "rabbitmq/tx-partial")


class _Watch(Receipt):
    """Learns whether a queue refuses a publish; its publisher is told by the answer to the commit."""

    __slots__ = ("commit",)

    def __init__(self, commit: Commit, message: Message, exchange: str) -> None:
        super().__init__(commit.channel, 0, message, exchange, 0)
        self.commit = commit

    def taken(self, broker: RabbitMQ, cause: str) -> None:
        """One more queue has answered."""
        self.commit.answered()

    def refused(self, broker: RabbitMQ, cause: str) -> None:
        """One queue has not taken it."""
        self.commit.refused = True
        self.commit.answered()

    def gone(self) -> None:
        """There is no queue any more that could."""
        self.commit.answered()


def select(broker: RabbitMQ, connection: Connection, request: m.TxSelect, cause: str) -> m.Ok:
    """tx.select. Raises ChannelError 406 on a channel with confirms."""
    channel = broker.channel(connection, request.channel)
    if channel.confirms:
        text = "PRECONDITION_FAILED - cannot switch from confirm to tx mode"
        raise ChannelError(406, text, "rabbitmq/tx-or-confirms")
    channel.tx = channel.tx or Transaction()
    return m.Ok()


def commit(broker: RabbitMQ, connection: Connection, request: m.TxCommit, cause: str) -> m.Ok | None:
    """tx.commit. Raises ChannelError 406 where there is no transaction, or where a queue refused one of the publishes. Where
    what was published is still on its way to its queues, the answer waits for theirs: None."""
    channel, tx = _open(broker, connection, request)
    channel.tx = None
    work = Commit(broker, channel, request, cause)
    later = []
    for held in tx.publishes:
        if held[3][0] and all(queue.kind == "quorum" for queue in held[3][0]):
            later.append(held)
        else:
            _publish(broker, work, *held)
    for how, taken, departure in tx.settles:
        entries = list(taken.values())
        broker.world.flights.pop(departure, None)
        if isinstance(how, m.BasicAck):
            settle.acked(broker, connection, entries, departure)
        else:
            settle.refused(broker, connection, how, entries, departure)
    for held in later:
        _publish(broker, work, *held)
    work.waits -= 1
    if work.refused and not work.waits:
        raise partial()
    if not work.waits:
        channel.tx = Transaction()
        return m.Ok()
    channel.tx = Transaction(work)
    connection.keep(cause)
    return None


def _publish(
    broker: RabbitMQ, work: Commit, exchange: Exchange, asked: m.BasicPublish, content: Content, chosen: publish.Route,
    departure: str,
) -> None:  # fmt: skip
    """Send one publish on its way."""
    if not exchange.name:
        chosen = publish.route(
            broker, exchange, content
        )  # a name that it takes for a queue's may be one by now
    queues, keys, rule = chosen
    there = [n for n, queue in enumerate(queues) if broker.queues.get(queue.name) is queue]
    chosen = (tuple([queues[n] for n in there]), tuple([keys[n] for n in there]), rule)
    broker.world.flights.pop(departure, None)
    work.waits += len(there)
    watch = _Watch(work, asked.message, exchange.name)
    publish.send(broker, work.channel, exchange, asked, content, chosen, departure, "", watch)


def rollback(broker: RabbitMQ, connection: Connection, request: m.TxRollback, cause: str) -> m.Ok:
    """tx.rollback. Raises ChannelError 406 where there is no transaction."""
    channel, tx = _open(broker, connection, request)
    tx.undo(broker, channel, cause)
    return m.Ok()


def _open(
    broker: RabbitMQ, connection: Connection, request: m.TxCommit | m.TxRollback
) -> tuple[Channel, Transaction]:
    channel = broker.channel(connection, request.channel)
    if channel.tx is None:
        text = "PRECONDITION_FAILED - channel is not transactional"
        raise ChannelError(406, text, "rabbitmq/tx-or-confirms")
    return channel, channel.tx
