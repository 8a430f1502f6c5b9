"""What an operator does at SQS, at once, as in its console: its answers are events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqlab.engine import commands as c
from mqlab.engine.acting.find import free, known, room
from mqlab.engine.brokers.sqs import methods as m
from mqlab.engine.brokers.sqs import spec
from mqlab.engine.clients.sqs.you import Operator
from mqlab.engine.commands import Illegal
from mqlab.engine.scenario.error import ScenarioError
from mqlab.engine.scenario.place import plain_place

if TYPE_CHECKING:
    from mqlab.engine.brokers.sqs.broker import SQS
    from mqlab.engine.world import World


def purge(world: World, broker: SQS, command: c.Purge, cause: str) -> None:
    """PurgeQueue."""
    Operator(world, broker).do(m.PurgeQueue(queue=known(command.queue, broker.queues)), cause)


def delete(world: World, broker: SQS, command: c.Delete, cause: str) -> None:
    """DeleteQueue: it asks nobody whether the queue is used or empty."""
    queue = known(command.node, broker.queues)
    if command.if_unused or command.if_empty:
        raise Illegal(
            "bad_value", "SQS deletes a queue whatever is in it: if_unused and if_empty are RabbitMQ's."
        )
    Operator(world, broker).do(m.DeleteQueue(queue=queue), cause)


def receive(world: World, broker: SQS, command: c.Receive, cause: str) -> None:
    """A short poll by hand, and what becomes of what came."""
    queue = known(command.queue, broker.queues)
    request = m.ReceiveMessage(
        queue=queue, max_number_of_messages=command.count, wait_time_seconds=0,
        visibility_timeout=command.visibility_timeout,
    )  # fmt: skip
    Operator(world, broker).take(request, command.then, cause)


def set_attributes(world: World, broker: SQS, command: c.SetAttributes, cause: str) -> None:
    """SetQueueAttributes."""
    queue = known(command.queue, broker.queues)
    given = {
        name: value if isinstance(value, dict) else str(value) for name, value in command.attributes.items()
    }
    Operator(world, broker).do(m.SetQueueAttributes(queue=queue, attributes=spec.text_of(given)), cause)


def change_visibility(world: World, broker: SQS, command: c.ChangeVisibility, cause: str) -> None:
    """ChangeMessageVisibility of a copy in flight, by the handle that its program has."""
    name = command.copy
    for queue in broker.queues.values():
        copy = queue.live.get(name)
        if copy is not None and not copy.received:
            raise Illegal("down", f"{name} has not been received yet, so nobody has a receipt handle of it.")
        if copy is not None:
            handle = m.Handle(copy.handle, "", command.seconds)
            Operator(world, broker).do(m.ChangeMessageVisibility(queue=queue.name, handles=[handle]), cause)
            return
    raise Illegal("unknown_node", f"No queue has {name} now: choose a message that is in flight.")


def redrive(world: World, broker: SQS, command: c.Redrive, cause: str) -> None:
    """StartMessageMoveTask."""
    queue = known(command.queue, broker.queues)
    destination = known(command.destination, broker.queues) if command.destination else ""
    request = m.StartMessageMoveTask(queue=queue, destination=destination, max_per_second=command.per_second)
    Operator(world, broker).do(request, cause)


def declare(world: World, broker: SQS, command: c.Add, cause: str) -> None:
    """CreateQueue. One that is there already is SQS's to answer."""
    name, settings = command.node, dict(command.settings)
    settings.pop("broker", None)
    try:
        place = plain_place({name: settings}, "")
        asked = spec.read_queue(place.entries(1)[name], place.key(name), name)
    except ScenarioError as error:
        raise Illegal("bad_value", str(error)) from error
    there = name in broker.queues
    if not there:
        if name not in broker.deleted:
            free(world, name, command.what)
        room(world, 1)
    Operator(world, broker).do(m.CreateQueue(queue=name, attributes=spec.text_of(asked.attributes)), cause)
    if not there and name in broker.queues:
        world.names[name] = "a queue"
