"""A model SQS as a test meets it: boto3's verbs on short words, and what was told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest

from mqlab.engine.brokers.sqs.sampling import EXACT, Model
from mqlab.engine.clients import boto3
from mqlab.engine.events import Event

E = TypeVar("E", bound=Event)
FIFO = {"FifoQueue": "true"}
BY_CONTENT = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}


class Sqs:
    """One client, and its queues by name."""

    def __init__(self, model: Model = EXACT, seed: int = 0) -> None:
        self.client = boto3.client("sqs", model=model, seed=seed)
        self.handles: dict[str, list[str]] = {}

    def queue(self, name: str = "q", **attributes: Any) -> str:
        """A queue; a policy may be a dict. Returns its URL."""
        given = {
            key: json.dumps(one) if isinstance(one, dict) else str(one) for key, one in attributes.items()
        }
        url: str = self.client.create_queue(QueueName=name, Attributes=given)["QueueUrl"]
        return url

    def url(self, name: str) -> str:
        """Of a queue that is there."""
        url: str = self.client.get_queue_url(QueueName=name)["QueueUrl"]
        return url

    def send(self, *bodies: str, to: str = "q", **more: Any) -> dict[str, Any]:
        """Send each; returns the last answer."""
        answer: dict[str, Any] = {}
        for body in bodies:
            answer = self.client.send_message(QueueUrl=self.url(to), MessageBody=body, **more)
        return answer

    def receive(self, most: int = 10, *, of: str = "q", **more: Any) -> list[dict[str, Any]]:
        """What a receive brings, with all system attributes."""
        answer = self.client.receive_message(
            QueueUrl=self.url(of), MaxNumberOfMessages=most, AttributeNames=["All"], **more
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        for one in messages:
            self.handles.setdefault(one["Body"], []).append(one["ReceiptHandle"])
        return messages

    def bodies(self, most: int = 10, *, of: str = "q", **more: Any) -> list[str]:
        """The bodies that a receive brings."""
        return [one["Body"] for one in self.receive(most, of=of, **more)]

    def delete(self, body: str, index: int = -1, *, of: str = "q") -> None:
        """Delete by one of the handles that this body has had."""
        self.client.delete_message(QueueUrl=self.url(of), ReceiptHandle=self.handles[body][index])

    def hide(self, body: str, seconds: int, index: int = -1, *, of: str = "q") -> None:
        """Change its visibility timeout."""
        self.client.change_message_visibility(
            QueueUrl=self.url(of), ReceiptHandle=self.handles[body][index], VisibilityTimeout=seconds
        )

    def counts(self, of: str = "q") -> tuple[int, int, int]:
        """Visible, in flight, delayed."""
        names = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ]
        found = self.client.get_queue_attributes(QueueUrl=self.url(of), AttributeNames=names)["Attributes"]
        visible, in_flight, delayed = [int(found[name]) for name in names]
        return visible, in_flight, delayed

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.client.sleep(seconds)

    def told(self, kind: type[E], rule: str = "") -> list[E]:
        """The events of a kind, that quote this rule if one is named."""
        return [one for one in self.client.events if type(one) is kind and (not rule or one.rule == rule)]

    @property
    def rules(self) -> set[str]:
        """The rules that were quoted."""
        return {one.rule for one in self.client.events}


@contextmanager
def refused(code: str, words: str = "") -> Iterator[None]:
    """SQS answers with this error."""
    with pytest.raises(boto3.ClientError) as error:
        yield
    assert error.value.response["Error"]["Code"] == code
    assert words in error.value.response["Error"]["Message"]
