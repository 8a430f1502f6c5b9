"""`you` send to SQS by hand, once or many times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine import commands as c
from mqlab.engine.acting.find import check_broker, known
from mqlab.engine.acting.sending import body_of, check_room, repeat_us
from mqlab.engine.clients.sqs.send_spec import read_attributes
from mqlab.engine.clients.sqs.you import Letter, You
from mqlab.engine.commands import Illegal
from mqlab.engine.scenario.error import ScenarioError
from mqlab.engine.scenario.place import plain_place

if TYPE_CHECKING:
    from mqlab.engine.brokers.sqs.broker import SQS
    from mqlab.engine.world import World


def send(world: World, broker: SQS, command: c.Send, cause: str) -> None:
    """The first message leaves now; those that follow have actions of their own."""
    check_broker(world, command.broker)
    queue = known(command.queue, broker.queues)
    you = next(
        (one for one in world.programs.values() if isinstance(one, You) and one.broker is broker), None
    )
    if you is None:
        raise Illegal("down", f"You talk to another broker than {broker.name} in this lab.")
    check_room(world, command.repeat)
    every_us = repeat_us(command.repeat, command.every_ms)
    letter = Letter(
        queue,
        command.key,
        body_of(command.body),
        command.group_id,
        command.deduplication_id,
        command.delay_seconds,
        _attributes(command.attributes),
    )
    you.send_letter(letter, command.number, command.number + command.repeat - 1, every_us, cause)


def _attributes(given: dict[str, Any] | None) -> Any:
    """Message attributes, by the rules of a scenario file: a plain text is a String. Raises Illegal with what is wrong."""
    if not given:
        return None
    full = {name: one if isinstance(one, dict) else {"StringValue": one} for name, one in given.items()}
    try:
        return read_attributes(plain_place(full, "attributes"))
    except ScenarioError as error:
        raise Illegal("bad_value", str(error)) from error
