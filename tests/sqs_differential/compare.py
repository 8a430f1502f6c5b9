"""The same random program on moto, in this process and under a clock of its own, and on the model.

moto is a cross-check and no oracle: where it differs from AWS's documentation the documentation wins, and programs are
written around the difference. DIFFERENCES lists each, with the rule that decides; a test shows each of them on both.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from mqlab.engine.clients import boto3 as ours

warnings.filterwarnings("ignore", module="boto3|botocore|moto")

DIFFERENCES = {
    "sqs/fifo-several-of-a-group": "moto gives a receive what was sent first, whatever the group",
    "sqs/dedup-after-delete": "moto forgets a deduplication id with its message",
    "sqs/dedup-scope": "moto knows no scope: ids count for the queue",
    "sqs/dedup-id": "moto takes a deduplication id on a standard queue",
    "sqs/old-receipt-handle": "moto always deletes by an old receipt handle",
    "sqs/fifo-expired-handle": "moto deletes by a FIFO queue's expired receipt handle",
    "sqs/visibility-not-in-flight": "moto lets any receipt handle change the visibility of a message that is visible",
    "sqs/visibility-total": "moto counts the 12 hours from when the message was sent",
    "sqs/batch-partial-failure": "moto refuses a whole batch for most errors of one entry",
    "sqs/create-again": "moto lets a queue be created at once after its end",
    "sqs/size": "moto counts the letters of a body, not its bytes, and leaves attributes out",
    "sqs/delete-again": "moto refuses the handle of a message that was purged or dead-lettered",
}
"""Rule -> what moto does instead."""


BATCHES: list[list[int]] = [[], [1, 2], [1, 1], list(range(10)), list(range(11))]


class Clock:
    """What moto takes for the time, in seconds."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def seconds(self, *_: Any) -> float:
        """As moto.core.utils.unix_time."""
        return self.now

    def millis(self, *_: Any) -> float:
        """As moto.core.utils.unix_time_millis."""
        return self.now * 1000


@contextmanager
def emulator() -> Iterator[tuple[Any, Clock]]:
    """A client of a fresh moto, and its clock."""
    import boto3
    from moto import mock_aws

    clock = Clock()
    models = "moto.sqs.models"
    with (
        mock_aws(),
        mock.patch(f"{models}.unix_time", clock.seconds),
        mock.patch(f"{models}.unix_time_millis", clock.millis),
        mock.patch(f"{models}.sqs_enforce_strict_queue_purge_behaviour", return_value=True),
    ):
        yield (
            boto3.client("sqs", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"),
            clock,
        )


class Both:
    """One step on both sides: what each answers, in the same words."""

    def __init__(self, theirs: Any, clock: Clock) -> None:
        self.mine = ours.client("sqs")
        self.theirs = theirs
        self.clock = clock
        self.urls: dict[str, str] = {}
        self.handles: list[dict[str, list[str]]] = [{}, {}]

    def sides(self) -> Iterator[tuple[int, Any]]:
        """The model, and moto."""
        yield 0, self.mine
        yield 1, self.theirs

    def create(self, name: str, attributes: dict[str, str]) -> None:
        """A queue on both."""
        for _, client in self.sides():
            self.urls[name] = client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]

    def play(self, step: tuple[Any, ...]) -> list[Any]:
        """Both answers to a step."""
        verb, *rest = step
        if verb == "advance":
            self.mine.sleep(rest[0])
            self.clock.now += rest[0]
            return [None, None]
        answers = []
        for side, client in self.sides():
            try:
                answers.append(getattr(self, verb)(side, client, *rest))
            except Exception as error:
                response = getattr(error, "response", None)
                if response is None:
                    raise
                answers.append(response["Error"]["Code"])
        self.mine.settle()
        return answers

    def send(self, side: int, client: Any, queue: str, body: str, more: dict[str, Any]) -> Any:
        """The digests of the answer."""
        answer = client.send_message(QueueUrl=self.urls[queue], MessageBody=body, **more)
        return {name: value for name, value in answer.items() if name.startswith("MD5")}

    def batch(self, side: int, client: Any, queue: str, entries: list[dict[str, Any]]) -> Any:
        """Which were taken."""
        answer = client.send_message_batch(QueueUrl=self.urls[queue], Entries=entries)
        return [one["Id"] for one in answer.get("Successful", ())], [
            one["Id"] for one in answer.get("Failed", ())
        ]

    def receive(self, side: int, client: Any, queue: str, most: int, more: dict[str, Any]) -> Any:
        """Bodies, receive counts, groups, attributes and their digests."""
        answer = client.receive_message(
            QueueUrl=self.urls[queue], MaxNumberOfMessages=most, WaitTimeSeconds=0, AttributeNames=["All"],
            MessageAttributeNames=["All"], **more,
        )  # fmt: skip
        got = []
        for one in answer.get("Messages", ()):
            self.handles[side].setdefault(f"{queue} {one['Body']}", []).append(one["ReceiptHandle"])
            told = one["Attributes"]
            got.append((
                one["Body"], one["MD5OfBody"], told["ApproximateReceiveCount"], told.get("MessageGroupId"),
                one.get("MessageAttributes"), one.get("MD5OfMessageAttributes"),
            ))  # fmt: skip
        return got

    def delete(self, side: int, client: Any, queue: str, body: str) -> Any:
        """By the latest handle, if this side has one."""
        handles = self.handles[side].get(f"{queue} {body}")
        if not handles:
            return "never received"
        client.delete_message(QueueUrl=self.urls[queue], ReceiptHandle=handles[-1])
        return "ok"

    def take(self, side: int, client: Any, queue: str) -> Any:
        """Receive one, look for another, delete the first, and look again."""
        got, other = (self.receive(side, client, queue, 1, {}) for _ in range(2))
        deleted = [self.delete(side, client, queue, one[0]) for one in got]
        return got, other, deleted, self.receive(side, client, queue, 1, {})

    def hide(self, side: int, client: Any, queue: str, body: str, seconds: int) -> Any:
        """By the latest handle."""
        handles = self.handles[side].get(f"{queue} {body}")
        if not handles:
            return "never received"
        client.change_message_visibility(
            QueueUrl=self.urls[queue], ReceiptHandle=handles[-1], VisibilityTimeout=seconds
        )
        return "ok"

    def purge(self, side: int, client: Any, queue: str) -> Any:
        """Or the error within a minute."""
        client.purge_queue(QueueUrl=self.urls[queue])
        return "ok"

    def counts(self, side: int, client: Any, queue: str) -> Any:
        """Visible, in flight, delayed."""
        names = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ]
        found = client.get_queue_attributes(QueueUrl=self.urls[queue], AttributeNames=names)["Attributes"]
        return [int(found[name]) for name in names]


