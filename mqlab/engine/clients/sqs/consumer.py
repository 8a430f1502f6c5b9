"""A simulated consumer: asks for messages, handles one at a time, deletes them, and asks again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.sqs import methods as m
from mqlab.engine.brokers.sqs.copy import SqsCopy
from mqlab.engine.clients.sqs.client import SqsClient
from mqlab.engine.clients.sqs.program import SqsProgram
from mqlab.engine.clients.worker import Item, Worker

if TYPE_CHECKING:
    from mqlab.engine.brokers.sqs.broker import SQS
    from mqlab.engine.clients.sqs.consumer_spec import ConsumerSpec
    from mqlab.engine.connection import Connection
    from mqlab.engine.world import World


class Consumer(Worker, SqsProgram):
    """`polling`: its receive that is under way, "" for none; `done_with`: the handles that go together in one delete."""

    spec: ConsumerSpec
    lost_rule = "sqs/delete-before-work"

    def __init__(
        self, world: World, name: str, role: str, broker: SQS, spec: ConsumerSpec, latency_us: int
    ) -> None:
        SqsClient.__init__(self, world, name, broker, latency_us)
        Worker.__init__(self, world, role, spec)
        self.polling = ""
        self.done_with: list[m.Handle] = []

    def start(self, cause: str) -> None:
        """Ask for the first time."""
        self.connect()
        queue = self.spec.queue
        self.broker.add_link(f"{queue}>{self.name}", "consume", queue, self.name, cause)
        self.world.at(self.world.now, self.ask_first, self.connection, cause)

    def ask_first(self, connection: Connection, cause: str) -> None:
        """Its first receive, an action of its own: before time begins nothing is told."""
        if self.connection is connection:
            self.poll(cause)

    def resume(self, cause: str) -> None:
        """It could not start before: the region was down."""
        self.start(cause)

    def change(self, spec: ConsumerSpec, cause: str) -> None:
        """Take new settings, from the next message and the next receive on."""
        self.spec = spec

    # --- receiving -----------------------------------------------------------------------------------------------

    def poll(self, cause: str) -> None:
        """receive_message, unless one is under way or there is something to do."""
        if (
            self.polling
            or self.working is not None
            or self.buffer
            or not self.up
            or self.hung
            or self.connection is None
        ):
            return
        how = self.spec.receive
        request = m.ReceiveMessage(
            queue=self.spec.queue, max_number_of_messages=how.most, wait_time_seconds=how.wait_s,
            visibility_timeout=how.visibility_s,
        )  # fmt: skip
        said: dict[str, Any] = {"MaxNumberOfMessages": how.most}
        if how.wait_s is not None:
            said["WaitTimeSeconds"] = how.wait_s
        if how.visibility_s is not None:
            said["VisibilityTimeout"] = how.visibility_s
        self.polling = self.call(request, said, cause=cause)

    def on_delivery(self, frame: m.Delivery, cause: str) -> None:
        """Into the buffer; if idle, begin."""
        self.accept(Item(frame.copy, frame.receipt_handle, True, frame.received > 1), cause)

    def on_answer(self, reply: Any, request: str) -> None:
        """The receive is over: work on what it brought, or ask again after a pause."""
        if request != self.polling:
            return
        self.polling = ""
        if isinstance(reply, m.Failed):
            self._ask_in(self.spec.reconnect_us)
        elif reply.count == 0:
            self._ask_in(self.spec.receive.pause_us)
        else:
            self.poll(reply.told)

    def _ask_in(self, us: int) -> None:
        if self.connection is not None:
            self.world.at(self.world.now + us, self.ask_again, self.connection)

    def ask_again(self, connection: Connection) -> None:
        """The pause is over."""
        if self.connection is connection:
            self.poll("")

    def take(self, cause: str) -> None:
        """Begin the next one; where there is none, delete what is done with and ask for more."""
        super().take(cause)
        if self.working is None and not self.buffer:
            self._delete_all(cause)
            self.poll(cause)

    # --- handling ------------------------------------------------------------------------------------------------

    def on_begun(self, item: Item, cause: str) -> None:
        """Delete now, where its setting says so; else let the heart beat."""
        if self.spec.delete == "before" and item.owed:
            item.owed = False
            self._delete([m.Handle(item.tag)], cause)
        elif self.spec.heartbeat is not None:
            self.world.at(
                self.world.now + self.spec.heartbeat.every_us, self.beat, item.copy.name, item.attempt
            )

    def beat(self, copy: str, attempt: int) -> None:
        """Hide what it has for longer, as long as it works on the same message."""
        item, heartbeat = self.working, self.spec.heartbeat
        if item is None or heartbeat is None or not self.up or self.hung or self.connection is None:
            return
        if (item.copy.name, item.attempt) != (copy, attempt):
            return
        items = [one for one in (item, *self.buffer) if one.owed]
        self.hide(items, heartbeat.visibility_s, "")
        self.world.at(self.world.now + heartbeat.every_us, self.beat, copy, attempt)

    def hide(self, items: list[Item], seconds: int, cause: str) -> None:
        """change_message_visibility of these, in one request."""
        handles = [m.Handle(one.tag, f"m{n}", seconds) for n, one in enumerate(items)]
        request = m.ChangeMessageVisibility(queue=self.spec.queue, handles=handles, batch=len(handles) > 1)
        self.call(request, {"VisibilityTimeout": seconds}, cause=cause)

    def settle(self, item: Item, failed: bool, cause: str) -> None:
        """Delete, or let it come back: by itself when its timeout is over, or at once."""
        fail = self.spec.fail
        if not item.owed:
            if failed:
                assert isinstance(item.copy, SqsCopy)
                self.lose([item.copy], cause)
                item.copy.known = False  # its delete may still be on the way
            return
        if self.connection is None:
            return
        if failed and fail is not None and fail.then != "delete":
            if fail.then == "release":
                self.hide([item], 0, cause)
            return
        match self.spec.delete:
            case "after":
                self._delete([m.Handle(item.tag)], cause)
            case "batch":
                self.done_with.append(m.Handle(item.tag, f"m{len(self.done_with)}"))
            case _:
                return

    def _delete(self, handles: list[m.Handle], cause: str) -> None:
        if self.connection is not None:
            self.delete(self.spec.queue, handles, batch=len(handles) > 1, cause=cause)

    def _delete_all(self, cause: str) -> None:
        if self.done_with:
            handles, self.done_with = self.done_with, []
            self._delete(handles, cause)

    def forget(self) -> None:
        """A crash: what it had done and not deleted it does not know any more."""
        self.polling = ""
        self.done_with = []

    def freeze(self) -> None:
        """It hangs: an answer that comes now waits."""

    def thaw(self, cause: str) -> None:
        """Go on: finish, or ask."""
        super().thaw(cause)
        self.poll(cause)
