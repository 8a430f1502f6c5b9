"""Three nodes instead of one: where each queue lives, who leads it, and what a node that stops takes with it. [rules 55–57, 63]

A quorum queue has a member on every node; its leader confirms once a majority has a message. A classic queue lives on one node
alone. A node that is cut off from the others pauses, as with cluster_partition_handling = pause_minority: its clients go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.brokers.rabbitmq import restart, subscribe
from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
from mqlab.engine.brokers.rabbitmq.deliver import dispatch, expire
from mqlab.engine.brokers.rabbitmq.place import Place
from mqlab.engine.brokers.rabbitmq.queue import whole
from mqlab.engine.brokers.rabbitmq.requeue import requeue
from mqlab.engine.draw import draw
from mqlab.engine.events import LeaderChanged, Lost, MemberChanged, NodeChanged
from mqlab.engine.message import Copy

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.methods import ChannelError
    from mqlab.engine.brokers.rabbitmq.queue import Queue
    from mqlab.engine.connection import Connection
    from mqlab.engine.world import World

COMMIT_US = 10_000
"""From the leader to a majority of the members and back."""
ELECTION_US = (200_000, 1_200_000)
"""How long a queue is without a leader, at least and at most."""
NO_MAJORITY = "rabbitmq/cluster-no-majority"
ELECTION = "rabbitmq/cluster-leader-election"
ONE_NODE = "rabbitmq/cluster-classic-one-node"
CHANGES = (
    m.QueueDeclare, m.ExchangeDeclare, m.QueueDelete, m.ExchangeDelete, m.QueueBind, m.ExchangeBind,
)  # fmt: skip
"""Requests that change what there is; an unbind is a bind here, and a passive declaration changes nothing."""


class Cluster(RabbitMQ):
    """A broker of several nodes. `members`: each node's status: up, down, cut off, starting."""

    def __init__(
        self, world: World, name: str, version: str, restart_us: int, timeout_us: int, nodes: int
    ) -> None:
        super().__init__(world, name, version, restart_us, timeout_us)
        self.members = {f"{name}-{n + 1}": "up" for n in range(nodes)}
        self.connects: dict[str, int] = {}
        self.pending: dict[
            str, list[tuple[str, str]]
        ] = {}  # queue -> copies that wait for a leader, and their causes
        self.unread: list[
            tuple[str, Connection, str, m.Request]
        ] = []  # acks that wait for their queue's leader

    # --- where things are --------------------------------------------------------------------------------------------

    @property
    def running(self) -> list[str]:
        """The nodes that are up."""
        return [node for node, status in self.members.items() if status == "up"]

    @property
    def changeable(self) -> bool:
        """Whether what there is may change: since 4.3 that needs a majority of the nodes."""
        return self.version != "4.3" or 2 * len(self.running) > len(self.members)

    def connect(self, program: str, peer: Any, latency_us: int = 0, *, instant: bool = False) -> Connection:
        """A client connects to one of the nodes, after a broken connection to another."""
        connection = super().connect(program, peer, latency_us, instant=instant)
        nodes = list(self.members)
        turn = draw(self.world.seed, self.name, "node", program)
        if not instant:
            self.connects[program] = count = self.connects.get(program, 0) + 1
            turn += count
        order = [nodes[(turn + n) % len(nodes)] for n in range(len(nodes))]
        connection.node = next(node for node in order if self.members[node] == "up")
        return connection

    def place(self, queue: Queue, connection: Connection) -> Place:
        """Where a new queue lives: at its client's node; those of an operator are spread over all."""
        running, nodes = self.running, list(self.members)
        node = running[len(self.queues) % len(running)] if connection.instant else connection.node
        if queue.kind != "quorum":
            return Place(node)
        size = whole(queue.arguments, "x-quorum-initial-group-size") or len(nodes)
        first = nodes.index(node)
        return Place(node, tuple(nodes[(first + n) % len(nodes)] for n in range(min(size, len(nodes)))))

    def serves(self, queue: Queue) -> bool:
        """Whether the queue gives out and takes in now."""
        return self.up and (queue.place is None or queue.place.available)

    def majority(self, queue: Queue) -> bool:
        """Whether more than half of a quorum queue's members are up."""
        place = queue.place
        assert place is not None
        return 2 * sum(self.members[node] == "up" for node in place.members) > len(place.members)

    def troubled(self) -> bool:
        """Whether some queue has no leader, or no node, or nothing can be changed."""
        return not self.changeable or any(
            queue.place is not None and not queue.place.available for queue in self.queues.values()
        )

    def check_available(self, queue: Queue) -> None:
        """Raises ChannelError 404 where a classic queue's node is down."""
        if queue.kind != "quorum" and queue.place is not None and not queue.place.available:
            raise self.no_home(queue)

    def no_home(self, queue: Queue) -> ChannelError:
        """404, in RabbitMQ's words."""
        assert queue.place is not None
        what = f"home node '{queue.place.node}' of durable queue '{queue.name}' in vhost '/'"
        return m.ChannelError(404, f"NOT_FOUND - {what} is down or inaccessible", ONE_NODE)

    # --- publishes and acks ------------------------------------------------------------------------------------------

    def copy_arrives(self, copy_name: str, cause: str) -> None:
        """A copy has come to its queue: a quorum queue takes it once a majority of its members has it."""
        entry = self.on_the_way.get(copy_name)
        queue = self.queues.get(entry[0]) if entry is not None else None
        if queue is None or queue.place is None:
            super().copy_arrives(copy_name, cause)
        elif queue.kind == "quorum":
            self.world.at(self.world.now + COMMIT_US, self.committed, copy_name, cause)
        elif queue.place.available:
            super().copy_arrives(copy_name, cause)
        else:
            self.lose_copy(copy_name, queue.place.node, cause)

    def committed(self, copy_name: str, cause: str) -> None:
        """A majority has it, if there is one; else it waits for a leader."""
        entry = self.on_the_way.get(copy_name)
        queue = self.queues.get(entry[0]) if entry is not None else None
        if queue is not None and not self.serves(queue):
            self.pending.setdefault(queue.name, []).append((copy_name, cause))
        else:
            super().copy_arrives(copy_name, cause)

    def lose_copy(self, copy_name: str, node: str, cause: str) -> None:
        """A copy on its way falls with the node that it was on."""
        world = self.world
        _, copy, receipt = self.on_the_way.pop(copy_name)
        world.flights.pop(copy_name, None)
        world.ledger.move(copy, "lose")
        what = "message" if receipt is None else "publish"
        name, of = world.name(self.name), (copy_name,)
        world.emit(
            Lost(world.now, name, cause, ONE_NODE, of, what, copy.queue, copy.message.key, of, ends=True)
        )
        if receipt is not None:
            receipt.gone()

    def stops(self, connection: Connection, request: m.Request, departure: str) -> bool:
        """Whether a request waits unread: there is an alarm, or it gets from, or settles, what is of a leaderless queue, or it
        would change what there is without a majority (a real cluster gives that up after a while, and so does this no sooner
        than its client)."""
        if super().stops(connection, request, departure):
            return True
        if isinstance(request, CHANGES) and not self.changeable and not getattr(request, "passive", False):
            self.unread.append(("", connection, departure, request))
            return True
        queue = next((one for one in self._asked(connection, request) if self._leaderless(one)), None)
        if queue is None:
            return False
        self.unread.append((queue.name, connection, departure, request))
        return True

    def _asked(self, connection: Connection, request: m.Request) -> Iterator[Queue]:
        """The queues that a get, an ack or a nack is about."""
        if isinstance(request, m.ConnectionClose):
            return iter(())
        channel = connection.channels.get(request.channel)
        names: list[str] = []
        if isinstance(request, m.BasicGet):
            names = [request.queue]
        elif channel is not None and isinstance(request, m.BasicAck | m.BasicNack | m.BasicReject):
            last = request.delivery_tag
            first = 0 if not isinstance(request, m.BasicReject) and request.multiple else last
            names = [
                copy.queue for tag, (copy, _) in channel.unacked.items() if first <= tag <= last or last == 0
            ]
        return (self.queues[name] for name in names if name in self.queues)

    def _leaderless(self, queue: Queue) -> bool:
        return queue.kind == "quorum" and not self.serves(queue)

    # --- nodes come and go -------------------------------------------------------------------------------------------

    def stop(self, node: str, status: str, cause: str) -> None:
        """A node is gone: it stopped ("down"), or the others do not reach it any more ("cut off")."""
        name = self._member(node, status, cause)
        for queue in list(self.queues.values()):
            place = queue.place
            if place is None:
                continue
            if queue.kind == "quorum":
                if place.leader and (place.leader == node or not self.majority(queue)):
                    self._lead(queue, "", name)
            elif place.node == node:
                self._lose_classic(queue, name)
        self.take_care()
        for connection in [one for one in self.connections if one.node == node]:
            restart.break_connection(self, connection, name, "rabbitmq/cluster-clients-move")
        self._call_elections(name)

    def start(self, node: str, cause: str) -> None:
        """A node starts, or is reached again: it is up after the restart time."""
        name = self._member(node, "starting", cause)
        self.world.at(self.world.now + self.restart_us, self.member_up, node, name)

    def member_up(self, node: str, cause: str) -> None:
        """A node is up again: with it come the classic queues that live there, and perhaps a majority."""
        if self.members[node] != "starting":
            return
        name = self._member(node, "up", cause)
        for queue in list(self.queues.values()):
            place = queue.place
            if place is not None and queue.kind != "quorum" and place.node == node and not place.available:
                place.available = True
                told = self._available(queue, None, name)
                self.take_care()
                self.renew(queue)
                expire(self, queue, told)
        self.take_care()
        if self.changeable:
            self._read_on("")
        self._call_elections(name)

    def elect(self, queue_name: str, turn: int, cause: str) -> None:
        """A quorum queue's members have chosen a leader, if a majority of them is up."""
        queue = self.queues.get(queue_name)
        if queue is None or queue.place is None or queue.place.turn != turn or not self.majority(queue):
            return
        up = [node for node in queue.place.members if self.members[node] == "up"]
        leader = up[draw(self.world.seed, queue_name, "leader", turn) % len(up)]
        name = self._lead(queue, leader, cause)
        self.take_care()
        self.mind(queue)
        self._read_on(queue_name)
        for copy_name, routed in self.pending.pop(queue_name, []):
            entry = self.on_the_way.get(copy_name)
            if entry is None:
                continue
            receipt = entry[2]
            forgotten = receipt is not None and not receipt.channel.connection.alive
            if forgotten and draw(self.world.seed, copy_name, "appears") & 1:
                self.lose_copy(copy_name, queue_name, name)
            else:
                super().copy_arrives(copy_name, routed)
        dispatch(self, queue, name)
        expire(self, queue, name)

    def _read_on(self, queue_name: str) -> None:
        """What has waited for this queue's leader; "": for a majority."""
        waiting = [one for one in self.unread if one[0] == queue_name]
        self.unread = [one for one in self.unread if one[0] != queue_name]
        for _, connection, departure, request in waiting:
            connection.read(departure, request)

    def _call_elections(self, cause: str) -> None:
        low, high = ELECTION_US
        for queue in self.queues.values():
            place = queue.place
            if place is not None and queue.kind == "quorum" and not place.leader and self.majority(queue):
                place.turn += 1
                wait = low + draw(self.world.seed, queue.name, "election", place.turn) % (high - low)
                self.world.at(self.world.now + wait, self.elect, queue.name, place.turn, cause)

    def _member(self, node: str, status: str, cause: str) -> str:
        world = self.world
        self.members = {**self.members, node: status}
        name = world.name(self.name)
        world.emit(MemberChanged(world.now, name, cause, "", self.name, node, status))
        return name

    def _lead(self, queue: Queue, leader: str, cause: str) -> str:
        world, place = self.world, queue.place
        assert place is not None
        place.leader = leader
        place.available = leader != ""
        place.turn += 1
        name = world.name(queue.name)
        rule = ELECTION if leader or self.majority(queue) else NO_MAJORITY
        world.emit(LeaderChanged(world.now, name, cause, rule, queue.name, leader))
        return name

    def _available(self, queue: Queue, unavailable: bool | None, cause: str) -> str:
        world = self.world
        self.routes.clear()
        name = world.name(queue.name)
        world.emit(NodeChanged(world.now, name, cause, ONE_NODE, queue.name, {"unavailable": unavailable}))
        return name

    def _lose_classic(self, queue: Queue, cause: str) -> None:
        """Its node is gone: consumers are cancelled, what they held is back, what was in memory only is lost."""
        assert queue.place is not None
        if not queue.durable:
            self.remove_queue(queue, cause, ONE_NODE)
            return
        queue.place.available = False
        name = self._available(queue, True, cause)
        self.take_care()
        before = queue.chosen
        for consumer in subscribe.as_told(queue):
            subscribe.cancel_by_broker(self, consumer, name)
        self.tell_chosen(queue, before, name)
        for connection in self.connections:
            for channel in connection.channels.values():
                for tag, (copy, consumer) in list(channel.unacked.items()):
                    if copy.queue == queue.name:
                        gone = Copy(copy.name, copy.message, copy.content, copy.queue, "returned")
                        channel.unacked[tag] = (gone, None)  # a later ack of it comes to nothing
                        if channel.shared_unacked and consumer is not None:
                            channel.shared_unacked -= 1
        by_holder: dict[str, list[Copy]] = {}
        for copy in queue.unacked.values():
            if copy.holder:  # else its queue has set it aside
                by_holder.setdefault(copy.holder, []).append(copy)
        for holder, copies in by_holder.items():
            requeue(self, holder, copies, "closed", name)
        restart.forget_memory(self, queue, name)