def program(seed: int) -> tuple[dict[str, dict[str, str]], list[tuple[Any, ...]]]:
    """Queues, and 40 steps that keep clear of DIFFERENCES: times never meet a deadline, for moto takes one as not yet over."""
    chance = random.Random(seed)
    arn = "arn:aws:sqs:us-east-1:123456789012:"
    fifo = seed % 3 == 2
    suffix = ".fifo" if fifo else ""
    kind = {"FifoQueue": "true"} if fifo else {}
    policy = f'{{"deadLetterTargetArn": "{arn}dead{suffix}", "maxReceiveCount": "{chance.randint(1, 3)}"}}'
    attributes = {"VisibilityTimeout": str(chance.choice([3, 10])), **kind}
    if chance.random() < 0.6:
        attributes["RedrivePolicy"] = policy
    if not fifo and chance.random() < 0.3:
        attributes["DelaySeconds"] = "2"
    queues = {f"dead{suffix}": kind, f"q{suffix}": attributes}
    steps: list[tuple[Any, ...]] = []
    for n in range(40):
        queue = f"q{suffix}" if chance.random() < 0.85 else f"dead{suffix}"
        more: dict[str, Any] = {}
        if fifo:
            more = {"MessageGroupId": chance.choice("ABC"), "MessageDeduplicationId": f"d{n}"}
        elif chance.random() < 0.3:
            more = {"DelaySeconds": chance.choice([0, 3, 901])}
        if chance.random() < 0.3:
            value = chance.choice(
                [
                    {"DataType": "String", "StringValue": "ü"},
                    {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
                ]
            )
            more["MessageAttributes"] = {"b": value, "a": {"DataType": "Number", "StringValue": "7"}}
        body = f"m{n}"
        steps.append(chance.choice([
            ("send", queue, body, more), ("send", queue, body, more), ("send", queue, body, more),
            ("receive", queue, 1 if fifo else chance.choice([1, 2, 10, 11]), chance.choice([{}, {}, {"VisibilityTimeout": 7}])),
            ("receive", queue, 1 if fifo else chance.choice([1, 3]), {}),
            ("counts", queue), ("advance", chance.choice([0.517, 1.273, 3.731, 12.597])),
            ("purge", queue) if chance.random() < 0.3 else ("counts", queue),
            *([("take", queue), ("take", queue)] if fifo else [
                ("batch", queue, [{"Id": str(k), "MessageBody": f"b{n}-{k}"} for k in chance.choice(BATCHES)]),
                ("delete", queue, f"m{chance.randint(0, n)}"), ("delete", queue, f"m{chance.randint(0, n)}"),
            ]),
        ]))  # fmt: skip
        if fifo and steps[-1][0] == "send" and chance.random() < 0.3:  # again, while it is there
            steps.append(("send", queue, body, more))
    return queues, steps


def differ(seed: int) -> str:
    """Where the two differ in this program; "": nowhere."""
    queues, steps = program(seed)
    with emulator() as (theirs, clock):
        both = Both(theirs, clock)
        for name, attributes in queues.items():
            both.create(name, attributes)
        for number, step in enumerate(steps, 1):
            mine, other = both.play(step)
            if step[0] == "delete" and (mine, other) == ("ok", "ReceiptHandleIsInvalid"):
                continue  # see DIFFERENCES
            if mine != other:
                return f"program {seed}, step {number} {step}: moto {other}, the model {mine}"
    return ""
