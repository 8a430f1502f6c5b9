"""A recorded SQS scenario, step by step on the engine, through the façade with boto3's verbs.

A case has one queue, `q`, with the attributes under `queue`; a step may name another. A queue that a RedrivePolicy names is there
as well. What is recorded of a step besides its input is its result.
"""

from __future__ import annotations

import json
import re
from typing import Any

from mqlab.engine.brokers.sqs.attributes import ARN, name_of
from mqlab.engine.clients import boto3
from mqlab.replay.times import RECORDED, Times

QUEUE = "q"
COUNTS = {
    "visible": "ApproximateNumberOfMessages",
    "in_flight": "ApproximateNumberOfMessagesNotVisible",
    "delayed": "ApproximateNumberOfMessagesDelayed",
}
ATTRIBUTES = (
    "VisibilityTimeout",
    "DelaySeconds",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
)
CUT = 160  # the recorder cut errors there


class CannotRun(Exception):
    """A step that the engine has no words for."""


class Session:
    """One case: its queue, and the receipt handles that each body has had."""

    def __init__(self, attributes: dict[str, Any], times: Times = RECORDED) -> None:
        self.times = times
        self.sqs = boto3.client("sqs")
        self.urls: dict[str, str] = {}
        self.handles: dict[str, list[str]] = {}
        self.create(QUEUE, attributes)

    def create(self, name: str, attributes: dict[str, Any]) -> str:
        """A queue, after the dead-letter queue that it names."""
        wanted = {
            key: value if isinstance(value, str) else json.dumps(value) for key, value in attributes.items()
        }
        fifo = wanted.get("FifoQueue", "false").lower() == "true"
        policy = json.loads(wanted.get("RedrivePolicy") or "{}")
        if policy:
            target = self.target(str(policy["deadLetterTargetArn"]), fifo)
            wanted["RedrivePolicy"] = json.dumps({**policy, "deadLetterTargetArn": ARN + target})
        real = f"{name}.fifo" if fifo and not name.endswith(".fifo") else name
        self.urls[name] = self.sqs.create_queue(QueueName=real, Attributes=wanted)["QueueUrl"]
        return real

    def target(self, arn: str, fifo: bool) -> str:
        """The real name of a dead-letter queue, which is made if it is not there."""
        name = re.sub(r"[^A-Za-z0-9_.-]", "", name_of(arn)) or "dlq"
        if name not in self.urls:
            self.create(name, {"FifoQueue": "true"} if fifo else {})
        return name_of(self.urls[name])

    def url(self, step: dict[str, Any]) -> str:
        """Of the queue that a step is about."""
        name = str(step.get("queue", QUEUE))
        if name not in self.urls:
            self.create(name, {"FifoQueue": "true"} if name.endswith(".fifo") else {})
        return self.urls[name]

    def play(self, step: dict[str, Any]) -> Any:
        """One step. Returns its result."""
        verb = _VERBS.get(step["op"])
        if verb is None:
            raise CannotRun(f"the engine has no {step['op']}")
        try:
            result = verb(self, step)
        except boto3.ClientError as error:
            result = str(error)[:CUT]
        if step["op"] != "advance":
            self.sqs.sleep(self.times.listen_ms / 1000)
        return result


def play(scenario: dict[str, Any], times: Times = RECORDED) -> dict[str, Any]:
    """The case with every result replaced by the engine's own. Raises CannotRun."""
    session = Session(scenario.get("queue", {}), times)
    trace = []
    for step in scenario["trace"]:
        said = {name: value for name, value in step.items() if name != "result"}
        result = session.play(step)
        trace.append(said if result is None else {**said, "result": result})
    return {**scenario, "trace": trace}


def same(expected: dict[str, Any], got: dict[str, Any]) -> bool:
    """Whether two results agree; of errors the name counts."""
    one, other = expected.get("result"), got.get("result")
    names = [
        re.match(r"An error occurred \(([^)]*)\)", said) for said in (one, other) if isinstance(said, str)
    ]
    if len(names) == 2 and all(names):
        return len({name[1] for name in names if name}) == 1
    return bool(one == other)


def text_of(body: Any) -> str:
    """A body, where "N bytes" stands for N letters."""
    size = re.fullmatch(r"(\d+) bytes", str(body))
    return "x" * int(size[1]) if size else str(body)


