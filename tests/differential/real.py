"""A real RabbitMQ that plays the steps of a recorded scenario through pika.

After each step it waits for what the step must cause: the reply or, after a method without one, a synchronous call on the
same channel; then for what the model expects, with a bound, and for what its queues must hold. What does not come within the
bound has not come. Every name of a program has a prefix of its own on the broker, so that programs do not meet.
"""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Callable
from typing import Any

import pika
from pika import spec

from mqlab.replay.compare import ordered
from mqlab.replay.rabbitmq_client import shown
from tests.differential.broker import BOUND_S, FREE_S, PATIENCE_S, Broker
from tests.differential.client import Client, Event, said

Counts = dict[str, tuple[int, int]]
"""Ready messages and consumers, by queue."""


class Run:
    """One program on the broker. `close` removes what it made."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.prefix = f"p{uuid.uuid4().hex[:12]}-"
        self.clients: dict[str, Client] = {}
        self.names: dict[str, str] = {}
        self.queues: dict[str, None] = {}
        self.exchanges: dict[str, None] = {}
        self.observed: list[Event] = []
        self.private = False  # it had exclusive queues: they go with their connections
        self.held: Counts = {}  # what its queues held after the last step
        self.bound_s = BOUND_S
        self.late = 0.0  # seconds spent on steps, which to the model take no time

    def client(self, name: str) -> Client:
        """A client, connected when it is first named."""
        if name not in self.clients:
            self.clients[name] = Client(self, name)
        return self.clients[name]

    def own(self, name: str) -> str:
        """A program's name as it stands on the broker; words that are no names of queues or exchanges stay."""
        if name in self.names:
            return self.names[name]
        return self.prefix + name if is_name(name) else name

    def owned(self, value: Any) -> Any:
        """Arguments or headers with the names in them as they stand on the broker."""
        match value:
            case str():
                return self.own(value)
            case dict():
                return {key: self.owned(one) for key, one in value.items()}
            case list():
                return [self.owned(one) for one in value]
        return value

    def plain(self, value: Any) -> Any:
        """What the broker said, with the program's names."""
        match value:
            case str():
                return shown(value.replace(self.prefix, ""))
            case dict():
                return {key: self.plain(one) for key, one in value.items()}
            case list():
                return [self.plain(one) for one in value]
        return value

    def play(self, step: Event, expected: Event, counts: Counts, gone: list[str], *, free: bool) -> Event:
        """One step. `expected` is the model's outcome, `counts` what its queues must then hold, `gone` those that there must not
        be any more; `free`: others are lawful too."""
        self.bound_s = FREE_S if free else BOUND_S
        began = time.monotonic()
        self.observed = []
        result = None
        if step["op"] == "wait":
            self.broker.wait(step["ms"])
            began = time.monotonic() - 0.001
        else:
            client = self.client(step.get("ch", "main"))
            client.failed = False
            if client.connection is not None:
                result = getattr(self, "_" + step["op"])(client, step)
                client.sync()
                while step["op"] == "count" and result != expected.get("result") and not client.failed:
                    if time.monotonic() > began + self.bound_s:  # of a quorum queue it comes late
                        break
                    result = self._count(client, step)
                if client.failed:
                    result = None
        if step["op"] == "close_connection":
            self.broker.until(
                lambda: not self.there(gone, []), self.bound_s
            )  # of an abrupt end it hears when it has time
        pushed = ordered(expected)[1]
        self.broker.until(lambda: ordered({"observed": self.observed})[1] == pushed, self.bound_s)
        self._counted(counts)
        self.late += time.monotonic() - began
        outcome: Event = {}
        if result is not None:
            outcome["result"] = self.plain(result)
        if self.observed:
            outcome["observed"] = self.observed
        return outcome

    def _counted(self, counts: Counts) -> None:
        """Wait until queues hold what they must, and ask once more: a queue answers this before what else it has to do."""
        wanted = {self.own(name): numbers for name, numbers in counts.items()}
        end = time.monotonic() + self.bound_s
        agreed = 0
        while agreed < 2 and time.monotonic() < end:
            held = self.broker.count(list(wanted))
            agreed = agreed + 1 if held == wanted else 0
        self.held = self.plain({self.plain(name): numbers for name, numbers in held.items()})

    def there(self, queues: list[str], exchanges: list[str]) -> list[str]:
        """Which of these there are, apart from exclusive queues, which only their owner may ask for."""
        found = []
        for name in queues:
            if self._ask_for("queue", self.own(name)):
                found.append(name)
        for name in exchanges:
            if self._ask_for("exchange", self.own(name)):
                found.append(name)
        return found

    def _ask_for(self, what: str, name: str) -> bool:
        def call(done: Callable[..., None]) -> None:
            getattr(self.broker.asking, f"{what}_declare")(name, passive=True, callback=done)

        return self.broker.ask(call) is not None

    def close(self) -> None:
        """Delete what the program made, and leave its connections to the next."""
        for client in self.clients.values():
            connection, channel = client.connection, client.open
            if connection is None:
                continue
            del self.broker.owners[connection]
            if self.private:
                connection.close()
                self.broker.until(lambda connection=connection: connection.is_closed)  # type: ignore[misc]
                continue
            if channel is not None:
                channel.close()
                self.broker.until(lambda channel=channel: channel.is_closed)  # type: ignore[misc]
            self.broker.idle.append(connection)
        for name in self.queues:
            self.broker.ask(
                lambda done, name=name: self.broker.asking.queue_delete(self.own(name), callback=done)
            )
        for name in self.exchanges:
            self.broker.ask(
                lambda done, name=name: self.broker.asking.exchange_delete(self.own(name), callback=done)
            )

    # --- the steps -----------------------------------------------------------------------------------------------

    def _queue_declare(self, client: Client, step: Event) -> Event | None:
        name = step.get("name", "")
        if name:
            self.queues[name] = None
        self.private = self.private or step.get("exclusive", False)
        reply = client.ask(
            lambda channel, done: channel.queue_declare(
                self.own(name), passive=step.get("passive", False), durable=step.get("durable", False),
                exclusive=step.get("exclusive", False), auto_delete=step.get("auto_delete", False),
                arguments=self.owned(step.get("args")), callback=done,
            )
        )  # fmt: skip
        if reply is None:
            return None
        if "as" in step:
            self.names[step["as"]] = reply.queue
        return {
            "queue": reply.queue,
            "message_count": reply.message_count,
            "consumer_count": reply.consumer_count,
        }

    def _count(self, client: Client, step: Event) -> Event | None:
        reply = client.ask(
            lambda channel, done: channel.queue_declare(self.own(step["queue"]), passive=True, callback=done)
        )
        return reply and {"ready": reply.message_count, "consumers": reply.consumer_count}

    def _exchange_declare(self, client: Client, step: Event) -> None:
        self.exchanges[step["name"]] = None
        client.ask(
            lambda channel, done: channel.exchange_declare(
                self.own(step["name"]), step.get("type", "direct"), passive=step.get("passive", False),
                durable=step.get("durable", False), auto_delete=step.get("auto_delete", False),
                internal=step.get("internal", False), arguments=self.owned(step.get("args")), callback=done,
            )
        )  # fmt: skip

    def _exchange_delete(self, client: Client, step: Event) -> None:
        client.ask(
            lambda channel, done: channel.exchange_delete(
                self.own(step["name"]), step.get("if_unused", False), callback=done
            )
        )

    def _bind(self, client: Client, step: Event) -> None:
        queue, exchange = self.own(step["queue"]), self.own(step["exchange"])
        more = {"routing_key": self.own(step.get("rk", "")), "arguments": step.get("args")}
        verb = "queue_bind" if step["op"] == "bind" else "queue_unbind"
        client.ask(lambda channel, done: getattr(channel, verb)(queue, exchange, **more, callback=done))

    _unbind = _bind

    def _exchange_bind(self, client: Client, step: Event) -> None:
        ends = self.own(step["destination"]), self.own(step["source"])
        more = {"routing_key": step.get("rk", ""), "arguments": step.get("args")}
        client.ask(lambda channel, done: getattr(channel, step["op"])(*ends, **more, callback=done))

    _exchange_unbind = _exchange_bind

    def _publish(self, client: Client, step: Event) -> None:
        properties = pika.BasicProperties(
            **{"content_encoding": "utf-8", **self.owned(step.get("props", {}))}
        )
        key = step.get("rk", "")
        if key == "<reply_to>":
            body = step["of"]
            key = next((one.reply_to[body] for one in self.clients.values() if body in one.reply_to), "")
        client.channel._send_method(  # the public method knows no immediate
            spec.Basic.Publish(
                exchange=self.own(step.get("exchange", "")), routing_key=self.own(key),
                mandatory=step.get("mandatory", False), immediate=step.get("immediate", False),
            ),
            (properties, step["body"].encode()),
        )  # fmt: skip

    def _get(self, client: Client, step: Event) -> Event | None:
        reply = client.ask(
            lambda channel, done: channel.basic_get(
                self.own(step["queue"]),
                lambda _channel, method, properties, body: client.waiting.append((method, properties, body)),
                auto_ack=step.get("no_ack", False),
            )
        )
        if reply is None:
            return None
        if isinstance(reply, spec.Basic.GetEmpty):
            return {"get": "empty"}
        method, properties, body = reply
        client.see(body.decode(), method.delivery_tag, properties)
        return {
            "get": body.decode(), "redelivered": method.redelivered, "exchange": method.exchange, "rk": method.routing_key,
            "messages_left": method.message_count, "props": said(properties),
        }  # fmt: skip

    def _qos(self, client: Client, step: Event) -> None:
        client.ask(
            lambda channel, done: channel.basic_qos(
                prefetch_count=step["count"], global_qos=step.get("global", False), callback=done
            )
        )

    def _consume(self, client: Client, step: Event) -> None:
        client.ask(
            lambda channel, done: channel.basic_consume(
                self.own(step["queue"]), client.delivered, auto_ack=step.get("no_ack", False),
                exclusive=step.get("exclusive", False), consumer_tag=step.get("tag", client.name), arguments=step.get("args"),
                callback=done,
            )
        )  # fmt: skip

    def _cancel(self, client: Client, step: Event) -> None:
        channel = client.channel
        if step["tag"] in channel.consumer_tags:  # what is no consumer of its own, pika does not send
            client.ask(lambda channel, done: channel.basic_cancel(step["tag"], callback=done))

    def _settle(self, client: Client, step: Event) -> Event | None:
        tag = client.tags.get(step["body"])
        if tag is None:
            return {"skipped": "this client never received that message"}
        match step["op"]:
            case "ack":
                client.channel.basic_ack(tag, step.get("multiple", False))
            case "nack":
                client.channel.basic_nack(tag, step.get("multiple", False), step.get("requeue", True))
            case _:
                client.channel.basic_reject(tag, step.get("requeue", True))
        return None

    _ack = _nack = _reject = _settle

    def _recover(self, client: Client, step: Event) -> None:
        client.ask(lambda channel, done: channel.basic_recover(step.get("requeue", True), callback=done))

    def _confirm_select(self, client: Client, step: Event) -> None:
        client.ask(lambda channel, done: channel.confirm_delivery(client.confirmed, callback=done))

    def _tx(self, client: Client, step: Event) -> None:
        client.ask(lambda channel, done: getattr(channel, step["op"])(callback=done))

    _tx_select = _tx_commit = _tx_rollback = _tx

    def _close_channel(self, client: Client, step: Event) -> None:
        channel = client.open
        if channel is not None:
            channel.close()
            assert self.broker.until(lambda: channel.is_closed, PATIENCE_S), "no reply"

    def _close_connection(self, client: Client, step: Event) -> None:
        connection = client.connection
        if step.get("abrupt"):
            connection._transport._sock.shutdown(socket.SHUT_RDWR)
        else:
            connection.close()
        assert self.broker.until(lambda: connection.is_closed, PATIENCE_S), "it does not close"

    def _queue_delete(self, client: Client, step: Event) -> Event | None:
        reply = client.ask(
            lambda channel, done: channel.queue_delete(
                self.own(step["name"]),
                step.get("if_unused", False),
                step.get("if_empty", False),
                callback=done,
            )
        )
        return reply and {"deleted_messages": reply.message_count}

    def _purge(self, client: Client, step: Event) -> Event | None:
        reply = client.ask(lambda channel, done: channel.queue_purge(self.own(step["name"]), callback=done))
        return reply and {"purged": reply.message_count}


def is_name(word: str) -> bool:
    """Whether a word of a program names a queue or an exchange: q1, x2. Nothing else in a program looks so."""
    return len(word) == 2 and word[0] in "qx" and word[1].isdigit()
