"""In which order Java sorts strings and walks its hash maps: Kafka's sticky assignors decide by it.

Which members keep one partition more than the others depends, in Kafka, on the order in which a HashMap of member ids is
walked. That order is no accident: it follows from `String.hashCode`, the size of the table (a power of two, at most three
quarters full) and the order of insertion within a bucket. So it is part of the outcome, the same on every machine.
(Left out: a bucket with nine or more of at least 48 keys becomes a tree; ids made to collide would be needed for it.)
[Java SE API: String.hashCode, String.compareTo; OpenJDK java/util/HashMap.java, implementation notes]
"""

from __future__ import annotations

from collections.abc import Iterable

_WORD = 0xFFFFFFFF
_TABLE_MIN = 16


def code_units(text: str) -> bytes:
    """What Java compares strings by: UTF-16 code units. A key for `sorted`."""
    return text.encode("utf-16-be", "surrogatepass")


def string_hash(text: str) -> int:
    """`String.hashCode`, unsigned.

    >>> string_hash("C0"), string_hash("")
    (2125, 0)
    """
    number = 0
    if text.isascii():
        for unit in text.encode():
            number = (number * 31 + unit) & _WORD
        return number
    units = code_units(text)
    for at in range(0, len(units), 2):
        number = (number * 31 + (units[at] << 8 | units[at + 1])) & _WORD
    return number


def bucket(number: int, table: int) -> int:
    """Where a hash lies in a table of so many buckets (a power of two)."""
    return (number ^ number >> 16) & table - 1


def table_for(count: int, table: int = _TABLE_MIN) -> int:
    """How many buckets a table has grown to that has held so many keys at once."""
    while count * 4 > table * 3:
        table *= 2
    return table


def hash_order(keys: Iterable[str]) -> list[str]:
    """Distinct strings, inserted in this order, as a HashMap walks them.

    >>> hash_order(["consumer1", "consumer2", "consumer3"])
    ['consumer3', 'consumer2', 'consumer1']
    """
    found = list(keys)
    table = table_for(len(found))
    return sorted(found, key=lambda text: bucket(string_hash(text), table))