def _message(step: dict[str, Any], body: str) -> dict[str, Any]:
    """What a send says of a message, in whichever words the step has it."""
    names = {
        "group": "MessageGroupId", "group_id": "MessageGroupId", "dedup": "MessageDeduplicationId",
        "dedup_id": "MessageDeduplicationId", "deduplication_id": "MessageDeduplicationId", "delay": "DelaySeconds",
        "delay_seconds": "DelaySeconds", "attributes": "MessageAttributes",
    }  # fmt: skip
    message: dict[str, Any] = {"MessageBody": body}
    for word, name in names.items():
        if step.get(word) is not None:
            message[name] = step[word]
    return message


def _send(session: Session, step: dict[str, Any]) -> str:
    session.sqs.send_message(QueueUrl=session.url(step), **_message(step, text_of(step["body"])))
    return "ok"


def _send_batch(session: Session, step: dict[str, Any]) -> dict[str, int]:
    """`n` messages b1, b2, …; which id was repeated is recorded only by the answer that says so."""
    repeated = re.search(r"\bId (\S+) repeated", str(step.get("result", "")))
    bodies = step.get("bodies") or [f"b{number}" for number in range(1, step.get("n", 0) + 1)]
    entries = [
        {"Id": repeated[1] if repeated else str(number), **_message(step, text_of(body))}
        for number, body in enumerate(bodies, 1)
    ]
    answer = session.sqs.send_message_batch(QueueUrl=session.url(step), Entries=entries)
    return {"ok": len(answer.get("Successful", ())), "failed": len(answer.get("Failed", ()))}


def _receive(session: Session, step: dict[str, Any]) -> list[dict[str, Any]]:
    names = {"max": "MaxNumberOfMessages", "wait": "WaitTimeSeconds", "visibility": "VisibilityTimeout"}
    more = {name: step[word] for word, name in names.items() if word in step}
    answer = session.sqs.receive_message(QueueUrl=session.url(step), AttributeNames=["All"], **more)
    found = []
    for message in answer.get("Messages", ()):
        attributes = message["Attributes"]
        session.handles.setdefault(message["Body"], []).append(message["ReceiptHandle"])
        found.append(
            {
                "body": message["Body"],
                "receive_count": int(attributes["ApproximateReceiveCount"]),
                "group": attributes.get("MessageGroupId"),
                "seq_present": "SequenceNumber" in attributes,
            }
        )
    return found


def _handle(session: Session, step: dict[str, Any]) -> str:
    """The receipt handle that a step means: one of those that this body has had."""
    handles = session.handles.get(text_of(step["body"]), [])
    try:
        return handles[step.get("handle_index", -1)]
    except IndexError:
        raise CannotRun(f"{step['body']} has had {len(handles)} receipt handles") from None


def _delete(session: Session, step: dict[str, Any]) -> str:
    session.sqs.delete_message(QueueUrl=session.url(step), ReceiptHandle=_handle(session, step))
    return "ok"


def _change_visibility(session: Session, step: dict[str, Any]) -> str:
    session.sqs.change_message_visibility(
        QueueUrl=session.url(step), ReceiptHandle=_handle(session, step), VisibilityTimeout=step["timeout"]
    )
    return "ok"


def _purge(session: Session, step: dict[str, Any]) -> str:
    session.sqs.purge_queue(QueueUrl=session.url(step))
    return "ok"


def _counts(session: Session, step: dict[str, Any]) -> dict[str, int]:
    found = session.sqs.get_queue_attributes(QueueUrl=session.url(step), AttributeNames=list(COUNTS.values()))
    return {word: int(found["Attributes"][name]) for word, name in COUNTS.items()}


def _attributes(session: Session, step: dict[str, Any]) -> dict[str, str]:
    found = session.sqs.get_queue_attributes(QueueUrl=session.url(step), AttributeNames=list(ATTRIBUTES))
    return {name: found["Attributes"][name] for name in ATTRIBUTES}


def _advance(session: Session, step: dict[str, Any]) -> None:
    session.sqs.sleep(step["seconds"])


_VERBS = {
    "send": _send,
    "send_batch": _send_batch,
    "receive": _receive,
    "delete": _delete,
    "change_visibility": _change_visibility,
    "purge": _purge,
    "counts": _counts,
    "attributes": _attributes,
    "advance": _advance,
}
