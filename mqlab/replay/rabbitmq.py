"""A recorded RabbitMQ scenario, step by step on the engine: what each client was answered, and what was pushed to it."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from mqlab.engine.brokers.rabbitmq import alarms, restart
from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
from mqlab.engine.message import Message, Properties
from mqlab.engine.world import World
from mqlab.replay.rabbitmq_client import Client, said, shown
from mqlab.replay.times import RECORDED, Times

MEMORY_USED_BYTES = 64 << 20
"""What a node that does next to nothing uses: a watermark below is too low."""
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


class CannotRun(Exception):
    """A step that the engine has no words for."""


class Session:
    """One scenario: an empty broker and its clients."""

    def __init__(self, version: str, times: Times = RECORDED) -> None:
        self.times = times
        self.world = World(counted=False)
        self.broker = RabbitMQ(self.world, "rabbit", version)
        self.clients: dict[str, Client] = {}
        self.names: dict[str, str] = {}
        self.observed: list[dict[str, Any]] = []

    def client(self, name: str) -> Client:
        """A client, connected when it is first named."""
        if name not in self.clients:
            self.clients[name] = Client(self.world, name, self.broker, self.observed)
        return self.clients[name]

    def play(self, step: dict[str, Any]) -> dict[str, Any]:
        """One step. Returns its outcome: `result` and `observed`, each only where there is something."""
        self.observed.clear()
        verb = _VERBS.get(step["op"])
        if verb is None:
            raise CannotRun(f"the engine has no {step['op']}")
        client = self.client(step.get("ch", "main"))
        client.failed = False
        result = None
        if client.connection is not None or step["op"] in ("wait", "restart"):
            result = verb(self, client, step)
        self._settle()
        self._pass(step.get("ms", 0) if step["op"] == "wait" else self.times.listen_ms)
        if step["op"] == "close_connection":
            self._pass(self.times.close_ms)
        if step["op"] == "restart":
            self._pass(self.times.restart_ms)
        outcome: dict[str, Any] = {}
        if result is not None and not client.failed:
            outcome["result"] = result
        if self.observed:
            outcome["observed"] = json.loads(json.dumps(self.observed))
        return outcome

    def _settle(self) -> None:
        self.world.finish()
        self.world.rest()

    def _pass(self, ms: int) -> None:
        self.world.run(self.world.now + ms * 1000 + 1)
        self.world.now -= 1  # what is due at the end itself has happened; the next step begins at the end

    def queue(self, name: str) -> str:
        """A queue's real name, where the trace uses one of its own."""
        return self.names.get(name, name)


def play(scenario: dict[str, Any], version: str, times: Times = RECORDED) -> dict[str, Any]:
    """The scenario with every outcome replaced by the engine's own. Raises CannotRun."""
    session = Session(version, times)
    return {
        **scenario,
        "trace": [{"step": entry["step"], **session.play(entry["step"])} for entry in scenario["trace"]],
    }


def _queue_declare(session: Session, client: Client, step: dict[str, Any]) -> dict[str, Any] | None:
    reply = _ask(
        client,
        m.QueueDeclare(
            queue=session.queue(step.get("name", "")), durable=step.get("durable", False), passive=step.get("passive", False),
            exclusive=step.get("exclusive", False), auto_delete=step.get("auto_delete", False), arguments=step.get("args"),
        ),
    )  # fmt: skip
    if reply is None:
        return None
    if "as" in step:
        session.names[step["as"]] = reply.queue
    return {
        "queue": shown(reply.queue),
        "message_count": reply.message_count,
        "consumer_count": reply.consumer_count,
    }


def _ask(client: Client, request: m.Request) -> Any:
    client.channel  # noqa: B018 - opens it
    return client.ask(request)


def _count(session: Session, client: Client, step: dict[str, Any]) -> dict[str, Any] | None:
    reply = _ask(client, m.QueueDeclare(queue=session.queue(step["queue"]), passive=True))
    return None if reply is None else {"ready": reply.message_count, "consumers": reply.consumer_count}


