"""Reading arguments as Redis reads them: numbers, ids of streams, and where a range begins and ends."""

from __future__ import annotations

from mqlab.engine.brokers.redis.errors import (
    INVALID_END,
    INVALID_ID,
    INVALID_START,
    NOT_INTEGER,
    Refused,
)
from mqlab.engine.brokers.redis.resp import Error

ID = tuple[int, int]
"""Of an entry: (milliseconds, sequence)."""

BIGGEST = 2**64 - 1
ZERO: ID = (0, 0)
LAST: ID = (BIGGEST, BIGGEST)


def text(word: bytes) -> str:
    """A word as it is shown; bytes that are no UTF-8 keep their place."""
    try:
        return word.decode()
    except UnicodeDecodeError:
        return word.decode("utf-8", "backslashreplace")


def integer(word: bytes, why: str = "") -> int:
    """A whole number of 64 bits, written as Redis writes it. Raises Refused."""
    digits = word[1:] if word[:1] == b"-" else word
    if digits.isdigit() and len(digits) < 20 and (digits[0] != 48 or word == b"0"):
        value = int(word)
        if -(2**63) <= value < 2**63:
            return value
    raise Refused(Error(f"ERR {why}") if why else NOT_INTEGER)


def shown(entry_id: ID) -> bytes:
    """`1526919030474-55`."""
    return b"%d-%d" % entry_id


def _unsigned(word: bytes) -> int:
    if not word.isdigit() or len(word) > 20 or (len(word) > 1 and word[0] == 48):
        raise Refused(INVALID_ID)
    value = int(word)
    if value > BIGGEST:
        raise Refused(INVALID_ID)
    return value


def strict_id(word: bytes, missing: int = 0) -> ID:
    """`ms` or `ms-seq`; `missing` is the sequence where none is given. Raises Refused."""
    ms, dash, seq = word.partition(b"-")
    if ms.isdigit() and seq.isdigit() and len(word) < 20 and ms[0] != 48 and (seq[0] != 48 or seq == b"0"):
        return (int(ms), int(seq))  # the usual one
    return (_unsigned(ms), _unsigned(seq) if dash else missing)


def range_id(word: bytes, missing: int) -> ID:
    """Also `-` and `+`, the least and the greatest."""
    if word == b"-":
        return ZERO
    if word == b"+":
        return LAST
    return strict_id(word, missing)


def start_of(word: bytes) -> ID:
    """The first id of a range; `(` leaves the id itself out. Raises Refused."""
    if word[:1] != b"(" or len(word) == 1:
        return range_id(word, 0)
    entry_id = strict_id(word[1:], 0)
    if entry_id == LAST:
        raise Refused(INVALID_START)
    return after(entry_id)


def end_of(word: bytes) -> ID:
    """The last id of a range. Raises Refused."""
    if word[:1] != b"(" or len(word) == 1:
        return range_id(word, BIGGEST)
    entry_id = strict_id(word[1:], BIGGEST)
    if entry_id == ZERO:
        raise Refused(INVALID_END)
    return before(entry_id)


def after(entry_id: ID) -> ID:
    """The next id."""
    ms, seq = entry_id
    return (ms, seq + 1) if seq < BIGGEST else (ms + 1, 0)


def before(entry_id: ID) -> ID:
    """The id before."""
    ms, seq = entry_id
    return (ms, seq - 1) if seq else (ms - 1, BIGGEST)
