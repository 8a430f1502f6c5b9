"""The user as a program: `you` send by hand, receive by hand, and act as an operator does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from mqlab.engine.brokers.sqs import methods as m
from mqlab.engine.clients.program import YOU
from mqlab.engine.clients.sqs.client import SqsClient
from mqlab.engine.clients.sqs.program import SqsProgram
from mqlab.engine.events import Handled
from mqlab.engine.message import Message, copy_event

if TYPE_CHECKING:
    from mqlab.engine.brokers.sqs.broker import SQS
    from mqlab.engine.world import World


class Letter(msgspec.Struct, frozen=True):
    """What you send, once or many times."""

    queue: str
    key: str
    body: bytes
    group: str
    dedup: str
    delay_s: int | None
    attributes: dict[str, m.Value] | None


class You(SqsProgram):
    """Asks like any program, over a line of its own."""

    what = "you"

    def __init__(self, world: World, broker: SQS, latency_us: int) -> None:
        super().__init__(world, YOU, broker, latency_us)
        self.role = YOU
        self.up = True
        self.settings: dict[str, Any] = {}
        self.connect()

    def send_letter(self, letter: Letter, number: int, last: int, every_us: int, cause: str) -> None:
        """Send message `you-<number>`, and after `every_us` each the next, up to `last`."""
        message = Message(f"{YOU}-{number}", letter.key, letter.body)
        entry = m.Entry(
            message, letter.delay_s, letter.group, letter.dedup.replace("{n}", str(number)), letter.attributes
        )
        self.send(letter.queue, [entry], cause=cause)
        if number < last:
            self.world.at(
                self.world.now + every_us, self.send_letter, letter, number + 1, last, every_us, cause
            )

    def memory(self) -> Iterator[Any]:
        """You have what you received and did not delete, as SQS counts it."""
        return iter(())


class Operator(SqsClient):
    """What an operator asks through the console acts at once."""

    def __init__(self, world: World, broker: SQS) -> None:
        super().__init__(world, YOU, broker, instant=True)
        self.got: list[tuple[m.Delivery, str]] = []

    def do(self, request: m.Request, cause: str) -> Any:
        """Ask one thing."""
        connection = self.connect()
        try:
            return self.broker.handle(self.broker.name, connection, request, cause)
        finally:
            self.let_go()

    def let_go(self) -> None:
        """Leave no trace of the line."""
        if self.connection in self.broker.connections:
            self.broker.connections.remove(self.connection)
        self.connection = None

    def take(self, request: m.ReceiveMessage, then: str, cause: str) -> None:
        """Receive by hand, and then: delete, release (visible again at once) or leave (until the timeout is over)."""
        self.do(request, cause)
        world, handles = self.world, []
        for n, (frame, received) in enumerate(self.got):
            copy = frame.copy
            outcome = "ok" if then == "delete" else "failed"
            name = copy_event(copy)
            world.emit(Handled(world.now, name, received, "", (copy.name,), YOU, copy.message.key, outcome))
            handles.append(m.Handle(frame.receipt_handle, f"m{n}", 0))
        if not handles or then == "leave":
            return
        self.connect()
        try:
            if then == "delete":
                self.delete(request.queue, handles, batch=len(handles) > 1, cause=cause)
            else:
                batch = len(handles) > 1
                asked = m.ChangeMessageVisibility(queue=request.queue, handles=handles, batch=batch)
                self.call(asked, {"VisibilityTimeout": 0}, cause=cause)
        finally:
            self.let_go()

    def on_delivery(self, frame: m.Delivery, cause: str) -> None:
        """One has come."""
        self.got.append((frame, cause))