def _exchange_declare(session: Session, client: Client, step: dict[str, Any]) -> None:
    _ask(
        client,
        m.ExchangeDeclare(
            exchange=step["name"], exchange_type=step.get("type", "direct"), passive=step.get("passive", False),
            durable=step.get("durable", False), auto_delete=step.get("auto_delete", False), internal=step.get("internal", False),
            arguments=step.get("args"),
        ),
    )  # fmt: skip


def _exchange_delete(session: Session, client: Client, step: dict[str, Any]) -> None:
    _ask(client, m.ExchangeDelete(exchange=step["name"], if_unused=step.get("if_unused", False)))


def _bind(session: Session, client: Client, step: dict[str, Any]) -> None:
    kind = m.QueueBind if step["op"] == "bind" else m.QueueUnbind
    queue = session.queue(step["queue"])
    _ask(
        client,
        kind(
            queue=queue, exchange=step["exchange"], routing_key=step.get("rk", ""), arguments=step.get("args")
        ),
    )


def _exchange_bind(session: Session, client: Client, step: dict[str, Any]) -> None:
    kind = m.ExchangeBind if step["op"] == "exchange_bind" else m.ExchangeUnbind
    ends = {"destination": step["destination"], "source": step["source"]}
    _ask(client, kind(**ends, routing_key=step.get("rk", ""), arguments=step.get("args")))


def _publish(session: Session, client: Client, step: dict[str, Any]) -> None:
    properties = msgspec.convert({"content_encoding": "utf-8", **step.get("props", {})}, Properties)
    key = step.get("rk", "")
    if key == "<reply_to>":
        key = next(
            (one.reply_to[step["of"]] for one in session.clients.values() if step["of"] in one.reply_to), ""
        )
    client.published += 1
    message = Message(f"{client.name}-{client.published}", "", step["body"].encode())
    client.publish(
        client.channel, message, step.get("exchange", ""), session.queue(key), properties,
        mandatory=step.get("mandatory", False), immediate=step.get("immediate", False),
    )  # fmt: skip


def _get(session: Session, client: Client, step: dict[str, Any]) -> dict[str, Any] | None:
    _ask(client, m.BasicGet(queue=session.queue(step["queue"]), auto_ack=step.get("no_ack", False)))
    frame, client.got = client.got, None
    if frame is None:
        return {"get": "empty"}
    return {
        "get": frame.body.decode(),
        "redelivered": frame.redelivered,
        "exchange": frame.exchange,
        "rk": shown(frame.routing_key),
        "messages_left": frame.message_count,
        "props": said(frame.properties),
    }


def _qos(session: Session, client: Client, step: dict[str, Any]) -> None:
    _ask(client, m.BasicQos(prefetch_count=step["count"], global_qos=step.get("global", False)))


def _consume(session: Session, client: Client, step: dict[str, Any]) -> None:
    request = m.BasicConsume(
        queue=session.queue(step["queue"]), consumer_tag=step.get("tag", client.name), auto_ack=step.get("no_ack", False),
        exclusive=step.get("exclusive", False), arguments=step.get("args"),
    )  # fmt: skip
    _ask(client, request)


def _cancel(session: Session, client: Client, step: dict[str, Any]) -> None:
    _ask(client, m.BasicCancel(consumer_tag=step["tag"]))


def _settle_body(session: Session, client: Client, step: dict[str, Any]) -> dict[str, Any] | None:
    tag = client.tags.get(step["body"])
    if tag is None:
        return {"skipped": "this client never received that message"}
    channel = client.channel
    multiple = step.get("multiple", False)
    match step["op"]:
        case "ack":
            client.ack(channel, tag, multiple)
        case "nack":
            client.refuse(channel, tag, multiple=multiple, requeue=step.get("requeue", True))
        case _:
            client.refuse(channel, tag, requeue=step.get("requeue", True), how="reject")
    return None


def _recover(session: Session, client: Client, step: dict[str, Any]) -> None:
    channel = client.channel
    channel.unsettled.clear()
    client.ask(m.BasicRecover(requeue=step.get("requeue", True)))


