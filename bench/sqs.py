"""SQS beside kombu's memory transport and beside moto in its own process: send, receive, delete.

A message's way on our side: a simulated client's requests through `broker.handle`, latency 0, all events told with cause and
rule, the ledger kept. On kombu's: `Producer.publish`, `Queue.get`, `ack`. On moto's: boto3's client under `mock_aws`, as its
users call it; ours against it is the façade with the same verbs and the same dicts. Runs alternate; the medians of ratios count.
"""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Callable

from bench.engine import BODY, MESSAGES, REPETITIONS, _kombu
from bench.figure import Figure
from mqlab.engine.brokers.sqs import methods as m
from mqlab.engine.brokers.sqs.broker import SQS
from mqlab.engine.clients import boto3
from mqlab.engine.clients.sqs.client import SqsClient
from mqlab.engine.message import Message
from mqlab.engine.world import World

MOTO_MESSAGES, OURS_TO_ONE = 60, 20


def figures() -> list[Figure]:
    """Batches of ten, as SQS would have it used, one by one, and the façade."""
    batched, single, kombu = _ours(10), _ours(1), _kombu()
    ratios: list[list[float]] = [[], []]
    rates = []
    for _ in range(REPETITIONS):
        ten, one, theirs = batched(), single(), kombu()
        ratios[0].append(theirs / ten)
        ratios[1].append(theirs / one)
        rates.append((MESSAGES / ten, MESSAGES / one, MESSAGES / theirs))
    ten_s, one_s, theirs_s = (rate / 1e3 for rate in sorted(rates)[len(rates) // 2])
    name = "SQS, send → receive → delete, against kombu's memory transport"
    return [
        Figure(
            name, statistics.median(ratios[0]), "×", 2, 4, "higher",
            f"batches of 10: {ten_s:.0f} k msg/s against {theirs_s:.0f} k",
        ),
        Figure(
            "the same one by one, three requests a message", statistics.median(ratios[1]), "×", None, None, "higher",
            f"{one_s:.0f} k msg/s",
        ),
        _against_moto(),
    ]  # fmt: skip


class Client(SqsClient):
    """Keeps the receipt handles of what it is given."""

    def __init__(self, world: World, name: str, broker: SQS) -> None:
        super().__init__(world, name, broker, instant=True)
        self.handles: list[m.Handle] = []
        self.connect()

    def on_delivery(self, frame: m.Delivery, cause: str) -> None:
        self.handles.append(m.Handle(frame.receipt_handle, str(len(self.handles))))


def _ours(batch: int) -> Callable[[], float]:
    world = World(counted=False)
    broker = SQS(world)
    sender, worker = Client(world, "sender", broker), Client(world, "worker", broker)
    sender.call(m.CreateQueue(queue="q"))
    world.finish()
    ids = [str(number) for number in range(batch)]
    receive = m.ReceiveMessage(queue="q", max_number_of_messages=batch)

    def once() -> float:
        started = time.perf_counter()
        for number in range(0, MESSAGES, batch):
            entries = [m.Entry(Message(f"sender-{number}{one}", "", BODY), id=one) for one in ids]
            sender.send("q", entries, batch=batch > 1)
            world.finish()
            worker.call(receive)
            handles, worker.handles = worker.handles, []
            worker.delete("q", handles, batch=batch > 1)
            world.finish()
        taken = time.perf_counter() - started
        assert world.ledger.states["acked"] % MESSAGES == 0
        assert world.ledger.conserved
        return taken

    return once


def _round(sqs: object, url: str, count: int) -> float:
    """send_message, receive_message, delete_message, so many times. Returns seconds."""
    started = time.perf_counter()
    for _ in range(count):
        sqs.send_message(QueueUrl=url, MessageBody="x" * 20)  # type: ignore[attr-defined]
        (message,) = sqs.receive_message(QueueUrl=url)["Messages"]  # type: ignore[attr-defined]
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])  # type: ignore[attr-defined]
    return time.perf_counter() - started


def _against_moto() -> Figure:
    warnings.simplefilter("ignore")
    import boto3 as real
    from moto import mock_aws

    mine = boto3.client("sqs")
    url = mine.create_queue(QueueName="q")["QueueUrl"]
    with mock_aws():
        theirs = real.client("sqs", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        their_url = theirs.create_queue(QueueName="q")["QueueUrl"]
        _round(theirs, their_url, 5)
        ratios = []
        for _ in range(REPETITIONS):
            slow = _round(theirs, their_url, MOTO_MESSAGES) / MOTO_MESSAGES
            fast = _round(mine, url, MOTO_MESSAGES * OURS_TO_ONE) / (MOTO_MESSAGES * OURS_TO_ONE)
            ratios.append(slow / fast)
    note = f"{fast * 1e6:.0f} µs a message against {slow * 1e6:.0f} µs"
    return Figure(
        "SQS façade, against moto in process", statistics.median(ratios), "×", 50, 200, "higher", note
    )
