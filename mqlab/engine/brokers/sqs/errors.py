"""What SQS answers instead of doing what it is asked: codes and texts as AWS names them.

`code` is what boto3 shows in response["Error"]["Code"]; `shape` is the exception of boto3's client, where it has one.
[AWS: SQS API Reference, each action's Errors; the service's own model, as botocore carries it]
"""

from __future__ import annotations

PREFIX = "AWS.SimpleQueueService."
SHAPES = {
    f"{PREFIX}NonExistentQueue": "QueueDoesNotExist",
    "QueueAlreadyExists": "QueueNameExists",
}
"""Where the exception of boto3 is called otherwise than its code without the prefix."""


class SqsError(Exception):
    """An error answer. `rule`: by which the broker decided; `status`: of HTTP."""

    def __init__(self, code: str, text: str, rule: str = "", status: int = 400) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text
        self.rule = rule
        self.status = status

    @property
    def shape(self) -> str:
        """The name of boto3's exception for it."""
        return SHAPES.get(self.code, self.code.removeprefix(PREFIX))


def no_queue() -> SqsError:
    """There is no such queue."""
    return SqsError(f"{PREFIX}NonExistentQueue", "The specified queue does not exist.")


def invalid(text: str, rule: str = "") -> SqsError:
    """InvalidParameterValue."""
    return SqsError("InvalidParameterValue", text, rule)


def out_of_range(value: object, parameter: str, reason: str, rule: str = "") -> SqsError:
    """A value that a parameter cannot have."""
    return invalid(f"Value {value} for parameter {parameter} is invalid. Reason: {reason}", rule)


def missing(parameter: str, rule: str = "") -> SqsError:
    """A parameter that has to be there."""
    return SqsError("MissingParameter", f"The request must contain the parameter {parameter}.", rule)


def bad_handle(handle: str, rule: str = "sqs/receipt-handle") -> SqsError:
    """A receipt handle that this queue never gave."""
    return SqsError(
        "ReceiptHandleIsInvalid", f'The input receipt handle "{handle}" is not a valid receipt handle.', rule
    )


def unknown_attribute(name: str) -> SqsError:
    """An attribute that no queue has, or none of this kind."""
    return SqsError("InvalidAttributeName", f"Unknown Attribute {name}.", "sqs/queue-attributes")


def bad_attribute(name: str, rule: str = "sqs/queue-attributes", why: str = "") -> SqsError:
    """A value that an attribute cannot have."""
    text = f"Invalid value for the parameter {name}."
    return SqsError("InvalidAttributeValue", f"{text} Reason: {why}" if why else text, rule)