def _confirm_select(session: Session, client: Client, step: dict[str, Any]) -> None:
    channel = client.channel
    client.ask(m.ConfirmSelect())
    channel.confirms = True


def _tx(session: Session, client: Client, step: dict[str, Any]) -> None:
    kinds = {"tx_select": m.TxSelect, "tx_commit": m.TxCommit, "tx_rollback": m.TxRollback}
    _ask(client, kinds[step["op"]]())


def _close_channel(session: Session, client: Client, step: dict[str, Any]) -> None:
    if client.channels:
        _cancel_all(client)
        client.ask(m.ChannelClose())
        client.channels.clear()


def _cancel_all(client: Client) -> None:
    """What client libraries do before they close a channel or a connection."""
    assert client.connection is not None
    for channel in client.connection.channels.values():
        for tag in list(channel.consumers):
            client.ask(m.BasicCancel(consumer_tag=tag))


def _close_connection(session: Session, client: Client, step: dict[str, Any]) -> None:
    _cancel_all(client)
    client.ask(m.ConnectionClose())
    client.connection, client.channels = None, {}


def _queue_delete(session: Session, client: Client, step: dict[str, Any]) -> dict[str, Any] | None:
    reply = _ask(
        client,
        m.QueueDelete(
            queue=session.queue(step["name"]),
            if_unused=step.get("if_unused", False),
            if_empty=step.get("if_empty", False),
        ),
    )
    return None if reply is None else {"deleted_messages": reply.message_count}


def _purge(session: Session, client: Client, step: dict[str, Any]) -> dict[str, Any] | None:
    reply = _ask(client, m.QueuePurge(queue=session.queue(step["name"])))
    return None if reply is None else {"purged": reply.message_count}


def _wait(session: Session, client: Client, step: dict[str, Any]) -> None:
    return None


def _ctl(session: Session, client: Client, step: dict[str, Any]) -> None:
    """rabbitmqctl. Its only use in the recordings is to make the node find that it uses too much memory, or not."""
    what, *amount = step["args"]
    if what != "set_vm_memory_high_watermark":
        raise CannotRun(f"the engine has no rabbitmqctl {what}")
    if amount[0] == "absolute":
        number, unit = re.fullmatch(r"(\d+)(\D*)", amount[1]).groups()  # type: ignore[union-attr]
        low = int(number) * UNITS[unit[:1].upper()] < MEMORY_USED_BYTES
    else:
        low = float(amount[0]) == 0
    broker = session.broker
    if low and not broker.alarms:
        alarms.raise_alarm(broker, "memory", "")
    elif not low and broker.alarms:
        alarms.clear_alarm(broker, "memory", "")


def _restart(session: Session, client: Client, step: dict[str, Any]) -> None:
    for one in session.clients.values():
        if one.connection is not None:
            _close_connection(session, one, step)
    session._settle()
    session.broker.restart_us = 0
    restart.go_down(session.broker, "")
    session._settle()
    session.clients.clear()
    session.observed.clear()


_VERBS = {
    "queue_declare": _queue_declare,
    "count": _count,
    "exchange_declare": _exchange_declare,
    "exchange_delete": _exchange_delete,
    "bind": _bind,
    "unbind": _bind,
    "exchange_bind": _exchange_bind,
    "exchange_unbind": _exchange_bind,
    "publish": _publish,
    "get": _get,
    "qos": _qos,
    "consume": _consume,
    "cancel": _cancel,
    "ack": _settle_body,
    "nack": _settle_body,
    "reject": _settle_body,
    "recover": _recover,
    "confirm_select": _confirm_select,
    "tx_select": _tx,
    "tx_commit": _tx,
    "tx_rollback": _tx,
    "close_channel": _close_channel,
    "close_connection": _close_connection,
    "queue_delete": _queue_delete,
    "purge": _purge,
    "wait": _wait,
    "restart": _restart,
    "ctl": _ctl,
}
