"""Amazon SQS: requests in, answers out, everything told as events.

`handle` acts at an instant and never blocks: a receive that waits (a long poll) stays with its queue and is answered when
something comes or its time ends. What is done to queues stands in the modules beside this one; here is what they share.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.sqs import methods as m
from mqlab.engine.brokers.sqs import move, operate, receive, send, settle, visible
from mqlab.engine.brokers.sqs.cost import Bill, Price
from mqlab.engine.brokers.sqs.errors import SqsError, no_queue
from mqlab.engine.brokers.sqs.sampling import EXACT, Model
from mqlab.engine.brokers.sqs.topology import Topology
from mqlab.engine.connection import Connection
from mqlab.engine.events import Answered, Lost, Refused
from mqlab.engine.message import message_event
from mqlab.engine.requests import ConnectionClose, Request

if TYPE_CHECKING:
    from mqlab.engine.brokers.sqs.copy import SqsCopy
    from mqlab.engine.brokers.sqs.queue import Queue
    from mqlab.engine.world import World

VERSION = "2026"
SECOND = 1_000_000


class SQS(Topology):
    """One region of one account. `bill`: what has been asked for, which is what SQS costs."""

    wary = False  # what Connection asks: nothing waits unread here

    def __init__(
        self,
        world: World,
        name: str = "sqs",
        model: Model = EXACT,
        price: Price | None = None,
        outage_us: int = 5_000_000,
    ) -> None:
        self.world = world
        self.name = name
        self.version = VERSION
        self.model = model
        self.price = price or Price()
        self.bill = Bill()
        self.outage_us = outage_us
        self.members: dict[str, str] = {}  # its servers are not to be seen
        self.up = True
        self.queues: dict[str, Queue] = {}
        self.deleted: dict[str, int] = {}  # queue -> when it was deleted (µs), while its name is not free
        self.connections: list[Connection] = []
        self.tasks: dict[str, move.Task] = {}

    def connect(self, program: str, peer: Any, latency_us: int = 0, *, instant: bool = False) -> Connection:
        """A program's way here. HTTP keeps no connection between requests: it only says how long they travel."""
        connection = Connection(self.world, program, self, self.name, peer, latency_us, instant)
        connection.asks = True
        self.connections.append(connection)
        return connection

    def drop_connection(self, connection: Connection, cause: str) -> None:
        """A program's requests have ended with it: nobody waits for their answers. What it holds stays in flight, for nothing
        tells SQS that a consumer has died. [rule 2]"""
        connection.alive = False
        if connection in self.connections:
            self.connections.remove(connection)
        for queue in self.queues.values():
            for poll in [one for one in queue.polls if one.connection is connection]:
                queue.polls.remove(poll)
                self.world.flights.pop(poll.departure, None)
                name, flights = self.world.name(connection.program), (poll.departure,)
                self.world.emit(
                    Lost(self.world.now, name, cause, "", (), "request", connection.program, "", flights)
                )
        links = self.world.links
        for link in [
            one for one in links if links[one].what == "consume" and links[one].target == connection.program
        ]:
            self.remove_link(link, cause)
        connection.peer.hung_up(connection, cause)

    def discard(self) -> None:
        """Break the circles (see World.discard)."""
        for connection in self.connections:
            connection.discard()
        for queue in self.queues.values():
            queue.polls.clear()
        self.connections.clear()

    # --- requests ------------------------------------------------------------------------------------------------

    def handle(self, node: str, connection: Connection, request: Any, departure: str) -> Any:
        """Do what a program asks. Returns the reply, an error's as well; None: it is not answered yet."""
        try:
            if not self.up and type(request) is not ConnectionClose:
                raise SqsError("ServiceUnavailable", "Service is unavailable.", "sqs/unavailable", 503)
            return _HANDLERS[type(request)](self, connection, request, departure)
        except SqsError as error:
            return self._refuse(connection, request, error, departure)

    def answer(self, connection: Connection, request: m.Request, reply: Any, departure: str) -> None:
        """Send a reply to the program."""
        connection.push(m.Answer(reply, departure), f"{departure}/answer", connection.down())

    def tell(self, connection: Connection, departure: str, request: str, reply: str, rule: str = "") -> str:
        """Tell that what `departure` asked is done. Returns the event's name; "" where it asked unseen."""
        if not departure:
            return ""
        world, program = self.world, connection.program
        name = world.name(program)
        world.emit(Answered(world.now, name, departure, rule, program, request, reply))
        return name

    def _refuse(
        self, connection: Connection, request: m.Request, error: SqsError, departure: str
    ) -> m.Failed:
        """Tell an error, and make its answer."""
        told = ""
        if isinstance(request, m.SendMessage | m.SendMessageBatch):
            for entry in request.entries:
                told = self.refuse_entry(request.queue, entry, error, departure)
        if not told:
            told = self.tell(connection, departure, request.action, f"{error.code}: {error.text}", error.rule)
        return m.Failed(error.code, error.text, error.shape, error.status, told=told)

    def refuse_entry(self, queue: str, entry: m.Entry, error: SqsError, departure: str) -> str:
        """Tell that a message was not taken. Returns the event's name."""
        world, message = self.world, entry.message
        name = message_event(message)
        world.emit(Refused(world.now, name, departure, error.rule, (message.id,), queue, error.code))
        return name

    def queue(self, name: str) -> Queue:
        """A queue. Raises SqsError where there is none."""
        queue = self.queues.get(name)
        if queue is None:
            raise no_queue()
        return queue

    def charge(self, queue: Queue, action: str, size: int = 0) -> None:
        """Count a request to a queue. Raises SqsError where a FIFO queue has had too many this second. [rule 10]"""
        self.bill.add(action, queue.kind, size)
        if queue.fifo:
            self._throttle(queue, action)

    def _throttle(self, queue: Queue, action: str) -> None:
        model = self.model
        most = model.fifo_high_calls_per_s if queue.high_throughput else model.fifo_calls_per_s
        if most:
            second = self.world.now // SECOND
            when, count = queue.calls.get(action, (second, 0))
            count = count + 1 if when == second else 1
            queue.calls[action] = (second, count)
            if count > most:
                raise SqsError("RequestThrottled", "Request is throttled.", "sqs/fifo-throughput", 403)

    # --- what the agenda calls -----------------------------------------------------------------------------------

    def look(self, queue: Queue) -> None:
        """Put the queue's next deadline on the agenda, if it is before the one that is there."""
        queue.deadlines.tidy(len(queue.live))
        due = queue.deadlines.next()
        if queue.polls:
            ends = min([poll.until for poll in queue.polls])
            due = ends if due is None else min(due, ends)
        if queue.window is not None and (forgets := queue.window.next()) is not None:
            due = forgets if due is None else min(due, forgets)
        if due is not None and (queue.timer < 0 or due < queue.timer):
            due = max(due, self.world.now)
            queue.timer = due
            self.world.at(due, self.due, queue.name, due)

    def due(self, queue_name: str, t: int) -> None:
        """A queue's next deadline has come."""
        queue = self.queues.get(queue_name)
        if queue is not None and queue.timer == t:
            queue.timer = -1
            visible.deadlines_over(self, queue)
            self.look(queue)

    def letter_arrives(self, queue_name: str, copy: SqsCopy, cause: str) -> None:
        """A copy that was moved has come to its new queue."""
        move.arrive(self, queue_name, copy, cause)

    def move_some(self, handle: str) -> None:
        """A message move task goes on."""
        move.go_on(self, handle)

    def reappear(self, queue_name: str, copy: SqsCopy, cause: str) -> None:
        """A deleted message is still on one of its servers."""
        settle.reappear(self, queue_name, copy, cause)

    def go_down(self, cause: str) -> None:
        """The region answers nothing for a while."""
        operate.go_down(self, cause)

    def come_up(self, cause: str) -> None:
        """It answers again."""
        operate.come_up(self, cause)


def _closed(broker: SQS, connection: Connection, request: ConnectionClose, departure: str) -> None:
    """The end of a program, as far as it can be seen from here."""
    broker.drop_connection(connection, connection.hang_up(departure))


_HANDLERS: dict[type[Request], Callable[..., Any]] = {
    ConnectionClose: _closed,
    m.SendMessage: send.send_message,
    m.SendMessageBatch: send.send_message_batch,
    m.ReceiveMessage: receive.receive_message,
    m.DeleteMessage: settle.delete_message,
    m.ChangeMessageVisibility: visible.change_message_visibility,
    m.CreateQueue: operate.create_queue,
    m.DeleteQueue: operate.delete_queue,
    m.GetQueueUrl: operate.get_queue_url,
    m.ListQueues: operate.list_queues,
    m.GetQueueAttributes: operate.get_queue_attributes,
    m.SetQueueAttributes: operate.set_queue_attributes,
    m.PurgeQueue: operate.purge_queue,
    m.ListDeadLetterSourceQueues: operate.list_dead_letter_source_queues,
    m.StartMessageMoveTask: move.start_message_move_task,
    m.CancelMessageMoveTask: move.cancel_message_move_task,
    m.ListMessageMoveTasks: move.list_message_move_tasks,
}
