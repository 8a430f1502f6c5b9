"""Three real RabbitMQ nodes, started for the purpose, of which one after the other is killed: the rules of a cluster.

Wants RabbitMQ's server on this machine (its scripts below RABBITMQ_SCRIPTS, /usr/lib/rabbitmq/bin if that is not set). Nodes,
ports and data are of its own; nothing of a broker that runs here is touched."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pika
from pika.exceptions import AMQPError, ChannelClosedByBroker

SCRIPTS = Path(os.environ.get("RABBITMQ_SCRIPTS", "/usr/lib/rabbitmq/bin"))
COOKIE = "mqlab-soak"
NODES = (1, 2, 3)
UP_S, COMES_S, STAYS_AWAY_S = 90.0, 60.0, 5.0
PERSISTENT = pika.BasicProperties(delivery_mode=2)
QUORUM = {"x-queue-type": "quorum"}


def until(come: Callable[[], Any], bound_s: float = COMES_S) -> Any:
    """Ask until the answer is something. Raises AssertionError when it never is."""
    end = time.monotonic() + bound_s
    while True:
        with suppress(AMQPError, OSError):
            if found := come():
                return found
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.2)


class Cluster:
    """The nodes, by number."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: dict[int, subprocess.Popen[bytes]] = {}
        self.ports = {n: _free_port() for n in NODES}
        lines = ["cluster_formation.peer_discovery_backend = classic_config", "loopback_users = none"]
        lines += [f"cluster_formation.classic_config.nodes.{n} = {self.name(n)}" for n in NODES]
        (folder / "soak.conf").write_text("\n".join(lines) + "\n")
        (folder / "plugins").write_text("[].\n")

    @staticmethod
    def name(n: int) -> str:
        """As Erlang knows it."""
        return f"mqlab-soak-{os.getpid()}-{n}@localhost"

    def start(self, n: int) -> None:
        """Start a node that is not running."""
        own = {
            "HOME": self.folder, "RABBITMQ_NODENAME": self.name(n), "RABBITMQ_NODE_PORT": self.ports[n],
            "RABBITMQ_DIST_PORT": _free_port(), "RABBITMQ_MNESIA_BASE": self.folder / f"data{n}",
            "RABBITMQ_LOG_BASE": self.folder / f"log{n}", "RABBITMQ_PID_FILE": self.folder / f"pid{n}",
            "RABBITMQ_ENABLED_PLUGINS_FILE": self.folder / "plugins", "RABBITMQ_CONFIG_FILE": self.folder / "soak.conf",
            "RABBITMQ_CONF_ENV_FILE": self.folder / "none",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"-setcookie {COOKIE} +sbwt none",
        }  # fmt: skip
        self.running[n] = subprocess.Popen(
            [SCRIPTS / "rabbitmq-server"],
            env=os.environ | {name: str(value) for name, value in own.items()},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def kill(self, n: int) -> None:
        """A node is gone from one moment to the next."""
        process = self.running.pop(n)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def connect(self, n: int) -> pika.BlockingConnection:
        """A client of a node that is up, or will be."""
        there = pika.ConnectionParameters("127.0.0.1", self.ports[n], blocked_connection_timeout=30)
        return until(lambda: pika.BlockingConnection(there), UP_S)  # type: ignore[no-any-return]

    def ctl(self, n: int, *words: str) -> str:
        """rabbitmqctl on a node."""
        command = [SCRIPTS / "rabbitmqctl", "-q", "-n", self.name(n), "--erlang-cookie", COOKIE, *words]
        environ = os.environ | {"HOME": str(self.folder)}
        return subprocess.run(
            command, env=environ, capture_output=True, text=True, timeout=60, check=True
        ).stdout


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def cluster() -> Iterator[Cluster]:
    """All nodes up and joined."""
    folder = Path(tempfile.mkdtemp(prefix="mqlab-soak-"))
    nodes = Cluster(folder)
    try:
        for n in NODES:
            nodes.start(n)
        for n in NODES:
            nodes.connect(n).close()
        until(
            lambda: all(
                nodes.name(n) in nodes.ctl(1, "cluster_status", "--formatter", "json") for n in NODES
            ),
            UP_S,
        )
        yield nodes
    finally:
        for n in list(nodes.running):
            nodes.kill(n)
        shutil.rmtree(folder, ignore_errors=True)


def confirmed(channel: Any, queue: str, body: str) -> bool:
    """Publish, and have the broker's confirm."""
    channel.confirm_delivery()
    channel.basic_publish("", queue, body.encode(), PERSISTENT, mandatory=True)
    return True


def bodies(channel: Any, queue: str) -> list[str]:
    """What is ready, which is then gone."""
    found = []
    while (got := channel.basic_get(queue, auto_ack=True))[0] is not None:
        found.append(got[2].decode())
    return found


def refused_with(channel: Any, queue: str) -> int:
    """The code with which the broker refuses to name a queue; 0: it names it."""
    try:
        channel.queue_declare(queue, passive=True)
    except ChannelClosedByBroker as error:
        return int(error.reply_code)
    return 0


def silent(channel: Any, queue: str, body: str) -> bool:
    """A publish that gets neither ack nor nack for as long as we listen: asked by hand, for pika waits for ever."""
    heard: list[Any] = []
    implementation = channel._impl
    implementation.confirm_delivery(heard.append, callback=lambda _: None)
    channel.connection.process_data_events(1)
    implementation.basic_publish("", queue, body.encode(), PERSISTENT)
    channel.connection.process_data_events(STAYS_AWAY_S)
    return not heard


def trial(number: int) -> str:
    """The rules of a cluster, one after the other. Raises AssertionError where one does not hold."""
    with cluster() as nodes:
        first = nodes.connect(1).channel()
        first.queue_declare("votes", durable=True, arguments=QUORUM)
        members = until(lambda: nodes.ctl(1, "list_queues", "name", "members", "--formatter", "json"))
        assert all(nodes.name(n) in members for n in NODES), (
            "rabbitmq/cluster-confirm-majority: a member on every node"
        )
        assert confirmed(first, "votes", "m1")

        second = nodes.connect(2)
        there = second.channel()
        there.queue_declare("home", durable=True)
        assert confirmed(there, "home", "kept")
        told: list[str] = []
        first.add_on_cancel_callback(lambda frame: told.append(frame.method.consumer_tag))
        first.basic_qos(prefetch_count=1)
        first.basic_consume("home", lambda *_: None, consumer_tag="of-home")
        nodes.kill(2)
        until(lambda: first.connection.process_data_events(0.1) or told)
        with suppress(AMQPError):
            second.process_data_events(5)
        assert not second.is_open, "rabbitmq/cluster-clients-move: the clients of a node that is gone"
        assert nodes.connect(3).channel().queue_declare("votes", passive=True, durable=True)
        assert told == ["of-home"], "rabbitmq/cluster-classic-one-node: consumers are cancelled"
        assert refused_with(first.connection.channel(), "home") == 404, (
            "rabbitmq/cluster-classic-one-node: 404"
        )
        assert until(lambda: confirmed(nodes.connect(3).channel(), "votes", "m2")), (
            "two of three are a majority"
        )
        nodes.start(2)
        back = nodes.connect(2).channel()
        until(lambda: nodes.connect(2).channel().queue_declare("home", passive=True, durable=True))
        assert bodies(back, "home") == ["kept"], "rabbitmq/cluster-classic-one-node: it returns with its node"

        leader = next(
            n for n in NODES if nodes.name(n) in nodes.ctl(1, "list_queues", "leader", "--formatter", "json")
        )
        other, last = [n for n in NODES if n != leader]
        nodes.kill(leader)
        assert until(lambda: confirmed(nodes.connect(other).channel(), "votes", "m3")), (
            "rabbitmq/cluster-leader-election"
        )
        nodes.kill(last)
        alone = nodes.connect(other)
        assert silent(alone.channel(), "votes", "m4"), (
            "rabbitmq/cluster-no-majority: neither confirmed nor nacked"
        )
        nodes.start(leader)
        nodes.start(last)
        for n in (leader, last):
            nodes.connect(n).close()
        found = until(lambda: bodies(nodes.connect(leader).channel(), "votes"))
        assert found[:3] == ["m1", "m2", "m3"], (
            f"rabbitmq/cluster-leader-election: nothing confirmed is lost, {found}"
        )
        assert found[3:] in ([], ["m4"]), found
        later = "appeared" if found[3:] else "is gone"
        return f"five rules of a cluster hold on three nodes; what was sent without a majority {later}"
