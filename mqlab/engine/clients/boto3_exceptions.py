"""What the façade raises, named as in botocore.exceptions and in the exceptions of boto3's client."""

from __future__ import annotations

from typing import Any

from mqlab.engine.clients.pika_exceptions import ReentrantCall as ReentrantCall


class ClientError(Exception):
    """SQS answered with an error. `response` as boto3 has it: response["Error"]["Code"] and ["Message"]."""

    def __init__(self, response: dict[str, Any], operation_name: str) -> None:
        error = response["Error"]
        super().__init__(
            f"An error occurred ({error['Code']}) when calling the {operation_name} operation: {error['Message']}"
        )
        self.response = response
        self.operation_name = operation_name


class ParamValidationError(Exception):
    """A call without a parameter that it needs, or with one that it has not, or of a wrong type: nothing was sent."""


NAMES = (
    "BatchEntryIdsNotDistinct", "BatchRequestTooLong", "EmptyBatchRequest", "InvalidAttributeName", "InvalidAttributeValue",
    "InvalidBatchEntryId", "InvalidMessageContents", "MessageNotInflight", "OverLimit", "PurgeQueueInProgress",
    "QueueDeletedRecently", "QueueDoesNotExist", "QueueNameExists", "ReceiptHandleIsInvalid", "RequestThrottled",
    "ResourceNotFoundException", "TooManyEntriesInBatchRequest", "UnsupportedOperation",
)  # fmt: skip

KINDS: dict[str, type[ClientError]] = {
    name: type(name, (ClientError,), {"__doc__": f"SQS answered {name}."}) for name in NAMES
}
"""The exceptions that boto3's client knows by name; every other answer is a plain ClientError."""


class Exceptions:
    """`client.exceptions`: the kinds of ClientError by name."""

    def __getattr__(self, name: str) -> type[ClientError]:
        if name == "ClientError":
            return ClientError
        if name not in KINDS:
            raise AttributeError(f"there is no {name}; there are {', '.join(KINDS)}")
        return KINDS[name]
