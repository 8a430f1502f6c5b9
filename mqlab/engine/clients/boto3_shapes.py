"""boto3's shapes: what a call may say, and what an answer looks like. Times in answers are strings of milliseconds."""

from __future__ import annotations

from typing import Any

from mqlab.engine.brokers.sqs import digests
from mqlab.engine.brokers.sqs import methods as m
from mqlab.engine.brokers.sqs.attributes import ARN
from mqlab.engine.clients.boto3_exceptions import ParamValidationError
from mqlab.engine.message import Message

SEQUENCE_BASE = 18_870_000_000_000_000_000
SEQUENCE_STEP = 256
"""A SequenceNumber has 20 digits and rises within its group."""
SENDER = "AIDASSYFHUBOBT7F4XT75"

_ENTRY: dict[str, type | tuple[type, ...]] = {
    "DelaySeconds": int, "MessageAttributes": dict, "MessageSystemAttributes": dict, "MessageDeduplicationId": str,
    "MessageGroupId": str,
}  # fmt: skip
_CALLS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "SendMessage": ({"QueueUrl": str, "MessageBody": str}, _ENTRY),
    "SendMessageBatch": ({"QueueUrl": str, "Entries": list}, {}),
    "ReceiveMessage": (
        {"QueueUrl": str},
        {
            "MaxNumberOfMessages": int, "WaitTimeSeconds": int, "VisibilityTimeout": int, "AttributeNames": list,
            "MessageSystemAttributeNames": list, "MessageAttributeNames": list, "ReceiveRequestAttemptId": str,
        },
    ),
    "DeleteMessage": ({"QueueUrl": str, "ReceiptHandle": str}, {}),
    "DeleteMessageBatch": ({"QueueUrl": str, "Entries": list}, {}),
    "ChangeMessageVisibility": ({"QueueUrl": str, "ReceiptHandle": str, "VisibilityTimeout": int}, {}),
    "ChangeMessageVisibilityBatch": ({"QueueUrl": str, "Entries": list}, {}),
    "CreateQueue": ({"QueueName": str}, {"Attributes": dict, "tags": dict}),
    "DeleteQueue": ({"QueueUrl": str}, {}),
    "GetQueueUrl": ({"QueueName": str}, {"QueueOwnerAWSAccountId": str}),
    "ListQueues": ({}, {"QueueNamePrefix": str, "NextToken": str, "MaxResults": int}),
    "GetQueueAttributes": ({"QueueUrl": str}, {"AttributeNames": list}),
    "SetQueueAttributes": ({"QueueUrl": str, "Attributes": dict}, {}),
    "PurgeQueue": ({"QueueUrl": str}, {}),
    "ListDeadLetterSourceQueues": ({"QueueUrl": str}, {"NextToken": str, "MaxResults": int}),
    "StartMessageMoveTask": ({"SourceArn": str}, {"DestinationArn": str, "MaxNumberOfMessagesPerSecond": int}),
    "CancelMessageMoveTask": ({"TaskHandle": str}, {}),
    "ListMessageMoveTasks": ({"SourceArn": str}, {"MaxResults": int}),
}  # fmt: skip
"""Of each action: what it needs, and what it may have."""
_ENTRIES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "SendMessageBatch": ({"Id": str, "MessageBody": str}, _ENTRY),
    "DeleteMessageBatch": ({"Id": str, "ReceiptHandle": str}, {}),
    "ChangeMessageVisibilityBatch": ({"Id": str, "ReceiptHandle": str}, {"VisibilityTimeout": int}),
}


def check_call(operation: str, call: dict[str, Any]) -> None:
    """Raises ParamValidationError as boto3 does, before anything is sent."""
    _check("input", call, *_CALLS[operation])
    if operation in _ENTRIES:
        for n, entry in enumerate(call["Entries"]):
            _check(f"Entries[{n}]", entry, *_ENTRIES[operation])
    for name, value in call.get("Attributes", {}).items():
        if not isinstance(value, str):
            raise ParamValidationError(
                f"Parameter validation failed:\nInvalid type for parameter Attributes.{name}, value: {value}, type: "
                f"{type(value)}, valid types: {str}"
            )


def _check(where: str, given: Any, needed: dict[str, Any], allowed: dict[str, Any]) -> None:
    wrong = [f'Missing required parameter in {where}: "{name}"' for name in needed if name not in given]
    known = needed | allowed
    for name, value in given.items():
        kind = known.get(name)
        if kind is None:
            wrong.append(f'Unknown parameter in {where}: "{name}", must be one of: {", ".join(known)}')
        elif not isinstance(value, kind) or isinstance(value, bool):
            wrong.append(
                f"Invalid type for parameter {name}, value: {value}, type: {type(value)}, valid types: {kind}"
            )
    if wrong:
        raise ParamValidationError("Parameter validation failed:\n" + "\n".join(wrong))


