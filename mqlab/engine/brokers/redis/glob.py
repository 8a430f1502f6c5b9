"""Redis's glob patterns, byte by byte as `stringmatchlen` in src/util.c decides them.

A pattern is read once into tokens, which do not depend on the string, and becomes one regular expression: what stands
between two stars is found as early as possible and never looked for again, so no pattern takes more than a pass for
each star. [redis src/util.c, stringmatchlen_impl; recorded: redis_glob]
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

STAR, ANY, ESCAPE, OPEN, CLOSE, NOT, DASH = b"*?\\[]^-"
COMPILED_MAX = 10_000


def signed(byte: int) -> int:
    """A byte as C's `char` has it where Redis runs: ranges in classes are compared so."""
    return byte - 256 if byte > 127 else byte


def literal_prefix(pattern: bytes) -> bytes:
    """What every string that matches begins with."""
    found = bytearray()
    at = 0
    while at < len(pattern):
        byte = pattern[at]
        if byte in (STAR, ANY, OPEN):
            break
        if byte == ESCAPE and at + 1 < len(pattern):
            at += 1
            byte = pattern[at]
        found.append(byte)
        at += 1
    return bytes(found)


def _members(pattern: bytes, at: int) -> tuple[frozenset[int], int]:
    """The bytes that the class after a `[` at `at - 1` lets through, and where the pattern goes on."""
    negated = pattern[at : at + 1] == b"^"
    at += negated
    found: set[int] = set()
    while True:
        left = len(pattern) - at
        if left >= 2 and pattern[at] == ESCAPE:
            at += 1
            found.add(pattern[at])
        elif left == 0:
            break  # never closed: a class all the same
        elif pattern[at] == CLOSE:
            at += 1
            break
        elif left >= 3 and pattern[at + 1] == DASH:
            low, high = sorted((signed(pattern[at]), signed(pattern[at + 2])))
            found.update(byte & 255 for byte in range(low, high + 1))
            at += 2
        else:
            found.add(pattern[at])
        at += 1
    return frozenset(range(256)) - found if negated else frozenset(found), at


def _one(members: frozenset[int]) -> bytes:
    if not members:
        return b"(?!)"  # an empty class lets nothing through
    return b"[" + b"".join(b"\\x%02x" % byte for byte in sorted(members)) + b"]"


def _segments(pattern: bytes) -> list[bytes]:
    """What stands before, between and behind the stars, each as a regular expression of fixed length."""
    segments = [b""]
    at = 0
    while at < len(pattern):
        byte = pattern[at]
        at += 1
        if byte == STAR:
            segments.append(b"")
        elif byte == ANY:
            segments[-1] += b"."
        elif byte == OPEN:
            members, at = _members(pattern, at)
            segments[-1] += _one(members)
        else:
            if byte == ESCAPE and at < len(pattern):
                byte = pattern[at]
                at += 1
            segments[-1] += b"\\x%02x" % byte
    return segments


@lru_cache(maxsize=COMPILED_MAX)
def matcher(pattern: bytes) -> Callable[[bytes], object]:
    """What says of a string, by a true value, whether the pattern matches it; an empty string is matched by "" alone."""
    if not pattern:
        return _empty
    if not pattern.strip(b"*"):
        return bool  # the loop of Redis does not begin for an empty string
    first, *rest = _segments(pattern)
    text = first
    if rest:
        text += b"".join(b"(?>.*?" + one + b")" for one in rest[:-1] if one) + b".*" + rest[-1]
    return re.compile(text, re.DOTALL).fullmatch


def _empty(string: bytes) -> bool:
    return not string


def matches(pattern: bytes, string: bytes) -> bool:
    """Whether the pattern matches the whole string."""
    return bool(matcher(pattern)(string))
