"""How a broker's nodes and lines come and go: exchanges, queues, bindings, and what goes with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.rabbitmq import subscribe
from mqlab.engine.brokers.rabbitmq.exchange import DEFAULT_NODE, Binding, Exchange, Via
from mqlab.engine.brokers.rabbitmq.picture import exchange_settings, queue_settings
from mqlab.engine.events import ActiveChanged, LinkAdded, LinkRemoved, NodeAdded, NodeRemoved, Purged
from mqlab.engine.message import Copy, copy_event
from mqlab.engine.scene import Link

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.confirms import Receipt
    from mqlab.engine.brokers.rabbitmq.consumer import Consumer
    from mqlab.engine.brokers.rabbitmq.publish import Route
    from mqlab.engine.brokers.rabbitmq.queue import Queue
    from mqlab.engine.connection import Connection
    from mqlab.engine.world import World


class Topology:
    """The part of a broker that knows what there is."""

    world: World
    name: str
    exchanges: dict[str, Exchange]
    queues: dict[str, Queue]
    connections: list[Connection]
    routes: dict[tuple[str, str], Route]
    up: bool
    on_the_way: dict[str, tuple[str, Copy, Receipt | None]]
    tells_publishers: bool

    @property
    def publish_to(self) -> list[str]:
        """What a client may publish to; "" is the default exchange."""
        return [exchange.name for exchange in self.exchanges.values() if not exchange.internal]

    @property
    def consume_from(self) -> list[str]:
        """Its queues."""
        return list(self.queues)

    def nodes(self) -> Iterator[str]:
        """Queues and exchanges, but for the exchanges that every broker has."""
        yield from (name for name in self.exchanges if name and not name.startswith("amq."))
        yield from self.queues

    def owns(self, name: str) -> bool:
        """Whether a queue or an exchange is called so."""
        return name in self.queues or name in self.exchanges

    def waiting(self) -> Iterator[tuple[str, int]]:
        """How many are ready in each queue."""
        for queue in self.queues.values():
            yield queue.name, len(queue)

    def held(self, program: Any) -> Iterator[tuple[Copy, bool]]:
        """What is unacked, and whether over a channel that the program has open, or has settled before it closed that."""
        mine: set[str] = set()
        if program.connection is not None:
            for number, channel in program.connection.channels.items():
                if number in program.channels:
                    mine.update(copy.name for copy, _ in channel.held())
        if program.what == "client":  # over a channel that is being closed: what it has settled before
            for flight in self.world.flights.values():
                if flight.what in ("ack", "nack") and flight.source == program.name:
                    mine.update(flight.of)
        for queue in self.queues.values():
            for copy in queue.unacked.values():
                if copy.holder == program.name:
                    yield copy, copy.name in mine

    def serves(self, queue: Queue) -> bool:
        """Whether a queue gives out and takes in now."""
        return self.up

    def by_name(self, routing_key: str) -> dict[str, str]:
        """The default exchange: every queue is bound to it by its own name. [rule 3]"""
        return {routing_key: routing_key} if routing_key in self.queues else {}

    def node_of(self, exchange: str) -> str:
        """An exchange's name in the picture."""
        return exchange or DEFAULT_NODE

    def add_exchange(self, exchange: Exchange, cause: str) -> None:
        """An exchange comes to be."""
        self.exchanges[exchange.name] = exchange
        self.routes.clear()
        self._added(exchange.name, "exchange", exchange_settings(self.name, exchange), cause)
        self.link_alternate(exchange, cause)

    def link_alternate(self, exchange: Exchange, cause: str) -> None:
        """The line from an exchange to its alternate, if it has one."""
        if exchange.alternate is not None:
            self._linked(
                f"{exchange.name}~alternate", "alternate", exchange.name, exchange.alternate, "", None, cause
            )

    def unlink_alternate(self, exchange: Exchange, cause: str) -> None:
        """That line goes."""
        self._unlinked(f"{exchange.name}~alternate", cause)

    def remove_exchange(self, exchange: Exchange, cause: str, rule: str = "") -> None:
        """An exchange goes, and every binding from or to it."""
        for binding in list(exchange.bindings.values()):
            exchange.unbind(binding)
            self._unlinked(binding.link, cause)
        self._unbind_everywhere(Via(exchange.name), cause)
        self.unlink_alternate(exchange, cause)
        del self.exchanges[exchange.name]
        self.routes.clear()
        self.world.emit(
            NodeRemoved(self.world.now, self.world.name(exchange.name), cause, rule, exchange.name)
        )

    def heed_publishers(self, queue: Queue) -> None:
        """From the first quorum queue on that refuses, it matters whose publish it is."""
        if queue.kind == "quorum" and queue.overflow == "reject-publish":
            self.tells_publishers = True

    def add_queue(self, queue: Queue, cause: str) -> None:
        """A queue comes to be."""
        self.queues[queue.name] = queue
        queue.led(self.world.now)
        self.renew(queue)
        self.routes.clear()
        self.heed_publishers(queue)
        self._added(queue.name, "queue", queue_settings(self.name, queue), cause)
        self.link_dead_letters(queue, cause)

    def link_dead_letters(self, queue: Queue, cause: str) -> None:
        """The line from a queue to its dead-letter exchange, if it has one."""
        if queue.dead_letter_exchange is not None:
            target = self.node_of(queue.dead_letter_exchange)
            key = queue.dead_letter_routing_key or ""
            self._linked(f"{queue.name}~dead_letter", "dead_letter", queue.name, target, key, None, cause)

    def unlink_dead_letters(self, queue: Queue, cause: str) -> None:
        """That line goes."""
        self._unlinked(f"{queue.name}~dead_letter", cause)

    def remove_queue(self, queue: Queue, cause: str, rule: str = "") -> int:
        """A queue goes with all that is in it; its consumers are told. Returns how many were ready. [rules 18, 19]"""
        world = self.world
        ready = list(queue.copies())
        for consumer in subscribe.as_told(queue):
            subscribe.cancel_by_broker(self, consumer, cause)
        receipts = [
            receipt for name, _, receipt in self.on_the_way.values() if name == queue.name and receipt
        ]
        arriving = [copy for name, copy, _ in self.on_the_way.values() if name == queue.name]
        gone = [*ready, *queue.unacked.values(), *arriving]
        for copy in gone:
            world.ledger.move(copy, "remove")
        for copy in arriving:
            del self.on_the_way[copy.name]
            world.flights.pop(copy.name, None)
        self._unbind_everywhere(queue.name, cause)
        self.unlink_dead_letters(queue, cause)
        del self.queues[queue.name]
        self.routes.clear()
        of = tuple([copy.name for copy in gone])
        if of and not rule:
            rule = "rabbitmq/queue-delete-no-dead-letter"
        world.emit(NodeRemoved(world.now, world.name(queue.name), cause, rule, queue.name, of))
        for receipt in receipts:
            receipt.gone()
        return len(ready)

    def purge(self, queue: Queue, cause: str) -> int:
        """Empty a queue of what is ready. Returns how many that were."""
        world = self.world
        taken = []
        while queue.head is not None:
            copy = queue.pop()
            world.ledger.move(copy, "purge")
            taken.append(copy)
        if taken:
            of = tuple([copy.name for copy in taken])
            world.emit(
                Purged(world.now, copy_event(taken[0]), cause, "rabbitmq/purge-only-ready", of, queue.name)
            )
        return len(taken)

    def add_binding(self, binding: Binding, cause: str) -> None:
        """A binding has been made."""
        self.routes.clear()
        self._linked(
            binding.link,
            "binding",
            binding.source,
            str(binding.destination),
            binding.routing_key,
            binding.arguments,
            cause,
        )

    def removed_binding(self, exchange: Exchange, binding: Binding, cause: str) -> None:
        """A binding is gone; with the last one goes an auto-delete exchange. [rule 12]"""
        self.routes.clear()
        self._unlinked(binding.link, cause)
        if exchange.auto_delete and not exchange.bindings and exchange.name in self.exchanges:
            self.remove_exchange(exchange, cause, "rabbitmq/auto-delete-exchange")

    def _unbind_everywhere(self, destination: str, cause: str) -> None:
        for exchange in list(self.exchanges.values()):
            for binding in [one for one in exchange.bindings.values() if one.destination == destination]:
                exchange.unbind(binding)
                self.removed_binding(exchange, binding, cause)

    def forget_consumer(self, consumer: Consumer, cause: str) -> None:
        """A consumer leaves its queue's rotation, and its line the picture."""
        consumer.queue.part(consumer)
        self.renew(consumer.queue)
        self._unlinked(consumer.link, cause)

    def tell_chosen(self, queue: Queue, before: Consumer | None, cause: str) -> None:
        """Tell whom a queue with a single active consumer serves, if that has changed. [rule 32]"""
        chosen = queue.chosen
        if chosen is before:
            return
        rule = "rabbitmq/single-active-consumer"
        program = ""
        if chosen is not None:
            program = chosen.channel.connection.program
            if before is not None and before.id in queue.consumers:
                rule = "rabbitmq/single-active-preempted"
        world = self.world
        world.emit(ActiveChanged(world.now, world.name(queue.name), cause, rule, queue.name, program))

    def queue_unused(self, queue: Queue, cause: str) -> None:
        """An auto-delete queue goes with its last consumer, even if it is not empty. [rule 16]"""
        if queue.auto_delete and not queue.consumers and self.queues.get(queue.name) is queue:
            self.remove_queue(queue, cause, "rabbitmq/auto-delete-queue")

    def renew(self, queue: Queue) -> None:
        """It has been used: if it has no consumer, its time unused begins anew. [rule 17]"""
        if queue.expires_us and not queue.consumers:
            self._look_at(queue, queue.next_look(self.world.now + queue.expires_us))

    def _look_at(self, queue: Queue, t: int) -> None:
        queue.lease = t
        self.world.at(t, self.lease_over, queue.name, t)

    def mind(self, queue: Queue) -> None:
        """Somebody looks after it again, so also how long it has been unused."""
        queue.led(self.world.now)
        if queue.lease:
            self._look_at(queue, queue.next_look(max(queue.lease, self.world.now + 1)))

    def lease_over(self, queue_name: str, t: int) -> None:
        """A queue may have been unused for as long as it may."""
        queue = self.queues.get(queue_name)
        if queue is not None and queue.lease == t and self.serves(queue):
            queue.lease = 0
            if not queue.expires_us or queue.consumers:
                return
            if queue.kind == "quorum" and any(copy.holder for copy in queue.unacked.values()):
                self._look_at(queue, queue.next_look(t + 1))  # somebody still holds something of it
            else:
                self.remove_queue(queue, "", "rabbitmq/queue-expires")

    def _added(self, node: str, what: str, settings: dict[str, Any], cause: str) -> None:
        self.world.emit(NodeAdded(self.world.now, self.world.name(node), cause, "", node, what, settings))

    def add_link(self, link: str, what: str, source: str, target: str, cause: str) -> None:
        """A plain line comes to be."""
        self._linked(link, what, source, target, "", None, cause)

    def remove_link(self, link: str, cause: str) -> None:
        """A line goes, if it is there."""
        self._unlinked(link, cause)

    def _linked(
        self,
        link: str,
        what: str,
        source: str,
        target: str,
        key: str,
        arguments: dict[str, Any] | None,
        cause: str,
    ) -> None:
        world = self.world
        world.links[link] = Link(what, source, target, key, arguments)
        world.emit(
            LinkAdded(world.now, world.name(source), cause, "", link, what, source, target, key, arguments)
        )

    def _unlinked(self, link: str, cause: str) -> None:
        gone = self.world.links.pop(link, None)
        if gone is not None:
            world = self.world
            ends = (gone.source, gone.target)
            name = world.name(gone.source)
            world.emit(LinkRemoved(world.now, name, cause, "", link, gone.what, ends, gone.routing_key))