def entry_of(call: dict[str, Any], id: str) -> m.Entry:
    """A message as send_message or an entry of a batch names it; `id` is its own."""
    return m.Entry(
        Message(id, call.get("MessageGroupId", ""), call["MessageBody"].encode()), call.get("DelaySeconds"),
        call.get("MessageGroupId", ""), call.get("MessageDeduplicationId", ""), _values(call.get("MessageAttributes")),
        _values(call.get("MessageSystemAttributes")), call.get("Id", ""),
    )  # fmt: skip


def _values(given: dict[str, Any] | None) -> dict[str, m.Value] | None:
    if not given:
        return None
    values = {}
    for name, one in given.items():
        kind = str(one.get("DataType", ""))
        value = one.get("BinaryValue", b"") if kind.startswith("Binary") else one.get("StringValue", "")
        values[name] = m.Value(
            kind, value.encode() if kind.startswith("Binary") and isinstance(value, str) else value
        )
    return values


def handles_of(entries: list[dict[str, Any]]) -> list[m.Handle]:
    """The entries of a batch that deletes, or changes visibility."""
    return [m.Handle(one["ReceiptHandle"], one["Id"], one.get("VisibilityTimeout", 0)) for one in entries]


def sent_shape(entry: m.Entry, sent: m.Sent) -> dict[str, Any]:
    """What a send is answered."""
    answer: dict[str, Any] = {
        "MessageId": digests.message_id(sent.copy),
        "MD5OfMessageBody": digests.of_body(entry.message.body),
    }
    if entry.attributes:
        answer["MD5OfMessageAttributes"] = digests.of_attributes(entry.attributes)
    if entry.system_attributes:
        answer["MD5OfMessageSystemAttributes"] = digests.of_attributes(entry.system_attributes)
    if sent.sequence:
        answer["SequenceNumber"] = sequence(sent.sequence)
    return answer


def sequence(number: int) -> str:
    """A SequenceNumber."""
    return str(SEQUENCE_BASE + SEQUENCE_STEP * number)


def failures(answer: dict[str, Any], failed: list[m.Failed]) -> dict[str, Any]:
    """A batch's answer with what failed in it."""
    if failed:
        answer["Failed"] = [
            {"Id": one.id, "Code": one.code, "Message": one.text, "SenderFault": one.status < 500}
            for one in failed
        ]
    return answer


def shown(delivery: m.Delivery, call: dict[str, Any]) -> dict[str, Any]:
    """A message as receive_message gives it, with the attributes that were asked for."""
    copy = delivery.copy
    body = copy.message.body
    message: dict[str, Any] = {
        "MessageId": digests.message_id(copy.known_as or copy.name),
        "ReceiptHandle": delivery.receipt_handle,
        "MD5OfBody": digests.of_body(body),
        "Body": body.decode(),
    }
    wanted = [*call.get("AttributeNames", ()), *call.get("MessageSystemAttributeNames", ())]
    if wanted:
        have = _system(delivery)
        message["Attributes"] = (
            have if "All" in wanted else {name: have[name] for name in wanted if name in have}
        )
    names = call.get("MessageAttributeNames", ())
    chosen = {name: one for name, one in (copy.sent_attributes or {}).items() if _asked(name, names)}
    if chosen:
        message["MessageAttributes"] = {name: _attribute(one) for name, one in chosen.items()}
        message["MD5OfMessageAttributes"] = digests.of_attributes(chosen)
    return message


def _system(delivery: m.Delivery) -> dict[str, str]:
    copy = delivery.copy
    have = {
        "SenderId": SENDER,
        "SentTimestamp": str(copy.stamp // 1000),
        "ApproximateReceiveCount": str(delivery.received),
        "ApproximateFirstReceiveTimestamp": str(copy.first // 1000),
    }
    if copy.sequence:
        have["SequenceNumber"] = sequence(copy.sequence)
        have["MessageDeduplicationId"] = copy.deduplication_id
    if copy.group:
        have["MessageGroupId"] = copy.group
    if copy.source:
        have["DeadLetterQueueSourceArn"] = ARN + copy.source
    for name, one in (copy.system_attributes or {}).items():
        have[name] = one.value
    return have


def _asked(name: str, names: Any) -> bool:
    return any(
        one in ("All", ".*", name) or (one.endswith(".*") and name.startswith(one[:-2])) for one in names
    )


def _attribute(one: m.Value) -> dict[str, Any]:
    kind = "BinaryValue" if isinstance(one.value, bytes) else "StringValue"
    return {kind: one.value, "DataType": one.type}
