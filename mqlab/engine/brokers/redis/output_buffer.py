"""What a subscriber has not read: the socket takes some, the rest waits in the server's memory, within limits.

`client-output-buffer-limit pubsub 32mb 8mb 60`: at the hard limit, or a minute above the soft one, the client is
disconnected and all that waits is gone. The publisher notices nothing. [redis src/networking.c
checkClientOutputBufferLimits; redis.conf]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqlab.engine.brokers.redis import resp
from mqlab.engine.events import Lost, Sent
from mqlab.engine.message import NO_PROPERTIES, Content, Copy, Message, copy_event
from mqlab.engine.scene import Flight

if TYPE_CHECKING:
    from mqlab.engine.brokers.redis.broker import Redis
    from mqlab.engine.brokers.redis.client import Client
    from mqlab.engine.brokers.redis.methods import Pushed

CONTENT = Content("", "", NO_PROPERTIES)
SECOND = 1_000_000
LIMIT_RULES = {"hard": "redis/output-buffer-hard-limit", "soft": "redis/output-buffer-soft-limit"}


def offer(
    broker: Redis,
    client: Client,
    frame: Pushed,
    name: str,
    message: Message,
    sent: list[tuple[Client, Pushed, str]],
) -> int:
    """A message for a subscriber: into its socket where there is room, else into its buffer.

    Returns when it will arrive, -1 where it waits. What may be sent goes to `sent`; send() does it, once it is told.
    """
    connection = client.connection
    window = connection.peer.window
    size = resp.size(frame.parts)
    if (
        not window
        or (not client.buffer and client.unread + size <= window)
        or (not client.unread and not client.buffer)
    ):
        client.unread += size if window else 0
        sent.append((client, frame, name))
        return connection.down()
    copy = Copy(name, message, CONTENT, buffer_name(client.program))
    broker.need_buffer(client)
    broker.world.ledger.bear(1)
    broker.world.ledger.move(copy, "enqueue")
    client.buffer.append((frame, size, copy))
    client.buffered += size
    _check(broker, client)
    return -1


def buffer_name(program: str) -> str:
    """The name of a program's output buffer in the picture."""
    return f"{program}/out"


def send(broker: Redis, client: Client, frame: Pushed, name: str, message: Message) -> None:
    """Put a message on its way; its flight is named after the copy."""
    connection = client.connection
    if connection.instant:
        connection.peer.receive(frame, name)
        return
    arrives = connection.down()
    flight = Flight(
        "delivery", text_of(frame), client.program, broker.world.now, arrives, (name,), message.key
    )
    connection.push(frame, name, arrives, flight)


def text_of(frame: Pushed) -> str:
    """The channel that a message was published to."""
    channel: bytes = frame.parts[-2]
    return channel.decode("utf-8", "backslashreplace")


def read(broker: Redis, client: Client, size: int, cause: str) -> None:
    """The program has read so many bytes: what waits moves up."""
    client.unread -= size
    window = client.connection.peer.window
    world = broker.world
    while client.buffer and (client.unread + client.buffer[0][1] <= window or not client.unread):
        frame, size, copy = client.buffer.popleft()
        client.buffered -= size
        client.unread += size
        world.ledger.move(copy, "deliver_auto_ack")
        arrives = client.connection.down()
        name = copy_event(copy)
        frame.events = copy.n
        world.emit(
            Sent(
                world.now, name, cause, "redis/output-buffer", (copy.name,), copy.queue, client.program, copy.message.key,
                arrives, client.buffered,
            )
        )  # fmt: skip
        if client.connection.instant:
            client.connection.peer.receive(frame, name)
            continue
        flight = Flight(
            "delivery", copy.queue, client.program, world.now, arrives, (copy.name,), copy.message.key
        )
        client.connection.push(frame, name, arrives, flight)
    _check(broker, client)


def _check(broker: Redis, client: Client) -> None:
    """Look at the limits: at once for the hard one; for the soft one, when its seconds will be over."""
    hard, soft, seconds = broker.buffer_limit
    if hard and client.buffered >= hard:
        client.overfull = "hard"
        broker.overfull[client.id] = client
    if soft and client.buffered >= soft:
        if client.soft_since < 0:
            client.soft_since = now_s = broker.world.now // SECOND
            broker.world.at((now_s + seconds + 1) * SECOND, broker.soft_due, client.id, now_s)
    else:
        client.soft_since = -1


def drop(broker: Redis, client: Client, cause: str) -> None:
    """The connection is over: what waited is lost."""
    world = broker.world
    copies = [copy for _, _, copy in client.buffer]
    client.buffer.clear()
    client.buffered = 0
    if copies:
        for copy in copies:
            world.ledger.move(copy, "lose")
        of = tuple([copy.name for copy in copies])
        node = copies[0].queue
        rule = LIMIT_RULES[client.overfull] if client.overfull else "redis/disconnected-misses"
        world.emit(
            Lost(
                world.now, world.name(node), cause, rule, of, "message", node, copies[0].message.key, (), True
            )
        )
