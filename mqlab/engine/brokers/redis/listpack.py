"""How many bytes an entry takes in a stream's node: that decides where the next node begins, and so what `~` trims.

[redis src/listpack.c, src/t_stream.c streamAppendItem]
"""

from __future__ import annotations

HEADER = 7  # total bytes, number of elements, end mark


def _backlen(size: int) -> int:
    """Bytes that a length takes behind an element, seven bits each."""
    return 1 if size < 128 else 2 if size < 16_384 else 3 if size < 2_097_152 else 4


def integer(value: int) -> int:
    """An integer with what stands behind it."""
    if 0 <= value <= 127:
        size = 1
    elif -4096 <= value <= 4095:
        size = 2
    elif -(2**15) <= value < 2**15:
        size = 3
    elif -(2**23) <= value < 2**23:
        size = 4
    elif -(2**31) <= value < 2**31:
        size = 5
    else:
        size = 9
    return size + 1


def string(value: bytes) -> int:
    """A string with what stands around it; one that is a number is kept as one."""
    length = len(value)
    if 0 < length <= 20 and (value.isdigit() or (value[:1] == b"-" and value[1:].isdigit())):
        number = int(value)
        if b"%d" % number == value and -(2**63) <= number < 2**63:
            return integer(number)
    size = length + (1 if length < 64 else 2 if length < 4096 else 5)
    return size + _backlen(size)


def master(fields: tuple[bytes, ...]) -> int:
    """A new node with the field names of its first entry: count, deleted, number of fields, the fields, a zero."""
    names = fields[::2]
    return HEADER + integer(1) + integer(0) + integer(len(names)) + sum(map(string, names)) + integer(0)


def entry(fields: tuple[bytes, ...], same: bool, ms: int, seq: int) -> int:
    """One entry: flags, id relative to its node's first, [number of fields, names,] values, how many elements that were."""
    total = 2 + integer(ms) + integer(seq)
    for value in fields[1::2]:
        total += len(value) + 2 if 20 < len(value) < 64 else string(value)
    elements = len(fields) // 2 + 3
    if not same:
        total += integer(len(fields) // 2) + sum(map(string, fields[::2]))
        elements += len(fields) // 2 + 1
    return total + integer(elements)
