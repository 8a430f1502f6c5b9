"""The MD5 digests that SQS returns, by which a client sees that what it sent is what has come.

Of attributes: in order of name, each as length and bytes of name and of type, a byte for how the value travels (1 text,
2 binary), length and bytes of value; lengths are four bytes, big-endian. [AWS: sqs-message-metadata, 2026-08]
"""

from __future__ import annotations

from hashlib import md5, sha256
from struct import pack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mqlab.engine.brokers.sqs.methods import Value

TEXT, BINARY = b"\x01", b"\x02"


def of_body(body: bytes) -> str:
    """MD5OfMessageBody."""
    return md5(body, usedforsecurity=False).hexdigest()


def of_attributes(attributes: dict[str, Value]) -> str:
    """MD5OfMessageAttributes, and of system attributes."""
    digest = md5(usedforsecurity=False)
    for name in sorted(attributes):
        one = attributes[name]
        binary = one.type.partition(".")[0] == "Binary"
        value = one.value if isinstance(one.value, bytes) else one.value.encode()
        kind = one.type.encode()
        word = name.encode()
        digest.update(pack("!I", len(word)) + word + pack("!I", len(kind)) + kind)
        digest.update((BINARY if binary else TEXT) + pack("!I", len(value)) + value)
    return digest.hexdigest()


def of_content(body: bytes) -> str:
    """The deduplication id that a queue makes of a body: of the body alone, not of the attributes."""
    return sha256(body).hexdigest()


def message_id(copy: str) -> str:
    """MessageId: as unlike any other as a UUID, and made of the copy's name so that it is always the same."""
    text = md5(copy.encode(), usedforsecurity=False).hexdigest()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"
