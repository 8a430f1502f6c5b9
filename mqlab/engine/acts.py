"""What each command does. Everything is checked before anything changes: an Illegal act leaves the world as it was.

Illegal is what the lab cannot do. What a broker answers with an error is a legal act, and its events are the answer.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import msgspec

from mqlab.engine import commands as c
from mqlab.engine import limits
from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.brokers.rabbitmq import restart
from mqlab.engine.brokers.rabbitmq.exchange import DEFAULT_NODE
from mqlab.engine.clients.you import NAME, Operator, You
from mqlab.engine.commands import Illegal
from mqlab.engine.events import Answered, NodeChanged
from mqlab.engine.lab import change, settings_of
from mqlab.engine.message import NO_PROPERTIES, Properties

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.world import World


def apply(world: World, command: c.AnyCommand, cause: str) -> None:
    """Do it. Raises Illegal, with nothing changed."""
    if world.storm:
        raise Illegal("storm", world.storm)
    match command:
        case c.Publish():
            _publish(world, command, cause)
        case c.Crash():
            _crash(world, command, cause)
        case c.Restart():
            _restart(world, command, cause)
        case c.Change():
            _change(world, command, cause)
        case _:
            _operate(world, command, cause)


def _broker(world: World, name: str = "") -> RabbitMQ:
    """The broker of this name, or the only one."""
    if name and name not in world.brokers:
        raise _unknown(name, list(world.brokers))
    broker: RabbitMQ = world.brokers[name] if name else next(iter(world.brokers.values()))
    if not broker.up:
        raise Illegal("down", f"{broker.name} is down: wait until it is up again.")
    return broker


def _unknown(name: str, known: list[str]) -> Illegal:
    near = difflib.get_close_matches(name, known, 1)
    hint = f" Did you mean {near[0]}?" if near else f" There are: {', '.join(known[:12])}." if known else ""
    return Illegal("unknown_node", f"There is no {name} here.{hint}")


def _publish(world: World, command: c.Publish, cause: str) -> None:
    broker = _broker(world, command.broker)
    you = next(
        (one for one in world.programs.values() if isinstance(one, You) and one.broker is broker), None
    )
    if you is None or not you.channels:
        raise Illegal(
            "down", "Your connection is broken: it comes back within a second after the broker is up."
        )
    if world.ledger.live >= limits.LIVE_COPIES_MAX:
        raise Illegal(
            "bounds",
            f"A live lab holds {limits.LIVE_COPIES_MAX:,} copies and this one is full: consume or purge some.",
        )
    exchange = "" if command.exchange == DEFAULT_NODE else command.exchange
    headers = command.headers or None
    if headers and len(headers) > limits.HEADERS_MAX:
        raise Illegal("bad_value", f"A message has at most {limits.HEADERS_MAX} headers here.")
    properties = read_properties(command.properties, headers)
    body = command.body.encode()
    if len(body) > limits.BODY_BYTES_MAX:
        raise Illegal("bad_value", f"A body has at most {limits.BODY_BYTES_MAX:,} bytes in a live lab.")
    you.send(
        command.number, command.key, exchange, command.routing_key, body, properties, command.mandatory, cause
    )


def read_properties(given: dict[str, Any] | None, headers: dict[str, Any] | None) -> Properties:
    """pika's BasicProperties by name. Raises Illegal with what is wrong."""
    if not given and not headers:
        return NO_PROPERTIES
    unknown = [name for name in given or () if name not in Properties.__struct_fields__]
    if unknown:
        near = difflib.get_close_matches(unknown[0], Properties.__struct_fields__, 1)
        hint = (
            f" Did you mean {near[0]}?" if near else f" There are: {', '.join(Properties.__struct_fields__)}."
        )
        raise Illegal("bad_value", f"A message has no property {unknown[0]}.{hint}")
    try:
        fields = {**(given or {}), "headers": headers or (given or {}).get("headers")}
        return msgspec.convert(fields, Properties)
    except msgspec.ValidationError as error:
        raise Illegal("bad_value", f"Properties: {error}.") from error


def _program(world: World, name: str) -> Any:
    program = world.programs.get(name)
    if program is None:
        raise _unknown(name, list(world.programs))
    if name == NAME:
        raise Illegal("bad_command", "That is you: crash or change a program of the lab instead.")
    return program


def _crash(world: World, command: c.Crash, cause: str) -> None:
    if command.node in world.brokers:
        raise Illegal(
            "bad_command", f"{command.node} is a broker: restart it, and it goes down and comes up again."
        )
    program = _program(world, command.node)
    if not program.up:
        raise Illegal("down", f"{command.node} is not running: start it first.")
    program.crash(cause)


def _restart(world: World, command: c.Restart, cause: str) -> None:
    if command.node in world.brokers:
        restart.go_down(_broker(world, command.node), cause)
        return
    program = _program(world, command.node)
    if program.up:
        raise Illegal("up", f"{command.node} is running: crash it first.")
    program.restart(cause)


def _change(world: World, command: c.Change, cause: str) -> None:
    program = _program(world, command.node)
    spec = change(program.spec, command.settings)
    before = settings_of(program.spec)
    after = settings_of(spec)
    program.settings = {**program.settings, **after}
    name = world.name(command.node)
    changed = {field: value for field, value in after.items() if before.get(field) != value}
    changed |= {field: None for field in before if field not in after}
    for field in [field for field, value in changed.items() if value is None]:
        program.settings.pop(field, None)
    world.emit(NodeChanged(world.now, name, cause, "", command.node, changed))
    program.change(spec)


def _operate(world: World, command: c.Bind | c.Unbind | c.Purge | c.Delete, cause: str) -> None:
    broker = _broker(world)
    request, named = _request(broker, command)
    told = len(world.events)
    reply = Operator(world, broker).do(request, cause)
    if len(world.events) == told:
        what = type(request).__name__
        world.emit(
            Answered(world.now, world.name(NAME), cause, "", NAME, what, f"{type(reply).__name__}: {named}")
        )


def _request(broker: RabbitMQ, command: c.Bind | c.Unbind | c.Purge | c.Delete) -> tuple[m.Request, str]:
    match command:
        case c.Purge(queue=queue):
            return m.QueuePurge(queue=_known(queue, broker.queues)), queue
        case c.Delete(node=node):
            if node in broker.queues:
                return m.QueueDelete(queue=node), node
            return m.ExchangeDelete(exchange=_known(node, [*broker.queues, *broker.exchanges])), node
        case c.Bind(source=source) | c.Unbind(source=source):
            source = _known("" if source == DEFAULT_NODE else source, broker.exchanges)
            destination = command.destination
            if (
                isinstance(command, c.Bind)
                and sum(len(exchange.bindings) for exchange in broker.exchanges.values())
                >= limits.BINDINGS_MAX
            ):
                raise Illegal(
                    "bounds", f"A lab has at most {limits.BINDINGS_MAX:,} bindings: remove one first."
                )
            more: dict[str, Any] = {
                "routing_key": command.routing_key,
                "arguments": command.arguments or None,
            }
            bind = isinstance(command, c.Bind)
            if destination in broker.queues:
                to_queue = m.QueueBind if bind else m.QueueUnbind
                return to_queue(queue=destination, exchange=source, **more), f"{source} -> {destination}"
            to_exchange = m.ExchangeBind if bind else m.ExchangeUnbind
            known = _known(destination, [*broker.queues, *broker.exchanges])
            return to_exchange(destination=known, source=source, **more), f"{source} -> {destination}"


def _known(name: str, names: Any) -> str:
    if name not in names:
        raise _unknown(name, [one for one in names if one])
    return name
